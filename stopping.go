package fsa

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
)

// stopping ends the event streams of a server that is being shut down: they may
// go on for days, and it would wait for them as for any request. All other requests
// are left to finish.
//
// An application may have several servers, of which one stops; so each has a context
// of its own here, which a request finds by its server.
type stopping struct {
	servers sync.Map // of context.Context, by *http.Server
}

// errStopping says that a stream has ended since its server stops.
var errStopping = errors.New("the server stops")

// watch lets the shutdown of a server be told to its streams. The server belongs to
// the application, so that the two end together.
func (s *stopping) watch(server *http.Server) {
	ctx, stop := context.WithCancel(context.Background())
	s.servers.Store(server, ctx)
	server.RegisterOnShutdown(stop)
}

// of gives the context that ends when the server of a request is shut down; nil if
// it is not one of [App.Server].
func (s *stopping) of(r *http.Request) context.Context {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	ctx, _ := s.servers.Load(server)
	stop, _ := ctx.(context.Context)
	return stop
}

// untilStop ends the context of a request whose answer is an event stream when its
// server stops. Until the handler has given the stream, it is a request like others.
func (c *call) untilStop() (release func() bool) {
	ctx, cancel := c.route.h.app.stopping.of(c.req.HTTP), c.cancel
	if ctx == nil || cancel == nil {
		return func() bool { return false }
	}
	return context.AfterFunc(ctx, func() { cancel(errStopping) })
}

// mayStream reports whether answers of an output type are, or may be, event
// streams.
func mayStream(out reflect.Type) bool {
	if elem, _, ok := isSequence(out); ok {
		return elem == eventType
	}
	return responds(out) || out.Kind() == reflect.Interface
}
