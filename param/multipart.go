package param

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// The limits of a multipart form, besides maxPairs for its parts.
const (
	maxFiles       = 10
	maxPartHeaders = 64
	maxPartHeader  = 8 << 10 // bytes of all header fields of a part
)

var (
	errBoundary    = errors.New("a part does not begin or end with the boundary")
	errPartHeader  = errors.New("a part has a malformed header")
	errPartHeaders = fmt.Errorf("a part has more than %d header fields, or more than %d bytes of them", maxPartHeaders, maxPartHeader)
	errDisposition = errors.New("a part has no valid Content-Disposition: form-data with a name")
	errPartType    = errors.New("a part is neither text/plain nor application/json in UTF-8, nor a file")
	errPartCode    = errors.New("a part has a Content-Transfer-Encoding")
	errFiles       = fmt.Errorf("more than %d files", maxFiles)
)

// isMalformed reports whether an error is about the form, not about its reading.
func isMalformed(err error) bool {
	return slices.Contains([]error{errBoundary, errPartHeader, errPartHeaders, errDisposition, errPartType, errPartCode, errFiles, errTooMany}, err)
}

// boundaryRE is RFC 2046, 5.1.1.
var boundaryRE = regexp.MustCompile(`^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$`)

// multipartReader cuts a body of type multipart/form-data (RFC 7578) into its
// parts, as it comes.
//
// It reads what browsers, curl and package mime/multipart write, and nothing else:
// no text before, between or after the parts, no encoding of parts, no folded
// header fields. Whatever two readers could take for different parts is refused.
// An error that is none of those above is one of the body's.
type multipartReader struct {
	r            *bufio.Reader
	dashes       []byte // the boundary with what is before it
	bare         []byte // that, at the beginning of a line
	begun        bool
	parts, files int
	size         int // bytes of the latest header
	at           int // bytes that have been read
	end          int // of them, before the boundary behind the latest content
}

// multipartBuffer is the size of the buffer, in which there is room for the header
// of a part.
const multipartBuffer = 16 << 10

func newMultipartReader(body io.Reader, boundary string) *multipartReader {
	return &multipartReader{r: bufio.NewReaderSize(body, multipartBuffer), dashes: []byte("--" + boundary), bare: []byte("\n--" + boundary)}
}

// next gives the next part, up to its content, which must be read before the one
// after it. The error is [io.EOF] after the last part.
func (m *multipartReader) next() (part, error) {
	if !m.begun {
		m.begun = true
		if err := m.expect(m.dashes); err != nil {
			return part{}, err
		}
	}
	end, err := m.r.Peek(len("--\r\n") + 1)
	if err != nil && err != io.EOF {
		return part{}, err
	}
	if rest, ok := bytes.CutPrefix(end, []byte("--")); ok {
		if len(rest) > 0 && string(rest) != "\r\n" {
			return part{}, errBoundary
		}
		return part{}, io.EOF
	}
	if err := m.expect([]byte("\r\n")); err != nil {
		return part{}, err
	}
	if m.parts++; m.parts > maxPairs {
		return part{}, errTooMany
	}
	p, err := m.header()
	if err != nil {
		return p, err
	}
	if begin, err := m.r.Peek(len(m.dashes)); bytes.Equal(begin, m.dashes) {
		return p, errBoundary // a part's end to some
	} else if err != nil && err != io.EOF {
		return p, err
	}
	if p.in == filePart {
		if m.files++; m.files > maxFiles {
			return p, errFiles
		}
	}
	return p, nil
}

// expect passes over what must come now.
func (m *multipartReader) expect(text []byte) error {
	got, err := m.r.Peek(len(text))
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(got, text) {
		return errBoundary
	}
	m.discard(len(text))
	return nil
}

// header reads the header of a part.
func (m *multipartReader) header() (part, error) {
	const most = maxPartHeader + len("\r\n")
	want, full := 1, false
	for {
		text, err := m.r.Peek(want)
		if err != nil && err != io.EOF {
			return part{}, err
		}
		if err == nil {
			text, _ = m.r.Peek(min(m.r.Buffered(), most))
		}
		end := bytes.Index(text, []byte("\r\n\r\n"))
		switch {
		case bytes.HasPrefix(text, []byte("\r\n")):
			end = len("\r\n")
		case end >= 0:
			end += len("\r\n\r\n")
		case err == nil && len(text) < most:
			want = len(text) + 1
			continue
		default:
			full = len(text) == most
			end = len(text)
		}
		p, rest, err := partHeader(string(text[:end]))
		if full && err == errPartHeader {
			err = errPartHeaders
		}
		m.size = end - len(rest)
		m.discard(m.size)
		return p, err
	}
}

// content gives the content of a part to take, piece by piece, and passes over the
// boundary behind it. The pieces are the reader's.
func (m *multipartReader) content(take func([]byte) error) error {
	hold := len("\r") + len(m.bare) - 1 // so much may be the beginning of the boundary
	for {
		_, err := m.r.Peek(hold + 1)
		if err != nil && err != io.EOF {
			return err
		}
		text, _ := m.r.Peek(m.r.Buffered())
		if i := bytes.Index(text, m.bare); i >= 0 {
			if i == 0 || text[i-1] != '\r' {
				return errBoundary // a part's end to some
			}
			if err := take(text[:i-1]); err != nil {
				return err
			}
			m.end = m.at + i - 1
			m.discard(i + len(m.bare))
			return nil
		}
		if err == io.EOF {
			return errBoundary
		}
		if err := take(text[:len(text)-hold]); err != nil {
			return err
		}
		m.discard(len(text) - hold)
	}
}

func (m *multipartReader) discard(n int) {
	m.r.Discard(n)
	m.at += n
}

// wipe forgets what has been read.
func (m *multipartReader) wipe() {
	m.r.Reset(nil)
	b, _ := m.r.Peek(0)
	clear(b[:cap(b)])
}

// part is the header of a part.
type part struct {
	pair
	media    string  // its Content-Type
	filename *string // of a file: by filename
	extended *string // by filename*
	seen     [3]bool // which fields there were: each may be there once
}

// partHeader reads the header of a part, and gives what follows it.
func partHeader(text string) (p part, content string, err error) {
	var h part
	size := len(text)
	for n := 0; ; n++ {
		line, rest, ok := strings.Cut(text, "\r\n")
		switch {
		case !ok:
			return p, "", errPartHeader
		case line == "":
			return h, rest, h.check()
		case n == maxPartHeaders, size-len(rest) > maxPartHeader:
			return p, "", errPartHeaders
		}
		text = rest
		name, value, ok := strings.Cut(line, ":")
		if !ok || !grammar.IsToken(name) || strings.ContainsFunc(value, isControl) || !utf8.ValidString(value) {
			return p, "", errPartHeader
		}
		if err := h.add(name, strings.Trim(value, " \t")); err != nil {
			return p, "", err
		}
	}
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// add takes from a header field what it says about the parameter.
func (h *part) add(field, value string) error {
	var i int
	switch {
	case strings.EqualFold(field, "Content-Disposition"):
		i = 0
	case strings.EqualFold(field, "Content-Type"):
		i = 1
	case strings.EqualFold(field, "Content-Transfer-Encoding"):
		i = 2
	default:
		return nil // RFC 7578, 4.8: to be ignored
	}
	if h.seen[i] {
		return errPartHeader
	}
	h.seen[i] = true
	switch i {
	case 0:
		return h.disposition(value)
	case 1:
		h.media = value
		return nil
	}
	switch strings.ToLower(value) {
	case "7bit", "8bit", "binary":
		return nil
	}
	return errPartCode // RFC 7578, 4.7: nobody should send it
}

// check looks at the header as a whole.
func (h *part) check() error {
	switch {
	case !h.seen[0]:
		return errDisposition
	case h.in != filePart && h.seen[1] && !isPlainType(h.media):
		return errPartType
	}
	return nil
}

func isPlainType(value string) bool {
	if value == "text/plain" || value == "application/json" {
		return true
	}
	media, args, err := mime.ParseMediaType(value)
	if err != nil || media != "text/plain" && media != "application/json" {
		return false
	}
	charset := strings.ToLower(args["charset"])
	return charset == "" || charset == "utf-8" || charset == "us-ascii"
}

// disposition reads the value of Content-Disposition: the name, and whether the
// part is a file.
func (p *part) disposition(value string) error {
	kind, rest, _ := strings.Cut(value, ";")
	if !strings.EqualFold(strings.TrimRight(kind, " \t"), "form-data") {
		return errDisposition
	}
	named := false
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; {
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return errDisposition
		}
		var text string
		if text, rest, ok = dispositionValue(after); !ok {
			return errDisposition
		}
		switch strings.ToLower(key) {
		case "name":
			if named || readTwoWays(after[:len(after)-len(rest)]) {
				return errDisposition
			}
			p.name, named = text, true
		case "filename":
			if p.filename != nil {
				return errDisposition
			}
			p.filename = &text
		case "filename*":
			if p.extended != nil {
				return errDisposition
			}
			p.extended = &text
		default:
			return errDisposition
		}
	}
	if !named {
		return errDisposition
	}
	p.in = Form
	if p.filename != nil || p.extended != nil {
		p.in = filePart
	}
	return nil
}

// readTwoWays reports whether a quoted name has a backslash before a character for
// which some readers drop it and others keep it (package mime drops it before all
// special characters of RFC 2045). What stands before us could have read another
// name than we would.
func readTwoWays(quoted string) bool {
	for i := 0; i+1 < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		i++
		if strings.IndexByte("()<>@,;:/[]?=", quoted[i]) >= 0 {
			return true
		}
	}
	return false
}

// dispositionValue reads a parameter's value, a token or a quoted string, and
// what separates it from the next parameter.
func dispositionValue(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		text, rest, more := strings.Cut(s, ";")
		text = strings.TrimRight(text, " \t")
		rest = strings.TrimLeft(rest, " \t")
		return text, rest, grammar.IsToken(text) && (!more || rest != "")
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 == len(s) {
				return "", "", false
			}
			if b.Len() == 0 {
				b.WriteString(s[1:i])
			}
			// Browsers write a backslash as it is, and so it is read before others
			// than these two.
			if s[i+1] == '"' || s[i+1] == '\\' {
				i++
			}
			b.WriteByte(s[i])
		case '"':
			if text = b.String(); b.Len() == 0 {
				text = s[1:i]
			}
			rest = strings.TrimLeft(s[i+1:], " \t")
			if rest == "" {
				return text, "", true
			}
			if rest, ok = strings.CutPrefix(rest, ";"); !ok {
				return "", "", false
			}
			rest = strings.TrimLeft(rest, " \t")
			return text, rest, rest != ""
		default:
			if b.Len() > 0 {
				b.WriteByte(s[i])
			}
		}
	}
	return "", "", false
}
