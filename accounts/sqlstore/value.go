package sqlstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// micros is how the tables have a time: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// clock reads a time of a table into t.
type clock struct{ t *time.Time }

// Scan implements [database/sql.Scanner].
func (c clock) Scan(v any) error {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case nil:
	default:
		return fmt.Errorf("a time is a whole number, not %T", v)
	}
	*c.t = time.Time{}
	if n != 0 {
		*c.t = time.UnixMicro(n).UTC()
	}
	return nil
}

// object reads a JSON object of a table, nil if it is empty.
type object struct{ raw *json.RawMessage }

// Scan implements [database/sql.Scanner].
func (o object) Scan(v any) error {
	*o.raw = nil
	switch v := v.(type) {
	case string:
		if v != "" {
			*o.raw = json.RawMessage(v)
		}
	case []byte:
		if len(v) > 0 {
			*o.raw = json.RawMessage(strings.Clone(string(v)))
		}
	default:
		return fmt.Errorf("a JSON object is text, not %T", v)
	}
	return nil
}

// objectText is a JSON object as the tables have it, as it was written.
func objectText(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	if !json.Valid(raw) || !strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "{") || !findable(string(raw)) {
		return "", errors.New("what the application keeps is not a JSON object")
	}
	return string(raw), nil
}

// list reads the texts of a JSON array.
type list struct{ texts *[]string }

// Scan implements [database/sql.Scanner].
func (l list) Scan(v any) error {
	*l.texts = nil
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), l.texts)
	case []byte:
		return json.Unmarshal(v, l.texts)
	}
	return fmt.Errorf("a list is text, not %T", v)
}

func listText(texts []string) string {
	if texts == nil {
		return "[]"
	}
	b, err := json.Marshal(texts)
	if err != nil {
		panic(err) // texts can be written
	}
	return string(b)
}

// findable reports whether a text can be in the tables: not all databases take
// others than UTF-8, or NUL. What isn't is looked up nowhere.
func findable(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// errText is for names and keys that can't be in the tables. It does not repeat
// them.
var errText = errors.New("a text is not UTF-8, or has a NUL in it")

// free makes a text that tells something, such as what a browser calls itself, one
// that can be in the tables.
func free(s string) string {
	if findable(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// folded is a text by which is searched, without the differences of case.
func folded(s string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(s))) }

// nullable is NULL for an empty text, so that any number of users may have none.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
