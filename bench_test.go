package fsa_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// Answer is what all handlers of the benchmark answer with.
type Answer struct {
	Store int    `json:"store"`
	Limit int    `json:"limit"`
	User  string `json:"user"`
}

// bare is the floor: a hand-written handler without any security.
func bare() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /store/{sid}", func(w http.ResponseWriter, r *http.Request) {
		s, err := strconv.Atoi(r.PathValue("sid"))
		l := 10
		if v := r.URL.Query().Get("limit"); v != "" && err == nil {
			l, err = strconv.Atoi(v)
		}
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(Answer{s, l, "foo"})
	})
	return mux
}

type storeIn struct {
	SID   int
	Limit int `default:"10"`
}

type storeMe struct {
	SID   int
	Limit int `default:"10"`
	User  fsa.CurrentUser
}

const benchPass = "a password"

const benchSecret = fsa.Secret("a secret of thirty-two bytes, at least")

// securedApp has the bare handler's route twice: open, and with all the
// security there is: a token, a group and an object permission.
func securedApp(tb testing.TB, tokenType string) (*fsa.App, http.Handler, string) {
	app := fsa.New("bench", fsa.Config{
		Auth: []string{"token", "basic", "none"}, TokenType: tokenType, TokenSecret: []fsa.Secret{benchSecret},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	hash, err := app.HashPassword(context.Background(), benchPass)
	if err != nil {
		tb.Fatal(err)
	}
	app.UserPass(func(context.Context, string) (string, error) { return hash, nil })
	app.GroupCheck("employee", func(ctx context.Context, login string) (bool, error) { return login == "foo", nil })
	fsa.ObjectPerms(app, "store", func(ctx context.Context, login string, sid int, mode string) (bool, error) {
		return login == "foo" && sid == 42, nil
	})
	fsa.Get(app, "/open/{sid}", authz.Open(), func(ctx context.Context, in storeIn) (Answer, error) {
		return Answer{in.SID, in.Limit, "foo"}, nil
	})
	fsa.Get(app, "/store/{sid}", authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager")),
		func(ctx context.Context, in storeMe) (Answer, error) {
			return Answer{in.SID, in.Limit, string(in.User)}, nil
		})
	h, err := app.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	token, err := app.CreateToken(context.Background(), "foo", fsa.TokenOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return app, h, token
}

// discard is a ResponseWriter that costs next to nothing, so that the handlers
// are measured.
type discard struct {
	header http.Header
	status int
	n      int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }

// BenchmarkSecured compares a fully secured request with a hand-written handler
// that has no security at all. For figures to be compared, run it in rounds:
//
//	go test -run - -bench Secured -benchmem -count 10 .
func BenchmarkSecured(b *testing.B) {
	_, fsaToken, raw := securedApp(b, "fsa")
	_, jwt, rawJWT := securedApp(b, "jwt")
	const want = `{"store":42,"limit":5,"user":"foo"}` + "\n"
	for _, bench := range []struct {
		name, path, authorization string
		h                         http.Handler
	}{
		{"bare", "/store/42?limit=5", "", bare()},
		{"open", "/open/42?limit=5", "", fsaToken},
		{"token", "/store/42?limit=5", "Bearer " + raw, fsaToken},
		{"jwt", "/store/42?limit=5", "Bearer " + rawJWT, jwt},
		{"basic", "/store/42?limit=5", "Basic " + base64.StdEncoding.EncodeToString([]byte("foo:"+benchPass)), fsaToken},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", bench.path, nil)
			r.RemoteAddr = "127.0.0.1:40000"
			if bench.authorization != "" {
				r.Header.Set("Authorization", bench.authorization)
			}
			w := httptest.NewRecorder()
			bench.h.ServeHTTP(w, r)
			if w.Code != 200 || w.Body.String() != want {
				b.Fatalf("status %d, answer %q", w.Code, w.Body)
			}
			d := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(d.header)
				bench.h.ServeHTTP(d, r)
			}
		})
	}
}

// TestSecuredAllocations holds what the benchmark shows: a secured request
// allocates no more than a hand-written handler without security.
func TestSecuredAllocations(t *testing.T) {
	_, h, token := securedApp(t, "fsa")
	measure := func(h http.Handler, token string) float64 {
		r := httptest.NewRequest("GET", "/store/42?limit=5", nil)
		r.RemoteAddr = "127.0.0.1:40000"
		r.Header.Set("Authorization", "Bearer "+token)
		d := &discard{header: http.Header{}}
		return testing.AllocsPerRun(200, func() {
			clear(d.header)
			d.n = 0
			h.ServeHTTP(d, r)
			if d.n != 36 {
				t.Fatalf("the answer has %d bytes: %s", d.n, fmt.Sprint(d.status))
			}
		})
	}
	secured, floor := measure(h, token), measure(bare(), strings.Repeat("x", 10))
	if secured > floor {
		t.Errorf("a secured request allocates %v times, a bare one %v times", secured, floor)
	}
}
