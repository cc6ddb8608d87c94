package convert

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/internal/tomltext"
	"go.starlark.net/starlark"
)

// unknown stands in a value for what is not known here.
type unknown struct {
	reason string
	code   bool
}

// table is a dict: its order is that of the file.
type table []entry

type entry struct {
	key   string
	value any
}

// plain gives a computed value as nil, bool, int64, float64, string, []any, table or
// unknown.
func plain(v starlark.Value) any {
	switch v := v.(type) {
	case opaque:
		return unknown(v)
	case module:
		return unknown(v.opaque)
	case starlark.NoneType:
		return nil
	case starlark.Bool:
		return bool(v)
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			return n
		}
		return unknown{reason: "is an integer of over 64 bits"}
	case starlark.Float:
		if f := float64(v); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
		return unknown{reason: "is not finite"}
	case starlark.String:
		return text(string(v))
	case starlark.Bytes:
		return text(string(v))
	case starlark.Tuple:
		return list(v)
	case *starlark.List:
		var all []starlark.Value
		for x := range v.Elements() {
			all = append(all, x)
		}
		return list(all)
	case *starlark.Dict:
		t := table{}
		for k, x := range v.Entries() {
			key := fmt.Sprint(k)
			if s, ok := k.(starlark.String); ok {
				key = string(s)
			}
			if !utf8.ValidString(key) {
				return unknown{reason: "has a key that is no text"}
			}
			t = append(t, entry{key, plain(x)})
		}
		return t
	}
	return unknown{reason: "is a " + v.Type()}
}

func text(s string) any {
	if !utf8.ValidString(s) {
		return unknown{reason: "is no text in UTF-8"}
	}
	return s
}

func list(values []starlark.Value) any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = plain(v)
	}
	return all
}

const hasNone = "has None in it"

// missing finds what is not known in a value.
func missing(v any) (unknown, bool) {
	switch v := v.(type) {
	case unknown:
		return v, true
	case nil:
		return unknown{reason: hasNone}, true
	case []any:
		for _, x := range v {
			if u, ok := missing(x); ok {
				return u, true
			}
		}
	case table:
		for _, e := range v {
			if u, ok := missing(e.value); ok {
				return u, true
			}
		}
	}
	return unknown{}, false
}

// encode writes a value in which nothing is missing, on one line: what follows a table
// with a header of its own would belong to it.
func encode(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return tomltext.Float(v)
	case string:
		return encodeString(v)
	case []any:
		all := make([]string, len(v))
		for i, x := range v {
			all[i] = encode(x)
		}
		return "[" + strings.Join(all, ", ") + "]"
	case table:
		all := make([]string, len(v))
		for i, e := range v {
			all[i] = tomltext.Key(e.key) + " = " + encode(e.value)
		}
		if len(all) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(all, ", ") + " }"
	}
	panic(fmt.Sprintf("convert: a %T can't be written", v)) // missing has found it
}

// encodeString writes a text as it is, if it holds a backslash that would be doubled:
// regular expressions stay legible.
func encodeString(s string) string {
	if strings.Contains(s, `\`) && !strings.ContainsFunc(s, func(r rune) bool { return r == '\'' || r < ' ' || r == 0x7f }) {
		return "'" + s + "'"
	}
	return tomltext.String(s)
}
