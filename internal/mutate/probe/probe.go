// Package probe is what the conditions of a rewritten package call, so that one
// build of the tests serves for all mutants: the environment says which of them
// a process is.
//
// No package of the framework imports it. Program mutate adds the import, in
// copies that only its own builds see.
package probe

import (
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Variable names the variable of the environment that chooses the mutant: the
// number of a site and what becomes of it, "17 false".
const Variable = "MUTATE_SITE"

// Record names the variable that holds the file to which each site is written,
// once, when it is reached.
const Record = "MUTATE_RECORD"

// memoryLimit is what a mutant may take. One whose loop has lost its end would
// take the machine with it before its time is over.
const memoryLimit = 1 << 30

var (
	site   = -1 // of the mutant
	effect string

	mu     sync.Mutex
	record *os.File
	seen   = map[int]bool{}
)

func init() {
	if number, kind, ok := strings.Cut(os.Getenv(Variable), " "); ok {
		n, err := strconv.Atoi(number)
		if err != nil {
			panic(err)
		}
		site, effect = n, kind
		go watch()
	}
	if name := os.Getenv(Record); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		record = f
	}
}

// watch ends the process when it takes too much memory.
func watch() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for {
		time.Sleep(20 * time.Millisecond)
		if metrics.Read(sample); sample[0].Value.Uint64() > memoryLimit {
			fmt.Fprintln(os.Stderr, "the mutant takes too much memory")
			os.Exit(3)
		}
	}
}

// reached notes that a site has been reached.
func reached(n int) {
	mu.Lock()
	defer mu.Unlock()
	if !seen[n] {
		seen[n] = true
		fmt.Fprintln(record, n)
	}
}

// Cond gives the value of a condition: b, unless the mutant is of this site.
func Cond[B ~bool](n int, b B) B {
	if record != nil {
		reached(n)
	}
	if n != site {
		return b
	}
	switch effect {
	case "true":
		return true
	case "false":
		return false
	}
	return !b
}

// Err gives the error of a return statement: err, unless the mutant is of this
// site, which forgets it.
func Err(n int, err error) error {
	if record != nil {
		reached(n)
	}
	if n == site {
		return nil
	}
	return err
}
