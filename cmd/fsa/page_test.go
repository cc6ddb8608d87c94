package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var blockRE = regexp.MustCompile("(?ms)^(<!-- sh: not run -->\n)?```(sh|text)\n(.*?)^```")

// TestCommandsPage runs the commands of docs/commands.md, one block after the other, in
// one directory. A block of text is what the commands above it write; … is anything.
func TestCommandsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "commands.md"))
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	dir, wrote, tried, compared := top, "", 0, 0
	failed := "" // commands that have, and no block says so
	for _, b := range blockRE.FindAllStringSubmatch(string(page), -1) {
		if b[1] != "" {
			continue
		}
		if b[2] == "text" {
			compared++
			if strings.Contains(b[3], "error: ") {
				failed = ""
			}
			parts := strings.Split(b[3], "…")
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			if !regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(wrote) {
				t.Errorf("the page has\n%s\nand the commands write\n%s", b[3], wrote)
			}
			continue
		}
		if failed != "" {
			break
		}
		tried++
		// A test has no release, and what the go command writes is its own.
		script := strings.Replace(b[3], "fsa new acme", "fsa new acme --replace '"+root(t)+"'", 1)
		cmd := exec.Command("sh", "-ec", script+"\npwd >'"+filepath.Join(top, "where")+"'\n")
		cmd.Dir, cmd.Env = dir, clean(offline(t)...)
		out, err := cmd.CombinedOutput()
		if wrote = string(out); err != nil {
			failed = fmt.Sprintf("%s\n%v\n%s", b[3], err, out)
		}
		if where, err := os.ReadFile(filepath.Join(top, "where")); err == nil {
			dir = strings.TrimSpace(string(where))
		}
	}
	if failed != "" {
		t.Error(failed)
	}
	if tried < 6 || compared < 5 {
		t.Errorf("%d blocks of commands are run, and the output of %d is compared", tried, compared)
	}
	if _, err := os.Stat(filepath.Join(top, "acme", "acme.toml")); err != nil {
		t.Error("fsa new has made nothing: ", err)
	}
}
