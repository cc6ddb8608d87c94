package rounds

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Loopback is a server on this machine with clients that keep their connections,
// all in this process.
//
// A client writes a request that was made beforehand and reads no more of the
// answer than its status and where it ends. So the clients, who take their part of
// the same processors, cost little, and the server's share is what is compared.
type Loopback struct {
	server  *http.Server
	clients []client
}

// Serve starts a server of h, with the limits that [fsa.App.Run] sets but for
// idling, and gives it clients who will send the request.
//
// [fsa.App.Run]: https://pkg.go.dev/github.com/fastsimpleauth/fsa#App.Run
func Serve(h http.Handler, clients int, request []byte) (*Loopback, error) {
	return serve(&http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Hour, MaxHeaderBytes: 32 << 10}, clients, request)
}

// ServePlain is like [Serve] with a server without limits, as
// [http.ListenAndServe] starts it: nobody should, and it saves some timers.
func ServePlain(h http.Handler, clients int, request []byte) (*Loopback, error) {
	return serve(&http.Server{Handler: h}, clients, request)
}

func serve(server *http.Server, clients int, request []byte) (*Loopback, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go server.Serve(listener)
	l := &Loopback{server: server, clients: make([]client, clients)}
	for i := range l.clients {
		l.clients[i] = client{address: listener.Addr().String(), request: request}
	}
	return l, nil
}

// Close hangs up and stops the server.
func (l *Loopback) Close() {
	for _, c := range l.clients {
		if c.conn != nil {
			c.conn.Close()
		}
	}
	l.server.Close()
}

// Run is for a [Contestant]: the clients make n requests together, and none is
// answered by anything but a success.
func (l *Loopback) Run(n int) error {
	errs := make([]error, len(l.clients))
	var all sync.WaitGroup
	for i := range l.clients {
		share := n / len(l.clients)
		if i < n%len(l.clients) {
			share++
		}
		all.Go(func() {
			for range share {
				if errs[i] = l.clients[i].do(); errs[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

type client struct {
	address string
	request []byte
	conn    net.Conn // nil until the first request: a server waits for that only so long
	in      *bufio.Reader
}

var contentLength = []byte("Content-Length: ")

// do makes one request.
func (c *client) do() error {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			return err
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 2")) {
		return fmt.Errorf("the server answers %q", line)
	}
	length := -1
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if v, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(v)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the server does not say how long its answer is")
	}
	_, err = c.in.Discard(length)
	return err
}

// Wire gives a request as clients write it.
func Wire(r *http.Request, text []byte) []byte {
	r = r.Clone(r.Context())
	r.Body = nil
	if text != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		panic(err) // nothing can fail but a request that is none
	}
	return b.Bytes()
}
