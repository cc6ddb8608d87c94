package fsa

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/redirect"
)

// LocalTarget checks where a user is to be sent, when a request says so: the
// parameter of FSA_URL_NAME at a log-in page, a "next", a "return to". ok tells
// whether that is a path of this host, for every browser and proxy on the way;
// location is how to write it in a Location field. If it is not ok, location is
// empty: send the user to a page of your choice. [Redirect] makes the same check,
// and its answer is 400 then.
//
// That a target begins with a slash is not enough: //evil.example and
// /\evil.example lead to another host, and so do others (OWASP, Unvalidated
// Redirects; URL Standard, 4.4). Fragments are refused, since no server has seen
// them, and what is longer than 4096 bytes.
func LocalTarget(target string) (location string, ok bool) { return redirect.Local(target) }

// loginPages checks FSA_401_REDIRECT, FSA_REAUTH_REDIRECT and FSA_URL_NAME.
func (c *checker) loginPages() {
	orDefault(&c.URLName, "URL")
	if !printable(c.URLName) {
		c.fault("FSA_URL_NAME", brief(c.URLName)+" can't name a parameter", "use a word such as URL")
	}
	if slices.Contains(c.credentialNames(), c.URLName) {
		c.fault("FSA_URL_NAME", brief(c.URLName)+" is the name of a parameter with credentials", "use another one, such as URL")
	}
	c.loginURL = c.loginPage("FSA_401_REDIRECT", c.Redirect401)
	if c.freshURL = c.loginPage("FSA_REAUTH_REDIRECT", c.ReauthRedirect); c.ReauthRedirect == "" {
		c.freshURL = c.loginURL
	}
}

// loginPage reads where a directive sends browsers, nil if nowhere.
func (c *checker) loginPage(directive, page string) *url.URL {
	if page == "" {
		return nil
	}
	fault := func(problem, remedy string) { c.fault(directive, brief(page)+" "+problem, remedy) }
	u, err := url.Parse(page)
	switch local, ok := redirect.Local(page); {
	case err != nil:
		fault("is not a URL", `write a path, as in "/login"`)
	case ok:
		u, _ = url.Parse(local)
		return u
	case u.Scheme == "" || u.Host == "":
		fault("is neither a path of this host nor a URL of another", `write it as "/login", or as "https://login.example.com/"`)
	case u.User != nil || u.Fragment != "":
		fault("has a user or a fragment", "remove it")
	default:
		o, problem, remedy := parseOrigin(u.Scheme + "://" + u.Host)
		switch {
		case problem != "":
			fault("is not right: "+problem, remedy)
		case o.subdomains, o.scheme != "https" && o.scheme != "http":
			fault("is not the URL of a page", `write it as "https://login.example.com/"`)
		case o.clear() && !c.InsecureTransport:
			fault("is not over TLS, so that anybody on the way can have users log in with them", "write it with https, and serve it so")
		default:
			return u
		}
	}
	return nil
}

// loginRoutes checks that the pages on which users log in can be seen by those who are
// sent there, if they are ours.
func (c *compiler) loginRoutes() {
	s := c.app.settings
	if rt := c.pageAt("FSA_401_REDIRECT", s.loginURL); rt != nil && !rt.open {
		c.fault(rt, "is the log-in page of FSA_401_REDIRECT, and can be seen only after a log-in", `give it the rule authz.Open(), and fsa.Authn("none")`)
	}
	if s.ReauthRedirect == "" {
		return
	}
	if rt := c.pageAt("FSA_REAUTH_REDIRECT", s.freshURL); rt != nil && rt.decision != nil && rt.decision.Login() {
		c.fault(rt, fmt.Sprintf("is the page of FSA_REAUTH_REDIRECT for those whose log-in is too old or had too few factors, and does not let them in (%v)", rt.rule),
			"give it a rule such as authz.Auth()")
	}
}

// pageAt finds the route of a page for browsers, nil if it is none of ours.
func (c *compiler) pageAt(directive string, page *url.URL) *route {
	if page == nil || page.Host != "" {
		return nil
	}
	at, _ := c.h.mux.Handler(&http.Request{Method: http.MethodGet, URL: page})
	rt, ok := at.(*route)
	if !ok {
		c.warn(directive, "the log-in page is none of this application's routes", "register it, unless something else serves it", "path", page.Path)
		return nil
	}
	return rt
}

// toLogin gives where a browser is sent that has got a 401, on whose account there is
// the page; "" if it isn't.
func (c *call) toLogin(page *url.URL) string {
	s, r := c.settings(), c.req.HTTP
	if page == nil || r.Method != http.MethodGet && r.Method != http.MethodHead || !acceptsHTML(r.Header["Accept"]) {
		return ""
	}
	back := r.RequestURI // as the browser has it, whatever a mux has cut off
	if !strings.HasPrefix(back, "/") {
		back = r.URL.EscapedPath() + "?" + r.URL.RawQuery
	}
	path, query, _ := strings.Cut(back, "?")
	if here, err := url.PathUnescape(path); (err != nil || here == page.Path || r.URL.Path == page.Path) &&
		(page.Host == "" || page.Host == r.Host || s.baseURL != nil && page.Host == s.baseURL.Host) {
		return "" // it would be sent here again
	}
	if query = c.withoutSecrets(query); query != "" {
		path += "?" + query
	}
	to := *page
	if local, ok := redirect.Local(path); ok {
		if to.RawQuery != "" {
			to.RawQuery += "&"
		}
		to.RawQuery += url.QueryEscape(s.URLName) + "=" + url.QueryEscape(local)
	}
	return to.String()
}

// redirectToLogin answers with the way to the log-in page, instead of a 401. It
// has no challenge: browsers look at those of a 401 only.
func (c *call) redirectToLogin(to string) {
	c.w.Header().Set("Location", to)
	c.settings().render(c.w, c.req.HTTP, httperr.Errorf(c.status, "authentication required"))
}

// withoutSecrets gives a query without the parameters that carry credentials, or
// other secrets that the route takes: the log-in page's URL gets into histories
// and logs.
func (c *call) withoutSecrets(query string) string {
	credentials, binder := c.settings().credentialNames(), c.route.binder
	secret := func(name string) bool {
		return slices.Contains(credentials, name) || binder != nil && binder.Secret(name)
	}
	kept := []string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil && pair != "" && !secret(name) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// credentialNames are the parameters that carry credentials on some route.
func (s *settings) credentialNames() []string {
	names := []string{}
	if slices.Contains(s.schemes, "param") {
		names = append(names, s.ParamUser, s.ParamPass)
	}
	if slices.Contains(s.schemes, "token") && s.TokenCarrier == "param" {
		names = append(names, s.TokenName)
	}
	if slices.Contains(s.schemes, "fake") {
		names = append(names, s.FakeLogin)
	}
	return names
}

// acceptsHTML reports whether an Accept field names text/html, as browsers do for
// pages. That a client takes anything (*/*) does not make it a browser.
func acceptsHTML(accept []string) bool {
	for _, field := range accept {
		for part := range strings.SplitSeq(field, ",") {
			kind, params, err := mime.ParseMediaType(part)
			if err != nil || kind != "text/html" {
				continue
			}
			if q, err := strconv.ParseFloat(params["q"], 64); params["q"] == "" || err == nil && q > 0 {
				return true
			}
		}
	}
	return false
}
