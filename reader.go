package fsa

import (
	"errors"
	"io"
	"net/http"
)

var errNilReader = errors.New("the handler's answer is a nil reader")

// answerReader answers with what a reader gives, until it ends. Nothing is known
// of it, so it is application/octet-stream unless the handler says otherwise. An
// error of the first Read is the answer; a later one ends the connection.
func (c *call) answerReader(e envelope, r io.Reader) error {
	if r == nil {
		return errNilReader
	}
	if c.req.HTTP.Method == http.MethodHead {
		return c.answerHead(&e, octets)
	}
	s, err := c.newStream(&e, octets)
	if err != nil {
		return err
	}
	defer s.abandon()
	buf := make([]byte, flushSize)
	for empty := 0; err == nil; {
		var n int
		switch n, err = r.Read(buf); {
		case n > 0 && err != nil && err != io.EOF && !s.hasBegun():
			// Nothing has been sent: the error is the answer.
		case n > 0:
			empty = 0
			if werr := s.write(buf[:n], false); werr != nil {
				err = werr
			}
		case err == nil:
			if empty++; empty == 100 {
				err = io.ErrNoProgress
			}
		}
	}
	if err == io.EOF {
		err = nil
		if !s.hasBegun() && c.Context.Err() == nil {
			return c.send(e, http.StatusOK, octets, nil)
		}
	}
	return s.end(err)
}
