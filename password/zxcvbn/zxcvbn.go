// Package zxcvbn judges new passwords by how many guesses they would take, with
// Wheeler's estimator (zxcvbn: Low-Budget Password Strength Estimation, USENIX
// Security 2016): it looks for words, names, dates, keyboard patterns, repetitions
// and sequences, and rates what is left.
//
//	app.PasswordQuality(zxcvbn.Quality(3, "acme", "roadrunner"))
//
// Importing it loads word lists of about 10 MB.
package zxcvbn

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/matching"
	"github.com/fastsimpleauth/fsa/httperr"
)

// The bounds of what an estimate may cost. It compares all parts of the password
// with all lists, and does it again for each way to read a 4 as an a, a 1 as an i or
// as an l, and so on: those multiply.
const (
	maxRunes    = 72 // of a password; what comes after them can only add to it
	maxReadings = 16
	maxWords    = 100 // of the application and of the user
)

// MaxScore is the best score.
const MaxScore = 4

// Quality gives a hook for app.PasswordQuality that refuses, by a 400, passwords of
// less than a score: 1 for what takes about 10^6 guesses, 2 for 10^8, 3 for 10^10 (a
// good choice for slow hashes), 4 for 10^12. Words are those that an attacker of this
// application would try first: its name, its company, its town.
//
// As many estimates run at once as there are processors; others wait, or are answered
// 503 when their context ends.
//
// It panics if the score is not 1 to 4, or if there are more than 100 words: both are
// mistakes in the program. For words of the user's own, see [Score].
func Quality(minScore int, words ...string) func(ctx context.Context, password string) error {
	if minScore < 1 || minScore > MaxScore {
		panic(fmt.Sprintf("zxcvbn: the least score is %d: use 1 to %d", minScore, MaxScore))
	}
	if len(words) > maxWords {
		panic(fmt.Sprintf("zxcvbn: there are %d words: use at most %d", len(words), maxWords))
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	return func(ctx context.Context, password string) error {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
			return httperr.Wrap(http.StatusServiceUnavailable, "too busy to judge passwords, try again shortly", ctx.Err())
		}
		if Score(password, words...) < minScore {
			return httperr.Errorf(http.StatusBadRequest, "password is too easy to guess")
		}
		return nil
	}
}

// Score rates a password from 0 to [MaxScore]. Words are the user's: name, e-mail
// address, birthday; beyond the first 100 they are not looked at. It looks at the first
// 72 characters of the password. One that the estimator can't handle has score 0.
//
// It takes about a tenth of a second of one processor at most, as a slow hash does.
func Score(password string, words ...string) (score int) {
	defer func() {
		if recover() != nil {
			score = 0 // nothing is known of it
		}
	}()
	password = first(password, maxRunes)
	var filters []func(match.Matcher) bool
	if readings(password) > maxReadings {
		filters = append(filters, matching.FilterL33tMatcher)
	}
	return zxcvbn.PasswordStrength(password, parts(words), filters...).Score
}

// first gives the first n runes of s.
func first(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// parts gives the words, and what they are made of: of calvin@acme.example also
// calvin, acme and example.
func parts(words []string) []string {
	var all []string
	for _, w := range words[:min(len(words), maxWords)] {
		w = first(strings.TrimSpace(w), maxRunes)
		all = append(all, w)
		all = append(all, strings.FieldsFunc(w, func(r rune) bool { return strings.ContainsRune(" @.-_+,;:/", r) })...)
	}
	// A word of one or two letters is in every password.
	kept := all[:0]
	for _, w := range all {
		if len(w) > 2 {
			kept = append(kept, w)
		}
	}
	return kept
}

// lookalikes are the characters that the estimator reads as a letter, by that letter.
var lookalikes = []string{"4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"}

// readings is how often the estimator would begin again. A character that stands for
// two letters is tried as each.
func readings(password string) int {
	n := 1
	seen := map[rune]bool{}
	for _, alike := range lookalikes {
		found := 0
		for _, r := range alike {
			if strings.ContainsRune(password, r) {
				found++
				if seen[r] {
					n *= 2
				}
				seen[r] = true
			}
		}
		n *= max(found, 1)
	}
	return n
}
