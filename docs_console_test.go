package fsa_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentsConsole runs the commands of docs/cli.md: in its ```console blocks, a
// line that begins with a dollar sign is a command of the shell, and what follows is
// all that it prints, where … stands for the rest of a line. The program is the page's
// first, in the file acme; the settings are those of its first block of TOML.
func TestDocumentsConsole(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	text, err := os.ReadFile("docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	page := readPage("docs/cli.md", string(text))
	dir, program, config := t.TempDir(), "", ""
	for _, b := range page.blocks {
		if b.lang == "go" && program == "" {
			program = b.text
		}
		if b.lang == "toml" && config == "" {
			config = b.text
		}
	}
	command := moduleIn(t, tool, dir, "example.org/acme", map[string]string{"main.go": program, "acme.toml": config})
	if out, err := command("build", "-o", filepath.Join(dir, "acme"), "."); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tried := 0
	for _, b := range page.blocks {
		if b.lang != "console" {
			continue
		}
		for _, step := range regexp.MustCompile(`(?m)^\$ `).Split(b.text, -1)[1:] {
			line, want, _ := strings.Cut(step, "\n")
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir}
			out, err := cmd.CombinedOutput()
			tried++
			pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + "$"
			if !regexp.MustCompile(pattern).Match(out) {
				t.Errorf("line %d: %s prints (%v)\n%s", b.line, line, err, out)
			}
		}
	}
	if tried < 11 {
		t.Errorf("%d commands", tried)
	}
}
