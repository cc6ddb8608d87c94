package zxcvbn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password/zxcvbn"
)

func TestScore(t *testing.T) {
	for _, c := range []struct {
		password string
		words    []string
		most     int
		least    int
	}{
		{"", nil, 0, 0},
		{"password", nil, 0, 0},
		{"p4ssw0rd", nil, 1, 0},
		{"qwertyuiop", nil, 1, 0},
		{"aaaaaaaaaaaaaaaa", nil, 1, 0},
		{"abcdefghijkl", nil, 1, 0},
		{"1989-12-31", nil, 1, 0},
		{"correct horse battery staple", nil, 4, 4},
		{"kR7#vq2!Lm", nil, 4, 4},
		{"hobbesthetiger", nil, 0, 0},
		{"hobbes-eats-37-tuna", nil, 4, 3},
		{"calvinwatterson", []string{"Calvin Watterson"}, 1, 0},
		{"calvin@acme.example", []string{"calvin@acme.example"}, 1, 0},
		{"acmeexamplecalvin", []string{"calvin@acme.example"}, 1, 0},
		{"kR7#vq2!Lm", []string{"a", "7", ""}, 4, 4}, // such short words tell nothing
	} {
		if got := zxcvbn.Score(c.password, c.words...); got < c.least || got > c.most {
			t.Errorf("%q with %q has score %d", c.password, c.words, got)
		}
	}
}

func TestQuality(t *testing.T) {
	q := zxcvbn.Quality(3, "roadrunner")
	for password, ok := range map[string]bool{"p4ssw0rd1": false, "roadrunner1": false, "correct horse battery staple": true} {
		err := q(t.Context(), password)
		var e *httperr.Error
		if (err == nil) != ok || err != nil && (!errors.As(err, &e) || e.Status != 400 || strings.Contains(err.Error(), password)) {
			t.Errorf("%s: %v", password, err)
		}
	}
	for _, c := range []func(){func() { zxcvbn.Quality(0) }, func() { zxcvbn.Quality(5) }, func() { zxcvbn.Quality(3, make([]string, 101)...) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a mistake is not told")
				}
			}()
			c()
		}()
	}
}

// costly are passwords that make the estimator work.
func costly() []string {
	all := "4@8({[<369!1|0$5+7%2"
	return []string{
		strings.Repeat(all, 60), all + strings.Repeat("a", 1000), strings.Repeat("4@({[<", 200), strings.Repeat("1|!7", 300),
		strings.Repeat("password1", 200), strings.Repeat("1989", 300), strings.Repeat("é", 512), strings.Repeat("qwertyasdf", 100),
		strings.Repeat("abc", 400), strings.Repeat("4a1b7c", 200), strings.Repeat("19.12.1989", 100), strings.Repeat("x", 100) + strings.Repeat("\xff", 300),
	}
}

// TestBounded: no password costs more than a bounded part of the lists, whatever is
// in it. Unbounded, the first of these takes minutes.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	done := make(chan bool)
	go func() {
		for _, p := range costly() {
			start := time.Now()
			zxcvbn.Score(p, "calvin@acme.example")
			t.Logf("%.20q takes %v", p, time.Since(start))
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("a password keeps the estimator busy")
	}
}

func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if zxcvbn.Score("calvin-acme", "calvin", "acme") > 1 || zxcvbn.Score("kR7#vq2!Lm") != 4 {
				t.Error("the estimates of others get mixed up")
			}
		})
	}
	wg.Wait()
}

func FuzzScore(f *testing.F) {
	for _, p := range append(costly(), "", "İstanbul", "ß", "\xff\xfe", "a\x00b") {
		f.Add(p, p)
	}
	f.Fuzz(func(t *testing.T, password, word string) {
		if n := zxcvbn.Score(password, word); n < 0 || n > zxcvbn.MaxScore {
			t.Errorf("%q has score %d", password, n)
		}
	})
}

func ExampleQuality() {
	quality := zxcvbn.Quality(3, "acme")
	fmt.Println(quality(context.Background(), "acme2024"))
	fmt.Println(quality(context.Background(), "correct horse battery staple"))
	// Output:
	// 400: password is too easy to guess
	// <nil>
}
