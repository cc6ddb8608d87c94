package fsa

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// HostCookie is a cookie that decides who somebody is, or something as grave:
// [App.HostCookie] makes it. It is that of [authn.HostCookie].
type HostCookie struct {
	app    *App
	cookie authn.HostCookie
}

// HostCookie declares a cookie that only this host gets and sets, over TLS alone, which
// no script sees and no page of another site has sent along: it has the prefix __Host-
// before its bare name, is Secure, HttpOnly and SameSite=Lax, and has the path / and no
// domain. For plain HTTP from this machine, in the modes dev and debug, it has neither
// the prefix nor Secure, since browsers would drop it.
//
// A scheme of [App.Authentication] reads it, and a handler sets it:
//
//	sid := app.HostCookie("sid")
//	value, ok, err := sid.Read(r)
//	err := sid.Set(ctx, header, value, 24*time.Hour)
//
// A name that can't be a cookie's, or is another one's already, is a fault.
func (a *App) HostCookie(bare string) *HostCookie {
	c := &HostCookie{a, authn.HostCookie{Bare: bare, Plain: a.settings.plainHere}}
	source := caller(1)
	if !a.open("app.HostCookie", source) {
		return c
	}
	e := &ConfigError{Source: source}
	switch {
	case !grammar.IsToken(bare) || strings.HasPrefix(bare, "__"):
		e.Problem = fmt.Sprintf("app.HostCookie: %q can't name a cookie", bare)
		e.Remedy = "use letters, digits and dashes, as in sid; the prefix __Host- comes by itself"
	case slices.ContainsFunc(a.cookies, func(c *HostCookie) bool { return c.cookie.Bare == bare }):
		e.Problem, e.Remedy = fmt.Sprintf("app.HostCookie(%q) is called twice", bare), "share one cookie, or give each a name of its own"
	case a.settings.TokenCarrier == "cookie" && a.settings.TokenName == bare && slices.Contains(a.settings.schemes, "token"):
		e.Problem, e.Remedy = fmt.Sprintf("app.HostCookie: the cookie %q is that of tokens", bare), "use another name, or change FSA_TOKEN_NAME"
	default:
		a.cookies = append(a.cookies, c)
		return c
	}
	a.faults = append(a.faults, e)
	return c
}

// Read gives the value of the request's cookie. ok tells whether there is one that is
// not empty. A cookie that comes twice, or is written in a way in which [HostCookie.Set]
// does not write, is an error, which holds [ErrUnauthenticated]: the function of
// [App.Authentication] may return it as it is.
func (c *HostCookie) Read(r *http.Request) (value string, ok bool, err error) {
	value, err = c.cookie.Read(r)
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	return value, value != "", nil
}

// Set adds the cookie to the header of the answer to a request, whose context ctx is, in
// the place of one that the header sets already. It lasts for maxAge, to the second, or
// until the browser is closed if maxAge is 0. The answer is kept by no cache
// (Cache-Control: no-store).
//
// Any text but the empty one may be the value; what a cookie can't hold is escaped. It
// is an error if browsers would drop the cookie for its size, over 4096 bytes.
func (c *HostCookie) Set(ctx context.Context, header http.Header, value string, maxAge time.Duration) error {
	if value == "" || maxAge < 0 {
		return errors.New("a cookie needs a value and a time to live that is not negative; to remove it, use Clear")
	}
	return c.set(ctx, header, value, maxAge)
}

// Clear lets the browser that sent a request, whose context ctx is, forget the cookie.
// The value is still good for whoever has copied it: end it where it is kept.
func (c *HostCookie) Clear(ctx context.Context, header http.Header) error {
	return c.set(ctx, header, "", 0)
}

func (c *HostCookie) set(ctx context.Context, header http.Header, value string, maxAge time.Duration) error {
	call := callOf(ctx)
	if call == nil || call.route.h.app != c.app {
		return errors.New("the cookie depends on the request, and this is not the context of one")
	}
	if header == nil {
		return errors.New("there is no header to set the cookie in")
	}
	cookie, err := c.cookie.Cookie(call.req.HTTP, value, maxAge)
	if err != nil {
		return err
	}
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(v string) bool { return strings.HasPrefix(v, cookie.Name+"=") })
	header.Add("Set-Cookie", cookie.String())
	header.Set("Cache-Control", "no-store")
	return nil
}
