package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// Options say how a file is converted.
type Options struct {
	// Name is the file's, for the comments.
	Name string

	// Lookup gives a variable of the environment. Nil has none.
	Lookup func(name string) (string, bool)

	// KeepSecrets writes the secrets that stand in the file. Otherwise these are left
	// out. What comes from the environment is left out in any case.
	KeepSecrets bool
}

// Result is a converted file.
type Result struct {
	Text      string   // in TOML; comments begin with #, those of this package with #!
	Set       []string // the directives that it sets
	Attention []string // those that differ, are gone, need code, or stop the start
}

// Convert converts a file. Its error is a [*SyntaxError], or says that the file is too
// large or no text.
//
// It asks package fsa about the result, which reads the variables of the environment
// that begin with FSA_, too: whoever calls it takes these away before.
func Convert(source string, o Options) (Result, error) {
	switch {
	case len(source) > MaxSize:
		return Result{}, fmt.Errorf("the file has over %d KiB", MaxSize>>10)
	case !utf8.ValidString(source) || strings.ContainsRune(source, 0):
		return Result{}, fmt.Errorf("the file is no text in UTF-8")
	}
	statements, err := split(strings.TrimPrefix(source, "\ufeff"))
	if err != nil {
		return Result{}, err
	}
	if o.Lookup == nil {
		o.Lookup = func(string) (string, bool) { return "", false }
	}
	c := converter{options: o, eval: newEvaluator(o.Lookup)}
	for _, s := range statements {
		if len(s.tokens) > 0 {
			c.names = append(c.names, s.sets()...)
		}
	}
	for _, s := range statements {
		c.statement(s)
	}
	for _, it := range c.items {
		if d := originals[it.name]; d.translate != nil && len(it.settings) > 0 {
			d.translate(&c, it, it.settings[0].value)
		}
	}
	c.absent()
	c.ask()
	return c.result(), nil
}

type converter struct {
	options Options
	eval    *evaluator
	names   []string // of the directives that the file sets anywhere
	items   []*item
}

// item is a part of the result: lines of the file's own comments, and a directive or
// what is to be said in its place.
type item struct {
	line     int
	comments []string
	trailing string
	notes    []string
	name     string // of the directive in the file, "" if there is none
	of       []string
	settings []setting
	hook     bool // package fsa is asked what to do in its place
}

// setting is a line NAME = VALUE of the result.
type setting struct {
	name   string
	value  any
	secret bool
	off    bool // it is a comment, as it would not be read
}

func (it *item) note(format string, args ...any) {
	it.notes = append(it.notes, fmt.Sprintf(format, args...))
}

// statement converts a statement, or says why it is not converted.
func (c *converter) statement(s statement) {
	if len(s.tokens) == 0 {
		c.items = append(c.items, &item{comments: s.comments})
		return
	}
	it := &item{line: s.line, comments: s.comments, trailing: s.trailing}
	switch first := s.tokens[0].text; {
	case s.block():
		// What is in a block depends on whether it is run.
		it.comments, it.trailing = nil, ""
		names := s.sets()
		for _, name := range names {
			it.note("%s is set in a block (if, for, def …), which is not run here: write it by hand", name)
			c.forget(name)
		}
		if len(it.notes) > 0 {
			it.name = names[0]
			c.items = append(c.items, it)
		}
		return
	case s.tokens[0].kind == 'n' && (first == "import" || first == "from"):
		c.eval.imports(s.tokens)
		c.keepComments(it)
		return
	}
	c.assignment(s, it)
}

// keepComments keeps the comments of a statement that has nothing else to keep.
func (c *converter) keepComments(it *item) {
	if slices.ContainsFunc(it.comments, func(l string) bool { return l != "" }) {
		c.items = append(c.items, &item{comments: it.comments})
	}
}

// assignment converts NAME = VALUE. Of anything else that sets a directive, it says
// that it can't.
func (c *converter) assignment(s statement, it *item) {
	problem := s.problem
	var target string
	var assign *syntax.AssignStmt
	f, err := new(syntax.FileOptions).Parse("", s.text(), 0)
	switch {
	case err == nil && len(f.Stmts) == 1:
		switch x := f.Stmts[0].(type) {
		case *syntax.AssignStmt:
			if id, ok := x.LHS.(*syntax.Ident); ok {
				assign, target = x, id.Name
			}
		case *syntax.ExprStmt:
			if _, ok := x.X.(*syntax.Literal); ok { // a text that describes the file
				c.keepComments(it)
				return
			}
		}
	case problem == "":
		problem = "is in a form of Python that is not read here"
	}
	if assign == nil || problem != "" {
		if problem == "" {
			problem = "is not of the form NAME = VALUE"
		}
		c.unread(s, it, problem)
		return
	}
	c.evaluate(assign, target, it)
}

// unread tells of a statement that can't be read. What it sets is not known any more.
func (c *converter) unread(s statement, it *item, problem string) {
	names := s.sets()
	if first := s.tokens[0]; first.kind == 'n' {
		c.forget(first.text)
	}
	for _, name := range names {
		c.forget(name)
		it.name = name
		it.note("%s: its statement %s: write it by hand", name, problem)
	}
	if len(names) == 0 {
		it.note("a statement is left out: it %s", problem)
	}
	c.items = append(c.items, it)
}

// forget says that a name's value is not known any more. What was written of it stays:
// it may still be the one.
func (c *converter) forget(name string) {
	if _, ok := c.eval.vars[name]; ok {
		c.eval.vars[name] = variable{value: opaque{"is set in a place that is not read here", false}}
	}
}

// supersede takes back what was written of a directive before: the last value counts.
func (c *converter) supersede(name string) {
	for _, it := range c.items {
		if it.name == name && name != "" {
			it.settings, it.notes, it.trailing, it.name, it.hook = nil, nil, "", "", false
		}
	}
}

// evaluate converts an assignment to a name.
func (c *converter) evaluate(assign *syntax.AssignStmt, target string, it *item) {
	c.eval.from = nil
	value, err := c.eval.eval(assign.RHS)
	before, known := c.eval.vars[target]
	switch {
	case err != nil:
	case assign.Op == syntax.EQ:
	case !known || assign.Op != syntax.PLUS_EQ && assign.Op != syntax.PIPE_EQ:
		value = opaque{"is computed by code", true}
	case isOpaque(before.value):
		value = before.value
	case !isOpaque(value):
		op := map[syntax.Token]syntax.Token{syntax.PLUS_EQ: syntax.PLUS, syntax.PIPE_EQ: syntax.PIPE}[assign.Op]
		c.eval.from = append(c.eval.from, before.from...)
		value, err = operate(op, before.value, value)
	}
	if err != nil {
		value = opaque{err.Error(), false}
	}
	slices.Sort(c.eval.from)
	from := slices.Compact(c.eval.from)
	c.eval.vars[target] = variable{value, slices.Clone(from)}
	c.supersede(target)
	switch {
	case directiveRE.MatchString(target), target == maxContentLength:
		it.name = target
		c.directive(it, plain(value), from)
	case settingRE.MatchString(target):
		it.name = target
		c.foreign(it, plain(value), from)
	default:
		c.keepComments(it) // a variable: where it is used, its value is
		return
	}
	c.items = append(c.items, it)
}

var (
	// settingRE is what Flask takes from a file: names in capitals.
	settingRE = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

	// secretRE is what may be a secret, by its name. Texts of settings that are not
	// known here may all be.
	secretRE = regexp.MustCompile(`(?i)secret|pass|key|sign|token|salt|pin|code|credential`)
)

// foreign tells of a setting that is of Flask, or of the program itself.
func (c *converter) foreign(it *item, value any, from []string) {
	it.note("%s is no directive of FSA, so that it is left out; if the program needs it here, declare it by app.Directive", it.name)
	switch value.(type) {
	case bool, int64, float64:
		if len(from) == 0 && !secretRE.MatchString(it.name) {
			it.settings = []setting{{name: it.name, value: value, off: true}}
		}
	}
}

// directive converts a directive.
func (c *converter) directive(it *item, value any, from []string) {
	d, known := originals[it.name]
	if !known && value != nil {
		// A hook, or one that is gone, or none that there has ever been: package
		// fsa knows.
		it.hook = true
		if t, ok := value.(table); ok {
			for _, e := range t {
				it.of = append(it.of, e.key)
			}
		}
		return
	}
	if d.secret {
		c.secret(it, value, from)
		return
	}
	if u, bad := missing(value); bad && value != nil {
		if d.partial == nil || !c.partial(it, &value, d) {
			switch {
			case !u.code && len(from) > 0:
				it.note("%s %s: set %s in the environment to what that was", it.name, u.reason, it.name)
			case !u.code:
				it.note("%s: its value %s: write it by hand", it.name, u.reason)
			case d.hook == "":
				// Code computes what has to be a value here.
				it.note("%s: its value %s: write the value here, or set the field of fsa.Config", it.name, u.reason)
			default:
				it.note("%s %s", it.name, d.hook)
			}
			return
		}
	}
	if value == nil && d.none == nil {
		it.note("%s was None, which is its default: it is left out", it.name)
		return
	}
	if value == nil {
		value = d.none
	}
	if slices.ContainsFunc(from, secretRE.MatchString) {
		it.note("%s was made of %s, which may be a secret: it is left out; set %s in the environment", it.name, environ(from), it.name)
		return
	}
	if len(from) > 0 {
		it.note("%s was made of %s, with its value as this was written; %s in the environment wins over this file", it.name, environ(from), it.name)
	}
	it.settings = []setting{{name: it.name, value: value}}
}

// partial keeps of a dict what is no code.
func (c *converter) partial(it *item, value *any, d original) bool {
	t, ok := (*value).(table)
	if !ok {
		return false
	}
	var rest table
	for _, e := range t {
		if u, bad := missing(e.value); bad {
			d.partial(it, e.key, u)
			continue
		}
		rest = append(rest, e)
	}
	*value = rest
	return len(rest) > 0 || len(it.notes) == 0
}

// environ names variables of the environment.
func environ(from []string) string {
	all := make([]string, len(from))
	for i, name := range from {
		all[i] = fmt.Sprintf("os.environ[%q]", name)
	}
	return strings.Join(all, " and ")
}

// secret leaves a secret out, or keeps it if that is wanted.
func (c *converter) secret(it *item, value any, from []string) {
	where := fmt.Sprintf("as %s in the environment, or in a file that %s_FILE names", it.name, it.name)
	u, bad := missing(value)
	switch {
	case value == nil:
		it.note("%s was None: it is left out", it.name)
	case len(from) > 0:
		it.note("%s is a secret, left out. It was made of %s: give it %s", it.name, environ(from), where)
	case bad && u.code:
		it.note("%s is a secret that the program makes: give it %s", it.name, where)
	case bad:
		it.note("%s: its value %s: give it %s", it.name, u.reason, where)
	case !c.options.KeepSecrets:
		it.note("%s is a secret, left out: give it %s", it.name, where)
	default:
		it.note("%s is a secret, which does not belong into a file under version control: better give it %s", it.name, where)
	}
	if !bad && value != nil {
		// Package fsa is asked about it in any case. Its answers hold nothing of it.
		it.settings = []setting{{name: it.name, value: value, secret: true, off: !c.options.KeepSecrets || len(from) > 0}}
	}
}

// value gives the value that is set of a directive, nil if none is.
func (c *converter) value(name string) any {
	for _, it := range c.items {
		for _, s := range it.settings {
			if s.name == name {
				return s.value
			}
		}
	}
	return nil
}

// schemes are those of FSA_AUTH.
func (c *converter) schemes() []string {
	switch v := c.value("FSA_AUTH").(type) {
	case string:
		return []string{"token", v}
	case []any:
		var all []string
		for _, s := range v {
			if s, ok := s.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// enables reports whether FSA_AUTH has one of some schemes.
func (c *converter) enables(schemes ...string) bool {
	return slices.ContainsFunc(c.schemes(), func(s string) bool {
		return slices.Contains(schemes, strings.TrimPrefix(s, "http-"))
	})
}
