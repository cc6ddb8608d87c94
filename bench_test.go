package fsa_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/rounds"
)

// Answer is what all handlers of the benchmark answer with.
type Answer struct {
	Store int    `json:"store"`
	Limit int    `json:"limit"`
	User  string `json:"user"`
}

// Added is what the posts are answered with.
type Added struct {
	Store    int     `json:"store"`
	Product  string  `json:"product"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
	User     string  `json:"user"`
}

// bare is the floor: hand-written handlers without any security, of a path with a
// parameter sid.
func bare(path string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
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
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		s, err := strconv.Atoi(r.PathValue("sid"))
		var in struct {
			Product  string
			Quantity int
			Price    float64
		}
		if err == nil {
			err = json.NewDecoder(r.Body).Decode(&in)
		}
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		json.NewEncoder(w).Encode(Added{s, in.Product, in.Quantity, in.Price, "foo"})
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

type productIn struct {
	SID      int
	Product  string
	Quantity int
	Price    float64
	User     fsa.CurrentUser
}

const benchPass = "a password"

const benchSecret = fsa.Secret("a secret of thirty-two bytes, at least")

// securedApp has the bare handlers' routes with all the security there is (a
// token, a group and an object permission), and the first one open too.
func securedApp(tb testing.TB, cfg fsa.Config) (*fsa.App, http.Handler, string) {
	cfg.Auth, cfg.TokenSecret = []string{"token", "basic", "none"}, []fsa.Secret{benchSecret}
	cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: cfg.LoggingLevel}))
	app := fsa.New("bench", cfg)
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
	fsa.Post(app, "/store/{sid}", authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager")),
		func(ctx context.Context, in productIn) (Added, error) {
			return Added{in.SID, in.Product, in.Quantity, in.Price, string(in.User)}, nil
		}, fsa.Status(201))
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

// yardstick is one of the requests that are compared: its name is that of the
// sub-benchmark.
type yardstick struct {
	name, floor   string
	h             http.Handler
	method, path  string
	authorization string
	body          string
	status        int
	want          string
}

// yardsticks are the secured requests, each beside a hand-written one without any
// security that answers the same.
func yardsticks(tb testing.TB) []yardstick {
	_, fsaToken, raw := securedApp(tb, fsa.Config{})
	_, jwt, rawJWT := securedApp(tb, fsa.Config{TokenType: "jwt"})
	basic := base64.StdEncoding.EncodeToString([]byte("foo:" + benchPass))
	const (
		answer = `{"store":42,"limit":5,"user":"foo"}` + "\n"
		sent   = `{"product":"pen","quantity":3,"price":1.5}`
		added  = `{"store":42,"product":"pen","quantity":3,"price":1.5,"user":"foo"}` + "\n"
		store  = "/store/42?limit=5"
	)
	return []yardstick{
		{"bare", "", bare("/store/{sid}"), "GET", store, "", "", 200, answer},
		{"open", "bare", fsaToken, "GET", "/open/42?limit=5", "", "", 200, answer},
		{"token", "bare", fsaToken, "GET", store, "Bearer " + raw, "", 200, answer},
		{"jwt", "bare", jwt, "GET", store, "Bearer " + rawJWT, "", 200, answer},
		{"basic", "bare", fsaToken, "GET", store, "Basic " + basic, "", 200, answer},
		{"barepost", "", bare("/store/{sid}"), "POST", "/store/42", "", sent, 201, added},
		{"post", "barepost", fsaToken, "POST", "/store/42", "Bearer " + raw, sent, 201, added},
	}
}

// request makes the request, and its body if it has one.
func (y yardstick) request() (*http.Request, []byte) {
	r := httptest.NewRequest(y.method, y.path, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	if y.authorization != "" {
		r.Header.Set("Authorization", y.authorization)
	}
	if y.body == "" {
		return r, nil
	}
	r.Header.Set("Content-Type", "application/json")
	return r, []byte(y.body)
}

// twin is the bare handler that is sent the very same request, credentials too, and
// sets the very same header fields, without any of what they are for. What it costs
// more than the bare one is what net/http asks for reading and writing them.
func (y yardstick) twin(tb testing.TB) yardstick {
	answer := y.call(tb).Answer()
	var fields [][2]string
	for name, values := range answer.Header() {
		if name != "Content-Type" {
			fields = append(fields, [2]string{name, values[0]})
		}
	}
	path, _, _ := strings.Cut(y.path, "?")
	next := bare(strings.Replace(path, "/42", "/{sid}", 1))
	y.name, y.h = y.name+" twin", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range fields {
			w.Header().Set(f[0], f[1])
		}
		next.ServeHTTP(w, r)
	})
	return y
}

// call makes the request callable again and again, once its answer has been seen
// to be right.
func (y yardstick) call(tb testing.TB) *rounds.Call {
	r, body := y.request()
	c := rounds.NewCall(y.h, r, body)
	if w := c.Answer(); w.Code != y.status || w.Body.String() != y.want {
		tb.Fatalf("%s: status %d, answer %q", y.name, w.Code, w.Body)
	}
	return c
}

// BenchmarkSecured compares fully secured requests with hand-written handlers that
// have no security at all. It is for profiles and for allocations; times are to be
// compared by TestRounds, since the machine changes from one sub-benchmark to the
// next.
func BenchmarkSecured(b *testing.B) {
	for _, y := range yardsticks(b) {
		b.Run(y.name, func(b *testing.B) {
			c := y.call(b)
			b.ReportAllocs()
			for b.Loop() {
				c.Do()
			}
		})
	}
}

// BenchmarkLoopback is for profiles of the server when it answers over loopback HTTP:
// its part of the process is below net/http.(*conn).serve.
func BenchmarkLoopback(b *testing.B) {
	for _, y := range yardsticks(b) {
		for _, y := range []yardstick{y, y.twin(b)} {
			b.Run(y.name, func(b *testing.B) {
				y.call(b)
				l, err := rounds.Serve(y.h, clients, rounds.Wire(y.request()))
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
				if err := l.Run(b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
