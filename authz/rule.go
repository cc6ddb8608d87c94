// Package authz is whether somebody may do something: the rules that routes
// declare, and their compilation to a decision.
//
// A [Rule] is data. It is written beside the route, and it is the only thing
// that says who may call it:
//
//	authz.Open()                                 // anybody
//	authz.Auth()                                 // whoever is authenticated
//	authz.Group("employee")                      // the members of a group
//	authz.Object("store", "sid", "manager")      // who manages the store that parameter sid names
//	authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager"))
//	authz.Any(authz.Group("admin"), authz.Object("store", "sid", "manager"))
//	authz.Close()                                // nobody, for now
//
// The zero Rule closes, so that neither a forgotten value nor an empty one
// opens a route; nil is not a Rule and does not compile.
//
// [Compile] turns a rule into a [Decision] once, when routes are compiled. A
// decision is taken in two steps, since objects can only be asked about when
// the parameters that name them are known: [Decision.Before] the parameters are
// bound, so that somebody who may not call the route at all learns nothing
// about its parameters, and [Decision.After].
package authz

import (
	"fmt"
	"slices"
	"strings"
)

type kind uint8

const (
	kindClose kind = iota
	kindOpen
	kindAuth
	kindGroup
	kindObject
	kindAll
	kindAny
)

// Rule says who may call a route. Rules are made by the functions of this
// package; the zero Rule is that of [Close].
type Rule struct {
	kind   kind
	name   string // of the group, or the domain of objects
	params []string
	mode   string
	rules  []Rule
}

// Open lets anybody call the route, without asking who. The route must allow
// the authentication scheme "none".
func Open() Rule { return Rule{kind: kindOpen} }

// Auth lets every authenticated user call the route.
func Auth() Rule { return Rule{kind: kindAuth} }

// Close lets nobody call the route: it is there, and it answers 403.
func Close() Rule { return Rule{} }

// Group lets the members of a group call the route.
func Group(name string) Rule { return Rule{kind: kindGroup, name: name} }

// Object lets those users call the route who have a permission on an object.
//
// The object is of the given domain, for which the application has registered
// a hook; it is named by the value of the route's parameter param, the very
// value that the handler gets. When several parameters name the object, their
// names are joined by colons ("owner:repo"), and the hook's id is a struct with
// a field for each. What mode means is the hook's affair: "read", "owner", "".
func Object(domain, param, mode string) Rule {
	return Rule{kind: kindObject, name: domain, params: strings.Split(param, ":"), mode: mode}
}

// All lets those call the route whom every one of the rules lets. An empty All
// is a fault when routes are compiled.
func All(rules ...Rule) Rule { return Rule{kind: kindAll, rules: slices.Clone(rules)} }

// Any lets those call the route whom at least one of the rules lets. The rules
// that need no parameters are asked first. An empty Any is a fault when routes
// are compiled.
func Any(rules ...Rule) Rule { return Rule{kind: kindAny, rules: slices.Clone(rules)} }

// IsOpen reports whether the rule is that of [Open].
func (r Rule) IsOpen() bool { return r.kind == kindOpen }

// String gives the rule as it would be written.
func (r Rule) String() string {
	switch r.kind {
	case kindOpen:
		return "Open()"
	case kindAuth:
		return "Auth()"
	case kindGroup:
		return fmt.Sprintf("Group(%q)", r.name)
	case kindObject:
		return fmt.Sprintf("Object(%q, %q, %q)", r.name, strings.Join(r.params, ":"), r.mode)
	case kindAll:
		return "All(" + join(r.rules) + ")"
	case kindAny:
		return "Any(" + join(r.rules) + ")"
	}
	return "Close()"
}

func join(rules []Rule) string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.String()
	}
	return strings.Join(texts, ", ")
}
