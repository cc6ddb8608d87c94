package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// What becomes of a check. An operand of && or || gets the value that leaves it
// to the others; the other value is what the whole condition gets.
const (
	always  = "true"  // it always holds
	never   = "false" // it never holds
	inverse = "not"   // it holds when it should not
	forget  = "nil"   // the error of a return statement is forgotten
)

// site is a check in the source.
type site struct {
	id       int
	file     string // relative to the root of the module, with slashes
	line     int
	function string // as in "(*Search).Run"
	text     string // the check as it is written, on one line; see visitor.site
	kinds    []string
}

// mutant is one change at one site.
type mutant struct {
	*site
	kind string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: %s", m.file, m.line, m.function, m.kind, m.text)
}

// unplaced is the mutant without its line, which changes with what stands above it.
func (m mutant) unplaced() string {
	return fmt.Sprintf("%s: %s: %s: %s", m.file, m.function, m.kind, m.text)
}

// instrument finds the checks of a file, numbers them from first on, and gives
// the source in which each of them calls package probe. Lines stay where they
// are. Of the functions that leave names, only the closures are looked at.
func instrument(file string, src []byte, probe string, first int, leave func(function string) bool) ([]*site, []byte, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	r := &rewriter{file: file, src: src, fset: fset, next: first, times: map[string]int{}}
	for _, d := range tree.Decls {
		ast.Walk(visitor{rewriter: r, function: "package", leave: leave}, d)
	}
	if len(r.sites) == 0 {
		return nil, src, nil
	}
	r.insert(tree.Name.End(), fmt.Sprintf("; import probe__ %q", probe))
	return r.sites, r.apply(), nil
}

// rewriter collects the changes to a file. They are made to the text, not to the
// tree, so that comments and lines stay where they are.
type rewriter struct {
	file  string
	src   []byte
	fset  *token.FileSet
	next  int
	sites []*site
	times map[string]int // how many sites of a function have the same text
	edits []edit
}

type edit struct {
	at, end int // what is replaced
	text    string
}

func (r *rewriter) offset(p token.Pos) int { return r.fset.Position(p).Offset }

func (r *rewriter) insert(p token.Pos, text string) {
	r.edits = append(r.edits, edit{r.offset(p), r.offset(p), text})
}

func (r *rewriter) replace(n ast.Node, text string) {
	r.edits = append(r.edits, edit{r.offset(n.Pos()), r.offset(n.End()), text})
}

// text gives a node as it is written, on one line.
func (r *rewriter) text(n ast.Node) string {
	return strings.Join(strings.Fields(string(r.src[r.offset(n.Pos()):r.offset(n.End())])), " ")
}

// apply gives the source with all changes. Of several at one place, the outer
// node has been visited first, and its text comes first.
func (r *rewriter) apply() []byte {
	slices.SortStableFunc(r.edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out bytes.Buffer
	at := 0
	for _, e := range r.edits {
		out.Write(r.src[at:e.at])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(r.src[at:])
	return out.Bytes()
}

// visitor walks through one function.
type visitor struct {
	*rewriter
	function string
	leave    func(function string) bool
	results  []string // types of the function's results, "" where it is neither bool nor error
}

// site makes a site. The second of a function that has the same text is marked
// (2), so that each is known by its text.
func (v visitor) site(n ast.Node, text string, kinds ...string) *site {
	key := v.function + ": " + text
	if v.times[key]++; v.times[key] > 1 {
		text = fmt.Sprintf("%s (%d)", text, v.times[key])
	}
	s := &site{id: v.next, file: v.file, line: v.fset.Position(n.Pos()).Line, function: v.function, text: text, kinds: kinds}
	v.next++
	v.sites = append(v.sites, s)
	return s
}

// Visit finds the checks.
func (v visitor) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok != token.VAR {
			return nil // constants and types stay what they are
		}
	case *ast.FuncDecl:
		v.function, v.results = functionName(n, v.rewriter), resultTypes(n.Type)
		switch {
		case n.Body == nil:
		case v.leave(v.function):
			v.closures(n.Body)
		default:
			ast.Walk(v, n.Body)
		}
		return nil
	case *ast.FuncLit:
		v.results = resultTypes(n.Type)
		ast.Walk(v, n.Body)
		return nil
	case *ast.IfStmt:
		v.walk(n.Init)
		v.cond(n.Cond, never, always, inverse)
		v.walk(n.Body)
		v.walk(n.Else)
		return nil
	case *ast.ForStmt:
		v.walk(n.Init)
		if n.Cond != nil {
			v.cond(n.Cond, never, inverse) // a loop that always goes on proves nothing
		}
		v.walk(n.Post)
		v.walk(n.Body)
		return nil
	case *ast.SwitchStmt:
		v.cases(n)
		return nil
	case *ast.TypeSwitchStmt:
		v.walk(n.Init)
		for _, s := range n.Body.List {
			v.walkAll(s.(*ast.CaseClause).Body)
		}
		return nil
	case *ast.ReturnStmt:
		v.returned(n)
		return nil
	case *ast.BinaryExpr:
		if boolean(n) {
			v.cond(n, never, always, inverse)
			return nil
		}
	case *ast.ArrayType:
		return nil // its length is a constant
	}
	return v
}

// closures walks through the function literals in a node.
func (v visitor) closures(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncLit)
		if ok {
			ast.Walk(v, f)
		}
		return !ok
	})
}

func (v visitor) walk(n ast.Node) {
	switch x := n.(type) {
	case nil:
	case *ast.BlockStmt:
		if x != nil {
			ast.Walk(v, x)
		}
	default:
		ast.Walk(v, n)
	}
}

func (v visitor) walkAll(list []ast.Stmt) {
	for _, s := range list {
		ast.Walk(v, s)
	}
}

// boolean reports whether an expression is boolean by its operator.
func boolean(e *ast.BinaryExpr) bool {
	switch e.Op {
	case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// cond makes a site of a condition, and sites of its operands.
func (v visitor) cond(e ast.Expr, kinds ...string) {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok && (id.Name == "true" || id.Name == "false") {
		return
	}
	s := v.site(e, v.text(e), kinds...)
	v.insert(e.Pos(), fmt.Sprintf("probe__.Cond(%d, ", s.id))
	v.operands(e)
	v.insert(e.End(), ")")
}

// operands makes sites of the operands of && and ||, and looks into all others.
func (v visitor) operands(e ast.Expr) {
	switch x := e.(type) {
	case *ast.ParenExpr:
		v.operands(x.X)
	case *ast.UnaryExpr:
		v.operands(x.X)
	case *ast.BinaryExpr:
		if x.Op != token.LAND && x.Op != token.LOR {
			ast.Walk(v, x.X)
			ast.Walk(v, x.Y)
			return
		}
		for _, side := range []ast.Expr{x.X, x.Y} {
			if same, ok := ast.Unparen(side).(*ast.BinaryExpr); ok && same.Op == x.Op {
				v.operands(side)
				continue
			}
			neutral := always
			if x.Op == token.LOR {
				neutral = never
			}
			v.cond(side, neutral, inverse)
		}
	default:
		ast.Walk(v, e)
	}
}

// returned makes sites of what a function of results bool and error returns.
func (v visitor) returned(n *ast.ReturnStmt) {
	for i, e := range n.Results {
		result := ""
		if len(n.Results) == len(v.results) {
			result = v.results[i]
		}
		id, name := e.(*ast.Ident)
		switch {
		case result == "bool":
			v.cond(e, never, always, inverse)
		case result == "error" && !(name && id.Name == "nil"):
			s := v.site(e, "return "+v.text(e), forget)
			v.insert(e.Pos(), fmt.Sprintf("probe__.Err(%d, ", s.id))
			ast.Walk(v, e)
			v.insert(e.End(), ")")
		default:
			ast.Walk(v, e)
		}
	}
}

// cases makes sites of the cases of a switch. One with a tag becomes one
// without, whose cases compare.
func (v visitor) cases(n *ast.SwitchStmt) {
	v.walk(n.Init)
	tag := ""
	rewrite := n.Tag != nil && slices.ContainsFunc(n.Body.List, func(s ast.Stmt) bool { return len(s.(*ast.CaseClause).List) > 0 })
	switch {
	case !rewrite:
		v.walk(n.Tag)
	case pure(n.Tag):
		tag = v.text(n.Tag)
		v.replace(n.Tag, "")
	case n.Init == nil:
		tag = fmt.Sprintf("tag%d__", v.next)
		v.insert(n.Tag.Pos(), tag+" := ")
		v.walk(n.Tag)
		v.insert(n.Tag.End(), ";")
	default:
		rewrite = false // its tag would need a second statement before it
	}
	for _, s := range n.Body.List {
		clause := s.(*ast.CaseClause)
		switch {
		case n.Tag == nil:
			for _, e := range clause.List {
				v.cond(e, never, always, inverse)
			}
		case rewrite && len(clause.List) > 0:
			v.equals(n.Tag, tag, clause)
		}
		v.walkAll(clause.Body)
	}
}

// equals makes a site of a case that is compared with a tag, and sites of its
// values if there are several.
func (v visitor) equals(written ast.Expr, tag string, clause *ast.CaseClause) {
	var texts []string
	for _, e := range clause.List {
		texts = append(texts, v.text(e))
	}
	is := v.text(written) + " is "
	s := v.site(clause, is+strings.Join(texts, " or "), never, always, inverse)
	v.insert(clause.List[0].Pos(), fmt.Sprintf("probe__.Cond(%d, ", s.id))
	for i, e := range clause.List {
		end := ""
		if len(clause.List) > 1 {
			s := v.site(clause, is+texts[i], never, inverse)
			v.insert(e.Pos(), fmt.Sprintf("probe__.Cond(%d, ", s.id))
			end = ")"
		}
		v.insert(e.Pos(), "("+tag+") == (")
		v.insert(e.End(), ")"+end)
		if i < len(clause.List)-1 {
			v.insert(e.End(), " || ")
			v.replaceComma(e, clause.List[i+1])
		}
	}
	v.insert(clause.List[len(clause.List)-1].End(), ")")
}

// replaceComma takes away the comma between two values of a case.
func (v visitor) replaceComma(a, b ast.Expr) {
	from, to := v.offset(a.End()), v.offset(b.Pos())
	comma := from + bytes.IndexByte(v.src[from:to], ',')
	v.edits = append(v.edits, edit{comma, comma + 1, ""})
}

// pure reports whether an expression may be evaluated again: a name, or a field
// of one.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		return pure(e.X)
	}
	return false
}

// resultTypes gives the types of a function's results, of which only bool and
// error matter.
func resultTypes(f *ast.FuncType) []string {
	var types []string
	if f.Results == nil {
		return nil
	}
	for _, field := range f.Results.List {
		name := ""
		if id, ok := field.Type.(*ast.Ident); ok && (id.Name == "bool" || id.Name == "error") {
			name = id.Name
		}
		for range max(1, len(field.Names)) {
			types = append(types, name)
		}
	}
	return types
}

// functionName gives the name by which a function's mutants are listed.
func functionName(f *ast.FuncDecl, r *rewriter) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	recv := r.text(f.Recv.List[0].Type)
	recv, _, _ = strings.Cut(recv, "[")
	if strings.HasPrefix(recv, "*") {
		recv = "(" + recv + ")"
	}
	return recv + "." + f.Name.Name
}
