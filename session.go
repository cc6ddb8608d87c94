package fsa

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"
)

// maxSession is how many bytes of JSON a session may have.
const maxSession = 64 << 10

// Session is a small bag of values that belong to one log-in session: what stands in a
// basket, where a form of several pages has got to. What belongs to the user belongs
// into the user's own data.
//
// A field of type *Session in a handler's input is a special parameter. Its values come
// from whoever keeps sessions, which is package accounts, or the function that the
// application gives to [SpecialWithRelease]; what the handler changes is kept when it
// succeeds. Tests make one by [NewSession].
//
// Values are kept as JSON (package encoding/json), of 64 KiB in all. The methods may be
// called by several goroutines. The zero Session is empty.
type Session struct {
	mu      sync.Mutex
	values  map[string]json.RawMessage
	size    int // of the object of all values, but for its braces
	changed bool
}

// NewSession makes a session that has these values already, which it copies. Where they
// have more than 64 KiB, none can be added until enough are deleted.
func NewSession(values map[string]json.RawMessage) *Session {
	s := &Session{values: map[string]json.RawMessage{}}
	for key, value := range values {
		s.values[key] = bytes.Clone(value)
		s.size += sizeOf(key, value)
	}
	return s
}

// sizeOf gives what a value adds to the object of all: its key, its text, a colon, a
// comma.
func sizeOf(key string, value json.RawMessage) int {
	name, _ := json.Marshal(key) // of a string, it can't fail
	return len(name) + len(value) + 2
}

// Get stores the value of a key in what v points to, and reports whether there is one.
// If not, v is left as it is. The error tells that the value does not fit the type of v.
func (s *Session) Get(key string, v any) (ok bool, err error) {
	s.mu.Lock()
	value, ok := s.values[key]
	s.mu.Unlock()
	if !ok {
		return false, nil
	}
	// Texts are never changed, only replaced.
	if err := json.Unmarshal(value, v); err != nil {
		return true, fmt.Errorf("the session's value %q: %w", key, withoutValue(err, v))
	}
	return true, nil
}

// withoutValue gives an error of [json.Unmarshal] without what it quotes, which is the
// user's.
func withoutValue(err error, v any) error {
	if e := (*json.UnmarshalTypeError)(nil); errors.As(err, &e) {
		return fmt.Errorf("it does not fit a %v", e.Type)
	}
	if e := (*json.InvalidUnmarshalError)(nil); errors.As(err, &e) {
		return fmt.Errorf("a %T is no pointer to where it goes", v)
	}
	return fmt.Errorf("it does not fit a %T", v)
}

// Set keeps a value under a key, which is UTF-8, in the place of the one that it has.
// It is an error, and nothing is changed, if the value has no JSON form or the session
// would have more than 64 KiB.
func (s *Session) Set(key string, value any) error {
	if !utf8.ValidString(key) {
		return errors.New("a key of a session is not UTF-8")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("the session's value %q has no JSON form: %w", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	size := s.size + sizeOf(key, text)
	old, ok := s.values[key]
	if ok {
		size -= sizeOf(key, old)
	}
	switch {
	case bytes.Equal(old, text): // JSON is never empty
		return nil
	case size > maxSession && size > s.size:
		return fmt.Errorf("the session would have %d bytes of JSON with the value %q, over %d: keep what is large elsewhere, under an id", size, key, maxSession)
	}
	if s.values == nil {
		s.values = map[string]json.RawMessage{}
	}
	s.values[key], s.size, s.changed = text, size, true
	return nil
}

// Delete removes the value of a key, if there is one.
func (s *Session) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.values[key]; ok {
		s.size -= sizeOf(key, old)
		delete(s.values, key)
		s.changed = true
	}
}

// Clear removes all values.
func (s *Session) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = s.changed || len(s.values) > 0
	s.values, s.size = nil, 0
}

// Keys lists the keys that have a value, sorted.
func (s *Session) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.values))
}

// Values gives a copy of all values, for whoever keeps them.
func (s *Session) Values() map[string]json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]json.RawMessage, len(s.values))
	for key, value := range s.values {
		all[key] = bytes.Clone(value)
	}
	return all
}

// Changed reports whether a value has been set, replaced by another one or removed.
func (s *Session) Changed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
