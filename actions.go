package fsa

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
)

// Throttle counts one use of an action that is no log-in, and that guesses or annoys:
// a mail that is asked for, a registration, a code that is tried. It is counted by
// its subject (an address, a login; "" for none) and by the network of the client, if
// ctx is that of a request; all spellings of a subject that FSA_LOGIN_THROTTLE takes
// for the same have one count.
//
// As many uses are free in a row as failed log-ins are; each further one has to wait
// twice as long as the one before, from a minute to an hour. Who comes too early gets a
// 429 with Retry-After, which may be returned as it is. If the store cannot count, that
// is a 503: what can't be limited is not done. Without FSA_LOGIN_THROTTLE nothing is
// counted, and nil is returned.
//
// The text of action is the application's, and names the count: "reset".
func (a *App) Throttle(ctx context.Context, action, subject string) error {
	t := a.throttle
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var taken []int64
	counts := t.action(action, subject, networkOf(a.client(ctx)))
	for i, c := range counts {
		step, wait, err := c.take(ctx)
		if err == nil && wait == 0 {
			taken = append(taken, step)
			continue
		}
		for j, step := range taken {
			if err := counts[j].giveBack(ctx, step); err != nil {
				t.logger.Warn("a use could not be given back", "action", action, "error", err)
			}
		}
		if err != nil {
			return httperr.Wrap(http.StatusServiceUnavailable, "this is not possible at the moment, try again later",
				fmt.Errorf("uses of %q cannot be counted: %w", action, err)).WithHeader("Retry-After", "5")
		}
		seconds := int64(math.Ceil(wait.Seconds()))
		what := "login"
		if i > 0 || subject == "" {
			what = "network"
		}
		observeThrottle(ctx, ThrottleEvent{what, wait})
		return httperr.Wrap(http.StatusTooManyRequests, "too many requests, try again later", fmt.Errorf("uses of %q are delayed by %s", action, what)).
			WithHeader("Retry-After", strconv.FormatInt(seconds, 10))
	}
	return nil
}

// ThrottleForget forgets what [App.Throttle] has counted of an action by a subject,
// since it has come to a good end. The network's count remains.
func (a *App) ThrottleForget(ctx context.Context, action, subject string) error {
	t := a.throttle
	if t == nil || subject == "" {
		return nil
	}
	c := t.action(action, subject, "")[0]
	step, err := c.counter.Get(ctx, c.steps())
	if err != nil {
		return fmt.Errorf("uses of %q cannot be forgotten: %w", action, err)
	}
	return c.clear(ctx, step)
}

// The delays between uses of an action, once the free ones are used up: mails come less
// often than passwords are mistyped.
const (
	actionDelay    = time.Minute
	actionMaxDelay = time.Hour
)

// action gives the counts of an action, that of the subject first.
func (t *throttle) action(action, subject, network string) []tally {
	p := t.paces.Load()
	slower := func(p pace) pace {
		p.first, p.max = max(p.first, actionDelay), max(p.max, actionMaxDelay)
		return p
	}
	var all []tally
	if subject != "" {
		all = append(all, tally{t.counts, slower(p.login), cache.Key(t.name, "action", action, foldLogin(subject))})
	}
	if network != "" {
		all = append(all, tally{t.counts, slower(p.network), cache.Key(t.name, "action network", action, network)})
	}
	return all
}

// client gives the address by which the client of a request is counted, "" if there is
// none.
func (a *App) client(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return a.settings.clientAddress(c.req.HTTP)
	}
	return ""
}

// ClientAddress gives the address, without its port, of the client whose request ctx
// is of: the socket's peer, or whom a proxy of FSA_TRUSTED_PROXIES names. It is
// "behind" and the proxy's address if what the proxy says is in doubt, and "" outside
// of requests. It is for logs and lists that people read.
func ClientAddress(ctx context.Context) string {
	c := callOf(ctx)
	if c == nil {
		return ""
	}
	return c.settings().clientText(c.req.HTTP)
}

// clientText is the address of a client for people to read.
func (s *settings) clientText(r *http.Request) string {
	if address := s.clientAddress(r); address != "" {
		return address
	}
	return hostOf(r.RemoteAddr)
}

type deviceKey struct{}

// WithDevice says that a log-in comes from a device that its user is known to have:
// a browser that bears a secret which it got at an earlier log-in of this user, say.
// Then [App.CheckUserPassword] counts the failures of that device apart, and what
// others do with the login elsewhere does not delay it. Who calls it must have made
// sure that the device is the user's. device names it; "" is none.
func WithDevice(ctx context.Context, device string) context.Context {
	if device == "" {
		return ctx
	}
	return context.WithValue(ctx, deviceKey{}, device)
}
