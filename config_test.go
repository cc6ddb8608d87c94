package fsa_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// loadText loads a configuration from a text, called acme.toml.
func loadText(text string) (fsa.Config, error) {
	return fsa.LoadFS(fstest.MapFS{"acme.toml": {Data: []byte(text)}}, "acme.toml")
}

// sameConfig compares what code can see, and what secrets are.
func sameConfig(a, b fsa.Config) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(fsa.Config{}),
		cmp.Comparer(func(a, b fsa.Secret) bool { return string(a) == string(b) }))
}

// TestDirectives: each directive sets its field, from a file and from the
// environment.
func TestDirectives(t *testing.T) {
	for _, c := range []struct {
		name, value string
		env         string // how it may be written there, "" for the same
		want        fsa.Config
	}{
		{"FSA_MODE", `"dev"`, `dev`, fsa.Config{Mode: "dev"}},
		{"FSA_LOGGING_LEVEL", `"warn"`, `WARN`, fsa.Config{LoggingLevel: slog.LevelWarn}},
		{"FSA_SECURE", `false`, ``, fsa.Config{InsecureTransport: true}},
		{"FSA_TRUSTED_PROXIES", `["10.0.0.0/8", "::1"]`, ``, fsa.Config{TrustedProxies: []string{"10.0.0.0/8", "::1"}}},
		{"FSA_TLS_CERT", `"c.pem"`, `c.pem`, fsa.Config{TLSCert: "c.pem"}},
		{"FSA_TLS_KEY", `"k.pem"`, `k.pem`, fsa.Config{TLSKey: "k.pem"}},
		{"FSA_SERVER_ERROR", `518`, ``, fsa.Config{ServerError: 518}},
		{"FSA_NOT_FOUND_ERROR", `418`, ``, fsa.Config{NotFoundError: 418}},
		{"FSA_HANDLE_ALL_ERRORS", `false`, ``, fsa.Config{NoHandleAllErrors: true}},
		{"FSA_KEEP_USER_ERRORS", `true`, ``, fsa.Config{KeepUserErrors: true}},
		{"FSA_DEFAULT_CONTENT_TYPE", `"text/html"`, `text/html`, fsa.Config{DefaultContentType: "text/html"}},
		{"FSA_JSON_STREAMING", `false`, ``, fsa.Config{NoJSONStreaming: true}},
		{"FSA_JSON_ALLSTR", `true`, ``, fsa.Config{JSONAllStr: true}},
		{"FSA_ERROR_RESPONSE", `"json:error"`, `json:error`, fsa.Config{ErrorResponse: "json:error"}},
		{"FSA_AUTH", `["basic", "none"]`, ``, fsa.Config{Auth: []string{"basic", "none"}}},
		{"FSA_AUTH", `"basic"`, `basic`, fsa.Config{Auth: []string{"token", "basic", "none"}}},
		{"FSA_AUTH", `"none"`, `none`, fsa.Config{Auth: []string{"none"}}},
		{"FSA_AUTH", `"token"`, `token`, fsa.Config{Auth: []string{"token"}}},
		{"FSA_AUTH", `"http-token"`, `http-token`, fsa.Config{Auth: []string{"http-token"}}},
		{"FSA_AUTH", `"oauth"`, `oauth`, fsa.Config{Auth: []string{"oauth"}}},
		{"FSA_AUTH", `"password"`, `password`, fsa.Config{Auth: []string{"token", "password", "none"}}},
		{"FSA_AUTH", `"my-scheme"`, `my-scheme`, fsa.Config{Auth: []string{"token", "my-scheme", "none"}}},
		{"FSA_AUTH", `["token"]`, ``, fsa.Config{Auth: []string{"token"}}},
		{"FSA_FAKE_LOGIN", `"AS"`, `AS`, fsa.Config{FakeLogin: "AS"}},
		{"FSA_TOKEN_RENEWAL", `0.25`, ``, fsa.Config{TokenRenewal: 0.25}},
		{"FSA_TOKEN_RENEWAL", `1`, ``, fsa.Config{TokenRenewal: 1}},
		{"FSA_AUTH_DEFAULT", `"token"`, `token`, fsa.Config{AuthDefault: []string{"token"}}},
		{"FSA_REALM", `"r"`, `r`, fsa.Config{Realm: "r"}},
		{"FSA_REALM", `"true"`, `true`, fsa.Config{Realm: "true"}}, // literal, though it is TOML
		{"FSA_REALM", `" r"`, `" r"`, fsa.Config{Realm: " r"}},
		{"FSA_PARAM_USER", `"u"`, `u`, fsa.Config{ParamUser: "u"}},
		{"FSA_PARAM_PASS", `"p"`, `p`, fsa.Config{ParamPass: "p"}},
		{"FSA_TOKEN_TYPE", `"jwt"`, `jwt`, fsa.Config{TokenType: "jwt"}},
		{"FSA_TOKEN_ALGO", `"HS512"`, `HS512`, fsa.Config{TokenAlgo: "HS512"}},
		{"FSA_TOKEN_LENGTH", `20`, ``, fsa.Config{TokenLength: 20}},
		{"FSA_INSECURE_TOKEN_LENGTH", `8`, ``, fsa.Config{InsecureTokenLength: 8}},
		{"FSA_TOKEN_CARRIER", `"bearer"`, `bearer`, fsa.Config{TokenCarrier: "bearer"}},
		{"FSA_TOKEN_NAME", `"Token"`, `Token`, fsa.Config{TokenName: "Token"}},
		{"FSA_TOKEN_SECRET", `"one"`, `one`, fsa.Config{TokenSecret: []fsa.Secret{"one"}}},
		{"FSA_TOKEN_SECRET", `["one", "two"]`, ``, fsa.Config{TokenSecret: []fsa.Secret{"one", "two"}}},
		{"FSA_TOKEN_SECRET", `"{= #"`, `{= #`, fsa.Config{TokenSecret: []fsa.Secret{"{= #"}}},
		{"FSA_TOKEN_DELAY", `10`, ``, fsa.Config{TokenDelay: 10 * time.Minute}},
		{"FSA_TOKEN_DELAY", `0.5`, ``, fsa.Config{TokenDelay: 30 * time.Second}},
		{"FSA_TOKEN_DELAY", `"1h30m"`, `1h30m`, fsa.Config{TokenDelay: 90 * time.Minute}},
		{"FSA_TOKEN_DELAY", `0`, `0s`, fsa.Config{NoTokenDelay: true}},
		{"FSA_TOKEN_GRACE", `1`, ``, fsa.Config{TokenGrace: time.Minute}},
		{"FSA_TOKEN_ISSUER", `"me"`, `me`, fsa.Config{TokenIssuer: "me"}},
		{"FSA_PASSWORD_SCHEME", `["bcrypt", "argon2id"]`, ``, fsa.Config{PasswordScheme: []string{"bcrypt", "argon2id"}}},
		{"FSA_PASSWORD_OPTS", `{rounds = 13}`, ``, fsa.Config{PasswordOpts: map[string]int{"rounds": 13}}},
		{"FSA_INSECURE_PASSWORD_COST", `true`, ``, fsa.Config{InsecurePasswordCost: true}},
		{"FSA_PASSWORD_LENGTH", `12`, ``, fsa.Config{PasswordLength: 12}},
		{"FSA_PASSWORD_LENGTH", `0`, ``, fsa.Config{NoPasswordLength: true}},
		{"FSA_PASSWORD_RE", `["[A-Z]"]`, ``, fsa.Config{PasswordRE: []string{"[A-Z]"}}},
		{"FSA_LOGIN_THROTTLE", `"off"`, `off`, fsa.Config{InsecureNoLoginThrottle: true}},
		{"FSA_LOGIN_THROTTLE", `false`, ``, fsa.Config{InsecureNoLoginThrottle: true}},
		{"FSA_LOGIN_THROTTLE", `"on"`, `on`, fsa.Config{}},
		{"FSA_LOGIN_THROTTLE", `true`, ``, fsa.Config{}},
		{"FSA_LOGIN_THROTTLE", `{}`, ``, fsa.Config{}},
		{"FSA_LOGIN_THROTTLE", `{free = 3, delay = 2, max_delay = "30m", network_factor = 20}`, ``,
			fsa.Config{LoginThrottle: fsa.LoginThrottle{Free: 3, Delay: 2 * time.Second, MaxDelay: 30 * time.Minute, NetworkFactor: 20}}},
		{"FSA_AUTHZ_GROUPS", `["staff"]`, `staff`, fsa.Config{AuthzGroups: []string{"staff"}}},
		{"FSA_REJECT_UNEXPECTED_PARAM", `false`, ``, fsa.Config{NoRejectUnexpectedParam: true}},
		{"FSA_MAX_BODY", `1000`, ``, fsa.Config{MaxBody: 1000}},
		{"FSA_CACHE", `"none"`, `none`, fsa.Config{Cache: "none"}},
		{"FSA_CACHE_SIZE", `1000`, ``, fsa.Config{CacheSize: 1000}},
		{"FSA_CACHE_OPTS", `{ttl = 60}`, ``, fsa.Config{CacheTTL: time.Minute}},
		{"FSA_BASE_URL", `"https://www.example.com"`, `https://www.example.com`, fsa.Config{BaseURL: "https://www.example.com"}},
		{"FSA_CORS", `true`, ``, fsa.Config{CORS: true}},
		{"FSA_CORS_OPTS", `{}`, ``, fsa.Config{}},
		{"FSA_CORS_OPTS", `{origins = ["https://a.example"], methods = ["get", "POST"], allow_headers = "X-A", expose_headers = ["X-B", "X-C"], supports_credentials = true, max_age = 60, insecure_null_origin = true}`, ``,
			fsa.Config{CORSOpts: fsa.CORSOptions{Origins: []string{"https://a.example"}, Methods: []string{"GET", "POST"}, AllowHeaders: []string{"X-A"},
				ExposeHeaders: []string{"X-B", "X-C"}, SupportsCredentials: true, MaxAge: time.Minute, InsecureNullOrigin: true}}},
		{"FSA_CORS_OPTS", `{origins = "*", methods = "*", max_age = "1h"}`, ``, fsa.Config{CORSOpts: fsa.CORSOptions{Origins: []string{"*"}, MaxAge: time.Hour}}},
		{"FSA_401_REDIRECT", `"/login"`, `/login`, fsa.Config{Redirect401: "/login"}},
		{"FSA_URL_NAME", `"next"`, `next`, fsa.Config{URLName: "next"}},
		{"FSA_ADD_HEADERS", `{Application = "Acme"}`, ``, fsa.Config{AddHeaders: map[string]string{"Application": "Acme"}}},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			got, err := loadText(c.name + " = " + c.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := sameConfig(c.want, got); diff != "" {
				t.Errorf("from a file: %s", diff)
			}
			if c.env == "" {
				c.env = c.value
			}
			t.Setenv(c.name, c.env)
			if got, err = fsa.Load(""); err != nil {
				t.Fatal(err)
			}
			if diff := sameConfig(c.want, got); diff != "" {
				t.Errorf("from the environment: %s", diff)
			}
		})
	}
}

// TestEnvironmentWins: defaults < file < environment < code.
func TestEnvironmentWins(t *testing.T) {
	t.Setenv("FSA_REALM", "from environment")
	t.Setenv("FSA_TOKEN_TYPE", "none")
	cfg, err := loadText("FSA_REALM = \"from file\"\nFSA_AUTH = \"basic\"\nFSA_MODE = \"dev\"")
	if err != nil {
		t.Fatal(err)
	}
	want := fsa.Config{Realm: "from environment", TokenType: "none", Mode: "dev", Auth: []string{"basic", "none"}}
	if diff := sameConfig(want, cfg); diff != "" {
		t.Error(diff)
	}
}

// TestSettingFaults: a wrong setting says which directive, where it was set, and
// what to do.
func TestSettingFaults(t *testing.T) {
	const auth = "FSA_AUTH = [\"token\", \"basic\"]\nFSA_TOKEN_SECRET = \"" + string(benchSecret) + "\"\n"
	for _, c := range []struct {
		text string
		want []string // parts of the one fault
	}{
		{"FSA_MODE = 1", []string{"FSA_MODE (acme.toml:1): must be a string, not 1"}},
		{"\n\nFSA_SECURE = \"no\"", []string{`FSA_SECURE (acme.toml:3): must be true or false, not "no"`}},
		{"FSA_TOKEN_DELAY = -1", []string{"FSA_TOKEN_DELAY (acme.toml:1): must be a number of minutes, or a duration such as", "not -1"}},
		{"FSA_TOKEN_DELAY = nan", []string{"must be a number"}},
		{"FSA_AUTH = \"basic,none\"", []string{`FSA_AUTH (acme.toml:1): must be a name, or a list as in ["one", "two"], not "basic,none"`}},
		{"FSA_AUTH = \"\"", []string{`must be a name, or a list`}},
		{"# auth\nFSA_AUTH = \"none\"\n\nFSA_AUTH = \"basic\"", []string{"FSA_AUTH (acme.toml:4): is given twice, first in line 2"}},
		{"FSA_CACHE_OPTS = {ttl = \"10 s\"}", []string{`ttl in it must be a number of seconds`, `not "10 s"`}},
		{"FSA_AUTH = [1]", []string{"FSA_AUTH (acme.toml:1): must be a list of strings"}},
		{"FSA_PASSWORD_LENGTH = \"x\"", []string{"must be a non-negative integer"}},
		{"FSA_MAX_BODY = 0", []string{"must be a positive number of bytes"}},
		{"FSA_CACHE_OPTS = {tll = 1}", []string{`"tll" in it is not known`, "the only one is ttl"}},
		{"FSA_CACHE_OPTS = {ttl = 0}", []string{`set FSA_CACHE = "none"`}},
		{"FSA_LOGIN_THROTTLE = 5", []string{`FSA_LOGIN_THROTTLE (acme.toml:1): must be "off", or a table, as in {free = 5`, "not 5"}},
		{"FSA_LOGIN_THROTTLE = \"of\"", []string{`must be "off", or a table`, `not "of"`}},
		{"FSA_LOGIN_THROTTLE = {fre = 5}", []string{`"fre" in it is not known; it has free, delay, max_delay, network_factor`}},
		{"FSA_LOGIN_THROTTLE = {free = 0}", []string{"free in it must be a positive integer, not 0", `to have no throttle, set it to "off"`}},
		{"FSA_LOGIN_THROTTLE = {network_factor = 1.5}", []string{"network_factor in it must be a positive integer, not 1.5"}},
		{"FSA_LOGIN_THROTTLE = {delay = 0}", []string{"delay in it must be more than 0, not 0"}},
		{"FSA_LOGIN_THROTTLE = {max_delay = \"x\"}", []string{"max_delay in it must be a number of seconds", `not "x"`}},
		{"FSA_ADD_HEADERS = [1]", []string{"must be a table, as in {Application"}},
		{"FSA_TOKEN_SECRET = 12345", []string{"FSA_TOKEN_SECRET (acme.toml:1): must be a string or a list of strings"}},
		{"[FSA_ADD_HEADERS]\nA = \"b\"\nFSA_TOKEN_SECRET = \"s3cret\"", []string{"FSA_TOKEN_SECRET (acme.toml:1): stands inside the table FSA_ADD_HEADERS", "write it above"}},
		{"[FSA_CACHE_OPTS]\nttl = 1\nFSA_MODE = \"dev\"", []string{"FSA_MODE (acme.toml:1): stands inside the table FSA_CACHE_OPTS"}},
		{"FSA_LOGGING_LEVEL = \"loud\"", []string{"must be debug, info, warn or error"}},
		{"FSA_MODE = \"dev\"\nFSA_REALM = \"secret", []string{"acme.toml:2: not TOML, at column"}},
		{"FSA_TOKEN_SECRET_FILE = \"/nowhere/secret\"", []string{"FSA_TOKEN_SECRET_FILE (acme.toml:1): the file cannot be read"}},
		{"FSA_TOKEN_SECRET_FILE = \"x\"\nFSA_TOKEN_SECRET = \"y\"", []string{"FSA_TOKEN_SECRET is set too", "keep one"}},

		// Those that are found by app.Handler.
		{"", []string{"FSA_AUTH: is missing: nothing says how callers prove who they are", `add a line such as FSA_AUTH = ["token"`}},
		{"FSA_AUTH = [\"besic\"]", []string{`FSA_AUTH (acme.toml:1): unknown scheme "besic"`}},
		{auth + "FSA_MODE = \"production\"", []string{`FSA_MODE (acme.toml:3): unknown mode "production"`, "prod, dev"}},
		{auth + "FSA_ERROR_RESPONSE = \"xml\"", []string{`unknown format "xml"`, "plain, json, json:KEY or problem"}},
		{auth + "FSA_AUTH_DEFAULT = \"param\"", []string{`FSA_AUTH_DEFAULT (acme.toml:3): scheme "param" is not enabled`, "add it to FSA_AUTH"}},
		{auth + "FSA_TOKEN_TYPE = \"none\"", []string{`is none, but FSA_AUTH enables the scheme "token"`}},
		{auth + "FSA_TOKEN_TYPE = \"paseto\"", []string{`unknown type "paseto"`}},
		{auth + "FSA_TOKEN_DELAY = 0", []string{"FSA_TOKEN_DELAY (acme.toml:3): is 0 with a grace of under a second", "set FSA_TOKEN_GRACE"}},
		{auth + "FSA_TOKEN_DELAY = 0\nFSA_TOKEN_GRACE = \"999ms\"", []string{"FSA_TOKEN_DELAY (acme.toml:3): is 0 with a grace of under a second"}},
		{auth + "FSA_TOKEN_ALGO = \"md5\"", []string{`FSA_TOKEN_ALGO (acme.toml:3): algorithm "md5" is broken: write insecure-md5`}},
		{auth + "FSA_TOKEN_ALGO = \"sha3-256\"", []string{`FSA_TOKEN_ALGO (acme.toml:3): unknown algorithm "sha3-256"`, "write sha3_256"}},
		{auth + "FSA_TOKEN_ALGO = \"none\"", []string{`FSA_TOKEN_ALGO (acme.toml:3): unknown algorithm "none" for fsa tokens: there are blake2b, blake2s, hmac-sha256,`}},
		{auth + "FSA_TOKEN_TYPE = \"jwt\"\nFSA_TOKEN_ALGO = \"RS256\"", []string{"FSA_TOKEN_SIGN: is missing, and FSA_TOKEN_ALGO is RS256", "openssl genpkey"}},
		{auth + "FSA_TOKEN_TYPE = \"jwt\"\nFSA_TOKEN_LENGTH = 16", []string{"FSA_TOKEN_LENGTH (acme.toml:4): ", "for fsa tokens only"}},
		{"FSA_AUTH = \"token\"\nFSA_TOKEN_TYPE = \"jwt\"\nFSA_TOKEN_ALGO = \"HS512\"\nFSA_TOKEN_SECRET = \"0123456789abcdef0123456789abcdef0123456789abcdef01234567-s3cret\"",
			[]string{"FSA_TOKEN_SECRET (acme.toml:4): token secret is too short: number 1 of 1 has 63 bytes, at least 64", "/dev/urandom"}},
		{"FSA_AUTH = \"token\"\nFSA_TOKEN_SECRET = \"\"\"-----BEGIN PUBLIC KEY-----\ns3cret s3cret s3cret\n\"\"\"", []string{"FSA_TOKEN_SECRET (acme.toml:2): ", "is a key in PEM", "/dev/urandom"}},
		{auth + "FSA_TOKEN_LENGTH = 8", []string{"FSA_TOKEN_LENGTH (acme.toml:3): ", "FSA_INSECURE_TOKEN_LENGTH"}},
		{auth + "FSA_INSECURE_TOKEN_LENGTH = 33", []string{"FSA_INSECURE_TOKEN_LENGTH (acme.toml:3): token signature length 33 is not from 16 to 32"}},
		{auth + "FSA_TOKEN_CARRIER = \"url\"", []string{`FSA_TOKEN_CARRIER (acme.toml:3): "url" is not known`, "bearer, header, cookie or param"}},
		{auth + "FSA_TOKEN_NAME = \"a b\"", []string{`FSA_TOKEN_NAME (acme.toml:3): "a b" can't name an authorization scheme`}},
		{auth + "FSA_TOKEN_NAME = \"basic\"", []string{`"basic" is an authorization scheme of passwords`}},
		{auth + "FSA_TOKEN_CARRIER = \"header\"\nFSA_TOKEN_NAME = \"X_Auth\"", []string{`FSA_TOKEN_NAME (acme.toml:4): "X_Auth" can't name a header field that gets through proxies`}},
		{auth + "FSA_TOKEN_CARRIER = \"header\"\nFSA_TOKEN_NAME = \"authorization\"", []string{`"authorization" is a header field with a meaning of its own`}},
		{auth + "FSA_TOKEN_CARRIER = \"header\"\nFSA_TOKEN_NAME = \"sec-token\"", []string{`"sec-token" is a header field with a meaning of its own`}},
		{auth + "FSA_TOKEN_CARRIER = \"cookie\"\nFSA_TOKEN_NAME = \"__Host-auth\"", []string{`"__Host-auth" can't name the cookie`, "comes by itself"}},
		{auth + "FSA_TOKEN_CARRIER = \"cookie\"\nFSA_TOKEN_NAME = \"a;b\"", []string{`"a;b" can't name the cookie`}},
		{auth + "FSA_TOKEN_CARRIER = \"param\"\nFSA_TOKEN_NAME = \"é\"", []string{`"é" can't name a parameter`}},
		{"FSA_AUTH = [\"token\", \"param\"]\nFSA_TOKEN_SECRET = \"" + string(benchSecret) + "\"\nFSA_TOKEN_CARRIER = \"param\"\nFSA_TOKEN_NAME = \"PASS\"",
			[]string{`FSA_TOKEN_NAME (acme.toml:4): "PASS" is the name of another parameter with credentials`}},
		{auth + "FSA_TOKEN_RENEWAL = 2", []string{"FSA_TOKEN_RENEWAL (acme.toml:3): must be a number from 0 to 1, such as 0.25, not 2"}},
		{auth + "FSA_TOKEN_RENEWAL = nan", []string{"must be a number from 0 to 1"}},
		{auth + "FSA_TOKEN_RENEWAL = \"half\"", []string{"must be a number from 0 to 1"}},
		{auth + "FSA_TOKEN_RENEWAL = 0.5", []string{"FSA_TOKEN_RENEWAL (acme.toml:3): tokens are renewed in cookies only, and FSA_TOKEN_CARRIER is bearer"}},
		{"FSA_AUTH = [\"fake\"]", []string{`FSA_AUTH (acme.toml:1): the scheme "fake" lets anybody be anybody`, `FSA_MODE = "dev"`}},
		{"FSA_MODE = \"dev\"\nFSA_AUTH = [\"fake\", \"param\"]\nFSA_FAKE_LOGIN = \"USER\"", []string{"FSA_FAKE_LOGIN (acme.toml:3): is the same as FSA_PARAM_USER or FSA_PARAM_PASS"}},
		{"FSA_AUTH = [\"oauth\"]", []string{`FSA_AUTH (acme.toml:1): the scheme "oauth" takes the tokens of an issuer, and there is none`, "FSA_TOKEN_ISSUERS = [{issuer"}},
		{"FSA_AUTH = [\"basic\", \"http-digest\"]", []string{`the scheme "digest" is enabled, and nothing knows what it compares with`, "app.UserHA1"}},
		{auth + "FSA_TOKEN_ISSUER = \"a:b\"", []string{"FSA_TOKEN_ISSUER (acme.toml:3): "}},
		{"FSA_AUTH = \"token\"", []string{"FSA_TOKEN_SECRET: is missing, and mode prod has no default", "/dev/urandom"}},
		{"FSA_AUTH = \"token\"\nFSA_TOKEN_SECRET = \"short-s3cret\"", []string{"FSA_TOKEN_SECRET (acme.toml:2): secret 1 of 1 has 12 bytes, under 32"}},
		{"FSA_AUTH = \"token\"\nFSA_TOKEN_SECRET = \"\"", []string{"FSA_TOKEN_SECRET (acme.toml:2): secret 1 of 1 is empty"}},
		{auth + "FSA_PASSWORD_SCHEME = \"md5\"", []string{`FSA_PASSWORD_SCHEME (acme.toml:3): unknown password scheme "md5"`, "use argon2id, bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512"}},
		{auth + "FSA_PASSWORD_SCHEME = [\"argon2id\", \"pbkdf2_sha256\"]", []string{`FSA_PASSWORD_SCHEME (acme.toml:3): unknown password scheme "pbkdf2_sha256"`, "use pbkdf2-sha256"}},
		{auth + "FSA_PASSWORD_SCHEME = \"pbkdf2-sha1\"", []string{`FSA_PASSWORD_SCHEME (acme.toml:3): password scheme "pbkdf2-sha1" verifies old hashes and makes none`, "use another one first"}},
		{auth + "FSA_PASSWORD_SCHEME = [\"scrypt\", \"scrypt\"]", []string{`FSA_PASSWORD_SCHEME (acme.toml:3): password scheme "scrypt" is listed twice`}},
		{auth + "FSA_PASSWORD_SCHEME = \"insecure-plaintext\"", []string{`FSA_PASSWORD_SCHEME (acme.toml:3): password scheme "insecure-plaintext" keeps passwords readable`, "use argon2id"}},
		{auth + "FSA_PASSWORD_SCHEME = \"scrypt\"\nFSA_PASSWORD_OPTS = {rounds = 15}", []string{"FSA_PASSWORD_OPTS (acme.toml:4): scrypt: parallelism is 1", "use 3 or more with 15 rounds, or set FSA_INSECURE_PASSWORD_COST for tests"}},
		{auth + "FSA_PASSWORD_SCHEME = \"scrypt\"\nFSA_PASSWORD_OPTS = {rounds = 20}", []string{"FSA_PASSWORD_OPTS (acme.toml:4): scrypt: rounds is 20", "use at most 18"}},
		{auth + "FSA_PASSWORD_SCHEME = \"pbkdf2-sha256\"\nFSA_PASSWORD_OPTS = {rounds = 29000}", []string{"FSA_PASSWORD_OPTS (acme.toml:4): pbkdf2-sha256: rounds is 29000", "use 600000 or more, or set FSA_INSECURE_PASSWORD_COST for tests"}},
		{auth + "FSA_PASSWORD_SCHEME = \"pbkdf2-sha256\"\nFSA_PASSWORD_OPTS = {salt_size = 32}", []string{`FSA_PASSWORD_OPTS (acme.toml:4): pbkdf2-sha256 has no parameter "salt_size": it has rounds`}},
		{auth + "FSA_PASSWORD_OPTS = {memory = 8}", []string{"FSA_PASSWORD_OPTS (acme.toml:3): ", "memory is 8", "FSA_INSECURE_PASSWORD_COST"}},
		{auth + "FSA_PASSWORD_RE = [\"(\"]", []string{"FSA_PASSWORD_RE (acme.toml:3): ", "is not a regular expression", "missing closing )", "RE2"}},
		{auth + "FSA_CACHE = \"redis\"", []string{`FSA_CACHE (acme.toml:3): "redis" is not supported`}},
		{auth + "FSA_TRUSTED_PROXIES = [\"localhost\"]", []string{`FSA_TRUSTED_PROXIES (acme.toml:3): "localhost" is neither an address nor a network`}},
		{auth + "FSA_TRUSTED_PROXIES = [\"0.0.0.0/0\"]", []string{`"0.0.0.0/0" trusts everybody`}},
		{auth + "FSA_TRUSTED_PROXIES = [\"::ffff:10.0.0.0/104\"]", []string{"is IPv4 written as IPv6"}},
		{auth + "FSA_LOGIN_THROTTLE = {free = 21}", []string{"FSA_LOGIN_THROTTLE (acme.toml:3): free in it is 21; use 1 to 20 failures, or leave the default of 5"}},
		{auth + "FSA_LOGIN_THROTTLE = {delay = \"999ms\"}", []string{"delay in it is 999ms; use 1s or more"}},
		{auth + "FSA_LOGIN_THROTTLE = {max_delay = 59}", []string{"max_delay in it is 59s; use 1m0s to 24h0m0s"}},
		{auth + "FSA_LOGIN_THROTTLE = {max_delay = \"25h\"}", []string{"max_delay in it is 25h0m0s; use 1m0s to 24h0m0s"}},
		{auth + "FSA_LOGIN_THROTTLE = {delay = \"2m\", max_delay = \"1m\"}", []string{"delay in it is 2m0s, over the max_delay of 1m0s"}},
		{auth + "FSA_LOGIN_THROTTLE = {network_factor = 101}", []string{"network_factor in it is 101; use 1 to 100"}},
		{auth + "FSA_SERVER_ERROR = 404", []string{"404 is not the status of a server error"}},
		{auth + "FSA_TLS_CERT = \"c.pem\"", []string{"FSA_TLS_KEY: is missing", "go together"}},
		{auth + "FSA_PARAM_USER = \"PASS\"", []string{"FSA_PARAM_PASS: is the same as FSA_PARAM_USER"}},
		{auth + "FSA_REALM = \"é\"", []string{"FSA_REALM (acme.toml:3): holds a character that a challenge can't carry"}},
		{auth + "FSA_TOKEN_DELAI = 1", []string{"FSA_TOKEN_DELAI (acme.toml:3): unknown directive", "did you mean FSA_TOKEN_DELAY?"}},
		{auth + "fsa_mode = \"dev\"", []string{"did you mean FSA_MODE?"}},
		{auth + "MODE = \"dev\"", []string{"did you mean FSA_MODE?"}},
		{"FSA_AUTH = \"token\"\nFSA_MODE = \"develop\"", []string{`unknown mode "develop"`}},
		{auth + "FSA_AUHT = \"basic\"", []string{"did you mean FSA_AUTH?"}},
		{auth + "FSA_CACHE_PREFIX = \"acme.\"", []string{"FSA_CACHE_PREFIX (acme.toml:3): is not supported yet; remove it"}},
		{auth + "FSA_GET_USER_PASS = true", []string{"is a hook, which code sets, not a file; register the hook by app.UserPass"}},
		{auth + "FSA_LOCAL = true", []string{"has no meaning here; remove it"}},
		{auth + "SOMETHING = 1", []string{"SOMETHING (acme.toml:3): unknown directive", "app.Directive"}},
		{auth + "FSA_ADD_HEADERS = {\"a b\" = \"c\"}", []string{`"a b" is not a valid header field`}},
	} {
		t.Run(c.text, func(t *testing.T) {
			cfg, err := loadText(c.text)
			var got []string
			if err != nil {
				got = texts(t, err)
			} else {
				w := newWorld(t, cfg)
				fsa.Get(w, "/x", authz.Auth(), nothing)
				if got = faultsOf(t, w.App); len(got) == 2 && cfg.Auth == nil {
					got = got[:1] // a route without schemes is a fault of its own
				}
			}
			if len(got) != 1 || !contains(got[0], c.want...) {
				t.Errorf("the faults are %q, want one with %q", got, c.want)
			}
			if all := fmt.Sprint(got, err, cfg); strings.Contains(all, "s3cret") || strings.Contains(all, "12345") || strings.Contains(all, string(benchSecret)) {
				t.Errorf("the value of a secret is shown: %s", all)
			}
		})
	}
}

// TestAllSettingFaults: they come together, in the order of the file.
func TestAllSettingFaults(t *testing.T) {
	t.Setenv("FSA_CACHE_SIZE", "many")
	_, err := loadText("FSA_MODE = 1\nFSA_SECURE = 2\nFSA_REALM = 3\n")
	got := texts(t, err)
	if len(got) != 4 || !contains(got[0], "FSA_MODE") || !contains(got[2], "FSA_REALM") || !contains(got[3], `FSA_CACHE_SIZE (environment): `, `not "many"`) {
		t.Errorf("got %q", got)
	}
	if _, err := fsa.Load("/nowhere.toml"); err == nil || !contains(err.Error(), "/nowhere.toml", "cannot be read") {
		t.Errorf("a missing file is %v", err)
	}
}

// TestUnknownInEnvironment: a mistaken name is no silence there either.
func TestUnknownInEnvironment(t *testing.T) {
	t.Setenv("FSA_REALLM", "x")
	t.Setenv("FSA_ZEPHYR_BOXWOOD", "x")
	cfg, err := loadText("FSA_AUTH = \"none\"")
	if err != nil {
		t.Fatal(err)
	}
	app := fsa.New("acme", cfg)
	if got := faultsOf(t, app); len(got) != 2 || !contains(got[0], "FSA_REALLM (environment): unknown directive", "did you mean FSA_REALM?") ||
		!contains(got[1], "FSA_ZEPHYR_BOXWOOD (environment): unknown directive; remove it, or declare it by app.Directive") { // nothing is like it
		t.Errorf("got %q", got)
	}
}

// TestSecretFile: a secret may be in a file of its own, beside the configuration.
func TestSecretFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("secret", string(benchSecret)+"\n")
	cfg, err := fsa.Load(write("acme.toml", `FSA_TOKEN_SECRET_FILE = "secret"`))
	if err != nil || len(cfg.TokenSecret) != 1 || cfg.TokenSecret[0] != benchSecret {
		t.Errorf("from a file: %v, %v", len(cfg.TokenSecret), err)
	}
	t.Setenv("FSA_TOKEN_SECRET_FILE", filepath.Join(dir, "secret"))
	cfg, err = fsa.Load("")
	if err != nil || len(cfg.TokenSecret) != 1 || cfg.TokenSecret[0] != benchSecret {
		t.Errorf("from the environment: %v, %v", len(cfg.TokenSecret), err)
	}
}

// TestSecretsAreNotShown: whatever prints a configuration. S70.
func TestSecretsAreNotShown(t *testing.T) {
	cfg := fsa.Config{TokenSecret: []fsa.Secret{"s3cret"}}
	log := &logBuffer{}
	slog.New(slog.NewTextHandler(log, nil)).Info("text", "cfg", cfg, "secret", cfg.TokenSecret[0])
	slog.New(slog.NewJSONHandler(log, nil)).Info("json", "cfg", cfg, "secret", cfg.TokenSecret[0])
	shown := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %d", cfg, cfg, cfg, cfg.TokenSecret, cfg.TokenSecret, cfg.TokenSecret, cfg.TokenSecret)
	for _, leak := range []string{"s3cret", fmt.Sprintf("%x", "s3cret")} {
		if strings.Contains(shown, leak) {
			t.Errorf("the secret is shown: %s", shown)
		}
	}
}

// TestDirective: another package's directive, from wherever it is set.
func TestDirective(t *testing.T) {
	t.Setenv("FSA_OTHER_COUNT", "7")
	cfg, err := loadText("FSA_AUTH = \"none\"\nOTHER_NAME = \"x\"\nOTHER_LIST = [\"a\", \"b\"]\nOTHER_ON = true\nOTHER_RATIO = 2\nOTHER_SECRET = \"s3cret\"")
	if err != nil {
		t.Fatal(err)
	}
	app := fsa.New("acme", cfg)
	var o struct {
		name   string
		list   []string
		on     bool
		count  int
		ratio  float64
		unset  string
		secret fsa.Secret
	}
	o.unset = "as it was"
	app.Directive("OTHER_NAME", &o.name)
	app.Directive("OTHER_LIST", &o.list)
	app.Directive("OTHER_ON", &o.on)
	app.Directive("FSA_OTHER_COUNT", &o.count)
	app.Directive("OTHER_RATIO", &o.ratio)
	app.Directive("OTHER_UNSET", &o.unset)
	app.Directive("OTHER_SECRET", &o.secret)
	if got := faultsOf(t, app); got != nil {
		t.Errorf("faults: %q", got)
	}
	if o.name != "x" || len(o.list) != 2 || !o.on || o.count != 7 || o.ratio != 2 || o.unset != "as it was" || o.secret != "s3cret" {
		t.Errorf("got %+v", o)
	}
	app = fsa.New("acme", cfg)
	var wrong int
	app.Directive("OTHER_NAME", &wrong)
	app.Directive("OTHER_LIST", &wrong)
	app.Directive("OTHER_ON", &wrong)
	app.Directive("FSA_OTHER_COUNT", wrong)
	app.Directive("OTHER_RATIO", &wrong)
	app.Directive("OTHER_SECRET", &wrong)
	if got := faultsOf(t, app); len(got) != 5 || !contains(got[0], "OTHER_NAME (acme.toml:2): must be an integer; write it as OTHER_NAME = 10") {
		t.Errorf("faults: %q", got)
	}
}

// TestDirectiveTypes is the table of what fits which target, and of what is said of the
// rest.
func TestDirectiveTypes(t *testing.T) {
	type word string
	for _, c := range []struct {
		text   string
		target any // a pointer
		want   any // of it, or what the start says
		fits   bool
	}{
		{`"90s"`, new(time.Duration), 90 * time.Second, true},
		{`"1h30m"`, new(time.Duration), 90 * time.Minute, true},
		{`90`, new(time.Duration), 90 * time.Second, true},
		{`0.5`, new(time.Duration), 500 * time.Millisecond, true},
		{`0`, new(time.Duration), time.Duration(0), true},
		{`-1`, new(time.Duration), `must be a number of seconds, or a duration such as "90s" or "1h30m"; write it as OTHER = "90s", or 90 (seconds)`, false},
		{`"-1s"`, new(time.Duration), "must be a number of seconds", false},
		{`"90"`, new(time.Duration), "must be a number of seconds", false},
		{`true`, new(time.Duration), "must be a number of seconds", false},
		{`["90s"]`, new(time.Duration), "must be a number of seconds", false},
		{`9223372036854775807`, new(time.Duration), "must be a number of seconds", false},
		{`1e300`, new(time.Duration), "must be a number of seconds", false},
		{`"x"`, new(string), "x", true},
		{`"x"`, new(word), word("x"), true},
		{`"x"`, new(fsa.Secret), fsa.Secret("x"), true},
		{`7`, new(string), `must be a string; write it as OTHER = "text"`, false},
		{`["s3cret"]`, new(fsa.Secret), "must be a string", false},
		{`false`, new(bool), false, true},
		{`"true"`, new(bool), "must be true or false; write it as OTHER = true", false},
		{`7`, new(int), 7, true},
		{`-7`, new(int8), int8(-7), true},
		{`300`, new(int8), "is out of the range of int8; write it as OTHER = 10", false},
		{`7.5`, new(int), "must be an integer; write it as OTHER = 10", false},
		{`7`, new(float64), 7.0, true},
		{`0.5`, new(float64), 0.5, true},
		{`"0.5"`, new(float64), "must be a number; write it as OTHER = 0.5", false},
		{`["a", "b"]`, new([]string), []string{"a", "b"}, true},
		{`[]`, new([]string), []string{}, true},
		{`"a"`, new([]string), []string{"a"}, true},
		{`["a", 1]`, new([]string), `must be a list of strings; write it as OTHER = ["one", "two"]`, false},
		{`true`, new([]string), "must be a list of strings", false},
		{`["a"]`, new(string), "must be a string", false},
		{`{a = 1}`, new(string), "must be a string", false},
		{`1`, new(uint), "app.Directive can't store a value in a *uint; give a pointer to a string", false},
		{`[1]`, new([]int), "app.Directive can't store a value in a *[]int", false},
		{`1`, 1, "app.Directive can't store a value in a int", false},
		{`1`, nil, "app.Directive can't store a value in a <nil>", false},
		{`1`, (*int)(nil), "app.Directive can't store a value in a *int", false},
	} {
		cfg, err := loadText("FSA_AUTH = \"none\"\nOTHER = " + c.text)
		if err != nil {
			t.Fatal(err)
		}
		app := fsa.New("acme", cfg)
		app.Directive("OTHER", c.target)
		got := faultsOf(t, app)
		if c.fits {
			if v := reflect.ValueOf(c.target).Elem().Interface(); len(got) > 0 || !reflect.DeepEqual(v, c.want) {
				t.Errorf("%s into %T: %v %q", c.text, c.target, v, got)
			}
			continue
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], "OTHER (") || !strings.Contains(got[0], ": "+c.want.(string)) || strings.Contains(got[0], "s3cret") {
			t.Errorf("%s into %T: %q, want %s", c.text, c.target, got, c.want)
		}
		if v := reflect.ValueOf(c.target); v.Kind() == reflect.Pointer && !v.IsNil() && !v.Elem().IsZero() {
			t.Errorf("%s into %T: it is %v all the same", c.text, c.target, v.Elem())
		}
	}
	// What can't be stored is a fault, though nothing is set.
	app := fsa.New("acme", fsa.Config{Auth: []string{"none"}})
	app.Directive("OTHER", new(chan int))
	if got := faultsOf(t, app); len(got) != 1 || !contains(got[0], "OTHER (", "config_test.go:", "app.Directive can't store a value in a *chan int") {
		t.Errorf("%q", got)
	}
	// A duration is listed as it is written.
	wait := 90 * time.Second
	app = fsa.New("acme", fsa.Config{Auth: []string{"none"}})
	app.Directive("OTHER", &wait)
	for _, d := range app.Directives() {
		if d.Name == "OTHER" && d.Text() != `"90s"` && d.Text() != `"1m30s"` {
			t.Error(d.Text())
		}
	}
}

// FuzzLoad: whatever a file holds, loading it ends in a configuration or in an
// error, and a configuration that loads can be made an application of.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"", "FSA_AUTH = \"basic\"", "FSA_MODE = \"dev\"\nFSA_AUTH=[\"token\"]", "[FSA_CACHE_OPTS]\nttl = 1", "FSA_ADD_HEADERS.A = \"b\"",
		"FSA_TOKEN_DELAY = 1e300", "FSA_TOKEN_DELAY = \"-1h\"", "FSA_PASSWORD_RE = [\"(\"]", "FSA_AUTH = \"\x00\"", "a = 1\na = 2", "FSA_CACHE_SIZE = 9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := loadText(text)
		if err != nil {
			texts(t, err)
			return
		}
		cfg.Logger = slog.New(slog.DiscardHandler)
		app := fsa.New("acme", cfg)
		fsa.Get(app, "/x", authz.Open(), nothing, fsa.Authn("none"))
		faultsOf(t, app)
	})
}
