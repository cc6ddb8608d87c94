package fsa_test

import (
	"context"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
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
		{"GET", []string{"Range", "bytes=" + strings.Repeat("0-0,", 20) + "0-0"}, 200, "0123456789", nil},
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

type unseekable struct{ fstest.MapFS }

func (u unseekable) Open(name string) (fs.File, error) {
	f, err := u.MapFS.Open(name)
	return struct{ fs.File }{f}, err
}
