package fsa

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
)

// TestApartReaderEnds: once the answer is over, whoever still reads the content gets
// nothing of it: it is closed by then. No request can be made to come so late.
func TestApartReaderEnds(t *testing.T) {
	body := strings.NewReader("text")
	r := &apartReader{body: body}
	b := make([]byte, 2)
	if n, err := r.Read(b); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	r.end()
	if n, err := r.Read(b); n != 0 || !errors.Is(err, fs.ErrClosed) {
		t.Error(n, err)
	}
	if _, err := r.Seek(0, io.SeekStart); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if body.Len() != 2 {
		t.Errorf("%d bytes are left", body.Len())
	}
}
