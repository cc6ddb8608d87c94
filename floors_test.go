package fsa_test

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fastsimpleauth/fsa"

// floors is the table of the architecture: a package imports only packages on
// lower floors. Nobody edits it to make a build pass.
var floors = []struct {
	name     string
	packages []string
}{
	{"ground", []string{"httperr", "identity"}},
	{"floor 0: knows nothing of HTTP routes", []string{"token", "password", "param", "cache", "mail"}},
	{"floor 1: one question each", []string{"authn", "authz", "password/legacyhash", "password/ldap", "password/zxcvbn", "password/common", "password/hibp", "mail/mailtest"}},
	{"floor 2: the framework", []string{""}},
	{"floor 3: views of an application", []string{"fsatest", "telemetry"}},
	{"floor 4: applications whole", []string{"accounts", "cli"}},
	{"floor 5: what accounts bring", []string{"accounts/accountscli", "accounts/sqlstore", "accounts/storetest"}},
	{"roof: may import anything", []string{"cmd/fsa", "examples/acme", "examples/demo", "examples/diary", "examples/fastapi", "examples/todos"}},
}

// internals have the floor that their importers allow: below the lowest.
var internals = map[string]string{
	"internal/chromium":  "ground",
	"internal/grammar":   "ground",
	"internal/jsondepth": "ground",
	"internal/leaktest":  "ground",
	"internal/redirect":  "ground",
	"internal/rounds":    "ground",
	"internal/flatjson":  "floor 1: one question each",
	"internal/testlogin": "floor 1: one question each",
	"internal/jwks":      "floor 1: one question each",
	"internal/timing":    "ground",
	"internal/tutorial":  "ground",
	"internal/convert":   "floor 3: views of an application",
	"internal/tomltext":  "floor 1: one question each",
	"internal/console":   "floor 3: views of an application",

	"internal/timing/measure": "roof: may import anything",

	"internal/mutate/probe": "ground",
	"internal/mutate":       "roof: may import anything",
}

// foreign lists which packages may import which other modules. A package that
// is not here imports the standard library only.
var foreign = map[string][]string{
	"httperr":  {"github.com/go-json-experiment/json"},
	"token":    {"github.com/golang-jwt/jwt/v5", "github.com/go-json-experiment/json", "golang.org/x/crypto"},
	"password": {"golang.org/x/crypto", "golang.org/x/text"},
	"param":    {"github.com/go-json-experiment/json"},
	"mail":     {"github.com/wneessen/go-mail", "golang.org/x/net"},

	"password/ldap":       {"github.com/go-ldap/ldap/v3"},
	"password/zxcvbn":     {"github.com/ccojocar/zxcvbn-go"},
	"password/common":     {"golang.org/x/text"},
	"password/legacyhash": {"github.com/go-crypt/crypt", "golang.org/x/crypto"},

	"internal/convert":   {"go.starlark.net"},
	"internal/console":   {"golang.org/x/term"},
	"cmd/fsa":            {"github.com/alecthomas/kong", "golang.org/x/term"},
	"internal/flatjson":  {"github.com/go-json-experiment/json"},
	"internal/jwks":      {"github.com/go-json-experiment/json"},
	"":                   {"github.com/BurntSushi/toml", "github.com/go-json-experiment/json", "github.com/rs/cors", "golang.org/x/crypto", "golang.org/x/text"},
	"telemetry":          {"go.opentelemetry.io/otel", "github.com/prometheus/client_golang"},
	"cli":                {"github.com/alecthomas/kong", "golang.org/x/term"},
	"accounts":           {"github.com/BurntSushi/toml", "github.com/google/uuid", "golang.org/x/net", "golang.org/x/text"},
	"examples/diary":     {"github.com/jackc/pgx/v5", "modernc.org/sqlite"},
	"accounts/sqlstore":  {"golang.org/x/text"},
	"accounts/storetest": {"github.com/google/go-cmp"},
	"examples/acme":      {"github.com/go-json-experiment/json"},
	"examples/demo":      {"github.com/jackc/pgx/v5", "github.com/pquerna/otp", "modernc.org/sqlite"},
}

// TestFloors parses the imports and compares them with the table.
func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, f := range floors {
		for _, p := range f.packages {
			floor[p] = i
		}
		for p, name := range internals {
			if name == f.name {
				floor[p] = i
			}
		}
	}
	found := map[string]bool{}
	for _, dir := range packageDirs(t) {
		pkg, err := build.ImportDir(filepath.FromSlash("./"+dir), 0)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(dir, ".")
		found[name] = true
		mine, known := floor[name]
		if !known {
			t.Errorf("package %q has no floor: it needs a row in the table", name)
			continue
		}
		for _, path := range pkg.Imports {
			rel, ours := strings.CutPrefix(path, module)
			rel = strings.TrimPrefix(rel, "/")
			switch {
			case ours:
				if theirs, known := floor[rel]; !known || theirs >= mine {
					t.Errorf("package %q (%s) imports %q, which is not below it", name, floors[mine].name, rel)
				}
			case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
				if !slices.ContainsFunc(foreign[name], func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }) {
					t.Errorf("package %q imports %s, which is not among the modules that it may use", name, path)
				}
			}
		}
	}
	for name := range floor {
		if !found[name] {
			t.Errorf("package %q of the table is not there", name)
		}
	}
}

// packageDirs lists the directories of the module that hold Go packages.
func packageDirs(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if path != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return fs.SkipDir
			}
			if path != "." {
				if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
					return fs.SkipDir // a module of its own
				}
			}
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
