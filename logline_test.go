package fsa_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"github.com/fastsimpleauth/fsa/internal/testlogin"
)

// hostile are texts with which a client tries to write lines of its own into a
// log, or to change what a terminal shows.
var hostile = []string{
	"a\nlevel=ERROR msg=forged",
	"a\r\nlevel=ERROR msg=forged",
	"a\x1b[2J\x1b]0;forged\x07",
	"a\u009b31mforged",
	"a\u202eforged\u2066",
	"a\u2028level=ERROR msg=forged",
	"a\x7f\x08\x08forged",
	"a\xff\xfe\xc3(forged",
	`a" level=ERROR msg="forged`,
	`a\" level=ERROR msg=\"forged`,
	"a\x00forged",
	"\t\v\f",
	strings.Repeat("long", 5000),
}

// rawHandler writes records as careless handlers do: nothing is quoted.
type rawHandler struct{ w io.Writer }

func (rawHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h rawHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h rawHandler) WithGroup(string) slog.Handler          { return h }
func (h rawHandler) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	fmt.Fprint(&b, r.Level, " ", r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" {
			fmt.Fprintf(&b, " %s=%+v", a.Key, a.Value.Any())
		}
		return true
	})
	b.WriteByte('\n')
	_, err := h.w.Write(b.Bytes())
	return err
}

// TestLogInjection: whatever a client sends, its request is one line, of printable
// text, at the level and with the keys that it should have. S89.
func TestLogInjection(t *testing.T) {
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler {
			return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
		"json": func(w io.Writer) slog.Handler {
			return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
		"raw": func(w io.Writer) slog.Handler { return rawHandler{w} },
	} {
		for _, mode := range []string{"prod", "dev", "debug4"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				cfg := base()
				cfg.Mode = mode
				log := &logBuffer{}
				cfg.Logger = slog.New(handler(leaktest.Log(log)))
				w := newWorld(t, cfg)
				fsa.Post(w, "/x/{s}", authz.Auth(), takes[struct {
					S string
					N int
					H fsa.Header `param:"x_h,optional"`
				}])
				fsa.Get(w, "/fails", authz.Auth(), func(_ context.Context, in struct {
					Text string `param:"text"`
				}) (string, error) {
					return "", fmt.Errorf("no such file: %s", in.Text)
				})
				fsa.Get(w, "/panics", authz.Auth(), func(_ context.Context, in struct {
					Text string `param:"text"`
				}) (string, error) {
					panic(in.Text)
				})
				fsa.ObjectPerms(w.App, "text", func(context.Context, string, string, string) (bool, error) { return false, nil })
				fsa.Get(w, "/text", authz.Object("text", "id", "read"), takes[struct{ ID string }])
				h := handlerOf(t, w)
				for _, evil := range hostile {
					esc := "%" + strings.ReplaceAll(fmt.Sprintf("% x", evil), " ", "%")
					basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(evil+":x"))
					for _, q := range []struct{ method, path, header, value, as string }{
						{"GET", "/" + esc, "", "", ""},
						{"GET", "/nowhere?" + esc + "=" + esc, "", "", ""},
						{"POST", "/x/" + esc + "?n=" + esc, "", "", "calvin"},
						{"POST", "/x/" + esc + "?n=1&" + esc + "=1", "", "", "calvin"},
						{"POST", "/x/a?n=1", "X-H", evil, "calvin"},
						{"POST", "/x/a?n=1", "Content-Type", evil, "calvin"},
						{"POST", "/x/a?n=1", evil, evil, "calvin"},
						{"GET", "/fails", "Authorization", basic, ""},
						{"GET", "/fails", "Authorization", "Bearer " + evil, ""},
						{"GET", "/fails", "X-Request-Id", evil, ""},
						{"GET", "/fails?USER=" + esc + "&PASS=x", "", "", ""},
						{"GET", "/fails?text=" + esc, "", "", "calvin"},
						{"GET", "/panics?text=" + esc, "", "", "calvin"},
						{"GET", "/fails?text=a", "", "", evil},
						{"GET", "/text?id=" + esc, "", "", "calvin"},
						{evil, "/fails", "", "", ""},
					} {
						before := len(log.String())
						r := httptest.NewRequest("GET", q.path, nil)
						r.Method = q.method
						if q.header != "" {
							r.Header[q.header] = []string{q.value}
						}
						r = asUser(r, q.as)
						serve(h, r)
						checkLog(t, name, mode, fmt.Sprintf("%.60q", q), log.String()[before:])
					}
				}
			})
		}
	}
}

// quotedText is what a value in quotes looks like in the form of
// [slog.TextHandler].
var quotedText = regexp.MustCompile(`"(\\.|[^"\\])*"`)

// checkLog looks at the lines of one request.
func checkLog(t *testing.T, handler, mode, request, text string) {
	t.Helper()
	text, ok := strings.CutSuffix(text, "\n")
	if !ok {
		t.Errorf("%s: the log is %q", request, text)
		return
	}
	lines := strings.Split(text, "\n")
	requests := 0
	for _, line := range lines {
		trace := false
		switch handler {
		case "json":
			var v struct{ Level, Msg string }
			if err := json.Unmarshal([]byte(line), &v); err != nil || v.Level != "DEBUG" && v.Level != "INFO" && v.Level != "ERROR" {
				t.Errorf("%s: %v, the line is %q", request, err, line)
			}
			trace = v.Msg == "trace"
		case "text":
			trace = strings.Contains(line, " msg=trace ")
			bare := quotedText.ReplaceAllString(line, "")
			if !strings.HasPrefix(line, "time=") || strings.Count(bare, "level=") != 1 || strings.Count(bare, "msg=") != 1 {
				t.Errorf("%s: the line is %q", request, line)
			}
		default:
			trace = strings.HasPrefix(line, "DEBUG trace ")
			if !trace && !strings.HasPrefix(line, "DEBUG request ") && !strings.HasPrefix(line, "INFO request ") && !strings.HasPrefix(line, "ERROR request ") {
				t.Errorf("%s: the line is %q", request, line)
			}
		}
		if !trace {
			requests++
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(line) {
			t.Errorf("%s: the line is not printable at %d: %q", request, i, line)
		}
		if len(line) > 16<<10 {
			t.Errorf("%s: a line of %d bytes", request, len(line))
		}
	}
	if requests != 1 || mode != "debug4" && len(lines) != 1 {
		t.Errorf("%s: %d lines of requests among %d: %q", request, requests, len(lines), text)
	}
}

// TestLogText: a text is one line in the log, whoever writes it there. S89.
func TestLogText(t *testing.T) {
	cfg := base()
	log := &logBuffer{}
	cfg.Logger = slog.New(rawHandler{leaktest.Log(log)})
	w := newWorld(t, cfg)
	var text string
	fsa.Get(w, "/x", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", errors.New(text) })
	h := handlerOf(t, w)
	long := strings.Repeat("x", 4096)
	for _, c := range []struct{ text, logged string }{
		{"plain", "plain"},
		{"été, it's", "été, it's"},
		{"a\nb", "a; b"},
		{"\x1b\x07", `\x1b\a`}, // nothing but control characters
		{"a\x1b[2J\r", `a\x1b[2J\r`},
		{"\x7f\u202e\u2028", `\x7f\u202e\u2028`}, // nothing in ASCII that could be told by
		{"a\x7f", `a\x7f`},
		{"a\xff\xc3(", `a\xff\xc3(`},
		{"\ufffd, which is UTF-8", "\ufffd, which is UTF-8"},
		{long, long},
		{long + "x", long + "…"},
		{long + "é", long + "…"},
	} {
		text = c.text
		before := len(log.String())
		serve(h, httptest.NewRequest("GET", "/x", nil))
		if _, got, _ := strings.Cut(log.String()[before:], " error="); got != c.logged+"\n" {
			t.Errorf("%.60q: the log has %.60q", c.text, got)
		}
	}
}

// TestLogLevels: who is told of what: a failure of the server is one, whatever had been
// sent, and a client that has gone is none.
func TestLogLevels(t *testing.T) {
	cfg := base()
	cfg.LoggingLevel = slog.LevelDebug
	w := newWorld(t, cfg)
	gone, hangUp := context.WithCancel(context.Background())
	hangUp()
	partly := func() io.Reader {
		return io.MultiReader(strings.NewReader("abc"), failer{errors.New("the disk fails")})
	}
	handle := func(path string, f func(http.ResponseWriter, *http.Request)) {
		fsa.Handle(w, "GET "+path, authz.Open(), http.HandlerFunc(f))
	}
	handle("/aborted", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x"); panic(http.ErrAbortHandler) })
	handle("/panics", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x"); panic("s3cret") })
	handle("/gonepanics", func(w http.ResponseWriter, r *http.Request) { panic(fmt.Errorf("reading: %w", r.Context().Err())) })
	fsa.Get(w, "/partly", authz.Open(), made1(partly))
	fsa.Get(w, "/partlydown", authz.Open(), made1(func() fsa.Response { return fsa.Response{Status: 503, Body: partly()} }))
	fsa.Get(w, "/canceled", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", fmt.Errorf("query: %w", context.Canceled) })
	fsa.Get(w, "/text", authz.Open(), made1(func() io.Reader { return strings.NewReader("abc") }))
	fsa.Get(w, "/id", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) { return fsa.RequestID(ctx), nil })
	h := handlerOf(t, w)
	for _, c := range []struct {
		path  string
		write func(*httptest.ResponseRecorder) http.ResponseWriter
		ctx   context.Context
		has   string
		not   string
	}{
		{"/text", nil, nil, "level=DEBUG status=200", "error= client_gone cut_short"},
		{"/id", nil, nil, "level=DEBUG status=200", "error= client_gone cut_short"},
		{"/aborted", nil, nil, "level=ERROR status=200", "cut_short client_gone"},
		{"/panics", nil, nil, "level=ERROR status=200 stack=", "cut_short client_gone"},
		{"/gonepanics", nil, gone, "level=ERROR stack=", "client_gone"},
		{"/partly", nil, nil, "level=ERROR status=200 cut_short=true", "client_gone"},
		{"/partlydown", nil, nil, "level=ERROR status=503", "cut_short client_gone"},
		{"/canceled", nil, nil, "level=ERROR status=500", "client_gone"},
		{"/canceled", nil, gone, "level=INFO client_gone=true", "level=ERROR"},
		{"/text", func(r *httptest.ResponseRecorder) http.ResponseWriter { return deaf{r} }, nil, "level=INFO client_gone=true", "level=ERROR"},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
		if c.ctx != nil {
			r = r.WithContext(c.ctx)
		}
		rec := httptest.NewRecorder()
		var rw http.ResponseWriter = rec
		if c.write != nil {
			rw = c.write(rec)
		}
		before := len(w.log.String())
		func() {
			defer func() { recover() }() // which ends the connection
			h.ServeHTTP(rw, r)
		}()
		line := w.log.String()[before:]
		if strings.Count(line, "\n") != 1 || !contains(line, strings.Fields(c.has)...) {
			t.Errorf("%s: want %s: %s", c.path, c.has, line)
		}
		for _, part := range strings.Fields(c.not) {
			if strings.Contains(line, part) {
				t.Errorf("%s: not %s: %s", c.path, part, line)
			}
		}
	}
}

// deaf is a connection whose client takes nothing.
type deaf struct{ *httptest.ResponseRecorder }

func (deaf) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestLogOfParts: a request whose handler asks protected ones is one line, which knows
// what has become of them.
func TestLogOfParts(t *testing.T) {
	w := newWorld(t, base())
	w.ErrorResponse(func(rw http.ResponseWriter, r *http.Request, e *fsa.Error) {
		if strings.Contains(e.Public, "broken") || e.Status == 403 && r.URL.Query().Has("broken") {
			panic("s3cret")
		}
		rw.WriteHeader(e.Status)
		fmt.Fprint(rw, e.Public)
	})
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	admin, anybody := w.Protect(authz.Group("admin"))(fine), w.Protect(authz.Auth())(fine)
	fsa.Handle(w, "GET /x", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, part := range r.URL.Query()["part"] {
			r := r.Clone(r.Context())
			r.URL.RawQuery = part
			h := anybody
			if part != "fine" {
				h = admin
			}
			h.ServeHTTP(rw, r)
		}
	}))
	h := handlerOf(t, w)
	for _, c := range []struct{ parts, level, says string }{
		{"", "", ""},
		{"part=fine", "", ""},
		{"part=refused", "INFO", "not in group"},
		{"part=refused&part=fine", "INFO", "not in group"},
		{"part=broken", "ERROR", "not in group"},
		{"part=broken&part=refused", "ERROR", "not in group"},
		{"part=refused&part=broken", "ERROR", "not in group"},
	} {
		before := len(w.log.String())
		serve(h, asUser(httptest.NewRequest("GET", "/x?"+c.parts, nil), "hobbes"))
		line := w.log.String()[before:]
		if c.level == "" && line != "" || c.level != "" && (strings.Count(line, "\n") != 1 || !contains(line, "level="+c.level, c.says)) {
			t.Errorf("%s: %s", c.parts, line)
		}
	}
}

// TestLogFields: what the line of a request has.
func TestLogFields(t *testing.T) {
	cfg := base()
	w := newWorld(t, cfg)
	inner := errors.New("the disk is full")
	fsa.Get(w, "/fails", authz.Auth(), func(context.Context, fsa.None) (string, error) {
		return "", fmt.Errorf("saving: %w", inner)
	}, fsa.Realm("stage"))
	fsa.Get(w, "/fails/{id}", authz.Auth(), takes[struct{ ID, N int }])
	fsa.Get(w, "/gone", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	h := handlerOf(t, w)
	line := func(path, as string) string {
		before := len(w.log.String())
		serve(h, asUser(httptest.NewRequest("GET", path, nil), as))
		return w.log.String()[before:]
	}
	if got := line("/fails?x=1", "calvin"); !contains(got, "level=INFO", "method=GET", "route=/fails ", "status=400", "user=calvin", "scheme=test", "realm=stage", `error="400: unexpected parameter \"x\""`) {
		t.Error(got)
	}
	if got := line("/fails", "calvin"); !contains(got, "level=ERROR", "status=500", `error="saving: the disk is full"`) || strings.Contains(got, "stack") {
		t.Error(got)
	}
	if got := line("/fails/1?x=1", "calvin"); !contains(got, `error="400: parameter \"n\" is missing; unexpected parameter \"x\""`, "route=/fails/{id}") || strings.Contains(got, "realm") {
		t.Error(got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before := len(w.log.String())
	serve(h, httptest.NewRequest("GET", "/gone", nil).WithContext(ctx))
	if got := w.log.String()[before:]; !contains(got, "level=INFO", "client_gone=true") {
		t.Error(got)
	}
	// Whoever handles records finds the error itself.
	found := false
	cfg.Logger = slog.New(findError{inner, &found})
	w = newWorld(t, cfg)
	fsa.Get(w, "/fails", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", inner })
	w.client(t).Get("/fails").Expect(500)
	if !found {
		t.Error("the record does not hold the error")
	}
}

type findError struct {
	want  error
	found *bool
}

func (findError) Enabled(context.Context, slog.Level) bool { return true }
func (h findError) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h findError) WithGroup(string) slog.Handler          { return h }
func (h findError) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && errors.Is(err, h.want) {
			*h.found = true
		}
		return true
	})
	return nil
}

// asUser lets a request be a user's, as fsatest does.
func asUser(r *http.Request, login string) *http.Request {
	if login == "" {
		return r
	}
	return r.WithContext(testlogin.With(r.Context(), login))
}

// TestFailureStatus: failures of schemes have the status that is configured, too.
func TestFailureStatus(t *testing.T) {
	cfg := base()
	cfg.ServerError = 503
	w := newWorld(t, cfg)
	broken := errors.New("the store is down: s3cret")
	w.PasswordCheck(func(context.Context, string, string) (bool, error) { return false, broken })
	w.Admit(func(_ context.Context, id fsa.Identity) error {
		if id.Login == "hobbes" {
			return broken
		}
		return nil
	})
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/broken", authz.Group("broken"), who)
	fsa.Get(w, "/object/{id}", authz.Object("stuff", "id", "broken"), takes[struct{ ID int }])
	fsa.Get(w, "/fails", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", broken })
	c := w.client(t)
	c.Get("/x").Basic("susie", "susie-pass").Expect(503)
	c.Get("/x").As("hobbes").Expect(503)
	c.Get("/broken").As("calvin").Expect(503)
	c.Get("/object/1").As("calvin").Expect(503)
	c.Get("/fails").Expect(503)
}
