package fsa

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Event is a server-sent event (HTML Standard, 9.2). A handler that gives a
// sequence of them, iter.Seq[fsa.Event] or iter.Seq2[fsa.Event, error], answers
// with text/event-stream, each event being sent as it comes:
//
//	func watch(ctx context.Context, in struct{ LastEventID fsa.Header `param:",optional"` }) (iter.Seq2[fsa.Event, error], error)
//
// A browser that has lost the connection comes back by itself, with the id of the
// last event that it has got in the header field Last-Event-ID. In between, a
// comment is sent every 15 s, so that nobody takes the connection for dead. If no
// event comes within a second, the header is sent without one; until then an error
// is answered as such, and after that it ends the connection.
//
// The sequence should end when its context does: that is when the client has gone.
// It is at least told so by yield. The context ends, too, when the server of [App.Run]
// or [App.Server] begins to stop: the stream then ends as if the sequence had, and the
// browser comes back to whoever serves next.
type Event struct {
	// ID is what the client sends in Last-Event-ID. It must hold no line
	// break and no NUL. Default: it keeps the one that it has.
	ID string

	// Name is the name under which the page listens, without a line break.
	// Default "message".
	Name string

	// Data is what the page gets: a string as it is, but that each line break
	// (CR LF, CR or LF) is LF there; any other value as JSON. An event
	// without data (nil) is not shown to the page; its ID and Retry count.
	Data any

	// Retry is how long the client is to wait, when it has lost the connection,
	// before it comes back, in milliseconds. Default: it decides.
	Retry time.Duration
}

const (
	eventsType = "text/event-stream"

	// openTime is how long the header of an event stream waits for the first
	// event.
	openTime = time.Second

	// aliveTime is the longest silence of an event stream. Proxies often end
	// connections after 60 s of it, some after 30 s.
	aliveTime = 15 * time.Second
)

// lineBreaks are the three that a reader of an event stream knows.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// appendEvent appends an event as it is sent. Its data are text.
func appendEvent(b []byte, ev *Event, data string) ([]byte, error) {
	if strings.ContainsAny(ev.ID, "\r\n\x00") {
		return nil, errors.New("fsa.Event: the ID holds a line break or NUL")
	}
	if strings.ContainsAny(ev.Name, "\r\n") {
		return nil, errors.New("fsa.Event: the name holds a line break")
	}
	if ev.Retry < 0 {
		return nil, errors.New("fsa.Event: Retry is negative")
	}
	field := func(name, value string) {
		b = append(b, name...)
		b = append(b, ": "...)
		b = append(b, strings.ToValidUTF8(value, "\uFFFD")...)
		b = append(b, '\n')
	}
	if ev.ID != "" {
		field("id", ev.ID)
	}
	if ev.Name != "" {
		field("event", ev.Name)
	}
	if ev.Retry > 0 {
		field("retry", strconv.FormatInt(max(1, ev.Retry.Milliseconds()), 10))
	}
	if ev.Data != nil {
		for line := range strings.SplitSeq(lineBreaks.Replace(data), "\n") {
			field("data", line)
		}
	}
	return append(b, '\n'), nil
}

// text gives the data of an event.
func (ev *Event) text(b *jsonBuffer, o json.Options) (string, error) {
	switch data := ev.Data.(type) {
	case nil:
		return "", nil
	case string:
		return data, nil
	}
	b.text.Reset()
	if err := json.MarshalEncode(&b.Encoder, ev.Data, o); err != nil {
		return "", fmt.Errorf("encoding an event: %w", err)
	}
	return strings.TrimSuffix(b.text.String(), "\n"), nil
}

// answerEvents answers with server-sent events.
func (q *sequence) answerEvents(c *call, e *envelope, seq reflect.Value) error {
	quiet(e)
	if c.req.HTTP.Method == http.MethodHead {
		return c.answerHead(e, eventsType)
	}
	s, err := c.newStream(e, eventsType)
	if err != nil {
		return err
	}
	defer s.abandon()
	defer c.untilStop()()
	s.keepAlive()
	o := c.route.h.json
	b := newJSON(o)
	defer b.release()
	var text []byte
	err = q.each(seq, func(elem reflect.Value) error {
		ev := elem.Interface().(*Event)
		data, err := ev.text(b, o)
		if err != nil {
			return err
		}
		if text, err = appendEvent(text[:0], ev, data); err != nil {
			return err
		}
		return s.write(text, true)
	})
	if err == nil {
		err = s.write(nil, true) // the header, if there was no event
	}
	return s.end(err)
}

// quiet adds to the header of an event stream what keeps it from being collected
// on its way: nobody may keep it, and nginx must not buffer it.
func quiet(e *envelope) {
	h := http.Header{"Cache-Control": {"no-store"}, "X-Accel-Buffering": {"no"}}
	for name, values := range e.header {
		h[name] = values
	}
	e.header = h
}

// keepAlive lets the stream begin though there is no event, and then breaks its
// silence.
func (s *stream) keepAlive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = true // and so no piece sets the timer
	s.pending = time.AfterFunc(openTime, s.alive)
}

// alive sends a comment, which clients ignore, if nothing has been sent for a
// while.
func (s *stream) alive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.guard()
	if s.over || s.err != nil || s.c.Context.Err() != nil {
		return
	}
	// One that has not begun has sent nothing since the year 1.
	if silent := time.Since(s.sent); silent < aliveTime {
		s.pending.Reset(aliveTime - silent)
		return
	}
	if s.begun {
		s.text = append(s.text, ":\n\n"...)
	}
	s.begin()
	s.flush()
	s.pending.Reset(aliveTime)
}
