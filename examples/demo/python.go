package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// The answers of /types show values as Python prints them.

func pythonBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// pythonFloat gives the shortest text that is the same float, as repr of Python 3
// does: with an exponent below 10⁻⁴ and from 10¹⁶ on, else with a point.
func pythonFloat(f float64) string {
	switch {
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
	case f != 0 && (math.Abs(f) < 1e-4 || math.Abs(f) >= 1e16):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// pythonOf gives "TYPE: VALUE" of a JSON value.
func pythonOf(text json.RawMessage) (string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	t, err := d.Token()
	if err != nil {
		return "", err
	}
	if s, ok := t.(string); ok {
		return "str: " + s, nil // str of a string is itself
	}
	var b strings.Builder
	kind, err := writePython(&b, d, t)
	return kind + ": " + b.String(), err
}

// writePython writes the repr of the value that begins with the token t, and gives
// its type.
func writePython(b *strings.Builder, d *json.Decoder, t json.Token) (kind string, err error) {
	switch t := t.(type) {
	case nil:
		b.WriteString("None")
		return "NoneType", nil
	case bool:
		b.WriteString(pythonBool(t))
		return "bool", nil
	case string:
		b.WriteString(pythonString(t))
		return "str", nil
	case json.Number:
		return writePythonNumber(b, string(t)), nil
	case json.Delim:
		if t == '[' {
			return "list", writePythonItems(b, d, "[", "]", false)
		}
		return "dict", writePythonItems(b, d, "{", "}", true)
	}
	return "", fmt.Errorf("a token of type %T", t)
}

func writePythonNumber(b *strings.Builder, text string) string {
	if strings.ContainsAny(text, ".eE") {
		f, _ := strconv.ParseFloat(text, 64) // one that is too large is infinite, there as well
		b.WriteString(pythonFloat(f))
		return "float"
	}
	if text == "-0" {
		text = "0"
	}
	b.WriteString(text) // JSON has no other form of an integer
	return "int"
}

// writePythonItems writes what is between the brackets of a list or a dict.
func writePythonItems(b *strings.Builder, d *json.Decoder, before, after string, named bool) error {
	b.WriteString(before)
	for i := 0; d.More(); i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		t, err := d.Token()
		if err == nil && named {
			b.WriteString(pythonString(t.(string)) + ": ")
			t, err = d.Token()
		}
		if err == nil {
			_, err = writePython(b, d, t)
		}
		if err != nil {
			return err
		}
	}
	b.WriteString(after)
	if _, err := d.Token(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// pythonString gives the repr of a string: in double quotes if it has single ones
// only, what can't be printed escaped.
func pythonString(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}
