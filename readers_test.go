package fsa_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// reads is a reader of which each Read gives one of them: a text, an error, or both. After
// the last one it is at its end.
type reads []oneRead

type oneRead struct {
	text string
	err  error
}

func (p *reads) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	next := (*p)[0]
	*p = (*p)[1:]
	return copy(b, next.text), next.err
}

// TestReaders: whichever way a reader gives what it has, the client gets all of it,
// and none of it as a whole if it was cut short.
func TestReaders(t *testing.T) {
	none := func(n int) reads { return make(reads, n) }
	for _, c := range []struct {
		name    string
		given   reads
		status  int
		body    string
		aborted bool
	}{
		{"the end with all", reads{{"abc", io.EOF}}, 200, "abc", false},
		{"the end with the last", reads{{"abc", nil}, {"def", io.EOF}}, 200, "abcdef", false},
		{"the end alone", reads{{"abc", nil}, {"", io.EOF}}, 200, "abc", false},
		{"nothing at first", reads{{}, {"abc", nil}}, 200, "abc", false},
		{"nothing at times", slices.Concat(none(60), reads{{"abc", nil}}, none(60), reads{{"def", nil}}), 200, "abcdef", false},
		{"nothing, and the end just in time", none(99), 200, "", false},
		{"nothing for too long", none(100), 500, "internal error", false},
		{"nothing for too long, later", slices.Concat(reads{{"abc", nil}}, none(100)), 200, "abc", true},
		{"an error with all", reads{{"abc", errSource}}, 500, "internal error", false},
		{"an error with the last", reads{{"abc", nil}, {"def", errSource}}, 200, "abcdef", true},
		{"an error alone", reads{{"abc", nil}, {"", errSource}}, 200, "abc", true},
	} {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), gives[io.Reader](&c.given))
		if res := w.client(t).Get("/x").Do(); res.Status != c.status || res.Text() != c.body || res.Aborted != c.aborted {
			t.Errorf("%s: %d %q, aborted %t", c.name, res.Status, res.Text(), res.Aborted)
		}
	}
}

// TestReaderNotCommitted: what could not be committed is no success, and nothing of
// it is sent any more. S88
func TestReaderNotCommitted(t *testing.T) {
	w, _ := specialWorld(t, &outcome{sessionFails: fsa.Errorf(503, "no end")})
	fsa.Get(w, "/{text...}", authz.Open(), func(_ context.Context, in struct {
		Text string
		S    *session
	}) (io.Reader, error) {
		return strings.NewReader(in.Text), nil
	})
	c := w.client(t)
	c.Get("/").Expect(503).Contains("no end")
	if res := c.Get("/text").ExpectAborted(200); res.Text() != "" {
		t.Errorf("the client has got %q", res.Text())
	}
}

// untilDone is a reader that ends, without an error, when the time of its request
// is over.
type untilDone struct{ context.Context }

func (u untilDone) Read([]byte) (int, error) { <-u.Done(); return 0, io.EOF }

// TestDeadlineCutsReader: what ends since its time is over is not taken for a whole,
// nor is nothing.
func TestDeadlineCutsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		fsa.Get(w, "/{text...}", authz.Open(), func(ctx context.Context, in struct{ Text string }) (io.Reader, error) {
			return io.MultiReader(strings.NewReader(in.Text), untilDone{ctx}), nil
		}, fsa.Timeout(time.Minute))
		c := w.client(t)
		c.Get("/").Expect(503)
		if res := c.Get("/text").ExpectAborted(200); res.Text() != "text" {
			t.Errorf("the client has got %q", res.Text())
		}
	})
}

// TestBodyWhereNoneIs: a body of whatever kind on a route whose answers have none is
// a failure, for HEAD as for GET, and not an answer without what was given.
func TestBodyWhereNoneIs(t *testing.T) {
	for _, body := range []func() any{
		func() any { return "x" },
		func() any { return []byte("x") },
		func() any { return fsa.HTML("x") },
		func() any { return strings.NewReader("x") },
		func() any { return point{} },
		func() any { return slices.Values([]int{1}) },
	} {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Response { return fsa.Response{Body: body()} }), fsa.Status(http.StatusNoContent))
		c := w.client(t)
		for _, method := range []string{"GET", "HEAD"} {
			c.Request(method, "/x").Expect(500)
		}
		if log := w.log.String(); strings.Count(log, "an answer of status 204 has no body, but the handler gives") != 2 {
			t.Errorf("%T: the log is %s", body(), log)
		}
	}
}
