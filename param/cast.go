package param

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

// Cast is a text form of a type that has none itself, or another one.
type Cast struct {
	typ     reflect.Type
	convert func(text string, v reflect.Value) error
}

// CastOf makes the cast of a type from the function that converts its texts: in
// the query, in a form, the path, a header field, a cookie, a JSON string, as a
// key of an object, and as part of lists, maps and structs. It takes the place of
// the type's methods UnmarshalText and UnmarshalJSON, if it has these; what limits
// texts (maxLength, pattern, …) and the type's method Validate hold too.
//
// The function of a pointer type, such as [net/url.Parse], is that of what it
// points to, which is copied; nil is no value then. Texts are UTF-8 without NUL.
//
// An error of the function is read by the client if it is an [httperr.Error]; of
// any other, the client is told that the value is not valid.
func CastOf[T any](convert func(text string) (T, error)) Cast {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Pointer {
		return Cast{t, func(text string, v reflect.Value) error {
			x, err := convert(text)
			if err == nil {
				*v.Addr().Interface().(*T) = x
			}
			return err
		}}
	}
	return Cast{t.Elem(), func(text string, v reflect.Value) error {
		x, err := convert(text)
		if err != nil {
			return err
		}
		p := reflect.ValueOf(x)
		if p.IsNil() {
			return errNilCast
		}
		v.Set(p.Elem())
		return nil
	}}
}

var errNilCast = errors.New("the cast has given nil")

// Type is the type whose texts the cast converts; never a pointer.
func (c Cast) Type() reflect.Type { return c.typ }

// Check gives the reason why a type can't have a cast, or be a special parameter:
// its values would be of a kind that many parameters have, or it has a meaning
// here already.
func Check(t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[Date](), reflect.TypeFor[JSON](),
		reflect.TypeFor[Header](), reflect.TypeFor[Cookie](), reflect.TypeFor[File]():
		return fmt.Errorf("a %v has a meaning of its own already", t)
	}
	if t.Name() == "" || t.PkgPath() == "" {
		return fmt.Errorf("%v is a type of the language, which many parameters have; define one, as in type Code %v", t, t)
	}
	return nil
}

// cast makes c the codec of a type that has a cast.
func (cs codecs) cast(c *codec, cast Cast) {
	c.custom = true
	c.what = "a valid " + typeName(cast.typ)
	convert := func(text string, v reflect.Value) (reason string, err error) {
		if reason := checkText(text); reason != "" {
			return reason, nil
		}
		return "", cast.convert(text, v)
	}
	scalar(c, c.what, func(text string, v reflect.Value) string {
		reason, err := convert(text, v)
		if err != nil {
			return notConverted
		}
		return reason
	})
	c.text = func(s *sink, text string, v reflect.Value) bool {
		reason, err := convert(text, v)
		if reason != "" {
			s.bad(reason, "")
			return false
		}
		if err == nil {
			return true
		}
		s.refused(err, "is not "+c.what, text)
		return false
	}
}

// refused notes the error of a function of the application that has looked at a
// value: reason and value are what is told of it if the text is not for clients.
//
// The text of an error goes to the client only if it is meant for it, which is
// what an [httperr.Error] says. Any other error says that the value is wrong,
// and its text is for the log; not if there are secrets, one of which may be in
// it.
func (s *sink) refused(err error, reason, value string) {
	var e *httperr.Error
	switch {
	case !errors.As(err, &e) || e == nil:
		if over := isOver(err); over != nil {
			s.end(over)
			return
		}
		s.bad(reason, value)
	case e.Status != http.StatusBadRequest || e.Header != nil:
		s.end(err)
		return
	case e.Public == "":
		s.bad(reason, value)
	default:
		s.bad(": "+e.Public, "")
	}
	if !s.secrets && !s.secret && len(s.causes) < maxFaults {
		s.causes = append(s.causes, err)
	}
}
