package fsa

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/internal/tomltext"
)

// DirectiveInfo describes a directive as it is in effect.
type DirectiveInfo struct {
	Name string

	// Value is what a file would have to get the same: nil if there is none, a
	// string, bool, int64, float64, []any or map[string]any. What may be a secret
	// is "***".
	Value any

	// Source is where the value comes from: "default", file:line, "environment",
	// or "code" if it is not what [Load] has read.
	Source string

	Secret bool // Value is not the value
	Own    bool // it is of [App.Directive], not of [Config]
}

// Text gives the value as it is written in a TOML file, "" if there is none.
func (d DirectiveInfo) Text() string {
	if d.Value == nil {
		return ""
	}
	return tomlText(d.Value)
}

// Directives lists all directives, those of [App.Directive] last, with the values
// that are in effect: defaults are filled in, and what [App.Reload] has changed is
// as it is now. Those that nobody knows are faults of [App.Handler], and not listed.
// While there are faults, what they are about may be as it was given.
//
// Secrets are hidden, and of directives of others also what looks like one: by its
// name, as ACME_API_KEY, or as the password in an address of a database.
func (a *App) Directives() []DirectiveInfo {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	s := a.settings
	holds := s.effective()
	infos := make([]DirectiveInfo, 0, len(directives)+len(a.directives))
	for _, d := range directives {
		info := DirectiveInfo{Name: d.name, Value: d.get(&holds), Source: s.sourceOf(d), Secret: d.secret}
		if d.secret {
			info.Value = masked(info.Value)
		}
		infos = append(infos, info)
	}
	for i, d := range a.directives {
		if !slices.ContainsFunc(a.directives[:i], func(o ownDirective) bool { return o.name == d.name }) {
			infos = append(infos, d.info())
		}
	}
	return infos
}

// sourceOf tells where a value of the configuration comes from.
func (s *settings) sourceOf(d directive) string {
	read := s.read
	if read == nil {
		read = &Config{}
	}
	if !reflect.DeepEqual(d.get(&s.given), d.get(read)) {
		return sourceCode
	}
	return cmp.Or(s.given.source(d.name), sourceDefault)
}

const (
	sourceDefault = "default"
	sourceCode    = "code"
)

// effective gives the configuration with the defaults that depend on other
// directives filled in, too.
func (s *settings) effective() Config {
	c := s.holds
	c.AuthDefault = s.defaults
	if !slices.Contains(s.schemes, "apikey") {
		c.APIKeyHeader = s.given.APIKeyHeader // has no default then, and may not be set
	}
	if !slices.Contains(s.schemes, "mtls") {
		c.MTLSUser = s.given.MTLSUser
	}
	if len(c.PasswordScheme) == 0 {
		c.PasswordScheme = []string{"argon2id"}
	}
	if s.hasher != nil {
		c.PasswordOpts = s.hasher.Params()
	}
	switch keys := s.now().signKeys; {
	case c.TokenAlgo != "" || c.TokenType != "fsa" && c.TokenType != "jwt":
	case len(keys) > 0:
		c.TokenAlgo = keys[0].Algorithm()
	default:
		c.TokenAlgo = map[string]string{"fsa": "hmac-sha256", "jwt": "HS256"}[c.TokenType]
	}
	if c.TokenType == "fsa" && c.TokenLength == 0 && c.InsecureTokenLength == 0 {
		c.TokenLength = 16
		if c.TokenAlgo == "hmac-sha256" {
			c.TokenLength = 32
		}
	}
	return c
}

// ownDirective is a directive of another package or of the application.
type ownDirective struct {
	name   string
	target any
	source string // where its value was set
	value  any    // that was set there, or the default
}

// info describes the directive. Code may have changed its value since.
func (d ownDirective) info() DirectiveInfo {
	info := DirectiveInfo{Name: d.name, Value: targetValue(d.target), Source: d.source, Own: true}
	if !reflect.DeepEqual(info.Value, d.value) {
		info.Source = sourceCode
	}
	_, secret := d.target.(*Secret)
	switch {
	case secret, tellsSecret(d.name):
		info.Value, info.Secret = masked(info.Value), true
	default:
		info.Value = withoutPasswords(info.Value)
	}
	return info
}

// targetValue gives what stands in the target of [App.Directive], nil if it is none.
func targetValue(target any) any {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	switch v = v.Elem(); {
	case v.Type() == durationType:
		return durationText(time.Duration(v.Int()))
	case v.Kind() == reflect.String:
		return orNil(v.String())
	case v.Kind() == reflect.Bool:
		return v.Bool()
	case v.CanInt():
		return v.Int()
	case v.CanFloat():
		return v.Float()
	}
	if list, ok := target.(*[]string); ok {
		return listOf(*list)
	}
	return nil
}

var (
	secretNameRE = regexp.MustCompile(`SECRET|PASSW|PASSPHRASE|CREDENTIAL|(^|_)(PASS|PWD|KEYS?|TOKENS?)$`)

	// These find the password in postgres://user:password@host, and in
	// user:password@tcp(host). A password may hold a slash.
	urlPasswordRE  = regexp.MustCompile(`(//[^:/@\s]*:).*@`)
	userPasswordRE = regexp.MustCompile(`^([^:/@\s]*:).*@`)

	// settingRE finds it among settings, as in host=… password='…'.
	settingRE = regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|token|api_?key)\s*=\s*)('[^']*'|"[^"]*"|[^\s&;,]*)`)
)

// tellsSecret reports whether a directive's name says that its value is a secret. How long
// secrets must be is none.
func tellsSecret(name string) bool {
	name = strings.ToUpper(name)
	return secretNameRE.MatchString(name) && !strings.HasSuffix(name, "_LENGTH")
}

// withoutPasswords hides the passwords in a value that is none itself.
func withoutPasswords(v any) any {
	switch v := v.(type) {
	case string:
		re := userPasswordRE
		if strings.Contains(v, "://") {
			re = urlPasswordRE
		}
		v = re.ReplaceAllString(v, "${1}***@")
		return settingRE.ReplaceAllString(v, "${1}***")
	case []any:
		all := make([]any, len(v))
		for i, e := range v {
			all[i] = withoutPasswords(e)
		}
		return all
	}
	return v
}

// masked stands for a secret; of several, their number can be seen.
func masked(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		if len(v) == 1 {
			return Secret("").String()
		}
		all := make([]any, len(v))
		for i := range v {
			all[i] = Secret("").String()
		}
		return all
	}
	return Secret("").String()
}

// orNil gives nil for a value that is not set.
func orNil[T comparable](v T) any {
	if v == *new(T) {
		return nil
	}
	return v
}

func listOf[S ~string](list []S) any {
	if list == nil {
		return nil
	}
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = string(s)
	}
	return all
}

// durationText writes a duration as people do: 1h30m, not 1h30m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// orNone gives nil for a table that holds nothing.
func orNone(table map[string]any) any {
	if len(table) == 0 {
		return nil
	}
	return table
}

func getLevel(c *Config) any { return strings.ToLower(c.LoggingLevel.String()) }

func getAuth(c *Config) any { return listOf(c.Auth) }

func getAuthDefault(c *Config) any { return listOf(c.AuthDefault) }

func getDelay(c *Config) any { return durationText(c.TokenDelay) }

func getPasswordLength(c *Config) any { return int64(c.PasswordLength) }

func getMaxBody(c *Config) any { return orNil(c.MaxBody) }

func getPasswordOpts(c *Config) any {
	t := map[string]any{}
	for name, n := range c.PasswordOpts {
		t[name] = int64(n)
	}
	return orNone(t)
}

func getAddHeaders(c *Config) any {
	t := map[string]any{}
	for name, value := range c.AddHeaders {
		t[name] = value
	}
	return orNone(t)
}

func getCacheOpts(c *Config) any {
	if c.CacheTTL == 0 {
		return nil
	}
	return map[string]any{"ttl": durationText(c.CacheTTL)}
}

func getLoginThrottle(c *Config) any {
	if c.InsecureNoLoginThrottle {
		return "off"
	}
	t := map[string]any{}
	for name, n := range map[string]int{"free": c.LoginThrottle.Free, "network_factor": c.LoginThrottle.NetworkFactor} {
		if n != 0 {
			t[name] = int64(n)
		}
	}
	for name, d := range map[string]time.Duration{"delay": c.LoginThrottle.Delay, "max_delay": c.LoginThrottle.MaxDelay} {
		if d != 0 {
			t[name] = durationText(d)
		}
	}
	return orNone(t)
}

func getHTTPAuthOpts(c *Config) any {
	t := map[string]any{}
	if c.HTTPAuthOpts.Algorithms != nil {
		algorithms := slices.Clone(c.HTTPAuthOpts.Algorithms)
		for i, a := range algorithms {
			if a == "MD5" {
				algorithms[i] = "insecure-md5" // as it is called where it is set
			}
		}
		t["algorithms"] = listOf(algorithms)
	}
	if c.HTTPAuthOpts.NonceLife != 0 {
		t["nonce_life"] = durationText(c.HTTPAuthOpts.NonceLife)
	}
	return orNone(t)
}

func getCORSOpts(c *Config) any {
	o, t := c.CORSOpts, map[string]any{}
	for name, list := range map[string][]string{"origins": o.Origins, "methods": o.Methods, "allow_headers": o.AllowHeaders, "expose_headers": o.ExposeHeaders} {
		if list != nil {
			t[name] = listOf(list)
		}
	}
	for name, set := range map[string]bool{"supports_credentials": o.SupportsCredentials, "insecure_null_origin": o.InsecureNullOrigin} {
		if set {
			t[name] = true
		}
	}
	if o.MaxAge != 0 {
		t["max_age"] = durationText(o.MaxAge)
	}
	return orNone(t)
}

func getTokenIssuers(c *Config) any {
	if len(c.TokenIssuers) == 0 {
		return nil
	}
	all := make([]any, len(c.TokenIssuers))
	for n, i := range c.TokenIssuers {
		t := map[string]any{}
		for name, text := range map[string]string{"issuer": i.Issuer, "jwks": i.JWKS, "user_claim": i.UserClaim,
			"scope_claim": i.ScopeClaim, "login_prefix": i.LoginPrefix, "realm": i.Realm} {
			if text != "" {
				t[name] = text
			}
		}
		if i.NoLoginPrefix {
			t["login_prefix"] = ""
		}
		for name, list := range map[string][]string{"audience": i.Audience, "algorithms": i.Algorithms} {
			if list != nil {
				t[name] = listOf(list)
			}
		}
		for name, set := range map[string]bool{"discovery": i.Discovery, "access_tokens": i.AccessTokens, "insecure_shared_logins": i.InsecureSharedLogins} {
			if set {
				t[name] = true
			}
		}
		all[n] = t
	}
	return all
}

// tomlText writes a value as in a line of a TOML file.
func tomlText(v any) string {
	switch v := v.(type) {
	case string:
		return tomltext.String(v)
	case float64:
		return tomltext.Float(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = tomlText(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, tomltext.Key(name)+" = "+tomlText(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
