package fsa

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// directive is how a value from a file or the environment gets into a Config.
type directive struct {
	name   string
	secret bool // never shown in an error; may be had from a file by NAME_FILE
	text   bool // a string: literal in the environment unless quoted
	access
}

// access is how a value gets into a Config, and out of it. What get gives, set takes:
// nil if there is none, string, bool, int64, float64, []any, map[string]any.
type access struct {
	set func(c *Config, v any) error
	get func(c *Config) any
}

// directives are those that [Load] knows.
var directives = []directive{
	{name: "FSA_MODE", text: true, access: str(func(c *Config) *string { return &c.Mode })},
	{name: "FSA_LOGGING_LEVEL", text: true, access: access{setLevel, getLevel}},
	{name: "FSA_SECURE", access: negated(func(c *Config) *bool { return &c.InsecureTransport })},
	{name: "FSA_TRUSTED_PROXIES", access: names(func(c *Config) *[]string { return &c.TrustedProxies })},
	{name: "FSA_BASE_URL", text: true, access: str(func(c *Config) *string { return &c.BaseURL })},
	{name: "FSA_TLS_CERT", text: true, access: str(func(c *Config) *string { return &c.TLSCert })},
	{name: "FSA_TLS_KEY", text: true, access: str(func(c *Config) *string { return &c.TLSKey })},
	{name: "FSA_SERVER_ERROR", access: integer(func(c *Config) *int { return &c.ServerError })},
	{name: "FSA_NOT_FOUND_ERROR", access: integer(func(c *Config) *int { return &c.NotFoundError })},
	{name: "FSA_HANDLE_ALL_ERRORS", access: negated(func(c *Config) *bool { return &c.NoHandleAllErrors })},
	{name: "FSA_KEEP_USER_ERRORS", access: boolean(func(c *Config) *bool { return &c.KeepUserErrors })},
	{name: "FSA_ERROR_RESPONSE", text: true, access: str(func(c *Config) *string { return &c.ErrorResponse })},
	{name: "FSA_AUTH", access: access{setAuth, getAuth}},
	{name: "FSA_AUTH_DEFAULT", access: access{setAuthDefault, getAuthDefault}},
	{name: "FSA_REALM", text: true, access: str(func(c *Config) *string { return &c.Realm })},
	{name: "FSA_PARAM_USER", text: true, access: str(func(c *Config) *string { return &c.ParamUser })},
	{name: "FSA_PARAM_PASS", text: true, access: str(func(c *Config) *string { return &c.ParamPass })},
	{name: "FSA_FAKE_LOGIN", text: true, access: str(func(c *Config) *string { return &c.FakeLogin })},
	{name: "FSA_HTTPD_USER_HEADER", text: true, access: str(func(c *Config) *string { return &c.HTTPDUserHeader })},
	{name: "FSA_HTTP_AUTH_OPTS", access: access{setHTTPAuthOpts, getHTTPAuthOpts}},
	{name: "FSA_APIKEY_HEADER", text: true, access: str(func(c *Config) *string { return &c.APIKeyHeader })},
	{name: "FSA_TLS_CLIENT_CA", text: true, access: str(func(c *Config) *string { return &c.TLSClientCA })},
	{name: "FSA_MTLS_USER", text: true, access: str(func(c *Config) *string { return &c.MTLSUser })},
	{name: "FSA_TOKEN_TYPE", text: true, access: str(func(c *Config) *string { return &c.TokenType })},
	{name: "FSA_TOKEN_ALGO", text: true, access: str(func(c *Config) *string { return &c.TokenAlgo })},
	{name: "FSA_TOKEN_LENGTH", access: integer(func(c *Config) *int { return &c.TokenLength })},
	{name: "FSA_INSECURE_TOKEN_LENGTH", access: integer(func(c *Config) *int { return &c.InsecureTokenLength })},
	{name: "FSA_TOKEN_CARRIER", text: true, access: str(func(c *Config) *string { return &c.TokenCarrier })},
	{name: "FSA_TOKEN_NAME", text: true, access: str(func(c *Config) *string { return &c.TokenName })},
	{name: "FSA_TOKEN_SECRET", secret: true, access: secrets(func(c *Config) *[]Secret { return &c.TokenSecret })},
	{name: "FSA_TOKEN_SIGN", secret: true, access: secrets(func(c *Config) *[]Secret { return &c.TokenSign })},
	{name: "FSA_TOKEN_ISSUERS", access: access{setTokenIssuers, getTokenIssuers}},
	{name: "FSA_TOKEN_DELAY", access: access{setDelay, getDelay}},
	{name: "FSA_TOKEN_GRACE", access: duration(time.Minute, func(c *Config) *time.Duration { return &c.TokenGrace })},
	{name: "FSA_TOKEN_MAX_DELAY", access: duration(time.Minute, func(c *Config) *time.Duration { return &c.TokenMaxDelay })},
	{name: "FSA_TOKEN_RENEWAL", access: fraction(func(c *Config) *float64 { return &c.TokenRenewal })},
	{name: "FSA_TOKEN_ISSUER", text: true, access: str(func(c *Config) *string { return &c.TokenIssuer })},
	{name: "FSA_PASSWORD_SCHEME", access: names(func(c *Config) *[]string { return &c.PasswordScheme })},
	{name: "FSA_PASSWORD_OPTS", access: access{setPasswordOpts, getPasswordOpts}},
	{name: "FSA_INSECURE_PASSWORD_COST", access: boolean(func(c *Config) *bool { return &c.InsecurePasswordCost })},
	{name: "FSA_PASSWORD_LENGTH", access: access{setPasswordLength, getPasswordLength}},
	{name: "FSA_PASSWORD_RE", access: list(func(c *Config) *[]string { return &c.PasswordRE })},
	{name: "FSA_LOGIN_THROTTLE", access: access{setLoginThrottle, getLoginThrottle}},
	{name: "FSA_AUTHZ_GROUPS", access: names(func(c *Config) *[]string { return &c.AuthzGroups })},
	{name: "FSA_AUTHZ_SCOPES", access: names(func(c *Config) *[]string { return &c.AuthzScopes })},
	{name: "FSA_AUTHZ_PERMISSIONS", access: names(func(c *Config) *[]string { return &c.AuthzPermissions })},
	{name: "FSA_REJECT_UNEXPECTED_PARAM", access: negated(func(c *Config) *bool { return &c.NoRejectUnexpectedParam })},
	{name: "FSA_MAX_BODY", access: access{setMaxBody, getMaxBody}},
	{name: "FSA_CORS", access: boolean(func(c *Config) *bool { return &c.CORS })},
	{name: "FSA_CORS_OPTS", access: access{setCORSOpts, getCORSOpts}},
	{name: "FSA_401_REDIRECT", text: true, access: str(func(c *Config) *string { return &c.Redirect401 })},
	{name: "FSA_REAUTH_REDIRECT", text: true, access: str(func(c *Config) *string { return &c.ReauthRedirect })},
	{name: "FSA_URL_NAME", text: true, access: str(func(c *Config) *string { return &c.URLName })},
	{name: "FSA_DEFAULT_CONTENT_TYPE", text: true, access: str(func(c *Config) *string { return &c.DefaultContentType })},
	{name: "FSA_JSON_STREAMING", access: negated(func(c *Config) *bool { return &c.NoJSONStreaming })},
	{name: "FSA_JSON_ALLSTR", access: boolean(func(c *Config) *bool { return &c.JSONAllStr })},
	{name: "FSA_CACHE", text: true, access: str(func(c *Config) *string { return &c.Cache })},
	{name: "FSA_CACHE_SIZE", access: integer(func(c *Config) *int { return &c.CacheSize })},
	{name: "FSA_CACHE_OPTS", access: access{setCacheOpts, getCacheOpts}},
	{name: "FSA_ADD_HEADERS", access: access{setAddHeaders, getAddHeaders}},
}

// knownDirective finds a directive by its name.
func knownDirective(name string) *directive {
	for i := range directives {
		if directives[i].name == name {
			return &directives[i]
		}
	}
	return nil
}

func str(at func(*Config) *string) access {
	return access{func(c *Config, v any) error {
		s, ok := v.(string)
		if !ok {
			return errors.New("must be a string")
		}
		if s == "" {
			return errors.New("must not be empty; leave it out to have its default")
		}
		*at(c) = s
		return nil
	}, func(c *Config) any { return orNil(*at(c)) }}
}

func boolean(at func(*Config) *bool) access {
	return access{func(c *Config, v any) error {
		b, ok := v.(bool)
		if !ok {
			return errors.New("must be true or false")
		}
		*at(c) = b
		return nil
	}, func(c *Config) any { return *at(c) }}
}

// negated is for directives whose field says the opposite.
func negated(at func(*Config) *bool) access {
	set := boolean(at).set
	return access{func(c *Config, v any) error {
		err := set(c, v)
		if err == nil {
			*at(c) = !*at(c)
		}
		return err
	}, func(c *Config) any { return !*at(c) }}
}

func integer(at func(*Config) *int) access {
	return access{func(c *Config, v any) error {
		n, ok := v.(int64)
		if !ok || n < 0 || n > math.MaxInt32 {
			return errors.New("must be a non-negative integer")
		}
		*at(c) = int(n)
		return nil
	}, func(c *Config) any { return orNil(int64(*at(c))) }}
}

// fraction is for a number from 0 to 1.
func fraction(at func(*Config) *float64) access {
	return access{func(c *Config, v any) error {
		var f float64
		switch v := v.(type) {
		case int64:
			f = float64(v)
		case float64:
			f = v
		default:
			f = -1
		}
		if !(f >= 0 && f <= 1) {
			return errors.New("must be a number from 0 to 1, such as 0.25")
		}
		*at(c) = f
		return nil
	}, func(c *Config) any { return *at(c) }}
}

// list is for lists of strings; a string stands for the list of itself.
func list(at func(*Config) *[]string) access {
	return access{func(c *Config, v any) error {
		switch v := v.(type) {
		case string:
			*at(c) = []string{v}
			return nil
		case []any:
			all := make([]string, len(v))
			for i, e := range v {
				s, ok := e.(string)
				if !ok {
					return errors.New(`must be a list of strings, as in ["one", "two"]`)
				}
				all[i] = s
			}
			*at(c) = all
			return nil
		}
		return errors.New(`must be a list of strings, as in ["one", "two"]`)
	}, func(c *Config) any { return listOf(*at(c)) }}
}

// names is for lists of names. What looks like a list without its quotes was
// meant as one: in the environment they are easily lost.
func names(at func(*Config) *[]string) access {
	set := list(at).set
	return access{func(c *Config, v any) error {
		if s, ok := v.(string); ok && (s == "" || strings.ContainsAny(s, ",[] ")) {
			return errors.New(`must be a name, or a list as in ["one", "two"]`)
		}
		return set(c, v)
	}, func(c *Config) any { return listOf(*at(c)) }}
}

// duration is for a number in the given unit, or text as of
// [time.ParseDuration].
func duration(unit time.Duration, at func(*Config) *time.Duration) access {
	return access{func(c *Config, v any) error {
		d, err := readDuration(unit, v)
		if err == nil {
			*at(c) = d
		}
		return err
	}, func(c *Config) any { return durationText(*at(c)) }}
}

func readDuration(unit time.Duration, v any) (time.Duration, error) {
	name := map[time.Duration]string{time.Second: "seconds", time.Minute: "minutes"}[unit]
	bad := fmt.Errorf(`must be a number of %s, or a duration such as "90s" or "1h30m"`, name)
	switch v := v.(type) {
	case int64:
		if v >= 0 && v <= int64(math.MaxInt64/unit) {
			return time.Duration(v) * unit, nil
		}
	case float64:
		if v >= 0 && v < float64(math.MaxInt64/unit) {
			return time.Duration(v * float64(unit)), nil
		}
	case string:
		if d, err := time.ParseDuration(strings.TrimSpace(v)); err == nil && d >= 0 {
			return d, nil
		}
	}
	return 0, bad
}

// setDelay also takes back what another source has set: 0 is a field of its own.
func setDelay(c *Config, v any) error {
	if err := duration(time.Minute, func(c *Config) *time.Duration { return &c.TokenDelay }).set(c, v); err != nil {
		return err
	}
	c.NoTokenDelay = c.TokenDelay == 0
	return nil
}

func setLevel(c *Config, v any) error {
	s, ok := v.(string)
	if !ok || c.LoggingLevel.UnmarshalText([]byte(s)) != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}

// setAuth takes a list as it is. A single scheme stands between token and none,
// as in the original; Load completes it when it knows whether there are tokens.
func setAuth(c *Config, v any) error {
	if err := names(func(c *Config) *[]string { return &c.Auth }).set(c, v); err != nil {
		return err
	}
	if s, scalar := v.(string); scalar {
		c.Auth = []string{scalarMark + s}
	}
	return nil
}

func setAuthDefault(c *Config, v any) error {
	err := names(func(c *Config) *[]string { return &c.AuthDefault }).set(c, v)
	if err == nil && len(c.AuthDefault) == 0 {
		return errors.New("must not be empty; leave it out to have all schemes of FSA_AUTH")
	}
	return err
}

// scalarMark marks a single scheme until Load is done. No scheme's name begins
// with it.
const scalarMark = "\x00"

// completeAuth puts token before a single scheme, and none after it.
func completeAuth(c *Config) {
	if len(c.Auth) != 1 || !strings.HasPrefix(c.Auth[0], scalarMark) {
		return
	}
	scheme := strings.TrimPrefix(c.Auth[0], scalarMark)
	switch scheme {
	case "oauth", "token", "http-token", "none":
		c.Auth = []string{scheme}
	default:
		c.Auth = []string{"token", scheme, "none"}
		if c.TokenType == "none" {
			c.Auth = c.Auth[1:]
		}
	}
}

// secrets is for a list of secrets; one stands for the list of itself.
func secrets(at func(*Config) *[]Secret) access {
	return access{func(c *Config, v any) error {
		var all []string
		if err := list(func(*Config) *[]string { return &all }).set(c, v); err != nil {
			return errors.New("must be a string or a list of strings")
		}
		*at(c) = nil
		for _, s := range all {
			*at(c) = append(*at(c), Secret(s))
		}
		return nil
	}, func(c *Config) any { return listOf(*at(c)) }}
}

func setPasswordOpts(c *Config, v any) error {
	t, ok := v.(map[string]any)
	if !ok {
		return errors.New("must be a table, as in {memory = 19456, time = 2, parallelism = 1}")
	}
	c.PasswordOpts = map[string]int{}
	for name, v := range t {
		n, ok := v.(int64)
		if !ok || n < 0 || n > math.MaxInt32 {
			return fmt.Errorf("%s in it must be a non-negative integer", name)
		}
		c.PasswordOpts[name] = int(n)
	}
	return nil
}

func setPasswordLength(c *Config, v any) error {
	err := integer(func(c *Config) *int { return &c.PasswordLength }).set(c, v)
	c.NoPasswordLength = err == nil && c.PasswordLength == 0
	return err
}

func setMaxBody(c *Config, v any) error {
	n, ok := v.(int64)
	if !ok || n <= 0 {
		return errors.New("must be a positive number of bytes")
	}
	c.MaxBody = n
	return nil
}

func setCacheOpts(c *Config, v any) error {
	t, ok := v.(map[string]any)
	if !ok {
		return errors.New("must be a table, as in {ttl = 600}")
	}
	for name, v := range t {
		if name != "ttl" {
			return fmt.Errorf("%q in it is not known; the only one is ttl, in seconds", name)
		}
		if err := duration(time.Second, func(c *Config) *time.Duration { return &c.CacheTTL }).set(c, v); err != nil {
			return fmt.Errorf("ttl in it %w, not %s", err, shown(v))
		}
		if c.CacheTTL == 0 {
			return errors.New(`ttl in it must be more than 0; to keep no answers, set FSA_CACHE = "none"`)
		}
	}
	return nil
}

func setAddHeaders(c *Config, v any) error {
	t, ok := v.(map[string]any)
	if !ok {
		return errors.New(`must be a table, as in {Application = "Acme"}`)
	}
	c.AddHeaders = map[string]string{}
	for name, v := range t {
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("the value of %s in it must be a string", name)
		}
		c.AddHeaders[name] = s
	}
	return nil
}
