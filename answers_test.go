package fsa_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/go-json-experiment/json/jsontext"
)

// gives is a handler that answers with a value.
func gives[Out any](out Out) func(context.Context, fsa.None) (Out, error) {
	return func(context.Context, fsa.None) (Out, error) { return out, nil }
}

type point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

type stored struct {
	ID       int `json:"id"`
	Location fsa.HeaderOut
	ETag     fsa.HeaderOut
	Link     []fsa.HeaderOut
	Trace    fsa.HeaderOut `header:"X-Trace"`
	Status   fsa.StatusOut
	private  int
}

type headed struct {
	LastModified fsa.HeaderOut
	Code         fsa.StatusOut
}

type meta struct {
	ETag fsa.HeaderOut
	Kind string `json:"kind"`
}

type withMeta struct {
	meta
	Name string
}

type Meta struct {
	ETag fsa.HeaderOut
	Kind string `json:"kind"`
}

type WithMeta struct {
	Meta
	Name string `json:"name,omitempty"`
}

// hiding has fields that nobody but its package sees.
type hiding struct {
	ETag  fsa.HeaderOut
	trace fsa.HeaderOut
	n     int
}

// told says itself what its JSON is.
type told struct {
	ETag fsa.HeaderOut
	n    int
}

func (o told) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"told":%d}`, o.n), nil }

// Left and Right say what their JSON is, so that it is neither's where both are embedded.
type (
	Left  struct{ A int }
	Right struct{ B int }
)

func (Left) MarshalText() ([]byte, error)  { return []byte("left"), nil }
func (Right) MarshalText() ([]byte, error) { return []byte("right"), nil }

// Inner embeds what can't be.
type Inner struct{ *Meta }

type (
	calling struct{ F func() }
	saying  struct{ F func() }
	node    struct{ Next *node }
)

func (saying) MarshalText() ([]byte, error) { return []byte("said"), nil }

// closing is a reader that notes that it has been closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

// kinds are one route of each kind of answer, below /, and what GET gives.
var kinds = []struct {
	path   string
	add    func(r fsa.Router, path string, rule authz.Rule)
	status int
	typ    string
	body   string
}{
	{"/none", kind(fsa.None{}), 204, "", ""},
	{"/text", kind("hello"), 200, "text/plain; charset=utf-8", "hello"},
	{"/bytes", kind([]byte("<b>")), 200, "application/octet-stream", "<b>"},
	{"/html", kind(fsa.HTML("<p>hello</p>")), 200, "text/html; charset=utf-8", "<p>hello</p>"},
	{"/struct", kind(point{1, 2}), 200, "application/json", `{"x":1,"y":2}` + "\n"},
	{"/slice", kind([]point{{1, 2}}), 200, "application/json", `[{"x":1,"y":2}]` + "\n"},
	{"/any", kind[any](map[string]int{"b": 1, "a": 2}), 200, "application/json", `{"a":2,"b":1}` + "\n"},
	{"/anynil", kind[any](nil), 200, "application/json", "null\n"},
	{"/anyresponse", kind[any](fsa.Response{Status: 202}), 202, "", ""},
	{"/anypointer", kind[any](&fsa.Response{Status: 202, Body: "hello"}), 202, "text/plain; charset=utf-8", "hello"},
	{"/anynilpointer", kind[any]((*fsa.Response)(nil)), 204, "", ""},
	{"/anynone", kind[any](fsa.None{}), 204, "", ""},
	{"/headerout", kind(stored{ID: 7, ETag: `"v7"`}), 200, "application/json", `{"id":7}` + "\n"},
	{"/response", kind(fsa.Response{Status: 202, Body: point{3, 4}}), 202, "application/json", `{"x":3,"y":4}` + "\n"},
	{"/responseempty", kind(fsa.Response{}), 204, "", ""},
	{"/responsenil", kind[*fsa.Response](nil), 204, "", ""},
	{"/responsetext", kind(&fsa.Response{Status: 503, Body: "down"}), 503, "text/plain; charset=utf-8", "down"},
	{"/responsehtml", kind(fsa.Response{Body: fsa.HTML("<p>")}), 200, "text/html; charset=utf-8", "<p>"},
	{"/responsetype", kind(fsa.Response{Header: http.Header{"content-type": {"text/css"}}, Body: "p{}"}), 200, "text/css", "p{}"},
	{"/responsereader", made(func() fsa.Response { return fsa.Response{Body: strings.NewReader("read")} }), 200, "application/octet-stream", "read"},
	{"/responseseq", kind(fsa.Response{Status: 203, Body: slices.Values([]int{1, 2})}), 203, "application/json", "[1,2]\n"},
	{"/responsecontent", made(func() fsa.Response {
		return fsa.Response{Body: fsa.Content{Name: "a.txt", Body: strings.NewReader("file")}}
	}), 200, "text/plain; charset=utf-8", "file"},
	{"/reader", made(func() io.Reader { return strings.NewReader("read") }), 200, "application/octet-stream", "read"},
	{"/emptyreader", made(func() *bytes.Buffer { return new(bytes.Buffer) }), 200, "application/octet-stream", ""},
	{"/seq", kind(slices.Values([]point{{1, 2}, {3, 4}})), 200, "application/json", `[{"x":1,"y":2},{"x":3,"y":4}]` + "\n"},
	{"/emptyseq", kind(slices.Values([]point{})), 200, "application/json", "[]\n"},
	{"/nilseq", kind[iter.Seq[point]](nil), 200, "application/json", "[]\n"},
	{"/seq2", kind[iter.Seq2[string, error]](func(yield func(string, error) bool) { yield("a", nil) }), 200, "application/json", `["a"]` + "\n"},
	{"/events", kind(slices.Values([]fsa.Event{{ID: "1", Data: "x"}})), 200, "text/event-stream", "id: 1\ndata: x\n\n"},
	{"/content", made(func() fsa.Content { return fsa.Content{Name: "a.png", Body: strings.NewReader("png")} }), 200, "image/png", "png"},
	{"/redirect", func(r fsa.Router, path string, rule authz.Rule) {
		fsa.Get(r, path, rule, func(context.Context, fsa.None) (fsa.Response, error) { return fsa.Redirect("/next?a=b") })
	}, 303, "", ""},
}

func kind[Out any](out Out) func(fsa.Router, string, authz.Rule) {
	return made(func() Out { return out })
}

// made is for values that serve one answer.
func made[Out any](out func() Out) func(fsa.Router, string, authz.Rule) {
	return func(r fsa.Router, path string, rule authz.Rule) {
		fsa.Get(r, path, rule, func(context.Context, fsa.None) (Out, error) { return out(), nil })
	}
}

// kindsWorld has the kinds: open, and under /my for whoever is authenticated.
func kindsWorld(t testing.TB, cfg fsa.Config) *world {
	w := newWorld(t, cfg)
	my := w.Prefix("/my")
	for _, k := range kinds {
		k.add(w, k.path, authz.Open())
		k.add(my, k.path, authz.Auth())
	}
	return w
}

// TestAnswers: each kind of answer has its status, type and body; HEAD has all but
// the body; what all answers have, it has too; and who may not call gets none.
func TestAnswers(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.AddHeaders = "dev", map[string]string{"Application": "acme"}
	cfg.LoggingLevel = slog.LevelDebug
	w := kindsWorld(t, cfg)
	c := w.client(t)
	routes, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range kinds {
		t.Run(k.path, func(t *testing.T) {
			for _, prefix := range []string{"", "/my"} {
				get := c.Get(prefix + k.path).As("calvin").Do()
				head := c.Head(prefix + k.path).As("calvin").Do()
				if get.Aborted || head.Aborted || get.Status != k.status || get.Header.Get("Content-Type") != k.typ || get.Text() != k.body {
					t.Errorf("%s: %d %q %q", prefix, get.Status, get.Header.Get("Content-Type"), get.Text())
				}
				if head.Status != get.Status || head.Header.Get("Content-Type") != k.typ {
					t.Errorf("HEAD: %d, %v", head.Status, head.Header)
				}
				for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Application": "acme", "Referrer-Policy": "strict-origin-when-cross-origin",
					"FSA-Request": "GET " + prefix + k.path} {
					if got := get.Header.Get(name); got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
				if get.Header.Get("FSA-Delay") == "" || get.Header.Get("X-Request-Id") == "" {
					t.Errorf("not there: %v", get.Header)
				}
				page := strings.HasPrefix(k.typ, "text/html")
				if csp := get.Header.Get("Content-Security-Policy"); (csp != "") != page {
					t.Errorf("the policy is %q", csp)
				}
			}
			if got := c.Get("/my" + k.path).As("calvin").Do().Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("an authenticated answer: Cache-Control %q", got)
			}
			if got := c.Get(k.path).Do().Header.Get("Cache-Control"); got != "" && k.path != "/events" {
				t.Errorf("an open answer: Cache-Control %q", got)
			}
			c.Get("/my" + k.path).Expect(401)
			// Routes tell the same, or that the handler says.
			for _, r := range routes[2*i : 2*i+2] {
				if r.Status != 0 && r.Status != k.status || r.Type != "" && r.Type != k.typ {
					t.Errorf("Routes tell %d %q", r.Status, r.Type)
				}
			}
			if !contains(w.log.String(), "level=DEBUG msg=request method=GET route="+k.path+" status=") && k.status < 400 {
				t.Error("there is no line in the log")
			}
		})
	}
}

// TestAnswersAmongOthers: what middleware has set stays on each kind of answer, unless
// the configuration says something else; what is said about caching is not said twice.
func TestAnswersAmongOthers(t *testing.T) {
	cfg := base()
	cfg.AddHeaders = map[string]string{"Application": "acme"}
	w := kindsWorld(t, cfg)
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			for name, value := range map[string]string{"X-Before": "1", "Cache-Control": "private, max-age=5", "Referrer-Policy": "no-referrer", "Application": "other"} {
				rw.Header().Set(name, value)
			}
			next.ServeHTTP(rw, r)
		})
	})
	c := w.client(t)
	for _, k := range kinds {
		if k.path == "/events" {
			continue // which are not kept, whoever says so
		}
		res := c.Get("/my" + k.path).As("calvin").Expect(k.status)
		for name, want := range map[string]string{"X-Before": "1", "Cache-Control": "private, max-age=5", "Referrer-Policy": "no-referrer", "Application": "acme", "Content-Type": k.typ} {
			if got, there := res.Header[name]; strings.Join(got, "|") != want || there && want == "" {
				t.Errorf("%s: %s is %q, want %q", k.path, name, got, want)
			}
		}
	}
}

// TestHeaderOutAmongOthers: a header field that the handler leaves empty is what others
// say.
func TestHeaderOutAmongOthers(t *testing.T) {
	w := newWorld(t, base())
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("X-Trace", "outer")
			next.ServeHTTP(rw, r)
		})
	})
	fsa.Get(w, "/empty", authz.Open(), gives(stored{ID: 1}))
	fsa.Get(w, "/own", authz.Open(), gives(stored{ID: 1, Trace: "inner"}))
	for path, want := range map[string]string{"/empty": "outer", "/own": "inner"} {
		if got := w.client(t).Get(path).Expect(200).Header["X-Trace"]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// TestAnswersCarryCookies: the token cookie comes with each kind, before its first
// byte.
func TestAnswersCarryCookies(t *testing.T) {
	cfg := base()
	cfg.TokenCarrier = "cookie"
	w := kindsWorld(t, cfg)
	c := w.client(t)
	for _, k := range kinds {
		got := c.Get("/my"+k.path).Basic("calvin", calvinPass).Do().Header.Get("Set-Cookie")
		if strings.HasPrefix(got, "__Host-auth=") != (k.status < 400) {
			t.Errorf("%s: Set-Cookie %.20q", k.path, got)
		}
	}
}

// TestAnswerHeaders: what a handler says in a header, and what it cannot say.
func TestAnswerHeaders(t *testing.T) {
	const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	respond := func(name, value string) fsa.Response {
		return fsa.Response{Header: http.Header{name: {value}}, Body: "x"}
	}
	for _, c := range []struct {
		name   string
		add    func(fsa.Router, string, authz.Rule)
		status int
		header map[string]string // "" if it is not there
		log    string
	}{
		{"own", kind(stored{ID: 7, ETag: `"v7"`, Location: "/stored/7", Trace: "t"}), 200, map[string]string{"ETag": `"v7"`, "Location": "/stored/7", "X-Trace": "t", "Link": ""}, ""},
		{"several", kind(stored{Link: []fsa.HeaderOut{"<a>", "<b>"}}), 200, map[string]string{"Link": "<a>, <b>", "ETag": ""}, ""},
		{"status", kind(stored{Status: 201}), 201, nil, ""},
		{"pointer", kind(&stored{Status: 201, ETag: "e"}), 201, map[string]string{"ETag": "e"}, ""},
		{"nil pointer", kind[*stored](nil), 500, nil, "neither header nor status"},
		{"status without a body, of what has no JSON", kind(struct {
			F float64
			S fsa.StatusOut
		}{math.NaN(), 304}), 304, nil, ""},
		{"unexported", kind(hiding{ETag: "e", trace: "t", n: 1}), 204, map[string]string{"ETag": "e", "Trace": ""}, ""},
		{"not in JSON", kind(struct {
			ETag fsa.HeaderOut
			N    int `json:"-"`
		}{"e", 1}), 204, map[string]string{"ETag": "e"}, ""},
		{"no body", kind(headed{LastModified: "Tue, 15 Nov 1994 12:45:26 GMT"}), 204, map[string]string{"Last-Modified": "Tue, 15 Nov 1994 12:45:26 GMT"}, ""},
		{"not modified", kind(stored{ID: 7, Status: 304, ETag: "e"}), 304, map[string]string{"ETag": "e", "Content-Type": ""}, ""},
		{"status of an error", kind(stored{Status: 404}), 500, nil, "404 is not the status of a success"},
		{"status of nothing", kind(stored{Status: 100}), 500, nil, "100 is not the status of a success"},
		{"injected", kind(stored{Trace: "a\r\nSet-Cookie: evil=1"}), 500, map[string]string{"X-Trace": "", "Set-Cookie": ""}, "the header field X-Trace holds a control character"},
		{"injected NUL", kind(stored{Trace: "a\x00"}), 500, map[string]string{"X-Trace": ""}, "holds a control character"},
		{"injected among several", kind(stored{Link: []fsa.HeaderOut{"a", "b\n"}}), 500, map[string]string{"Link": ""}, "the header field Link holds a control character"},
		{"response injected", kind(respond("X-A", "a\nb")), 500, map[string]string{"X-A": ""}, "holds a control character"},
		{"response bad name", kind(respond("X A", "a")), 500, nil, "is not the name of a header field"},
		{"response injected name", kind(respond("X\r\nA", "a")), 500, nil, "is not the name of a header field"},
		{"response length", kind(respond("content-length", "3")), 500, map[string]string{"Content-Length": ""}, "is the server's or the framework's to set"},
		{"response sniffing", kind(respond("X-Content-Type-Options", "sniff")), 500, map[string]string{"X-Content-Type-Options": "nosniff"}, "is the server's or the framework's to set"},
		{"response caching", kind(respond("cache-control", "public, max-age=60")), 200, map[string]string{"Cache-Control": "public, max-age=60"}, ""},
		{"response cookie", kind(respond("Set-Cookie", "a=b")), 200, map[string]string{"Set-Cookie": "a=b", "Cache-Control": "no-store"}, ""},
		{"response cookie, and caching", kind(fsa.Response{Header: http.Header{"Set-Cookie": {"a=b"}, "Cache-Control": {"private"}}}), 204, map[string]string{"Set-Cookie": "a=b", "Cache-Control": "private"}, ""},
		{"response over configuration", kind(respond("application", "mine")), 200, map[string]string{"Application": "mine"}, ""},
		{"response referrer", kind(respond("Referrer-Policy", "no-referrer")), 200, map[string]string{"Referrer-Policy": "no-referrer"}, ""},
		{"response policy", kind(fsa.Response{Header: http.Header{"Content-Security-Policy": {"default-src *"}}, Body: fsa.HTML("x")}), 200,
			map[string]string{"Content-Security-Policy": "default-src *", "Cross-Origin-Opener-Policy": "same-origin"}, ""},
		{"type of a page", kind(respond("Content-Type", "Text/HTML;charset=utf-8")), 200, map[string]string{"Content-Security-Policy": policy}, ""},
		{"type of a picture that is a page", kind(respond("Content-Type", "image/svg+xml")), 200, map[string]string{"Cross-Origin-Resource-Policy": "same-origin"}, ""},
		{"type of a page in XML", kind(respond("Content-Type", "application/xhtml+xml")), 200, map[string]string{"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"}, ""},
		{"type of XML, which may be a page", kind(respond("Content-Type", "text/xml; charset=utf-8")), 200, map[string]string{"Content-Security-Policy": policy}, ""},
		{"type of XML, as programs call it", kind(respond("Content-Type", "application/xml")), 200, map[string]string{"Content-Security-Policy": policy}, ""},
		{"type that is no page", kind(respond("Content-Type", "text/css; charset=utf-8")), 200, map[string]string{"Content-Security-Policy": "", "Cross-Origin-Opener-Policy": ""}, ""},
		{"response status", kind(fsa.Response{Status: 99}), 500, nil, "99 is not a status"},
		{"response status over", kind(fsa.Response{Status: 600}), 500, nil, "600 is not a status"},
		{"response without body", kind(fsa.Response{Status: 204, Body: "x"}), 500, nil, "an answer of status 204 has no body, and this has a string"},
		{"response not modified", kind(fsa.Response{Status: 304, Body: point{}}), 500, nil, "an answer of status 304 has no body"},
		{"response bad body", kind(fsa.Response{Body: make(chan int)}), 500, nil, "a chan int can't be answered"},
		{"response in response", kind(fsa.Response{Body: []fsa.Response{{}}}), 500, nil, "fsa.Response is an answer by itself"},
		{"response error", kind(fsa.Response{Body: errors.New("x")}), 500, nil, "is an error, and would be answered as a success"},
		{"nil reader", kind[io.Reader](nil), 500, nil, "nil reader"},
		{"embedded", kind(WithMeta{Meta{"e", "k"}, ""}), 200, map[string]string{"ETag": "e"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := base()
			cfg.AddHeaders = map[string]string{"Application": "acme"}
			w := newWorld(t, cfg)
			c.add(w, "/x", authz.Open())
			c.add(w, "/my/x", authz.Auth())
			client := w.client(t)
			mine := client.Get("/my/x").As("calvin").Expect(c.status)
			res := client.Get("/x").Expect(c.status)
			for name, want := range c.header {
				for _, h := range []http.Header{res.Header, mine.Header} {
					got, there := h[http.CanonicalHeaderKey(name)]
					if strings.Join(got, ", ") != want || there && want == "" {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			}
			if mine.Header.Get("Cache-Control") == "" {
				t.Error("what an authenticated user gets may be kept by caches")
			}
			if !strings.Contains(w.log.String(), c.log) || c.log != "" && w.log.String() == "" {
				t.Errorf("the log has %s", w.log.String())
			}
			if c.status == 500 && res.Text() != "internal error" {
				t.Errorf("the client reads %q", res.Text())
			}
		})
	}
}

// TestHeaderOutBody: what is answered as a header field is not in the body, and
// all the rest is, as encoders have it.
func TestHeaderOutBody(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/embedded", authz.Open(), gives(WithMeta{Meta{"e", "k"}, ""}))
	fsa.Get(w, "/unexported", authz.Open(), gives(stored{ID: 3, private: 9}))
	fsa.Get(w, "/pointers", authz.Open(), gives(struct {
		ETag fsa.HeaderOut
		P    *point         `json:"p"`
		M    map[string]int `json:"m,omitempty"`
		Z    int            `json:"z,omitzero"`
		S    []string
		skip *int
		T    fsa.StatusOut
		D    time.Duration
	}{P: &point{1, 2}}))
	fsa.Get(w, "/hidden", authz.Open(), gives(withMeta{meta{"e", "k"}, "n"}))
	fsa.Get(w, "/told", authz.Open(), gives(told{"e", 7}))
	fsa.Get(w, "/time", authz.Open(), gives(struct {
		ETag fsa.HeaderOut
		At   time.Time
	}{"e", time.Unix(0, 0).UTC()}))
	fsa.Get(w, "/struct", authz.Open(), gives(struct {
		ETag fsa.HeaderOut
		P    point
	}{"e", point{1, 2}}))
	fsa.Get(w, "/named", authz.Open(), gives(struct {
		Meta `json:"meta"`
		Name string
	}{Meta{"e", "k"}, "n"}))
	c := w.client(t)
	for path, want := range map[string]string{"/told": `{"told":7}`, "/time": `{"At":"1970-01-01T00:00:00Z"}`, "/struct": `{"P":{"x":1,"y":2}}`, "/named": `{"meta":{"kind":"k"},"Name":"n"}`} {
		if res := c.Get(path).Expect(200); res.Text() != want+"\n" || res.Header.Get("ETag") != "e" {
			t.Errorf("%s: %s %v", path, res.Text(), res.Header)
		}
	}
	if got := c.Get("/hidden").Expect(200).Text(); got != `{"kind":"k","Name":"n"}`+"\n" {
		t.Error(got)
	}
	c.Get("/embedded").Expect(200).Contains(`{"kind":"k"}` + "\n")
	if got := c.Get("/unexported").Expect(200).Text(); got != "{\"id\":3}\n" {
		t.Error(got)
	}
	if got := c.Get("/pointers").Expect(200).Text(); got != `{"p":{"x":1,"y":2},"S":[],"D":"0s"}`+"\n" {
		t.Error(got)
	}
}

// TestOutputFaults: outputs that cannot be answered are found when the application
// starts.
func TestOutputFaults(t *testing.T) {
	type reserved struct {
		Length fsa.HeaderOut `header:"Content-Length"`
	}
	type badName struct {
		A fsa.HeaderOut `header:"X A"`
	}
	type twice struct {
		A fsa.HeaderOut `header:"X-A"`
		B fsa.HeaderOut `header:"x-a"`
	}
	type twoStatuses struct{ A, B fsa.StatusOut }
	type deep struct{ In struct{ E fsa.HeaderOut } }
	for _, c := range []struct {
		name string
		add  func(w *world)
		want string
	}{
		{"reserved", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(reserved{})) }, "field Length: the header field Content-Length is the server's"},
		{"bad name", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(badName{})) }, `field A: "X A" is not the name of a header field`},
		{"twice", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(twice{})) }, "field B: the header field X-A is there twice"},
		{"two statuses", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(twoStatuses{})) }, "two fields of type fsa.StatusOut"},
		{"deep", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(deep{})) }, "field In: field E: fsa.HeaderOut is for fields of the output itself"},
		{"unexported embedded", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(withMeta{})) }, ""},
		{"reserved beside others", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct {
				A      int
				Length fsa.HeaderOut `header:"Content-Length"`
			}{}))
		}, "field Length: the header field Content-Length is the server's"},
		{"embedded pointer", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct {
				*Meta
				Tag fsa.HeaderOut
			}{}))
		}, "field Meta is embedded, and not a simple struct: give it a name"},
		{"embedded pointer further down", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct {
				Inner
				Tag fsa.HeaderOut
			}{}))
		}, "field Meta is embedded, and not a simple struct: give it a name"},
		{"embedded texts", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct {
				Left
				Right
				Tag fsa.HeaderOut
			}{}))
		}, "field Left is embedded, and not a simple struct: give it a name"},
		{"pointer to a function", func(w *world) {
			fsa.JSONConverter(w.App, func(square) any { return nil })
			fsa.Get(w, "/x", authz.Open(), gives[*func()](nil))
		}, "a func() can't be answered"},
		{"pointer to a page", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[*fsa.HTML](nil)) }, "a *fsa.HTML can't be answered; give the fsa.HTML"},
		{"page in a struct", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(struct{ P fsa.HTML }{})) }, "fsa.HTML is an answer by itself"},
		{"status in a slice", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives([]struct{ S fsa.StatusOut }{})) }, "fsa.StatusOut is for fields of the output itself"},
		{"embedded further down", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct{ In struct{ Meta } }{}))
		}, "field In: field Meta: field ETag: fsa.HeaderOut is for fields of the output itself"},
		{"function beside a header field", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct {
				ETag fsa.HeaderOut
				F    func()
			}{}))
		}, "field F: a func() can't be answered"},
		{"function in what is embedded", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(struct{ calling }{})) }, "a func() can't be answered"},
		{"functions by name", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[map[string]func()](nil)) }, "a func() can't be answered"},
		{"array of functions", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives([1]func(){})) }, "a func() can't be answered"},
		{"function with a text", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives([]talking{})) }, "can't be answered"},
		{"address", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[unsafe.Pointer](nil)) }, "a unsafe.Pointer can't be answered"},
		{"small complex", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(complex64(1i))) }, "a complex64 can't be answered"},
		{"functions that are not answered", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct {
				F func() `json:"-"`
				f func()
			}{}))
		}, ""},
		{"function in what says its JSON", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(saying{})) }, ""},
		{"in itself", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(node{})) }, ""},
		{"no body with a pointer to a response", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[*fsa.Response](nil), fsa.Status(204)) }, ""},
		{"in a slice", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives([]stored{})) }, "fsa.HeaderOut is for fields of the output itself"},
		{"of a sequence", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[stored]](nil)) }, "fsa.HeaderOut is for fields of the output itself"},
		{"response in a struct", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(struct{ R fsa.Response }{})) }, "fsa.Response is an answer by itself"},
		{"content in a slice", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives([]fsa.Content{})) }, "fsa.Content is an answer by itself"},
		{"content pointer", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[*fsa.Content](nil)) }, "give the fsa.Content"},
		{"event", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(fsa.Event{})) }, "fsa.Event is an answer by itself"},
		{"sequence in a struct", func(w *world) {
			fsa.Get(w, "/x", authz.Open(), gives(struct{ S iter.Seq[int] }{}))
		}, "is a sequence, which is an answer by itself, not a part of one; use a slice"},
		{"sequence of pairs", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[iter.Seq2[int, string]](nil)) }, "is a sequence of pairs; the second of an iter.Seq2 is an error"},
		{"sequence with a result", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func(int) bool) int](nil)) }, "can't be answered"},
		{"sequence without yield", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(int)](nil)) }, "can't be answered"},
		{"yield without a result", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func(int))](nil)) }, "can't be answered"},
		{"yield with two results", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func(int) (bool, error))](nil)) }, "can't be answered"},
		{"yield with another result", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func(int) int)](nil)) }, "can't be answered"},
		{"yield of any number", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func(...int) bool)](nil)) }, "can't be answered"},
		{"yield of none", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func() bool)](nil)) }, "can't be answered"},
		{"yield of three", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(func(int, error, int) bool)](nil)) }, "can't be answered"},
		{"sequence of any number", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func(...func(int) bool)](nil)) }, "can't be answered"},
		{"sequence of channels", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[chan int]](nil)) }, "a chan int can't be answered"},
		{"function", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[func()](nil)) }, "a func() can't be answered"},
		{"complex", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(1i)) }, "a complex128 can't be answered"},
		{"status of a file", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(fsa.Content{}), fsa.Status(201)) }, "fsa.Status does not apply to a fsa.Content"},
		{"status without body", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(stored{}), fsa.Status(204)) }, "an answer of status 204 has no body, but the handler gives a fsa_test.stored"},
		{"status of a stream", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[int]](nil), fsa.Status(204)) }, "an answer of status 204 has no body"},
		{"no body with status", func(w *world) { fsa.Get(w, "/x", authz.Open(), gives(headed{}), fsa.Status(304)) }, ""},
		{"media type", func(w *world) { fsa.Get(w, "/x", authz.Open(), nothing) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, base())
			c.add(w)
			got := strings.Join(faultsOf(t, w.App), "\n")
			if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("the faults are %s", got)
			}
		})
	}
	for _, typ := range []string{"html", "text/html\r\nX: y", "text/", "a/b/c; q"} {
		cfg := base()
		cfg.DefaultContentType = typ
		if got := faultsOf(t, fsa.New("acme", cfg)); len(got) == 0 || !strings.Contains(got[0], "FSA_DEFAULT_CONTENT_TYPE") {
			t.Errorf("%q: %q", typ, got)
		}
	}
}

// TestStatusOption: the status of the route is that of its answers, unless they
// have one of their own.
func TestStatusOption(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/seq", authz.Open(), gives(slices.Values([]int{1})), fsa.Status(206))
	fsa.Get(w, "/text", authz.Open(), gives("x"), fsa.Status(201))
	fsa.Get(w, "/response", authz.Open(), gives(fsa.Response{Body: "x"}), fsa.Status(201))
	fsa.Get(w, "/own", authz.Open(), gives(fsa.Response{Status: 202, Body: "x"}), fsa.Status(201))
	fsa.Get(w, "/reader", authz.Open(), gives(io.Reader(strings.NewReader("x"))), fsa.Status(201))
	fsa.Get(w, "/none", authz.Open(), gives(fsa.Response{}), fsa.Status(200))
	fsa.Get(w, "/without", authz.Open(), gives(fsa.Response{Body: "x"}), fsa.Status(204))
	fsa.Get(w, "/withoutseq", authz.Open(), gives(fsa.Response{Body: slices.Values([]int{1})}), fsa.Status(204))
	fsa.Get(w, "/moved", authz.Open(), func(context.Context, fsa.None) (fsa.Response, error) { return fsa.Redirect("/x") }, fsa.Status(308))
	fsa.Get(w, "/unmoved", authz.Open(), func(context.Context, fsa.None) (fsa.Response, error) { return fsa.Redirect("/x") }, fsa.Status(200))
	c := w.client(t)
	for path, want := range map[string]int{"/seq": 206, "/text": 201, "/response": 201, "/own": 202, "/reader": 201, "/none": 200, "/without": 500, "/withoutseq": 500, "/moved": 308, "/unmoved": 500} {
		c.Get(path).Expect(want)
	}
}

// TestDefaultContentType: FSA_DEFAULT_CONTENT_TYPE is that of strings and bytes.
func TestDefaultContentType(t *testing.T) {
	cfg := base()
	cfg.DefaultContentType = "text/html"
	w := kindsWorld(t, cfg)
	c := w.client(t)
	for _, path := range []string{"/text", "/bytes"} {
		res := c.Get(path).Expect(200)
		if res.Header.Get("Content-Type") != "text/html" || res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
	for _, path := range []string{"/struct", "/reader", "/responsetype"} {
		if got := c.Get(path).Expect(200).Header.Get("Content-Type"); got == "text/html" {
			t.Errorf("%s is %s", path, got)
		}
	}
}

// TestAnswersTold: what is known of a route's answers before there are any.
func TestAnswersTold(t *testing.T) {
	for _, own := range []string{"", "text/x-own"} {
		cfg := base()
		cfg.DefaultContentType = own
		w := newWorld(t, cfg)
		text, octets := "text/plain; charset=utf-8", "application/octet-stream"
		if own != "" {
			text, octets = own, own
		}
		want := []fsa.RouteInfo{
			{Path: "/text", Status: 200, Type: text}, {Path: "/bytes", Status: 200, Type: octets}, {Path: "/struct", Status: 200, Type: "application/json"},
			{Path: "/header", Status: 200, Type: "application/json"}, {Path: "/status", Status: 0, Type: "application/json"}, {Path: "/bodiless", Status: 204},
			{Path: "/bodiless/status", Status: 0}, {Path: "/response", Status: 0}, {Path: "/events", Status: 200, Type: "text/event-stream"},
		}
		kind("x")(w, "/text", authz.Open())
		kind([]byte("x"))(w, "/bytes", authz.Open())
		kind(point{})(w, "/struct", authz.Open())
		kind(WithMeta{})(w, "/header", authz.Open())
		kind(stored{})(w, "/status", authz.Open())
		kind(struct{ ETag fsa.HeaderOut }{})(w, "/bodiless", authz.Open())
		kind(headed{})(w, "/bodiless/status", authz.Open())
		kind(&fsa.Response{})(w, "/response", authz.Open())
		kind(slices.Values([]fsa.Event{}))(w, "/events", authz.Open())
		routes, err := w.Routes()
		if err != nil || len(routes) != len(want) {
			t.Fatal(routes, err)
		}
		for i, r := range routes {
			if r.Path != want[i].Path || r.Status != want[i].Status || r.Type != want[i].Type {
				t.Errorf("%s: %d %q, want %d %q", r.Path, r.Status, r.Type, want[i].Status, want[i].Type)
			}
		}
	}
}

// TestTemplate: a page is escaped, and made as a whole.
func TestTemplate(t *testing.T) {
	pages := template.Must(template.New("").Parse(`{{define "hello"}}<p>{{.}}</p>{{end}}{{define "fails"}}<p>half {{.None}}</p>{{end}}`))
	whole := template.Must(template.New("whole").Parse("<b>{{.}}</b>"))
	w := newWorld(t, base())
	page := func(t *template.Template, name string, data any) func(context.Context, fsa.None) (fsa.HTML, error) {
		return func(context.Context, fsa.None) (fsa.HTML, error) { return fsa.Template(t, name, data) }
	}
	fsa.Get(w, "/hello", authz.Open(), page(pages, "hello", "<script>"))
	fsa.Get(w, "/whole", authz.Open(), page(whole, "", "x"))
	fsa.Get(w, "/fails", authz.Open(), page(pages, "fails", "x"))
	fsa.Get(w, "/unknown", authz.Open(), page(pages, "nobody", "x"))
	fsa.Get(w, "/nil", authz.Open(), page(nil, "", "x"))
	c := w.client(t)
	for path, want := range map[string]string{"/hello": "<p>&lt;script&gt;</p>", "/whole": "<b>x</b>"} {
		if got := c.Get(path).Expect(200).Text(); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	for _, path := range []string{"/fails", "/unknown", "/nil"} {
		if got := c.Get(path).Expect(500).Text(); got != "internal error" {
			t.Errorf("%s: %q", path, got)
		}
	}
	if !contains(w.log.String(), "fsa.Template: the template is nil") {
		t.Error(w.log)
	}
}

// TestBodiesAreClosed: what a handler gives to be read is closed, whatever becomes
// of the answer.
func TestBodiesAreClosed(t *testing.T) {
	var c *closing
	reader := func() io.Reader { c = &closing{Reader: strings.NewReader("abc")}; return c }
	failing := func() io.Reader {
		c = &closing{Reader: io.MultiReader(strings.NewReader("abc"), failer{errors.New("s3cret")})}
		return c
	}
	panicking := func() io.Reader { c = &closing{Reader: failer{}}; return c }
	file := func() fsa.Content {
		c = &closing{}
		return fsa.Content{Body: struct {
			io.ReadSeeker
			io.Closer
		}{strings.NewReader("abc"), c}}
	}
	for _, k := range []struct {
		name    string
		add     func(fsa.Router, string, authz.Rule)
		status  int
		aborted bool
	}{
		{"reader", made(reader), 200, false},
		{"reader that fails", made(failing), 200, true},
		{"reader that panics", made(panicking), 500, false},
		{"response", made(func() fsa.Response { return fsa.Response{Body: reader()} }), 200, false},
		{"response that is refused", made(func() fsa.Response { return fsa.Response{Status: 9, Body: reader()} }), 500, false},
		{"response with a bad header", made(func() fsa.Response { return fsa.Response{Header: http.Header{"A": {"\n"}}, Body: reader()} }), 500, false},
		{"response without a body", made(func() fsa.Response { return fsa.Response{Status: 204, Body: reader()} }), 500, false},
		{"any", made(func() any { return reader() }), 200, false},
		{"content", made(file), 200, false},
		{"content in a response", made(func() fsa.Response { return fsa.Response{Body: file()} }), 200, false},
		{"content in a response that is refused", made(func() fsa.Response { return fsa.Response{Status: 201, Body: file()} }), 500, false},
		{"content with a bad tag", made(func() fsa.Content { f := file(); f.ETag = `"`; return f }), 500, false},
		{"any content", made(func() any { return file() }), 200, false},
	} {
		t.Run(k.name, func(t *testing.T) {
			w := newWorld(t, base())
			k.add(w, "/x", authz.Open())
			for _, method := range []string{"GET", "HEAD"} {
				c = nil
				r := w.client(t).Request(method, "/x")
				switch {
				case method == "HEAD":
					r.Do()
				case k.aborted:
					r.ExpectAborted(k.status)
				default:
					r.Expect(k.status)
				}
				if c.closed != 1 {
					t.Errorf("%s: closed %d times", method, c.closed)
				}
			}
		})
	}
}

// failer is a reader that fails, or panics without an error.
type failer struct{ err error }

func (f failer) Read([]byte) (int, error) {
	if f.err == nil {
		panic("read: s3cret")
	}
	return 0, f.err
}

// TestConverters: values of a type are answered as its converter says, wherever
// they stand.
func TestConverters(t *testing.T) {
	type celsius float64
	type shape interface{ Area() float64 }
	w := newWorld(t, base())
	fsa.JSONConverter(w.App, func(c celsius) any { return map[string]float64{"celsius": float64(c)} })
	fsa.JSONConverter(w.App, func(c complex128) any { return [2]float64{real(c), imag(c)} })
	fsa.JSONConverter(w.App, func(s shape) any { return s.Area() })
	fsa.JSONConverter(w.App, func(d time.Duration) any { return d.Seconds() })
	fsa.JSONConverter(w.App, func(p *secretive) any { return "pointer" })
	fsa.JSONConverter(w.App, func(l loop) any { return l })
	fsa.JSONConverter(w.App, func(l ping) any { return &pong{} })
	fsa.JSONConverter(w.App, func(l pong) any { return ping{} })
	fsa.JSONConverter(w.App, func(p panics) any { panic("s3cret") })
	fsa.JSONConverter(w.App, func(s stepper) any { return s.down() })
	fsa.JSONConverter(w.App, func(s *steps) any {
		if s.n == 0 {
			return nil
		}
		return steps{s.n - 1}
	})
	fsa.JSONConverter(w.App, func(s pointing) any { return &point{1, 2} })
	fsa.JSONConverter(w.App, func(s stuttering) any { return halting{} })
	fsa.JSONConverter(w.App, func(s unit) any { return "unit" })
	fsa.JSONConverter(w.App, func(circle) any { return "a circle" }) // which is a shape, too
	fsa.JSONConverter(w.App, func(p tree) any {
		return struct {
			Leaf string
			Sub  []tree
		}{p.name, p.sub}
	})
	fsa.Get(w, "/top", authz.Open(), gives(celsius(20)))
	fsa.Get(w, "/flat", authz.Open(), gives(struct {
		T celsius
		D time.Duration
	}{20, time.Minute}))
	fsa.Get(w, "/nested", authz.Open(), gives(map[string][]complex128{"a": {1i}}))
	fsa.Get(w, "/seq", authz.Open(), gives(slices.Values([]celsius{1, 2})))
	fsa.Get(w, "/events", authz.Open(), gives(slices.Values([]fsa.Event{{Data: celsius(1)}})))
	fsa.Get(w, "/iface", authz.Open(), gives([]any{square{2}, &square{3}}))
	fsa.Get(w, "/pointer", authz.Open(), gives([]secretive{{}}))
	fsa.Get(w, "/headed", authz.Open(), gives(struct {
		E fsa.HeaderOut
		T celsius
	}{"", 1}))
	fsa.Get(w, "/tree", authz.Open(), gives(tree{"a", []tree{{"b", nil}}}))
	fsa.Get(w, "/loop", authz.Open(), gives(loop{}))
	fsa.Get(w, "/ping", authz.Open(), gives(ping{}))
	fsa.Get(w, "/panics", authz.Open(), gives([]panics{{}}))
	fsa.Get(w, "/byvalue", authz.Open(), gives([]any{down{2, true}}))
	fsa.Get(w, "/bypointer", authz.Open(), gives([]any{down{2, false}}))
	fsa.Get(w, "/steps", authz.Open(), gives([]steps{{2}}))
	fsa.Get(w, "/nil", authz.Open(), gives([]steps{{0}}))
	fsa.Get(w, "/halting", authz.Open(), gives([]stuttering{{}}))
	fsa.Get(w, "/pointing", authz.Open(), gives([]pointing{{}}))
	fsa.Get(w, "/unit", authz.Open(), gives(unit{}))
	fsa.Get(w, "/names", authz.Open(), gives(map[circle]int{{}: 1}))
	fsa.Get(w, "/nameless", authz.Open(), gives(map[pointing]int{{}: 1}))
	fsa.Get(w, "/circle", authz.Open(), gives([]any{circle{}, square{1}}))
	c := w.client(t)
	for path, want := range map[string]string{
		"/top": `{"celsius":20}`, "/flat": `{"T":{"celsius":20},"D":60}`, "/nested": `{"a":[[0,1]]}`, "/seq": `[{"celsius":1},{"celsius":2}]`,
		"/events": "data: {\"celsius\":1}\n", "/iface": "[4,9]", "/pointer": `["pointer"]`, "/headed": `{"T":{"celsius":1}}`,
		"/tree": `{"Leaf":"a","Sub":[{"Leaf":"b","Sub":[]}]}`,
		"/nil":  "[null]", "/pointing": `[{"x":1,"y":2}]`, "/unit": `"unit"`, "/circle": `["a circle",1]`, "/names": `{"a circle":1}`,
	} {
		if got := c.Get(path).Expect(200).Text(); got != want+"\n" {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, path := range []string{"/loop", "/ping", "/panics", "/byvalue", "/bypointer", "/steps", "/halting", "/nameless"} {
		c.Get(path).Expect(500).Contains("internal error")
	}
	if !contains(w.log.String(), "gives a fsa_test.loop, which has one too", "gives a *fsa_test.pong, which has one too") {
		t.Error(w.log.String())
	}
}

type square struct{ side float64 }

func (s square) Area() float64 { return s.side * s.side }

type circle struct{}

func (circle) Area() float64 { return 1 }

// stepper would be converted again and again, if what its converter gives were.
type stepper interface{ down() any }

// down is a stepper as a value, and what it steps to is a pointer to one, or one as a pointer.
type down struct {
	n     int
	value bool
}

func (s down) down() any {
	switch {
	case s.n == 0:
		return 0
	case s.value:
		return &down{s.n - 1, true}
	}
	return addressed{s.n - 1}
}

// addressed is a stepper as a pointer alone.
type addressed struct{ n int }

func (s *addressed) down() any { return s.n }

// halting fails when it has been written.
type halting struct{}

func (halting) MarshalJSONTo(e *jsontext.Encoder) error {
	return errors.Join(e.WriteToken(jsontext.String("whole")), errors.New("s3cret"))
}

type (
	unit       struct{}
	steps      struct{ n int }
	pointing   struct{ A int }
	stuttering struct{ A int }
	secretive  struct{ A int }
	loop       struct{ A int }
	ping       struct{ A int }
	pong       struct{ A int }
	panics     struct{ A int }
	tree       struct {
		name string
		sub  []tree
	}
	planet int
	badly  struct{ A int }
)

func (p planet) String() string              { return [...]string{"Mercury", "Venus"}[p] }
func (p *badly) String() string              { return "badly" }
func (p named) String() string               { return "no" }
func (p named) MarshalText() ([]byte, error) { return []byte("text"), nil }

func (texted) String() string  { return "text" }
func (talking) String() string { return "text" }

type (
	named   struct{ A int }
	texted  struct{}
	talking func()
)

// TestAllStr: with FSA_JSON_ALLSTR, a value's text is its JSON unless it has one.
func TestAllStr(t *testing.T) {
	for _, all := range []bool{false, true} {
		cfg := base()
		cfg.JSONAllStr = all
		w := newWorld(t, cfg)
		fsa.Get(w, "/flat", authz.Open(), gives(struct{ P planet }{1}))
		fsa.Get(w, "/seq", authz.Open(), gives(slices.Values([]planet{1, 0})))
		fsa.Get(w, "/flats", authz.Open(), gives(slices.Values([]struct{ P planet }{{1}})))
		fsa.Get(w, "/pointer", authz.Open(), gives([]badly{{1}}))
		fsa.Get(w, "/named", authz.Open(), gives([]any{named{}, &named{}, time.Second, time.Unix(0, 0).UTC()}))
		fsa.Get(w, "/empty", authz.Open(), gives(texted{}))
		fsa.Get(w, "/month", authz.Open(), gives([]time.Month{time.March}))
		fsa.Get(w, "/day", authz.Open(), gives(struct{ D time.Weekday }{time.Monday}))
		fsa.Get(w, "/keys", authz.Open(), gives(map[planet]int{0: 1, 1: 2}))
		want := map[string]string{"/flat": `{"P":1}`, "/seq": `[1,0]`, "/flats": `[{"P":1}]`, "/pointer": `[{"A":1}]`, "/named": `["text","text","1s","1970-01-01T00:00:00Z"]`,
			"/empty": `{}`, "/month": `[3]`, "/day": `{"D":1}`, "/keys": `{"0":1,"1":2}`}
		if all {
			want = map[string]string{"/flat": `{"P":"Venus"}`, "/seq": `["Venus","Mercury"]`, "/flats": `[{"P":"Venus"}]`, "/pointer": `["badly"]`, "/named": want["/named"],
				"/empty": `"text"`, "/month": `["March"]`, "/day": `{"D":"Monday"}`, "/keys": `{"Mercury":1,"Venus":2}`}
		}
		for path, want := range want {
			if got := w.client(t).Get(path).Expect(200).Text(); got != want+"\n" {
				t.Errorf("%t %s: %s", all, path, got)
			}
		}
	}
}

// TestAllStrOutputs: what has no JSON can be answered by its text, if it has one.
func TestAllStrOutputs(t *testing.T) {
	cfg := base()
	cfg.JSONAllStr = true
	w := newWorld(t, cfg)
	fsa.Get(w, "/talking", authz.Open(), gives([]talking{nil}))
	if got := w.client(t).Get("/talking").Expect(200).Text(); got != `["text"]`+"\n" {
		t.Error(got)
	}
	w = newWorld(t, cfg)
	fsa.Get(w, "/silent", authz.Open(), gives([]func(){nil}))
	if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], "a func() can't be answered") {
		t.Errorf("%q", got)
	}
}

// TestConverterFaults: what is wrong with a converter is found at the start.
func TestConverterFaults(t *testing.T) {
	w := newWorld(t, base())
	fsa.JSONConverter[point](w.App, nil)
	fsa.JSONConverter(w.App, func(tree) any { return nil })
	fsa.JSONConverter(w.App, func(tree) any { return nil })
	fsa.JSONConverter(w.App, func(any) any { return nil })
	fsa.JSONConverter(w.App, func(namedPointer) any { return nil })
	got := strings.Join(faultsOf(t, w.App), "\n")
	if !contains(got, "the hook of fsa.JSONConverter[fsa_test.point] is nil", "fsa.JSONConverter[fsa_test.tree] is called twice",
		"fsa.JSONConverter[interface {}] is for no type of its own", "fsa.JSONConverter[fsa_test.namedPointer] is for no type of its own", "answers_test.go:") {
		t.Error(got)
	}
}

type namedPointer *int

// TestStreamedIsCollected: an array that is streamed is the bytes of one that is
// collected, and of a slice.
func TestStreamedIsCollected(t *testing.T) {
	same := func(t *testing.T, path string, add ...func(*world)) {
		var all []string
		for _, collect := range []bool{false, true} {
			cfg := base()
			cfg.NoJSONStreaming = collect
			w := newWorld(t, cfg)
			for _, add := range add {
				add(w)
			}
			all = append(all, w.client(t).Get(path).Expect(200).Text(), w.client(t).Get(path+"/slice").Expect(200).Text())
		}
		if all[0] != all[1] || all[0] != all[2] || all[0] != all[3] {
			t.Errorf("%.300q", all)
		}
	}
	now := time.Now()
	same(t, "/ints", both("/ints", []int{1, 2, 3}))
	same(t, "/none", both("/none", []int{}))
	same(t, "/points", both("/points", []point{{1, 2}, {3, 4}}))
	same(t, "/pointers", both("/pointers", []*point{{1, 2}, nil}))
	same(t, "/strings", both("/strings", []string{"a\n", "\xff", "<&>\u2028", ""}))
	same(t, "/any", both("/any", []any{nil, 1.5, "x", []any{}, map[string]any{"b": 1, "a": nil}, point{1, 2}, &badly{}, now, time.Hour}))
	same(t, "/bytes", both("/bytes", [][]byte{[]byte("abc"), nil}))
	same(t, "/maps", both("/maps", []map[string]int{{"b": 1, "a": 2}, nil}))
	same(t, "/nested", both("/nested", [][]point{{{1, 2}}, nil, {}}))
	same(t, "/times", both("/times", []time.Time{now}))
	same(t, "/named", both("/named", []named{{1}}))
	same(t, "/bools", both("/bools", []bool{true}))
	same(t, "/floats", both("/floats", []float64{1e21, -0.5}))
	large := make([]string, 3000)
	for i := range large {
		large[i] = strings.Repeat("x", i%50)
	}
	same(t, "/large", both("/large", large))
}

func both[T any](path string, all []T) func(*world) {
	return func(w *world) {
		fsa.Get(w, path, authz.Open(), gives(slices.Values(all)))
		fsa.Get(w, path+"/slice", authz.Open(), gives(all))
	}
}

// TestResponseIsNotShared: answers do not write into the header that a handler may
// give again and again.
func TestResponseIsNotShared(t *testing.T) {
	cfg := base()
	cfg.TokenCarrier = "cookie"
	w := newWorld(t, cfg)
	vary := append(make([]string, 0, 8), "Accept")
	shared := http.Header{"Vary": vary, "x-lower": {"a"}}
	fsa.Get(w, "/x", authz.Auth(), gives(fsa.Response{Header: shared, Body: "x"}))
	res := w.client(t).Get("/x").Basic("calvin", calvinPass).Expect(200)
	if got := res.Header.Values("Vary"); !reflect.DeepEqual(got, []string{"Accept", "Cookie"}) {
		t.Errorf("Vary: %q", got)
	}
	if len(shared) != 2 || vary[:2][1] != "" {
		t.Errorf("it has become %v, %q", shared, vary[:2])
	}
}
