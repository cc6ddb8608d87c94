package httperr_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
)

var errSecret = errors.New("the DSN is postgres://hunter2@db")

// render gives the answer that a format makes of an error.
func render(t *testing.T, format string, e *httperr.Error, prepared ...string) *httptest.ResponseRecorder {
	t.Helper()
	r, err := httperr.NewRenderer(format)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	for i := 0; i < len(prepared); i += 2 {
		w.Header().Set(prepared[i], prepared[i+1])
	}
	r(w, httptest.NewRequest("GET", "/", nil), e)
	return w
}

func TestRender(t *testing.T) {
	faults := httperr.BadParameters(400, []httperr.Fault{
		{Name: "a", In: "query", Detail: `parameter "a" is not an integer`},
		{Detail: "the body is malformed"},
	})
	for _, c := range []struct {
		format, contentType string
		e                   *httperr.Error
		status              int
		body                string
	}{
		{"plain", "text/plain; charset=utf-8", httperr.Errorf(403, "not in group %q", "g"), 403, `not in group "g"`},
		{"plain", "text/plain; charset=utf-8", faults, 400, "parameter \"a\" is not an integer\nthe body is malformed"},
		{"plain", "text/plain; charset=utf-8", httperr.Errorf(400, "<script>\xff"), 400, "<script>\ufffd"},
		{"json", "application/json", httperr.Errorf(403, "not in group %q", "g"), 403, `"not in group \"g\""` + "\n"},
		{"json", "application/json", httperr.Errorf(404, ""), 404, `""` + "\n"},
		{"json", "application/json", httperr.Errorf(400, "a\xffb\n"), 400, `"a` + "\ufffd" + `b\n"` + "\n"},
		{"json:error", "application/json", httperr.Errorf(409, "already there"), 409, `{"error":"already there"}` + "\n"},
		{`json:a"b`, "application/json", httperr.Errorf(409, "x"), 409, `{"a\"b":"x"}` + "\n"},
		{"json:a:b", "application/json", httperr.Errorf(409, "x"), 409, `{"a:b":"x"}` + "\n"},
		{"problem", "application/problem+json", httperr.Errorf(404, "object not found"), 404,
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"object not found","request_id":"id7"}` + "\n"},
		{"problem", "application/problem+json", faults, 400,
			`{"type":"about:blank","title":"Bad Request","status":400,"detail":"parameter \"a\" is not an integer\nthe body is malformed","request_id":"id7","errors":[{"name":"a","in":"query","detail":"parameter \"a\" is not an integer"},{"detail":"the body is malformed"}]}` + "\n"},
		// Members are for objects, and take no place of the format's own. What has no JSON form is left out.
		{"plain", "text/plain; charset=utf-8", httperr.Errorf(401, "again").WithMember("reauth", true), 401, "again"},
		{"json", "application/json", httperr.Errorf(401, "again").WithMember("reauth", true).WithMember("error", "x"), 401, `{"error":"again","reauth":true}` + "\n"},
		{"json", "application/json", httperr.Errorf(401, "again").WithMember("f", func() {}), 401, `"again"` + "\n"},
		{"json:m", "application/json", httperr.Errorf(401, "again").WithMember("reauth", true).WithMember("m", "x").WithMember("a", []int{1}), 401, `{"a":[1],"m":"again","reauth":true}` + "\n"},
		{"json:m", "application/json", httperr.Errorf(401, "again\xff").WithMember("x\xffy", "\xff").WithMember("f", func() {}), 401, `{"m":"again` + "\ufffd" + `","x` + "\ufffd" + `y":"` + "\ufffd" + `"}` + "\n"},
		{"problem", "application/problem+json", httperr.Errorf(401, "again").WithMember("reauth", true).WithMember("status", 200).WithMember("errors", 1), 401,
			`{"type":"about:blank","title":"Unauthorized","status":401,"detail":"again","request_id":"id7","reauth":true}` + "\n"},
		// A status that is none: 500, whoever made it, and no panic.
		{"plain", "text/plain; charset=utf-8", &httperr.Error{Public: "x"}, 500, "x"},
		{"json", "application/json", &httperr.Error{Status: 200, Public: "x"}, 500, `"x"` + "\n"},
		{"problem", "application/problem+json", &httperr.Error{Status: 1000}, 500, `{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"id7"}` + "\n"},
	} {
		w := render(t, c.format, c.e, "X-Request-Id", "id7")
		if w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Content-Type") != c.contentType {
			t.Errorf("%s of %v:\n got %d %s %q\nwant %d %s %q", c.format, c.e, w.Code, w.Header().Get("Content-Type"), w.Body, c.status, c.contentType, c.body)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a browser may guess the type", c.format)
		}
		if strings.HasPrefix(c.contentType, "application/") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: no JSON: %q", c.format, w.Body)
		}
	}
}

func TestRequestIDAbsent(t *testing.T) {
	if body := render(t, "problem", httperr.Errorf(404, "x")).Body.String(); strings.Contains(body, "request_id") {
		t.Error(body)
	}
}

func TestFormats(t *testing.T) {
	for _, format := range []string{"", "json:", "html", "Plain", "problem:x", " plain", "jsonx"} {
		if _, err := httperr.NewRenderer(format); err == nil {
			t.Errorf("format %q is accepted", format)
		}
	}
}

// TestCauseStays: what is for the log is in no answer (S70).
func TestCauseStays(t *testing.T) {
	e := httperr.Wrap(500, "internal error", fmt.Errorf("hook: %w", errSecret)).WithHeader("Retry-After", "1")
	for _, format := range []string{"plain", "json", "json:error", "problem"} {
		w := render(t, format, e)
		if all := fmt.Sprint(w.Header(), w.Body); strings.Contains(all, "hunter2") || strings.Contains(all, "hook") {
			t.Errorf("%s: %s", format, all)
		}
	}
	if !errors.Is(e, errSecret) || e.Error() != "500: internal error: hook: the DSN is postgres://hunter2@db" {
		t.Errorf("the log reads %v", e)
	}
	if got := httperr.Errorf(404, "gone").Error(); got != "404: gone" {
		t.Error(got)
	}
	if got := httperr.From(errors.New("expired"), 401, "expired").Error(); got != "401: expired" {
		t.Error(got)
	}
}

func TestFrom(t *testing.T) {
	teapot := httperr.Errorf(418, "short and stout")
	for _, c := range []struct {
		what   string
		err    error
		status int
		public string
		same   bool // it is the very error
	}{
		{"an Error", teapot, 418, "short and stout", true},
		{"wrapped", fmt.Errorf("hook: %w", teapot), 418, "short and stout", true},
		{"joined", errors.Join(errSecret, teapot), 418, "short and stout", true},
		{"another", errSecret, 500, "internal error", false},
		{"nil", nil, 500, "internal error", false},
		{"a nil Error", (*httperr.Error)(nil), 500, "internal error", false},
		{"a nil Error, wrapped", fmt.Errorf("hook: %w", (*httperr.Error)(nil)), 500, "internal error", false},
		{"400", httperr.Errorf(400, "x"), 400, "x", true},
		{"599", httperr.Errorf(599, "x"), 599, "x", true},
		{"399", httperr.Errorf(399, "x"), 500, "internal error", false},
		{"600", httperr.Errorf(600, "x"), 500, "internal error", false},
		{"0", httperr.Errorf(0, "x"), 500, "internal error", false},
		{"-1", httperr.Errorf(-1, "x"), 500, "internal error", false},
		{"200", httperr.Errorf(200, "x"), 500, "internal error", false}, // an error is no success
		{"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "the request took too long", false},
		{"deadline as a cause", httperr.Wrap(409, "busy", context.DeadlineExceeded), 409, "busy", true},
		{"canceled", context.Canceled, 500, "internal error", false},
	} {
		e := httperr.From(c.err, 500, "internal error")
		if e.Status != c.status || e.Public != c.public || (c.err != nil && c.same != (errors.Is(c.err, e))) {
			t.Errorf("%s: %d %q", c.what, e.Status, e.Public)
		}
		if c.err != nil && !c.same && e.Cause != c.err {
			t.Errorf("%s: the cause is lost: %v", c.what, e.Cause)
		}
		_ = e.Error() // a log writes it
	}
}

func TestWithMember(t *testing.T) {
	base := httperr.Errorf(401, "again")
	one := base.WithMember("a", 1)
	two := one.WithMember("a", 2).WithMember("b", 3)
	if base.Members != nil || len(one.Members) != 1 || one.Members["a"] != 1 || len(two.Members) != 2 || two.Members["a"] != 2 {
		t.Errorf("%v, %v, %v", base.Members, one.Members, two.Members)
	}
	if two.Status != 401 || two.Public != "again" {
		t.Error(two)
	}
}

func TestWithHeader(t *testing.T) {
	base := httperr.Errorf(401, "who are you?")
	one := base.WithHeader("WWW-Authenticate", "Basic")
	two := one.WithHeader("www-authenticate", "Bearer")
	three := one.WithHeader("Retry-After", "1")
	if base.Header != nil || len(one.Header.Values("WWW-Authenticate")) != 1 || len(two.Header.Values("WWW-Authenticate")) != 2 || len(three.Header) != 2 {
		t.Errorf("%v, %v, %v, %v", base.Header, one.Header, two.Header, three.Header)
	}
	w := render(t, "plain", two)
	if got := w.Header().Values("WWW-Authenticate"); len(got) != 2 {
		t.Errorf("sent: %q", got)
	}
	w.Header()["Www-Authenticate"][0] = "mutated"
	if two.Header.Get("WWW-Authenticate") != "Basic" {
		t.Error("an answer shares its header with the error")
	}
}

// TestHeader: what a handler had prepared for its own answer does not describe
// the error, and an error can't say where its answer ends.
func TestHeader(t *testing.T) {
	e := httperr.Errorf(416, "out of range").WithHeader("Content-Range", "bytes */7").WithHeader("Content-Length", "3").
		WithHeader("Transfer-Encoding", "chunked").WithHeader("Content-Type", "text/html").WithHeader("Content-Encoding", "gzip")
	w := render(t, "plain", e, "Content-Length", "99", "ETag", `"v1"`, "Last-Modified", "x", "Content-Encoding", "br",
		"Content-Disposition", "attachment", "X-Request-Id", "id7", "Cache-Control", "no-store")
	for name, want := range map[string]string{
		"Content-Length": "", "Transfer-Encoding": "", "Content-Encoding": "", "ETag": "", "Last-Modified": "", "Content-Disposition": "",
		"Content-Range": "bytes */7", "Content-Type": "text/plain; charset=utf-8", "X-Request-Id": "id7", "Cache-Control": "no-store",
	} {
		if got := w.Header().Values(name); strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestHeaderInjection: nothing in an error ends a header field, over HTTP and
// with any other writer.
func TestHeaderInjection(t *testing.T) {
	e := httperr.Errorf(400, "x\r\nSet-Cookie: a=b").
		WithHeader("Location", "/a\r\nSet-Cookie: a=b").
		WithHeader("X-B\r\nSet-Cookie", "a=b").
		WithHeader("X-C", "\x00\x7f\tc\n")
	for _, format := range []string{"plain", "json", "problem"} {
		h := render(t, format, e).Header()
		if h.Get("Set-Cookie") != "" || h.Get("Location") != "/a  Set-Cookie: a=b" || h.Get("X-C") != "  \tc " || len(h) != 4 {
			t.Errorf("%s: %q", format, h)
		}
		renderer, _ := httperr.NewRenderer(format)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { renderer(w, r, e) }))
		resp, err := http.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 400 || len(resp.Cookies()) != 0 || !strings.Contains(string(body), "x") {
			t.Errorf("%s over HTTP: %d %v %q %v", format, resp.StatusCode, resp.Header, body, err)
		}
		resp.Body.Close()
		s.Close()
	}
}
