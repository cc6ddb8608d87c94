package fsa

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

// Content is a file: the output of handlers whose answer clients may want a part
// of, or may have already. Ranges, HEAD and the conditions of a request (If-Match,
// If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range) are answered as
// by [http.ServeContent]: 200, 206, 304, 412 or 416. [FileOf] gives that of a file
// system.
//
//	return fsa.Content{Name: upload.Name, Body: file, Attachment: true}, nil
//
// The status is never another one; header fields more are said by a [Response]
// whose Body is the Content.
type Content struct {
	// Name is the file's name. It may be what a user has chosen: only what is
	// behind its last slash or backslash counts, without characters that are
	// not printed.
	Name string

	// Type is the media type. Default: by the extension of Name if that is of
	// a picture, a sound, a video, a font or plain text, else
	// application/octet-stream. What a browser runs (HTML, SVG, scripts) is
	// not taken from a name: it must be said here by who knows where the file
	// is from.
	Type string

	// Attachment lets browsers store the file under its name instead of
	// showing it.
	Attachment bool

	// ModTime is when the file was changed, in seconds. Default: not known.
	ModTime time.Time

	// ETag is the file's entity tag without its quotes, as "v42": another one
	// whenever its bytes are others. Default: none.
	ETag string

	// Body has the bytes. It is closed if it is an [io.Closer], whatever
	// becomes of the answer.
	Body io.ReadSeeker
}

func (f *Content) close() {
	if closer, ok := f.Body.(io.Closer); ok {
		closer.Close()
	}
}

// FileOf opens a file of a file system, for a handler to answer with:
//
//	//go:embed static
//	var static embed.FS
//
//	func asset(ctx context.Context, in struct{ Path string }) (fsa.Content, error) { // of "/static/{path...}"
//		return fsa.FileOf(static, "static/"+in.Path)
//	}
//
// The name is one of [io/fs]: slashes, no dot segments, not rooted. One that is
// not, that has a hidden element (which begins with a dot), a backslash or a
// colon, or that is not that of a regular file (but of a directory, say), is an
// [Error] of status 404, as one of no file is. No name leads out of the file
// system; but [os.DirFS] follows symbolic links, so for a directory that others
// write to use [os.Root.FS].
//
// The media type is that of the extension, HTML, SVG and scripts too: the files
// are taken to be the application's own. What users have stored is better answered
// by a [Content] with a Name.
func FileOf(fsys fs.FS, name string) (Content, error) {
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00") || slices.ContainsFunc(strings.Split(name, "/"), hidden) {
		return Content{}, errNoFile
	}
	// Opening what is not a file may block (a pipe), so it is not.
	if info, err := fs.Stat(fsys, name); err != nil || !info.Mode().IsRegular() {
		return Content{}, fileError(err)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return Content{}, fileError(err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return Content{}, fileError(err)
	}
	body, ok := f.(io.ReadSeeker)
	if !ok {
		f.Close()
		return Content{}, fmt.Errorf("fsa.FileOf: a %T cannot seek, as ranges and sizes need it", f)
	}
	base := path.Base(name)
	return Content{Name: base, Type: typeOf(base, true), ModTime: info.ModTime(), Body: body}, nil
}

func hidden(element string) bool { return strings.HasPrefix(element, ".") }

var errNoFile = httperr.Errorf(http.StatusNotFound, "not found")

// fileError gives the answer to a file that cannot be opened. err is nil if it is
// not a regular one.
func fileError(err error) error {
	for _, none := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR, syscall.ENAMETOOLONG} {
		if err == nil || errors.Is(err, none) {
			return errNoFile // the client has chosen such a name
		}
	}
	return fmt.Errorf("fsa.FileOf: %w", err)
}

// maxRanges is how many ranges a request may ask for. Each costs a header of its
// own; with more, all of the content is sent, as is allowed (RFC 9110, 14.2).
const maxRanges = 16

// answerContent answers with a file.
func (c *call) answerContent(e envelope, f Content) error {
	if f.Body == nil {
		return errors.New("fsa.Content: the Body is nil")
	}
	if e.status != 0 || c.route.options.status != 0 {
		return errors.New("fsa.Content: its status is 200, 206, 304, 412 or 416, as the request asks")
	}
	if err := f.describe(&e); err != nil {
		return err
	}
	w := &contentWriter{ResponseWriter: c.w, c: c, e: &e, control: http.NewResponseController(c.w), header: http.Header{}}
	for name, values := range e.header {
		w.header[name] = values
	}
	asked := conditions(c.req.HTTP)
	body := f.Body
	if v := asked.Header["Range"]; len(v) > 0 && strings.Contains(v[0], ",") {
		apart := &apartReader{body: body}
		defer apart.end()
		body = apart
	}
	http.ServeContent(w, asked, "", f.ModTime, body)
	return w.end()
}

// apartReader is content of which several ranges are read: [http.ServeContent]
// reads them in a goroutine of its own, which may outlast it. A panic there would
// end the program, and a Body must not be closed while it is read.
type apartReader struct {
	mu   sync.Mutex
	body io.ReadSeeker
	over bool
}

func (r *apartReader) Read(b []byte) (int, error) {
	n, err := r.apart(func() (int64, error) {
		n, err := r.body.Read(b)
		return int64(n), err
	})
	return int(n), err
}

func (r *apartReader) Seek(offset int64, whence int) (int64, error) {
	return r.apart(func() (int64, error) { return r.body.Seek(offset, whence) })
}

func (r *apartReader) apart(f func() (int64, error)) (n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return 0, fs.ErrClosed
	}
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("panic in the Body of a fsa.Content: %v", p)
		}
	}()
	return f()
}

// end waits for what is read, and lets nothing more be.
func (r *apartReader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
}

// describe adds to the envelope what is said of the file.
func (f *Content) describe(e *envelope) error {
	h := http.Header{}
	switch {
	case f.Type != "":
		h.Set("Content-Type", f.Type)
	default:
		h.Set("Content-Type", typeOf(baseName(f.Name), false))
	}
	if f.Attachment {
		h.Set("Content-Disposition", attachment(f.Name))
	}
	if f.ETag != "" {
		if strings.ContainsFunc(f.ETag, func(r rune) bool { return r <= ' ' || r == '"' || r >= 0x7f }) {
			return errors.New("fsa.Content: the ETag is not printable ASCII without spaces and quotes")
		}
		h.Set("Etag", `"`+f.ETag+`"`)
	}
	if err := badValue("Content-Type", f.Type); err != nil {
		return fmt.Errorf("fsa.Content: %w", err)
	}
	for name, values := range e.header {
		h[name] = values
	}
	e.header = h
	return nil
}

// conditions gives what [http.ServeContent] reads of a request: its method, and
// the conditions if it only reads. After any other, the work is done, and its
// answer is whole.
func conditions(r *http.Request) *http.Request {
	plain := &http.Request{Method: r.Method, Header: http.Header{}}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return plain
	}
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"} {
		if v := r.Header[name]; len(v) > 0 {
			plain.Header[name] = v
		}
	}
	if v := plain.Header["Range"]; len(v) > 1 || len(v) == 1 && strings.Count(v[0], ",") >= maxRanges {
		plain.Header.Del("Range")
	}
	return plain
}

// contentWriter is what [http.ServeContent] writes to. It lets the header be
// completed when the status is known, errors go through the renderer, and large
// content take its time: each part of it has the time of a whole answer.
type contentWriter struct {
	http.ResponseWriter
	c       *call
	e       *envelope
	control *http.ResponseController
	header  http.Header // until the status is known
	length  string      // that is promised
	status  int
	sent    int64
	err     error // of reading or of writing
}

// Header gives the header that ServeContent fills in.
func (w *contentWriter) Header() http.Header { return w.header }

// WriteHeader sends the header of a success with the first bytes that follow. It is
// called once, before anything is written.
func (w *contentWriter) WriteHeader(status int) {
	if w.status = status; status >= 400 {
		return
	}
	if w.err = w.c.ready(status); w.err != nil {
		w.status = http.StatusInternalServerError // nothing is sent
		return
	}
	w.length = w.header.Get("Content-Length")
	w.e.header = w.header
	w.c.head(status, "", w.e)
}

var errUnsent = errors.New("a failure takes the place of the content")

// partSize is the size in bytes of a part that must be sent within writeTime.
const partSize = 256 << 10

// Write sends a part of the content.
func (w *contentWriter) Write(b []byte) (int, error) {
	n, err := w.ReadFrom(bytes.NewReader(b))
	return int(n), err
}

// ReadFrom sends content part by part, so that the server can let the system
// send a file by itself. Of a failure nothing is sent: ours takes the place of its
// text.
func (w *contentWriter) ReadFrom(r io.Reader) (total int64, err error) {
	if w.status >= 400 {
		return 0, errUnsent
	}
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	for limited.N > 0 && err == nil {
		w.control.SetWriteDeadline(w.c.writeBy())
		part := &io.LimitedReader{R: limited.R, N: min(limited.N, partSize)}
		var n int64
		n, err = io.Copy(w.ResponseWriter, part)
		total += n
		limited.N -= n
		if n == 0 {
			break // there is no more
		}
	}
	w.sent += total
	if err != nil {
		w.err = err
		if w.c.Context.Err() != nil {
			w.err = fmt.Errorf("%w: %w", errGone, err)
		}
	}
	return total, w.err
}

// end gives the error of the answer. One that comes when the header has been sent
// ends the connection; see [call.fail].
func (w *contentWriter) end() error {
	switch {
	case w.err != nil:
		return w.err
	case w.status == http.StatusRequestedRangeNotSatisfiable:
		e := httperr.Errorf(w.status, "the content has no such range")
		if v := w.header.Get("Content-Range"); v != "" {
			e = e.WithHeader("Content-Range", v)
		}
		return e
	case w.status == http.StatusPreconditionFailed:
		return httperr.Errorf(w.status, "the content is not as the request demands")
	case w.status >= 400:
		return errors.New("fsa.Content: the Body cannot seek, or its size cannot be told")
	case w.c.req.HTTP.Method != http.MethodHead && w.length != "" && w.length != fmt.Sprint(w.sent):
		return fmt.Errorf("fsa.Content: the Body ended after %d of %s bytes", w.sent, w.length)
	}
	return nil
}
