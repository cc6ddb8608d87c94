package fsa

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/fastsimpleauth/fsa/param"
)

// specials are the parameters that do not come from the request's parameters.
var specials = map[reflect.Type]param.Special[*call]{
	reflect.TypeFor[CurrentUser](): func(c *call, _ string, v reflect.Value) error {
		if c.id == nil {
			return errors.New("nobody is authenticated")
		}
		v.SetString(c.id.Login)
		return nil
	},
	reflect.TypeFor[Identity](): func(c *call, _ string, v reflect.Value) error {
		if c.id == nil {
			return errors.New("nobody is authenticated")
		}
		v.Set(reflect.ValueOf(c.id.Clone()))
		return nil
	},
	reflect.TypeFor[*http.Request](): func(c *call, _ string, v reflect.Value) error {
		v.Set(reflect.ValueOf(c.hand()))
		return nil
	},
	reflect.TypeFor[*App](): func(c *call, _ string, v reflect.Value) error {
		v.Set(reflect.ValueOf(c.h.app))
		return nil
	},
}

// CurrentUser is a special parameter: the login of who is calling. A route that
// may be called by nobody in particular can't have one.
type CurrentUser string
