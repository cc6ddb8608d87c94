package cli

import (
	"cmp"
	"context"
	"reflect"
	"strings"

	"github.com/fastsimpleauth/fsa"
)

type routes struct{ Output }

// routeRow is a route as it is printed.
type routeRow struct {
	Method string     `json:"method"` // * for all
	Path   string     `json:"path"`
	Authz  string     `json:"authz"`
	Authn  []string   `json:"authn"`
	Realm  string     `json:"realm"`
	Params []paramRow `json:"params"`
	Status int        `json:"status,omitempty"`
	Type   string     `json:"type,omitempty"`
	Body   int64      `json:"max_body"`
	Doc    string     `json:"doc,omitempty"`
	Source string     `json:"source"`
}

type paramRow struct {
	Name     string `json:"name"`
	In       string `json:"in,omitempty"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Rest     bool   `json:"rest,omitempty"`
	Doc      string `json:"doc,omitempty"`
}

// Run lists the routes in the order of their registration.
func (r *routes) Run(ctx context.Context, c *Call) error {
	infos, err := c.App.Routes()
	if err != nil {
		return err
	}
	rows := make([]routeRow, len(infos))
	for i, info := range infos {
		rows[i] = rowOf(info)
	}
	return Print(c.Stdout, r.Output, rows,
		Column[routeRow]{"METHOD", func(r routeRow) string { return r.Method }},
		Column[routeRow]{"PATH", func(r routeRow) string { return r.Path }},
		Column[routeRow]{"AUTHZ", func(r routeRow) string { return r.Authz }},
		Column[routeRow]{"AUTHN", func(r routeRow) string { return strings.Join(r.Authn, " ") }},
		Column[routeRow]{"REALM", func(r routeRow) string { return r.Realm }},
		Column[routeRow]{"PARAMETERS", func(r routeRow) string { return paramsText(r.Params) }})
}

func rowOf(info fsa.RouteInfo) routeRow {
	r := routeRow{
		Method: cmp.Or(info.Method, "*"), Path: info.Path, Authz: info.Rule.String(), Authn: info.Authn, Realm: info.Realm,
		Params: []paramRow{}, Status: info.Status, Type: info.Type, Body: info.MaxBody, Doc: info.Doc, Source: info.Source,
	}
	for _, p := range info.Params {
		r.Params = append(r.Params, paramRow{p.Name, p.In, typeName(p.Type), p.Required, p.Default, p.Rest, p.Doc})
	}
	return r
}

// typeName names a type as its users do: that it is a pointer says only that the
// parameter may be missing, and fsa has other names for the types of package param.
func typeName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return typeName(t.Elem())
	case t.Name() != "":
		return strings.Replace(t.String(), "param.", "fsa.", 1)
	case t.Kind() == reflect.Slice:
		return "[]" + typeName(t.Elem())
	case t.Kind() == reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	case t.Kind() == reflect.Struct:
		return "object" // of fields without a name for all of them
	}
	return t.String()
}

// paramsText writes parameters as "sid int, from? fsa.Date, n int = 1": a question
// mark is for one that may be missing.
func paramsText(params []paramRow) string {
	texts := make([]string, len(params))
	for i, p := range params {
		text := p.Name
		switch {
		case p.Rest:
			text += "..."
		case !p.Required && p.Default == "":
			text += "?"
		}
		text += " " + p.Type
		if p.Default != "" {
			text += " = " + p.Default
		}
		texts[i] = text
	}
	return strings.Join(texts, ", ")
}
