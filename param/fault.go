package param

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
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

	unquoted []byte // the name, with escapes, of the member being read

	long bool // a pointer was so long that no more are made

	limit, spent int  // bytes of memory for what the request says
	poor         bool // no more memory for the values of this request

	ctx     context.Context // for Validate; nil if nothing has it
	whole   bool            // the value is that of the body as a whole
	secrets bool            // there are some among the values
	fatal   error           // of Validate: the answer, whatever else is wrong
	causes  []error         // of Validate, for the log
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
	if strings.HasPrefix(reason, ":") { // somebody else's sentence
		text = strings.TrimSpace("parameter "+quote(s.name)+" "+where) + reason
	}
	if !s.secret && value != "" && showable(value) {
		text += ": " + strconv.Quote(value)
	}
	s.faults = append(s.faults, httperr.Fault{Name: s.name, In: s.in.String(), Detail: text})
	s.poor = s.poor || len(s.faults) == maxFaults // nobody is told any more
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

// hide makes the value that comes next a secret, until restore is told what
// s.secret and s.shown were. d is nil if the value is a text.
func (s *sink) hide(d *jsontext.Decoder) {
	if s.secret {
		return
	}
	s.secret, s.shown = true, 0
	if d != nil {
		s.shown = d.StackDepth()
	}
	if s.index > 0 {
		s.shown++
	}
}

func (s *sink) restore(secret bool, shown int) { s.secret, s.shown = secret, shown }

// tooDeep notes that a JSON text is nested too deep.
func (s *sink) tooDeep() { s.bad(fmt.Sprintf("is nested deeper than %d levels", maxDepth), "") }

// A JSON text may ask for far more memory than it has bytes: a list of {} is a
// list of structs. A request gets memoryFactor times the bytes that its body may
// have, the buffer for the body included, and leastMemory in any case.
const (
	memoryFactor = 4
	leastMemory  = 256 << 10
)

// spend accounts for memory that a value takes. If there is no more for this
// request, it is a fault, told once; nothing more is made then.
func (s *sink) spend(bytes int) bool {
	if s.poor {
		return false
	}
	s.spent += bytes
	if s.spent >= 0 && s.spent <= max(s.limit, leastMemory) {
		return true
	}
	s.bad("has too many elements for its length", "")
	s.poor = true
	return false
}

// afford is spend where there is enough; else it does nothing.
func (s *sink) afford(bytes int) bool {
	if s.poor || bytes > max(s.limit, leastMemory)-s.spent {
		return false
	}
	s.spent += bytes
	return true
}

// textSize gives the memory that a text of n bytes takes.
func textSize(n int) int {
	if n < 8 {
		return n // several share a block
	}
	return (n + 7) &^ 7
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
