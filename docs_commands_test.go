package fsa_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var testCommandRE = regexp.MustCompile("go test ([^`#\\n]*)")

// TestDocumentsCommands: the documents' commands of go test run something.
func TestDocumentsCommands(t *testing.T) {
	names := testNames(t)
	tried := 0
	for _, p := range pages(t) {
		for i, line := range strings.Split(p.text, "\n") {
			for _, m := range testCommandRE.FindAllStringSubmatch(line, -1) {
				tried++
				if fault := commandFault(strings.ReplaceAll(m[1], `\|`, "|"), names); fault != "" {
					t.Errorf("%s:%d: %s: %s", p.name, i+1, m[0], fault)
				}
			}
		}
	}
	if tried < 15 {
		t.Errorf("%d commands", tried)
	}
	for command, want := range map[string]string{
		"-run NoSuchTest .":            "nothing matches NoSuchTest",
		"-run '^TestDocuments' ./...":  "",
		"-run '^TestDocuments' ./none": "there are no tests in ./none",
		"-run '^TestDocuments' ./auth": "there are no tests in ./auth",
		"-fuzz '^FuzzJWT$' ./token":    "",
		"-fuzz '^TestJWT$' ./token":    "nothing matches ^TestJWT$",
		"-bench Secured":               "",
	} {
		if got := commandFault(command, names); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

var flagRE = regexp.MustCompile(`-(run|bench|fuzz) +('[^']*'|\S+)`)

// commandFault gives the reason why go test with these arguments runs nothing.
func commandFault(args string, names map[string][]string) string {
	var within []string
	found := false
	for _, word := range strings.Fields(args) {
		if !strings.HasPrefix(word, ".") {
			continue
		}
		found = true
		dir, all := strings.CutSuffix(word, "/...")
		dir = filepath.ToSlash(filepath.Clean(dir))
		any := false
		for d, n := range names {
			if d == dir || all && (dir == "." || strings.HasPrefix(d, dir+"/")) {
				within, any = append(within, n...), true
			}
		}
		if !any {
			return "there are no tests in " + word
		}
	}
	if !found {
		within = names["."]
	}
	for _, m := range flagRE.FindAllStringSubmatch(args, -1) {
		pattern := strings.Trim(m[2], "'")
		top, _, _ := strings.Cut(pattern, "/")
		kinds := map[string][]string{"run": {"Test", "Example", "Fuzz"}, "bench": {"Benchmark"}, "fuzz": {"Fuzz"}}[m[1]]
		re, err := regexp.Compile(top)
		switch {
		case err != nil:
			return err.Error()
		case pattern == "^$":
		case !slices.ContainsFunc(within, func(name string) bool {
			return re.MatchString(name) && slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(name, k) })
		}):
			return "nothing matches " + pattern
		}
	}
	return ""
}

// testNames lists the tests, examples, benchmarks and fuzz targets by directory.
func testNames(t *testing.T) map[string][]string {
	t.Helper()
	names := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[dir] = append(names[dir], fn.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
