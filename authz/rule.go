// Package authz is whether somebody may do something: the rules that routes
// declare, and their compilation to a decision.
//
// A [Rule] is data. It is written beside the route, and it is the only thing
// that says who may call it:
//
//	authz.Open()                                 // anybody
//	authz.Auth()                                 // whoever is authenticated
//	authz.Group("employee")                      // the members of a group
//	authz.Scope("orders:read")                   // whose token or key has the scope
//	authz.Permission("entry:edit")               // who has been given the permission
//	authz.Object("store", "sid", "manager")      // who manages the store that parameter sid names
//	authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager"))
//	authz.Any(authz.Group("admin"), authz.Object("store", "sid", "manager"))
//	authz.All(authz.Group("admin"), authz.Fresh(10*time.Minute), authz.Factors(2))
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
	"time"
)

type kind uint8

const (
	kindClose kind = iota
	kindOpen
	kindAuth
	kindGroup
	kindScope
	kindPermission
	kindFresh
	kindFactors
	kindObject
	kindAll
	kindAny
)

// Rule says who may call a route. Rules are made by the functions of this
// package; the zero Rule is that of [Close].
type Rule struct {
	kind   kind
	name   string // of the group, the scope or the permission, or the domain of objects
	params []string
	mode   string
	age    time.Duration // of the log-in, at most
	count  int           // of factors, at least
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

// Scope lets those call the route whose credential has the scope: a token or a
// key that was made with it (RFC 6749, 3.3). A password carries no scopes, so
// that it does not do. Scopes limit what may be done in a user's name, and say
// nothing about what the user may do: combine the two, as in
//
//	authz.All(authz.Scope("orders:read"), authz.Group("employee"))
func Scope(name string) Rule { return Rule{kind: kindScope, name: name} }

// Permission lets those users call the route who have been given a permission,
// most often by a role that they have: "entry:edit". It says what may be done, where
// [Group] says who somebody is, so that which roles may do it can change without the
// routes.
func Permission(name string) Rule { return Rule{kind: kindPermission, name: name} }

// Fresh lets those call the route who have proved who they are within the time d
// before the request, which is more than 0: what can't be taken back should not be
// done by whoever finds an open session. A user of whom it is not known when that was
// is not let through.
//
// Who is not let through need only log in again. So the answer is 401, not 403
// (RFC 9470).
func Fresh(d time.Duration) Rule { return Rule{kind: kindFresh, age: d} }

// Factors lets those call the route who have proved who they are by at least n
// different means, as RFC 8176 names them: "pwd" and "otp", say. n is at least 1. Who
// is not let through is answered by 401, as with [Fresh].
func Factors(n int) Rule { return Rule{kind: kindFactors, count: n} }

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
//
// The rules that need no parameters are asked first, each in the order in which it
// stands, and the first that does not let is the answer. But a 401, which says that
// another log-in would do, is the answer only if none of those refuses for good:
// nobody is sent to log in again in order to be told that they may not.
func All(rules ...Rule) Rule { return Rule{kind: kindAll, rules: slices.Clone(rules)} }

// Any lets those call the route whom at least one of the rules lets. The rules
// that need no parameters are asked first. If none lets, a 401, which says that
// another log-in would do, counts before all other refusals. An empty Any is a fault
// when routes are compiled.
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
	case kindScope:
		return fmt.Sprintf("Scope(%q)", r.name)
	case kindPermission:
		return fmt.Sprintf("Permission(%q)", r.name)
	case kindFresh:
		return "Fresh(" + r.age.String() + ")"
	case kindFactors:
		return fmt.Sprintf("Factors(%d)", r.count)
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
