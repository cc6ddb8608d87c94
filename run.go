package fsa

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// shutdownTime is for how long a stopping server waits for its requests.
const shutdownTime = 30 * time.Second

// Run checks and compiles the application and serves it on addr (host:port)
// until ctx ends, with what [App.Background] has registered. It then takes no more requests, ends the streams of server-sent
// events (see [Event]), waits for the other requests under way for 30 s at most, and
// returns nil. With FSA_TLS_CERT and FSA_TLS_KEY it serves HTTPS.
//
// A client has 5 s to send the header of a request, which may have 32 KiB, 15 s
// for all of it, and the answer takes 30 s at most; a connection may idle for
// 60 s. The context of a request ends with its 15 s, too (net/http sees to that),
// so that a route whose handler takes longer must say so by [Timeout].
func (a *App) Run(ctx context.Context, addr string) error {
	server, err := a.Server(addr)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("fsa: %w", err)
	}
	s := a.settings
	// The requests under way when ctx ends are to be finished.
	server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	served := make(chan error, 1)
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
	}
	go func() {
		if s.TLSCert != "" {
			served <- server.ServeTLS(listener, "", "")
		} else {
			served <- server.Serve(listener)
		}
	}()
	s.warm(ctx)
	if s.verbose {
		a.local.Store(&url.URL{Scheme: scheme, Host: "localhost:" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)})
	}
	endBackground := a.inBackground(ctx)
	s.logger.Info("serving", "application", s.name, "url", scheme+"://"+listener.Addr().String(), "mode", s.Mode)
	select {
	case err := <-served:
		ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		return errors.Join(fmt.Errorf("fsa: %w", err), endBackground(ended))
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		server.Close()
		return errors.Join(fmt.Errorf("fsa: stopping took longer than %v: %w", shutdownTime, err), endBackground(stop))
	}
	if err := endBackground(stop); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("fsa: %w", err)
	}
	s.logger.Info("stopped", "application", s.name)
	return nil
}
