package fsa_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// uploadForm makes a request with a form as package mime/multipart writes it: the
// texts first, then the files.
func uploadForm(t *testing.T, path string, texts map[string]string, files map[string]int) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, text := range texts {
		w.WriteField(name, text)
	}
	for name, size := range files {
		part, err := w.CreateFormFile(name, "../"+name+".bin")
		if err != nil {
			t.Fatal(err)
		}
		part.Write(bytes.Repeat([]byte("x"), size))
	}
	w.Close()
	r := httptest.NewRequest("POST", path, &b)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// unreadBody fails the test if it is read.
type unreadBody struct{ t *testing.T }

func (b unreadBody) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}

// TestUploads: files are there while the handler runs, and gone afterwards, whatever
// becomes of the request; whoever may not call the route sends none.
func TestUploads(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	left := func(what string) {
		t.Helper()
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%s: left are %v, %v", what, entries, err)
		}
	}
	w := newWorld(t, base())
	var kept *fsa.File
	upload := func(ctx context.Context, in struct {
		What string `default:""`
		F    *fsa.File
	}) (string, error) {
		kept = in.F
		r, err := in.F.Open()
		if err != nil {
			return "", err
		}
		defer r.Close()
		n, err := io.Copy(io.Discard, r)
		switch in.What {
		case "fail":
			return "", errors.New("no")
		case "panic":
			panic("no")
		}
		return fmt.Sprint(in.F.Name, n), err
	}
	fsa.Post(w, "/up", authz.Group("admin"), upload, fsa.MaxBody(1<<30))
	h := handlerOf(t, w)
	for _, c := range []struct {
		what, login string
		texts       map[string]string
		size        int
		status      int
		body        string
	}{
		{"small", "calvin", nil, 10, 200, "f.bin10"},
		{"large", "calvin", nil, 3 << 20, 200, "f.bin3145728"},
		{"failure", "calvin", map[string]string{"what": "fail"}, 3 << 20, 500, "internal error"},
		{"panic", "calvin", map[string]string{"what": "panic"}, 3 << 20, 500, "internal error"},
		{"bad parameter", "calvin", map[string]string{"z": "1"}, 3 << 20, 400, `unexpected parameter "z"`},
		{"password in the form", "", map[string]string{"USER": "calvin", "PASS": calvinPass}, 3 << 20, 200, "f.bin3145728"},
		{"wrong password in the form", "", map[string]string{"USER": "calvin", "PASS": "wrong"}, 3 << 20, 401, ""},
		{"nobody", "", nil, 3 << 20, 401, ""},
	} {
		kept = nil
		r := uploadForm(t, "/up", c.texts, map[string]int{"f": c.size})
		if c.login != "" {
			r.SetBasicAuth(c.login, calvinPass)
		}
		rec := serve(h, r)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.body) {
			t.Errorf("%s: %d %q", c.what, rec.Code, rec.Body)
		}
		left(c.what)
		if kept != nil {
			if _, err := kept.Open(); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("%s: after the request: %v", c.what, err)
			}
		}
	}
	// Who may not call the route is told so before the body is read.
	r := uploadForm(t, "/up", nil, nil)
	r.Body, r.ContentLength = io.NopCloser(unreadBody{t}), 1<<29
	r.SetBasicAuth("hobbes", hobbesPass)
	if rec := serve(h, r); rec.Code != 403 {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
}

// TestUploadWithOwnScheme: a scheme that reads the body gets no more than 1 MiB of
// it, whatever the files may have.
func TestUploadWithOwnScheme(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"signed", "none"}
	cfg.TokenSecret, cfg.PasswordOpts, cfg.InsecurePasswordCost, cfg.InsecureNoLoginThrottle = nil, nil, false, false
	app := fsa.New("acme", cfg)
	read := 0
	app.Authentication("signed", func(r *http.Request) (fsa.Identity, error) {
		b, err := io.ReadAll(r.Body)
		if read = len(b); err != nil {
			return fsa.Identity{}, fsa.ErrUnauthenticated
		}
		return fsa.Identity{Login: "partner"}, nil
	}, fsa.NotAmbient())
	fsa.Post(app, "/up", authz.Auth(), func(ctx context.Context, in struct{ F *fsa.File }) (int64, error) { return in.F.Size, nil }, fsa.MaxBody(1<<30))
	fsa.Post(app, "/raw", authz.Auth(), func(ctx context.Context, in struct {
		B io.Reader `in:"body"`
	}) (int64, error) {
		return io.Copy(io.Discard, in.B)
	}, fsa.MaxBody(1<<30))
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/up", "/raw"} {
		if rec := serve(h, uploadForm(t, path, nil, map[string]int{"f": 1000})); rec.Code != 200 {
			t.Errorf("%s: %d %q", path, rec.Code, rec.Body)
		}
		if rec := serve(h, uploadForm(t, path, nil, map[string]int{"f": 3 << 20})); rec.Code != 401 || read > 1<<20 {
			t.Errorf("%s: %d %q, %d bytes", path, rec.Code, rec.Body, read)
		}
	}
}

// TestRawBodies: a body as it comes, through the whole application.
func TestRawBodies(t *testing.T) {
	w := newWorld(t, base())
	fsa.Post(w, "/bytes", authz.Auth(), func(ctx context.Context, in struct {
		B []byte `in:"body"`
	}) (int, error) {
		return len(in.B), nil
	}, fsa.MaxBody(10))
	fsa.Post(w, "/stream", authz.Auth(), func(ctx context.Context, in struct {
		B io.Reader `in:"body"`
	}) (int64, error) {
		n, err := io.Copy(io.Discard, in.B)
		if err != nil {
			return 0, fmt.Errorf("reading: %w", err)
		}
		return n, nil
	}, fsa.MaxBody(10))
	c := w.client(t)
	for _, path := range []string{"/bytes", "/stream"} {
		if got := c.Post(path).As("calvin").Body("text/csv", "a,b\n1,2\n").Expect(200).Text(); got != "8\n" {
			t.Errorf("%s: %q", path, got)
		}
		c.Post(path).As("calvin").Body("text/csv", "a,b\n1,2\n1,2\n").Expect(413)
		c.Post(path).As("calvin").Expect(400)
	}
}

// TestRest: the rest never holds what carries credentials somewhere. (S70)
func TestRest(t *testing.T) {
	w := newWorld(t, base())
	h := func(ctx context.Context, in struct {
		A    int               `default:"0"`
		Rest map[string]string `param:",rest"`
	}) (map[string]string, error) {
		return in.Rest, nil
	}
	fsa.Get(w, "/all", authz.Auth(), h)
	fsa.Get(w, "/basic", authz.Auth(), h, fsa.Authn("basic"))
	c := w.client(t)
	if got := c.Get("/all?a=1&b=2&USER=calvin&PASS=" + calvinPass).Expect(200).Text(); got != `{"b":"2"}`+"\n" {
		t.Errorf("%q", got)
	}
	if got := c.Get("/basic?b=2&PASS=" + calvinPass).As("calvin").Expect(400).Text(); got != `unexpected parameter "PASS"` {
		t.Errorf("%q", got)
	}
	routes, err := w.Routes()
	if err != nil || !routes[0].Params[1].Rest || routes[0].Params[1].Name != "rest" {
		t.Errorf("%+v, %v", routes, err)
	}
}

// hue is a type with a cast.
type hue struct{ degrees int }

// TestCast: a cast holds for the whole application, for ids of objects too.
func TestCast(t *testing.T) {
	w := newWorld(t, base())
	fsa.Cast(w.App, func(text string) (hue, error) {
		degrees, known := map[string]int{"red": 0, "green": 120}[text]
		if !known {
			return hue{}, fsa.Errorf(400, "there is no such colour")
		}
		return hue{degrees}, nil
	})
	fsa.ObjectPerms(w.App, "paint", func(ctx context.Context, login string, id hue, mode string) (bool, error) {
		return id.degrees == 120, nil
	})
	fsa.Get(w, "/paint/{h}", authz.Object("paint", "h", "r"), func(ctx context.Context, in struct {
		H    hue
		More []hue `param:"more,optional"`
	}) (string, error) {
		return fmt.Sprint(in), nil
	})
	c := w.client(t)
	if got := c.Get("/paint/green?more=red&more=green").As("calvin").Expect(200).Text(); got != "{{120} [{0} {120}]}" {
		t.Errorf("%q", got)
	}
	c.Get("/paint/red").As("calvin").Expect(403)
	if got := c.Get("/paint/blue?more=red").As("calvin").Expect(400).Text(); got != `parameter "h": there is no such colour` {
		t.Errorf("%q", got)
	}
	fsa.Cast(w.App, func(text string) (*hue, error) { return nil, nil })
	if _, err := w.Handler(); err == nil || !contains(err.Error(), "comes after app.Handler()", "uploads_test.go:") {
		t.Errorf("%v", err)
	}
}

// TestCastFaults: what can't have a cast is told at start.
func TestCastFaults(t *testing.T) {
	w := newWorld(t, base())
	fsa.Cast(w.App, func(string) (hue, error) { return hue{}, nil })
	fsa.Cast(w.App, func(string) (*hue, error) { return nil, nil })
	fsa.Cast[hue](w.App, nil)
	fsa.Cast(w.App, func(string) (int, error) { return 0, nil })
	fsa.Cast(w.App, func(string) ([]string, error) { return nil, nil })
	fsa.Cast(w.App, func(string) (fsa.Date, error) { return fsa.Date{}, nil })
	fsa.Cast(w.App, func(string) (*fsa.App, error) { return nil, nil })
	fsa.Cast(w.App, func(string) (fsa.Secret, error) { return "", nil })
	fsa.Cast(w.App, func(string) (**hue, error) { return nil, nil })
	fsa.ObjectPerms(w.App, "paint", func(ctx context.Context, login string, id hue, mode string) (bool, error) { return true, nil })
	fsa.Handle(w, "GET /paint/{h}", authz.Object("paint", "h", "r"), http.NotFoundHandler())
	wants := [][]string{
		{"uploads_test.go:", "fsa.Cast[fsa_test.hue] and fsa.Cast[*fsa_test.hue] say what a fsa_test.hue is", "keep one of them"},
		{"the hook of fsa.Cast[fsa_test.hue] is nil"},
		{"fsa.Cast[int]: int is a type of the language, which many parameters have", "define a type"},
		{"fsa.Cast[[]string]"},
		{"param.Date has a meaning of its own already"},
		{"fsa.App has a meaning of its own already"},
		{"fsa.Secret has a meaning of its own already"},
		{"a pointer to a pointer"},
		{"GET /paint/{h}", "how it is written", "MarshalText"},
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
