package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// releases is what happened, in order.
type releases struct {
	mu   sync.Mutex
	text []string
}

func (j *releases) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, fmt.Sprintf(format, args...))
}

func (j *releases) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := strings.Join(j.text, ", ")
	j.text = nil
	return text
}

// session and repo are special parameters, of which the latter needs the former.
type session struct{ name string }

type repo struct{ s *session }

// outcome makes the releases of specialWorld do something.
type outcome struct {
	repoFails, sessionFails   error
	repoPanics, sessionPanics bool
}

func specialWorld(t *testing.T, o *outcome) (*world, *releases) {
	return specialWorldOf(t, base(), o)
}

func specialWorldOf(t *testing.T, cfg fsa.Config, o *outcome) (*world, *releases) {
	w, j := newWorld(t, cfg), &releases{}
	fsa.SpecialWithRelease(w.App, func(ctx context.Context, name string) (*session, func(error) error, error) {
		j.add("open %s for %s", name, fsa.User(ctx))
		if name == "none" {
			return nil, nil, fsa.Errorf(503, "no session")
		}
		return &session{name}, func(err error) error {
			j.add("end %s: %v", name, err)
			if o.sessionPanics {
				panic("session panics: s3cret")
			}
			return o.sessionFails
		}, nil
	})
	fsa.SpecialWithRelease(w.App, func(ctx context.Context, name string) (repo, func(error) error, error) {
		s, err := fsa.SpecialOf[*session](ctx, "s")
		if err != nil {
			return repo{}, nil, err
		}
		j.add("repo on %s", s.name)
		return repo{s}, func(err error) error {
			j.add("end repo: %v", err)
			if o.repoPanics {
				panic("repo panics: s3cret")
			}
			return o.repoFails
		}, nil
	})
	return w, j
}

type noText struct{ F float64 }

func (noText) MarshalText() ([]byte, error) { return nil, errors.New("no text") }

// TestSpecials: special parameters are made once, after all that can refuse the
// request, and released once, in reverse order, before the answer. A panic of a
// release is a refusal. (S88)
func TestSpecials(t *testing.T) {
	type in struct {
		Repo repo
		S    *session // the one that the repository has
		What string   `default:""`
	}
	boom := errors.New("boom: s3cret")
	const opened = "open s for calvin, repo on s, "
	for _, c := range []struct {
		what, query string
		o           outcome
		status      int
		body, want  string
	}{
		{"success", "", outcome{}, 200, "true", opened + "handler, end repo: <nil>, end s: <nil>"},
		{"refusal", "what=refuse", outcome{}, 409, "already there", opened + "handler, end repo: 409: already there, end s: 409: already there"},
		{"failure", "what=fail", outcome{}, 500, "internal error", opened + "handler, end repo: boom: s3cret, end s: boom: s3cret"},
		{"panic", "what=panic", outcome{}, 500, "internal error", opened + "handler, end repo: panic: handler panics, end s: panic: handler panics"},
		{"nothing to encode", "what=encode", outcome{}, 500, "internal error", opened + "handler, end repo: encoding"},
		{"commit fails", "", outcome{sessionFails: boom}, 500, "internal error", opened + "handler, end repo: <nil>, end s: <nil>"},
		{"first release fails", "", outcome{repoFails: boom}, 500, "internal error", opened + "handler, end repo: <nil>, end s: boom: s3cret"},
		{"commit conflicts", "", outcome{sessionFails: fsa.Errorf(409, "try again")}, 409, "try again", opened + "handler, end repo: <nil>, end s: <nil>"},
		{"rollback fails too", "what=refuse", outcome{sessionFails: fsa.Errorf(503, "not this")}, 409, "already there", opened + "handler, end repo: 409: already there, end s: 409: already there"},
		{"rollback fails after a failure", "what=fail", outcome{repoFails: fsa.Errorf(409, "not this")}, 500, "internal error", opened + "handler, end repo: boom: s3cret, end s: boom: s3cret; then: 409: not this"},
		{"release panics", "", outcome{repoPanics: true}, 500, "internal error", opened + "handler, end repo: <nil>, end s: panic: repo panics"},
		{"last release panics", "", outcome{sessionPanics: true}, 500, "internal error", opened + "handler, end repo: <nil>, end s: <nil>"},
		{"release panics after a refusal", "what=refuse", outcome{repoPanics: true}, 409, "already there", opened + "handler, end repo: 409: already there, end s: 409: already there; then: panic"},
		{"wrong parameters", "what=1&x=1", outcome{}, 400, `unexpected parameter "x"`, ""},
		{"special parameter sent", "s=1", outcome{}, 400, `unexpected request parameter "s"`, ""},
		{"goexit", "what=exit", outcome{}, 0, "", opened + "handler, end repo: the goroutine of the request was ended (runtime.Goexit), end s: the goroutine of the request was ended (runtime.Goexit)"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w, j := specialWorld(t, &c.o)
			fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in in) (any, error) {
				j.add("handler")
				switch in.What {
				case "refuse":
					return nil, fsa.Errorf(409, "already there")
				case "fail":
					return nil, boom
				case "panic":
					panic("handler panics")
				case "exit":
					runtime.Goexit()
				case "encode":
					return noText{}, nil
				}
				return in.Repo.s == in.S, nil
			})
			r := httptest.NewRequest("GET", "/x?"+c.query, nil)
			r.RemoteAddr = "127.0.0.1:1"
			r.SetBasicAuth("calvin", calvinPass)
			rec := httptest.NewRecorder()
			h := handlerOf(t, w)
			done := make(chan bool)
			go func() {
				defer close(done)
				h.ServeHTTP(rec, r)
			}()
			<-done
			if c.status != 0 && (rec.Code != c.status || !strings.Contains(rec.Body.String(), c.body)) {
				t.Errorf("%d %q, want %d %q", rec.Code, rec.Body, c.status, c.body)
			}
			got := j.take()
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" || strings.Count(got, "end repo") != strings.Count(c.want, "end repo") || strings.Count(got, "end s") != max(strings.Count(c.want, "end s"), strings.Count(c.want, "encoding")) {
				t.Errorf("%q,\nwant %q", got, c.want)
			}
			if strings.Contains(rec.Body.String(), "s3cret") {
				t.Errorf("the client reads a cause: %q", rec.Body)
			}
		})
	}
}

// TestSpecialsAfterAuthorization: nothing is made for somebody who may not call the
// route: it would be work, and a transaction that an object's permission waits for.
func TestSpecialsAfterAuthorization(t *testing.T) {
	w, j := specialWorld(t, &outcome{})
	fsa.Get(w, "/stuff/{sid}", authz.Object("stuff", "sid", "r"), func(ctx context.Context, in struct {
		SID int
		S   *session
	}) (string, error) {
		return in.S.name, nil
	})
	fsa.Get(w, "/none", authz.Auth(), func(ctx context.Context, in struct {
		S    *session
		None *session
	}) (string, error) {
		return "", nil
	})
	c := w.client(t)
	c.Get("/stuff/2").As("calvin").Expect(403)
	c.Get("/stuff/3").As("calvin").Expect(404)
	c.Get("/stuff/1").Expect(401)
	if got := j.take(); got != "" {
		t.Errorf("for nothing: %s", got)
	}
	c.Get("/stuff/1").As("calvin").Expect(200)
	if got, want := j.take(), "open s for calvin, end s: <nil>"; got != want {
		t.Errorf("%q", got)
	}
	// One that cannot be made is the answer, and those before it are released.
	c.Get("/none").As("calvin").Expect(503)
	if got, want := j.take(), "open s for calvin, open none for calvin, end s: 503: no session"; got != want {
		t.Errorf("%q", got)
	}
}

// TestSpecialsClientGone: whoever has hung up gets nothing committed. What has nothing
// to release, and what is refused anyway, is as ever.
func TestSpecialsClientGone(t *testing.T) {
	w, j := specialWorld(t, &outcome{})
	hangUp := func() {}
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in struct{ S *session }) (string, error) {
		hangUp()
		return "done", nil
	})
	fsa.Get(w, "/refused", authz.Auth(), func(ctx context.Context, in struct{ S *session }) (string, error) {
		hangUp()
		return "", fsa.Errorf(409, "already there")
	})
	fsa.Special(w.App, func(context.Context, string) (noon, error) { return noon{}, nil })
	fsa.Get(w, "/unreleased", authz.Auth(), func(ctx context.Context, in struct{ N noon }) (string, error) {
		hangUp()
		return "done", nil
	})
	fsa.Get(w, "/both", authz.Auth(), func(ctx context.Context, in struct {
		S *session
		N noon
	}) (string, error) {
		hangUp()
		return "done", nil
	})
	h := handlerOf(t, w)
	for _, c := range []struct {
		path, want string
		ok         bool
	}{
		{"/x", "open s for calvin, end s: the request was given up: context canceled", false},
		{"/refused", "open s for calvin, end s: 409: already there", false},
		{"/unreleased", "", true},
		{"/both", "open s for calvin, end s: the request was given up: context canceled", false},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		hangUp = cancel
		r := httptest.NewRequestWithContext(ctx, "GET", c.path, nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.SetBasicAuth("calvin", calvinPass)
		rec := serve(h, r)
		if got := j.take(); got != c.want || (rec.Code < 400) != c.ok {
			t.Errorf("%s: %d, %q", c.path, rec.Code, got)
		}
	}
}

// TestSpecialsNotMade: a request that is refused before its special parameters are made has
// nothing to release, whatever else is kept of it.
func TestSpecialsNotMade(t *testing.T) {
	w, j := specialWorld(t, &outcome{})
	w.BeforeExec(func(ctx context.Context, _ *http.Request, _ fsa.Identity) (*fsa.Response, error) {
		return nil, fsa.Errorf(409, "%t", fsa.RequestID(ctx) != "")
	})
	fsa.Get(w, "/x", authz.Open(), func(context.Context, struct{ S *session }) (string, error) { return "done", nil })
	w.client(t).Get("/x").Expect(409).Contains("true")
	if got := j.take(); got != "" {
		t.Error(got)
	}
}

// apart serves a request in a goroutine of its own, which may be ended.
func apart(h http.Handler, path string) *httptest.ResponseRecorder {
	rec, done := httptest.NewRecorder(), make(chan bool)
	go func() {
		defer close(done)
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "127.0.0.1:1"
		h.ServeHTTP(rec, r)
	}()
	<-done
	return rec
}

// TestReleasesThatExit: however many releases end their goroutine, all others run, and the
// request ends as others do: its context too, and with its line in the log.
func TestReleasesThatExit(t *testing.T) {
	type in struct{ A, B, C, D *session }
	for _, name := range []string{"returns", "exits", "panics", "refuses"} {
		cfg := base()
		cfg.LoggingLevel = slog.LevelDebug
		w, j := newWorld(t, cfg), &releases{}
		fsa.SpecialWithRelease(w.App, func(_ context.Context, name string) (*session, func(error) error, error) {
			return &session{}, func(err error) error {
				j.add("%s %v", name, err != nil)
				if name != "a" {
					runtime.Goexit()
				}
				return nil
			}, nil
		})
		var seen context.Context
		fsa.Get(w, "/x", authz.Open(), func(ctx context.Context, in in) (any, error) {
			seen = ctx
			switch name {
			case "exits":
				runtime.Goexit()
			case "panics":
				panic("no")
			case "refuses":
				return nil, fsa.Errorf(409, "no")
			}
			return "done", nil
		}, fsa.Timeout(time.Hour))
		rec := apart(handlerOf(t, w), "/x")
		want := "d true, c true, b true, a true"
		if name == "returns" {
			want = "d false, c true, b true, a true"
		}
		if got := j.take(); got != want || strings.Contains(rec.Body.String(), "done") {
			t.Errorf("%s: %q %q", name, got, rec.Body)
		}
		if lines := strings.Count(w.log.String(), "level=ERROR msg=request method=GET route=/x "); lines != 1 {
			t.Errorf("%s: %d lines in the log: %s", name, lines, w.log)
		}
		if seen.Err() == nil {
			t.Errorf("%s: the context of the request goes on", name)
		}
	}
}

// TestReleases: what releases are given, and what the log says of them: an error that a
// release gives back is none of its own, and one that ends its goroutine leaves the
// others to be run after it, and the request is no success.
func TestReleases(t *testing.T) {
	type in struct{ A, B *session } // of which B is released first
	refusal, boom := fsa.Errorf(409, "already there"), errors.New("boom")
	returned := func(err error) error { return err }
	for _, c := range []struct {
		name    string
		answer  any
		err     error
		a, b    func(error) error
		status  int // 0 if there is no answer
		want    string
		log     string // its error
		provide error  // of what is made with a release, and then fails
	}{
		{"refusal", nil, refusal, nil, nil, 409, "end B: 409: already there, end A: 409: already there", `error="409: already there"`, nil},
		{"refusal given back", nil, refusal, returned, returned, 409, "end B: 409: already there, end A: 409: already there", `error="409: already there"`, nil},
		{"refusal given back in a text", nil, refusal, func(err error) error { return fmt.Errorf("rolled back: %w", err) }, nil, 409,
			"end B: 409: already there, end A: 409: already there", `error="409: already there"`, nil},
		{"both fail", nil, refusal, func(error) error { return boom }, nil, 409,
			"end B: 409: already there, end A: 409: already there", `error="409: already there; then: boom"`, nil},
		{"a response", fsa.Response{Status: 404, Body: "none"}, nil, returned, returned, 404,
			"end B: 404: the handler has answered with status 404, end A: 404: the handler has answered with status 404", "", nil},
		{"a response, and a failure", fsa.Response{Status: 404, Body: "none"}, nil, func(error) error { return boom }, nil, 404,
			"end B: 404: the handler has answered with status 404, end A: 404: the handler has answered with status 404",
			`error="404: the handler has answered with status 404; then: boom"`, nil},
		{"a release ends its goroutine", "done", nil, nil, func(error) error { runtime.Goexit(); return nil }, 0,
			"end B: <nil>, end A: the goroutine of the request was ended (runtime.Goexit)", `error="the goroutine of the request was ended (runtime.Goexit)"`, nil},
		{"all end their goroutine", nil, refusal, func(error) error { runtime.Goexit(); return nil }, func(error) error { runtime.Goexit(); return nil }, 0,
			"end B: 409: already there, end A: the goroutine of the request was ended (runtime.Goexit)", `error="409: already there; then: the goroutine of the request was ended (runtime.Goexit)"`, nil},
		{"not made", "done", nil, nil, nil, 503, "end A: 503: no session", `error="503: no session"`, fsa.Errorf(503, "no session")},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := base()
			cfg.LoggingLevel = slog.LevelDebug
			w, j := newWorld(t, cfg), &releases{}
			fsa.SpecialWithRelease(w.App, func(_ context.Context, name string) (*session, func(error) error, error) {
				release, err := c.a, error(nil)
				if name == "b" {
					release, err = c.b, c.provide
				}
				return &session{}, func(err error) error {
					j.add("end %s: %v", strings.ToUpper(name), err)
					if release == nil {
						return nil
					}
					return release(err)
				}, err
			})
			fsa.Get(w, "/x", authz.Open(), func(context.Context, in) (any, error) { return c.answer, c.err })
			rec := apart(handlerOf(t, w), "/x")
			if c.status == 0 && rec.Body.Len() > 0 || c.status != 0 && rec.Code != c.status {
				t.Errorf("the answer is %d %q", rec.Code, rec.Body)
			}
			if got := j.take(); got != c.want {
				t.Errorf("%q,\nwant %q", got, c.want)
			}
			if line := w.log.String(); c.log != "" && !strings.Contains(line, c.log) || c.log == "" && strings.Contains(line, "error=") {
				t.Errorf("the log is %s", line)
			}
		})
	}
}

type (
	loopA   struct{}
	loopB   struct{}
	lonely  struct{}
	outside struct{}
	lender  struct{ ctx context.Context }
	clock   interface{ Now() string }
	noon    struct{}
)

func (noon) Now() string { return "noon" }

// TestSpecialOf: what goes wrong between special parameters is a failure of the
// server, told to the log.
func TestSpecialOf(t *testing.T) {
	w := newWorld(t, base())
	fsa.Special(w.App, func(ctx context.Context, name string) (*loopA, error) {
		_, err := fsa.SpecialOf[*loopB](ctx, "b")
		return &loopA{}, err
	})
	fsa.Special(w.App, func(ctx context.Context, name string) (*loopB, error) {
		_, err := fsa.SpecialOf[*loopA](ctx, "a")
		return &loopB{}, err
	})
	fsa.Special(w.App, func(ctx context.Context, name string) (*lonely, error) {
		_, err := fsa.SpecialOf[*strings.Builder](ctx, "x")
		return &lonely{}, err
	})
	fsa.Special(w.App, func(ctx context.Context, name string) (lender, error) {
		user, err := fsa.SpecialOf[fsa.CurrentUser](ctx, "")
		if err == nil && user != "calvin" {
			err = fmt.Errorf("the user is %q", user)
		}
		return lender{ctx}, err
	})
	fsa.Special(w.App, func(ctx context.Context, name string) (clock, error) {
		if name == "none" {
			return nil, nil
		}
		return noon{}, nil
	})
	fsa.Special(w.App, func(ctx context.Context, name string) (outside, error) {
		_, err := fsa.SpecialOf[*loopA](ctx, "a")
		return outside{}, err
	})
	fsa.Get(w, "/loop", authz.Auth(), takes[struct{ A *loopA }])
	fsa.Get(w, "/outside", authz.Auth(), takes[struct{ O outside }])
	fsa.Get(w, "/lonely", authz.Auth(), takes[struct{ A *lonely }])
	fsa.Get(w, "/lent", authz.Auth(), func(ctx context.Context, in struct{ L lender }) (string, error) {
		_, err := fsa.SpecialOf[clock](in.L.ctx, "x")
		return "", err
	})
	fsa.Get(w, "/handler", authz.Auth(), func(ctx context.Context, in struct{ L lender }) (string, error) {
		_, err := fsa.SpecialOf[clock](ctx, "x")
		return "", err
	})
	fsa.Get(w, "/clock", authz.Auth(), func(ctx context.Context, in struct{ C, None clock }) (string, error) {
		return fmt.Sprint(in.C.Now(), in.None == nil), nil
	})
	c := w.client(t)
	for _, r := range []struct{ path, log string }{
		{"/loop", `needs itself: \"a\" of type *fsa_test.loopA needs \"b\" of type *fsa_test.loopB needs \"a\" of type *fsa_test.loopA"`},
		{"/outside", `needs itself: \"a\" of type *fsa_test.loopA needs \"b\" of type *fsa_test.loopB needs \"a\" of type *fsa_test.loopA"`},
		{"/lonely", `nothing makes the special parameter`},
		{"/lent", `which has been made already`},
		{"/handler", `is for the functions that fsa.Special is given`},
	} {
		before := len(w.log.String())
		if got := c.Get(r.path).As("calvin").Expect(500).Text(); got != "internal error" {
			t.Errorf("%s: %q", r.path, got)
		}
		if !strings.Contains(w.log.String()[before:], r.log) {
			t.Errorf("%s: the log does not say %q", r.path, r.log)
		}
	}
	if got := c.Get("/clock").As("calvin").Expect(200).Text(); got != "noontrue" {
		t.Errorf("%q", got)
	}
}

type (
	asker struct{ said string }
	first struct{}
	next  struct{}
)

// TestSpecialOfErrors: what can't be made is not tried twice, and is an error for all that
// ask; so is nobody.
func TestSpecialOfErrors(t *testing.T) {
	text := func(err error) string {
		if err == nil {
			return "no error"
		}
		return err.Error()
	}
	for _, c := range []struct {
		name string
		make func(ctx context.Context) error  // of first
		ask  func(ctx context.Context) string // of asker
		want string
		made int // how often first was
	}{
		{"fails", func(context.Context) error { return errors.New("no first") }, func(ctx context.Context) string {
			_, err := fsa.SpecialOf[first](ctx, "f")
			_, again := fsa.SpecialOf[first](ctx, "f")
			return text(err) + ", " + text(again)
		}, "no first, no first", 1},
		{"panics", func(context.Context) error { panic("no first") }, func(ctx context.Context) string {
			func() {
				defer func() { recover() }()
				fsa.SpecialOf[first](ctx, "f")
			}()
			_, err := fsa.SpecialOf[first](ctx, "f")
			return text(err)
		}, `the special parameter "f" of type fsa_test.first was not made`, 1},
		{"of nobody", nil, func(ctx context.Context) string {
			user, err := fsa.SpecialOf[fsa.CurrentUser](ctx, "")
			id, none := fsa.SpecialOf[fsa.Identity](ctx, "")
			return fmt.Sprintf("%q %s, %q %s", user, text(err), id.Login, text(none))
		}, `"" nobody is authenticated, "" nobody is authenticated`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, base())
			fsa.Special(w.App, func(ctx context.Context, name string) (first, error) {
				w.ask("first")
				return first{}, c.make(ctx)
			})
			fsa.Special(w.App, func(ctx context.Context, name string) (asker, error) { return asker{c.ask(ctx)}, nil })
			fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in struct{ A asker }) (string, error) { return in.A.said, nil })
			if got := w.client(t).Get("/x").Expect(200).Text(); got != c.want || w.times("first") != c.made {
				t.Errorf("%q, made %d times", got, w.times("first"))
			}
		})
	}
}

// TestSpecialOfOtherGoroutines: what another goroutine is making is not made twice, and
// nothing is made when the request is over.
func TestSpecialOfOtherGoroutines(t *testing.T) {
	w := newWorld(t, base())
	began, goOn, late := make(chan bool), make(chan bool), make(chan error)
	fsa.Special(w.App, func(ctx context.Context, name string) (first, error) {
		w.ask("first")
		began <- true
		<-goOn
		_, err := fsa.SpecialOf[next](ctx, "n")
		return first{}, err
	})
	fsa.Special(w.App, func(ctx context.Context, name string) (next, error) { w.ask("next"); return next{}, nil })
	fsa.Special(w.App, func(ctx context.Context, name string) (asker, error) {
		go func() {
			_, err := fsa.SpecialOf[first](ctx, "f")
			late <- err
		}()
		<-began
		_, err := fsa.SpecialOf[first](ctx, "f")
		return asker{fmt.Sprint(err)}, nil
	})
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in struct{ A asker }) (string, error) { return in.A.said, nil })
	if got, want := w.client(t).Get("/x").Expect(200).Text(), `the special parameter "f" of type fsa_test.first is being made by another goroutine`; got != want {
		t.Errorf("%q", got)
	}
	close(goOn)
	if err := <-late; err == nil || !strings.Contains(err.Error(), `"n" of type fsa_test.next is asked for when the request is over`) {
		t.Error(err)
	}
	if w.times("first") != 1 || w.times("next") != 0 {
		t.Errorf("made: %v", w.asked)
	}
}

// TestSpecialsOfManyRequests: each request has its own. (S81; -race)
func TestSpecialsOfManyRequests(t *testing.T) {
	w := newWorld(t, base())
	var mu sync.Mutex
	open := map[*session]bool{}
	fsa.SpecialWithRelease(w.App, func(ctx context.Context, name string) (*session, func(error) error, error) {
		s := &session{fsa.User(ctx)}
		mu.Lock()
		defer mu.Unlock()
		open[s] = true
		return s, func(error) error {
			mu.Lock()
			defer mu.Unlock()
			if !open[s] {
				return errors.New("released twice")
			}
			delete(open, s)
			return nil
		}, nil
	})
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in struct{ S *session }) (string, error) { return in.S.name, nil })
	h := handlerOf(t, w)
	tokens := map[string]string{"calvin": w.token(t, "calvin", fsa.TokenOptions{}), "hobbes": w.token(t, "hobbes", fsa.TokenOptions{})}
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			login := []string{"calvin", "hobbes"}[g%2]
			for range 50 {
				r := httptest.NewRequest("GET", "/x", nil)
				r.RemoteAddr = "127.0.0.1:1"
				r.Header.Set("Authorization", "Bearer "+tokens[login])
				if rec := serve(h, r); rec.Code != http.StatusOK || rec.Body.String() != login {
					t.Errorf("%s: %d %q", login, rec.Code, rec.Body)
				}
			}
		})
	}
	wait.Wait()
	if len(open) > 0 {
		t.Errorf("%d are open", len(open))
	}
}

// TestSpecialFaults: what is wrong with the wiring is told at start.
func TestSpecialFaults(t *testing.T) {
	w := newWorld(t, base())
	one := func(context.Context, string) (*session, error) { return nil, nil }
	fsa.Special(w.App, one)
	fsa.Special(w.App, one)
	fsa.Special(w.App, func(context.Context, string) (session, error) { return session{}, nil })
	fsa.Special[repo](w.App, nil)
	fsa.Special(w.App, func(context.Context, string) (int, error) { return 0, nil })
	fsa.Special(w.App, func(context.Context, string) ([]string, error) { return nil, nil })
	fsa.Special(w.App, func(context.Context, string) (fsa.CurrentUser, error) { return "", nil })
	fsa.Special(w.App, func(context.Context, string) (*http.Request, error) { return nil, nil })
	fsa.Special(w.App, func(context.Context, string) (*fsa.File, error) { return nil, nil })
	fsa.Special(w.App, func(context.Context, string) (fsa.Secret, error) { return "", nil })
	fsa.Cast(w.App, func(string) (*session, error) { return nil, nil })
	fsa.Get(w, "/unknown", authz.Auth(), takes[struct{ R *strings.Reader }])
	fsa.Get(w, "/inside", authz.Auth(), takes[struct{ L []*session }])
	fsa.Get(w, "/tagged", authz.Auth(), takes[struct {
		S *session `default:"x"`
	}])
	wants := [][]string{
		{"specials_test.go:", "fsa.Special[*fsa_test.session] and fsa.Special[*fsa_test.session] say what a fsa_test.session is", "keep one"},
		{"fsa.Special[*fsa_test.session] and fsa.Special[fsa_test.session]"},
		{"the hook of fsa.Special[fsa_test.repo] is nil"},
		{"fsa.Special[int]: int is a type of the language", "define"},
		{"fsa.Special[[]string]: []string is a type of the language"},
		{"fsa.Special[fsa.CurrentUser]: a fsa.CurrentUser has a meaning of its own already"},
		{"*http.Request has a meaning of its own already"},
		{"param.File has a meaning of its own already"},
		{"fsa.Secret has a meaning of its own already"},
		{"fsa.Special[*fsa_test.session] and fsa.Cast[*fsa_test.session]"},
		{"GET /unknown", "field R", "strings.Reader has no exported fields", "fsa.Special", "fsa.Cast"},
		{"GET /inside", "field L", "does not come from the parameter's value", "make it a field of the input type itself"},
		{"GET /tagged", "field S", "always there"},
	}
	faults := faultsOf(t, w.App)
	for i, want := range wants {
		if i >= len(faults) || !contains(faults[i], want...) {
			t.Errorf("fault %d is %q, want %q", i, faults[min(i, len(faults)-1)], want)
		}
	}
	if len(faults) != len(wants) {
		t.Errorf("%d faults: %q", len(faults), faults)
	}
}

// TestSpecialsOfStreams: what is streamed may come out of a transaction, which ends
// before the last byte does; if it fails, so does the answer.
func TestSpecialsOfStreams(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		method, what string
		o            outcome
		body, want   string
		aborted      bool
	}{
		{"GET", "3", outcome{}, "[1,2,3]\n", "open s for calvin, 1, 2, 3, end s: <nil>", false},
		{"GET", "0", outcome{}, "[]\n", "open s for calvin, end s: <nil>", false},
		{"GET", "3", outcome{sessionFails: boom}, "", "open s for calvin, 1, 2, 3, end s: <nil>", true},
		{"GET", "-1", outcome{}, "", "open s for calvin, 1, end s: boom", true},
		{"GET", "-2", outcome{}, "", "open s for calvin, 1, end s: panic: boom", true},
		{"HEAD", "3", outcome{}, "", "open s for calvin, end s: <nil>", false},
	} {
		w, j := specialWorld(t, &c.o)
		fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in struct {
			N int
			S *session
		}) (iter.Seq2[int, error], error) {
			return func(yield func(int, error) bool) {
				for i := range max(in.N, -in.N) {
					if i == 1 && in.N == -2 {
						panic("boom")
					}
					j.add("%d", i+1)
					if !yield(i+1, nil) {
						return
					}
					if in.N == -1 {
						yield(0, boom)
						return
					}
				}
			}, nil
		})
		r := httptest.NewRequest(c.method, "/x?n="+c.what, nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.SetBasicAuth("calvin", calvinPass)
		rec := httptest.NewRecorder()
		aborted := func() (aborted bool) {
			defer func() { aborted = recover() == http.ErrAbortHandler }()
			handlerOf(t, w).ServeHTTP(rec, r)
			return
		}()
		if got := j.take(); got != c.want || aborted != c.aborted || !aborted && rec.Body.String() != c.body || aborted && strings.HasSuffix(rec.Body.String(), "]\n") {
			t.Errorf("%s %s: %q, %q, aborted: %t", c.method, c.what, got, rec.Body, aborted)
		}
	}
}

// uncommitted adds a route that needs a session and answers with a value.
func uncommitted[Out any](w *world, path string, out Out) {
	fsa.Get(w, path, authz.Auth(), func(context.Context, struct{ S *session }) (Out, error) { return out, nil })
}

// TestUncommittedAnswers: whatever the kind of the answer, it is none of a success if
// its transaction can't be committed.
func TestUncommittedAnswers(t *testing.T) {
	t.Run("streamed", func(t *testing.T) { uncommittedAnswers(t, false) })
	t.Run("collected", func(t *testing.T) { uncommittedAnswers(t, true) })
}

func uncommittedAnswers(t *testing.T, collected bool) {
	cfg := base()
	cfg.NoJSONStreaming = collected
	w, j := specialWorldOf(t, cfg, &outcome{sessionFails: fsa.Errorf(409, "try again")})
	if collected { // else it has begun, which TestSpecialsOfStreams looks at
		uncommitted(w, "/sequence", slices.Values([]point{{1, 2}}))
	}
	for i, add := range []func(path string){
		func(path string) { uncommitted(w, path, fsa.None{}) },
		func(path string) { uncommitted(w, path, "text") },
		func(path string) { uncommitted(w, path, []byte("bytes")) },
		func(path string) { uncommitted(w, path, fsa.HTML("<p>")) },
		func(path string) { uncommitted(w, path, fsa.Response{Status: 201, Body: "x"}) },
		func(path string) { uncommitted(w, path, &fsa.Response{}) },
		func(path string) { uncommitted[*fsa.Response](w, path, nil) },
		func(path string) { uncommitted(w, path, point{1, 2}) },
		func(path string) { uncommitted(w, path, []point{{1, 2}}) },
		func(path string) { uncommitted(w, path, stored{ID: 1}) },
		func(path string) { uncommitted(w, path, headed{Code: 202}) },
		func(path string) { uncommitted[any](w, path, nil) },
		func(path string) { uncommitted[any](w, path, fsa.None{}) },
		func(path string) { uncommitted[any](w, path, fsa.Response{}) },
		func(path string) { uncommitted[any](w, path, &fsa.Response{Body: "x"}) },
		func(path string) { uncommitted[any](w, path, (*fsa.Response)(nil)) },
		func(path string) { uncommitted[any](w, path, point{1, 2}) },
		func(path string) { uncommitted(w, path, slices.Values([]point(nil))) },
		func(path string) { uncommitted(w, path, fsa.Content{Name: "a.txt", Body: strings.NewReader("a")}) },
	} {
		add(fmt.Sprintf("/%d", i))
	}
	c := w.client(t)
	routes, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		res := c.Get(r.Path).As("calvin").Do()
		if res.Status != 409 || res.Text() != "try again" {
			t.Errorf("%s: %d %q", r.Path, res.Status, res.Text())
		}
		if got := j.take(); got != "open s for calvin, end s: <nil>" {
			t.Errorf("%s: %s", r.Path, got)
		}
	}
}
