package fsa

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/grammar"
	"github.com/fastsimpleauth/fsa/password"
	"github.com/fastsimpleauth/fsa/token"
)

// settings are a Config with its defaults filled in, checked and made ready.
type settings struct {
	Config
	name     string
	verbose  bool // modes dev and debug
	trace    int  // how much is traced: mode debug is 1, debug4 is 5, others 0
	logger   *slog.Logger
	render   httperr.Renderer
	hasher   *password.Hasher
	quality  password.Quality
	schemes  []string // enabled, each once
	defaults []string // of routes that do not say
	headers  []header // FSA_ADD_HEADERS
	origins  []origin // of FSA_CORS_OPTS, without *
	baseURL  *url.URL // nil if there is none
	loginURL *url.URL // of FSA_401_REDIRECT, nil if there is none
	freshURL *url.URL // of FSA_REAUTH_REDIRECT, else of FSA_401_REDIRECT, nil if there is none

	issuers   map[string]*issuer // of scheme oauth, by their names
	ownAccess bool               // scheme oauth takes tokens of our own

	userHeader  *authn.Httpd        // scheme httpd; nil if it is not enabled
	authorities []*x509.Certificate // scheme mtls

	given    Config  // as it was given to New, or to Reload
	holds    Config  // with its defaults, as Reload has left it
	read     *Config // as it stood in the file and the environment; nil if it was made by code
	warnings []warning

	level *slog.LevelVar        // of the logger, nil if that is the application's own
	live  *atomic.Pointer[live] // what app.Reload replaces
}

// now gives what holds at the moment of what [App.Reload] replaces. Who looks at
// several of it keeps what now gave.
func (s *settings) now() *live { return s.live.Load() }

type header struct{ name, value string }

// reserved gives the reason why a header field is not for all answers alike.
func reserved(name string) string {
	switch name = http.CanonicalHeaderKey(name); name {
	case "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Trailer", "Connection", "Upgrade", "Date",
		"Cache-Control", "Set-Cookie", "Location", "Allow", "Www-Authenticate", "X-Request-Id", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials":
		return fmt.Sprintf("%s differs from answer to answer, and is not to be set for all", name)
	}
	return ""
}

// printable reports whether s is printable ASCII, which every challenge can
// carry.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// hasControl reports whether s holds a control character, which ends or splits
// a header field.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// checker collects the faults of a Config while it is made ready.
type checker struct {
	*settings
	next   live
	faults faults
}

func (c *checker) fault(directive, problem, remedy string) {
	c.faults = append(c.faults, &ConfigError{
		Directive: directive, Source: c.source(directive), Problem: problem, Remedy: remedy,
	})
}

// newSettings checks everything about a Config that does not depend on routes
// and hooks.
func newSettings(name string, cfg Config) (*settings, faults) {
	c := checker{settings: &settings{Config: cfg, name: name, given: cfg, read: cfg.loaded, live: new(atomic.Pointer[live])}}
	c.mode()
	c.transport()
	c.answers()
	c.auth()
	c.token()
	c.oauth()
	c.passwords()
	c.throttle()
	c.caches()
	c.cors()
	c.base()
	c.loginPages()
	c.next.maxBody = c.MaxBody
	c.holds = c.settings.Config
	c.settings.live.Store(&c.next)
	return c.settings, c.faults
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

var modes = []string{"prod", "dev", "debug", "debug1", "debug2", "debug3", "debug4"}

func (c *checker) mode() {
	orDefault(&c.Mode, "prod")
	if !slices.Contains(modes, c.Mode) {
		c.fault("FSA_MODE", fmt.Sprintf("unknown mode %q", c.Mode), "it is prod, dev, debug, or debug1 to debug4")
	}
	c.verbose = c.Mode != "prod" && slices.Contains(modes, c.Mode)
	c.trace = max(0, slices.Index(modes, c.Mode)-slices.Index(modes, "dev"))
	c.logger = c.Logger
	if c.logger == nil {
		level := c.LoggingLevel
		if c.trace > 0 {
			level = min(level, slog.LevelDebug)
		}
		c.level = new(slog.LevelVar)
		c.level.Set(level)
		c.logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.level}))
	}
	if c.name == "" {
		c.faults = append(c.faults, &ConfigError{Problem: "the application has no name", Remedy: `give one to fsa.New, as in fsa.New("acme", cfg)`})
	}
}

func (c *checker) transport() {
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen())
			}
		}
		switch {
		case err != nil:
			c.fault("FSA_TRUSTED_PROXIES", fmt.Sprintf("%q is neither an address nor a network", text), `write it as "10.1.2.3" or "10.1.2.0/24"`)
		case p.Bits() == 0:
			c.fault("FSA_TRUSTED_PROXIES", fmt.Sprintf("%q trusts everybody", text), "list the addresses of your proxies")
		case p.Addr().Is4In6():
			c.fault("FSA_TRUSTED_PROXIES", fmt.Sprintf("%q is IPv4 written as IPv6", text), "write it as IPv4")
		}
		c.next.proxies = append(c.next.proxies, p)
	}
	for _, f := range []struct{ directive, path, other string }{
		{"FSA_TLS_CERT", c.TLSCert, c.TLSKey}, {"FSA_TLS_KEY", c.TLSKey, c.TLSCert},
	} {
		if f.path == "" && f.other != "" {
			c.fault(f.directive, "is missing", "FSA_TLS_CERT and FSA_TLS_KEY go together")
		}
	}
	orDefault(&c.MaxBody, 1<<20)
	if c.MaxBody < 0 {
		c.fault("FSA_MAX_BODY", "is negative", "give a number of bytes")
	}
}

func (c *checker) answers() {
	orDefault(&c.ServerError, http.StatusInternalServerError)
	if c.ServerError < 500 || c.ServerError > 599 {
		c.fault("FSA_SERVER_ERROR", fmt.Sprintf("%d is not the status of a server error", c.ServerError), "give one from 500 to 599")
	}
	orDefault(&c.NotFoundError, http.StatusNotFound)
	if c.NotFoundError < 400 || c.NotFoundError > 599 {
		c.fault("FSA_NOT_FOUND_ERROR", fmt.Sprintf("%d is not the status of an error", c.NotFoundError), "give one from 400 to 599")
	}
	orDefault(&c.ErrorResponse, "plain")
	var err error
	if c.render, err = httperr.NewRenderer(c.ErrorResponse); err != nil {
		c.fault("FSA_ERROR_RESPONSE", fmt.Sprintf("unknown format %q", c.ErrorResponse), "it is plain, json, json:KEY or problem")
	}
	if t := c.DefaultContentType; t != "" {
		if _, _, err := mime.ParseMediaType(t); err != nil || !strings.Contains(mediaType(t), "/") || hasControl(t) {
			c.fault("FSA_DEFAULT_CONTENT_TYPE", fmt.Sprintf("%q is not a media type", t), `write it as in "text/plain; charset=utf-8"`)
		}
	}
	for name, value := range c.AddHeaders {
		if !grammar.IsToken(name) || hasControl(value) {
			c.fault("FSA_ADD_HEADERS", fmt.Sprintf("%q is not a valid header field", name), "a name has letters, digits and dashes, a value no line breaks")
		}
		if problem := reserved(name); problem != "" {
			c.fault("FSA_ADD_HEADERS", problem, "remove it")
		}
		name = http.CanonicalHeaderKey(name)
		if slices.ContainsFunc(c.headers, func(h header) bool { return h.name == name }) {
			c.fault("FSA_ADD_HEADERS", fmt.Sprintf("%s is given twice", name), "names of header fields have no case: keep one")
		}
		c.headers = append(c.headers, header{name, value})
	}
	slices.SortFunc(c.headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
}

func (c *checker) token() {
	orDefault(&c.TokenType, "fsa")
	c.carrier()
	c.tokenLife()
	switch c.TokenType {
	case "none":
		if c.enabled("token") {
			c.fault("FSA_TOKEN_TYPE", `is none, but FSA_AUTH enables the scheme "token"`, "remove it from FSA_AUTH, or choose a type of token, fsa or jwt")
		}
		return
	case "fsa", "jwt":
	default:
		c.fault("FSA_TOKEN_TYPE", fmt.Sprintf("unknown type %q", c.TokenType), "it is fsa, jwt or none")
		return
	}
	c.settings.ownAccess = c.ownAccess()
	if !c.enabled("token") && !c.ownAccess() {
		return
	}
	if o, ok := c.tokenOptions(); ok {
		c.next.tokens = c.tokenFormat(o)
	}
}

// tokenLife checks for how long tokens are valid. Without a delay (the validity
// model) that is the grace alone.
func (c *checker) tokenLife() {
	if !c.NoTokenDelay {
		orDefault(&c.TokenDelay, time.Hour)
	}
	orDefault(&c.TokenMaxDelay, max(day, c.TokenDelay))
	if c.TokenMaxDelay < c.TokenDelay {
		c.fault("FSA_TOKEN_MAX_DELAY", fmt.Sprintf("is %v, under FSA_TOKEN_DELAY, which is %v", c.TokenMaxDelay, c.TokenDelay), "raise it, or leave it out")
	}
	if c.TokenMaxDelay > mostTokenDelay {
		c.fault("FSA_TOKEN_MAX_DELAY", fmt.Sprintf("is %v", c.TokenMaxDelay), fmt.Sprintf("use at most %v: a token that lives longer is better an API key", mostTokenDelay))
	}
	switch {
	case c.TokenDelay < 0 || c.TokenGrace < 0:
		c.fault("FSA_TOKEN_DELAY", "the delay or the grace is negative", "give a duration")
	case c.NoTokenDelay && c.TokenDelay > 0:
		c.fault("FSA_TOKEN_DELAY", "is set, but Config.NoTokenDelay says that there is none", "keep one of the two")
	case c.NoTokenDelay && c.TokenGrace < time.Second: // tokens count in seconds
		c.fault("FSA_TOKEN_DELAY", "is 0 with a grace of under a second: a token would end as it is made",
			"set FSA_TOKEN_GRACE to how long a token is valid after that, or leave FSA_TOKEN_DELAY out")
	}
}

// mostTokenDelay bounds for how long a revocation has to be kept.
const mostTokenDelay = foreignLife

// placeholder reports whether a secret is one that nobody has chosen at random.
func placeholder(s string) bool {
	distinct := map[rune]bool{}
	for _, r := range s {
		distinct[r] = true
	}
	lower := strings.ToLower(s)
	for _, word := range []string{"changeme", "change-me", "change_me", "placeholder", "your-secret", "your_secret"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return len(s) >= minSecret && len(distinct) < 8
}

// minSecret is the least size of a token secret in bytes: 256 bits, as long as
// the shortest hash that signs with it (RFC 7518, 3.2).
const minSecret = 32

// makeSecret tells how to make a secret.
const makeSecret = "make one by: head -c 48 /dev/urandom | base64 -w0"

func (c *checker) tokenOptions() (token.Options, bool) {
	o := token.Options{Algorithm: c.TokenAlgo, Length: c.TokenLength, Issuer: c.TokenIssuer, Grace: c.TokenGrace, InsecureWeakSecret: c.verbose}
	if c.InsecureTokenLength != 0 {
		o.Length, o.InsecureLength = c.InsecureTokenLength, true
	}
	if len(c.TokenSign) > 0 {
		return c.signOptions(o)
	}
	if c.TokenType == "jwt" && slices.Contains(token.Asymmetric(), c.TokenAlgo) {
		c.fault("FSA_TOKEN_SIGN", fmt.Sprintf("is missing, and FSA_TOKEN_ALGO is %s, which signs with a private key", c.TokenAlgo), makeKey)
		return o, false
	}
	for i, s := range c.TokenSecret {
		switch {
		case s == "":
			c.fault("FSA_TOKEN_SECRET", fmt.Sprintf("secret %d of %d is empty", i+1, len(c.TokenSecret)), makeSecret)
			return o, false
		case !c.verbose && placeholder(string(s)):
			c.fault("FSA_TOKEN_SECRET", fmt.Sprintf("secret %d of %d is a placeholder or a repetition, which can be guessed", i+1, len(c.TokenSecret)), makeSecret)
			return o, false
		case len(s) < minSecret && !c.verbose:
			c.fault("FSA_TOKEN_SECRET", fmt.Sprintf("secret %d of %d has %d bytes, under %d", i+1, len(c.TokenSecret), len(s), minSecret), makeSecret)
			return o, false
		case len(s) < minSecret:
			c.warn("FSA_TOKEN_SECRET", "a token secret is too short for mode prod", makeSecret, "bytes", len(s), "least", minSecret)
		}
		o.Secrets = append(o.Secrets, []byte(s))
	}
	if len(o.Secrets) > 0 {
		return o, true
	}
	if c.Mode == "prod" {
		c.fault("FSA_TOKEN_SECRET", "is missing, and mode prod has no default for it", makeSecret+", and give it as FSA_TOKEN_SECRET or in a file named by FSA_TOKEN_SECRET_FILE")
		return o, false
	}
	c.warn("FSA_TOKEN_SECRET", "no token secret is set: tokens end with this process", makeSecret)
	random := make([]byte, 64)
	rand.Read(random) // never fails: it ends the program first
	o.Secrets = [][]byte{random}
	return o, true
}

type tokenDirective struct{ name, remedy string }

// tokenDirectives are the directives behind the options of tokens, with what to
// do about a wrong one.
var tokenDirectives = map[string]tokenDirective{
	"Algorithm": {"FSA_TOKEN_ALGO", "write it as told here, or leave it out to have the default"},
	"Length":    {"FSA_TOKEN_LENGTH", "leave the default; a shorter one must be set by FSA_INSECURE_TOKEN_LENGTH"},
	"Secrets":   {"FSA_TOKEN_SECRET", makeSecret},
	"Issuer":    {"FSA_TOKEN_ISSUER", "use printable text, and for fsa tokens no colon"},
	"Keys":      {"FSA_TOKEN_SIGN", makeKey},
	"Grace":     {"FSA_TOKEN_GRACE", "give a number of minutes"},
}

func (c *checker) tokenFormat(o token.Options) token.Format {
	var f token.Format
	var err error
	if c.TokenType == "jwt" {
		f, err = token.NewJWT(o)
	} else {
		if token.SimplifyRealm(c.Realm) == "" && printable(c.Realm) {
			c.fault("FSA_REALM", fmt.Sprintf("%q is empty as the realm of an fsa token, which has letters, digits and dashes", c.Realm), "add a letter, or use JWTs")
		}
		f, err = token.NewFSA(o)
	}
	for _, e := range parts(err) {
		d := tokenDirective{"FSA_TOKEN_TYPE", ""}
		if o := (*token.OptionError)(nil); errors.As(e, &o) {
			d = tokenDirectives[o.Option]
			if o.Option == "Length" && c.InsecureTokenLength != 0 {
				d = tokenDirective{"FSA_INSECURE_TOKEN_LENGTH", "give the length of the tokens that are shared with others, or leave it out"}
			}
		}
		c.fault(d.name, e.Error(), d.remedy)
	}
	if err != nil {
		return nil
	}
	return f
}

func (c *checker) passwords() {
	if !c.NoPasswordLength {
		orDefault(&c.PasswordLength, 8)
	}
	c.quality.MinLength = c.PasswordLength
	for _, text := range c.PasswordRE {
		re, err := regexp.Compile(text)
		if err != nil {
			c.fault("FSA_PASSWORD_RE", fmt.Sprintf("%q is not a regular expression: %v", text, err), "the syntax is RE2's")
			continue
		}
		c.quality.Patterns = append(c.quality.Patterns, re)
	}
	if slices.Equal(c.PasswordScheme, []string{"none"}) {
		return
	}
	h, err := password.New(password.Options{Schemes: c.PasswordScheme, Legacy: c.PasswordLegacy, Params: c.PasswordOpts, InsecureLowCost: c.InsecurePasswordCost, Observe: observeHash})
	for _, e := range parts(err) {
		directive := "FSA_PASSWORD_OPTS"
		if o := (*password.OptionError)(nil); errors.As(e, &o) {
			switch o.Option {
			case "Schemes":
				directive = "FSA_PASSWORD_SCHEME"
			case "Legacy":
				directive = "Config.PasswordLegacy"
			}
		}
		problem, remedy, _ := strings.Cut(e.Error(), ": use ")
		if remedy != "" {
			remedy = "use " + strings.Replace(remedy, "InsecureLowCost in a test", "FSA_INSECURE_PASSWORD_COST for tests", 1)
		}
		c.fault(directive, problem, remedy)
	}
	if err == nil {
		c.hasher = h
	}
}

func (c *checker) caches() {
	orDefault(&c.Cache, "ttl")
	if c.Cache != "ttl" && c.Cache != "none" {
		c.fault("FSA_CACHE", fmt.Sprintf("%q is not supported", c.Cache), "it is ttl or none")
	}
	orDefault(&c.CacheSize, 262144)
	orDefault(&c.CacheTTL, 10*time.Minute)
	if c.CacheSize < 0 {
		c.fault("FSA_CACHE_SIZE", "is negative", `give a number of answers, or set FSA_CACHE = "none" to keep none`)
	}
	if c.CacheTTL < 0 {
		c.fault("FSA_CACHE_OPTS", "ttl in it is negative", "give a number of seconds")
	}
	for _, g := range c.AuthzGroups {
		if g == "" {
			c.fault("FSA_AUTHZ_GROUPS", "holds an empty name", "remove it")
		}
	}
	if slices.Contains(c.AuthzPermissions, "") {
		c.fault("FSA_AUTHZ_PERMISSIONS", "holds an empty name", "remove it")
	}
	for _, s := range c.AuthzScopes {
		if !isScope(s) {
			c.fault("FSA_AUTHZ_SCOPES", fmt.Sprintf("%q can't be a scope", s), scopeRemedy)
		}
	}
}
