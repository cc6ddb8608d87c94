package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/fastsimpleauth/fsa"
)

type serve struct {
	Addr string `default:"${addr}" placeholder:"HOST:PORT" help:"Where to listen (default ${default})."`
}

// Run serves until ctx ends.
func (s *serve) Run(ctx context.Context, c *Call) error {
	ctx, stop := context.WithCancel(ctx)
	reloads := reloadOnHangup(ctx, c.App)
	defer func() {
		stop()
		<-reloads
	}()
	run := c.program.Serve
	if run == nil {
		run = func(ctx context.Context, app *fsa.App, addr string) error { return app.Run(ctx, addr) }
	}
	err := run(ctx, c.App, s.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return withHint(err, "something listens there already; choose another address by --addr")
	}
	return err
}

// reloadOnHangup reloads the configuration on each SIGHUP until ctx ends. What it
// gives is closed then.
func reloadOnHangup(ctx context.Context, app *fsa.App) (ended <-chan struct{}) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer signal.Stop(hangup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
			}
			if err := app.Reload(ctx); err != nil {
				app.Logger().Error("not reloaded: the configuration is as it was", "error", err)
			}
		}
	}()
	return done
}
