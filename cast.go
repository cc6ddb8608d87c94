package fsa

import (
	"fmt"
	"reflect"

	"github.com/fastsimpleauth/fsa/param"
)

// Cast gives a type a text form, so that parameters may be of it: in query, form,
// path, header and cookie, as a JSON string, as a part of lists, maps and structs,
// and as the id of objects. It takes the place of the type's methods UnmarshalText
// and UnmarshalJSON if it has these; tags about texts (maxLength, pattern, enum) and
// the type's method Validate hold too.
//
// T is a type that is defined somewhere, an interface perhaps, or a pointer to one:
// of
//
//	fsa.Cast(app, url.Parse)
//
// both url.URL and *url.URL may be parameters, the latter nil if it is absent. The
// text is UTF-8 without NUL. An error made by [Errorf] is told to the client; of any
// other, it reads only that the value is not valid. Types that have a meaning of
// their own (string, time.Time, [CurrentUser], …) can't be cast.
func Cast[T any](a *App, convert func(text string) (T, error)) {
	t := reflect.TypeFor[T]()
	name := fmt.Sprintf("fsa.Cast[%v]", t)
	if !a.hook(name, convert == nil, false, 1) {
		return
	}
	c := param.CastOf(convert)
	source := caller(1)
	if a.claim(c.Type(), t, name, source) {
		a.casts = append(a.casts, c)
	}
}

// claim notes that a type is given a meaning, and reports whether it has had none.
// bare is the type without a pointer.
func (a *App) claim(bare, t reflect.Type, name, source string) bool {
	e := &ConfigError{Source: source, Remedy: "define a type for it, as in type Code string"}
	other, twice := a.claimed[bare]
	_, builtin := specials[t]
	_, builtinBare := specials[bare]
	switch err := param.Check(t); {
	case bare.Kind() == reflect.Pointer:
		e.Problem = fmt.Sprintf("%s is about a pointer to a pointer", name)
		e.Remedy = "give the function one pointer less"
	case err != nil:
		e.Problem, _ = split(err.Error())
		e.Problem = name + ": " + e.Problem
	case builtin || builtinBare || bare == reflect.TypeFor[Secret]() || bare == reflect.TypeFor[App]():
		e.Problem = fmt.Sprintf("%s: a %v has a meaning of its own already", name, t)
	case twice:
		e.Problem, e.Remedy = fmt.Sprintf("%s and %s say what a %v is", other, name, bare), "keep one of them"
	default:
		if a.claimed == nil {
			a.claimed = map[reflect.Type]string{}
		}
		a.claimed[bare] = name
		return true
	}
	a.faults = append(a.faults, e)
	return false
}
