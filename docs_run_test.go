package fsa_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	importsRE = regexp.MustCompile(`^// in main, before app\.Run(?:; import (.*))?\n`)
	captureRE = regexp.MustCompile(`^([A-Z]+)=\$\((.*)\)$`)
	commandRE = regexp.MustCompile(`^(curl .*?) +# (\d{3})\b(?:, with (.*))?`)
	loadRE    = regexp.MustCompile(`fsa\.Load\("([^"]+)"\)`)
)

// recipe is a section of a page with commands to run. They are for the page's program
// (the last block before them that begins with "package main", which runs at
// localhost:5000), with the lines of a block of the section that begins with
//
//	// in main, before app.Run; import "net/http"
//
// and with the section's TOML, or the last one before it, in the file that the program
// loads. Each section's program starts afresh. A command is
//
//	curl -si http://localhost:5000/me       # 401, with Basic realm="acme"
//	TOKEN=$(curl -s http://localhost:5000/token)
//
// -i shows the header, in which the status and what is "with" it must be. Blocks under
// <!-- sh: not run --> are left out.
type recipe struct{ title, program, file, config, commands string }

// TestDocumentsRun builds the programs of the pages that have <!-- run --> and runs
// the commands of each recipe, which say what status they get.
func TestDocumentsRun(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	port := freePort(t)
	binaries := map[string]string{} // of what has been built
	tried := 0
	for _, p := range pages(t) {
		if !p.run {
			continue
		}
		recipes := readRecipes(t, p)
		if len(recipes) == 0 {
			t.Errorf("%s has <!-- run --> and nothing to run", p.name)
		}
		for _, r := range recipes {
			binary, ok := binaries[r.program]
			if !ok {
				dir := t.TempDir()
				binary = filepath.Join(dir, "program")
				inModule(t, tool, dir, port, r.program)("build", "-o", binary, ".")
				binaries[r.program] = binary
			}
			tried++
			t.Run(p.name+"/"+r.title, func(t *testing.T) {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, r.file), []byte(r.config), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(binary)
				cmd.Dir = dir
				startAt(t, cmd, port)
				r.run(t, dir, port)
			})
		}
	}
	if tried < 8 {
		t.Errorf("%d recipes were tried", tried)
	}
}

// readRecipes takes a page's sections.
func readRecipes(t *testing.T, p page) (recipes []recipe) {
	t.Helper()
	r := recipe{file: "acme.toml"}
	program, lines := "", ""
	finish := func() {
		if r.commands != "" {
			if program == "" {
				t.Errorf("%s, %s: there are commands, and no program", p.name, r.title)
			}
			r.program = withLines(program, lines)
			recipes = append(recipes, r)
		}
		r.commands, lines = "", ""
	}
	for _, b := range p.blocks {
		if b.section != r.title {
			finish()
			r.title = b.section
		}
		switch {
		case b.lang == "toml":
			r.config = b.text
		case b.lang == "go" && strings.HasPrefix(b.text, "package main\n"):
			program = b.text
			if m := loadRE.FindStringSubmatch(program); m != nil {
				r.file = m[1]
			}
		case b.lang == "go" && importsRE.MatchString(b.text):
			lines = b.text
		case b.lang == "sh" && b.says == "":
			r.commands += b.text
		}
	}
	finish()
	return recipes
}

// withLines gives a program with the lines of a recipe.
func withLines(program, lines string) string {
	if lines == "" {
		return program
	}
	imports := ""
	for _, path := range strings.Split(importsRE.FindStringSubmatch(lines)[1], ", ") {
		imports += "\t" + path + "\n"
	}
	program = strings.Replace(program, "import (\n", "import (\n"+imports, 1)
	return strings.Replace(program, "\tlog.Fatal(app.Run(", lines+"\n\tlog.Fatal(app.Run(", 1)
}

// run runs the commands of the recipe.
func (r recipe) run(t *testing.T, dir, port string) {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NO_PROXY=*"}
	sh := func(command string) string {
		t.Helper()
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "localhost:5000", "127.0.0.1:"+port))
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		return string(out)
	}
	n := 0
	for line := range strings.Lines(r.commands) {
		line = strings.TrimSpace(line)
		if m := captureRE.FindStringSubmatch(line); m != nil {
			env = append(env, m[1]+"="+sh(m[2]))
			continue
		}
		m := commandRE.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("the command does not say which status it gets: %s", line)
			continue
		}
		n++
		if out := sh(m[1]); !strings.HasPrefix(out, "HTTP/1.1 "+m[2]) || !strings.Contains(out, m[3]) {
			t.Errorf("%s: want %s with %q, got\n%s", m[1], m[2], m[3], out)
		}
	}
	if n < 1 {
		t.Error("there are no commands")
	}
}
