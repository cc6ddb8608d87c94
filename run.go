package fsa

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// shutdownTime is for how long a stopping server waits for its requests.
const shutdownTime = 30 * time.Second

// Run checks and compiles the application and serves it on addr (host:port)
// until ctx ends. It then takes no more requests, waits for those under way for
// 30 s at most, and returns nil. With FSA_TLS_CERT and FSA_TLS_KEY it serves
// HTTPS.
//
// A client has 5 s to send the header of a request, which may have 32 KiB, 15 s
// for all of it, and the answer takes 30 s at most; a connection may idle for
// 60 s.
func (a *App) Run(ctx context.Context, addr string) error {
	h, err := a.Handler()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("fsa: %w", err)
	}
	s := a.settings
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn),
		// The requests under way when ctx ends are to be finished.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	served := make(chan error, 1)
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
	}
	go func() {
		if s.TLSCert != "" {
			served <- server.ServeTLS(listener, s.TLSCert, s.TLSKey)
		} else {
			served <- server.Serve(listener)
		}
	}()
	s.logger.Info("serving", "application", s.name, "url", scheme+"://"+listener.Addr().String(), "mode", s.Mode)
	select {
	case err := <-served:
		return fmt.Errorf("fsa: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		server.Close()
		return fmt.Errorf("fsa: stopping took longer than %v: %w", shutdownTime, err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("fsa: %w", err)
	}
	s.logger.Info("stopped", "application", s.name)
	return nil
}
