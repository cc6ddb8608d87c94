package password

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What a comparison takes: of old hashes, of new ones, of hashes of another
// scheme.
const (
	quickHash = 10 * time.Millisecond
	newHash   = 30 * time.Millisecond
	slowHash  = 250 * time.Millisecond
)

// slept is a kind of hash whose comparison takes a known time, in the bubble
// of a synctest. Its hashes match the password "right".
type slept struct{ time.Duration }

func (r slept) admits(string) error         { return nil }
func (r slept) hash(string) (string, error) { return "", nil }
func (r slept) decoy() Digest               { return r }
func (r slept) Kind() any                   { return r }

func (r slept) Matches(password string) bool {
	time.Sleep(r.Duration)
	return password == "right"
}

func sleeper(d time.Duration) *Hasher {
	return &Hasher{recipe: slept{d}, decoy: slept{d}, pool: newPool(1, 1)}
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestRefusalsTakeTheTimeOfTheSlowest(t *testing.T) { // S13 S15
	synctest.Test(t, func(t *testing.T) {
		h := sleeper(newHash)
		try := func(password string, kind time.Duration) time.Duration {
			return timed(func() {
				ok, err := h.try(t.Context(), password, slept{kind})
				if err != nil || ok != (password == "right") {
					t.Errorf("try(%q, %v) = %v, %v", password, kind, ok, err)
				}
			})
		}
		dummy := func(password string) time.Duration {
			return timed(func() {
				if err := h.Dummy(t.Context(), password); err != nil {
					t.Errorf("Dummy: %v", err)
				}
			})
		}
		check := func(what string, got, want time.Duration) {
			t.Helper()
			if got != want {
				t.Errorf("%s took %v, want %v", what, got, want)
			}
		}

		check("an unknown user, one kind in use", dummy("wrong"), newHash)
		check("a wrong password, one kind in use", try("wrong", newHash), newHash)
		check("a wrong password of a quick hash", try("wrong", quickHash), newHash)
		check("a right password of a quick hash", try("right", quickHash), quickHash)
		check("an unknown user beside a quick hash", dummy("wrong"), newHash)

		check("a wrong password of a slow hash", try("wrong", slowHash), slowHash)
		check("an unknown user beside a slow hash", dummy("wrong"), slowHash)
		check("an oversized one", dummy(string(make([]byte, maxPassword+1))), slowHash)
		check("two forms, of a quick hash", try("cafe\u0301", quickHash), 2*slowHash)
		check("two forms, of a slow hash", try("cafe\u0301", slowHash), 2*slowHash)
		check("two forms, of an unknown user", dummy("cafe\u0301"), 2*slowHash)
	})
}

// TestKindsOfLegacyHashes: a scheme made elsewhere can have hashes of several costs.
// However many of the quick ones are tried, the slow ones are not forgotten.
func TestKindsOfLegacyHashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := sleeper(newHash)
		s := &Scheme{Name: "elsewhere"}
		wrong := func(kind time.Duration) time.Duration {
			return timed(func() {
				if ok, err := h.try(t.Context(), "wrong", legacy{slept{kind}, s}); ok || err != nil {
					t.Errorf("%v: %v, %v", kind, ok, err)
				}
			})
		}
		h.Dummy(t.Context(), "wrong")
		wrong(slowHash)
		for range 20 {
			wrong(quickHash)
		}
		if got := wrong(quickHash); got != slowHash {
			t.Errorf("a wrong password of a quick hash took %v, want %v", got, slowHash)
		}
	})
}

func TestPaddingHoldsNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := sleeper(slowHash)
		h.Dummy(t.Context(), "wrong")
		h.try(t.Context(), "wrong", slept{quickHash})
		start := time.Now()
		go h.try(t.Context(), "wrong", slept{quickHash})
		synctest.Wait()
		if ok, err := h.try(t.Context(), "right", slept{quickHash}); !ok || err != nil {
			t.Errorf("try: %v, %v", ok, err)
		}
		if got := time.Since(start); got != 2*quickHash {
			t.Errorf("the second caller was served after %v, want %v", got, 2*quickHash)
		}
		synctest.Wait()
	})
}

func TestPaddingEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := sleeper(slowHash)
		h.Dummy(t.Context(), "wrong")
		h.try(t.Context(), "wrong", slept{quickHash})
		ctx, cancel := context.WithTimeout(t.Context(), newHash)
		defer cancel()
		var err error
		got := timed(func() { _, err = h.try(ctx, "wrong", slept{quickHash}) })
		if got != newHash || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended after %v with %v", got, err)
		}
	})
}

func TestLevellerFollowsTheLoad(t *testing.T) {
	var l leveller
	l.record(slept{1}, 1)
	if got := l.slowest(); got != 0 {
		t.Errorf("one kind: %d", got)
	}
	for _, took := range []time.Duration{5, 1000, 5, 7, 6} { // one outlier
		l.record(slept{2}, took)
	}
	if got := l.slowest(); got != 7 {
		t.Errorf("got %d, want 7, which is but for the outlier the most", got)
	}
	for range 9 {
		l.record(slept{2}, 3)
	}
	if got := l.slowest(); got != 3 {
		t.Errorf("got %d, want 3 once the old ones are gone", got)
	}
	for i := range 1000 {
		l.record(slept{time.Duration(i)}, 1)
	}
	if len(l.kinds) != maxKinds {
		t.Errorf("%d kinds are kept", len(l.kinds))
	}
}

// TestNothingToPad: a refusal that has taken its time is one, even if the
// request has ended meanwhile.
func TestNothingToPad(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var l leveller
	for range 100 {
		if err := l.pad(ctx, newHash, 1); err != nil {
			t.Fatal(err)
		}
	}
}
