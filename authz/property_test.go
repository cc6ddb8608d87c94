package authz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
	"pgregory.net/rapid"
)

// tree is a rule that the test can look into.
type tree struct {
	kind string // close auth group scope permission fresh factors object all any
	name string
	sub  []tree
}

func (n tree) rule() authz.Rule {
	var parts []authz.Rule
	for _, s := range n.sub {
		parts = append(parts, s.rule())
	}
	switch n.kind {
	case "auth":
		return authz.Auth()
	case "group":
		return authz.Group(n.name)
	case "scope":
		return authz.Scope(n.name)
	case "permission":
		return authz.Permission(n.name)
	case "fresh":
		return authz.Fresh(named[time.Duration](n.name))
	case "factors":
		return authz.Factors(named[int](n.name))
	case "object":
		return authz.Object(n.name, "sid", "")
	case "all":
		return authz.All(parts...)
	case "any":
		return authz.Any(parts...)
	}
	return authz.Close()
}

// named gives the number that the name of a leaf stands for, whose kind its first
// letters are.
func named[N ~int | ~int64](name string) N { return N(slices.Index(names, name) + 1) }

// names are those of the leaves that are told by a number.
var names []string

// draw makes a random tree; every leaf has a name of its own.
func draw(t *rapid.T, depth int, next func() string) tree {
	kinds := []string{"group", "object", "scope", "object", "permission", "fresh", "factors", "fresh", "auth", "close", "all", "any", "all", "any", "all", "any"}
	if depth == 0 {
		kinds = kinds[:10]
	}
	n := tree{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	switch n.kind {
	case "group", "scope", "permission", "object":
		n.name = n.kind + next()
	case "fresh", "factors":
		n.name = n.kind + next()
		names = append(names, n.name)
	case "all", "any":
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			n.sub = append(n.sub, draw(t, depth-1, next))
		}
	}
	return n
}

// The reference: what a rule means, written down without any thought of when
// what is known. An answer is one of granted, refused (with the leaf), login (refused,
// and another log-in would do), missing, failed.

type result struct {
	verdict string
	by      string // the leaf that decided
}

func (n tree) closed() bool {
	switch n.kind {
	case "close":
		return true
	case "all":
		return slices.ContainsFunc(n.sub, tree.closed)
	case "any":
		return !slices.ContainsFunc(n.sub, func(s tree) bool { return !s.closed() })
	}
	return false
}

func (n tree) objects() bool {
	return n.kind == "object" || slices.ContainsFunc(n.sub, func(s tree) bool { return !s.closed() && s.objects() })
}

// early decides with the groups alone: "" is undecided.
func (n tree) early(answers map[string]answer) result {
	if n.kind == "object" {
		return result{}
	}
	return n.eval(answers, tree.early, true)
}

// decide is the whole: what the groups alone refuse or grant stands, else the
// objects are asked.
func (n tree) decide(answers map[string]answer) result {
	if r := n.early(answers); r.verdict != "" {
		return r
	}
	return n.eval(answers, tree.decide, false)
}

func (n tree) eval(answers map[string]answer, sub func(tree, map[string]answer) result, early bool) result {
	switch n.kind {
	case "auth":
		return result{"granted", ""}
	case "group", "scope", "permission", "fresh", "factors", "object":
		switch a := answers[n.name]; {
		case a == yes:
			return result{"granted", ""}
		case a == again, a == no && n.kind[0] == 'f':
			return result{"login", n.name}
		case a == no || a == teapot:
			return result{"refused", n.name}
		case a == noObject && n.kind == "object":
			return result{"missing", n.name}
		}
		return result{"failed", n.name}
	case "all":
		undecided, login := false, result{}
		for _, s := range n.sub {
			switch r := sub(s, answers); {
			case r.verdict == "granted":
			case r.verdict == "":
				undecided = true
			case r.verdict == "login" && early:
				if login.verdict == "" {
					login = r
				}
			default:
				return r
			}
		}
		if login.verdict != "" {
			return login
		}
		if undecided {
			return result{}
		}
		return result{"granted", ""}
	}
	// any
	var all []result
	var of []tree
	for _, s := range n.sub {
		if !s.closed() {
			all, of = append(all, sub(s, answers)), append(of, s)
		}
	}
	is := func(verdict string) func(result) bool { return func(r result) bool { return r.verdict == verdict } }
	if slices.ContainsFunc(all, is("granted")) {
		return result{"granted", ""}
	}
	if slices.ContainsFunc(all, is("")) {
		return result{}
	}
	if i := slices.IndexFunc(all, is("failed")); i >= 0 {
		return all[i]
	}
	if i := slices.IndexFunc(all, is("login")); i >= 0 {
		return all[i]
	}
	everyObject, first := true, -1
	for i, s := range of {
		if s.objects() {
			everyObject = everyObject && all[i].verdict == "missing"
			if first < 0 {
				first = i
			}
		}
	}
	if first >= 0 && everyObject {
		return all[first]
	}
	return all[slices.IndexFunc(all, is("refused"))]
}

func (r result) text(answers map[string]answer) string {
	switch {
	case r.verdict == "granted":
		return okay
	case r.verdict == "missing":
		return absent
	case r.verdict == "refused" && answers[r.by] == teapot:
		return tea
	case r.verdict == "login" && answers[r.by] == again:
		return otherwise
	case r.verdict == "login" && strings.HasPrefix(r.by, "fresh"):
		return stale
	case r.verdict == "login":
		return fmt.Sprintf("401 a log-in with %d factors is required", named[int](r.by))
	case r.verdict == "refused" && r.by[0] == 'p':
		return `403 missing permission "` + r.by + `"`
	case r.verdict == "refused" && r.by[0] == 'g':
		return `403 not in group "` + r.by + `"`
	case r.verdict == "refused" && r.by[0] == 's':
		return `403 missing scope "` + r.by + `"`
	case r.verdict == "refused":
		return "403 permission denied on " + r.by
	case r.by[0] == 'g':
		return `500 internal error in check of group "` + r.by + `"`
	case r.by[0] == 'p':
		return `500 internal error in check of permission "` + r.by + `"`
	case strings.HasPrefix(r.by, "fresh"):
		return "500 internal error in check of a fresh log-in"
	case strings.HasPrefix(r.by, "factors"):
		return "500 internal error in check of factors"
	case r.by[0] == 's':
		return `500 internal error in check of scope "` + r.by + `"`
	}
	return `500 internal error in object permission "` + r.by + `"`
}

// questions notes in asked what must be asked, in its order, and gives the verdict
// of the step. What a step has decided (known) is not asked again in the next: in
// an All nothing after the first part that is not granted, in an Any nothing
// after the first that is. A leaf that cannot be asked yet stops nobody, nor does, in
// the first step, one that another log-in would mend.
func (n *tree) questions(answers map[string]answer, bound bool, known map[*tree]result, asked *[]string) (r result) {
	if r, ok := known[n]; ok {
		return r
	}
	defer func() {
		if r.verdict != "" {
			known[n] = r
		}
	}()
	said := map[string]bool{}
	for i := range n.sub {
		if n.sub[i].closed() {
			continue
		}
		p := n.sub[i].questions(answers, bound, known, asked)
		said[p.verdict] = true
		mendable := n.kind == "all" && p.verdict == "login" && !bound
		if p.verdict != "" && !mendable && (p.verdict == "granted") == (n.kind == "any") {
			return p
		}
	}
	switch {
	case n.kind == "all" && said["login"]:
		return result{"login", ""}
	case n.kind == "object" && !bound || said[""]:
		return result{}
	case n.kind == "all":
		return result{"granted", ""}
	case n.kind == "any" && said["failed"]:
		return result{"failed", ""}
	case n.kind == "any" && said["login"]:
		return result{"login", ""}
	case n.kind == "any":
		return result{"refused", ""} // or missing, which does not matter here
	case n.kind != "auth":
		*asked = append(*asked, n.name)
	}
	return n.eval(answers, nil, false)
}

// TestReference compares decisions with the reference, over random rules and
// answers: the verdict after each of the two steps, and which questions have been
// asked, in which order. What is promised about questions: each leaf is asked at
// most once; groups are asked in the first step only and objects in the second
// only; none is asked in a rule that folds to Close; and none after the one that
// decided.
func TestReference(t *testing.T) {
	defer func() { names = nil }()
	rapid.Check(t, func(t *rapid.T) {
		var leaf []string
		names = nil
		root := draw(t, 4, func() string {
			leaf = append(leaf, "")
			return string(rune('A'+len(leaf)%26)) + string(rune('a'+len(leaf)/26))
		})
		answers := map[string]answer{}
		var fill func(tree)
		fill = func(n tree) {
			if n.name != "" {
				answers[n.name] = rapid.SampledFrom([]answer{no, yes, no, yes, noObject, failure, teapot, muddled, again}).Draw(t, n.name)
			}
			for _, s := range n.sub {
				fill(s)
			}
		}
		fill(root)
		rule := root.rule()
		d, err := authz.Compile(rule, leaves())
		if err != nil {
			t.Skip("too large")
		}
		want, wantEarly := closed, closed
		if !root.closed() {
			want = root.decide(answers).text(answers)
			if wantEarly = later; root.early(answers).verdict != "" {
				wantEarly = root.early(answers).text(answers)
			}
		}
		var first, all []string
		if !root.closed() {
			known := map[*tree]result{}
			if r := root.questions(answers, false, known, &first); r.verdict == "" {
				all = slices.Clone(first)
				root.questions(answers, true, known, &all)
			}
		}
		r := &request{answers: answers}
		pending, err := d.Before(r)
		if text(err) != wantEarly {
			t.Fatalf("%v with %v: at first %s, want %s", rule, answers, text(err), wantEarly)
		}
		groups := len(r.asked)
		if !slices.Equal(r.asked, first) {
			t.Fatalf("%v with %v: at first %v are asked, want %v", rule, answers, r.asked, first)
		}
		if err == authz.ErrUndecided {
			if err = d.After(r, pending); !slices.Equal(r.asked, all) {
				t.Fatalf("%v with %v: %v are asked, want %v", rule, answers, r.asked, all)
			}
		}
		if text(err) != want {
			t.Fatalf("%v with %v: %s, want %s", rule, answers, text(err), want)
		}
		for i, name := range r.asked {
			if slices.Contains(r.asked[:i], name) {
				t.Fatalf("%v with %v: %s is asked twice: %v", rule, answers, name, r.asked)
			}
			if (name[0] != 'o') != (i < groups) {
				t.Fatalf("%v with %v: %s is asked in the wrong step: %v", rule, answers, name, r.asked)
			}
		}
		if d.Closed() && len(r.asked) > 0 {
			t.Fatalf("%v is closed, and asks %v", rule, r.asked)
		}
		if got := text(d.After(&request{answers: answers}, authz.Pending{})); got != want {
			t.Fatalf("%v with %v: without Before %s, want %s", rule, answers, got, want)
		}
	})
}
