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
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/token"
)

// With FSA_TOKEN_CARRIER = "cookie", who proves by a password who they are gets a
// token in a cookie, and a token that is about to end is renewed. Both happen on
// some routes only. These allow scheme token, and so say that a token is worth as
// much there as what came instead: the first step of a log-in, which takes a
// password and wants more, gives nothing away. And their realm is FSA_REALM: a
// realm of its own is for what must be neither mixed nor prolonged, and there is
// one cookie.

// TokenCookie makes the cookie that carries a token, for handlers that log in or
// out by themselves:
//
//	cookie, err := app.TokenCookie(r.Context(), token)
//	http.SetCookie(w, cookie)
//
// With an empty token it makes the browser forget the cookie; the token itself is
// valid until its end. An answer that has such a cookie gets no other one.
// FSA_TOKEN_CARRIER must be cookie, and ctx the context of a request.
func (a *App) TokenCookie(ctx context.Context, token string) (*http.Cookie, error) {
	scheme, ok := a.tokenScheme().(*authn.TokenCookie)
	if !ok || a.settings.now().tokens == nil {
		return nil, errors.New(`tokens are not in cookies: FSA_AUTH must have "token", and FSA_TOKEN_CARRIER must be cookie`)
	}
	c := callOf(ctx)
	if c == nil || c.route.h.app != a {
		return nil, errors.New("the cookie depends on the request, and this is not the context of one")
	}
	return scheme.Cookie(c.req.HTTP, token, a.settings.TokenDelay)
}

// cookie notes for a route what its credentials, as the carrier of its tokens, ask of
// its answers.
func (c *compiler) cookie(rt *route) {
	s := c.app.settings
	if rt.allows("token") && s.now().tokens != nil {
		c.carried(rt)
	}
	// A cache in between knows of Authorization, and of no other field that decides
	// who is calling (RFC 9111, 3.5).
	if rt.allows("apikey") {
		rt.varies = append(rt.varies, s.APIKeyHeader)
	}
	if rt.allows("httpd") && s.userHeader != nil {
		rt.varies = append(rt.varies, s.userHeader.Field)
	}
	for _, own := range c.app.schemes {
		if rt.allows(own.SchemeName) {
			rt.varies = append(rt.varies, own.varies...)
		}
	}
}

func (c *compiler) carried(rt *route) {
	s := c.app.settings
	switch s.TokenCarrier {
	case "cookie":
		rt.varies = []string{"Cookie"}
		if rt.options.realm == s.Realm {
			rt.cookie, _ = c.h.schemes["token"].(*authn.TokenCookie)
		}
	case "header":
		rt.varies = []string{s.TokenName}
	case "param":
		rt.noReferrer = true
	}
}

// cookies warns when no password ever becomes a cookie.
func (c *compiler) cookies() {
	s := c.app.settings
	if s.TokenCarrier != "cookie" || s.now().tokens == nil || !slices.ContainsFunc(s.schemes, takesPassword) {
		return
	}
	for _, rt := range c.h.routes {
		if rt.cookie != nil && slices.ContainsFunc(rt.options.authn, takesPassword) {
			return
		}
	}
	c.warn("FSA_TOKEN_CARRIER", "tokens are in cookies, and no route gives one for a password",
		`let the route that logs in allow both, as in fsa.Authn("token", "param"), or set the cookie by app.TokenCookie`)
}

func takesPassword(scheme string) bool { return scheme == "basic" || scheme == "param" }

// carry adds the token cookie to the header of a successful answer, where it is
// due.
func (c *call) carry(h http.Header) {
	id, _ := c.caller()
	if id == nil || id.Stage != "" || id.Scheme != "token" && !takesPassword(id.Scheme) {
		return
	}
	cookie, err := c.dueCookie(id)
	switch {
	case err != nil:
		c.settings().logger.Error("a token cookie cannot be made", "user", oneLine(id.Login, maxLoggedLogin), "error", err)
	case cookie == nil || setsCookie(h, cookie.Name):
	default:
		h.Add("Set-Cookie", cookie.String())
		h.Set("Cache-Control", "no-store") // whatever the handler says of its answer
	}
}

// setsCookie reports whether a header sets the cookie already.
func setsCookie(h http.Header, name string) bool {
	return slices.ContainsFunc(h["Set-Cookie"], func(v string) bool { return strings.HasPrefix(v, name+"=") })
}

// dueCookie makes the cookie for who is calling, nil if none is due.
func (c *call) dueCookie(id *identity.Identity) (*http.Cookie, error) {
	a, s := c.route.h.app, c.settings()
	threshold := time.Duration(s.TokenRenewal * float64(s.TokenDelay))
	claims, left := c.carried(id.Login, threshold)
	// Whatever its method, a page of another origin must not make a request a
	// log-in: the user would go on as whoever the page has chosen.
	if left > threshold || c.route.h.crossOrigin.CheckAny(c.req.HTTP) != nil || takesPassword(id.Scheme) && followed(c.req.HTTP, id.Scheme) {
		return nil, nil
	}
	o := TokenOptions{Realm: s.Realm, Delay: s.TokenDelay}
	if !takesPassword(id.Scheme) {
		if left <= 0 {
			return nil, nil // what has ended is not prolonged
		}
		o.Issuer, o.Scopes = claims.Issuer, claims.Scopes
		// What was made for a shorter time stays so. An fsa token does not say when it
		// was made: by the zero time, that is longer ago than any delay.
		o.Delay = min(o.Delay, claims.Expires.Sub(claims.IssuedAt))
		if o.Delay <= 0 {
			return nil, nil
		}
	}
	raw, err := a.CreateToken(c, id.Login, o)
	if err != nil {
		return nil, fmt.Errorf("making the token: %w", err)
	}
	// What has been revoked since the request began must not go on by its answer.
	// It is looked at after the token was made: a revocation that comes later is
	// one of this token, too.
	if revoked, err := c.revokedMeanwhile(id, claims); revoked || err != nil {
		return nil, err
	}
	return c.route.cookie.Cookie(c.req.HTTP, raw, o.Delay)
}

// revokedMeanwhile reports whether the credential of the request has been revoked
// since it was checked: its token, or all of the user. A password is not revoked, but
// whoever had all tokens revoked has changed it: in the second of the request's
// beginning it may have been after that, and by the clock of another instance earlier.
func (c *call) revokedMeanwhile(id *identity.Identity, claims token.Claims) (bool, error) {
	v := c.route.h.app.revocations
	if v.quiet() {
		return false, nil
	}
	if takesPassword(id.Scheme) {
		at, err := v.latest(c, id.Login)
		return at >= v.since(c.req.Now), err
	}
	g := v.grounds(claims)
	return v.revoked(c, &g)
}

// carried gives the claims of the token in the request's cookie, if it is the
// user's, and how long it is still valid: 0 if it isn't. The claims are not given
// if more than enough is left.
func (c *call) carried(login string, enough time.Duration) (claims token.Claims, left time.Duration) {
	a, s, now := c.route.h.app, c.settings(), c.req.Now
	raw, _ := c.route.cookie.Read(c.req.HTTP) // "" if there is none, or two, and that is no token
	if e, ok := a.identities.hit(tokenKey{raw, s.Realm}, now); ok && e.identity.Login == login {
		if left = e.until.Add(-s.TokenGrace).Sub(now); left > enough {
			return claims, left // as nearly always
		}
	}
	claims, err := s.now().tokens.Check(raw, s.Realm, now)
	if err != nil || claims.Login != login {
		return token.Claims{}, 0
	}
	return claims, claims.Expires.Sub(now)
}

// followed reports whether the request may be a link that the user has followed,
// from a mail or a QR code, with somebody else's login and password in it. The
// browser then says that no page has sent it, and older ones say nothing.
func followed(r *http.Request, scheme string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "none" || site == "" && scheme == "param"
}

// vary tells caches that an answer differs with the carrier of tokens.
func (c *call) vary(h http.Header) {
	if c.route.noReferrer {
		h.Set("Referrer-Policy", "no-referrer") // the URL may hold a token
	}
	if c.route.h.cors != nil {
		addVary(h, "Origin") // again, if the handler has set another Vary
	}
	if len(c.route.varies) == 0 {
		return
	}
	if _, asked := c.caller(); asked {
		for _, field := range c.route.varies {
			addVary(h, field)
		}
	}
}

// addVary adds the name of a header field to Vary, unless it is there.
func addVary(h http.Header, field string) {
	for _, v := range h["Vary"] {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, field) {
				return
			}
		}
	}
	h.Add("Vary", field)
}
