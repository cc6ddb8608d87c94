package fsa

import (
	"reflect"

	"github.com/fastsimpleauth/fsa/authz"
)

// RouteInfo describes a route as it is enforced.
type RouteInfo struct {
	Method  string // "" for all
	Path    string
	Rule    authz.Rule // with what its prefixes demand
	Authn   []string   // the schemes, in their order
	Realm   string
	Status  int // of successful answers, 0 if the handler says
	MaxBody int64
	Params  []ParamInfo
	Doc     string
	Source  string // file:line of the registration
}

// ParamInfo describes a parameter of a route.
type ParamInfo struct {
	Name     string
	In       string // path, header or cookie; "" for query, form or JSON
	Type     reflect.Type
	Required bool
	Default  string
	Doc      string
}

// Routes lists the routes in the order of their registration. The error is that
// of [App.Handler].
func (a *App) Routes() ([]RouteInfo, error) {
	if _, err := a.Handler(); err != nil {
		return nil, err
	}
	infos := make([]RouteInfo, 0, len(a.compiled.routes))
	for _, rt := range a.compiled.routes {
		info := RouteInfo{
			Method: rt.reg.method, Path: rt.reg.path, Rule: rt.rule,
			Authn: append([]string{}, rt.options.authn...), Realm: rt.options.realm,
			Status: rt.options.status, MaxBody: rt.options.maxBody,
			Doc: rt.options.doc, Source: rt.reg.source,
		}
		if info.Status == 0 && rt.reg.out != nil {
			info.Status = 200
			if rt.reg.out == reflect.TypeFor[None]() {
				info.Status = 204
			}
		}
		if rt.binder != nil {
			for _, f := range rt.binder.Fields() {
				if !f.Special {
					info.Params = append(info.Params, ParamInfo{f.Name, f.In.String(), f.Type, f.Required, f.Default, f.Doc})
				}
			}
		}
		infos = append(infos, info)
	}
	return infos, nil
}
