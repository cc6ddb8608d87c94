package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// pool keeps connections of one kind, and bounds how many there are. It has no
// goroutine of its own: connections that have been idle for too long are closed when
// the pool is used next.
type pool struct {
	server  server
	options Options
	ready   func(*ldap.Conn) error // makes a new connection usable
	slots   chan struct{}          // held by those that use a connection

	mu     sync.Mutex
	idle   []*connection // the one that was used last at the end
	closed bool
}

type connection struct {
	*ldap.Conn
	socket net.Conn // beneath: closing it ends whatever goes on
	fresh  bool     // it has not been used
	since  time.Time
}

var errClosed = errors.New("the directory has been closed")

func newPool(s server, o Options, ready func(*ldap.Conn) error) *pool {
	return &pool{server: s, options: o, ready: ready, slots: make(chan struct{}, o.Connections)}
}

// do runs an operation on a connection. If that was lost while it was idle, which
// shows only now, it runs again on a new one.
func (p *pool) do(ctx context.Context, operation func(*ldap.Conn) error) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return fmt.Errorf("waiting for a connection: %w", ctx.Err())
	}
	for {
		c, err := p.get(ctx)
		if err != nil {
			return err
		}
		err = c.run(ctx, operation)
		if answered(err) {
			p.put(c)
			return err
		}
		c.drop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.fresh {
			return err
		}
	}
}

// answered reports whether the server has said what became of an operation. Codes
// from 200 on are the client library's own.
func answered(err error) bool {
	if err == nil {
		return true
	}
	var e *ldap.Error
	if !errors.As(err, &e) || e.ResultCode >= ldap.ErrorNetwork {
		return false
	}
	switch e.ResultCode {
	case ldap.LDAPResultUnavailable, ldap.LDAPResultBusy, ldap.LDAPResultOther, ldap.LDAPResultProtocolError:
		return false // the connection may be about to end
	}
	return true
}

// run ends the operation when ctx ends: the library has no contexts.
func (c *connection) run(ctx context.Context, operation func(*ldap.Conn) error) error {
	stop := context.AfterFunc(ctx, func() { c.socket.Close() })
	err := operation(c.Conn)
	if !stop() {
		// Its socket is closed, or about to be.
		return errors.Join(ctx.Err(), net.ErrClosed)
	}
	return err
}

// drop closes a connection without waiting for the other side.
func (c *connection) drop() {
	c.socket.Close()
	c.Conn.Close()
}

// get takes the connection that was used last, or makes one.
func (p *pool) get(ctx context.Context) (*connection, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	var late []*connection
	for len(p.idle) > 0 && time.Since(p.idle[0].since) > p.options.Idle {
		late, p.idle = append(late, p.idle[0]), p.idle[1:]
	}
	var c *connection
	if n := len(p.idle); n > 0 {
		c, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	p.mu.Unlock()
	for _, c := range late {
		c.drop()
	}
	if c != nil && !c.IsClosing() {
		return c, nil
	}
	if c != nil {
		c.drop()
	}
	return p.connect(ctx)
}

func (p *pool) put(c *connection) {
	c.fresh, c.since = false, time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		go c.drop()
		return
	}
	p.idle = append(p.idle, c)
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.drop()
	}
}

// connect makes a connection, secures it and makes it ready. Nothing is sent before
// it is secure but the request for that.
func (p *pool) connect(ctx context.Context) (*connection, error) {
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.server.address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if p.server.tls != nil && !p.server.startTLS {
		secure := tls.Client(socket, p.server.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			socket.Close()
			return nil, fmt.Errorf("connecting by TLS: %w", err)
		}
		socket = secure
	}
	c := &connection{Conn: ldap.NewConn(socket, p.server.tls != nil && !p.server.startTLS), socket: socket, fresh: true}
	c.SetTimeout(2 * p.options.Timeout) // the context comes first
	c.Start()
	if err := c.run(ctx, p.secure); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

func (p *pool) secure(c *ldap.Conn) error {
	if p.server.startTLS {
		if err := c.StartTLS(p.server.tls); err != nil {
			return fmt.Errorf("securing the connection by StartTLS: %w", err)
		}
	}
	if p.server.tls != nil {
		if state, ok := c.TLSConnectionState(); !ok || !state.HandshakeComplete {
			return errors.New("the connection is not secure")
		}
	}
	return p.ready(c)
}
