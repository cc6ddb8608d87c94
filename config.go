package fsa

import (
	"fmt"
	"log/slog"
	"time"
)

// Secret is a string that must not be shown: it prints as ***, also inside a
// printed or logged struct. Its value is had by string(s).
type Secret string

// String hides the secret.
func (s Secret) String() string { return "***" }

// GoString hides the secret.
func (s Secret) GoString() string { return `fsa.Secret("***")` }

// Format hides the secret, whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) { f.Write([]byte("***")) }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Config holds the directives of an application, one field for each. The
// directive's name is in the field's comment; it is what stands in a file and in
// the environment.
//
// The zero Config holds the defaults, and the zero value of a field is its
// default. What a file switches off by false or 0 is a field here whose name
// begins with Insecure or No. [Load] fills a Config from a file and the
// environment; code may change it until [New] takes it.
type Config struct {
	// Mode (FSA_MODE) is prod, dev or debug, debug1 to debug4. Default prod.
	//
	// In dev and debug modes each answer carries the header fields FSA-Request
	// (method and path), FSA-User (the login and the scheme; "None (none)" if
	// nobody was found, "None (None)" if nobody was asked) and FSA-Delay
	// (seconds); a refused credential is told why, and a missing token secret
	// is replaced by a random one.
	Mode string

	// LoggingLevel (FSA_LOGGING_LEVEL) is the least level that is logged when
	// Logger is nil: debug, info, warn, error. Default info. Each request is a
	// line: at debug if it was a success, at info if it was refused, at error
	// if the server failed.
	LoggingLevel slog.Level

	// Logger takes the application's log. Default: text on standard error.
	// In tests, slog.New(slog.DiscardHandler) keeps it quiet.
	Logger *slog.Logger

	// InsecureTransport (FSA_SECURE = false) lets requests pass that come
	// neither over TLS nor from this machine, with their passwords and tokens
	// readable on the way.
	InsecureTransport bool

	// TrustedProxies (FSA_TRUSTED_PROXIES) lists the addresses, or networks in
	// CIDR form, of proxies that are believed when they say that a client
	// came over TLS, by X-Forwarded-Proto or Forwarded. They must set these
	// fields themselves, whatever the client has sent. Default none.
	TrustedProxies []string

	// TLSCert and TLSKey (FSA_TLS_CERT, FSA_TLS_KEY) name the PEM files with
	// which [App.Run] serves HTTPS. Default: HTTP.
	TLSCert, TLSKey string

	// ServerError (FSA_SERVER_ERROR) is the status of failures of hooks and
	// of the framework. Default 500.
	ServerError int

	// NotFoundError (FSA_NOT_FOUND_ERROR) is the status when an object
	// permission finds no object. Default 404.
	NotFoundError int

	// NoHandleAllErrors (FSA_HANDLE_ALL_ERRORS = false) leaves 404 and 405 of
	// the router as net/http answers them.
	NoHandleAllErrors bool

	// KeepUserErrors (FSA_KEEP_USER_ERRORS) lets a panic of a hook or a
	// handler reach the outer server, for tests.
	KeepUserErrors bool

	// ErrorResponse (FSA_ERROR_RESPONSE) is the form of error answers: plain,
	// json, json:KEY or problem (RFC 9457). Default plain.
	ErrorResponse string

	// Auth (FSA_AUTH) lists the authentication schemes in the order in which
	// they are tried: none, basic, param, password (basic and param), token.
	// It must be set. In a file or the environment, a single scheme that is
	// not in a list stands for itself between token and none.
	Auth []string

	// AuthDefault (FSA_AUTH_DEFAULT) lists the schemes of routes that do not
	// say. Default: all of Auth.
	AuthDefault []string

	// Realm (FSA_REALM) is the protection space of passwords and tokens.
	// Default: the name of the application.
	Realm string

	// ParamUser and ParamPass (FSA_PARAM_USER, FSA_PARAM_PASS) name the
	// parameters of scheme param. Default USER and PASS.
	ParamUser, ParamPass string

	// TokenType (FSA_TOKEN_TYPE) is fsa, jwt or none. Default fsa.
	TokenType string

	// TokenAlgo (FSA_TOKEN_ALGO) signs tokens: for fsa tokens hmac-sha256 or
	// blake2s, for JWTs HS256, HS384 or HS512. Default hmac-sha256, HS256.
	TokenAlgo string

	// TokenLength (FSA_TOKEN_LENGTH) is how many bytes of an fsa token's
	// signature are kept, at least 16. Default 32 for hmac-sha256, else 16.
	TokenLength int

	// InsecureTokenLength (FSA_INSECURE_TOKEN_LENGTH) replaces TokenLength
	// and may be under 16.
	InsecureTokenLength int

	// TokenCarrier (FSA_TOKEN_CARRIER) is where tokens are: bearer, that is
	// in the Authorization header field. Default bearer.
	TokenCarrier string

	// TokenName (FSA_TOKEN_NAME) is the name of the authorization scheme that
	// carries tokens. Default Bearer.
	TokenName string

	// TokenSecret (FSA_TOKEN_SECRET) holds the secrets of at least 32 bytes
	// that sign tokens: the first signs, all verify. Required in mode prod
	// when tokens are enabled; random otherwise.
	TokenSecret []Secret

	// TokenDelay (FSA_TOKEN_DELAY, in minutes or as "1h30m") is how long tokens are valid.
	// Default 1 h.
	TokenDelay time.Duration

	// TokenGrace (FSA_TOKEN_GRACE, in minutes or as "90s") is for how long after that
	// they are still accepted. Default 0.
	TokenGrace time.Duration

	// TokenIssuer (FSA_TOKEN_ISSUER) is written into tokens and demanded of
	// them. Default none.
	TokenIssuer string

	// PasswordScheme (FSA_PASSWORD_SCHEME) lists password hashes, argon2id
	// and bcrypt: the first makes new ones, any verifies. Or none: only the
	// hook of [App.PasswordCheck] decides. Default argon2id.
	PasswordScheme []string

	// PasswordOpts (FSA_PASSWORD_OPTS) are the parameters of new hashes:
	// memory (KiB), time and parallelism of argon2id, rounds of bcrypt.
	// Default 19456, 2 and 1; 12.
	PasswordOpts map[string]int

	// InsecurePasswordCost (FSA_INSECURE_PASSWORD_COST) allows PasswordOpts
	// that are quick to compute, and to guess, for tests.
	InsecurePasswordCost bool

	// PasswordLength (FSA_PASSWORD_LENGTH) is the least number of characters
	// of a new password. Default 8.
	PasswordLength int

	// NoPasswordLength (FSA_PASSWORD_LENGTH = 0) allows any length but none.
	NoPasswordLength bool

	// PasswordRE (FSA_PASSWORD_RE) lists regular expressions (RE2) that a new
	// password must match, all of them.
	PasswordRE []string

	// AuthzGroups (FSA_AUTHZ_GROUPS) declares the groups that only the hook
	// of [App.UserInGroup] knows.
	AuthzGroups []string

	// NoRejectUnexpectedParam (FSA_REJECT_UNEXPECTED_PARAM = false) ignores
	// parameters that the route does not declare.
	NoRejectUnexpectedParam bool

	// MaxBody (FSA_MAX_BODY, in bytes) is the size limit of request bodies.
	// Default 1 MiB.
	MaxBody int64

	// Cache (FSA_CACHE) keeps the answers of hooks in memory for a time
	// (ttl), or not at all (none). Default ttl.
	Cache string

	// CacheSize (FSA_CACHE_SIZE) is how many answers of each kind are kept.
	// Default 262144.
	CacheSize int

	// CacheTTL (FSA_CACHE_OPTS = {ttl = …}, in seconds or as "10m") is for how long an
	// answer is kept, and so how stale a decision can be. Default 600 s.
	CacheTTL time.Duration

	// AddHeaders (FSA_ADD_HEADERS) are header fields of each answer.
	AddHeaders map[string]string

	sources map[string]string // where each directive was set
	others  []other           // directives that are not ours
}

// other is a directive that a file or the environment sets and Config has no
// field for. Some other package may have registered it.
type other struct {
	name   string
	value  func() any // so that it is not printed: it may be a secret
	source string
}

// source says where a directive was set.
func (c *Config) source(directive string) string { return c.sources[directive] }
