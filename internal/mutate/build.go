package main

import (
	"context"
	"encoding/json"
	"fmt"
	"go/build"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// module is the module that is worked on.
type module struct{ dir, path string }

func findModule() (module, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Path}}").Output()
	if err != nil {
		return module{}, fmt.Errorf("go list -m: %w", err)
	}
	dir, name, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return module{dir, name}, nil
}

// suite is a package's tests, in one binary.
type suite struct {
	dir    string // relative to the module
	binary string
	flags  []string // for all runs
	mu     sync.Mutex
	tests  []*test
}

// builds holds the rewritten packages, and the tests that are to judge them.
type builds struct {
	module
	temp    string
	overlay string
	sites   []*site
	suites  []*suite // the root's is the last
	own     map[string]*suite

	patience time.Duration // for a mutant, besides what its tests take
}

// newBuild rewrites the packages. With the root, the root's tests judge all.
func newBuild(m module, temp string, dirs []string, root bool) (*builds, error) {
	b := &builds{module: m, temp: temp, own: map[string]*suite{}, patience: 5 * time.Second}
	replaced := map[string]string{}
	for _, dir := range dirs {
		pkg, err := build.ImportDir(filepath.Join(m.dir, dir), 0)
		if err != nil {
			return nil, err
		}
		for _, name := range pkg.GoFiles {
			leave := leaveNone
			if dir == "." {
				if leftOut[name] {
					continue
				}
				leave = registers
			}
			full := filepath.Join(m.dir, dir, name)
			src, err := os.ReadFile(full)
			if err != nil {
				return nil, err
			}
			sites, rewritten, err := instrument(path.Join(dir, name), src, m.path+"/internal/mutate/probe", len(b.sites), leave)
			if err != nil {
				return nil, err
			}
			b.sites = append(b.sites, sites...)
			to := filepath.Join(temp, strings.NewReplacer("/", "_", ".", "_").Replace(dir)+"-"+name)
			if err := os.WriteFile(to, rewritten, 0o600); err != nil {
				return nil, err
			}
			replaced[full] = to
		}
		s := &suite{dir: dir}
		b.own[dir] = s
		if dir != "." {
			b.suites = append(b.suites, s)
		}
	}
	if s := b.own["."]; s != nil {
		b.suites = append(b.suites, s)
	} else if root {
		b.suites = append(b.suites, &suite{dir: "."})
	}
	text, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return nil, err
	}
	b.overlay = filepath.Join(temp, "overlay.json")
	return b, os.WriteFile(b.overlay, text, 0o600)
}

// mutants gives the mutants that match.
func (b *builds) mutants(only *regexp.Regexp) []mutant {
	var list []mutant
	for _, s := range b.sites {
		for _, k := range s.kinds {
			if m := (mutant{s, k}); only.MatchString(m.String()) {
				list = append(list, m)
			}
		}
	}
	return list
}

// compile makes the test binaries.
func (b *builds) compile(ctx context.Context) error {
	for i, s := range b.suites {
		s.binary = filepath.Join(b.temp, fmt.Sprintf("suite%d.test", i))
		log.Printf("compiling the tests of %s", s.dir)
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", b.overlay, "-o", s.binary, "./"+s.dir)
		cmd.Dir = b.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", s.dir, err, out)
		}
		// A property test must take the same way each time, a fifth of its usual
		// length, not shrink what it finds, and write nothing into the source
		// tree.
		usage, _ := exec.CommandContext(ctx, s.binary, "-h").CombinedOutput()
		if strings.Contains(string(usage), "-rapid.nofailfile") {
			s.flags = []string{"-rapid.nofailfile", "-rapid.seed=1", "-rapid.checks=20", "-rapid.shrinktime=0s"}
		}
	}
	return nil
}

// judges are the suites that may kill a mutant, in their order.
func (b *builds) judges(m mutant) []*suite {
	var list []*suite
	if s := b.own[path.Dir(m.file)]; s != nil {
		list = append(list, s)
	}
	if last := b.suites[len(b.suites)-1]; last.dir == "." && !slices.Contains(list, last) {
		list = append(list, last)
	}
	return list
}
