// Command measure measures whether the time of a refused log-in tells who has an
// account, and what of it (docs/security.md):
//
//	go run ./internal/timing/measure
//
// Each line compares two log-ins that are refused for different reasons, in process
// and over HTTP on this machine: the median of the differences within pairs, with its
// interval of 99 % confidence, and what that is of the time of a hash. It fails if a
// difference is beyond -within percent of that time.
//
// With -control it also measures itself without the work that is done for unknown
// users, built from a changed copy of the source, and fails if it doesn't notice.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/internal/timing"
)

func main() {
	log.SetFlags(0)
	pairs := flag.Int("pairs", 400, "pairs of each comparison")
	within := flag.Float64("within", 1, "percent of the time of a hash that a difference may be")
	only := flag.String("only", "", "comparisons whose name holds this text")
	control := flag.Bool("control", false, "see whether a missing equalisation is noticed")
	flag.Parse()
	if *control {
		if err := noticed(*pairs); err != nil {
			log.Fatalf("error: the control has failed: %v", err)
		}
		fmt.Println("control: without the work for unknown users, the difference is noticed")
	}
	if err := measure(*pairs, *within, *only); err != nil {
		log.Fatalf("error: %v", err)
	}
}

// errDiffers says that a difference was found. It is the exit status 1.
var errDiffers = errors.New("the time of a refusal tells its reason")

// measure compares all kinds of refusals and prints a table.
func measure(pairs int, within float64, only string) error {
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	fmt.Printf("| refusals | where | time of a hash | difference (99 %% interval) | of that time | within %g %% |\n|---|---|---|---|---|---|\n", within)
	var err error
	for _, c := range comparisons {
		if !strings.Contains(c.name, only) {
			continue
		}
		for _, transport := range []string{"in process", "HTTP"} {
			house, e := newHouse(c, transport == "HTTP")
			if e != nil {
				return e
			}
			r, e := timing.Pairs(pairs, rng, house.knock(c.a), house.knock(c.b))
			house.close()
			if e != nil {
				return fmt.Errorf("%s: %w", c.name, e)
			}
			hash := house.hash
			if !c.throttled {
				hash = min(hash, r.B) // of many more, and over the whole time
			}
			margin := time.Duration(float64(hash) * within / 100)
			percent := 100 * float64(r.Difference) / float64(hash)
			verdict := r.Within(margin)
			fmt.Printf("| %s | %s | %.1f ms | %s | %+.2f %% | %s |\n", c.name, transport, float64(hash.Microseconds())/1000, r, percent, verdict)
			if verdict == timing.Different {
				err = errDiffers
			}
		}
	}
	return err
}

// noticed measures a build in which nothing is done for who is not known, and whose
// refusals are not levelled.
func noticed(pairs int) error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("go list -m: %w", err)
	}
	source := filepath.Join(strings.TrimSpace(string(out)), "password", "hasher.go")
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	const work = "_, err := h.try(ctx, password, h.decoy)\n\treturn err\n"
	if strings.Count(string(text), work) != 1 {
		return fmt.Errorf("%s has changed: the work for unknown users is not where it was", source)
	}
	temp, err := os.MkdirTemp("", "timing")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	without := filepath.Join(temp, "hasher.go")
	if err := os.WriteFile(without, []byte(strings.Replace(string(text), work, "return nil\n", 1)), 0o600); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: without}})
	if err != nil {
		return err
	}
	file := filepath.Join(temp, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return err
	}
	binary := filepath.Join(temp, "measure")
	build := exec.Command("go", "build", "-overlay", file, "-o", binary, "./internal/timing/measure")
	build.Dir = strings.TrimSpace(string(out))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building it: %w: %s", err, out)
	}
	out, err = exec.Command(binary, "-pairs", fmt.Sprint(min(pairs, 50)), "-only", control).CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && strings.Contains(string(out), errDiffers.Error()) {
		return nil
	}
	return fmt.Errorf("nothing was noticed: %v\n%s", err, out)
}
