// Package hibp asks Have I Been Pwned whether a new password is among those that have
// leaked, without telling it the password: of its SHA-1, the first five hexadecimal
// digits are sent, and what begins with them, some eight hundred, comes back
// (https://haveibeenpwned.com/API/v3#PwnedPasswords). The answer is padded, so that its
// size does not tell the digits to who sees only that.
//
//	breached, err := hibp.New(hibp.Options{OnFailure: hibp.FailOpen})
//	…
//	app.PasswordQuality(password.AllOf(common.Check, breached.Check))
package hibp

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
)

// OnFailure says what becomes of a new password that could not be looked up.
type OnFailure int

// There is no default: a service of others, outside, fails at some time.
const (
	// FailOpen takes the password, and logs that it was not looked up.
	FailOpen OnFailure = iota + 1

	// FailClosed refuses it, by a 503: nobody can set a password meanwhile.
	FailClosed
)

// Options say how to ask.
type Options struct {
	// OnFailure must be set: [FailOpen] or [FailClosed].
	OnFailure OnFailure

	// URL is what the five digits are added to. Default
	// https://api.pwnedpasswords.com/range/. Another one must be https too, unless
	// it is of this machine.
	URL string

	// MinCount is how often a password must have leaked to be refused. Default 1.
	MinCount int

	// Timeout of one look-up. Default 2 s.
	Timeout time.Duration

	// Transport sends the requests. Default [http.DefaultTransport].
	Transport http.RoundTripper

	// Logger gets the failures. Default [slog.Default].
	Logger *slog.Logger
}

const (
	defaultURL     = "https://api.pwnedpasswords.com/range/"
	defaultTimeout = 2 * time.Second
	prefixLength   = 5                // of the hash, in hexadecimal digits
	maxAnswer      = 1 << 18          // bytes; a padded one has about 50,000
	keptBytes      = 8 << 20          // of answers
	keptFor        = 15 * time.Minute // while users try one password after the other
)

// Checker looks passwords up. It is made by [New] and can be used concurrently.
type Checker struct {
	options Options
	client  http.Client
	answers *cache.Near[string, string] // by prefix
}

// New makes a Checker. Its error joins all that is wrong with the options.
func New(o Options) (*Checker, error) {
	var errs []error
	if o.OnFailure != FailOpen && o.OnFailure != FailClosed {
		errs = append(errs, errors.New("hibp: OnFailure is not set: say FailOpen or FailClosed"))
	}
	if o.URL == "" {
		o.URL = defaultURL
	}
	if !safe(o.URL) {
		errs = append(errs, fmt.Errorf("hibp: URL %q must be https, or of this machine, and end with a slash", o.URL))
	}
	if o.MinCount < 0 || o.Timeout < 0 {
		errs = append(errs, errors.New("hibp: MinCount or Timeout is negative: leave it out for its default"))
	}
	o.MinCount = max(o.MinCount, 1)
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &Checker{options: o}
	c.client = http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.answers = cache.NewNear(cache.NearOptions[string, string]{
		Bytes: keptBytes, Weigh: func(_, answer string) int { return len(answer) }, TTL: keptFor, Timeout: o.Timeout,
	})
	return c, nil
}

// safe reports whether nobody on the way can change the answers.
func safe(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Check is a hook for app.PasswordQuality: it refuses, by a 400, a password that has
// leaked. What cannot be looked up is taken or refused as Options.OnFailure says.
func (c *Checker) Check(ctx context.Context, password string) error {
	n, err := c.Count(ctx, password)
	switch {
	case err != nil && c.options.OnFailure == FailOpen:
		c.options.Logger.WarnContext(ctx, "a new password was not looked up among those that have leaked", "error", err)
		return nil
	case err != nil:
		return httperr.Wrap(http.StatusServiceUnavailable, "password could not be checked, try again later", err).WithHeader("Retry-After", "5")
	case n >= c.options.MinCount:
		return httperr.Errorf(http.StatusBadRequest, "password has leaked elsewhere, and is among those that are tried first")
	}
	return nil
}

// Count tells how often a password has leaked. Its error never tells anything of it.
func (c *Checker) Count(ctx context.Context, password string) (int, error) {
	sum := sha1.Sum([]byte(password))
	hash := strings.ToUpper(hex.EncodeToString(sum[:]))
	prefix, rest := hash[:prefixLength], hash[prefixLength:]
	answer, err := c.answers.Load(ctx, prefix, time.Now(), func(ctx context.Context) (string, time.Duration, error) {
		answer, err := c.ask(ctx, prefix)
		return answer, 0, err
	})
	if err != nil {
		return 0, fmt.Errorf("hibp: %w", err)
	}
	return find(answer, rest), nil
}

// ask asks for all hashes that begin so, and checks that the answer is one.
func (c *Checker) ask(ctx context.Context, prefix string) (string, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, c.options.URL+prefix, nil)
	if err != nil {
		return "", errors.New("the request cannot be made") // its own error holds the prefix
	}
	q.Header.Set("Add-Padding", "true")
	q.Header.Set("User-Agent", "fsa-hibp")
	res, err := c.client.Do(q)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // without the URL, and the prefix in it
		}
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the answer is a %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return "", err
	case len(body) > maxAnswer:
		return "", errors.New("the answer is too large")
	case !wellFormed(string(body)):
		return "", errors.New("the answer is not a list of hashes")
	}
	return string(body), nil
}

// wellFormed reports whether each line is the rest of a hash, a colon and a count.
func wellFormed(answer string) bool {
	lines := bufio.NewScanner(strings.NewReader(answer))
	any := false
	for lines.Scan() {
		rest, count, ok := strings.Cut(lines.Text(), ":")
		n, err := strconv.Atoi(count)
		if !ok || len(rest) != 2*sha1.Size-prefixLength || strings.Trim(rest, "0123456789ABCDEF") != "" || err != nil || n < 0 {
			return false
		}
		any = true
	}
	return any && lines.Err() == nil
}

// find gives the count beside the rest of a hash, 0 if it is not there. What was added
// as padding has the count 0.
func find(answer, rest string) int {
	_, after, ok := strings.Cut("\n"+answer, "\n"+rest+":")
	if !ok {
		return 0
	}
	count, _, _ := strings.Cut(after, "\n")
	n, _ := strconv.Atoi(strings.TrimSuffix(count, "\r"))
	return n
}
