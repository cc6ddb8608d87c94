package fsa

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// schemeNames are the schemes of FSA_AUTH that are there without being
// registered. schemeAliases are other names.
var (
	schemeNames   = []string{"none", "httpd", "basic", "digest", "param", "token", "oauth", "apikey", "mtls", "fake"}
	schemeAliases = map[string][]string{
		"password":    {"basic", "param"},
		"http-basic":  {"basic"},
		"http-digest": {"digest"},
		"http-token":  {"token"},
	}
)

// sessionScheme is the scheme of log-in sessions, which are kept in a store: package
// accounts has one.
const sessionScheme = "session"

// useAccounts tells where the scheme session comes from.
const useAccounts = `use package accounts, or register your own by app.Authentication("session", …)`

// schemeRE is what a scheme's name looks like.
var schemeRE = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// takenScheme gives the reason why an application's own scheme can't have a name.
func takenScheme(name string) string {
	switch {
	case slices.Contains(schemeNames, name), schemeAliases[name] != nil:
		return fmt.Sprintf("%q is the name of a scheme that the framework has", name)
	case name == "test":
		return `"test" is the scheme of package fsatest`
	case !schemeRE.MatchString(name):
		return fmt.Sprintf("%q can't name a scheme", name)
	}
	return ""
}

// expandSchemes replaces the other names of schemes, and drops repetitions.
func expandSchemes(names []string) []string {
	var all []string
	for _, name := range names {
		expanded, ok := schemeAliases[name]
		if !ok {
			expanded = []string{name}
		}
		for _, n := range expanded {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

func (c *checker) enabled(scheme string) bool { return slices.Contains(c.schemes, scheme) }

// auth checks the schemes. Those that nobody here knows may be the application's
// own: they are looked at when all of these are registered.
func (c *checker) auth() {
	orDefault(&c.Realm, c.name)
	if !printable(c.Realm) {
		c.fault("FSA_REALM", "holds a character that a challenge can't carry", "use printable ASCII")
	}
	orDefault(&c.ParamUser, "USER")
	orDefault(&c.ParamPass, "PASS")
	orDefault(&c.FakeLogin, "LOGIN")
	if c.ParamUser == c.ParamPass {
		c.fault("FSA_PARAM_PASS", "is the same as FSA_PARAM_USER", "give the parameters two names")
	}
	if len(c.Auth) == 0 {
		c.fault("FSA_AUTH", "is missing: nothing says how callers prove who they are",
			`add a line such as FSA_AUTH = ["token", "basic", "none"], of the schemes `+strings.Join(schemeNames, ", "))
		return
	}
	c.schemes = expandSchemes(c.Auth)
	c.defaults = c.schemes
	if len(c.AuthDefault) > 0 {
		c.defaults = expandSchemes(c.AuthDefault)
		for _, s := range c.defaults {
			if !slices.Contains(c.schemes, s) {
				c.fault("FSA_AUTH_DEFAULT", fmt.Sprintf("scheme %q is not enabled", s), "add it to FSA_AUTH")
			}
		}
	}
	c.fake()
	c.httpd()
	c.digest()
	c.apiKeys()
	c.mtls()
	if c.enabled("httpd") && c.enabled("apikey") && strings.EqualFold(c.HTTPDUserHeader, c.APIKeyHeader) {
		c.fault("FSA_HTTPD_USER_HEADER", fmt.Sprintf("%q is the header field of another credential, an API key", c.HTTPDUserHeader), "give the two fields different names, as in X-Remote-User and X-API-Key")
	}
}

// fake checks the scheme that believes everybody.
func (c *checker) fake() {
	if !c.enabled("fake") {
		return
	}
	if !c.verbose {
		c.fault("FSA_AUTH", `the scheme "fake" lets anybody be anybody, and is for the modes dev and debug`, `remove it, or set FSA_MODE = "dev"`)
	}
	if c.enabled("param") && (c.FakeLogin == c.ParamUser || c.FakeLogin == c.ParamPass) {
		c.fault("FSA_FAKE_LOGIN", "is the same as FSA_PARAM_USER or FSA_PARAM_PASS", "give the parameter another name")
	}
	c.warn("FSA_AUTH", "the scheme fake is enabled: who calls from this machine is whoever they say", "", "parameter", c.FakeLogin)
}

// carriers are where tokens may be, with the name that they have there if
// FSA_TOKEN_NAME does not say.
var carriers = map[string]string{"bearer": "Bearer", "header": "Auth", "cookie": "auth", "param": "AUTH"}

// carrier checks where tokens are.
func (c *checker) carrier() {
	orDefault(&c.TokenCarrier, "bearer")
	name, ok := carriers[c.TokenCarrier]
	if !ok {
		c.fault("FSA_TOKEN_CARRIER", fmt.Sprintf("%q is not known", c.TokenCarrier), "it is bearer, header, cookie or param")
		return
	}
	orDefault(&c.TokenName, name)
	if problem, remedy := c.tokenName(); problem != "" {
		c.fault("FSA_TOKEN_NAME", fmt.Sprintf("%q %s", c.TokenName, problem), remedy)
	}
	if c.TokenCarrier == "header" {
		c.TokenName = http.CanonicalHeaderKey(c.TokenName)
	}
	switch {
	case !(c.TokenRenewal >= 0 && c.TokenRenewal <= 1):
		c.fault("FSA_TOKEN_RENEWAL", fmt.Sprintf("%v is not a fraction", c.TokenRenewal), "give a number from 0 to 1, such as 0.25")
	case c.TokenRenewal > 0 && c.TokenCarrier != "cookie":
		c.fault("FSA_TOKEN_RENEWAL", fmt.Sprintf("tokens are renewed in cookies only, and FSA_TOKEN_CARRIER is %s", c.TokenCarrier),
			`remove it, or set FSA_TOKEN_CARRIER = "cookie"`)
	}
}

// tokenName tells what is wrong with FSA_TOKEN_NAME for the carrier.
func (c *checker) tokenName() (problem, remedy string) {
	name := c.TokenName
	switch c.TokenCarrier {
	case "bearer":
		if !grammar.IsToken(name) {
			return "can't name an authorization scheme", "use a word such as Bearer"
		}
		if strings.EqualFold(name, "Basic") || strings.EqualFold(name, "Digest") {
			return "is an authorization scheme of passwords", "use another word, such as Bearer"
		}
	case "header":
		if !grammar.IsToken(name) || strings.Contains(name, "_") {
			return "can't name a header field that gets through proxies", "use letters, digits and dashes, as in Auth"
		}
		if fieldTaken(name) {
			return "is a header field with a meaning of its own", "use another one, such as Auth"
		}
		if c.enabled("httpd") && strings.EqualFold(name, c.HTTPDUserHeader) || c.enabled("apikey") && strings.EqualFold(name, c.APIKeyHeader) {
			return "is the header field of another credential", "use another one, such as Auth"
		}
	case "cookie":
		if !grammar.IsToken(name) || strings.HasPrefix(name, "__") {
			return "can't name the cookie", "use letters, digits and dashes, as in auth; the prefix __Host- comes by itself"
		}
	case "param":
		if !printable(name) {
			return "can't name a parameter", "use a word such as AUTH"
		}
		if c.enabled("param") && (name == c.ParamUser || name == c.ParamPass) || c.enabled("fake") && name == c.FakeLogin {
			return "is the name of another parameter with credentials", "use another one, such as AUTH"
		}
	}
	return "", ""
}

// fieldTaken reports whether clients, proxies or servers fill in a header field by
// themselves, so that it can't be the token's.
func fieldTaken(name string) bool {
	name = http.CanonicalHeaderKey(name)
	for _, prefix := range []string{"Accept", "Access-Control-", "Cf-", "Content-", "If-", "Proxy-", "Sec-", "X-Forwarded-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "Authorization", "Cache-Control", "Connection", "Cookie", "Date", "Expect", "Forwarded", "From", "Host", "Keep-Alive", "Origin", "Pragma", "Range",
		"Referer", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "X-Real-Ip", "X-Request-Id":
		return true
	}
	return false
}
