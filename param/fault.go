package param

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-json-experiment/json/jsontext"
)

// maxFaults bounds how many faults one answer tells.
const maxFaults = 100

// sink collects what is wrong with one parameter.
type sink struct {
	name   string
	in     Place
	secret bool             // the value must not be shown
	base   jsontext.Pointer // where the value being read stands in the parameter
	faults []httperr.Fault
}

// bad notes a fault of the parameter, or of the value inside it that at points
// to (RFC 6901). The value is shown if that is harmless and helpful.
func (s *sink) bad(at jsontext.Pointer, reason, value string) {
	if len(s.faults) >= maxFaults {
		return
	}
	where := ""
	at = s.base + at
	if at != "" {
		where = "at " + quote(string(at)) + " "
	}
	text := fmt.Sprintf("parameter %s %s%s", quote(s.name), where, reason)
	if !s.secret && value != "" && showable(value) {
		text += ": " + strconv.Quote(value)
	}
	s.faults = append(s.faults, httperr.Fault{Name: s.name, In: s.in.String(), Detail: text})
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

// quote quotes a name that came with a request, shortened if need be.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return strconv.Quote(s)
}
