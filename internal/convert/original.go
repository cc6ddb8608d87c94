package convert

import (
	"fmt"
	"slices"
	"strings"
)

// original is what a directive of the original means, where that is not the same here.
// The zero value is one whose values are the same.
type original struct {
	secret bool

	// none is what None means; nil is the default, for which nothing is written.
	none any

	// hook says what to do if the value is code, where it can also be a value. (Where
	// it can only be code, package fsa says it.)
	hook string

	// partial says what to do with a key of a dict whose value is code.
	partial func(it *item, key string, u unknown)

	// translate changes it.settings, which has the value as it is.
	translate func(c *converter, it *item, value any)
}

// originals are the directives of the original that take a value.
var originals = map[string]original{
	"FSA_MODE":                    {},
	"FSA_LOGGING_LEVEL":           {translate: loggingLevel},
	"FSA_SECURE":                  {translate: secure},
	"FSA_SERVER_ERROR":            {},
	"FSA_NOT_FOUND_ERROR":         {},
	"FSA_HANDLE_ALL_ERRORS":       {},
	"FSA_KEEP_USER_ERRORS":        {},
	"FSA_ERROR_RESPONSE":          {hook: "is code here, too: register the hook by app.ErrorResponse"},
	"FSA_AUTH":                    {},
	"FSA_AUTH_DEFAULT":            {},
	"FSA_REALM":                   {},
	"FSA_FAKE_LOGIN":              {},
	"FSA_PARAM_USER":              {},
	"FSA_PARAM_PASS":              {},
	"FSA_TOKEN_TYPE":              {none: "none"},
	"FSA_TOKEN_ALGO":              {translate: tokenAlgo},
	"FSA_TOKEN_LENGTH":            {translate: tokenLength},
	"FSA_TOKEN_CARRIER":           {translate: tokenCarrier},
	"FSA_TOKEN_NAME":              {},
	"FSA_TOKEN_SECRET":            {secret: true, translate: tokenSecret},
	"FSA_TOKEN_SIGN":              {secret: true, translate: tokenSign},
	"FSA_TOKEN_DELAY":             {},
	"FSA_TOKEN_GRACE":             {},
	"FSA_TOKEN_RENEWAL":           {},
	"FSA_TOKEN_ISSUER":            {},
	"FSA_PASSWORD_SCHEME":         {none: "none", translate: passwordScheme},
	"FSA_PASSWORD_OPTS":           {translate: passwordOpts},
	"FSA_PASSWORD_LENGTH":         {},
	"FSA_PASSWORD_RE":             {},
	"FSA_HTTP_AUTH_OPTS":          {translate: httpAuthOpts},
	"FSA_AUTHZ_GROUPS":            {translate: groups},
	"FSA_AUTHZ_SCOPES":            {},
	"FSA_REJECT_UNEXPECTED_PARAM": {},
	"FSA_DEFAULT_CONTENT_TYPE":    {},
	"FSA_JSON_STREAMING":          {},
	"FSA_JSON_ALLSTR":             {},
	"FSA_CACHE":                   {none: "none", hook: "was an object: write the name of a kind of cache"},
	"FSA_CACHE_SIZE":              {},
	"FSA_CACHE_OPTS":              {},
	"FSA_CACHED_OPTS":             {},
	"FSA_CACHE_PREFIX":            {},
	"FSA_401_REDIRECT":            {},
	"FSA_URL_NAME":                {},
	"FSA_CORS":                    {},
	"FSA_CORS_OPTS":               {translate: corsOpts},
	"FSA_ADD_HEADERS":             {partial: addHeader},
	maxContentLength:              {translate: maxBody},
}

// maxContentLength is the one setting of Flask that FSA has a directive for.
const maxContentLength = "MAX_CONTENT_LENGTH"

func maxBody(_ *converter, it *item, _ any) {
	it.settings[0].name = "FSA_MAX_BODY"
	it.note("%s is FSA_MAX_BODY here", it.name)
}

func (it *item) drop() { it.settings = nil }

func loggingLevel(_ *converter, it *item, value any) {
	n, ok := value.(int64)
	if !ok {
		return
	}
	level := "error"
	switch {
	case n <= 10:
		level = "debug"
	case n <= 20:
		level = "info"
	case n <= 30:
		level = "warn"
	}
	it.settings[0].value = level
}

func secure(_ *converter, it *item, value any) {
	if value == false {
		it.note("FSA_SECURE = false lets everybody in without TLS. Behind a proxy, leave it out, and list the proxy in FSA_TRUSTED_PROXIES")
	}
}

// asymmetric reports whether an algorithm signs with a private key.
func asymmetric(algo any) bool {
	s, _ := algo.(string)
	return slices.ContainsFunc([]string{"RS", "PS", "ES", "Ed"}, func(p string) bool { return strings.HasPrefix(s, p) })
}

func tokenAlgo(_ *converter, it *item, value any) {
	switch value {
	case "md5", "sha1":
		it.settings[0].value = "insecure-" + value.(string)
		it.note("FSA_TOKEN_ALGO: %s is broken, and so is spelt insecure-%[1]s here", value)
	case "none":
		it.drop()
		it.note("FSA_TOKEN_ALGO was none, by which everybody can make tokens: there is no such algorithm here")
	}
}

func tokenLength(_ *converter, it *item, value any) {
	if n, ok := value.(int64); ok && n < 16 {
		it.settings[0].name = "FSA_INSECURE_TOKEN_LENGTH"
		it.note("FSA_TOKEN_LENGTH of under 16 can be guessed, if enough tries are allowed, and so is spelt FSA_INSECURE_TOKEN_LENGTH here")
	}
}

func tokenCarrier(_ *converter, it *item, value any) {
	if value == "cookie" {
		it.note("FSA_TOKEN_CARRIER: the cookie's name has the prefix __Host- here, which keeps other hosts from setting it")
	}
}

// tokenSecret: with key pairs, the public key is the secret there; here it follows from
// the private one.
func tokenSecret(c *converter, it *item, _ any) {
	if asymmetric(c.value("FSA_TOKEN_ALGO")) {
		it.drop()
		it.notes = []string{"FSA_TOKEN_SECRET was the public key: it is left out, since it follows from FSA_TOKEN_SIGN (to take the tokens that others sign, see FSA_TOKEN_ISSUERS)"}
	}
}

func tokenSign(c *converter, it *item, _ any) {
	if !asymmetric(c.value("FSA_TOKEN_ALGO")) {
		it.drop()
		it.notes = []string{"FSA_TOKEN_SIGN is left out: FSA_TOKEN_ALGO does not sign with a private key"}
	}
}

// passwordSchemes are those whose names differ, by their names in passlib and in the
// original's own providers.
var passwordSchemes = map[string]string{
	"argon2":            "argon2id",
	"pbkdf2_sha1":       "pbkdf2-sha1",
	"pbkdf2":            "pbkdf2-sha1",
	"pbkdf2_sha256":     "pbkdf2-sha256",
	"pbkdf2_sha512":     "pbkdf2-sha512",
	"sha1_crypt":        "sha1-crypt",
	"sha256_crypt":      "sha256-crypt",
	"sha512_crypt":      "sha512-crypt",
	"md5_crypt":         "insecure-md5-crypt",
	"apr_md5_crypt":     "insecure-md5-crypt",
	"bcrypt_sha256":     "bcrypt-sha256",
	"ldap_salted_sha1":  "insecure-ssha",
	"ldap_sha1":         "insecure-sha",
	"ldap_pbkdf2_sha1":  "ldap-pbkdf2",
	"ldap_sha256_crypt": "ldap-crypt",
	"plaintext":         "insecure-plaintext",
	"a85":               "insecure-a85",
	"b64":               "insecure-b64",
	"otp":               "insecure-otp",
}

// current are the schemes that make new hashes here.
var current = []string{"argon2id", "bcrypt", "scrypt", "pbkdf2-sha256", "pbkdf2-sha512"}

func passwordScheme(_ *converter, it *item, value any) {
	all, isList := value.([]any)
	if !isList {
		all = []any{value}
	}
	if len(all) == 0 {
		return
	}
	names := make([]any, len(all))
	legacy := false
	for i, v := range all {
		s, ok := v.(string)
		if !ok {
			return
		}
		if name, ok := passwordSchemes[s]; ok {
			s = name
		}
		names[i] = s
		legacy = legacy || s != "none" && s != "pbkdf2-sha1" && !slices.Contains(current, s)
	}
	if first := names[0]; first != "none" && !slices.Contains(current, first.(string)) {
		names = append([]any{"argon2id"}, names...)
		it.note("FSA_PASSWORD_SCHEME: %s makes no new hashes here, argon2id does; what there is still verifies, and becomes argon2id as users log in, with a hook of app.PasswordRehash", first)
	}
	if legacy {
		it.note("FSA_PASSWORD_SCHEME: hashes of other programs need code: cfg.PasswordLegacy = legacyhash.All(), of package password/legacyhash")
	}
	if len(names) == 1 && !isList {
		it.settings[0].value = names[0]
		return
	}
	it.settings[0].value = names
}

// passwordOptions are the options of passlib that are there for a scheme, by our names.
var passwordOptions = map[string]map[string]string{
	"argon2id":      {"memory_cost": "memory", "time_cost": "time", "parallelism": "parallelism"},
	"bcrypt":        {"rounds": "rounds"},
	"scrypt":        {"rounds": "rounds", "block_size": "block_size", "parallelism": "parallelism"},
	"pbkdf2-sha256": {"rounds": "rounds"},
	"pbkdf2-sha512": {"rounds": "rounds"},
}

// leastRounds is under which bcrypt is too quick here.
const leastRounds = 10

func passwordOpts(c *converter, it *item, value any) {
	t, ok := value.(table)
	if !ok {
		return
	}
	scheme, given := "bcrypt", c.value("FSA_PASSWORD_SCHEME") // the original's default
	switch v := given.(type) {
	case string:
		scheme = v
	case []any:
		if len(v) > 0 {
			scheme, _ = v[0].(string)
		}
	}
	if name, ok := passwordSchemes[scheme]; ok {
		scheme = name // the scheme stands below
	}
	var rest table
	for _, e := range t {
		name := passwordOptions[scheme][e.key]
		n, _ := e.value.(int64)
		switch {
		case name == "":
			it.note("FSA_PASSWORD_OPTS: %q is not an option of %s here", e.key, scheme)
		case scheme == "bcrypt" && n < leastRounds:
			it.note("FSA_PASSWORD_OPTS: %d rounds are too few, hashes are guessed quickly: the default of 12 is used", n)
		default:
			rest = append(rest, entry{name, e.value})
		}
	}
	if it.settings[0].value = rest; len(rest) == 0 {
		it.drop()
	} else if given == nil && !c.later("FSA_PASSWORD_SCHEME") {
		it.settings = append(it.settings, setting{name: "FSA_PASSWORD_SCHEME", value: "bcrypt"})
		it.note("FSA_PASSWORD_SCHEME: bcrypt was the default, which these options are for; it is argon2id here")
	}
}

// corsOptions are those of Flask-CORS that are there.
var corsOptions = []string{"origins", "methods", "allow_headers", "expose_headers", "supports_credentials", "max_age"}

func corsOpts(_ *converter, it *item, value any) {
	t, ok := value.(table)
	if !ok {
		return
	}
	var rest table
	for _, e := range t {
		key := strings.TrimPrefix(strings.ToLower(e.key), "cors_")
		if !slices.Contains(corsOptions, key) {
			it.note("FSA_CORS_OPTS: %q is not there: a path has CORS as FSA_CORS says, and Vary is right by itself", e.key)
			continue
		}
		rest = append(rest, entry{key, e.value})
	}
	if it.settings[0].value = rest; len(rest) == 0 {
		it.drop()
	}
}

// httpAuthOpts: what Flask-HTTPAuth takes has nothing in common with what there is.
func httpAuthOpts(_ *converter, it *item, value any) {
	it.drop()
	if t, ok := value.(table); !ok || len(t) > 0 {
		it.note("FSA_HTTP_AUTH_OPTS is left out: the options of Flask-HTTPAuth are not there; digest has algorithms and nonce_life")
	}
}

// groups: those that are numbers are their decimal text here.
func groups(_ *converter, it *item, value any) {
	all, ok := value.([]any)
	if !ok {
		return
	}
	names := make([]any, len(all))
	for i, g := range all {
		if names[i] = g; fmt.Sprintf("%T", g) == "int64" {
			names[i] = fmt.Sprint(g)
		}
	}
	it.settings[0].value = names
}

func addHeader(it *item, key string, _ unknown) {
	it.note("FSA_ADD_HEADERS: the value of %s is code here, too: register it by app.AddHeaderFunc", comment(key))
}

// later reports whether the file has a directive anywhere.
func (c *converter) later(name string) bool { return slices.Contains(c.names, name) }

// absent says what the original did without a directive and FSA does otherwise.
func (c *converter) absent() {
	it := &item{}
	tell := func(name, format string, args ...any) {
		if !c.later(name) {
			it.note(name+" is not set. "+format, args...)
		}
	}
	tell("FSA_AUTH", `The original has ["httpd"] then; here it must be set, in this file, in the environment or by code`)
	if c.enables("basic", "param", "password", "digest") {
		tell("FSA_PASSWORD_LENGTH", "New passwords have at least 8 characters here, any number there; FSA_PASSWORD_LENGTH = 0 is as there")
		tell("FSA_PASSWORD_SCHEME", "New hashes are argon2id here, bcrypt there; those that there are verify")
	}
	if jwt := c.value("FSA_TOKEN_TYPE"); c.enables("token") && jwt != "jwt" && jwt != "none" {
		tell("FSA_TOKEN_ALGO", `New tokens are signed by hmac-sha256 here; FSA_TOKEN_ALGO = "blake2s" makes and takes those of the original`)
	}
	if c.enables("token", "oauth") && !c.later("FSA_TOKEN_SIGN") {
		tell("FSA_TOKEN_SECRET", "In mode prod, give it in the environment, or in a file that FSA_TOKEN_SECRET_FILE names")
	}
	if len(it.notes) > 0 {
		c.items = append(c.items, &item{comments: []string{""}}, it)
	}
}
