package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
)

// answer is what a leaf answers in a test.
type answer int

const (
	no       answer = iota // false
	yes                    // true
	noObject               // ErrNoSuchObject
	failure                // any error
	teapot                 // a refusal in the check's own words
	muddled                // true, and an error: never a grant
	again                  // a refusal that another log-in would mend
)

var errStore = errors.New("the store is down")

func (a answer) give() (bool, error) {
	switch a {
	case yes:
		return true, nil
	case noObject:
		return false, fmt.Errorf("sid 7: %w", authz.ErrNoSuchObject)
	case failure:
		return false, errStore
	case teapot:
		return false, httperr.Errorf(418, "come back later")
	case muddled:
		return true, errStore
	case again:
		return false, httperr.Errorf(401, "log in in another way")
	}
	return false, nil
}

// request holds the answers to a request's questions, and which were asked.
type request struct {
	answers map[string]answer
	asked   []string
}

func (r *request) ask(name string) (bool, error) {
	r.asked = append(r.asked, name)
	return r.answers[name].give()
}

type decision = authz.Decision[*request]

// leaves knows every name, except those that begin with "unknown".
func leaves() authz.Leaves[*request] {
	check := func(name string) (authz.Check[*request], error) {
		if strings.Contains(name, "unknown") {
			return nil, fmt.Errorf("no %s", name)
		}
		return func(r *request) (bool, error) { return r.ask(name) }, nil
	}
	return authz.Leaves[*request]{
		Group:      check,
		Scope:      check,
		Permission: check,
		Fresh:      func(d time.Duration) (authz.Check[*request], error) { return check(numbered("fresh", int(d))) },
		Factors:    func(n int) (authz.Check[*request], error) { return check(numbered("factors", n)) },
		Object: func(domain string, params []string, mode string) (authz.Check[*request], error) {
			return check(domain)
		},
	}
}

// numbered gives the name of a leaf that is told by a number: that of a drawn tree, else
// the kind.
func numbered(kind string, n int) string {
	if n >= 1 && n <= len(names) && strings.HasPrefix(names[n-1], kind) {
		return names[n-1]
	}
	return kind
}

func compile(tb testing.TB, rule authz.Rule) *decision {
	tb.Helper()
	d, err := authz.Compile(rule, leaves())
	if err != nil {
		tb.Fatalf("%v: %v", rule, err)
	}
	return d
}

// decide takes both steps, as a request does.
func decide(d *decision, r *request) (before, outcome error) {
	pending, err := d.Before(r)
	if err != authz.ErrUndecided {
		return err, err
	}
	return err, d.After(r, pending)
}

func text(err error) string {
	var e *httperr.Error
	switch {
	case err == nil:
		return "granted"
	case err == authz.ErrUndecided:
		return "undecided"
	case errors.As(err, &e):
		return fmt.Sprint(e.Status, " ", e.Public)
	}
	return "no answer: " + err.Error()
}

// Names of one letter: g and h are groups, s is a scope, e is a permission, o and p are
// domains of objects; f is fresh and n factors.
var (
	e = authz.Permission("e")
	f = authz.Fresh(90 * time.Minute)
	n = authz.Factors(2)
	g = authz.Group("g")
	h = authz.Group("h")
	s = authz.Scope("s")
	o = authz.Object("o", "sid", "read")
	p = authz.Object("p", "pid", "")
)

const (
	closed = "403 currently closed route"
	noG    = `403 not in group "g"`
	noH    = `403 not in group "h"`
	noS    = `403 missing scope "s"`
	noE    = `403 missing permission "e"`
	stale  = "401 a fresh log-in is required"
	fewer  = "401 a log-in with 2 factors is required"
	noO    = "403 permission denied on o"
	noP    = "403 permission denied on p"
	absent = "404 object not found"
	brokeG = `500 internal error in check of group "g"`
	brokeO = `500 internal error in object permission "o"`
	brokeP = `500 internal error in object permission "p"`
	tea    = "418 come back later"

	otherwise = "401 log in in another way"

	later = "undecided"
	okay  = "granted"
)

func TestDecision(t *testing.T) {
	all, any, auth := authz.All, authz.Any, authz.Auth()
	type with = map[string]answer
	for _, c := range []struct {
		rule           authz.Rule
		answers        with
		before, result string
		asked          string // the leaves, in their order
	}{
		{authz.Open(), nil, okay, okay, ""},
		{authz.Close(), nil, closed, closed, ""},
		{authz.Rule{}, nil, closed, closed, ""},
		{auth, nil, okay, okay, ""},

		{g, with{"g": yes}, okay, okay, "g"},
		{g, with{"g": no}, noG, noG, "g"},
		{g, with{"g": failure}, brokeG, brokeG, "g"},
		{g, with{"g": muddled}, brokeG, brokeG, "g"},
		{g, with{"g": teapot}, tea, tea, "g"},
		{g, with{"g": noObject}, brokeG, brokeG, "g"}, // a group is no object

		{o, with{"o": yes}, later, okay, "o"},
		{o, with{"o": no}, later, noO, "o"},
		{o, with{"o": noObject}, later, absent, "o"},
		{o, with{"o": failure}, later, brokeO, "o"},
		{o, with{"o": muddled}, later, brokeO, "o"},
		{o, with{"o": teapot}, later, tea, "o"},

		{all(g, o), with{"g": no, "o": yes}, noG, noG, "g"},
		{all(o, g), with{"g": no, "o": yes}, noG, noG, "g"}, // groups first, wherever they stand
		{all(o, g), with{"g": failure, "o": yes}, brokeG, brokeG, "g"},
		{all(o, g), with{"g": yes, "o": no}, later, noO, "g o"},
		{all(g, o), with{"g": yes, "o": yes}, later, okay, "g o"},
		{all(g, o), with{"g": yes, "o": noObject}, later, absent, "g o"},
		{all(o, p), with{"o": noObject, "p": no}, later, absent, "o"}, // the first one counts
		{all(p, o), with{"o": noObject, "p": no}, later, noP, "p"},
		{all(o, p), with{"o": yes, "p": failure}, later, brokeP, "o p"},
		{all(g, h), with{"g": yes, "h": yes}, okay, okay, "g h"},
		{all(g, h), with{"g": no, "h": yes}, noG, noG, "g"},
		{all(g), with{"g": no}, noG, noG, "g"},
		{all(auth, g), with{"g": yes}, okay, okay, "g"},

		{s, with{"s": yes}, okay, okay, "s"},
		{s, with{"s": no}, noS, noS, "s"},
		{s, with{"s": teapot}, tea, tea, "s"},
		{all(o, s, g), with{"s": no, "g": yes, "o": yes}, noS, noS, "s"}, // scopes too are asked before objects
		{all(s, g, o), with{"s": yes, "g": yes, "o": no}, later, noO, "s g o"},
		{all(s, g, o), with{"s": yes, "g": yes, "o": yes}, later, okay, "s g o"},
		{any(s, o), with{"s": no, "o": noObject}, later, absent, "s o"},
		{any(s, g), with{"s": no, "g": yes}, okay, okay, "s g"},

		{e, with{"e": yes}, okay, okay, "e"},
		{e, with{"e": no}, noE, noE, "e"},
		{e, with{"e": teapot}, tea, tea, "e"},
		{e, with{"e": failure}, `500 internal error in check of permission "e"`, `500 internal error in check of permission "e"`, "e"},
		{all(o, e), with{"e": no, "o": yes}, noE, noE, "e"}, // before objects
		{any(e, o), with{"e": no, "o": noObject}, later, absent, "e o"},
		{any(e, g), with{"e": no, "g": yes}, okay, okay, "e g"},

		{f, with{"fresh": yes}, okay, okay, "fresh"},
		{f, with{"fresh": no}, stale, stale, "fresh"},
		{f, with{"fresh": failure}, "500 internal error in check of a fresh log-in", "500 internal error in check of a fresh log-in", "fresh"},
		{n, with{"factors": yes}, okay, okay, "factors"},
		{n, with{"factors": no}, fewer, fewer, "factors"},
		{n, with{"factors": muddled}, "500 internal error in check of factors", "500 internal error in check of factors", "factors"},

		// In an All, whoever lacks what no log-in gives is not sent to log in again.
		{all(f, g), with{"g": no}, noG, noG, "fresh g"},
		{all(g, f), with{"g": no}, noG, noG, "g"},
		{all(f, g), with{"g": yes}, stale, stale, "fresh g"},
		{all(f, g), with{"g": failure}, brokeG, brokeG, "fresh g"},
		{all(f, n), nil, stale, stale, "fresh factors"},
		{all(n, f), nil, fewer, fewer, "factors fresh"},
		{all(n, f), with{"factors": yes}, stale, stale, "factors fresh"},
		{all(n, f), with{"factors": yes, "fresh": yes}, okay, okay, "factors fresh"},
		{all(f, o), with{"o": noObject}, stale, stale, "fresh"}, // objects only for who is let so far
		{all(o, f), with{"o": yes}, stale, stale, "fresh"},
		{all(o, f), with{"fresh": yes, "o": noObject}, later, absent, "fresh o"},
		{all(any(f, h), g), with{"g": no}, noG, noG, "fresh h g"},
		{all(any(f, h), g), with{"g": yes}, stale, stale, "fresh h g"},
		{all(any(f, h), g), with{"h": yes, "g": yes}, okay, okay, "fresh h g"},
		{all(any(f, o), g), with{"g": no}, noG, noG, "fresh g"},
		{all(any(f, h), n), nil, stale, stale, "fresh h factors"}, // the first of two
		{all(n, any(f, h)), nil, fewer, fewer, "factors fresh h"},
		{all(g, h), with{"g": again, "h": no}, noH, noH, "g h"}, // whoever says it
		{all(o, p), with{"o": again, "p": no}, later, otherwise, "o"},

		// In an Any, what another log-in would mend counts before what it would not.
		{any(g, f), with{"g": yes}, okay, okay, "g"},
		{any(g, f), with{"g": no}, stale, stale, "g fresh"},
		{any(f, g), with{"g": no}, stale, stale, "fresh g"},
		{any(f, g), with{"g": failure}, brokeG, brokeG, "fresh g"},
		{any(g, all(h, f)), with{"h": yes}, stale, stale, "g h fresh"},
		{any(g, all(f, h)), with{"h": no}, noG, noG, "g fresh h"}, // a log-in would not do
		{any(o, f), with{"o": noObject}, later, stale, "fresh o"},
		{any(o, f), with{"o": no}, later, stale, "fresh o"},
		{any(o, f), with{"o": yes}, later, okay, "fresh o"},
		{any(o, all(f, p)), with{"o": noObject}, later, stale, "fresh o"},
		{any(o, all(f, p)), with{"fresh": yes, "o": noObject, "p": no}, later, noP, "fresh o p"},
		{any(f, n), nil, stale, stale, "fresh factors"},

		{any(g, h), with{"g": yes, "h": no}, okay, okay, "g"},
		{any(g, h), with{"g": no, "h": yes}, okay, okay, "g h"},
		{any(g, h), with{"g": no, "h": no}, noG, noG, "g h"},
		{any(g, h), with{"g": failure, "h": no}, brokeG, brokeG, "g h"},
		{any(g, h), with{"g": failure, "h": yes}, okay, okay, "g h"}, // a grant wins
		{any(h, g), with{"g": failure, "h": no}, brokeG, brokeG, "h g"},
		{any(auth, g), with{"g": no}, okay, okay, ""},

		{any(g, o), with{"g": yes, "o": no}, okay, okay, "g"},
		{any(o, g), with{"g": yes, "o": no}, okay, okay, "g"}, // without parameters first
		{any(o, g), with{"g": no, "o": yes}, later, okay, "g o"},
		{any(o, g), with{"g": no, "o": no}, later, noO, "g o"},
		{any(g, o), with{"g": no, "o": no}, later, noG, "g o"},
		{any(o, g), with{"g": no, "o": noObject}, later, absent, "g o"}, // pure groups do not count
		{any(o, g), with{"g": failure, "o": noObject}, later, brokeG, "g o"},
		{any(o, g), with{"g": failure, "o": yes}, later, okay, "g o"},
		{any(o, g), with{"g": teapot, "o": no}, later, noO, "g o"},
		{any(o, p), with{"o": noObject, "p": noObject}, later, absent, "o p"},
		{any(o, p), with{"o": noObject, "p": no}, later, noP, "o p"}, // one was there
		{any(o, p), with{"o": no, "p": noObject}, later, noO, "o p"},
		{any(o, g, p), with{"o": no, "g": no, "p": noObject}, later, noO, "g o p"},
		{any(o, p), with{"o": noObject, "p": failure}, later, brokeP, "o p"},
		{any(o, p), with{"o": noObject, "p": yes}, later, okay, "o p"},
		{any(o, p), with{"o": yes, "p": failure}, later, okay, "o"},

		// A branch that was refused before its object was looked for does not
		// say that there is none.
		{any(all(g, o), p), with{"g": no, "o": noObject, "p": noObject}, later, noG, "g p"},
		{any(all(g, o), p), with{"g": yes, "o": noObject, "p": noObject}, later, absent, "g o p"},
		{any(all(g, o), all(h, p)), with{"g": no, "h": no}, noG, noG, "g h"},
		{any(all(g, o), all(h, p)), with{"g": yes, "h": no, "o": no}, later, noO, "g h o"},
		{any(all(g, o), all(h, p)), with{"g": yes, "h": no, "o": yes}, later, okay, "g h o"},
		{any(all(g, o), h), with{"g": yes, "h": yes}, okay, okay, "g h"},
		{all(any(g, o), any(h, p)), with{"g": yes, "h": no, "p": no}, later, noH, "g h p"},
		{all(any(g, o), any(h, p)), with{"g": yes, "h": yes}, okay, okay, "g h"},
		{all(any(g, o), any(h, p)), with{"g": no, "h": yes, "o": no}, later, noG, "g h o"},
		{all(any(g, o), h), with{"g": no, "h": no, "o": yes}, noH, noH, "g h"},
		{any(any(any(o))), with{"o": noObject}, later, absent, "o"},
		{any(all(any(g, o), h), p), with{"g": no, "h": no, "p": yes}, later, okay, "g h p"},
		{any(all(any(g, o), h), p), with{"g": no, "h": yes, "o": yes, "p": no}, later, okay, "g h o"},

		// Close folds.
		{all(auth, authz.Close()), nil, closed, closed, ""},
		{all(g, any(authz.Close())), nil, closed, closed, ""},
		{all(any(authz.Close(), g), h), with{"g": yes, "h": yes}, okay, okay, "g h"},
		{any(authz.Close()), nil, closed, closed, ""},
		{any(authz.Close(), authz.Rule{}), nil, closed, closed, ""},
		{any(authz.Close(), o), with{"o": noObject}, later, absent, "o"},
		{any(all(g, authz.Close()), h), with{"g": yes, "h": no}, noH, noH, "h"},
	} {
		d := compile(t, c.rule)
		r := &request{answers: c.answers}
		before, result := decide(d, r)
		if text(before) != c.before || text(result) != c.result || strings.Join(r.asked, " ") != c.asked {
			t.Errorf("%v with %v:\n got %s, then %s, asked %v\nwant %s, then %s, asked %s", c.rule, c.answers, text(before), text(result), r.asked, c.before, c.result, c.asked)
		}
		objects := strings.Contains(c.rule.String(), "Object(") && !d.Closed()
		if d.Closed() != (c.before == closed) || d.Open() != c.rule.IsOpen() || d.Objects() != objects {
			t.Errorf("%v: closed %t, open %t, objects %t", c.rule, d.Closed(), d.Open(), d.Objects())
		}
		login := (strings.Contains(c.rule.String(), "Fresh(") || strings.Contains(c.rule.String(), "Factors(")) && !d.Closed()
		if d.Login() != login {
			t.Errorf("%v: asks about the log-in: %t", c.rule, d.Login())
		}
		if d.Closed() && len(r.asked) > 0 {
			t.Errorf("%v: asked %v, though it is closed", c.rule, r.asked)
		}
		// Whoever skips the first step gains nothing.
		skipped := d.After(&request{answers: c.answers}, authz.Pending{})
		if text(skipped) != c.result {
			t.Errorf("%v with %v: without Before: %s, want %s", c.rule, c.answers, text(skipped), c.result)
		}
	}
}

// TestRefusedGroupsAreCheap: a rule without objects keeps nothing for a second
// step that it does not have.
func TestRefusedGroupsAreCheap(t *testing.T) {
	refuse := func(int) (bool, error) { return false, nil }
	d, err := authz.Compile(authz.Any(g, h), authz.Leaves[int]{
		Group: func(string) (authz.Check[int], error) { return refuse, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	one, err := authz.Compile(g, authz.Leaves[int]{
		Group: func(string) (authz.Check[int], error) { return refuse, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	allocations := func(d *authz.Decision[int]) float64 {
		return testing.AllocsPerRun(100, func() { d.Before(0) })
	}
	if many, few := allocations(d), allocations(one); many > few {
		t.Errorf("%v allocations for two groups, %v for one", many, few)
	}
}

// TestCause: what broke is for the log, and only for it.
func TestCause(t *testing.T) {
	for _, rule := range []authz.Rule{g, o, authz.All(authz.Auth(), g), authz.Any(o, g)} {
		_, err := decide(compile(t, rule), &request{answers: map[string]answer{"g": failure, "o": failure}})
		if !errors.Is(err, errStore) || strings.Contains(text(err), "store") {
			t.Errorf("%v: %s, with the cause %v", rule, text(err), err)
		}
	}
}

// TestForeignPending: what another decision has found grants nothing.
func TestForeignPending(t *testing.T) {
	lax, strict := compile(t, authz.Any(authz.Auth(), o)), compile(t, authz.Any(g, o))
	r := &request{}
	pending, err := lax.Before(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := strict.After(r, pending); text(err) != noG {
		t.Errorf("with the grant of another rule: %s", text(err))
	}
}

// TestZero: the zero decision lets nobody through.
func TestZero(t *testing.T) {
	var d decision
	_, err := d.Before(&request{})
	if text(err) != closed || text(d.After(&request{}, authz.Pending{})) != closed || !d.Closed() || d.Open() || d.Objects() {
		t.Errorf("%v", err)
	}
}

func TestNotFoundStatus(t *testing.T) {
	l := leaves()
	l.NotFoundStatus = 403
	d, err := authz.Compile(o, l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decide(d, &request{answers: map[string]answer{"o": noObject}}); text(err) != "403 object not found" {
		t.Error(text(err))
	}
}

func TestCompileFaults(t *testing.T) {
	unknown, none := authz.Group("unknown g"), authz.Object("unknown o", "sid", "")
	many := make([]authz.Rule, 64)
	for i := range many {
		many[i] = authz.Group(fmt.Sprint(i))
	}
	for _, c := range []struct {
		rule authz.Rule
		want []string // all faults
	}{
		{authz.All(), []string{"authz.All() is empty; give it the rules that it combines"}},
		{authz.Any(), []string{"authz.Any() is empty; give it the rules that it combines"}},
		{authz.All([]authz.Rule{}...), []string{"authz.All() is empty; give it the rules that it combines"}},
		{authz.Any(g, authz.All(authz.Any())), []string{"authz.Any() is empty; give it the rules that it combines"}},
		{authz.Any(authz.Open(), g), []string{"authz.Open() stands inside another rule; an open route is declared by authz.Open() alone"}},
		{authz.All(authz.Open()), []string{"authz.Open() stands inside another rule; an open route is declared by authz.Open() alone"}},
		{authz.All(g, authz.Any(h, authz.Open())), []string{"authz.Open() stands inside another rule; an open route is declared by authz.Open() alone"}},
		{unknown, []string{"no unknown g"}},
		{authz.Any(g, authz.Scope("unknown s")), []string{"no unknown s"}},
		{none, []string{"no unknown o"}},
		{authz.All(unknown, g, authz.Any(none, authz.Open()), authz.All()), []string{
			"no unknown g", "no unknown o", "authz.Open() stands inside another rule; an open route is declared by authz.Open() alone", "authz.All() is empty; give it the rules that it combines"}},
		{authz.All(authz.Close(), unknown), []string{"no unknown g"}}, // though it is closed
		{authz.Any(authz.All(authz.Close(), none)), []string{"no unknown o"}},
		{authz.Object("o", "", "r"), []string{`Object("o", "", "r") names an empty parameter; give the name of the route's parameter that holds the object's id`}},
		{authz.Object("o", "a:", "r"), []string{`Object("o", "a:", "r") names an empty parameter; give the name of the route's parameter that holds the object's id`}},
		{authz.Object("o", "a:b:a", "r"), []string{`Object("o", "a:b:a", "r") names parameter "a" twice`}},
		{authz.Permission(""), []string{`Permission("") has no name; give that of a permission`}},
		{authz.Permission("unknown e"), []string{"no unknown e"}},
		{authz.Fresh(0), []string{"Fresh(0s) lets nobody through; give how old a log-in may be, as in authz.Fresh(10*time.Minute)"}},
		{authz.Any(g, authz.Fresh(-time.Second)), []string{"Fresh(-1s) lets nobody through; give how old a log-in may be, as in authz.Fresh(10*time.Minute)"}},
		{authz.Factors(0), []string{"Factors(0) asks for nothing; give a number of factors from 1, or use authz.Auth()"}},
		{authz.All(authz.Factors(-2), authz.Fresh(1)), []string{"Factors(-2) asks for nothing; give a number of factors from 1, or use authz.Auth()"}},
		{authz.Any(many...), []string{"the rule has 65 parts; at most 64 are supported: put some of them in the check of one group"}},
		{authz.Any(append(many, unknown)...), []string{"no unknown g", "the rule has 66 parts; at most 64 are supported: put some of them in the check of one group"}},
	} {
		d, err := authz.Compile(c.rule, leaves())
		if err == nil || d != nil || err.Error() != strings.Join(c.want, "\n") {
			t.Errorf("%.80s: %v\nwant %v", c.rule, err, c.want)
		}
	}
	if _, err := authz.Compile(authz.Any(many[:63]...), leaves()); err != nil {
		t.Errorf("64 parts: %v", err)
	}
}

// TestNoLeaves: what nobody can answer is a fault at once, not a panic later.
func TestNoLeaves(t *testing.T) {
	nothing := authz.Leaves[*request]{
		Group:      func(string) (authz.Check[*request], error) { return nil, nil },
		Scope:      func(string) (authz.Check[*request], error) { return nil, nil },
		Permission: func(string) (authz.Check[*request], error) { return nil, nil },
		Fresh:      func(time.Duration) (authz.Check[*request], error) { return nil, nil },
		Factors:    func(int) (authz.Check[*request], error) { return nil, nil },
		Object:     func(string, []string, string) (authz.Check[*request], error) { return nil, nil },
	}
	for _, l := range []authz.Leaves[*request]{{}, nothing} {
		for _, rule := range []authz.Rule{g, authz.Scope("read"), e, f, n, o, authz.Any(g, o)} {
			if d, err := authz.Compile(rule, l); err == nil {
				t.Errorf("%v compiles to %v", rule, d)
			}
		}
		for _, rule := range []authz.Rule{authz.Open(), authz.Auth(), authz.Close()} {
			if _, err := authz.Compile(rule, l); err != nil {
				t.Errorf("%v: %v", rule, err)
			}
		}
	}
}

// TestLeafArguments: the hooks are asked with what the rule says.
func TestLeafArguments(t *testing.T) {
	var got []string
	yes := func(int) (bool, error) { return true, nil }
	_, err := authz.Compile(authz.All(authz.Group("admin"), authz.Permission("edit"), f, n, authz.Object("cell", "col:row", "w")), authz.Leaves[int]{
		Permission: func(name string) (authz.Check[int], error) {
			got = append(got, name)
			return yes, nil
		},
		Fresh: func(d time.Duration) (authz.Check[int], error) {
			got = append(got, d.String())
			return yes, nil
		},
		Factors: func(n int) (authz.Check[int], error) {
			got = append(got, fmt.Sprint(n))
			return yes, nil
		},
		Group: func(name string) (authz.Check[int], error) {
			got = append(got, name)
			return func(int) (bool, error) { return true, nil }, nil
		},
		Object: func(domain string, params []string, mode string) (authz.Check[int], error) {
			got = append(got, domain, strings.Join(params, ","), mode)
			params[0] = "mutated" // the rule's own names stay
			return func(int) (bool, error) { return true, nil }, nil
		},
	})
	if want := []string{"admin", "edit", "1h30m0s", "2", "cell", "col,row", "w"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		rule authz.Rule
		want string
	}{
		{authz.Rule{}, "Close()"},
		{authz.Close(), "Close()"},
		{authz.Open(), "Open()"},
		{authz.Auth(), "Auth()"},
		{authz.Group(`a"b`), `Group("a\"b")`},
		{authz.Scope("store:read"), `Scope("store:read")`},
		{authz.Permission("entry:edit"), `Permission("entry:edit")`},
		{authz.All(f, n), `All(Fresh(1h30m0s), Factors(2))`},
		{authz.Object("store", "a:b", ""), `Object("store", "a:b", "")`},
		{authz.All(authz.Auth(), authz.Any(g, authz.Close())), `All(Auth(), Any(Group("g"), Close()))`},
		{authz.Any(), "Any()"},
	} {
		if got := c.rule.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestRuleIsItsOwn: a rule does not change with the slice it was made of.
func TestRuleIsItsOwn(t *testing.T) {
	for _, combine := range []func(...authz.Rule) authz.Rule{authz.All, authz.Any} {
		parts := []authz.Rule{g}
		rule := combine(parts...)
		parts[0] = authz.Auth()
		if _, err := compile(t, rule).Before(&request{}); text(err) != noG {
			t.Errorf("%v: %s", rule, text(err))
		}
	}
}

// TestPanic: a check that panics grants nothing (S88): the panic goes on to
// whoever turns it into an answer.
func TestPanic(t *testing.T) {
	l := leaves()
	l.Group = func(name string) (authz.Check[*request], error) {
		return func(*request) (bool, error) { panic("boom") }, nil
	}
	d, err := authz.Compile(authz.Any(g, o), l)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the panic is lost")
		}
	}()
	d.Before(&request{answers: map[string]answer{"o": yes}})
}
