package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/fastsimpleauth/fsa"
)

// starter are the files of a new project. A file's name is that of the template without
// .tmpl, dot- stands for a dot, and name for the project's name.
//
//go:embed starter/*.tmpl
var starter embed.FS

type newCommand struct {
	Name    string `arg:"" help:"The application's name: lower-case letters, digits and dashes."`
	Dir     string `short:"C" placeholder:"DIR" type:"path" help:"The project's directory, which must not be there yet. Default: NAME."`
	Module  string `placeholder:"PATH" help:"The path of its module. Default: example.org/NAME."`
	Replace string `placeholder:"DIR" type:"path" help:"Build with the FSA of this directory, a clone of its repository, in the place of a released one."`
	NoTidy  bool   `help:"Don't run go mod tidy, which fetches what is needed."`
}

func (*newCommand) Help() string {
	return `The project is a small service whose users own notes: routes with their authorization, a
configuration in TOML, users with hashed passwords, and tests that say who may do what.
It has no secret in it: in mode dev these are made at the start, in mode prod the
environment gives them.

Examples:

  fsa new acme
  cd acme
  go test ./...
  FSA_MODE=dev go run .

  fsa new acme --module example.com/shop/acme --dir /srv/acme`
}

var (
	nameRE   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	moduleRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9][A-Za-z0-9._~-]*)*$`)
)

const maxName = 40

// project is what the templates see.
type project struct {
	Name    string // acme
	Module  string // example.org/acme
	Env     string // ACME, before the names of variables
	Version string // of FSA, v0.0.0 if Replace is set
	Replace string // a directory, as go.mod spells it
}

func (n *newCommand) Run() error {
	p := project{Name: n.Name, Module: n.Module, Version: fsa.Version(), Env: strings.ToUpper(strings.ReplaceAll(n.Name, "-", "_"))}
	if p.Module == "" {
		p.Module = "example.org/" + n.Name
	}
	if n.Dir == "" {
		n.Dir = n.Name
	}
	switch {
	case !nameRE.MatchString(n.Name) || len(n.Name) > maxName:
		return &failure{fmt.Sprintf("%q is no name for an application", n.Name),
			fmt.Sprintf("use up to %d lower-case letters, digits and dashes, as in acme; --dir says where it goes", maxName), true}
	case p.Env == "FSA":
		return &failure{"fsa is the name of the framework", "choose another name: FSA_… are its own variables", true}
	case !moduleRE.MatchString(p.Module):
		return &failure{fmt.Sprintf("%q is no path of a module", p.Module), "use one as in example.com/shop/acme", true}
	case n.Replace != "":
		if err := n.replaces(&p); err != nil {
			return err
		}
	case !strings.HasPrefix(p.Version, "v"):
		return failed("name the clone that it was built in by --replace DIR, or install a release by: go install github.com/fastsimpleauth/fsa/cmd/fsa@latest",
			"this fsa was built from a clone, and so knows no version of FSA to build with")
	}
	files, err := p.files()
	if err != nil {
		return err
	}
	if err := write(n.Dir, files); err != nil {
		return err
	}
	tidied := n.tidy()
	fmt.Printf("%s has a new project. In it:\n\n", n.Dir)
	if tidied != nil {
		fmt.Printf("  go mod tidy\n")
	}
	fmt.Printf("  go test ./...\n  FSA_MODE=dev go run .\n")
	return tidied
}

// replaces checks that the directory is a clone of FSA.
func (n *newCommand) replaces(p *project) error {
	mod, err := os.ReadFile(filepath.Join(n.Replace, "go.mod"))
	if err != nil || !bytes.HasPrefix(mod, []byte("module github.com/fastsimpleauth/fsa\n")) {
		return failed("give the directory that has FSA's go.mod", "%s is not a clone of FSA", n.Replace)
	}
	p.Version, p.Replace = "v0.0.0", filepath.ToSlash(n.Replace)
	if strings.ContainsAny(p.Replace, " \t\"'`") {
		p.Replace = fmt.Sprintf("%q", p.Replace)
	}
	return nil
}

// files gives the texts of the project's files by their names.
func (p project) files() (map[string][]byte, error) {
	all, err := template.New("").Delims("«", "»").ParseFS(starter, "starter/*.tmpl")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, t := range all.Templates() {
		name, ok := strings.CutSuffix(t.Name(), ".tmpl")
		if !ok {
			continue
		}
		var b bytes.Buffer
		if err := t.Execute(&b, p); err != nil {
			return nil, err
		}
		text := b.Bytes()
		if strings.HasSuffix(name, ".go") {
			if text, err = format.Source(text); err != nil { // the length of names moves comments
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		name = strings.Replace(name, "dot-", ".", 1)
		files[strings.Replace(name, "name.", p.Name+".", 1)] = text
	}
	return files, nil
}

// write writes the files into a new directory.
func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return failed("", "%v", err)
	}
	switch err := os.Mkdir(dir, 0o755); {
	case errors.Is(err, fs.ErrExist):
		return failed("choose another name, or another directory by --dir", "%s is there already", dir)
	case err != nil:
		return failed("", "%v", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return failed("", "%v", err)
		}
	}
	return nil
}

// tidy completes go.mod, and makes go.sum.
func (n *newCommand) tidy() error {
	if n.NoTidy {
		return nil
	}
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir = n.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return failed("run it again when the network is there; the project's files are all written", "go mod tidy, in %s: %v: %s", n.Dir, err, strings.Join(strings.Split(strings.TrimSpace(string(out)), "\n"), "; "))
	}
	return nil
}
