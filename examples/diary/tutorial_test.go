package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/tutorial"
)

var shownRE = regexp.MustCompile(`^<!-- (pages/\S+) -->\n`)

// TestTutorialSteps does what the reader of the tutorial does: it puts the pieces of
// code together in an empty directory, and at each restart builds that program and runs
// the commands that follow, all on one database. In the end the code must be the one of
// this directory.
func TestTutorialSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each section of the tutorial")
	}
	tutorial.NeedCurl(t)
	text, err := os.ReadFile("../../docs/tutorial-accounts.md")
	if err != nil {
		t.Fatal(err)
	}
	s := tutorial.NewSteps(t, "diary", "")
	if err := os.CopyFS(filepath.Join(s.Dir, "pages"), os.DirFS("pages")); err != nil { // as it says
		t.Fatal(err)
	}
	document := tutorial.Blocks(string(text))
	done := 0
	add := func(blocks []tutorial.Block) {
		for _, b := range blocks {
			if m := shownRE.FindStringSubmatch(b.Text); m != nil {
				if want, err := os.ReadFile(m[1]); err != nil || strings.TrimPrefix(b.Text, m[0]) != string(want) {
					t.Errorf("line %d: %s is not so: %v", b.Line, m[1], err)
				}
			}
			if err := s.Add(b); err != nil {
				t.Fatalf("line %d: %v", b.Line, err)
			}
		}
	}
	tutorial.Run(t, document, func([]string) *tutorial.Program {
		next := slices.IndexFunc(document[done:], func(b tutorial.Block) bool { return b.Restart }) + done
		add(document[done:next])
		done = next + 1
		s.Write(t)
		return tutorial.Start(t, tutorial.Build(t, s.Dir), s.Dir, nil, "-addr", "127.0.0.1:0")
	})
	add(document[done:])
	s.Compare(t, "entries.go", "main.go", "pages.go", "routes.go")
}
