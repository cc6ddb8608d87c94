package param

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/url"
	"os"
	"path"
	"reflect"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// File is a file of a multipart form. It is there until the request is answered;
// what should outlive that is copied, or kept by [File.Save]. All that it says of
// itself is the client's word, but for its Size.
type File struct {
	// Name is what the client calls the file: the last part of its path
	// there, 255 bytes at most, without separators, control and formatting
	// characters; "" if nothing is left. It is for people to read. It must
	// not be the name of a file here: two clients may choose the same one, or
	// that of a file of yours.
	Name string

	// ContentType is the type that the client says, as it says it; "" if it
	// says none. [net/http.DetectContentType] tells one from the content.
	ContentType string

	// Size is the number of bytes.
	Size int64

	chosen bool // a form sends an empty file without a name where none is chosen
	over   bool // it is larger than it may be, and was not kept
	spool  *spool
	blocks [][]byte // its content, unless that is in the spool's file
	at     int64    // where it begins there
	onDisk bool
}

// NewFile makes a file of a content, for tests that call a handler as the function
// that it is.
func NewFile(name, contentType string, content []byte) *File {
	f := &File{Name: baseName(name), ContentType: contentType, chosen: true, spool: new(spool)}
	for len(content) > 0 {
		n := min(len(content), blockSize)
		f.blocks = append(f.blocks, append(make([]byte, 0, blockSize), content[:n]...))
		f.Size += int64(n)
		content = content[n:]
	}
	return f
}

// Open gives the content, from its beginning; several may read it, each by an Open
// of its own. The error is [fs.ErrClosed] if the request has been answered, and so
// are those of later reads.
func (f *File) Open() (multipart.File, error) {
	if f.spool == nil || f.spool.closed.Load() {
		return nil, &fs.PathError{Op: "open", Path: f.Name, Err: fs.ErrClosed}
	}
	r := &fileReader{f: f}
	r.SectionReader = io.NewSectionReader(readerAt{r}, 0, f.Size)
	return r, nil
}

// Save writes the content to a new file of the given name in dir, which only the
// owner may read (0600). The name is the application's choice, never the client's;
// if there is a file of that name, the error holds [fs.ErrExist]. If the content
// cannot be written, no file is left.
func (f *File) Save(dir *os.Root, name string) error {
	from, err := f.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := dir.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return errors.Join(err, dir.Remove(name))
	}
	return nil
}

// fileReader reads a file.
type fileReader struct {
	*io.SectionReader
	f      *File
	closed atomic.Bool
}

// Close ends the reading; the file can be opened again.
func (r *fileReader) Close() error {
	if r.closed.Swap(true) {
		return fs.ErrClosed
	}
	return nil
}

type readerAt struct{ r *fileReader }

// ReadAt reads the content. The blocks of a file are never changed once it is
// there, so that whoever reads longer than the request lives reads nothing of
// another one's.
func (a readerAt) ReadAt(p []byte, off int64) (n int, err error) {
	f := a.r.f
	switch {
	case a.r.closed.Load() || f.spool.closed.Load():
		return 0, fs.ErrClosed
	case f.onDisk:
		return f.spool.file.ReadAt(p, f.at+off)
	}
	for n < len(p) && off < f.Size {
		copied := copy(p[n:], f.blocks[off/blockSize][off%blockSize:])
		n, off = n+copied, off+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// What the files of a request take of memory: blocks, of which there are
// maxBlocks. The content of a file that doesn't fit is in a temporary file.
const (
	blockSize = 32 << 10
	maxBlocks = 32
)

// spool holds the contents of the files of one request.
type spool struct {
	blocks int      // how many there are
	file   *os.File // nil until it is needed; of all files of the request
	name   string   // of that file, "" if it has no name any more
	end    int64    // of what is in it
	closed atomic.Bool
}

// write adds to the content of a file, which is the latest one.
func (s *spool) write(f *File, p []byte) error {
	f.Size += int64(len(p))
	for len(p) > 0 && !f.onDisk {
		last := len(f.blocks) - 1
		if last < 0 || len(f.blocks[last]) == blockSize {
			if s.blocks == maxBlocks {
				if err := s.spill(f); err != nil {
					return err
				}
				break
			}
			s.blocks++
			f.blocks = append(f.blocks, make([]byte, 0, blockSize))
			last++
		}
		n := min(len(p), blockSize-len(f.blocks[last]))
		f.blocks[last] = append(f.blocks[last], p[:n]...)
		p = p[n:]
	}
	return s.append(p)
}

// append adds to the temporary file.
func (s *spool) append(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := s.file.WriteAt(p, s.end)
	s.end += int64(n)
	return err
}

// spill moves the content of a file to the temporary file. That has no name any
// more where a file can be open without one, so that nothing is left of it even if
// the process is killed; elsewhere it is removed by close.
func (s *spool) spill(f *File) error {
	if s.file == nil {
		file, err := os.CreateTemp("", "fsa-upload-*") // 0600
		if err != nil {
			return err
		}
		s.file, s.name = file, file.Name()
		if os.Remove(s.name) == nil {
			s.name = ""
		}
	}
	f.at, f.onDisk = s.end, true
	for _, b := range f.blocks {
		if err := s.append(b); err != nil {
			return err
		}
	}
	s.drop(f)
	return nil
}

// drop forgets the blocks of a file.
func (s *spool) drop(f *File) {
	s.blocks -= len(f.blocks)
	f.blocks = nil
}

// close removes the temporary file. Whoever reads on gets [fs.ErrClosed].
func (s *spool) close() {
	s.closed.Store(true)
	if s.file == nil {
		return
	}
	s.file.Close()
	if s.name != "" {
		os.Remove(s.name)
	}
}

// maxName is the size in bytes of the longest file name: that of most systems.
const maxName = 255

// baseName gives what of a client's name for a file may be shown.
func baseName(name string) string {
	name = path.Base("/" + strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r == '/' || unicode.Is(unicode.Other, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1 // controls, formats such as the change of direction, what is no character
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	if name == "." || name == ".." {
		return ""
	}
	return name
}

// fileName gives the name of a file as its part says it: by filename, or by
// filename* (RFC 8187), which no form should send (RFC 7578, 4.2) and .NET does.
// chosen is false for the empty name that browsers send if no file is chosen.
func (p *part) fileName() (name string, chosen bool) {
	if p.extended != nil {
		charset, rest, _ := strings.Cut(*p.extended, "'")
		_, text, ok := strings.Cut(rest, "'")
		name, err := url.PathUnescape(text)
		if ok && err == nil && strings.EqualFold(charset, "utf-8") && utf8.ValidString(name) {
			return baseName(name), true
		}
	}
	if p.filename == nil {
		return "", true
	}
	return baseName(*p.filename), *p.filename != ""
}

// fileField is what a field for files asks of them.
type fileField struct {
	many     bool
	min, max int64 // bytes; max is -1 if there is no limit
	types    []string
	least    int // how many
	most     int // -1 if there is no limit
}

var (
	fileType  = reflect.TypeFor[*File]()
	filesType = reflect.TypeFor[[]*File]()
)

// isFile reports whether a field's type is about files, rightly or not.
func isFile(t reflect.Type) bool {
	for range 3 {
		if k := t.Kind(); k == reflect.Pointer || k == reflect.Slice || k == reflect.Array {
			t = t.Elem()
		}
	}
	return t == fileType.Elem()
}

// file makes f the field of a file, or of several.
func (f *field[R]) file(sf reflect.StructField, path []string, optional bool) error {
	if sf.Type != fileType && sf.Type != filesType {
		return fmt.Errorf("a file is a %v, and several are a %v; change the field's type", fileType, filesType)
	}
	if _, ok := sf.Tag.Lookup("default"); ok {
		return fmt.Errorf(`a file has no default; drop it, or say param:"%s,optional"`, f.Name)
	}
	f.Required = !optional
	if err := f.place(sf, path, nil); err != nil {
		return err
	}
	if f.In != Nowhere && f.In != Form {
		return fmt.Errorf("a file comes in a multipart form, not in %v; drop the tag in, or name the field otherwise", f.In)
	}
	f.In = Form
	k, err := ConstraintsOf(sf)
	if err != nil {
		return err
	}
	f.files = &fileField{many: sf.Type == filesType, min: int64(count(k.MinLength)), max: -1, types: k.ContentMediaType, least: count(k.MinItems), most: -1}
	if k.MaxLength != "" {
		f.files.max = int64(count(k.MaxLength))
	}
	if k.MaxItems != "" {
		f.files.most = count(k.MaxItems)
	}
	if !k.empty() {
		f.Constraints = &k
	}
	rest := k
	rest.MinLength, rest.MaxLength, rest.ContentMediaType = "", "", nil
	if f.files.many {
		rest.MinItems, rest.MaxItems = "", ""
	}
	switch {
	case !rest.empty() || k.Format != "":
		return fmt.Errorf("of the tags, only minLength, maxLength (bytes), contentMediaType and, of several files, minItems and maxItems fit a %v; drop the others", sf.Type)
	case f.files.least > maxFiles:
		return fmt.Errorf("the tag minItems:%q lets nothing pass, as a form has %d files at most; correct it", k.MinItems, maxFiles)
	}
	return k.contradiction()
}

// bindFiles sets the field of a file, or of several.
func (f *field[R]) bindFiles(s *sink, src *Source, pairs []pair, slot *slot, v reflect.Value) {
	s.name, s.in, s.secret = f.Name, filePart, false
	var files []*File
	for i := int(slot.first) - 1; i >= 0 && i < len(pairs); i++ {
		p := &pairs[i]
		if p.name != f.Name {
			continue
		}
		if p.in != filePart {
			if p.in == Form {
				s.in = Form
				s.bad("must be a file, which is sent by multipart/form-data", "")
				return
			}
			continue // unexpected there, and told as such
		}
		if file := src.uploads[p.file-1]; file.chosen || file.Size > 0 {
			files = append(files, file)
		}
	}
	switch n := len(files); {
	case n == 0:
		if f.Required {
			s.in = Nowhere
			s.note("parameter %q is missing: it is a file, which is sent by multipart/form-data", f.Name)
		}
		return
	case n > 1 && !f.files.many:
		s.note("parameter %q is given %d times", f.Name, n)
		return
	case n < f.files.least:
		s.bad("must have at least "+plural(f.files.least, "file"), "")
	case f.files.most >= 0 && n > f.files.most:
		s.bad("must have at most "+plural(f.files.most, "file"), "")
	}
	for i, file := range files {
		if len(files) > 1 {
			s.index = i + 1
		}
		f.files.check(s, file)
	}
	s.index = 0
	if f.files.many {
		*v.Addr().Interface().(*[]*File) = files
		return
	}
	*v.Addr().Interface().(**File) = files[0]
}

// check looks at one file.
func (k *fileField) check(s *sink, f *File) {
	if f.Size < k.min {
		s.bad("must have at least "+plural(int(k.min), "byte"), "")
	}
	if f.over {
		s.bad("must have at most "+plural(int(k.max), "byte"), "")
	}
	if k.types == nil {
		return
	}
	media, _, err := mime.ParseMediaType(f.ContentType)
	for _, t := range k.types {
		if family, ok := strings.CutSuffix(t, "*"); err == nil && (media == t || ok && strings.HasPrefix(media, family)) {
			return
		}
	}
	s.bad("must be of type "+strings.Join(k.types, " or "), f.ContentType)
}
