package fsa

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Server checks and compiles the application, and gives a server for it on addr
// (host:port), with the limits of [App.Run]: for those who start, stop or set up
// servers themselves. It listens nowhere yet. With FSA_TLS_CERT, its TLSConfig has the
// certificate, so that it is started by ListenAndServeTLS("", "").
//
// Its Shutdown ends the streams of server-sent events, as the stop of App.Run does.
func (a *App) Server(addr string) (*http.Server, error) {
	h, err := a.Handler()
	if err != nil {
		return nil, err
	}
	if err := a.readCertificate(); err != nil {
		return nil, fmt.Errorf("fsa: %w", err)
	}
	server := &http.Server{
		Addr:              addr,
		Handler:           h,
		TLSConfig:         a.settings.tlsConfig(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		// OPTIONS * has our header fields too.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(a.settings.logger.Handler(), slog.LevelWarn),
	}
	a.stopping.watch(server)
	return server, nil
}
