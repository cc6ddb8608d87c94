package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/fastsimpleauth/fsa/internal/rounds"
)

func main() {
	p := rounds.Plan{}
	flag.IntVar(&p.Rounds, "rounds", 200, "how many rounds")
	flag.DurationVar(&p.Slice, "slice", 10*time.Millisecond, "how long each contestant runs in a round")
	clients := flag.Int("clients", 8, "how many connections ask at the same time over loopback")
	flag.Parse()
	if err := bench(os.Stdout, p, *clients); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// bench verifies all answers, measures and prints the table.
func bench(w io.Writer, p rounds.Plan, clients int) error {
	list, err := contestants()
	if err != nil {
		return err
	}
	var calls, servers []rounds.Contestant
	for _, t := range tasks {
		floor := ""
		for _, c := range list {
			if err := t.verify(c); err != nil {
				return err
			}
			r, body, err := t.request(c, "foo", lifetime)
			if err != nil {
				return err
			}
			l, err := rounds.Serve(c.handler, clients, rounds.Wire(r, body))
			if err != nil {
				return err
			}
			defer l.Close()
			name := t.name + " " + c.name
			calls = append(calls, rounds.Contestant{Name: name, Floor: floor, Run: rounds.NewCall(c.handler, r, body).Run})
			servers = append(servers, rounds.Contestant{Name: name, Floor: floor, Run: l.Run})
			if floor == "" {
				floor = name
			}
		}
	}
	costs, err := p.Measure(calls)
	if err != nil {
		return err
	}
	rates, err := p.Measure(servers)
	if err != nil {
		return err
	}
	rounds.Both(w, costs, rates)
	return nil
}
