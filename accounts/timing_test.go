package accounts_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/internal/timing"
)

var (
	pairs = flag.Int("pairs", 1, "pairs of each comparison of TestTiming")
	cheap = flag.Bool("cheap", false, "let TestTiming hash passwords at next to no cost")
)

// TestTiming measures whether the time of an answer tells who has an account, and in
// which state it is: on each database, while the outbox is worked off. It shows the
// medians of the differences, in percent of the time of a hash, and asserts the answers
// only:
//
//	go test -run 'TestTiming$' -v ./accounts -args -pairs 300
//	go test -run 'TestTiming$' -v ./accounts -args -pairs 1000 -cheap
//
// By the first, all takes the time that it has in use, and that of hashing, which comes
// and goes by a tenth, hides what is small. TestSameAnswer sees that there are as many
// hashes; the second shows whether anything else differs. What came of them is in
// docs/security.md.
func TestTiming(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		cfg := quick()
		usual := cfg
		usual.PasswordOpts, usual.InsecurePasswordCost = nil, false
		if !*cheap {
			cfg = usual
		}
		cfg.LoginThrottle, cfg.InsecureNoLoginThrottle = fsa.LoginThrottle{}, true
		w := newWorld(t, db, cfg, accounts.Options{Registerable: true}).start()
		addresses := statesOf(t, w)
		hasher := fsa.New("acme", accounts.Defaults(usual))
		var hashes []time.Duration
		for range 9 {
			start := time.Now()
			if _, err := hasher.HashPassword(t.Context(), goodPassword); err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, time.Since(start))
		}
		slices.Sort(hashes)
		hash := hashes[len(hashes)/2]
		rng := rand.New(rand.NewPCG(uint64(hash), 0))
		for _, page := range []string{"login", "register", "reset", "confirm"} {
			for _, state := range slices.Sorted(maps.Keys(addresses)) {
				t.Run(page+"/"+state, func(t *testing.T) {
					r, err := timing.Pairs(*pairs, rng, knocks(w, "/"+page, addresses[state]), knocks(w, "/"+page, ""))
					if err != nil {
						t.Fatal(err)
					}
					t.Logf("%.1f ms, a hash %.1f ms: %+.2f %% of that (%+.2f to %+.2f)", float64(r.A.Microseconds())/1000,
						float64(hash.Microseconds())/1000, percent(r.Difference, hash), percent(r.Low, hash), percent(r.High, hash))
				})
			}
		}
	})
}

func percent(d, of time.Duration) float64 { return 100 * float64(d) / float64(of) }

// knocks sends a page's form over and over, with an address, or with one of the same
// length that nobody has, another each time.
func knocks(w *world, page, address string) func() error {
	return func() error {
		email := address
		if email == "" {
			email = fmt.Sprintf("%07d@example.com", registered.Add(1))
		}
		fields, status := []string{"email", email}, 200
		switch page {
		case "/login":
			// Another wrong password each time, of one length.
			fields, status = []string{"identity", email, "password", fmt.Sprintf("wrong %09d", registered.Add(1))}, 400
		case "/register":
			fields = append(fields, "password", goodPassword, "password_confirm", goodPassword)
		}
		if a := w.browser().ask("POST", page, fields...); a.Code != status {
			return fmt.Errorf("%s: %d %s", email, a.Code, a.Body)
		}
		return nil
	}
}
