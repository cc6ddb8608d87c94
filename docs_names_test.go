package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastsimpleauth/fsa"
)

// TestDocumentsSettings: the TOML of the documents is accepted, and what is shown as
// wrong is refused in the words that the document has.
func TestDocumentsSettings(t *testing.T) {
	blocks := 0
	for _, p := range pages(t) {
		for i, b := range p.blocks {
			if b.lang == "toml" {
				blocks++
				for _, fault := range tomlFaults(p, i) {
					t.Error(fault)
				}
			}
			if b.lang == "env" {
				t.Run(fmt.Sprintf("%s:%d", p.name, b.line), func(t *testing.T) { tryEnvironment(t, b.text) })
			}
		}
	}
	if blocks < 15 {
		t.Errorf("%d blocks", blocks)
	}
}

// tomlFaults tells what is wrong with a block of settings.
func tomlFaults(p page, i int) (faults []string) {
	b := p.blocks[i]
	err := startWith(b.text)
	if b.says == "start says" {
		switch {
		case i+1 == len(p.blocks) || p.blocks[i+1].lang != "text":
			return []string{fmt.Sprintf("%s:%d: no text block follows with what the start says", p.name, b.line)}
		case err == nil:
			return []string{fmt.Sprintf("%s:%d: it starts", p.name, b.line)}
		}
		if got, want := strings.TrimSpace(err.Error()), strings.TrimSpace(p.blocks[i+1].text); got != want {
			return []string{fmt.Sprintf("%s:%d: it says\n%s\nand the page has\n%s", p.name, b.line, got, want)}
		}
		return nil
	}
	if b.says != "" {
		return []string{fmt.Sprintf("%s:%d: nothing knows what %q means", p.name, b.line, b.says)}
	}
	if err == nil {
		return nil
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var c *fsa.ConfigError
		// What is not at a line of the block is missing: a page shows what it is about.
		if errors.As(e, &c) && strings.HasPrefix(c.Source, "acme.toml") {
			faults = append(faults, fmt.Sprintf("%s:%d: %v", p.name, b.line, e))
		}
	}
	return faults
}

// tryEnvironment tries settings as they stand in a shell. The file that one with _FILE
// names is made.
func tryEnvironment(t *testing.T, text string) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			t.Fatalf("%q is not NAME=VALUE", line)
		}
		if strings.HasSuffix(name, "_FILE") {
			value = filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(value, []byte("4WnZ0s7y2kq9TzLwV1xJb8mQc6RdEh3uYp5Kf\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv(name, strings.Trim(value, "'"))
	}
	err := startWith(`FSA_PASSWORD_LENGTH = 9`)
	if err != nil && strings.Contains(err.Error(), "(environment)") {
		t.Error(err)
	}
}

// startWith says what a start says with a configuration file: the faults of Load, or
// else those of the application. The application has the hooks for any schemes.
func startWith(text string) error {
	cfg, err := fsa.LoadFS(fstest.MapFS{"acme.toml": {Data: []byte(text)}}, "acme.toml")
	if err != nil {
		return err
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	app := fsa.New("acme", cfg)
	app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
	app.UserHA1(func(context.Context, string, string, string) (string, error) { return "", fsa.ErrNoSuchUser })
	app.APIKey(func(context.Context, string) (fsa.APIKey, error) { return fsa.APIKey{}, fsa.ErrNoSuchKey })
	if slices.Contains(cfg.Auth, "partner") {
		app.Authentication("partner", func(*http.Request) (fsa.Identity, error) { return fsa.Identity{}, nil })
	}
	_, err = app.Handler()
	return err
}

var (
	linkRE   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notAnchr = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchor is the name that a heading has in links, as GitHub makes it.
func anchor(heading string) string {
	return strings.ReplaceAll(notAnchr.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// TestDocumentsLinks: what pages link to exists, and every page is linked from
// another one.
func TestDocumentsLinks(t *testing.T) {
	all := pages(t)
	for _, fault := range linkFaults(all, os.DirFS(".")) {
		t.Error(fault)
	}
}

func linkFaults(all []page, files fs.FS) (faults []string) {
	headings := map[string]bool{}
	linked := map[string]bool{"README.md": true}
	for _, p := range all {
		for _, line := range p.prose() {
			if m := headingRE.FindStringSubmatch(line); m != nil {
				headings[p.name+"#"+anchor(m[1])] = true
			}
		}
	}
	for _, p := range all {
		for i, line := range p.prose() {
			for _, m := range linkRE.FindAllStringSubmatch(line, -1) {
				target := m[1]
				if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
					continue
				}
				file, fragment, _ := strings.Cut(target, "#")
				name := p.name
				if file != "" {
					name = path.Join(path.Dir(p.name), file)
				}
				if _, err := fs.Stat(files, name); err != nil {
					faults = append(faults, fmt.Sprintf("%s:%d: there is no %s", p.name, i+1, target))
				} else if fragment != "" && !headings[name+"#"+fragment] {
					faults = append(faults, fmt.Sprintf("%s:%d: %s has no such heading", p.name, i+1, target))
				}
				if name != p.name {
					linked[name] = true
				}
			}
		}
	}
	for _, p := range all {
		if !linked[p.name] {
			faults = append(faults, fmt.Sprintf("no page links to %s", p.name))
		}
	}
	return faults
}

// TestDocumentsNames: the Go names and the directives that the documents' text has
// exist.
func TestDocumentsNames(t *testing.T) {
	known := exportedNames(t)
	for _, p := range pages(t) {
		for _, fault := range nameFaults(p, known) {
			t.Error(fault)
		}
	}
}

var (
	nameRE   = regexp.MustCompile(`\b([a-z][a-z0-9]*|[A-Z][A-Za-z]*)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
	mutantRE = regexp.MustCompile("^- `[a-z/]+\\.go`, ") // of internal/mutate: its names are of variables
	fieldRE  = regexp.MustCompile("`(?:(?:fsa\\.)?Config\\.)?(Insecure[A-Z]\\w*|No[A-Z]\\w+)`")
)

// nameFaults finds names that do not exist. Names of other modules and of the
// standard library are not looked at.
func nameFaults(p page, known map[string]bool) (faults []string) {
	fault := func(i int, name string) {
		faults = append(faults, fmt.Sprintf("%s:%d: there is no %s", p.name, i+1, name))
	}
	for i, line := range p.prose() {
		if mutantRE.MatchString(line) {
			continue
		}
		for _, m := range nameRE.FindAllStringSubmatch(line, -1) {
			of, name := m[1], m[2]
			switch {
			case of == "app":
				of = "fsa.App"
			case known[of+"."]:
			case known["fsa."+of]:
				of = "fsa." + of
			default:
				continue
			}
			switch {
			case !known[of+"."+name]:
				fault(i, m[0])
			case m[3] != "" && !known[of+"."+name+"."+m[3]]:
				fault(i, m[0])
			}
		}
		for _, m := range fieldRE.FindAllStringSubmatch(line, -1) {
			if !known["fsa.Config."+m[1]] && !known["fsa."+m[1]] {
				fault(i, "Config."+m[1])
			}
		}
	}
	return faults
}

// exportedNames has the names that the packages export, as fsa.Get and
// fsa.Config.Mode, and the packages' own, as "fsa.".
func exportedNames(t testing.TB) map[string]bool {
	t.Helper()
	known, aliases := map[string]bool{}, map[string]string{}
	for name, importPath := range ownPackages(t) {
		dir, ours := strings.CutPrefix(importPath, module)
		if !ours {
			continue
		}
		files, err := filepath.Glob(filepath.Join(".", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		known[name+"."] = true
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				for _, n := range declaredBy(d) {
					known[name+"."+n] = true
				}
				for alias, target := range aliasesOf(name, d) {
					aliases[name+"."+alias] = target
				}
			}
		}
	}
	for alias, target := range aliases {
		for n := range maps.Clone(known) {
			if rest, ok := strings.CutPrefix(n, target+"."); ok {
				known[alias+"."+rest] = true
			}
		}
	}
	return known
}

// aliasesOf gives the names of a declaration that have what another type has: other
// names of types of other packages, and fields.
func aliasesOf(of string, d ast.Decl) map[string]string {
	all := map[string]string{}
	g, ok := d.(*ast.GenDecl)
	if !ok {
		return all
	}
	for _, s := range g.Specs {
		typ, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		switch t := typ.Type.(type) {
		case *ast.SelectorExpr:
			all[typ.Name.Name] = t.X.(*ast.Ident).Name + "." + t.Sel.Name
		case *ast.StructType:
			for _, f := range t.Fields.List {
				if id, ok := f.Type.(*ast.Ident); ok {
					for _, n := range f.Names {
						all[typ.Name.Name+"."+n.Name] = of + "." + id.Name
					}
				}
			}
		}
	}
	return all
}

// declaredBy gives the names of a declaration, with those of methods and fields as
// Type.Name.
func declaredBy(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		of := d.Recv.List[0].Type
		if p, ok := of.(*ast.StarExpr); ok {
			of = p.X
		}
		switch g := of.(type) { // of a generic type
		case *ast.IndexExpr:
			of = g.X
		case *ast.IndexListExpr:
			of = g.X
		}
		return []string{of.(*ast.Ident).Name + "." + d.Name.Name}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
				var fields *ast.FieldList
				switch typ := s.Type.(type) {
				case *ast.StructType:
					fields = typ.Fields
				case *ast.InterfaceType:
					fields = typ.Methods
				default:
					continue
				}
				for _, f := range fields.List {
					for _, n := range f.Names {
						names = append(names, s.Name.Name+"."+n.Name)
					}
				}
			}
		}
	}
	return names
}

// TestDocumentsCheckFails: the checks find what is wrong.
func TestDocumentsCheckFails(t *testing.T) {
	p := readPage("docs/x.md", "# A heading, `with` code\n"+
		"[good](#a-heading-with-code) [bad](#nothing) [bad](gone.md) [bad](../README.md#nothing)\n"+ // 2
		"`fsa.Get` `authz.Any` `app.Run` `Config.Mode` `fsa.Config.LoginThrottle` Config.LoginThrottle.Free fsa.Error.WithHeader http.Gone `InsecureTransport`\n"+
		"`fsa.Gone` `authz.Gone` `app.Gone` `Config.Gone` `fsa.Config.Gone` `InsecureGone`\n"+ // 4
		"```toml\nFSA_MODE = \"dev\"\nFSA_MOED = \"dev\"\nFSA_CACHE = \"much\"\n```\n"+
		"```toml\nFSA_MODE = \"dev\"\n```\n"+
		"<!-- toml: start says -->\n```toml\nFSA_MODE = \"dev\"\nFSA_AUTH = [\"none\"]\n```\n```text\nall is wrong\n```\n"+
		"<!-- toml: start says -->\n```toml\nFSA_MAX_BODY = 0\n```\n```text\nall is well\n```\n"+
		"```toml\nFSA_MAX_BODY = 0\n```\n")
	for name, c := range map[string]struct {
		got  []string
		want []string
	}{
		"links": {linkFaults([]page{readPage("README.md", ""), p}, fstest.MapFS{"README.md": {}, "docs/x.md": {}}),
			[]string{"docs/x.md:2: #nothing has", "docs/x.md:2: there is no gone.md", "docs/x.md:2: ../README.md#nothing has", "no page links to docs/x.md"}},
		"names": {nameFaults(p, exportedNames(t)),
			[]string{"fsa.Gone", "authz.Gone", "app.Gone", "no Config.Gone", "fsa.Config.Gone", "Config.InsecureGone"}},
		"unknown": {tomlFaults(p, 0), []string{`"much" is not supported`, "did you mean FSA_MODE"}},
		"part":    {tomlFaults(p, 1), nil},
		"starts":  {tomlFaults(p, 2), []string{"it starts"}},
		"says":    {tomlFaults(p, 4), []string{"it says\nFSA_MAX_BODY (acme.toml:1): must be a positive"}},
		"type":    {tomlFaults(p, 6), []string{"must be a positive number of bytes"}},
	} {
		if len(c.got) != len(c.want) {
			t.Errorf("%s: %q", name, c.got)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(c.got[i], want) {
				t.Errorf("%s: %q, want %q", name, c.got[i], want)
			}
		}
	}
}
