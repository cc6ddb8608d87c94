package fsa_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// How to write a page
//
// The pages are README.md and docs/*.md. What they say is tried by the tests in
// docs_*_test.go, for any page, without a test of its own:
//
//   - A ```go block compiles, and go vet has no objection. If it begins with
//     "package", it is a whole program. Otherwise it is a fragment: types and
//     functions are those of the page's package, statements are put into a function.
//     So what one block declares, the others can use, and a name that two blocks
//     declare differently is a fault. Imports are found by the names of packages
//     (those of this module, and goPackages in docs_go_test.go).
//     The names ctx, app, cfg and t are there: a context, *fsa.App, fsa.Config,
//     *testing.T. An ellipsis, as in { … } or alone on a line, is code that is left
//     out.
//
//   - What else a page's fragments need but a reader doesn't is in comments of the page:
//
//     <!-- go
//     var db *sql.DB
//     -->
//
//   - Lines directly above a ```go block say more about it:
//
//     <!-- go: alone -->              in a package of its own, with the comments' code
//     <!-- go: in FILE -->            it stands in that file, which another module compiles.
//     <!-- go: compiler says: TEXT -->  it must not compile, and that is why
//     <!-- go: start says -->         its app must not start; the next ```text block is
//     what app.Handler says (as it is printed; (main.go:12) stands for any place).
//     An app is there, in mode dev, with the schemes token, basic and none
//
//   - A ```toml block is read by fsa.LoadFS, and an application with it has no fault
//     at any of its lines. Under <!-- toml: start says --> it has, and the next ```text
//     block is what is said (Load's faults, or else those of app.Handler). A ```env block
//     is variables of the environment, NAME=VALUE, and is accepted as well.
//
//   - On a page with <!-- run -->, the commands of ```sh blocks are run: see docs_run_test.go.
//
//   - Links to pages, files and headings exist, and every page is linked from another
//     one. Names in the text such as fsa.Get, app.Run, Config.Mode, authz.Any exist.
//
// Other blocks (```text, ```http, ```sh without <!-- run -->) are not tried, unless a
// test of the page's own does.

// page is a document.
type page struct {
	name   string // as docs/errors.md
	text   string
	blocks []docBlock
	hidden []docBlock // of the comments <!-- go
	run    bool
}

// docBlock is a fenced block of a page.
type docBlock struct {
	page    string
	line    int // of its first line of text
	lang    string
	text    string
	says    string // what the comment above it says, after "LANG:"
	section string // the heading above it
}

// triedElsewhere are the pages whose blocks make sense only together, with the test
// that puts them together.
var triedElsewhere = map[string]string{
	"docs/tutorial.md":          "examples/acme builds it, and runs every command",
	"docs/tutorial-accounts.md": "examples/diary does",
}

var (
	hiddenRE  = regexp.MustCompile(`^<!-- go\s*$`)
	aboveRE   = regexp.MustCompile(`^<!-- (go|toml|sh): (.*?) -->\s*$`)
	headingRE = regexp.MustCompile(`^#+ +(.*?)\s*$`)
)

// readPage takes a page apart.
func readPage(name, text string) page {
	p := page{name: name, text: text}
	var b docBlock
	section, above := "", [2]string{}
	inFence, inHidden := false, false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case inFence && strings.HasPrefix(line, "```"):
			p.blocks = append(p.blocks, b)
			inFence = false
		case inHidden && strings.HasPrefix(line, "-->"):
			p.hidden = append(p.hidden, b)
			inHidden = false
		case inFence, inHidden:
			b.text += line + "\n"
		case strings.HasPrefix(line, "```"):
			lang := strings.TrimSpace(line[3:])
			b = docBlock{page: name, line: i + 2, lang: lang, section: section}
			if above[0] == lang {
				b.says = above[1]
			}
			inFence, above = true, [2]string{}
		case hiddenRE.MatchString(line):
			b = docBlock{page: name, line: i + 2, lang: "go"}
			inHidden = true
		case line == "<!-- run -->":
			p.run = true
		default:
			above = [2]string{}
			if m := aboveRE.FindStringSubmatch(line); m != nil {
				above = [2]string{m[1], m[2]}
			}
			if m := headingRE.FindStringSubmatch(line); m != nil {
				section = m[1]
			}
		}
	}
	return p
}

// pages reads all documents.
func pages(t testing.TB) []page {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all []page
	for _, name := range append([]string{"README.md"}, names...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, readPage(filepath.ToSlash(name), string(text)))
	}
	if len(all) < 7 {
		t.Fatalf("there are %d pages", len(all))
	}
	return all
}

// prose gives a page without its blocks, each line in its place.
func (p page) prose() []string {
	lines := strings.Split(p.text, "\n")
	inFence := false
	for i, line := range lines {
		fence := strings.HasPrefix(line, "```")
		if fence {
			inFence = !inFence
		}
		if fence || inFence {
			lines[i] = ""
		}
	}
	return lines
}
