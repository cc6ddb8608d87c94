package tutorial

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Steps is the directory in which a reader works. The finished program is the one of the
// current directory.
type Steps struct {
	Dir string

	config string // name of the file of directives
	files  map[string]*source
	toml   []string
}

// NewSteps makes the directory, with a module of that name that uses this work tree, and
// a file of directives.
func NewSteps(t *testing.T, module, config string) *Steps {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s := &Steps{Dir: t.TempDir(), config: config, files: map[string]*source{}}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	// This stands for go mod init and go get, of this work tree.
	const name = "github.com/fastsimpleauth/fsa"
	text := strings.Replace(string(mod), "module "+name, "module "+module, 1) +
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", name, name, root)
	for name, text := range map[string]string{"go.mod": text, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

var (
	wholeRE   = regexp.MustCompile(`^// file "(.+)"$`)
	excerptRE = regexp.MustCompile(`^// excerpt of "(.+)"$`)
	inRE      = regexp.MustCompile(`^// in "(.+)"$`)
	inFuncRE  = regexp.MustCompile(`^// in (\w+), "(.+)"$`)
	keyRE     = regexp.MustCompile(`^(FSA_[A-Z_]+) *=`)
)

// Add does what a block says.
func (s *Steps) Add(b Block) error {
	switch b.Lang {
	case "toml":
		s.configure(b.Text)
	case "go":
		return s.code(b.Text)
	}
	return nil
}

// configure sets directives, each in place of the one of the same name.
func (s *Steps) configure(text string) {
	for line := range strings.Lines(text) {
		if m := keyRE.FindStringSubmatch(line); m != nil {
			s.toml = slices.DeleteFunc(s.toml, func(old string) bool {
				k := keyRE.FindStringSubmatch(old)
				return k != nil && k[1] == m[1]
			})
		}
		s.toml = append(s.toml, line)
	}
}

// code adds a block of Go, which may have several parts.
func (s *Steps) code(text string) error {
	var place func(part string) error
	var part strings.Builder
	flush := func() error {
		defer part.Reset()
		if place == nil {
			if strings.TrimSpace(part.String()) != "" {
				return fmt.Errorf("the code does not say where it goes")
			}
			return nil
		}
		return place(part.String())
	}
	for line := range strings.Lines(text) {
		var next func(string) error
		bare := strings.TrimSuffix(line, "\n")
		if m := wholeRE.FindStringSubmatch(bare); m != nil {
			next = func(part string) error {
				s.files[m[1]] = newSource()
				return s.files[m[1]].add(part)
			}
		} else if m := excerptRE.FindStringSubmatch(bare); m != nil {
			next = func(part string) error { return s.excerpt(m[1], part) }
		} else if m := inRE.FindStringSubmatch(bare); m != nil {
			next = func(part string) error { return s.in(m[1]).add("package main\n" + part) }
		} else if m := inFuncRE.FindStringSubmatch(bare); m != nil {
			next = func(part string) error { return s.in(m[2]).extend(m[1], part) }
		} else {
			part.WriteString(line)
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		place = next
	}
	return flush()
}

func (s *Steps) in(name string) *source {
	if s.files[name] == nil {
		s.files[name] = newSource()
	}
	return s.files[name]
}

// excerpt takes a file from this directory; what is shown of it must be in it.
func (s *Steps) excerpt(name, shown string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	s.files[name] = newSource()
	if err := s.files[name].add(string(text)); err != nil {
		return err
	}
	part := newSource()
	if err := part.add("package main\n" + shown); err != nil {
		return err
	}
	for d, text := range part.declarations {
		if s.files[name].declarations[d] != text {
			return fmt.Errorf("%s is not as in %s", d, name)
		}
	}
	return nil
}

// Write writes the files as they are by now.
func (s *Steps) Write(t *testing.T) {
	t.Helper()
	for name, src := range s.files {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(src.text()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if s.config == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(s.Dir, s.config), []byte(strings.Join(s.toml, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Compare compares files with those of the current directory, by their declarations,
// without comments.
func (s *Steps) Compare(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := newSource()
		if err := want.add(string(text)); err != nil {
			t.Fatal(err)
		}
		got := s.in(name).declarations
		for _, d := range slices.Sorted(maps.Keys(want.declarations)) {
			if got[d] != want.declarations[d] {
				t.Errorf("%s: %s is, in the tutorial:\n%s\nand here:\n%s", name, d, got[d], want.declarations[d])
			}
		}
		for _, d := range slices.Sorted(maps.Keys(got)) {
			if want.declarations[d] == "" {
				t.Errorf("%s: %s is in the tutorial only", name, d)
			}
		}
	}
}

// source is a Go file by its declarations.
type source struct {
	imports      map[string]bool
	declarations map[string]string
}

func newSource() *source {
	return &source{map[string]bool{}, map[string]string{}}
}

// add adds the declarations of a file, each in place of the one of its name.
func (s *source) add(text string) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, i := range file.Imports {
		name := i.Path.Value
		if i.Name != nil {
			name = i.Name.Name + " " + name
		}
		s.imports[name] = true
	}
	for _, d := range file.Decls {
		name, directive := "", ""
		switch d := d.(type) {
		case *ast.FuncDecl:
			d.Doc = nil
			name = "func " + d.Name.Name
			if d.Recv != nil {
				name = "method " + d.Name.Name
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			if d.Doc != nil {
				for _, c := range d.Doc.List {
					if strings.HasPrefix(c.Text, "//go:") {
						directive += c.Text + "\n"
					}
				}
				d.Doc = nil
			}
			switch spec := d.Specs[0].(type) {
			case *ast.TypeSpec:
				name = "type " + spec.Name.Name
			case *ast.ValueSpec:
				name = d.Tok.String() + " " + spec.Names[0].Name
			}
		}
		var b bytes.Buffer
		if err := format.Node(&b, set, d); err != nil {
			return err
		}
		s.declarations[name] = directive + b.String()
	}
	return nil
}

// extend adds statements to the end of a function.
func (s *source) extend(function, statements string) error {
	body, ok := strings.CutSuffix(cmp.Or(s.declarations["func "+function], s.declarations["method "+function]), "}")
	if !ok {
		return fmt.Errorf("there is no function %s yet", function)
	}
	return s.add("package main\n" + body + strings.TrimSpace(statements) + "\n}\n")
}

func (s *source) text() string {
	var b strings.Builder
	b.WriteString("package main\n\n")
	for _, i := range slices.Sorted(maps.Keys(s.imports)) {
		fmt.Fprintf(&b, "import %s\n", i)
	}
	for _, d := range slices.Sorted(maps.Keys(s.declarations)) {
		b.WriteString("\n" + s.declarations[d] + "\n")
	}
	// As an editor sets the port that is free here.
	return strings.ReplaceAll(b.String(), "127.0.0.1:5000", "127.0.0.1:0")
}
