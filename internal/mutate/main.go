// Command mutate tells how good the tests are: it breaks the checks of a
// package, one at a time, and sees whether a test fails.
//
//	go run ./internal/mutate [flags] [packages]
//
// A check is the condition of an if, a for or a case, an operand of && or ||, a
// comparison, a boolean result or an error that is returned. Each is made to
// hold always, never, and when it should not; a returned error is forgotten.
// Such a broken program is a mutant. It is killed if a test fails, and survives
// if none does: then nothing proves that the check is there.
//
// All mutants are in one build. The sources are rewritten, in copies that only
// this build sees (go build -overlay), so that each check asks package probe
// what becomes of it; and each test binary is compiled once and run for a mutant
// by setting the environment. Each test has been run alone before, to see which
// checks it reaches, and a mutant is shown only to the tests that reach it:
// those of its package, and those of the root if it survives these.
//
// A whole run takes long. When tests have been written for what has survived, the next
// one tries only that, and what is new (-since).
//
// The packages are directories; without any, those of [targets] are taken.
// Survivors that are known and harmless are listed in equivalent.txt, with the
// reason of each; an entry that no survivor has is an error. The exit status is
// 1 if less than the given percentage of all mutants of a package are killed, or
// such an entry is there.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// targets are the packages whose checks guard a request.
var targets = []string{"authz", "authn", "token", "password", "."}

// leftOut are the files of the root that read the configuration and register
// routes, before the first request. Their faults are tables of their own.
var leftOut = map[string]bool{
	"app.go": true, "cast.go": true, "config.go": true, "configerror.go": true, "corssettings.go": true,
	"directive.go": true, "directives.go": true, "effective.go": true, "load.go": true, "options.go": true,
	"reload.go": true, "route.go": true, "routeinfo.go": true, "router.go": true, "run.go": true,
	"schemes.go": true, "settings.go": true, "throttlesettings.go": true, "tokenissuers.go": true,
	"version.go": true,
}

// registers reports whether a function of the root belongs to what leftOut are,
// in a file that has to do with requests too. The closures that it makes are
// called by requests.
func registers(function string) bool {
	return strings.HasPrefix(function, "(*checker).") || strings.HasPrefix(function, "(*compiler).")
}

func leaveNone(string) bool { return false }

// options are the flags.
type options struct {
	min        float64
	jobs       int
	only       *regexp.Regexp
	killed     map[string]bool // in an earlier run
	tests      string
	equivalent string
	doc        string
	root       bool
	longest    time.Duration
	verbose    bool
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("mutate: ")
	var o options
	only, since := "", ""
	flag.Float64Var(&o.min, "min", 95, "the percentage of all mutants, the known survivors too, that must be killed in each package")
	flag.IntVar(&o.jobs, "jobs", 2, "how many mutants run at once")
	flag.StringVar(&only, "only", "", "only the mutants that match this expression, as they are listed: \"file:line: function: kind: check\"")
	flag.StringVar(&since, "since", "", "the output of an earlier run with -v, or of several: the mutants that a test failed for there are counted as killed, and not tried again")
	flag.StringVar(&o.tests, "run", "", "only the tests whose names match this expression judge")
	flag.StringVar(&o.equivalent, "equivalent", "internal/mutate/equivalent.txt", "the survivors that are known, with their reasons; relative to the module")
	flag.StringVar(&o.doc, "doc", "", "write the figures and the known survivors into this document")
	flag.BoolVar(&o.root, "root", true, "show the survivors of a package to the tests of the root too")
	flag.DurationVar(&o.longest, "longest", 5*time.Second, "tests that take longer, run alone, are not asked")
	flag.BoolVar(&o.verbose, "v", false, "say of each mutant which test binary has killed it")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		log.Fatal(err)
	}
	if since != "" {
		if o.killed, err = readKilled(since); err != nil {
			log.Fatal(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	good, err := mutate(ctx, o, flag.Args())
	stop()
	if err != nil {
		log.Fatal(err)
	}
	if !good {
		os.Exit(1)
	}
}

// mutate does it all. It reports whether the tests are good enough.
func mutate(ctx context.Context, o options, dirs []string) (bool, error) {
	start := time.Now()
	m, err := findModule()
	if err != nil {
		return false, err
	}
	known, err := readEquivalent(filepath.Join(m.dir, o.equivalent))
	if err != nil {
		return false, err
	}
	temp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(temp)
	all := len(dirs) == 0
	if all {
		dirs = targets
	}
	for i, dir := range dirs {
		dirs[i] = path.Clean(filepath.ToSlash(dir))
	}
	b, err := newBuild(m, temp, dirs, o.root)
	if err != nil {
		return false, err
	}
	if err := b.compile(ctx); err != nil {
		return false, err
	}
	if err := b.measure(ctx, o); err != nil {
		return false, err
	}
	mutants := b.mutants(o.only)
	log.Printf("%d mutants at %d checks", len(mutants), len(b.sites))
	results, err := b.run(ctx, o, mutants)
	if err != nil {
		return false, err
	}
	r := newReport(dirs, results, known, all && o.only.String() == "" && o.tests == "")
	fmt.Print(r.table(), r.list())
	if o.doc != "" {
		if err := r.document(o.doc, known); err != nil {
			return false, err
		}
	}
	log.Printf("it took %v", time.Since(start).Round(time.Second))
	return r.good(o.min), nil
}
