package fsa_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

var madeID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// TestRequestID: an answer has an id once one was made, and one that a client has
// sent counts only through a trusted proxy.
func TestRequestID(t *testing.T) {
	const sent = "0b6fbb9e-27b5-4a0c-9b3e-2f6c6f2f0b11"
	for _, c := range []struct {
		remote string
		ids    []string
		path   string
		level  slog.Level
		want   string // "made", "none", or the id
	}{
		{"127.0.0.1:1", nil, "/x", slog.LevelInfo, "none"},
		{"127.0.0.1:1", nil, "/x", slog.LevelDebug, "made"},
		{"127.0.0.1:1", nil, "/nowhere", slog.LevelError, "made"}, // not logged, but an error
		{"127.0.0.1:1", nil, "/asks", slog.LevelInfo, "made"},
		{"127.0.0.1:1", nil, "/raw", slog.LevelInfo, "none"},
		{"127.0.0.1:1", nil, "/rawasks", slog.LevelInfo, "made"},
		{"127.0.0.1:1", []string{sent}, "/x", slog.LevelInfo, "none"},
		{"127.0.0.1:1", []string{sent}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{sent}, "/x", slog.LevelInfo, sent},
		{"192.0.2.7:1", []string{sent}, "/raw", slog.LevelInfo, sent},
		{"192.0.2.7:1", []string{sent}, "/nowhere", slog.LevelInfo, sent},
		{"192.0.2.7:1", []string{sent}, "/asks", slog.LevelInfo, sent},
		{"192.0.2.7:1", []string{sent}, "//x", slog.LevelInfo, sent},
		{"192.0.2.7:1", []string{"A.b-c_9" + strings.Repeat("0", 57)}, "/x", slog.LevelInfo, "A.b-c_9" + strings.Repeat("0", 57)},
		{"192.0.2.7:1", []string{strings.Repeat("0", 65)}, "/x", slog.LevelInfo, "none"},
		{"192.0.2.7:1", []string{strings.Repeat("0", 65)}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{"short"}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{""}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{sent, sent}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{sent + ", " + sent}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{"12345678\nlevel=ERROR"}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{"<script>alert"}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{"12345678 9"}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{"12345678=9"}, "/nowhere", slog.LevelInfo, "made"},
		{"192.0.2.7:1", []string{"12345678é"}, "/nowhere", slog.LevelInfo, "made"},
		{"198.51.100.1:1", []string{sent}, "/x", slog.LevelInfo, "made"}, // refused, as not secure
	} {
		cfg := base()
		cfg.LoggingLevel = c.level
		cfg.TrustedProxies = []string{"192.0.2.0/24"}
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Open(), who)
		asked := ""
		ask := func(ctx context.Context) { asked = fsa.RequestID(ctx) }
		fsa.Get(w, "/asks", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.None, error) { ask(ctx); return fsa.None{}, nil })
		fsa.Handle(w, "GET /raw", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, "x") }))
		fsa.Handle(w, "GET /rawasks", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { ask(r.Context()) }))
		r := httptest.NewRequest("GET", "http://h"+c.path, nil)
		r.RemoteAddr = c.remote
		if c.remote != "127.0.0.1:1" {
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		for _, id := range c.ids {
			r.Header.Add("X-Request-Id", id)
		}
		rec := httptest.NewRecorder()
		handlerOf(t, w).ServeHTTP(rec, r)
		got := rec.Result().Header["X-Request-Id"]
		switch {
		case c.want == "none" && got == nil:
		case c.want == "made" && len(got) == 1 && madeID.MatchString(got[0]):
		case len(got) == 1 && got[0] == c.want:
		default:
			t.Errorf("%s %q %s: the id is %q, want %s", c.remote, c.ids, c.path, got, c.want)
		}
		if asked != "" && (len(got) != 1 || asked != got[0]) {
			t.Errorf("%s: the handler's id is %q, the answer's %q", c.path, asked, got)
		}
		if log := w.log.String(); log != "" && (len(got) != 1 || !strings.Contains(log, "request_id="+got[0])) {
			t.Errorf("%s: the answer has the id %q, the log is %s", c.path, got, log)
		}
	}
	if id := fsa.RequestID(context.Background()); id != "" {
		t.Errorf("outside of a request the id is %q", id)
	}
}

// TestRequestIDConcurrently: all who ask get the same id, also after the answer.
func TestRequestIDConcurrently(t *testing.T) {
	w := newWorld(t, base())
	var ids sync.Map
	var asking sync.WaitGroup
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
		for range 20 {
			asking.Go(func() { ids.Store(fsa.RequestID(ctx), true) })
		}
		return "", nil
	})
	w.client(t).Get("/x").As("calvin").Expect(200)
	asking.Wait()
	n := 0
	ids.Range(func(id, _ any) bool { n++; return madeID.MatchString(id.(string)) })
	if n != 1 {
		t.Errorf("there are %d ids", n)
	}
}

// TestRequestIDOfTrace: in the debug modes, the steps of a request have the id of its
// answer.
func TestRequestIDOfTrace(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.LoggingLevel = "debug", slog.LevelDebug
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	before := len(w.log.String())
	res := c.Get("/x").Basic("calvin", calvinPass).Expect(200)
	ids := regexp.MustCompile(`request_id=\S+`).FindAllString(w.log.String()[before:], -1)
	if want := "request_id=" + res.Header.Get("X-Request-Id"); len(ids) < 2 || slices.ContainsFunc(ids, func(id string) bool { return id != want }) {
		t.Errorf("the ids are %q, that of the answer %s", ids, want)
	}
}
