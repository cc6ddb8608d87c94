package param

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-json-experiment/json/jsontext"
)

// validator is what a type has that looks at its own values, once they are
// converted: for what tags cannot say.
type validator interface{ Validate(context.Context) error }

var validatorType = reflect.TypeFor[validator]()

// validates reports whether values of a type look at themselves.
func validates(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(validatorType)
}

// badValidate refuses a method Validate that would never be called.
func badValidate(t reflect.Type) error {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer || validates(t) {
		return nil
	}
	if m, ok := reflect.PointerTo(t).MethodByName("Validate"); ok {
		return fmt.Errorf("%v has a method Validate that nobody calls, being a %v; make it Validate(context.Context) error, or give the parameter a type without it", t, m.Type)
	}
	return nil
}

// guarded gives a codec that converts as c does, hides the value if the type
// says that it is secret, and lets it look at itself.
func (cs codecs) guarded(c *codec, t reflect.Type) *codec {
	secret, validating := cs.secret(t), validates(t)
	if !secret && !validating {
		return c
	}
	w := *c
	w.guarded, w.plain = true, c
	done := func(s *sink, v reflect.Value) bool { return !validating || s.validate(v) }
	w.text = func(s *sink, text string, v reflect.Value) bool {
		if secret {
			defer s.restore(s.secret, s.shown)
			s.hide(nil)
		}
		return c.text(s, text, v) && done(s, v)
	}
	w.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if secret {
			defer s.restore(s.secret, s.shown)
			s.hide(d)
		}
		return c.json(s, d, v) && done(s, v)
	}
	if c.list != nil {
		w.list = func(s *sink, texts []string, v reflect.Value) bool {
			if secret {
				defer s.restore(s.secret, s.shown)
				s.hide(nil)
			}
			return c.list(s, texts, v) && done(s, v)
		}
	}
	return &w
}

// validate lets a value look at itself, and reports whether it finds itself
// right.
func (s *sink) validate(v reflect.Value) bool {
	err := selfCheck(s.ctx, v)
	if err != nil {
		s.refused(err, "is not valid", "")
	}
	return err == nil
}

// end notes an error of Validate that is more than a fault of a parameter: it is
// the answer.
func (s *sink) end(err error) {
	if s.fatal == nil {
		s.fatal = err
	}
}

// isOver gives the error of a context that an error comes from: that the time for
// the request is over tells nothing about its values. It is nil for other errors.
func isOver(err error) error {
	for _, over := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, over) {
			return over
		}
	}
	return nil
}

// selfCheck calls Validate of the value at v. The pointer is made anew, since one
// to an embedded field that is not exported could not be used.
func selfCheck(ctx context.Context, v reflect.Value) error {
	p := reflect.NewAt(v.Type(), v.Addr().UnsafePointer())
	return p.Interface().(validator).Validate(ctx)
}

// validateInput lets the whole input look at itself, and the structs embedded in
// it before.
func (b *Binder[R]) validateInput(ctx context.Context, v reflect.Value) error {
	for _, index := range b.validators {
		w := v
		if len(index) > 0 {
			w = v.FieldByIndex(index)
			if w.Kind() == reflect.Pointer {
				w = w.Elem()
			}
		}
		if err := selfCheck(ctx, w); err != nil {
			return b.invalid(err)
		}
	}
	return nil
}

// invalid makes the answer to a request whose input has found itself wrong.
func (b *Binder[R]) invalid(err error) error {
	if e := (*httperr.Error)(nil); errors.As(err, &e) && e != nil {
		return err
	}
	if over := isOver(err); over != nil {
		return over
	}
	if b.secrets {
		err = fmt.Errorf("the method Validate of %v has failed, with a text that may hold a secret", b.typ)
	}
	return httperr.Wrap(http.StatusBadRequest, "the parameters are not valid", err)
}

// selfValidators lists the indexes of the structs that look at themselves: those
// embedded in t, the innermost first, and then t itself (an empty index). A struct
// has the method of one embedded in it, or has hidden it by its own: either way
// both are called, as the fields of both are parameters.
func selfValidators(t reflect.Type, embedded []embedding) (all [][]int, err error) {
	for i := len(embedded) - 1; i >= 0; i-- {
		if validates(embedded[i].typ) {
			all = append(all, embedded[i].index)
		} else if err := badValidate(embedded[i].typ); err != nil {
			return nil, err
		}
	}
	if validates(t) {
		all = append(all, []int{})
		return all, nil
	}
	return all, badValidate(t)
}
