package param

import (
	"fmt"
	"net/textproto"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// Place is where a parameter stands in a request.
type Place uint8

// The places of parameters.
const (
	Nowhere Place = iota
	Path
	Query
	Form
	Body // a property of the JSON object that is the body
	HeaderField
	CookieField
	WholeBody // the JSON value that is the body

	filePart // of a multipart form: nothing that a parameter is made of
)

var placeNames = [...]string{"", "path", "query", "form", "json", "header", "cookie", "body", "file"}

func (p Place) String() string { return placeNames[p] }

// pins are the values of the tag in, which says where alone a parameter may come
// from.
var pins = map[string]Place{
	"path": Path, "query": Query, "form": Form, "json": Body, "header": HeaderField, "cookie": CookieField, "body": WholeBody,
}

// pin gives the place that the tags and the type of a field say, Nowhere if they
// say none. apart is Header or Cookie for fields of these types.
func pin(sf reflect.StructField) (Place, error) {
	elem := sf.Type
	if elem.Kind() == reflect.Pointer {
		elem = elem.Elem()
	}
	byType := Nowhere
	switch elem {
	case reflect.TypeFor[Header]():
		byType = HeaderField
	case reflect.TypeFor[Cookie]():
		byType = CookieField
	}
	text, ok := sf.Tag.Lookup("in")
	if !ok {
		return byType, nil
	}
	place, ok := pins[text]
	if !ok {
		return Nowhere, fmt.Errorf("the tag in:%q names no place; it is one of path, query, form, json, header, cookie, body", text)
	}
	if byType != Nowhere && place != byType {
		return Nowhere, fmt.Errorf("the tag in:%q contradicts its type, a %v; drop the tag, or make the field a string", text, elem)
	}
	return place, nil
}

// place settles where a parameter comes from.
func (f *field[R]) place(sf reflect.StructField, path []string, segments []int) error {
	pinned, err := pin(sf)
	if err != nil {
		return err
	}
	f.In = pinned
	inPath := slices.Contains(path, f.Name)
	switch {
	case pinned == HeaderField:
		f.header = textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(f.Name, "_", "-"))
		if !grammar.IsToken(f.Name) {
			return fmt.Errorf("%q is not a valid name of a header field; give one by a param tag", f.Name)
		}
	case pinned == CookieField:
		if !grammar.IsToken(f.Name) {
			return fmt.Errorf("%q is not a valid name of a cookie; give one by a param tag", f.Name)
		}
	case pinned == Path && !inPath:
		return fmt.Errorf("its tag in:\"path\" says that it comes from the path, which has no {%s}; write that there, or drop the tag", f.Name)
	case inPath && (pinned == Nowhere || pinned == Path):
		f.In = Path
		if segments != nil {
			f.segment = segments[slices.Index(path, f.Name)]
		}
		if !f.Required {
			return fmt.Errorf("the path parameter %q is always there; drop its default, its option or its pointer", f.Name)
		}
	}
	return nil
}

// confidential reports whether what stands in a place is a secret by its nature:
// cookies and header fields that carry credentials.
func (f *field[R]) confidential() bool {
	return f.In == CookieField || f.header == "Authorization" || f.header == "Proxy-Authorization" || f.header == "Cookie"
}

// contradictions gives what no request could satisfy, and what two fields would
// both take.
func (b *Binder[R]) contradictions(fault func(format string, args ...any)) {
	name := func(i int) string { return b.typ.FieldByIndex(b.fields[i].Index).Name }
	first := map[Place]int{}
	headers := map[string]int{}
	for i := range b.fields {
		f := &b.fields[i]
		if j, twice := headers[f.header]; twice && f.In == HeaderField {
			fault("the header field %s is declared twice, by the fields %s and %s of %v; names of header fields have no case: drop one", f.header, name(j), name(i), b.typ)
		}
		if f.In == HeaderField {
			headers[f.header] = i
		}
		j, seen := first[f.In]
		if !seen {
			first[f.In] = i
		} else if f.In == WholeBody {
			fault("the fields %s and %s of %v both take the whole body; make them one, or two properties of one struct", name(j), name(i), b.typ)
		}
	}
	for _, c := range []struct{ a, b Place }{{WholeBody, Body}, {WholeBody, Form}, {Form, Body}} {
		i, ok := first[c.a]
		j, too := first[c.b]
		if ok && too {
			fault("field %s of %v takes its value from in:%q and field %s from in:%q, and a request has one body; drop one of the tags", name(i), b.typ, c.a, name(j), c.b)
		}
	}
}
