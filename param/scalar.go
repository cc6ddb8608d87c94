package param

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// checkText gives the reason why a text is no text: it is not UTF-8, or it
// holds NUL, which ends strings in C and is refused by databases.
func checkText(s string) (reason string) {
	switch {
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.IndexByte(s, 0) >= 0:
		return "holds a NUL character"
	}
	return ""
}

func stringText(s string, v reflect.Value) string {
	if reason := checkText(s); reason != "" {
		return reason
	}
	v.SetString(s)
	return ""
}

func boolText(s string, v reflect.Value) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "0", "f", "false", "n", "no", "off":
		v.SetBool(false)
	case "1", "t", "true", "y", "yes", "on":
		v.SetBool(true)
	default:
		return notConverted
	}
	return ""
}

// integerText takes from the text of an integer what strconv would not read
// (spaces around it) and refuses what strconv would read as octal without
// saying so (017).
func integerText(s string) (text string, ok bool) {
	s = strings.TrimSpace(s)
	digits := strings.TrimLeft(s, "+-")
	if len(digits) > 1 && digits[0] == '0' && (digits[1] >= '0' && digits[1] <= '9' || digits[1] == '_') {
		return "", false
	}
	return s, true
}

// shortDigits reads a number of up to 18 decimal digits: what nearly all
// integers of requests are.
func shortDigits[T string | []byte](s T) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = 10*n + int64(d)
	}
	return n, true
}

func intText(s string, v reflect.Value) string {
	if n, ok := shortDigits(s); ok && !v.OverflowInt(n) {
		v.SetInt(n)
		return ""
	}
	s, ok := integerText(s)
	if !ok {
		return notConverted
	}
	bits := v.Type().Bits()
	n, err := strconv.ParseInt(s, 0, bits)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Sprintf("is out of range, from %d to %d", int64(-1)<<(bits-1), int64(1)<<(bits-1)-1)
		}
		return notConverted
	}
	v.SetInt(n)
	return ""
}

func uintText(s string, v reflect.Value) string {
	s, ok := integerText(s)
	if !ok {
		return notConverted
	}
	if strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "++") {
		s = s[1:]
	}
	bits := v.Type().Bits()
	n, err := strconv.ParseUint(s, 0, bits)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Sprintf("is out of range, from 0 to %d", uint64(math.MaxUint64)>>(64-bits))
		}
		return notConverted
	}
	v.SetUint(n)
	return ""
}

func floatText(s string, v reflect.Value) string {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), v.Type().Bits())
	switch {
	case errors.Is(err, strconv.ErrRange):
		return "is out of range"
	case err != nil, math.IsInf(f, 0), math.IsNaN(f):
		return notConverted
	}
	v.SetFloat(f)
	return ""
}

// timeLayout gives the layout of a text that may be a time. One is tried and not
// all, since each that fails makes an error, and a list may have a hundred
// thousand times. Seconds may have a fraction.
func timeLayout(s string) string {
	if len(s) < 11 || s[10] != 'T' {
		switch strings.Count(s, ":") {
		case 0:
			return dateLayout(s)
		case 1:
			return "15:04"
		}
		return time.TimeOnly
	}
	clock, zone := s[11:], strings.HasSuffix(s, "Z")
	if i := strings.IndexAny(clock, "+-"); i >= 0 {
		clock, zone = clock[:i], true
	}
	switch seconds := strings.Count(clock, ":") > 1; {
	case seconds && zone:
		return time.RFC3339
	case seconds:
		return "2006-01-02T15:04:05"
	case zone:
		return "2006-01-02T15:04Z07:00"
	}
	return "2006-01-02T15:04"
}

// dateLayout gives the layout of a text that may be a date.
func dateLayout(s string) string {
	if len(s) == len("20060102") {
		return "20060102"
	}
	return time.DateOnly
}

// timeText reads a time. Without a zone it is in UTC.
func timeText(s string, v reflect.Value) string {
	s = strings.TrimSpace(s)
	if len(s) > 10 && s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	t, err := time.Parse(timeLayout(s), s)
	if err != nil {
		return notConverted
	}
	*(v.Addr().Interface().(*time.Time)) = t
	return ""
}

func durationText(s string, v reflect.Value) string {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return notConverted
	}
	v.SetInt(int64(d))
	return ""
}

func dateText(s string, v reflect.Value) string {
	d, err := ParseDate(strings.TrimSpace(s))
	if err != nil {
		return notConverted
	}
	v.Set(reflect.ValueOf(d))
	return ""
}
