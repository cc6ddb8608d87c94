// Package jwks keeps the public keys of an issuer of tokens: it fetches them, from
// an address or by discovery, and keeps them fresh.
//
// Keys are fetched when somebody asks for them, and then again, in the background,
// before the issuer's Cache-Control says that they are old. Nothing runs when
// nobody asks. Whatever strangers send, an issuer is not asked more often than
// once in 30 s (while there are no keys at all, after 1 s, 2 s, 4 s…), and by one
// at a time. While it does not answer, the keys that are known go on to be used,
// for 24 h at most.
//
// What comes from the network is small (256 KiB), quick (5 s), JSON, and from the
// very address: redirects are not followed. Addresses are https, from the
// configuration, or on the issuer's own host if they are discovered.
package jwks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/token"
)

const (
	// Pause is the least time between two fetches from an issuer.
	Pause = 30 * time.Second

	// Outage is for how long keys are used while no newer ones can be had.
	Outage = 24 * time.Hour

	// timeout is how long an issuer may take for each of its answers.
	timeout = 5 * time.Second
)

// Options say where the keys of an issuer are.
type Options struct {
	Issuer     string   // who it is, also the address where discovery begins
	URL        string   // of the JWK Set; "" if it is to be discovered
	Algorithms []string // those that are accepted; none for all

	// Plain allows http, instead of https, on this machine: for development.
	Plain bool

	// Transport sends the requests. Default: one that knows the proxies of the
	// environment, and keeps no connections.
	Transport http.RoundTripper

	Logger *slog.Logger
}

// Source gives the keys of an issuer.
type Source struct {
	o      Options
	client *http.Client // nil: the keys are fixed
	known  atomic.Pointer[known]

	mu       sync.Mutex
	flight   chan struct{} // closed when the fetch under way has ended; nil if none is
	next     time.Time     // no fetch before
	failures int           // since the last success
	failure  error         // of the last fetch, nil if it was a success
}

// known are keys, and how good they are.
type known struct {
	keys  *token.KeySet
	aging time.Time // from here on newer ones are fetched
	until time.Time // from here on they are not used
}

// New makes a source that fetches keys. Nothing is fetched yet. The error says
// what is wrong with the addresses.
func New(o Options) (*Source, error) {
	address := o.URL
	if address == "" {
		address = o.Issuer
	}
	u, err := parseAddress(address, o.Plain)
	if err != nil {
		return nil, err
	}
	if o.URL == "" && u.RawQuery != "" {
		return nil, errors.New("the address of an issuer has no query")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport // a program may have put its own there
		if t, ok := o.Transport.(*http.Transport); ok {
			t = t.Clone()
			t.DisableKeepAlives = true // a request an hour
			o.Transport = t
		}
	}
	return &Source{o: o, client: &http.Client{
		Transport:     o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Fixed makes a source of keys that are known, and stay as they are.
func Fixed(keys *token.KeySet) *Source {
	s := new(Source)
	s.known.Store(&known{keys: keys})
	return s
}

// Current gives the keys as Keys does, but waits for nothing: nil if there are none
// that are still good. It tells whether what was decided with some keys is to be
// decided again.
func (s *Source) Current(now time.Time) *token.KeySet {
	k := s.known.Load()
	switch {
	case k == nil:
		return nil
	case s.client == nil || now.Before(k.aging):
		return k.keys
	case now.Before(k.until):
		s.fetch(now)
		return k.keys
	}
	return nil
}

// newest gives the keys that were fetched last, good or not.
func (s *Source) newest() *token.KeySet {
	if k := s.known.Load(); k != nil {
		return k.keys
	}
	return nil
}

// Keys gives the keys of the issuer. It waits for a fetch only if there are none
// that are still good. Its error is an *[httperr.Error] of status 503, or that of
// the context.
func (s *Source) Keys(ctx context.Context) (*token.KeySet, error) {
	now := time.Now()
	if keys := s.Current(now); keys != nil {
		return keys, nil
	}
	if err := s.wait(ctx, s.fetch(now)); err != nil {
		return nil, err
	}
	if keys := s.Current(now); keys != nil {
		return keys, nil
	}
	return nil, s.unavailable(now)
}

// Newer gives the keys that came after those which did not have the one that is
// looked for; nil if there are none. Its errors are those of Keys.
func (s *Source) Newer(ctx context.Context, than *token.KeySet) (*token.KeySet, error) {
	if keys := s.newest(); keys != than || s.client == nil {
		return other(keys, than), nil
	}
	now := time.Now()
	if err := s.wait(ctx, s.fetch(now)); err != nil {
		return nil, err
	}
	if keys := other(s.newest(), than); keys != nil {
		return keys, nil
	}
	s.mu.Lock()
	failed := s.failure != nil
	s.mu.Unlock()
	if failed {
		// The key may be one that the issuer would tell of, if it could.
		return nil, s.unavailable(now)
	}
	return nil, nil
}

func other(keys, than *token.KeySet) *token.KeySet {
	if keys == than {
		return nil
	}
	return keys
}

// wait waits for a fetch, if there is one.
func (s *Source) wait(ctx context.Context, done <-chan struct{}) error {
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unavailable is the answer to a request whose token cannot be judged.
func (s *Source) unavailable(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seconds := max(1, int(s.next.Sub(now)/time.Second)+1)
	return httperr.Wrap(http.StatusServiceUnavailable, "the issuer of the token cannot be asked for its keys", fmt.Errorf("issuer %q: %w", s.o.Issuer, s.failure)).
		WithHeader("Retry-After", strconv.Itoa(seconds))
}

// fetch fetches the keys in the background, unless that is under way or was done
// just now. It gives what is closed when the fetch has ended, nil if there is none.
func (s *Source) fetch(now time.Time) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil {
		return s.flight
	}
	if now.Before(s.next) {
		return nil
	}
	done := make(chan struct{})
	s.flight = done
	go func() {
		// Whoever has asked may leave, others wait for the same. It has a
		// time-out, so that this ends.
		keys, fresh, err := s.download(context.Background())
		s.land(keys, fresh, err)
		close(done)
	}()
	return done
}

// land notes the outcome of a fetch.
func (s *Source) land(keys *token.KeySet, fresh time.Duration, err error) {
	now := time.Now()
	before := s.known.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight, s.failure, s.next = nil, err, now.Add(Pause)
	if err != nil {
		if before == nil {
			s.next = now.Add(min(Pause, time.Second<<min(s.failures, 10)))
		}
		s.failures++
		s.logFailure(before, now, err)
		return
	}
	if s.failures > 0 {
		s.o.Logger.Info("the keys of an issuer can be fetched again", "issuer", s.o.Issuer, "failures", s.failures)
	}
	s.failures = 0
	if before != nil && before.keys.Equal(keys) {
		keys = before.keys // what was decided with them stands
	} else {
		s.o.Logger.Info("the keys of an issuer are new", "issuer", s.o.Issuer, "keys", keys.Len(), "skipped", keys.Skipped())
	}
	s.known.Store(&known{keys: keys, aging: now.Add(fresh * 4 / 5), until: now.Add(Outage)})
}

func (s *Source) logFailure(before *known, now time.Time, err error) {
	attrs := []any{"issuer", s.o.Issuer, "error", err}
	if before != nil && now.Before(before.until) {
		attrs = append(attrs, "known_keys_until", before.until)
	}
	s.o.Logger.Warn("the keys of an issuer cannot be fetched", attrs...)
}
