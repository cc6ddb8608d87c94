package fsatest

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// eventReader reads server-sent events as a browser does (HTML Standard, 9.2.6).
type eventReader struct {
	lines *bufio.Reader
	cr    bool // the last line ended in CR, so LF is a part of that
}

func newEventReader(r io.Reader) *eventReader { return &eventReader{lines: bufio.NewReader(r)} }

// next gives the next event. Unlike a browser it gives those without data too,
// with nil Data, if they have an ID or a Retry. What is not ended by an empty line
// is no event.
func (p *eventReader) next() (ev fsa.Event, err error) {
	var data []string
	for {
		line, err := p.line()
		if err != nil {
			return fsa.Event{}, err
		}
		if line == "" {
			if data != nil {
				ev.Data = strings.Join(data, "\n")
			}
			if ev != (fsa.Event{}) {
				return ev, nil
			}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "data":
			data = append(data, value)
		case "event":
			ev.Name = value
		case "id":
			if !strings.Contains(value, "\x00") {
				ev.ID = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 32); err == nil {
				ev.Retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

// line reads a line, which LF, CR or CR LF ends.
func (p *eventReader) line() (string, error) {
	var b strings.Builder
	for {
		c, err := p.lines.ReadByte()
		if err != nil {
			return "", err
		}
		lf := c == '\n' && p.cr
		p.cr = c == '\r'
		switch {
		case lf:
		case c == '\n', c == '\r':
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
}
