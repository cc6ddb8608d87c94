package fsa_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumentsCompile: the Go of the documents compiles, and what is shown as wrong
// is refused in the words that the document has. Two pages full of faults are tried with
// them, in the same build, to see that faults are found.
func TestDocumentsCompile(t *testing.T) {
	t.Parallel()
	all, wrong := pages(t), wrongPages()
	var ofWrong []string
	for _, fault := range goFaults(t, append(all, wrong...)) {
		if strings.HasPrefix(fault, "docs/x.md:") || strings.HasPrefix(fault, "docs/y.md:") {
			ofWrong = append(ofWrong, fault)
			continue
		}
		t.Error(fault)
	}
	got := strings.Join(ofWrong, "\n")
	for _, want := range []string{
		"docs/x.md:6: undefined: missing\n",
		"docs/x.md:12: invalid operation",
		"docs/x.md:20: undefined: app\n",
		"docs/x.md:28: the compiler does not say \"undefined: nothing\" but\ndocs/x.md:28: undefined: something\n",
		"docs/x.md:32: it compiles\n",
		"docs/x.md:36: it says\nGET /x (main.go:12): ",
		"docs/x.md:43: it starts\n",
		"docs/x.md:50: nothing knows what \"nonsense\" means",
		"docs/x.md:54: it is not in bench/go.mod",
		"docs/x.md:58: fmt.Printf format %d has arg \"text\" of wrong type string\n",
		"docs/y.md:4: ",
	} {
		if !strings.Contains(got+"\n", want) {
			t.Errorf("%q is not found in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "docs/"); n > 13 {
		t.Errorf("%d faults are found:\n%s", n, got)
	}
}

// wrongPages are pages with faults.
func wrongPages() []page {
	const text = "# Page\n" +
		"<!-- go\nvar known int\n-->\n" +
		"```go\nfsa.Get(app, \"/x\", authz.Auth(), missing)\n```\n" + // line 6
		"```go\ntype T struct{ X int }\n\nx := T{X: known}\ny := x + 1\nif known > 0 {\n\treturn fsa.Errorf(400, \"no\"), nil\n}\n```\n" + // 9 to 15
		"```go\npackage main\n\nfunc main() { app.Run() }\n```\n" + // 18 to 20
		"<!-- go: compiler says: undefined: nothing -->\n```go\nx := nothing()\n```\n" + // 24, right
		"<!-- go: compiler says: undefined: nothing -->\n```go\nx := something()\n```\n" + // 28
		"<!-- go: compiler says: undefined -->\n```go\nx := 1\n```\n" + // 32
		"<!-- go: start says -->\n```go\nfsa.Get(app, \"/x\", authz.Group(\"gone\"), func(context.Context, fsa.None) (fsa.None, error) { … })\n```\n" + // 36
		"```text\nall is well\n```\n" +
		"<!-- go: start says -->\n```go\nx := 1\n```\n```text\nsomething is wrong\n```\n" + // 43
		"<!-- go: nonsense -->\n```go\nx := 1\n```\n" + // 50
		"<!-- go: in bench/go.mod -->\n```go\nx := 2\n```\n" +
		"<!-- go: alone -->\n```go\nfmt.Printf(\"%d\", \"text\")\n```\n" // 54
	broken := readPage("docs/y.md", "\n```go\nx := 1\nfunc {\n```\n")
	return []page{readPage("docs/x.md", text), broken}
}

// goPackages are the packages that fragments can use without importing them, beside
// those of this module.
var goPackages = map[string]string{}

func init() {
	for _, path := range []string{
		"bytes", "context", "crypto/rand", "crypto/sha256", "crypto/subtle", "database/sql", "embed", "encoding/base64",
		"encoding/hex", "encoding/json", "errors", "fmt", "html/template", "io", "io/fs", "iter", "log", "log/slog", "maps",
		"math", "mime/multipart", "net", "net/http", "net/http/httptest", "net/netip", "net/url", "os", "os/signal",
		"path/filepath", "reflect", "regexp", "slices", "sort", "strconv", "strings", "sync", "sync/atomic", "syscall",
		"testing", "testing/fstest", "testing/synctest", "time", "unicode/utf8",
	} {
		goPackages[path[strings.LastIndex(path, "/")+1:]] = path
	}
}

// ownPackages adds the packages of this module.
func ownPackages(t testing.TB) map[string]string {
	t.Helper()
	all := maps.Clone(goPackages)
	all["fsa"] = module
	for _, depth := range []string{"*/*.go", "*/*/*.go"} {
		files, err := filepath.Glob(depth)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			dir := filepath.ToSlash(filepath.Dir(f))
			if top, _, _ := strings.Cut(dir, "/"); slices.Contains([]string{"internal", "examples", "bench", "cmd", "docs", "testdata"}, top) {
				continue
			}
			all[filepath.Base(dir)] = module + "/" + dir
		}
	}
	return all
}

// goPackage is a package that is made of blocks.
type goPackage struct {
	dir    string
	blocks []docBlock
	files  map[string]string
}

const startMain = `package main

import (
	"fmt"
	"os"
%s)

func main() {
	for i, start := range []func() error{%s} {
		if err := start(); err != nil {
			os.WriteFile(fmt.Sprintf("says%%d", i), []byte(err.Error()), 0o600)
		}
	}
}
`

// startApp is the application of blocks that must not start.
const startApp = `app := fsa.New("acme", fsa.Config{Mode: "dev", Auth: []string{"token", "basic", "none"}, Logger: slog.New(slog.DiscardHandler)})
app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
`

// goFaults tells what is wrong with the Go of pages.
func goFaults(t testing.TB, pages []page) (faults []string) {
	t.Helper()
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var packages, wrong, starts []*goPackage
	var startSays []string // what the page has
	imports := ownPackages(t)
	add := func(hidden []docBlock, blocks ...docBlock) *goPackage {
		p := &goPackage{dir: fmt.Sprintf("p%d", len(packages)), blocks: blocks}
		var found []string
		p.files, found = fragments(p.dir, root, imports, append(slices.Clone(hidden), blocks...))
		faults = append(faults, found...)
		packages = append(packages, p)
		return p
	}
	for _, page := range pages {
		if triedElsewhere[page.name] != "" {
			continue
		}
		together := []docBlock{}
		for i, b := range page.blocks {
			switch {
			case b.lang != "go":
			case strings.HasPrefix(b.text, "package "):
				packages = append(packages, &goPackage{
					dir: fmt.Sprintf("p%d", len(packages)), blocks: []docBlock{b},
					files: map[string]string{"page.go": lineComment(root, b.page, b.line) + b.text},
				})
			case b.says == "":
				together = append(together, b)
			case strings.HasPrefix(b.says, "in "):
				file, err := os.ReadFile(strings.TrimPrefix(b.says, "in "))
				if err != nil || !strings.Contains(string(file), b.text) {
					faults = append(faults, fmt.Sprintf("%s:%d: it is not %s: %v", b.page, b.line, b.says, err))
				}
			case b.says == "alone":
				add(page.hidden, b)
			case strings.HasPrefix(b.says, "compiler says: "):
				wrong = append(wrong, add(page.hidden, b))
			case b.says == "start says":
				if i+1 == len(page.blocks) || page.blocks[i+1].lang != "text" {
					faults = append(faults, fmt.Sprintf("%s:%d: no text block follows with what the start says", b.page, b.line))
					continue
				}
				starts = append(starts, add(page.hidden, b))
				startSays = append(startSays, page.blocks[i+1].text)
			default:
				faults = append(faults, fmt.Sprintf("%s:%d: nothing knows what %q means", b.page, b.line, b.says))
			}
		}
		if len(together) > 0 {
			add(page.hidden, together...)
		}
	}
	files, calls, lines := map[string]string{}, "", ""
	for _, p := range packages {
		for name, text := range p.files {
			files[p.dir+"/"+name] = text
		}
	}
	for _, p := range starts {
		lines += "\t\"example.org/pages/" + p.dir + "\"\n"
		calls += p.dir + ".Start, "
	}
	files["main.go"] = fmt.Sprintf(startMain, lines, calls)
	dir := t.TempDir()
	run := moduleIn(t, tool, dir, "example.org/pages", files)

	said := map[string]string{} // by package
	out, err := run("build", "-gcflags=-e", "./...")
	if err != nil && !strings.Contains(out, "# ") {
		t.Fatalf("the documents' code is not built: %v\n%s", err, out)
	}
	if err == nil || strings.HasPrefix(out, "# ") {
		vetted, _ := run("vet", "-unreachable=false", "./...")
		out += vetted
	}
	current := ""
	for line := range strings.Lines(strings.ReplaceAll(out, root+string(filepath.Separator), "")) {
		if header, ok := strings.CutPrefix(line, "# "); ok {
			current = strings.TrimSuffix(strings.TrimPrefix(strings.Trim(strings.TrimSpace(header), "[]"), "example.org/pages/"), " ")
			continue
		}
		text, vet := strings.CutPrefix(line, "vet: ")
		if vet && said[current] != "" {
			continue // the compiler has said so
		}
		said[current] += text
	}
	for _, p := range packages {
		text := strings.TrimSpace(said[p.dir])
		delete(said, p.dir)
		if !slices.Contains(wrong, p) {
			if text != "" {
				faults = append(faults, text)
			}
			continue
		}
		b := p.blocks[0]
		want := strings.TrimPrefix(b.says, "compiler says: ")
		switch {
		case text == "":
			faults = append(faults, fmt.Sprintf("%s:%d: it compiles", b.page, b.line))
		case !strings.Contains(text, want):
			faults = append(faults, fmt.Sprintf("%s:%d: the compiler does not say %q but\n%s", b.page, b.line, want, text))
		}
	}
	for header, text := range said {
		if text = strings.TrimSpace(text); text != "" && (header != "" || len(faults) == 0) {
			faults = append(faults, header+": "+text)
		}
	}
	if len(starts) == 0 {
		return faults
	}
	if out, err := run("run", "."); err != nil {
		return append(faults, fmt.Sprintf("the blocks that must not start do not run: %v\n%s", err, out))
	}
	for i, p := range starts {
		b := p.blocks[0]
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("says%d", i)))
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s:%d: it starts", b.page, b.line))
			continue
		}
		if got, want := anyPlace(string(text)), anyPlace(startSays[i]); got != want {
			faults = append(faults, fmt.Sprintf("%s:%d: it says\n%s\nand the page has\n%s", b.page, b.line, got, want))
		}
	}
	return faults
}

var placeRE = regexp.MustCompile(`\([^()\s]*\.(go|md):\d+\)`)

// anyPlace makes what is said comparable: places differ.
func anyPlace(text string) string {
	return strings.TrimSpace(placeRE.ReplaceAllString(text, "(main.go:12)"))
}

func lineComment(root, page string, line int) string {
	return fmt.Sprintf("//line %s:%d\n", filepath.Join(root, page), line)
}

var leftOutRE = regexp.MustCompile(`\{ … \}|(?m:^\s*…$)`)

// piece is a declaration or a statement of a fragment.
type piece struct {
	line int
	kind token.Token // IMPORT, TYPE, FUNC, VAR, CONST; ILLEGAL for a statement
	text string
}

// piecesOf takes a fragment apart. Comments belong to what follows them.
func piecesOf(b docBlock) []piece {
	src := []byte(leftOutRE.ReplaceAllStringFunc(b.text, func(s string) string {
		return strings.Replace(s, "…", `panic("…")`, 1)
	}))
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, func(token.Position, string) {}, 0)
	var all []piece
	var tokens []token.Token // of this piece, at depth 0
	depth, start := 0, 0
	end := func(to int) {
		if len(tokens) > 0 {
			all = append(all, piece{b.line + strings.Count(string(src[:start]), "\n"), kindOf(tokens), string(src[start:to])})
			start = to
		}
		tokens = nil
	}
	for {
		pos, tok, _ := s.Scan()
		switch tok {
		case token.EOF:
			end(len(src))
			return all
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
		if tok == token.SEMICOLON && depth <= 0 {
			end(file.Offset(pos))
			if start < len(src) && src[start] == ';' {
				start++
			}
			continue
		}
		if depth <= 0 {
			tokens = append(tokens, tok)
		}
	}
}

// kindOf tells what a piece is by its tokens outside of brackets: a function has a
// name, func name() or func () name(), which a function literal has not.
func kindOf(tokens []token.Token) token.Token {
	switch first := tokens[0]; first {
	case token.IMPORT, token.TYPE, token.VAR, token.CONST:
		return first
	case token.FUNC:
		for _, tok := range tokens[1:min(3, len(tokens))] {
			if tok == token.IDENT {
				return first
			}
		}
	}
	return token.ILLEGAL
}

// fragments makes the files of a package of blocks.
func fragments(name, root string, imports map[string]string, blocks []docBlock) (files map[string]string, faults []string) {
	bodies, explicit := make([]string, len(blocks)), make([]string, len(blocks))
	for i, b := range blocks {
		top, statements := "", ""
		for _, p := range piecesOf(b) {
			text := lineComment(root, b.page, p.line) + p.text + "\n"
			switch {
			case p.kind == token.IMPORT:
				explicit[i] += text
			case p.kind == token.ILLEGAL, statements != "" && (p.kind == token.VAR || p.kind == token.CONST):
				statements += text
			default:
				top += text
			}
		}
		bodies[i] = top + wrapped(b, statements)
	}
	declared, parsed := map[string]bool{}, make([]*ast.File, len(blocks))
	for i, body := range bodies {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+explicit[i]+body, 0)
		parsed[i] = f
		if err != nil {
			faults = append(faults, strings.ReplaceAll(err.Error(), root+string(filepath.Separator), ""))
			return map[string]string{"none.go": "package " + name + "\n"}, faults
		}
		for name := range f.Scope.Objects {
			declared[name] = true
		}
	}
	files = map[string]string{}
	bodies, parsed = append(bodies, standardNames(declared)), append(parsed, nil)
	explicit = append(explicit, "")
	for i, body := range bodies {
		if parsed[i] == nil {
			f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+body, 0)
			if err != nil {
				return nil, []string{err.Error()}
			}
			parsed[i] = f
		}
		needed := map[string]bool{}
		for _, name := range parsed[i].Unresolved {
			if path := imports[name.Name]; path != "" && !declared[name.Name] && !strings.Contains(explicit[i], `"`+path+`"`) {
				needed[path] = true
			}
		}
		header := "package " + name + "\n"
		for _, path := range slices.Sorted(maps.Keys(needed)) {
			header += fmt.Sprintf("import %q\n", path)
		}
		files[fmt.Sprintf("block%d.go", i)] = header + explicit[i] + body
	}
	return files, nil
}

// standardNames declares what every fragment has, unless the page does.
func standardNames(declared map[string]bool) string {
	text := ""
	for _, v := range [][2]string{{"app", "*fsa.App"}, {"cfg", "fsa.Config"}, {"ctx", "context.Context"}, {"t", "*testing.T"}} {
		if !declared[v[0]] {
			text += "var " + v[0] + " " + v[1] + "\n"
		}
	}
	return text
}

// wrapped puts the statements of a fragment into a function.
func wrapped(b docBlock, statements string) string {
	if statements == "" && b.says != "start says" {
		return ""
	}
	results, uses := "", ""
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+statements+"\n}", 0)
	if err == nil {
		body := f.Decls[0].(*ast.FuncDecl).Body
		results, uses = resultsOf(body), usesOf(body)
	}
	if b.says == "start says" {
		return "//line start.go:1\nfunc Start() error {\n" + startApp + "{\n" + statements + uses + "\n_, err := app.Handler()\nreturn err\n}\n}\n"
	}
	if results != "" {
		uses += "panic(\"…\")\n"
	}
	return "func _() " + results + "{\n" + statements + uses + "}\n"
}

// resultsOf gives the results of the function that statements with a return are of:
// the last of several is an error.
func resultsOf(body *ast.BlockStmt) string {
	results := ""
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			switch len(n.Results) {
			case 0:
			case 1:
				results = "any"
			default:
				results = "(" + strings.Repeat("any, ", len(n.Results)-1) + "error)"
			}
		}
		return true
	})
	return results
}

// usesOf uses the variables that statements declare: a page may leave out what
// becomes of them.
func usesOf(body *ast.BlockStmt) string {
	uses := ""
	use := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			uses += "_ = " + id.Name + "\n"
		}
	}
	for _, s := range body.List {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				for _, e := range s.Lhs {
					use(e)
				}
			}
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range v.Names {
						use(name)
					}
				}
			}
		}
	}
	return uses
}
