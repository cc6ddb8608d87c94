package param

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"unsafe"

	"github.com/fastsimpleauth/fsa/httperr"
)

// errStreamed is told to those who would read a form with files after the source
// has.
var errStreamed = httperr.Errorf(http.StatusBadRequest, "the form in the body has been read already, and its files are not kept twice")

// beginForm begins to read a form whose files are kept, up to the first of them.
func (s *Source) beginForm(boundary string) error {
	s.form = newMultipartReader(http.MaxBytesReader(s.w, s.r.Body, s.maxBody), boundary)
	s.taken += multipartBuffer
	s.readErr = errStreamed
	if s.replay {
		s.r.Body = io.NopCloser(failing{http.ErrBodyReadAfterClose}) // a half of it would be worse than nothing
	}
	return s.readForm(true)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// readForm reads the form on, to its end or, with pause, up to the first file.
func (s *Source) readForm(pause bool) error {
	for {
		p, err := s.nextPart(pause)
		if p == nil || err != nil {
			if pause && err == nil && s.paused != nil {
				return nil
			}
			s.form.wipe()
			s.form = nil
			return formError(err)
		}
		s.pairs = append(s.pairs, p.pair)
	}
}

// formError makes the answer to a form that has not been read to its end.
func formError(err error) error {
	var e *httperr.Error
	var failed *spoolError
	switch {
	case err == nil, errors.As(err, &e):
		return err
	case errors.As(err, &failed):
		return httperr.Wrap(http.StatusInternalServerError, "internal error", err)
	case isMalformed(err):
		return unreadable(err)
	}
	return unread(err)
}

// spoolError is that a file could not be kept.
type spoolError struct{ error }

func (e *spoolError) Unwrap() error { return e.error }

// nextPart reads a part of the form with its content. It gives nil after the last
// one, and also, with pause, before the first file.
func (s *Source) nextPart(pause bool) (*part, error) {
	p := s.paused
	if p == nil {
		next, err := s.form.next()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if p = &next; pause && p.in == filePart {
			s.paused = p
			return nil, nil
		}
	}
	if err := s.spendText(s.form.size); err != nil {
		return nil, err
	}
	if p.in == filePart {
		s.paused = nil
		return p, s.readFile(p)
	}
	if slices.Contains(s.asked, p.name) {
		return nil, httperr.Errorf(http.StatusBadRequest, "parameter %q must come before the files of the form", p.name)
	}
	var err error
	p.text, err = s.partText()
	return p, err
}

// partText reads the content of a part that is no file.
func (s *Source) partText() (string, error) {
	if s.keeps == nil {
		begin := s.form.at
		err := s.form.content(func([]byte) error { return nil })
		return s.formText[begin:max(begin, s.form.end)], err
	}
	var text []byte
	err := s.form.content(func(piece []byte) error {
		if err := s.spendText(len(piece)); err != nil {
			return err
		}
		if n := len(text) + len(piece); n > cap(text) {
			text = append(make([]byte, 0, max(n, 2*cap(text))), text...)
		}
		text = append(text, piece...)
		return nil
	})
	return unsafe.String(unsafe.SliceData(text), len(text)), err // nobody has the bytes any more
}

// spendText accounts for what of a form is no file. Without files, the limit of
// the body does.
func (s *Source) spendText(n int) error {
	if s.keeps == nil {
		return nil
	}
	s.texts += n
	s.taken += 2 * n
	if int64(s.texts) > s.limit() {
		return httperr.Errorf(http.StatusRequestEntityTooLarge, "the form has more than %d bytes besides its files", s.limit())
	}
	return nil
}

// readFile keeps the content of a file, or passes over it if it is nobody's or
// larger than it may be.
func (s *Source) readFile(p *part) error {
	i := slices.IndexFunc(s.keeps, func(k fileKeep) bool { return k.name == p.name })
	if i < 0 {
		return s.form.content(func([]byte) error { return nil })
	}
	most := s.keeps[i].most
	if s.spool == nil {
		s.spool = new(spool)
	}
	f := &File{ContentType: p.media, spool: s.spool}
	f.Name, f.chosen = p.fileName()
	s.uploads = append(s.uploads, f)
	p.file = int8(len(s.uploads))
	before := s.spool.blocks
	err := s.form.content(func(piece []byte) error {
		if f.over = f.over || most >= 0 && f.Size+int64(len(piece)) > most; f.over {
			f.Size += int64(len(piece))
			s.spool.drop(f)
			return nil
		}
		if err := s.spool.write(f, piece); err != nil {
			return &spoolError{err}
		}
		return nil
	})
	s.taken += max(0, s.spool.blocks-before) * blockSize
	return err
}

// releaseFiles removes the files of the request.
func (s *Source) releaseFiles() {
	if s.form != nil {
		s.form.wipe()
	}
	if s.spool != nil {
		s.spool.close()
	}
	s.keeps, s.form, s.paused, s.texts, s.asked, s.uploads, s.spool = nil, nil, nil, 0, nil, nil, nil
}
