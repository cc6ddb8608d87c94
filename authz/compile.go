package authz

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

// ErrNoSuchObject is what a check of an object permission returns when there
// is no such object. It is answered as "not found", not as "forbidden".
var ErrNoSuchObject = errors.New("no such object")

// Check answers one question about a request: true grants, false refuses. An
// error that holds an [httperr.Error] below 500 refuses in its own words, and with
// status 401 says that another log-in would do; [ErrNoSuchObject] says that the object is not there; any other error is a
// failure, and a failure never grants.
type Check[R any] func(R) (bool, error)

// Leaves resolves the names of rules to checks, when routes are compiled. R is
// whatever the framework keeps for a request. An error is a fault of the rule
// (an unknown name, say) and is reported with the route.
type Leaves[R any] struct {
	Group      func(name string) (Check[R], error)
	Scope      func(name string) (Check[R], error)
	Permission func(name string) (Check[R], error)
	Fresh      func(d time.Duration) (Check[R], error)
	Factors    func(n int) (Check[R], error)
	Object     func(domain string, params []string, mode string) (Check[R], error)

	// NotFoundStatus is the status of the answer when there is no such
	// object. Zero means 404.
	NotFoundStatus int
}

// maxNodes bounds the size of a rule, so that what a decision must remember
// between its two steps fits in a word.
const maxNodes = 64

// node is a compiled rule.
type node[R any] struct {
	kind    kind
	bit     uint64 // which bit of pending.granted is its own
	objects bool   // it holds an object, so Before cannot always decide it
	login   bool   // it asks about the log-in, so another one may mend its refusal
	check   Check[R]
	what    string // for the text of a failure: which question was asked
	denied  *httperr.Error
	missing *httperr.Error
	nodes   []*node[R]
}

// Compile resolves the names of a rule. All of its faults come back as one
// error, joined.
func Compile[R any](rule Rule, leaves Leaves[R]) (*Decision[R], error) {
	d := &Decision[R]{}
	if rule.kind == kindOpen {
		d.open = true
		return d, nil
	}
	if leaves.NotFoundStatus == 0 {
		leaves.NotFoundStatus = http.StatusNotFound
	}
	d.missing = httperr.Errorf(leaves.NotFoundStatus, "object not found")
	c := compiler[R]{leaves: leaves, missing: d.missing}
	root := c.compile(rule)
	if c.nodes > maxNodes {
		c.fault("the rule has %d parts; at most %d are supported: put some of them in the check of one group", c.nodes, maxNodes)
	}
	if len(c.faults) > 0 {
		return nil, errors.Join(c.faults...)
	}
	d.root = root
	if root != nil {
		d.flatten()
	}
	return d, nil
}

type compiler[R any] struct {
	leaves  Leaves[R]
	missing *httperr.Error
	nodes   int
	faults  []error
}

func (c *compiler[R]) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf(format, args...))
}

// compile gives the node of a rule, nil if the rule is closed.
func (c *compiler[R]) compile(r Rule) *node[R] {
	n := &node[R]{kind: r.kind, bit: 1 << (c.nodes % maxNodes)}
	c.nodes++
	switch r.kind {
	case kindAuth:
	case kindGroup:
		c.group(n, r)
	case kindScope:
		c.scope(n, r)
	case kindPermission:
		c.permission(n, r)
	case kindFresh:
		c.fresh(n, r)
	case kindFactors:
		c.factors(n, r)
	case kindObject:
		c.object(n, r)
	case kindAll, kindAny:
		return c.combine(n, r)
	case kindOpen:
		c.fault("authz.Open() stands inside another rule; an open route is declared by authz.Open() alone")
	default:
		return nil
	}
	return n
}

func (c *compiler[R]) group(n *node[R], r Rule) {
	if c.leaves.Group == nil {
		c.fault("%v asks about a group, and nothing here knows groups", r)
		return
	}
	check, err := c.leaves.Group(r.name)
	c.found(n, r, check, err)
	n.what = fmt.Sprintf("check of group %q", r.name)
	n.denied = httperr.Errorf(http.StatusForbidden, "not in group %q", r.name)
}

func (c *compiler[R]) scope(n *node[R], r Rule) {
	if c.leaves.Scope == nil {
		c.fault("%v asks about a scope, and nothing here knows scopes", r)
		return
	}
	check, err := c.leaves.Scope(r.name)
	c.found(n, r, check, err)
	n.what = fmt.Sprintf("check of scope %q", r.name)
	n.denied = httperr.Errorf(http.StatusForbidden, "missing scope %q", r.name)
}

func (c *compiler[R]) permission(n *node[R], r Rule) {
	switch {
	case r.name == "":
		c.fault("%v has no name; give that of a permission", r)
	case c.leaves.Permission == nil:
		c.fault("%v asks about a permission, and nothing here knows permissions", r)
	default:
		check, err := c.leaves.Permission(r.name)
		c.found(n, r, check, err)
		n.what = fmt.Sprintf("check of permission %q", r.name)
		n.denied = httperr.Errorf(http.StatusForbidden, "missing permission %q", r.name)
	}
}

func (c *compiler[R]) fresh(n *node[R], r Rule) {
	switch {
	case r.age <= 0:
		c.fault("%v lets nobody through; give how old a log-in may be, as in authz.Fresh(10*time.Minute)", r)
	case c.leaves.Fresh == nil:
		c.fault("%v asks when somebody logged in, and nothing here knows", r)
	default:
		check, err := c.leaves.Fresh(r.age)
		c.found(n, r, check, err)
		n.login = true
		n.what = "check of a fresh log-in"
		n.denied = httperr.Errorf(http.StatusUnauthorized, "a fresh log-in is required")
	}
}

func (c *compiler[R]) factors(n *node[R], r Rule) {
	switch {
	case r.count < 1:
		c.fault("%v asks for nothing; give a number of factors from 1, or use authz.Auth()", r)
	case c.leaves.Factors == nil:
		c.fault("%v asks how somebody logged in, and nothing here knows", r)
	default:
		check, err := c.leaves.Factors(r.count)
		c.found(n, r, check, err)
		n.login = true
		n.what = "check of factors"
		n.denied = httperr.Errorf(http.StatusUnauthorized, "a log-in with %d factors is required", r.count)
	}
}

// found notes the check of a leaf, or why there is none.
func (c *compiler[R]) found(n *node[R], r Rule, check Check[R], err error) {
	switch {
	case err != nil:
		c.faults = append(c.faults, err)
	case check == nil:
		c.fault("%v has no check", r)
	}
	n.check = check
}

func (c *compiler[R]) object(n *node[R], r Rule) {
	for i, p := range r.params {
		if p == "" {
			c.fault("%v names an empty parameter; give the name of the route's parameter that holds the object's id", r)
			return
		}
		for _, q := range r.params[:i] {
			if p == q {
				c.fault("%v names parameter %q twice", r, p)
				return
			}
		}
	}
	if c.leaves.Object == nil {
		c.fault("%v asks about an object, and nothing here knows objects", r)
		return
	}
	check, err := c.leaves.Object(r.name, slices.Clone(r.params), r.mode)
	c.found(n, r, check, err)
	n.objects = true
	n.what = fmt.Sprintf("object permission %q", r.name)
	n.denied = httperr.Errorf(http.StatusForbidden, "permission denied on %s", r.name)
	n.missing = c.missing
}

// combine compiles all parts, also those that a closed one makes pointless,
// so that their faults are reported.
func (c *compiler[R]) combine(n *node[R], r Rule) *node[R] {
	if len(r.rules) == 0 {
		name, _, _ := strings.Cut(r.String(), "(")
		c.fault("authz.%s() is empty; give it the rules that it combines", name)
		return n
	}
	closed := false
	for _, sub := range r.rules {
		s := c.compile(sub)
		if s == nil {
			closed = true
			continue
		}
		n.nodes = append(n.nodes, s)
		n.objects = n.objects || s.objects
		n.login = n.login || s.login
	}
	if len(n.nodes) == 0 || closed && r.kind == kindAll {
		return nil
	}
	return n
}
