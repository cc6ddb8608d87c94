package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
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

// TestTutorialSteps does what the tutorial's reader does: it puts the pieces of
// code and configuration together in an empty directory, and at each restart
// builds that program and runs the commands that follow. In the end the tutorial's
// tests must pass, and its code must be the one of this directory.
func TestTutorialSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each section of the tutorial")
	}
	needCurl(t)
	s := newSteps(t)
	document := tutorial(t)
	done := 0
	runDocument(t, document, func([]string) *program {
		next := slices.IndexFunc(document[done:], func(b block) bool { return b.restart }) + done
		for _, b := range document[done:next] {
			if err := s.add(b); err != nil {
				t.Fatalf("line %d: %v", b.line, err)
			}
		}
		done = next + 1
		s.write(t)
		return start(t, build(t, s.dir), s.dir)
	})
	for _, b := range document[done:] {
		if err := s.add(b); err != nil {
			t.Fatalf("line %d: %v", b.line, err)
		}
	}
	s.write(t)
	test := exec.Command("go", "test", ".")
	test.Dir = s.dir
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("the tutorial's tests: %v\n%s", err, out)
	}
	for _, name := range []string{"auth.go", "data.go", "routes.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := newSource()
		if err := want.add(string(text)); err != nil {
			t.Fatal(err)
		}
		got := s.files[name].declarations
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

// steps is the reader's directory.
type steps struct {
	dir   string
	files map[string]*source
	toml  []string
}

func newSteps(t *testing.T) *steps {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s := &steps{dir: t.TempDir(), files: map[string]*source{}}
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
	text := strings.Replace(string(mod), "module "+name, "module acme", 1) +
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", name, name, root)
	for name, text := range map[string]string{"go.mod": text, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
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

// add does what a block says.
func (s *steps) add(b block) error {
	switch b.lang {
	case "toml":
		s.configure(b.text)
	case "go":
		return s.code(b.text)
	}
	return nil
}

// configure sets directives, each in place of the one of the same name.
func (s *steps) configure(text string) {
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
func (s *steps) code(text string) error {
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

func (s *steps) in(name string) *source {
	if s.files[name] == nil {
		s.files[name] = newSource()
	}
	return s.files[name]
}

// excerpt takes a file from this directory; what is shown of it must be in it.
func (s *steps) excerpt(name, shown string) error {
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

func (s *steps) write(t *testing.T) {
	t.Helper()
	for name, src := range s.files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(src.text()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "acme.toml"), []byte(strings.Join(s.toml, "")), 0o644); err != nil {
		t.Fatal(err)
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
	file, err := parser.ParseFile(set, "", text, 0)
	if err != nil {
		return err
	}
	for _, i := range file.Imports {
		s.imports[i.Path.Value] = true
	}
	for _, d := range file.Decls {
		name := ""
		switch d := d.(type) {
		case *ast.FuncDecl:
			name = "func " + d.Name.Name
			if d.Recv != nil {
				name = "method " + d.Name.Name
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
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
		s.declarations[name] = b.String()
	}
	return nil
}

// extend adds statements to the end of a function.
func (s *source) extend(function, statements string) error {
	body, ok := strings.CutSuffix(s.declarations["func "+function], "}")
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
