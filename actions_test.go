package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
)

// actionWorld has a route that counts an action by its parameter.
func actionWorld(t *testing.T, cfg fsa.Config) (*fsa.App, http.Handler) {
	t.Helper()
	w := newWorld(t, cfg)
	fsa.Post(w.App, "/ask", authz.Open(), func(ctx context.Context, in struct{ Subject string }) (fsa.None, error) {
		return fsa.None{}, w.Throttle(ctx, "ask", in.Subject)
	}, fsa.Authn("none"))
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return w.App, h
}

func ask(h http.Handler, subject, from string) (status, wait int) {
	w := serveFrom(h, httptest.NewRequest("POST", "/ask?subject="+subject, nil), from+":1234")
	wait, _ = strconv.Atoi(w.Header().Get("Retry-After"))
	return w.Code, wait
}

// TestThrottleActions: an action is free as often as a log-in may fail, then once a
// minute, in two, in four, by its subject in every spelling, and by the network. S19, S20, S21.
func TestThrottleActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.InsecureTransport = true
		app, h := actionWorld(t, cfg)
		for i := range 5 {
			if status, _ := ask(h, "calvin", "192.0.2.1"); status != 204 {
				t.Fatalf("use %d: %d", i, status)
			}
		}
		for _, spelling := range []string{"calvin", "Calvin", "CALVIN%20"} {
			if status, wait := ask(h, spelling, "198.51.100.7"); status != 429 || wait < 59 || wait > 60 {
				t.Errorf("%s: %d, %d", spelling, status, wait)
			}
		}
		if status, _ := ask(h, "hobbes", "192.0.2.1"); status != 204 {
			t.Errorf("another subject: %d", status)
		}
		time.Sleep(time.Minute)
		if status, _ := ask(h, "calvin", "192.0.2.1"); status != 204 {
			t.Errorf("after a minute: %d", status)
		}
		if status, wait := ask(h, "calvin", "192.0.2.1"); status != 429 || wait != 120 {
			t.Errorf("the next: %d, %d", status, wait)
		}
		if err := app.ThrottleForget(t.Context(), "ask", "calvin"); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if status, _ := ask(h, "calvin", "192.0.2.1"); status != 204 {
				t.Errorf("forgotten: %d", status)
			}
		}
		for i := range 60 { // the network has ten times as many
			status, _ := ask(h, fmt.Sprint("user", i), "203.0.113.9")
			if want := map[bool]int{true: 204, false: 429}[i < 50]; status != want {
				t.Fatalf("use %d of a network: %d", i, status)
			}
		}
		if status, _ := ask(h, "another", "203.0.113.200"); status != 429 {
			t.Errorf("its neighbour: %d", status)
		}
	})
}

// TestThrottleActionsAtOnce: of a thousand at the same moment no more pass than of a
// thousand in turn. S18.
func TestThrottleActionsAtOnce(t *testing.T) {
	cfg := throttled()
	cfg.InsecureTransport = true
	_, h := actionWorld(t, cfg)
	var passed atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			if status, _ := ask(h, "calvin", fmt.Sprintf("10.%d.%d.1", i/250, i%250)); status == 204 {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 5 {
		t.Errorf("%d have passed", passed.Load())
	}
}

// TestThrottleActionsUncounted: what can't be counted is not done; what is not to be
// counted, is. S23.
func TestThrottleActionsUncounted(t *testing.T) {
	cfg := throttled()
	cfg.InsecureTransport = true
	store := &broken{}
	store.set("get add reset")
	cfg.LoginThrottle.Counter = store
	app, h := actionWorld(t, cfg)
	if status, wait := ask(h, "calvin", "192.0.2.1"); status != 503 || wait != 5 {
		t.Errorf("%d, %d", status, wait)
	}
	if err := app.ThrottleForget(t.Context(), "ask", "calvin"); err == nil {
		t.Error("forgotten, says a store that is broken")
	}
	cfg = base()
	cfg.InsecureTransport, cfg.InsecureNoLoginThrottle = true, true
	_, h = actionWorld(t, cfg)
	for range 100 {
		if status, _ := ask(h, "calvin", "192.0.2.1"); status != 204 {
			t.Fatal(status)
		}
	}
}

// TestWithDevice: who comes from a device that is theirs is not delayed by what others
// do with the login, and is counted by themselves. S17.
func TestWithDevice(t *testing.T) {
	cfg := throttled()
	cfg.InsecureTransport = true
	cfg.LoginThrottle.Delay, cfg.LoginThrottle.MaxDelay = time.Hour, 2*time.Hour // however slow the machine is
	w := newWorld(t, cfg)
	type in struct{ Login, Password, Device string }
	fsa.Post(w.App, "/in", authz.Open(), func(ctx context.Context, in in) (fsa.None, error) {
		return fsa.None{}, w.CheckUserPassword(fsa.WithDevice(ctx, in.Device), in.Login, in.Password)
	}, fsa.Authn("none"))
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	try := func(password, device string) int {
		r := httptest.NewRequest("POST", "/in?login=calvin&password="+password+"&device="+device, nil)
		return serveFrom(h, r, "192.0.2.1:1").Code
	}
	for range 6 {
		try("wrong", "")
	}
	right := calvinPass
	if status := try(right, ""); status != 429 {
		t.Errorf("from anywhere: %d", status)
	}
	if status := try(right, "laptop"); status != 204 {
		t.Errorf("from the laptop: %d", status)
	}
	for range 5 {
		try("wrong", "phone")
	}
	if status := try("wrong", "phone"); status != 429 {
		t.Errorf("guesses from the phone: %d", status)
	}
	if status := try(right, "laptop"); status != 204 {
		t.Errorf("from the laptop again: %d", status)
	}
}

// TestClientAddressOf: who asks, as far as it is known.
func TestClientAddressOf(t *testing.T) {
	cfg := base()
	cfg.InsecureTransport, cfg.TrustedProxies = true, []string{"10.0.0.0/8"}
	w := newWorld(t, cfg)
	fsa.Get(w.App, "/x", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) { return fsa.ClientAddress(ctx), nil }, fsa.Authn("none"))
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, forwarded, want string }{
		{"192.0.2.1:99", "", "192.0.2.1"}, {"192.0.2.1:99", "203.0.113.5", "192.0.2.1"}, {"10.0.0.1:99", "203.0.113.5", "203.0.113.5"}, {"[2001:db8::1]:99", "", "2001:db8::1"},
		{"10.0.0.1:99", "", "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := serveFrom(h, r, c.from).Body.String(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if got := fsa.ClientAddress(t.Context()); got != "" {
		t.Error(got)
	}
}

// TestThrottleWhat: the application's observer and log learn whether it is the subject
// that is delayed or the network; who names no subject is counted by the network alone.
func TestThrottleWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		var delayed []string
		w := newWorld(t, cfg)
		w.Observe(fsa.Observer{Throttle: func(_ context.Context, e fsa.ThrottleEvent) { delayed = append(delayed, e.By) }})
		fsa.Post(w, "/ask", authz.Open(), func(ctx context.Context, in struct{ Subject string }) (fsa.None, error) {
			return fsa.None{}, w.Throttle(ctx, "ask", in.Subject)
		}, fsa.Authn("none"))
		h := handlerOf(t, w)
		for range 6 {
			ask(h, "calvin", "192.0.2.1")
		}
		for range 45 {
			ask(h, "", "192.0.2.1")
		}
		ask(h, "", "192.0.2.1")
		ask(h, "susie", "192.0.2.1")
		for range 7 {
			if status, _ := ask(h, "", "198.51.100.1"); status != 204 {
				t.Errorf("nobody in particular, from elsewhere: %d", status)
			}
		}
		if got := strings.Join(delayed, " "); got != "login network network" {
			t.Errorf("delayed were %q", got)
		}
		if log := w.log.String(); strings.Count(log, "are delayed by login") != 1 || strings.Count(log, "are delayed by network") != 2 {
			t.Errorf("the log has %s", log)
		}
	})
}

// TestThrottleOutside: what the application does by itself is counted by its subject.
func TestThrottleOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled())
		for i := range 60 {
			if err := w.Throttle(t.Context(), "report", fmt.Sprint("user", i)); err != nil {
				t.Fatalf("subject %d: %v", i, err)
			}
		}
		for range 4 {
			w.Throttle(t.Context(), "report", "user1")
		}
		var e *fsa.Error
		if err := w.Throttle(t.Context(), "report", "user1"); !errors.As(err, &e) || e.Status != 429 {
			t.Errorf("once too often: %v", err)
		}
		if err := w.ThrottleForget(t.Context(), "report", ""); err != nil {
			t.Errorf("no subject: %v", err)
		}
		cfg := throttled()
		cfg.InsecureNoLoginThrottle = true
		if err := newWorld(t, cfg).ThrottleForget(t.Context(), "report", "user1"); err != nil {
			t.Errorf("nothing is counted: %v", err)
		}
	})
}

// TestThrottleActionsFrailStore: whichever call of the store fails, the use is not done
// (S23), the next ones are counted as before, and none more is free.
func TestThrottleActionsFrailStore(t *testing.T) {
	for call := 1; ; call++ {
		past := false
		synctest.Test(t, func(t *testing.T) {
			store := &broken{Counter: cache.NewMemoryCounter(0)}
			cfg := throttled()
			cfg.LoginThrottle.Counter = store
			cfg.LoginThrottle.NetworkFactor = 1
			_, h := actionWorld(t, cfg)
			store.when(func(n int, _ string, _ int64) bool { return n == call })
			free, broken := 0, 0
			for range 8 {
				switch status, wait := ask(h, "calvin", "192.0.2.1"); {
				case status == 204:
					free++
				case status == 503 && wait == 5:
					broken++
				case status != 429 || wait < 1 || wait > 60:
					t.Fatalf("call %d: %d, %d", call, status, wait)
				}
			}
			if past = store.calls < call; past {
				return
			}
			// The one that failed when it had taken a place may have used it up.
			if broken > 1 || free > 5 || free < 4 {
				t.Errorf("call %d: %d were free, %d failed", call, free, broken)
			}
		})
		if past {
			if call < 20 {
				t.Errorf("the store was called %d times", call-1)
			}
			return
		}
	}
}

// TestThrottleActionsGiveBack: who is delayed by the network keeps the uses of the subject,
// as long as the store can give them back; if it can't, the log says so.
func TestThrottleActionsGiveBack(t *testing.T) {
	for _, frail := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store := &broken{Counter: cache.NewMemoryCounter(0)}
			cfg := throttled()
			cfg.LoginThrottle.Counter = store
			w := newWorld(t, cfg)
			fsa.Post(w, "/ask", authz.Open(), func(ctx context.Context, in struct{ Subject string }) (fsa.None, error) {
				return fsa.None{}, w.Throttle(ctx, "ask", in.Subject)
			}, fsa.Authn("none"))
			h := handlerOf(t, w)
			for i := range 50 {
				ask(h, fmt.Sprint("user", i), "192.0.2.1")
			}
			store.when(func(_ int, method string, n int64) bool { return frail && method == "add" && n < 0 })
			for range 10 {
				if status, _ := ask(h, "calvin", "192.0.2.1"); status != 429 {
					t.Fatalf("from a network that is delayed: %d", status)
				}
			}
			status, _ := ask(h, "calvin", "198.51.100.1")
			if want := map[bool]int{false: 204, true: 429}[frail]; status != want {
				t.Errorf("frail %v: from elsewhere %d", frail, status)
			}
			if logged := strings.Contains(w.log.String(), "a use could not be given back"); logged != frail {
				t.Errorf("frail %v: the log has %s", frail, w.log)
			}
		})
	}
}

// TestThrottleForgetFrail: what can't be forgotten is said.
func TestThrottleForgetFrail(t *testing.T) {
	for _, method := range []string{"get", "reset"} {
		store := &broken{Counter: cache.NewMemoryCounter(0)}
		cfg := throttled()
		cfg.LoginThrottle.Counter = store
		w := newWorld(t, cfg)
		store.set(method)
		if err := w.ThrottleForget(t.Context(), "ask", "calvin"); err == nil || !strings.Contains(err.Error(), "the store is down") {
			t.Errorf("%s fails: %v", method, err)
		}
	}
}
