package param_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fastsimpleauth/fsa/param"
)

// filePart is a file of a form whose boundary is x.
func filePart(name, filename, contentType string, content string) string {
	text := fmt.Sprintf("--x\r\nContent-Disposition: form-data; name=%q; filename=\"%s\"\r\n", name, filename)
	if contentType != "" {
		text += "Content-Type: " + contentType + "\r\n"
	}
	return text + "\r\n" + content + "\r\n"
}

func textPart(name, value string) string {
	return fmt.Sprintf("--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, value)
}

const formBoundary = "multipart/form-data; boundary=x"

// upload binds a form, calls look with what was bound, and releases it.
func upload[T any](t *testing.T, body io.Reader, maxBody int64, look func(in T)) error {
	t.Helper()
	b := compile(t, reflect.TypeFor[T](), strict)
	r := httptest.NewRequest("POST", "/", body)
	r.ContentLength = -1
	r.Header.Set("Content-Type", formBoundary)
	var src param.Source
	defer src.Release()
	src.Reset(httptest.NewRecorder(), r, maxBody, false)
	var v T
	err := b.Bind(none{}, &src, reflect.ValueOf(&v).Elem())
	if err == nil && look != nil {
		look(v)
	}
	return err
}

func content(t *testing.T, f *param.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil || int64(len(b)) != f.Size {
		t.Fatalf("%d bytes of %d: %v", len(b), f.Size, err)
	}
	return string(b)
}

func TestFiles(t *testing.T) {
	type in struct {
		Title string
		Photo *param.File
		More  []*param.File `param:"more,optional" maxItems:"2"`
		Note  *param.File   `param:"note,optional" minLength:"2" maxLength:"4" contentMediaType:"text/plain,image/*"`
	}
	const base = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nt\r\n"
	photo := filePart("photo", "p.png", "image/png", "\x89PNG\r\n\x00\xff")
	err := upload(t, strings.NewReader(base+photo+filePart("more", "a", "", "1")+filePart("more", "b", "", "")+filePart("note", "n", "image/gif", "1234")+"--x--"), 1<<20, func(in in) {
		if in.Title != "t" || in.Photo.Name != "p.png" || in.Photo.ContentType != "image/png" || content(t, in.Photo) != "\x89PNG\r\n\x00\xff" {
			t.Errorf("%+v", in.Photo)
		}
		if len(in.More) != 2 || content(t, in.More[0]) != "1" || content(t, in.More[1]) != "" || content(t, in.Note) != "1234" {
			t.Errorf("%+v", in)
		}
	})
	if err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ body, want string }{
		{photo, ""},
		{photo + filePart("more", "", "", "") + filePart("note", "", "application/octet-stream", ""), ""}, // as browsers send what nobody has chosen
		{"", `parameter "photo" is missing: it is a file, which is sent by multipart/form-data`},
		{filePart("photo", "", "", ""), `parameter "photo" is missing: it is a file, which is sent by multipart/form-data`},
		{textPart("photo", "x"), `parameter "photo" must be a file, which is sent by multipart/form-data`},
		{photo + textPart("photo", "x"), `parameter "photo" must be a file, which is sent by multipart/form-data`},
		{photo + photo, `parameter "photo" is given 2 times`},
		{photo + strings.Repeat(filePart("more", "a", "", "1"), 3), `parameter "more" must have at most 2 files`},
		{photo + filePart("note", "n", "text/html", "1"), "parameter \"note\" must have at least 2 bytes\nparameter \"note\" must be of type text/plain or image/*: \"text/html\""},
		{photo + filePart("note", "n", "text/plain; charset=utf-8", "12345"), `parameter "note" must have at most 4 bytes`},
		{photo + filePart("note", "n", "", "12"), `parameter "note" must be of type text/plain or image/*`},
		{photo + filePart("note", "n", "images/png", "12"), `parameter "note" must be of type text/plain or image/*: "images/png"`},
		{photo + filePart("title", "f", "", ""), `parameter "title" both from form and file`},
		{photo + filePart("other", "f", "", "secret content"), `unexpected parameter "other"`},
		{photo + strings.Repeat(filePart("more", "a", "", "1"), 10), "the form in the body cannot be read: more than 10 files"},
	} {
		if err := upload[in](t, strings.NewReader(base+c.body+"--x--"), 1<<20, nil); fault(err) != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.body, fault(err), c.want)
		}
	}
	for _, r := range []*http.Request{get("title=t&photo=x"), post(jsonType, `{"title":"t","photo":"x"}`)} {
		if _, err := bind[in](t, strict, r); fault(err) != "parameter \"photo\" is missing: it is a file, which is sent by multipart/form-data\nunexpected parameter \"photo\"" {
			t.Errorf("%q", fault(err))
		}
	}
	if _, err := bind[in](t, strict, form("title=t&photo=x")); fault(err) != `parameter "photo" must be a file, which is sent by multipart/form-data` {
		t.Errorf("%q", fault(err))
	}
}

// TestFileNames: a name is for people, and no path.
func TestFileNames(t *testing.T) {
	type in struct{ F *param.File }
	for _, c := range []struct{ disposition, want string }{
		{`filename="a.txt"`, "a.txt"},
		{`filename="../../etc/passwd"`, "passwd"},
		{`filename="C:\Users\x\a b.txt"`, "a b.txt"},
		{`filename="/"`, ""},
		{`filename=".."`, ""},
		{`filename="a/.."`, ""},
		{`filename="."`, ""},
		{`filename=" a "`, "a"},
		{`filename="..\\.."`, ""},
		{`filename="gpj.` + "\u202e" + `exe"`, "gpj.exe"},
		{`filename="a` + "\u0085\u2028" + `b"`, "ab"},
		{`filename="é` + strings.Repeat("é", 200) + `"`, strings.Repeat("é", 127)},
		{`filename*=utf-8''%e2%82%ac%2Fx%00.txt`, "x.txt"},
		{`filename*=latin1''%e9`, ""},
		{`filename="plain"; filename*=utf-8''better`, "better"},
		{`filename="plain"; filename*=utf-8''%zz`, "plain"},
	} {
		body := "--x\r\nContent-Disposition: form-data; name=f; " + c.disposition + "\r\n\r\nx\r\n--x--"
		err := upload(t, strings.NewReader(body), 1000, func(in in) {
			if in.F.Name != c.want {
				t.Errorf("%s: %q, want %q", c.disposition, in.F.Name, c.want)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", c.disposition, err)
		}
	}
}

// zeros is a file of n bytes, without the memory that these would take.
func zeros(n int64) io.Reader {
	return io.LimitReader(zeroReader{}, n)
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// inTempDir makes the test's own directory that of temporary files.
func inTempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("there are files left: %v, %v", entries, err)
	}
}

// TestLargeFiles: what is beyond 1 MiB is in a temporary file, and neither is left
// in memory nor on disk.
func TestLargeFiles(t *testing.T) {
	dir := inTempDir(t)
	type in struct {
		A, B, C *param.File
	}
	const large = 64 << 20
	header := func(name string) io.Reader {
		return strings.NewReader("--x\r\nContent-Disposition: form-data; name=" + name + "; filename=f\r\n\r\n")
	}
	body := io.MultiReader(header("a"), strings.NewReader("small"), strings.NewReader("\r\n"), header("b"), zeros(large), strings.NewReader("\r\n"),
		header("c"), zeros(2<<20), strings.NewReader("end\r\n--x--"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var kept in
	err := upload(t, body, 1<<30, func(in in) {
		runtime.ReadMemStats(&after)
		kept = in
		if content(t, in.A) != "small" || in.B.Size != large || in.C.Size != 2<<20+3 {
			t.Errorf("%d, %d", in.B.Size, in.C.Size)
		}
		r, err := in.C.Open()
		if err != nil {
			t.Fatal(err)
		}
		other, _ := in.C.Open()
		if at, err := r.Seek(-3, io.SeekEnd); at != 2<<20 || err != nil {
			t.Error(at, err)
		}
		if b, err := io.ReadAll(r); string(b) != "end" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		p := make([]byte, 5)
		if n, err := other.Read(p); n != 5 || !bytes.Equal(p, make([]byte, 5)) || err != nil {
			t.Error(n, p, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.ReadAt(p, 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("reading what is closed: %v", err)
		}
		if _, err := other.Read(p); err != nil {
			t.Errorf("closing one reader closes another: %v", err)
		}
		if runtime.GOOS == "linux" {
			empty(t, dir) // the file has no name any more
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 3<<20 { // the blocks of two files that were moved to disk
		t.Errorf("%d bytes were allocated", grown)
	}
	empty(t, dir)
	for _, f := range []*param.File{kept.A, kept.B, kept.C} {
		if _, err := f.Open(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after the request: %v", err)
		}
	}
}

// TestManyFilesInMemory: the bound is for all files together.
func TestManyFilesInMemory(t *testing.T) {
	inTempDir(t)
	type in struct{ F []*param.File }
	body := ""
	for i := range 10 {
		body += filePart("f", fmt.Sprint(i), "", strings.Repeat(fmt.Sprint(i), 200<<10))
	}
	err := upload(t, strings.NewReader(body+"--x--"), 1<<30, func(in in) {
		for i, f := range in.F {
			if content(t, f) != strings.Repeat(fmt.Sprint(i), 200<<10) {
				t.Errorf("file %d has another content", i)
			}
		}
		if memory, disk := param.Spooled(in.F[0]); memory > 1<<20 || disk < 700<<10 {
			t.Errorf("%d bytes in memory, %d on disk", memory, disk)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// TestBrokenUploads: nothing is left of a form that does not come to its end.
func TestBrokenUploads(t *testing.T) {
	dir := inTempDir(t)
	type in struct {
		F *param.File `maxLength:"3000000"`
		T string      `param:"t,optional"`
	}
	big := filePart("f", "f", "", strings.Repeat("x", 2<<20))
	for _, c := range []struct {
		what    string
		body    io.Reader
		maxBody int64
		want    string
	}{
		{"no end", strings.NewReader(big), 1 << 30, "the form in the body cannot be read: a part does not begin or end with the boundary"},
		{"a broken connection", io.MultiReader(strings.NewReader(big), iotest.ErrReader(io.ErrUnexpectedEOF)), 1 << 30, "the request body cannot be read"},
		{"too large", strings.NewReader(big + "--x--"), 2 << 20, "Request Entity Too Large: the request body is larger than 2097152 bytes"},
		{"a file too large", strings.NewReader(filePart("f", "f", "", strings.Repeat("x", 4<<20)) + "--x--"), 1 << 30, `parameter "f" must have at most 3000000 bytes`},
		{"much text", strings.NewReader(big + textPart("t", strings.Repeat("x", 1<<20)) + "--x--"), 1 << 30, "Request Entity Too Large: the form has more than 1048576 bytes besides its files"},
		{"much header", strings.NewReader(big + strings.Repeat("--x\r\nContent-Disposition: form-data; name=t\r\nX: "+strings.Repeat("y", 8000)+"\r\n\r\n\r\n", 200) + "--x--"), 1 << 30, "Request Entity Too Large: the form has more than 1048576 bytes besides its files"},
		{"another fault", strings.NewReader(big + textPart("z", "") + "--x--"), 1 << 30, `unexpected parameter "z"`},
	} {
		if err := upload[in](t, c.body, c.maxBody, nil); fault(err) != c.want {
			t.Errorf("%s: %q", c.what, fault(err))
		}
		empty(t, dir)
	}
	// Other kinds of bodies are in memory, and limited as such.
	b := compile(t, reflect.TypeFor[in](), strict)
	var src param.Source
	src.Reset(httptest.NewRecorder(), form("t="+strings.Repeat("x", 1<<20)), 1<<30, false)
	if err := b.Bind(none{}, &src, reflect.New(reflect.TypeFor[in]()).Elem()); fault(err) != "Request Entity Too Large: the request body is larger than 1048576 bytes" {
		t.Errorf("%q", fault(err))
	}
	src.Release()
	// A file that can't be written is a failure of the server, without its cause.
	t.Setenv("TMPDIR", filepath.Join(dir, "nowhere"))
	if err := upload[in](t, strings.NewReader(big+"--x--"), 1<<30, nil); fault(err) != "Internal Server Error: internal error" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// countingReader tells how much has been read.
type countingReader struct {
	io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// TestCredentialsBeforeFiles: a form is read up to its first file when credentials
// are looked for.
func TestCredentialsBeforeFiles(t *testing.T) {
	type in struct {
		F *param.File
		A string `param:"a,optional"`
	}
	o := strict
	o.Exempt = []string{"PASS"}
	b := compile(t, reflect.TypeFor[in](), o)
	big := filePart("f", "f", "", strings.Repeat("x", 1<<20))
	for _, c := range []struct {
		before, after, pass, want string
	}{
		{textPart("PASS", "p") + textPart("a", "1"), textPart("a", "2"), "p", `parameter "a" is given 2 times`},
		{textPart("PASS", "p"), textPart("a", "2"), "p", ""},
		{textPart("a", "1"), textPart("PASS", "p"), "", `parameter "PASS" must come before the files of the form`},
		{textPart("PASS", "p"), textPart("PASS", "q"), "p", `parameter "PASS" must come before the files of the form`},
	} {
		body := &countingReader{Reader: strings.NewReader(c.before + big + c.after + "--x--")}
		r := httptest.NewRequest("POST", "/", body)
		r.Header.Set("Content-Type", formBoundary)
		var src param.Source
		src.Reset(httptest.NewRecorder(), r, 1<<30, false)
		b.Prepare(&src)
		for range 2 {
			if text, _, err := src.Text("PASS"); text != c.pass || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		}
		if body.n > 64<<10 {
			t.Errorf("%d bytes were read for the credentials", body.n)
		}
		var v in
		if err := b.Bind(none{}, &src, reflect.ValueOf(&v).Elem()); fault(err) != c.want {
			t.Errorf("%q, want %q", fault(err), c.want)
		} else if err == nil && (v.A != "2" || v.F.Size != 1<<20) {
			t.Errorf("%+v", v)
		}
		src.Release()
		if left := param.Leftovers(&src); left != "" {
			t.Errorf("left is %.80q", left)
		}
	}
}

func TestFileSave(t *testing.T) {
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	f := param.NewFile("../x", "text/plain", bytes.Repeat([]byte("y"), 100_000))
	if f.Name != "x" || f.Size != 100_000 {
		t.Errorf("%+v", f)
	}
	if err := f.Save(dir, "a"); err != nil {
		t.Fatal(err)
	}
	if b, err := dir.ReadFile("a"); len(b) != 100_000 || err != nil {
		t.Error(len(b), err)
	}
	if info, err := dir.Stat("a"); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Error(info, err)
	}
	if err := f.Save(dir, "a"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if err := f.Save(dir, "../b"); err == nil {
		t.Error("a file outside of the directory")
	}
	if _, err := new(param.File).Open(); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

func TestFileFaults(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{struct{ F param.File }{}, "a file is a *param.File, and several are a []*param.File; change the field's type"},
		{struct{ F []param.File }{}, "a file is a *param.File"},
		{struct{ F *[]*param.File }{}, "a file is a *param.File"},
		{struct{ F map[string]*param.File }{}, "make it a field of the input type itself"},
		{struct{ F struct{ G *param.File } }{}, "make it a field of the input type itself"},
		{struct {
			F *param.File `default:"x"`
		}{}, "a file has no default"},
		{struct {
			F *param.File `in:"json"`
		}{}, "comes in a multipart form, not in json"},
		{struct {
			F *param.File `in:"body"`
		}{}, "comes in a multipart form, not in body"},
		{struct {
			F *param.File `pattern:"x"`
		}{}, "only minLength, maxLength (bytes), contentMediaType and"},
		{struct {
			F *param.File `maxItems:"2"`
		}{}, "only minLength"},
		{struct {
			F *param.File `format:"password"`
		}{}, "only minLength"},
		{struct {
			F []*param.File `minItems:"11"`
		}{}, "a form has 10 files at most"},
		{struct {
			F *param.File `minLength:"2" maxLength:"1"`
		}{}, "leave no value"},
		{struct {
			F *param.File `contentMediaType:"png"`
		}{}, `has "png", which is no type`},
		{struct {
			F *param.File `contentMediaType:"*/*"`
		}{}, `has "*/*", which is no type`},
		{struct {
			F *param.File `accept:"image/png"`
		}{}, "did you mean contentMediaType?"},
		{struct {
			F string `contentMediaType:"image/png"`
		}{}, "it is for files"},
		{struct {
			F *param.File
			J int `in:"json"`
		}{}, "a request has one body"},
	} {
		_, err := param.Compile[none](reflect.TypeOf(c.in), strict)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.in, err, c.want)
		}
	}
}
