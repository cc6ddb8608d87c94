package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

var changed = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

const changedText = "Thu, 29 Feb 2024 12:00:00 GMT"

// TestContent: ranges and conditions of a request are answered as HTTP has them,
// and each answer has what all answers have.
func TestContent(t *testing.T) {
	w := newWorld(t, base())
	content := func(context.Context, fsa.None) (fsa.Content, error) {
		return fsa.Content{Name: "a.txt", ETag: "v1", ModTime: changed, Body: strings.NewReader("0123456789")}, nil
	}
	fsa.Get(w, "/x", authz.Auth(), content)
	fsa.Post(w, "/x", authz.Auth(), content)
	c := w.client(t)
	for _, r := range []struct {
		method string
		header []string
		status int
		body   string
		want   map[string]string
	}{
		{"GET", nil, 200, "0123456789", map[string]string{"Content-Length": "10", "Accept-Ranges": "bytes", "ETag": `"v1"`, "Last-Modified": changedText, "Content-Type": "text/plain; charset=utf-8"}},
		{"HEAD", nil, 200, "", map[string]string{"Content-Length": "10", "ETag": `"v1"`}},
		{"GET", []string{"Range", "bytes=2-4"}, 206, "234", map[string]string{"Content-Range": "bytes 2-4/10", "Content-Length": "3"}},
		{"HEAD", []string{"Range", "bytes=2-4"}, 206, "", map[string]string{"Content-Length": "3"}},
		{"GET", []string{"Range", "bytes=-3"}, 206, "789", nil},
		{"GET", []string{"Range", "bytes=8-"}, 206, "89", nil},
		{"GET", []string{"Range", "bytes=20-"}, 416, "the content has no such range", map[string]string{"Content-Range": "bytes */10", "ETag": "", "Last-Modified": "", "Content-Type": "text/plain; charset=utf-8"}},
		{"GET", []string{"Range", "bytes=x"}, 416, "the content has no such range", nil},
		{"GET", []string{"Range", "bytes=0-0", "Range", "bytes=1-1"}, 200, "0123456789", nil},
		{"GET", []string{"Range", "bytes=2-4", "If-Range", `"v1"`}, 206, "234", nil},
		{"GET", []string{"Range", "bytes=2-4", "If-Range", `"v2"`}, 200, "0123456789", nil},
		{"GET", []string{"Range", "bytes=2-4", "If-Range", changedText}, 206, "234", nil},
		{"GET", []string{"If-None-Match", `"v1"`}, 304, "", map[string]string{"ETag": `"v1"`, "Content-Type": "", "Content-Length": ""}},
		{"HEAD", []string{"If-None-Match", `"v1"`}, 304, "", nil},
		{"GET", []string{"If-None-Match", `"v0", W/"v1"`}, 304, "", nil},
		{"GET", []string{"If-None-Match", `"v2"`}, 200, "0123456789", nil},
		{"GET", []string{"If-Modified-Since", changedText}, 304, "", nil},
		{"GET", []string{"If-Unmodified-Since", "Thu, 29 Feb 2024 11:00:00 GMT"}, 412, "the content is not as the request demands", map[string]string{"ETag": ""}},
		{"GET", []string{"If-Match", `"v2"`}, 412, "the content is not as the request demands", nil},
		{"GET", []string{"If-Match", `"v1"`}, 200, "0123456789", nil},
		// What has been done is answered, whatever is known of the file.
		{"POST", []string{"If-None-Match", `"v1"`, "Range", "bytes=2-4"}, 200, "0123456789", nil},
		{"POST", []string{"If-Match", `"v2"`}, 200, "0123456789", nil},
	} {
		res := c.Request(r.method, "/x").Header(r.header...).As("calvin").Expect(r.status)
		if v, ok := res.Header["Content-Range"]; ok != (r.want["Content-Range"] != "" || r.status == 206) {
			t.Errorf("%s %q: Content-Range is %q", r.method, r.header, v)
		}
		if res.Text() != r.body {
			t.Errorf("%s %q: the body is %q", r.method, r.header, res.Text())
		}
		for name, want := range r.want {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s %q: %s is %q, want %q", r.method, r.header, name, got, want)
			}
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") == "" {
			t.Errorf("%s %q: %v", r.method, r.header, res.Header)
		}
		c.Request(r.method, "/x").Header(r.header...).Expect(401)
	}
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Error(w.log.String())
	}
	res := c.Get("/x").Header("Range", "bytes=0-1,5-6").As("calvin").Expect(206)
	_, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(strings.NewReader(res.Text()), params["boundary"])
	for _, want := range []string{"01", "56"} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(p); string(b) != want || p.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%q, %v", b, p.Header)
		}
	}
}

// TestContentManyRanges: a request for more ranges than are usual gets all of the
// content, since each would cost a header of its own.
func TestContentManyRanges(t *testing.T) {
	w := newWorld(t, base())
	all := strings.Repeat("0123456789", 1000)
	fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Content { return fsa.Content{Body: strings.NewReader(all)} }))
	c := w.client(t)
	ranges := func(n int) string { return "bytes=" + strings.Repeat("0-0,", n-1) + "1-1" }
	c.Get("/x").Header("Range", ranges(16)).Expect(206)
	if res := c.Get("/x").Header("Range", ranges(17)).Expect(200); res.Text() != all {
		t.Errorf("%d bytes", len(res.Text()))
	}
}

// TestContentSaysOnlyWhatIsSaid: what the handler has not said of its content, the
// answer does not say either.
func TestContentSaysOnlyWhatIsSaid(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Content { return fsa.Content{Name: "a.txt", Body: strings.NewReader("a")} }))
	res := w.client(t).Get("/x").Expect(200)
	for _, name := range []string{"Content-Disposition", "Etag", "Last-Modified", "Content-Range"} {
		if v, ok := res.Header[name]; ok {
			t.Errorf("%s is %q", name, v)
		}
	}
}

// TestContentStatus: the status of content is as the request asks, and no other.
func TestContentStatus(t *testing.T) {
	w := newWorld(t, base())
	content := func() any { return fsa.Content{Body: strings.NewReader("a")} }
	fsa.Get(w, "/route", authz.Open(), made1(content), fsa.Status(201))
	fsa.Get(w, "/answer", authz.Open(), made1(func() fsa.Response { return fsa.Response{Status: 201, Body: content()} }))
	c := w.client(t)
	for _, path := range []string{"/route", "/answer"} {
		c.Get(path).Expect(500)
	}
	if n := strings.Count(w.log.String(), "fsa.Content: its status is 200, 206, 304, 412 or 416"); n != 2 {
		t.Error(w.log.String())
	}
}

// TestContentTags: an entity tag that a header can't carry is a failure.
func TestContentTags(t *testing.T) {
	w := newWorld(t, base())
	tags := []string{"v 1", "v\"1", "v\n", "v\x7f", "vé", "\x00"}
	for i, tag := range tags {
		fsa.Get(w, fmt.Sprint("/", i), authz.Open(), made1(func() fsa.Content { return fsa.Content{ETag: tag, Body: strings.NewReader("a")} }))
	}
	c := w.client(t)
	for i, tag := range tags {
		if res := c.Get(fmt.Sprint("/", i)).Expect(500); res.Header.Get("Etag") != "" {
			t.Errorf("%q: %v", tag, res.Header)
		}
	}
	if !strings.Contains(w.log.String(), "the ETag is not printable ASCII") {
		t.Error(w.log.String())
	}
}

// canceling is content whose reader gives up the request at its end, as a client
// does that has got all, or fails then too.
type canceling struct {
	*strings.Reader
	cancel context.CancelFunc
	err    error
}

func (c canceling) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if c.Len() == 0 {
		c.cancel()
		if c.err != nil {
			return n, c.err
		}
	}
	return n, err
}

func (c canceling) WriteTo(io.Writer) (int64, error) { panic("not asked for") }

// TestContentClientGone: content that can't be read since the client has gone is no
// failure of the application; that the client has gone after the last byte is
// nothing.
func TestContentClientGone(t *testing.T) {
	for _, r := range []struct {
		name string
		err  error
		gone bool
		want []string
		not  string
	}{
		{"all of it", nil, true, nil, "client_gone"},
		{"the reader ends too", errSource, true, []string{"level=INFO", "client_gone=true"}, "level=ERROR"},
		{"the reader alone", errSource, false, []string{"level=ERROR", "cut_short=true"}, "client_gone"},
	} {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t, base())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			gone := cancel
			if !r.gone {
				gone = func() {}
			}
			fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Content {
				return fsa.Content{Body: canceling{strings.NewReader("0123456789"), gone, r.err}}
			}))
			h := handlerOf(t, w)
			q := httptest.NewRequest("GET", "/x", nil).WithContext(ctx)
			q.RemoteAddr = "127.0.0.1:1"
			func() {
				defer func() { recover() }()
				h.ServeHTTP(httptest.NewRecorder(), q)
			}()
			log := w.log.String()
			for _, want := range r.want {
				if !strings.Contains(log, want) {
					t.Errorf("%q is not in the log: %s", want, log)
				}
			}
			if strings.Contains(log, r.not) {
				t.Errorf("%q is in the log: %s", r.not, log)
			}
		})
	}
}

// TestContentFailsOnce: content of which a part can't be read ends there, even if what
// follows could be.
func TestContentFailsOnce(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Content { return fsa.Content{Body: &hiccup{Reader: strings.NewReader("0123456789")}} }))
	if got := w.client(t).Get("/x").ExpectAborted(200).Text(); got != "01234" {
		t.Errorf("%q", got)
	}
}

// hiccup reads five bytes, then fails, then goes on.
type hiccup struct {
	*strings.Reader
	reads int
}

func (h *hiccup) Read(b []byte) (int, error) {
	if h.reads++; h.reads == 2 {
		return 0, errSource
	}
	return h.Reader.Read(b[:min(len(b), 5)])
}

func (h *hiccup) WriteTo(io.Writer) (int64, error) { panic("not asked for") }

// TestContentOfSeveralRanges: content that panics or goes on while several of its
// ranges are read ends the answer, not the program.
func TestContentOfSeveralRanges(t *testing.T) {
	w := newWorld(t, base())
	failures(w)
	for _, path := range []string{"/content/panics", "/content/fails", "/content/1"} {
		w.client(t).Get(path).Header("Range", "bytes=0-1,3-4").ExpectAborted(206)
	}
}

// TestContentTypes: what a browser runs is not taken from a name that a user may
// have chosen.
func TestContentTypes(t *testing.T) {
	for name, want := range map[string]string{
		"a.png": "image/png", "A.JPG": "image/jpeg", "x/y\\z.txt": "text/plain; charset=utf-8", "": "application/octet-stream",
		"a.html": "application/octet-stream", "a.svg": "application/octet-stream", "a.js": "application/octet-stream", "a.xhtml": "application/octet-stream",
		"a.pdf": "application/octet-stream", "a.png.html": "application/octet-stream", "a.html\x00.exe": "application/octet-stream", "png": "application/octet-stream",
	} {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Content { return fsa.Content{Name: name, Body: strings.NewReader("<script>")} }))
		fsa.Get(w, "/said", authz.Open(), made1(func() fsa.Content {
			return fsa.Content{Name: name, Type: "text/html", Body: strings.NewReader("<script>")}
		}))
		if got := w.client(t).Get("/x").Expect(200).Header.Get("Content-Type"); got != want {
			t.Errorf("%q: %s", name, got)
		}
		if got := w.client(t).Get("/said").Expect(200).Header; got.Get("Content-Type") != "text/html" || got.Get("Content-Security-Policy") == "" {
			t.Errorf("%q: %v", name, got)
		}
	}
	for _, bad := range []fsa.Content{{Type: "a\r\nb", Body: strings.NewReader("")}, {ETag: "a b", Body: strings.NewReader("")}, {ETag: "a\r\nb", Body: strings.NewReader("")}} {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), gives(bad))
		w.client(t).Get("/x").Expect(500)
	}
}

// TestAttachment: the name of a file that is stored is one name, of this directory.
func TestAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"report.pdf":          `attachment; filename="report.pdf"`,
		"my report.pdf":       `attachment; filename="my report.pdf"`,
		"":                    `attachment`,
		"../../etc/passwd":    `attachment; filename="passwd"`,
		`C:\windows\evil.exe`: `attachment; filename="evil.exe"`,
		"..":                  `attachment`,
		".htaccess":           `attachment; filename="htaccess"`,
		`a"; filename="b`:     `attachment; filename="a__ filename=_b"; filename*=UTF-8''a%22%3B%20filename%3D%22b`,
		"a\r\nX: y":           `attachment; filename="aX: y"`,
		"été 100%.txt":        `attachment; filename="_t_ 100_.txt"; filename*=UTF-8''%C3%A9t%C3%A9%20100%25.txt`,
		"exe.\u202etxt.exe":   `attachment; filename="exe.txt.exe"`,
		"\xff\x00":            `attachment`,
		"É A.TXT":             `attachment; filename="_ A.TXT"; filename*=UTF-8''%C3%89%20A.TXT`,
		// Longer than file systems take: the extension stays if it is one, and no
		// letter is cut in two.
		strings.Repeat("x", 300) + ".txt":                         `attachment; filename="` + strings.Repeat("x", 196) + `.txt"`,
		strings.Repeat("x", 150) + "." + strings.Repeat("y", 100): `attachment; filename="` + strings.Repeat("x", 150) + "." + strings.Repeat("y", 49) + `"`,
		"x" + strings.Repeat("é", 150):                            `attachment; filename="x` + strings.Repeat("_", 99) + `"; filename*=UTF-8''x` + strings.Repeat("%C3%A9", 99),
	} {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), made1(func() fsa.Content {
			return fsa.Content{Name: name, Attachment: true, Body: strings.NewReader("x")}
		}))
		if got := w.client(t).Get("/x").Expect(200).Header.Get("Content-Disposition"); got != want {
			t.Errorf("%q:\n%s, want\n%s", name, got, want)
		}
	}
}

// files are the routes of a file system.
func files(w *world, fsys fs.FS) {
	fsa.Get(w, "/static/{path...}", authz.Open(), func(_ context.Context, in struct{ Path string }) (fsa.Content, error) {
		return fsa.FileOf(fsys, in.Path)
	})
}

// TestFileOf: a name leads to a file of the file system, or to nothing.
func TestFileOf(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.txt", "SECRET")
	write("inside/a.txt", "a")
	write("inside/page.html", "<p>")
	write("inside/sub/app.js", "js")
	write("inside/.env", "SECRET")
	write("inside/.git/config", "SECRET")
	write("inside/sub/.hidden", "SECRET")
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(inside, "link.txt")); err != nil {
		t.Fatal(err)
	}
	pipe := exec.Command("mkfifo", filepath.Join(inside, "pipe")).Run() == nil
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := newWorld(t, base())
	files(w, root.FS())
	c := w.client(t)
	for path, want := range map[string]string{"a.txt": "text/plain; charset=utf-8", "page.html": "text/html; charset=utf-8", "sub/app.js": "text/javascript; charset=utf-8"} {
		res := c.Get("/static/" + path).Expect(200)
		if got := res.Header.Get("Content-Type"); got != want || res.Header.Get("Last-Modified") == "" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
	if c.Get("/static/page.html").Expect(200).Header.Get("Content-Security-Policy") == "" {
		t.Error("a page has no policy")
	}
	for _, path := range []string{"", "sub", "sub%2F", "none", ".env", ".git%2Fconfig", "sub/.hidden", "..%2Fsecret.txt", "%2E%2E%2Fsecret.txt", "..%5Csecret.txt",
		"sub%2F..%2F..%2Fsecret.txt", "%2Fetc%2Fpasswd", "a.txt%00", "a.txt:stream", "a.txt%2F", "a.txt%2Fb", strings.Repeat("a", 300), "sub%2F%2Fapp.js", ".", "%2E", "C:%5Csecret.txt"} {
		res := c.Get("/static/" + path).Do()
		if res.Status != 404 && res.Status != 400 && res.Status != 307 || strings.Contains(res.Text(), "SECRET") {
			t.Errorf("%q: %d %q", path, res.Status, res.Text())
		}
	}
	if pipe {
		c.Get("/static/pipe").Expect(404)
	}
	// A link that leads out is refused by the root, and told to the log alone.
	if got := c.Get("/static/link.txt").Expect(500).Text(); got != "internal error" {
		t.Errorf("%q", got)
	}
}

// TestFileOfOtherSystems: a file system is any, if its files can seek.
func TestFileOfOtherSystems(t *testing.T) {
	w := newWorld(t, base())
	files(w, fstest.MapFS{"a.css": {Data: []byte("p{}"), ModTime: changed}, "dir": {Mode: fs.ModeDir}, "device": {Mode: fs.ModeDevice}})
	c := w.client(t)
	c.Get("/static/a.css").Header("If-Modified-Since", changedText).Expect(304)
	c.Get("/static/a.css").Header("Range", "bytes=0-0").Expect(206)
	c.Get("/static/dir").Expect(404)
	c.Get("/static/device").Expect(404)
	w = newWorld(t, base())
	files(w, unseekable{fstest.MapFS{"a.css": {}}})
	w.client(t).Get("/static/a.css").Expect(500)
	if !strings.Contains(w.log.String(), "cannot seek") {
		t.Error(w.log.String())
	}
}

// credulous is a file system that has whatever it is asked for, and notes it.
type credulous struct {
	asked *[]string
	info  fs.FileInfo
	later error // of the file, when it is open
	open  error
	mode  fs.FileMode
	shut  *bool
}

func (c credulous) Stat(name string) (fs.FileInfo, error) {
	*c.asked = append(*c.asked, name)
	return c.info, nil
}

func (c credulous) Open(name string) (fs.File, error) {
	*c.asked = append(*c.asked, name)
	if c.open != nil {
		return nil, c.open
	}
	return credulousFile{c, strings.NewReader("x")}, nil
}

type credulousFile struct {
	credulous
	*strings.Reader
}

func (f credulousFile) Read(b []byte) (int, error) { return f.Reader.Read(b) }

func (f credulousFile) Close() error { *f.shut = true; return nil }

func (f credulousFile) Stat() (fs.FileInfo, error) {
	if f.later != nil {
		return nil, f.later
	}
	return otherMode{f.info, f.mode}, nil
}

type otherMode struct {
	fs.FileInfo
	mode fs.FileMode
}

func (o otherMode) Mode() fs.FileMode { return o.mode }

// TestFileOfNames: names that could be read in more than one way are not given to
// the file system, whatever that makes of them.
func TestFileOfNames(t *testing.T) {
	info, err := fs.Stat(fstest.MapFS{"x": {Data: []byte("x")}}, "x")
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	fsys := credulous{asked: &asked, info: info, shut: new(bool)}
	if _, err := fsa.FileOf(fsys, "sub/a.txt"); err != nil || len(asked) == 0 {
		t.Fatal(err, asked)
	}
	asked = nil
	for _, name := range []string{"", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a/.", "a\\b", "c:a", "a:stream", "a\x00", ".env", "a/.git/b", "\xff"} {
		_, err := fsa.FileOf(fsys, name)
		if e, ok := errors.AsType[*fsa.Error](err); !ok || e.Status != 404 {
			t.Errorf("%q: %v", name, err)
		}
	}
	if len(asked) > 0 {
		t.Errorf("the file system was asked for %q", asked)
	}
}

// TestFileOfChanges: what happens to a file between two looks at it is noticed, and
// told to the log if it is not that the file is gone.
func TestFileOfChanges(t *testing.T) {
	info, err := fs.Stat(fstest.MapFS{"x": {Data: []byte("x")}}, "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		name        string
		open, later error
		mode        fs.FileMode
		status      int
		shut        bool
	}{
		{"stays", nil, nil, 0, 0, false},
		{"is removed", fs.ErrNotExist, nil, 0, 404, false},
		{"is closed to us", fs.ErrPermission, nil, 0, 500, false},
		{"is removed later", nil, fs.ErrNotExist, 0, 404, true},
		{"fails later", nil, fs.ErrPermission, 0, 500, true},
		{"becomes a pipe", nil, nil, fs.ModeNamedPipe, 404, true},
	} {
		t.Run(r.name, func(t *testing.T) {
			fsys := credulous{asked: new([]string), info: info, open: r.open, later: r.later, mode: r.mode, shut: new(bool)}
			f, err := fsa.FileOf(fsys, "x")
			e, public := errors.AsType[*fsa.Error](err)
			switch {
			case r.status == 0 && (err != nil || f.Body == nil):
				t.Errorf("%v, %v", f, err)
			case r.status == 404 && (!public || e.Status != 404):
				t.Errorf("%v", err)
			case r.status == 500 && (err == nil || public || !errors.Is(err, fs.ErrPermission)):
				t.Errorf("%v", err)
			}
			if *fsys.shut != r.shut {
				t.Errorf("closed: %v", *fsys.shut)
			}
		})
	}
}

type unseekable struct{ fstest.MapFS }

func (u unseekable) Open(name string) (fs.File, error) {
	f, err := u.MapFS.Open(name)
	return struct{ fs.File }{f}, err
}
