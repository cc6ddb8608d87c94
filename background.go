package fsa

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// background is something that runs beside the server.
type background struct {
	name string
	run  func(context.Context) error
}

// The pause before something in the background that has failed is begun again. It
// doubles up to the longest.
const (
	backgroundPause    = time.Second
	backgroundMaxPause = time.Minute
)

// Background has [App.Run] run a function beside the server: a worker that sends mails,
// say. Its context ends when the server has stopped taking requests, and Run waits for
// it to return, with the requests under way.
//
// If it returns an error or panics before that, the failure is logged, and it is begun
// again after a pause of a second, twice as long each time, up to a minute. If it
// returns nil it has done its work. Who serves [App.Handler] by other means runs it
// by themselves.
func (a *App) Background(name string, run func(ctx context.Context) error) {
	if a.hook(fmt.Sprintf("app.Background(%q)", name), run == nil, false, 1) {
		a.backgrounds = append(a.backgrounds, background{name, run})
	}
}

// inBackground begins all that runs beside the server, and gives what ends it.
func (a *App) inBackground(ctx context.Context) (end func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, b := range a.backgrounds {
		running.Go(func() { a.keepRunning(ctx, b) })
	}
	return func(patience context.Context) error {
		cancel()
		ended := make(chan struct{})
		go func() { running.Wait(); close(ended) }()
		select {
		case <-ended:
			return nil
		case <-patience.Done():
			return fmt.Errorf("fsa: what runs in the background did not end within %v", shutdownTime)
		}
	}
}

func (a *App) keepRunning(ctx context.Context, b background) {
	pause := backgroundPause
	for {
		began := time.Now()
		err := guardedRun(ctx, b.run)
		if ctx.Err() != nil || err == nil {
			// A panic is none, whatever it was with.
			if err != nil && !errors.Is(err, context.Canceled) {
				a.settings.logger.Error("the background has failed at its end", "name", b.name, "error", err)
			}
			return
		}
		if time.Since(began) > backgroundMaxPause {
			pause = backgroundPause
		}
		a.settings.logger.Error("the background has failed", "name", b.name, "error", err, "again in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, backgroundMaxPause)
	}
}

func guardedRun(ctx context.Context, run func(context.Context) error) (err error) {
	defer catch(&err)
	return run(ctx)
}

// CheckAlso adds a function that is asked when the application is checked ([App.Check]) or
// compiled ([App.Handler]): for packages whose own options can be at fault. Its error, or what it has
// joined, stands beside all other faults; a [*ConfigError] as it is.
func (a *App) CheckAlso(check func() error) {
	if a.hook("app.CheckAlso", check == nil, false, 1) {
		a.checks = append(a.checks, check)
	}
}

// checkAlso asks the checks of other packages.
func (c *compiler) checkAlso() {
	for _, check := range c.app.checks {
		err := func() (err error) {
			defer catch(&err)
			return check()
		}()
		for _, e := range parts(err) {
			if fault, ok := e.(*ConfigError); ok {
				c.faults = append(c.faults, fault)
				continue
			}
			problem, remedy := split(e.Error())
			c.faults = append(c.faults, &ConfigError{Problem: problem, Remedy: remedy, Err: e})
		}
	}
}
