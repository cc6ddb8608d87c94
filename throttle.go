package fsa

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"golang.org/x/text/unicode/norm"
)

// throttle slows down the guessing of passwords (FSA_LOGIN_THROTTLE): it counts
// the failures of each login, whoever has that login, and of each network.
//
// A login is delayed, never locked; still an attacker could keep its owner out
// as long as the attack goes on. Therefore the networks from which somebody has
// logged in are remembered, and their failures for that login are counted apart:
// what goes on elsewhere, or with others' logins, does not delay them.
//
// A password that is known to be right (see [App.proved]) costs no count at all.
// All others do, so nothing that a throttled client is told depends on whether
// its guess was right.
type throttle struct {
	name     string        // of the application, of which a shared store may count several
	counts   cache.Counter // for those who come from just anywhere
	regulars cache.Counter // for those who come from where they have logged in before; apart, so that the others can't fill it
	known    cache.Once    // who has logged in from where
	paces    atomic.Pointer[paces]
	logger   *slog.Logger
	verbose  bool
}

// maxFailures is how many passwords can be tried in a day for one login: what
// NIST SP 800-63B-4 (3.2.2) allows in a row.
const maxFailures = 100

// knownTime is for how long a network is known since the latest log-in from it.
const knownTime = 30 * day

// settleTime is how long the store has to note what has become of a try.
const settleTime = 5 * time.Second

// newThrottle gives nil if there is to be none.
func newThrottle(s *settings) *throttle {
	if s.InsecureNoLoginThrottle {
		return nil
	}
	c := s.LoginThrottle
	t := &throttle{
		name: s.name, logger: s.logger, verbose: s.verbose,
		counts: c.Counter, regulars: c.Counter, known: c.Known,
	}
	t.paces.Store(newPaces(c))
	if c.Counter == nil {
		t.counts, t.regulars = cache.NewMemoryCounter(0), cache.NewMemoryCounter(0)
	}
	if c.Known == nil {
		t.known = cache.NewMemoryOnce(0)
	}
	return t
}

// paces are how failures slow down a login and a network.
type paces struct{ login, network pace }

func newPaces(o LoginThrottle) *paces {
	p := pace{int64(o.Free), maxFailures, o.Delay, o.MaxDelay}
	network := p
	network.free *= int64(o.NetworkFactor)
	network.most *= int64(o.NetworkFactor)
	return &paces{p, network}
}

// foldLogin gives all spellings of a login the same count that some store may take for
// the same user: those that differ in case, in accents, in the width or the style of
// letters, in what can't be seen, or in spaces, as directories (RFC 4518, 2) and the
// collations of databases do. That it gives the same count to more than one user costs
// them nothing: what is forgotten is counted by the spelling.
func foldLogin(login string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(login) {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case unicode.In(r, unicode.Mn, unicode.Cf, unicode.Cc):
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		b.WriteRune(least)
	}
	return b.String()
}

// attempt is a try of a password, with what it is counted by.
type attempt struct {
	throttle *throttle // nil: it is not counted
	login    string    // as it came, or as the application knows it
	id       string    // stands for it in keys
	account  string    // as it is counted
	spelt    string    // the key of what is counted of this spelling; "" if nothing is
	network  string    // "" if it is not known
	device   string    // of [WithDevice], "" if none
	counted  []counted
}

type counted struct {
	tally
	what   string // "login" or "network"
	clears bool   // a success forgets the failures; else it takes back nothing but its own place
}

func (t *throttle) attempt(ctx context.Context, client string, name loginName) *attempt {
	a := &attempt{throttle: t, login: name.login, network: networkOf(client)}
	if t == nil {
		return a
	}
	a.id, a.account = name.key(name.login), name.account()
	p := t.paces.Load()
	if device, _ := ctx.Value(deviceKey{}).(string); device != "" {
		a.device = device
		a.counted = []counted{{tally{t.regulars, p.login, cache.Key(t.name, "device", a.id, device)}, "login", true}}
		return a
	}
	if a.recognizable() {
		// If the store can't tell, the attempt is one from just anywhere.
		if known, err := t.known.Used(ctx, a.pair("known")); known && err == nil {
			a.counted = []counted{{tally{t.regulars, p.login, a.pair("regular")}, "login", true}}
			return a
		}
	}
	a.counted = []counted{{tally{t.counts, p.login, cache.Key(t.name, "login", a.account)}, "login", true}}
	a.spelt = cache.Key(t.name, "spelt", a.id)
	if a.network != "" {
		a.counted = append(a.counted, counted{tally{t.counts, p.network, cache.Key(t.name, "network", a.network)}, "network", false})
	}
	return a
}

// recognizable reports whether the network can be known again as the same.
func (a *attempt) recognizable() bool {
	return a.network != "" && !strings.HasPrefix(a.network, behind)
}

// pair is of a login as it is spelt: who has logged in as Calvin is not known as
// calvin, who may be somebody else.
func (a *attempt) pair(kind string) string {
	return cache.Key(a.throttle.name, kind, a.id, a.network)
}

// delayed refuses an attempt that comes too early: 429, or 503 if that is not
// known. It changes nothing.
func (a *attempt) delayed(ctx context.Context) error {
	var longest time.Duration
	what := ""
	for _, c := range a.counted {
		_, wait, err := c.next(ctx)
		if err != nil {
			return uncounted(err)
		}
		if wait > longest {
			longest, what = wait, c.what
		}
	}
	if longest > 0 {
		return a.refusal(ctx, what, longest)
	}
	return nil
}

// take counts the attempt as a failure, until it is known to be none.
func (a *attempt) take(ctx context.Context) (*place, error) {
	p := &place{attempt: a}
	for _, c := range a.counted {
		step, wait, err := c.take(ctx)
		if err == nil && wait == 0 {
			p.steps = append(p.steps, step)
			if c.clears && a.spelt != "" {
				// If that is not possible, a success forgets less.
				c.counter.Add(ctx, a.spelt, 1, day)
			}
			continue
		}
		p.giveBack(ctx) // what it has of the others
		if err != nil {
			return nil, uncounted(err)
		}
		return nil, a.refusal(ctx, c.what, wait)
	}
	return p, nil
}

// refusal says that it is too early. Its text does not depend on whether there
// is such a user.
func (a *attempt) refusal(ctx context.Context, what string, wait time.Duration) error {
	observeThrottle(ctx, ThrottleEvent{what, wait})
	seconds := int64(math.Ceil(wait.Seconds()))
	whose := fmt.Sprintf("for %q", a.login)
	if what == "network" {
		whose = "from " + a.network
	}
	public := "too many failed log-ins, try again later"
	if a.throttle.verbose {
		public = fmt.Sprintf("too many failed log-ins %s, try again in %d s", whose, seconds)
	}
	return httperr.Wrap(http.StatusTooManyRequests, public, fmt.Errorf("log-ins %s are delayed", whose)).
		WithHeader("Retry-After", strconv.FormatInt(seconds, 10))
}

// uncounted is the failure of a store. Without a count, any number of passwords
// could be tried: so none is.
func uncounted(err error) error {
	return httperr.Wrap(http.StatusServiceUnavailable, "log-in is not possible at the moment, try again later",
		fmt.Errorf("failed log-ins cannot be counted: %w", err)).WithHeader("Retry-After", "5")
}

// place is what an attempt has taken of its counts. One of its methods below is
// called once it is known what it was; if none is, it was a failure. Calls after
// the first do nothing: several requests can share a place.
type place struct {
	*attempt
	steps []int64 // one for each count, in their order
	end   atomic.Int32
}

// What has become of a place.
const (
	placeOpen int32 = iota
	placeUsed
	placeGivenBack
)

// settle reports whether something is to be done.
func (p *place) settle(ctx context.Context, end int32) (context.Context, context.CancelFunc, bool) {
	if p.throttle == nil || !p.end.CompareAndSwap(placeOpen, end) {
		return nil, nil, false
	}
	ctx, cancel := settling(ctx)
	return ctx, cancel, true
}

// settling gives a context that does not end with the request.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}

// decided settles the place of a password that has been found right, or wrong. If who
// shares the place has given it back, having been told neither, this is a try of its
// own, which can come too early.
func (p *place) decided(ctx context.Context, right bool) error {
	p.conclude(ctx, right)
	if p.end.Load() != placeGivenBack {
		return nil
	}
	taking, cancel := settling(ctx)
	defer cancel()
	own, err := p.take(taking)
	if err != nil {
		return err
	}
	own.conclude(ctx, right)
	return nil
}

func (p *place) conclude(ctx context.Context, right bool) {
	if right {
		p.succeeded(ctx)
	} else {
		p.failed(ctx)
	}
}

// succeeded takes the failure back, and remembers the network.
func (p *place) succeeded(ctx context.Context) {
	ctx, cancel, ok := p.settle(ctx, placeUsed)
	if !ok {
		return
	}
	defer cancel()
	for i, c := range p.counted {
		if !c.clears || !p.alone(ctx, c) {
			p.undo(ctx, i)
			continue
		}
		// What is counted of the spelling falls first: never is it more than its part.
		// Of what comes between, the rest is forgotten, and so is its part in the end.
		p.resetSpelt(ctx)
		p.note(c.clear(ctx, p.steps[i]))
		p.resetSpelt(ctx)
	}
	if p.recognizable() {
		// If that is not possible, the next log-in is one from just anywhere.
		_, err := p.throttle.known.Use(ctx, p.pair("known"), time.Now().Add(knownTime))
		p.note(err)
	}
}

// undo takes the failure back from one of the counts.
//
// A log-in with the same spelling may have forgotten it already. To take it back then
// would take back a failure of somebody else, whose login is spelt another way.
func (p *place) undo(ctx context.Context, i int) {
	c := p.counted[i]
	if c.clears && p.spelt != "" {
		own, err := p.throttle.counts.Get(ctx, p.spelt)
		switch {
		case err != nil:
			p.note(err)
			return
		case own == 0:
			return
		}
		if _, err := p.throttle.counts.Add(ctx, p.spelt, -1, day); err != nil {
			p.note(err)
			return
		}
	}
	p.note(c.giveBack(ctx, p.steps[i]))
}

// resetSpelt forgets what is counted of the spelling.
func (p *place) resetSpelt(ctx context.Context) {
	if p.spelt != "" {
		p.note(p.throttle.counts.Reset(ctx, p.spelt))
	}
}

// alone reports whether all failures are of the login as it is spelt. Where Calvin and
// calvin are two users, the one could else guess at the other's password, and forget
// the failures by logging in with their own.
func (p *place) alone(ctx context.Context, c counted) bool {
	if p.spelt == "" {
		return true
	}
	own, err := c.counter.Get(ctx, p.spelt)
	free, err2 := c.counter.Get(ctx, c.free())
	steps, err3 := c.counter.Get(ctx, c.steps())
	// Those over the free ones have been refused; and the first step is the last of
	// the free ones, too.
	return err == nil && err2 == nil && err3 == nil && own >= min(free, c.pace.free)+max(0, steps-1)
}

// giveBack takes the failure back, since it is not known whether it was one.
func (p *place) giveBack(ctx context.Context) {
	ctx, cancel, ok := p.settle(ctx, placeGivenBack)
	if !ok {
		return
	}
	defer cancel()
	for i := range p.steps {
		p.undo(ctx, i)
	}
}

// note logs what the store could not do after the fact. What stays is a failure
// too many.
func (p *place) note(err error) {
	if err != nil {
		p.throttle.logger.Warn("a log-in could not be noted", "login", oneLine(p.login, maxLoggedLogin), "error", err)
	}
}

// failed leaves the failure counted, and logs if delays begin with it.
func (p *place) failed(ctx context.Context) {
	_, cancel, ok := p.settle(ctx, placeUsed)
	if !ok {
		return
	}
	defer cancel()
	for i, step := range p.steps {
		switch {
		case step != 1:
		case p.counted[i].what == "login":
			p.throttle.logger.Warn("log-ins are delayed: too many have failed", "login", oneLine(p.login, maxLoggedLogin), "network", p.network)
		default:
			attrs := []any{"network", p.network}
			if n, err := netip.ParsePrefix(p.network); err == nil && (n.Addr().IsLoopback() || n.Addr().IsPrivate()) {
				attrs = append(attrs, "remedy", "if a proxy of yours is there, list it in FSA_TRUSTED_PROXIES")
			}
			p.throttle.logger.Warn("log-ins are delayed: too many from a network have failed", attrs...)
		}
	}
}
