package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/password/legacyhash"
)

// attempt is a refused log-in.
type attempt struct {
	login, pass string // a pass that begins with ~ is made anew for each try
	status      int
}

// comparison is of two attempts that nobody should be able to tell apart.
type comparison struct {
	name      string
	slow      time.Duration // that the store takes
	throttled bool          // both are delayed already
	a, b      attempt
}

const (
	right   = "hobbes and calvin"
	control = "unknown user, wrong password"
)

// The logins, by what is stored for them.
const (
	known     = "calvin" // a new hash
	unknown   = "nobody"
	old       = "susie"   // a quick one in an old scheme
	slow      = "rosalyn" // a slow one in an old scheme
	none      = "moe"     // an empty hash
	damaged   = "tommy"   // a hash that can't be read
	tooCostly = "wormwood"
)

// sha-crypt at its default cost is quicker than a new hash, bcrypt is slower.
const (
	quickHash  = "$6$snowman$TtHhhozSoD6J1Ol19vT0ucktgqd3efo2NOywiNJAbhZBrgd2fCmAjajNQ1Vu0D4SOlg2rUjPqSvs89TY.w0Fv0"
	costlyHash = "$6$rounds=100000000$snowman$TtHhhozSoD6J1Ol19vT0ucktgqd3efo2NOywiNJAbhZBrgd2fCmAjajNQ1Vu0D4SOlg2rUjPqSvs89TY.w0Fv0"
)

func wrong(login string) attempt { return attempt{login, "~", http.StatusUnauthorized} }

var comparisons = []comparison{
	{name: control, a: wrong(unknown), b: wrong(known)},
	{name: "unknown user, wrong password; the store takes 5 ms", slow: 5 * time.Millisecond, a: wrong(unknown), b: wrong(known)},
	{name: "user without a hash, wrong password", a: wrong(none), b: wrong(known)},
	{name: "unreadable hash, wrong password", a: wrong(damaged), b: wrong(known)},
	{name: "too costly hash, wrong password", a: wrong(tooCostly), b: wrong(known)},
	{name: "quick old hash, new hash", a: wrong(old), b: wrong(known)},
	{name: "unknown user, quick old hash", a: wrong(unknown), b: wrong(old)},
	{name: "unknown user, slow old hash", a: wrong(unknown), b: wrong(slow)},
	{name: "slow old hash, new hash", a: wrong(slow), b: wrong(known)},
	{name: "delayed: unknown user, known user", throttled: true, a: attempt{unknown, "~", 429}, b: attempt{known, "~", 429}},
	{name: "delayed: right password, wrong password", throttled: true, a: attempt{known, right, 429}, b: attempt{known, "~", 429}},
}

// house is an application, and a way to its door.
type house struct {
	hash  time.Duration // what a comparison with a hash takes, of the slowest kind in use
	do    func(*http.Request) (int, error)
	close func()
	tries atomic.Int64
}

func newHouse(c comparison, overHTTP bool) (*house, error) {
	cfg := fsa.Config{
		Auth: []string{"basic"}, PasswordLegacy: legacyhash.All(), InsecureNoLoginThrottle: !c.throttled,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if c.throttled {
		cfg.LoginThrottle.Delay = 10 * time.Minute // longer than this lasts
	}
	app := fsa.New("timing", cfg)
	ctx := context.Background()
	newHash, err := app.HashPasswordUnchecked(ctx, right)
	if err != nil {
		return nil, err
	}
	cfg.PasswordScheme = []string{"bcrypt"}
	slowHash, err := fsa.New("timing", cfg).HashPasswordUnchecked(ctx, right)
	if err != nil {
		return nil, err
	}
	stored := map[string]string{known: newHash, old: quickHash, slow: slowHash, none: "", damaged: newHash[:40], tooCostly: costlyHash}
	app.UserPass(func(_ context.Context, login string) (string, error) {
		time.Sleep(c.slow)
		hash, ok := stored[login]
		if !ok {
			return "", fsa.ErrNoSuchUser
		}
		return hash, nil
	})
	fsa.Get(app, "/", authz.Auth(), func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, nil })
	handler, err := app.Handler()
	if err != nil {
		return nil, err
	}
	h := &house{close: func() {}}
	h.do = func(r *http.Request) (int, error) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, nil
	}
	if overHTTP {
		if err := h.serve(handler); err != nil {
			return nil, err
		}
	}
	return h, h.settle(app, c, newHash, slowHash)
}

// serve puts a server and a client that keeps its connection before the handler.
func (h *house) serve(handler http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	go server.Serve(l)
	client := &http.Client{Transport: &http.Transport{}}
	h.close = func() {
		client.CloseIdleConnections()
		server.Close()
	}
	h.do = func(r *http.Request) (int, error) {
		r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", l.Addr().String()
		res, err := client.Do(r)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		return res.StatusCode, err
	}
	return nil
}

// settle brings the application to where it is after a while of use: kinds of hashes
// that are compared have been met, hashes are kept, and who is to be delayed is.
func (h *house) settle(app *fsa.App, c comparison, newHash, slowHash string) error {
	hash := newHash
	if c.a.login == slow || c.b.login == slow {
		hash = slowHash
	}
	var times []time.Duration
	for range 9 {
		start := time.Now()
		if _, err := app.CheckPassword(context.Background(), right, hash); err != nil {
			return err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	h.hash = times[len(times)/2]
	for range 10 {
		for _, a := range []attempt{wrong(c.a.login), wrong(c.b.login)} {
			status, err := h.do(h.request(a))
			if err != nil || status != http.StatusUnauthorized && !c.throttled {
				return fmt.Errorf("%s: %d, %v", c.name, status, err)
			}
		}
	}
	return nil
}

func (h *house) request(a attempt) *http.Request {
	pass := a.pass
	if pass == "~" {
		// Of the same length each time, so that nothing differs but what it is.
		pass = "wrong-" + strconv.FormatInt(10_000_000_000+h.tries.Add(1), 10)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "127.0.0.1:1234"
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.login+":"+pass)))
	return r
}

// knock makes an attempt, and sees to it that it is refused as it should be.
func (h *house) knock(a attempt) func() error {
	return func() error {
		status, err := h.do(h.request(a))
		if err == nil && status != a.status {
			err = fmt.Errorf("%s is answered %d instead of %d", a.login, status, a.status)
		}
		return err
	}
}
