package param

import (
	"fmt"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-json-experiment/json/jsontext"
)

// maxFaults bounds how many faults one answer tells.
const maxFaults = 100

// sink collects what is wrong with one parameter, and watches over what its
// value costs.
type sink struct {
	name   string
	in     Place
	secret bool // the value must not be shown
	shown  int  // how many tokens of the pointer to a secret value may be shown
	faults []httperr.Fault

	// Where the value being read stands in the parameter: in which of
	// several texts, counted from 1, and where in each JSON text that is being
	// read. Pointers are made when there is a fault to tell, not before: a
	// long name with many values below it would make many long pointers.
	index    int
	decoders []*jsontext.Decoder
	few      [2]*jsontext.Decoder // what decoders begins with

	long bool // a pointer was so long that no more are made

	read, spent int // bytes of JSON text, bytes of memory for what is in it
	poor        bool
}

// longPointer is the size in bytes of a pointer that costs too much to be made
// for each of many faults.
const longPointer = 4 << 10

// bad notes a fault of the value being read. The value is shown if that is
// harmless and helpful.
func (s *sink) bad(reason, value string) { s.badMember("", reason, value) }

// badMember notes a fault of a member of the object being read, or of the value
// itself if name is empty.
func (s *sink) badMember(name, reason, value string) {
	if len(s.faults) >= maxFaults {
		return
	}
	where := ""
	if !s.long {
		if at := s.at(name); at != "" {
			where = "at " + quote(string(at)) + " "
			s.long = len(at) > longPointer
		}
	}
	text := fmt.Sprintf("parameter %s %s%s", quote(s.name), where, reason)
	if !s.secret && value != "" && showable(value) {
		text += ": " + strconv.Quote(value)
	}
	s.faults = append(s.faults, httperr.Fault{Name: s.name, In: s.in.String(), Detail: text})
}

// at points to the value being read, or to a member of it (RFC 6901). What
// stands inside a secret is not told: its names may be as secret as its values.
func (s *sink) at(member string) jsontext.Pointer {
	var at jsontext.Pointer
	if s.index > 0 {
		at = at.AppendToken(strconv.Itoa(s.index - 1))
	}
	for _, d := range s.decoders {
		at += d.StackPointer()
	}
	if member != "" {
		at = at.AppendToken(member)
	}
	if s.secret {
		n := 0
		for i := range len(at) {
			if at[i] == '/' {
				if n++; n > s.shown {
					return at[:i]
				}
			}
		}
	}
	return at
}

// hide makes the value that comes next a secret, until s.secret and s.shown are
// what they were.
func (s *sink) hide(d *jsontext.Decoder) {
	if s.secret {
		return
	}
	s.secret, s.shown = true, d.StackDepth()
	if s.index > 0 {
		s.shown++
	}
}

// A JSON text may ask for far more memory than it has bytes: a list of {} is a
// list of structs. Beyond what is free, a request gets a multiple of the text
// it has sent; that is more than any text needs which says something.
const (
	freeMemory   = 4 << 20
	memoryFactor = 16
)

// spend accounts for memory that a value takes. If there is no more for this
// request, it is a fault, told once.
func (s *sink) spend(bytes int) bool {
	s.spent += bytes
	if s.spent >= 0 && s.spent <= freeMemory+memoryFactor*s.read {
		return true
	}
	s.spent -= bytes
	if !s.poor {
		s.poor = true
		s.bad("has too many elements for its length", "")
	}
	return false
}

// showable reports whether a value is short and printable.
func showable(s string) bool {
	if len(s) > 64 || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// unexpected notes a parameter that has no field. Its name is shown only if it
// looks like one: a body of another kind than it says ends up in a name whole,
// with the password that was in it.
func (s *sink) unexpected(name string) {
	s.name, s.in = name, Nowhere
	if len(name) <= 40 && nameRE.MatchString(name) {
		s.note("unexpected parameter %q", name)
		return
	}
	s.name = ""
	s.note("unexpected parameter whose name does not look like one")
}

var nameRE = regexp.MustCompile(`^[\pL_][\pL\p{Nd}_.\-]*(\[[\pL\p{Nd}_]*\])*$`)

// quote quotes a name that came with a request, shortened if need be.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return strconv.Quote(s)
}
