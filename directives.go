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
	set    func(c *Config, v any) error
}

// directives are those that [Load] knows.
var directives = []directive{
	{name: "FSA_MODE", text: true, set: str(func(c *Config) *string { return &c.Mode })},
	{name: "FSA_LOGGING_LEVEL", text: true, set: setLevel},
	{name: "FSA_SECURE", set: negated(func(c *Config) *bool { return &c.InsecureTransport })},
	{name: "FSA_TRUSTED_PROXIES", set: names(func(c *Config) *[]string { return &c.TrustedProxies })},
	{name: "FSA_TLS_CERT", text: true, set: str(func(c *Config) *string { return &c.TLSCert })},
	{name: "FSA_TLS_KEY", text: true, set: str(func(c *Config) *string { return &c.TLSKey })},
	{name: "FSA_SERVER_ERROR", set: integer(func(c *Config) *int { return &c.ServerError })},
	{name: "FSA_NOT_FOUND_ERROR", set: integer(func(c *Config) *int { return &c.NotFoundError })},
	{name: "FSA_HANDLE_ALL_ERRORS", set: negated(func(c *Config) *bool { return &c.NoHandleAllErrors })},
	{name: "FSA_KEEP_USER_ERRORS", set: boolean(func(c *Config) *bool { return &c.KeepUserErrors })},
	{name: "FSA_ERROR_RESPONSE", text: true, set: str(func(c *Config) *string { return &c.ErrorResponse })},
	{name: "FSA_AUTH", set: setAuth},
	{name: "FSA_AUTH_DEFAULT", set: setAuthDefault},
	{name: "FSA_REALM", text: true, set: str(func(c *Config) *string { return &c.Realm })},
	{name: "FSA_PARAM_USER", text: true, set: str(func(c *Config) *string { return &c.ParamUser })},
	{name: "FSA_PARAM_PASS", text: true, set: str(func(c *Config) *string { return &c.ParamPass })},
	{name: "FSA_TOKEN_TYPE", text: true, set: str(func(c *Config) *string { return &c.TokenType })},
	{name: "FSA_TOKEN_ALGO", text: true, set: str(func(c *Config) *string { return &c.TokenAlgo })},
	{name: "FSA_TOKEN_LENGTH", set: integer(func(c *Config) *int { return &c.TokenLength })},
	{name: "FSA_INSECURE_TOKEN_LENGTH", set: integer(func(c *Config) *int { return &c.InsecureTokenLength })},
	{name: "FSA_TOKEN_CARRIER", text: true, set: str(func(c *Config) *string { return &c.TokenCarrier })},
	{name: "FSA_TOKEN_NAME", text: true, set: str(func(c *Config) *string { return &c.TokenName })},
	{name: "FSA_TOKEN_SECRET", secret: true, set: setSecret},
	{name: "FSA_TOKEN_DELAY", set: setDelay},
	{name: "FSA_TOKEN_GRACE", set: duration(time.Minute, func(c *Config) *time.Duration { return &c.TokenGrace })},
	{name: "FSA_TOKEN_ISSUER", text: true, set: str(func(c *Config) *string { return &c.TokenIssuer })},
	{name: "FSA_PASSWORD_SCHEME", set: names(func(c *Config) *[]string { return &c.PasswordScheme })},
	{name: "FSA_PASSWORD_OPTS", set: setPasswordOpts},
	{name: "FSA_INSECURE_PASSWORD_COST", set: boolean(func(c *Config) *bool { return &c.InsecurePasswordCost })},
	{name: "FSA_PASSWORD_LENGTH", set: setPasswordLength},
	{name: "FSA_PASSWORD_RE", set: list(func(c *Config) *[]string { return &c.PasswordRE })},
	{name: "FSA_AUTHZ_GROUPS", set: names(func(c *Config) *[]string { return &c.AuthzGroups })},
	{name: "FSA_REJECT_UNEXPECTED_PARAM", set: negated(func(c *Config) *bool { return &c.NoRejectUnexpectedParam })},
	{name: "FSA_MAX_BODY", set: setMaxBody},
	{name: "FSA_CACHE", text: true, set: str(func(c *Config) *string { return &c.Cache })},
	{name: "FSA_CACHE_SIZE", set: integer(func(c *Config) *int { return &c.CacheSize })},
	{name: "FSA_CACHE_OPTS", set: setCacheOpts},
	{name: "FSA_ADD_HEADERS", set: setAddHeaders},
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

func str(at func(*Config) *string) func(*Config, any) error {
	return func(c *Config, v any) error {
		s, ok := v.(string)
		if !ok {
			return errors.New("must be a string")
		}
		if s == "" {
			return errors.New("must not be empty; leave it out to have its default")
		}
		*at(c) = s
		return nil
	}
}

func boolean(at func(*Config) *bool) func(*Config, any) error {
	return func(c *Config, v any) error {
		b, ok := v.(bool)
		if !ok {
			return errors.New("must be true or false")
		}
		*at(c) = b
		return nil
	}
}

// negated is for directives whose field says the opposite.
func negated(at func(*Config) *bool) func(*Config, any) error {
	set := boolean(at)
	return func(c *Config, v any) error {
		err := set(c, v)
		if err == nil {
			*at(c) = !*at(c)
		}
		return err
	}
}

func integer(at func(*Config) *int) func(*Config, any) error {
	return func(c *Config, v any) error {
		n, ok := v.(int64)
		if !ok || n < 0 || n > math.MaxInt32 {
			return errors.New("must be a non-negative integer")
		}
		*at(c) = int(n)
		return nil
	}
}

// list is for lists of strings; a string stands for the list of itself.
func list(at func(*Config) *[]string) func(*Config, any) error {
	return func(c *Config, v any) error {
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
	}
}

// names is for lists of names. What looks like a list without its quotes was
// meant as one: in the environment they are easily lost.
func names(at func(*Config) *[]string) func(*Config, any) error {
	set := list(at)
	return func(c *Config, v any) error {
		if s, ok := v.(string); ok && (s == "" || strings.ContainsAny(s, ",[] ")) {
			return errors.New(`must be a name, or a list as in ["one", "two"]`)
		}
		return set(c, v)
	}
}

// duration is for a number in the given unit, or text as of
// [time.ParseDuration].
func duration(unit time.Duration, at func(*Config) *time.Duration) func(*Config, any) error {
	name := map[time.Duration]string{time.Second: "seconds", time.Minute: "minutes"}[unit]
	bad := fmt.Errorf(`must be a number of %s, or a duration such as "90s" or "1h30m"`, name)
	return func(c *Config, v any) error {
		var d time.Duration
		switch v := v.(type) {
		case int64:
			if v < 0 || v > int64(math.MaxInt64/unit) {
				return bad
			}
			d = time.Duration(v) * unit
		case float64:
			if !(v >= 0 && v < float64(math.MaxInt64/unit)) {
				return bad
			}
			d = time.Duration(v * float64(unit))
		case string:
			var err error
			if d, err = time.ParseDuration(strings.TrimSpace(v)); err != nil || d < 0 {
				return bad
			}
		default:
			return bad
		}
		*at(c) = d
		return nil
	}
}

func setDelay(c *Config, v any) error {
	if err := duration(time.Minute, func(c *Config) *time.Duration { return &c.TokenDelay })(c, v); err != nil {
		return err
	}
	if c.TokenDelay == 0 {
		return errors.New("must be more than 0; tokens without a limit of their own are not supported")
	}
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
	if err := names(func(c *Config) *[]string { return &c.Auth })(c, v); err != nil {
		return err
	}
	if s, scalar := v.(string); scalar {
		c.Auth = []string{scalarMark + s}
	}
	return nil
}

func setAuthDefault(c *Config, v any) error {
	err := names(func(c *Config) *[]string { return &c.AuthDefault })(c, v)
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
	case "oauth", "token", "none":
		c.Auth = []string{scheme}
	default:
		c.Auth = []string{"token", scheme, "none"}
		if c.TokenType == "none" {
			c.Auth = c.Auth[1:]
		}
	}
}

func setSecret(c *Config, v any) error {
	var all []string
	if err := list(func(*Config) *[]string { return &all })(c, v); err != nil {
		return errors.New("must be a string or a list of strings")
	}
	c.TokenSecret = nil
	for _, s := range all {
		c.TokenSecret = append(c.TokenSecret, Secret(s))
	}
	return nil
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
	err := integer(func(c *Config) *int { return &c.PasswordLength })(c, v)
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
		if err := duration(time.Second, func(c *Config) *time.Duration { return &c.CacheTTL })(c, v); err != nil {
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
