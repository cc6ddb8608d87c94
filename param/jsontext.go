package param

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of JSON values.
const maxDepth = 64

// decoder is a JSON decoder out of a pool: making one costs more than most
// requests do with it.
type decoder struct {
	jsontext.Decoder
	text bytes.Buffer
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// borrowDecoder gives a decoder of text, which must not change until release.
func borrowDecoder(text []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.text = *bytes.NewBuffer(text[:len(text):len(text)])
	d.Reset(&d.text, duplicatesChecked)
	return d
}

// duplicatesChecked is for text whose names are looked at by measureJSON.
var duplicatesChecked = jsontext.AllowDuplicateNames(true)

func (d *decoder) release() {
	d.text = bytes.Buffer{}
	d.Reset(&d.text, duplicatesChecked) // drops the alias of the text
	decoders.Put(d)
}

var errTrailing = errors.New("there is more after the value")

// errDuplicate is for a name that its object has twice, at an offset in bytes.
type errDuplicate int

func (e errDuplicate) Error() string { return fmt.Sprintf("a name is given twice, at byte %d", int(e)) }

// look measures JSON text. The error is for text that is well-formed otherwise.
func look(text []byte) (m measure, err error) {
	if len(text) > math.MaxUint32 {
		return m, errLong
	}
	if m = measureJSON(text); m.twice >= 0 {
		err = errDuplicate(m.twice)
	}
	return m, err
}

var errLong = errors.New("it is longer than 4 GiB")

// onlyValue reads one value, checks it, and checks that nothing follows.
func onlyValue(d *jsontext.Decoder) error {
	if _, err := d.ReadValue(); err != nil {
		return err
	}
	switch _, err := d.ReadToken(); err {
	case io.EOF:
		return nil
	case nil:
		return errTrailing
	default:
		return err
	}
}

// syntaxReason says what is wrong with JSON text, and where. It quotes nothing
// of it: the fault may be in the middle of a secret.
func syntaxReason(err error, text []byte) string {
	var s *jsontext.SyntacticError
	var twice errDuplicate
	switch {
	case errors.As(err, &twice):
		return twice.Error()
	case err == nil, err == errTrailing:
		return errTrailing.Error()
	case err == errLong:
		return err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ends too early"
	case !errors.As(err, &s):
		return "it cannot be read"
	case !utf8.Valid(text):
		return "it is not valid UTF-8"
	}
	return fmt.Sprintf("syntax error at byte %d", s.ByteOffset)
}

// elements counts the elements of a list whose text, known to be well-formed,
// begins with the first of them.
func elements(text []byte) int {
	n, depth, quoted := 1, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth < 0 {
				return n
			}
		case c == ',' && depth == 0:
			n++
		}
	}
	return n
}
