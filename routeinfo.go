package fsa

import (
	"reflect"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/param"
)

// RouteInfo describes a route as it is enforced.
type RouteInfo struct {
	Method  string // "" for all
	Path    string
	Rule    authz.Rule // with what its prefixes demand
	Authn   []string   // the schemes, in their order
	Realm   string
	Status  int    // of successful answers, 0 if the handler says
	Type    string // the media type of successful answers, "" if there is none or the handler says
	MaxBody int64
	Params  []ParamInfo

	// SameOrigin says that pages of other origins can send nothing unsafe to it,
	// whatever the credential: see the option of that name.
	SameOrigin bool

	Doc    string
	Source string // file:line of the registration
}

// ParamInfo describes a parameter of a route.
type ParamInfo struct {
	Name     string
	In       string // path, query, form, json, header, cookie or body; "" for query, form or JSON
	Type     reflect.Type
	Required bool
	Default  string
	Doc      string
	Rest     bool // all parameters of query, form or JSON that no other one is; Name is the field's alone

	// Constraints are those of the parameter's own tags. Those of the fields
	// inside its type are had by [param.ConstraintsOf].
	Constraints *param.Constraints // nil if there are none
}

// Routes lists the routes in the order of their registration; those of other
// routers, behind [App.Protect], are not ours to list. The error is that
// of [App.Handler].
func (a *App) Routes() ([]RouteInfo, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.compile(); err != nil {
		return nil, err
	}
	infos := make([]RouteInfo, 0, len(a.compiled.routes))
	for _, rt := range a.compiled.routes {
		if rt.reg.protects {
			continue
		}
		info := RouteInfo{
			Method: rt.reg.method, Path: rt.reg.path, Rule: rt.rule,
			Authn: append([]string{}, rt.options.authn...), Realm: rt.options.realm,
			Status: rt.options.status, MaxBody: rt.maxBody(), SameOrigin: rt.options.sameOrigin,
			Doc: rt.options.doc, Source: rt.reg.source,
		}
		if rt.reg.out != nil {
			answers := a.compiled.shapeOf(rt.reg.out)
			info.Type = answers.contentType
			if info.Status == 0 {
				info.Status = answers.status
			}
		}
		if rt.binder != nil {
			for _, f := range rt.binder.Fields() {
				if !f.Special {
					info.Params = append(info.Params, ParamInfo{f.Name, f.In.String(), f.Type, f.Required, f.Default, f.Doc, f.Rest, f.Constraints})
				}
			}
		}
		infos = append(infos, info)
	}
	return infos, nil
}
