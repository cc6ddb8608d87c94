package fsa_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/google/go-cmp/cmp"
)

// basicFor is the header field of Basic credentials.
func basicFor(login, pass string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+pass))}
}

// TestLoginFailed: which tries of passwords the hook is told of, and how often. S79.
func TestLoginFailed(t *testing.T) {
	var mu sync.Mutex
	var told []string
	hook := func(_ context.Context, e fsa.FailedLogin) error {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprintf("%s %s %s", e.Scheme, e.Login, e.Address))
		return nil
	}
	cfg := throttled()
	cfg.Auth = []string{"basic", "param", "none"}
	w := newWorld(t, cfg)
	w.LoginFailed(hook)
	fsa.Get(w, "/me", authz.Auth(), who)
	fsa.Get(w, "/check", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		return "", w.CheckUserPassword(ctx, "hobbes", "wrong")
	})
	h := compiled(t, w.App)
	repeat := func(n int, line string) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = line
		}
		return all
	}
	for _, c := range []struct {
		name   string
		target string
		header []string
		tries  int
		want   []string
	}{
		{"right", "/me", basicFor("calvin", calvinPass), 3, nil},
		{"wrong by basic", "/me", basicFor("calvin", "wrong"), 1, repeat(1, "basic calvin 127.0.0.1")},
		{"wrong by param", "/me?USER=calvin&PASS=wrong", nil, 1, repeat(1, "param calvin 127.0.0.1")},
		{"by both", "/me?USER=calvin&PASS=wrong", basicFor("calvin", "wrong too"), 1, []string{"basic calvin 127.0.0.1", "param calvin 127.0.0.1"}},
		{"nobody", "/me", basicFor("susie", "wrong"), 1, repeat(1, "basic  127.0.0.1")},
		{"too long", "/me", basicFor("calvin", strings.Repeat("long", 300)), 3, nil},
		{"malformed", "/me", []string{"Authorization", "Basic !"}, 3, nil},
		{"asked by a handler", "/check", nil, 1, nil},
		{"again and again", "/me", basicFor("moe", "wrong"), 20, repeat(5, "basic  127.0.0.1")},
	} {
		told = nil
		for range c.tries {
			send(t, h, "GET", c.target, c.header...)
		}
		if diff := cmp.Diff(c.want, told); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	told = nil
	var all sync.WaitGroup
	for range 50 { // which make one try together, or one after the other as far as they may
		all.Go(func() { send(t, h, "GET", "/me", basicFor("rosalyn", "wrong")...) })
	}
	all.Wait()
	if len(told) == 0 || len(told) > 5 {
		t.Errorf("told %d times", len(told))
	}
}

// TestLoginFailedFails: where the hook fails, that is the answer, and nobody is let in.
func TestLoginFailedFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		hook   func(context.Context, fsa.FailedLogin) error
		status int
	}{
		{"refuses", func(context.Context, fsa.FailedLogin) error { return fsa.Errorf(503, "later") }, 503},
		{"fails", func(context.Context, fsa.FailedLogin) error { return errors.New("s3cret") }, 500},
		{"panics", func(context.Context, fsa.FailedLogin) error { panic("s3cret") }, 500},
	} {
		w := newWorld(t, throttled())
		w.LoginFailed(c.hook)
		fsa.Get(w, "/me", authz.Auth(), who)
		h := compiled(t, w.App)
		a := send(t, h, "GET", "/me", basicFor("calvin", "wrong")...)
		if a.Code != c.status || strings.Contains(a.Body.String(), "s3cret") {
			t.Errorf("%s: %d %s", c.name, a.Code, a.Body)
		}
		if a := send(t, h, "GET", "/me", basicFor("calvin", calvinPass)...); a.Code != 200 {
			t.Errorf("%s: %d %s", c.name, a.Code, a.Body)
		}
	}
}

// TestLoginFailedByDigest: a wrong response is a wrong password.
func TestLoginFailedByDigest(t *testing.T) {
	var told []fsa.FailedLogin
	w := digestWorld(t, throttled(), func(w *world) {
		w.LoginFailed(func(_ context.Context, e fsa.FailedLogin) error {
			told = append(told, e)
			return nil
		})
	})
	h := compiled(t, w.App)
	for _, c := range []struct {
		login, pass string
		status      int
	}{{"calvin", calvinPass, 200}, {"hobbes", "wrong", 401}, {"nobody", "wrong", 401}} {
		challenge := send(t, h, "GET", "/x").Header().Get("WWW-Authenticate")
		if a := send(t, h, "GET", "/x", "Authorization", credentials(answerTo(challenge, "GET", "/x", c.login, c.pass))); a.Code != c.status {
			t.Errorf("%s: %d %s", c.login, a.Code, a.Body)
		}
	}
	want := []fsa.FailedLogin{{Scheme: "digest", Login: "hobbes", Address: "127.0.0.1"}, {Scheme: "digest", Address: "127.0.0.1"}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

// TestLoginFailedWithoutHashes: where a directory alone knows passwords, it is not known
// whose they would have been.
func TestLoginFailedWithoutHashes(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"basic"}
	app := fsa.New("acme", cfg)
	app.PasswordCheck(func(_ context.Context, login, pass string) (bool, error) {
		return login == "calvin" && pass == calvinPass, nil
	})
	var told []fsa.FailedLogin
	app.LoginFailed(func(_ context.Context, e fsa.FailedLogin) error { told = append(told, e); return nil })
	fsa.Get(app, "/me", authz.Auth(), who)
	h := compiled(t, app)
	send(t, h, "GET", "/me", basicFor("calvin", calvinPass)...)
	send(t, h, "GET", "/me", basicFor("calvin", "wrong")...)
	if len(told) != 1 || told[0].Login != "" {
		t.Errorf("%+v", told)
	}
}

// TestLoginFailedHungUp: a wrong password is told of though the first who sent it has
// gone. S79.
func TestLoginFailedHungUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := fsa.New("acme", throttled())
		app.UserPass(func(context.Context, string) (string, error) {
			time.Sleep(time.Second)
			return "", fsa.ErrNoSuchUser
		})
		var told atomic.Int32
		app.LoginFailed(func(context.Context, fsa.FailedLogin) error { told.Add(1); return nil })
		fsa.Get(app, "/x", authz.Auth(), who)
		d := &door{t: t, h: handlerOf(t, &world{App: app})}
		var other sync.WaitGroup
		defer other.Wait()
		other.Go(func() { d.hangUp(time.Second/2, home, "calvin", "guess") })
		time.Sleep(time.Second / 4)
		d.expect("401", home, "calvin", "guess")
		if told.Load() != 1 {
			t.Errorf("told %d times", told.Load())
		}
	})
}
