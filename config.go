package fsa

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/password"
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
	// is replaced by a random one. The debug modes trace in the log how each
	// decision came about, from the schemes that were tried (debug) to the
	// names of header fields (debug4); never a secret.
	Mode string

	// LoggingLevel (FSA_LOGGING_LEVEL) is the least level that is logged when
	// Logger is nil: debug, info, warn, error. Default info. Each request is a
	// line: at debug if it was a success, at info if it was refused, at error
	// if the server failed. In the debug modes the level is debug at most.
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
	// came over TLS, by X-Forwarded-Proto or Forwarded, from which address, by
	// X-Forwarded-For or Forwarded, and under which id, by X-Request-Id (see
	// [RequestID]). They must set the first and the last, and add to the
	// second, themselves, whatever the client has sent. Default none.
	TrustedProxies []string

	// BaseURL (FSA_BASE_URL) is the application's own address for browsers:
	// scheme, host and port, as in "https://www.example.com". It must be https,
	// but for an application of this machine or with InsecureTransport. Pages of
	// it are trusted, whatever Host a proxy makes of it. Default none.
	BaseURL string

	// TLSCert and TLSKey (FSA_TLS_CERT, FSA_TLS_KEY) name the PEM files with
	// which [App.Run] serves HTTPS. Default none, that is HTTP.
	TLSCert, TLSKey string

	// ServerError (FSA_SERVER_ERROR) is the status of failures of hooks and
	// of the framework. Default 500.
	ServerError int

	// NotFoundError (FSA_NOT_FOUND_ERROR) is the status when an object
	// permission finds no object. Default 404.
	NotFoundError int

	// NoHandleAllErrors (FSA_HANDLE_ALL_ERRORS = false) gives 404 and 405 of
	// the router the texts of net/http.
	NoHandleAllErrors bool

	// KeepUserErrors (FSA_KEEP_USER_ERRORS) lets a panic of a hook or a
	// handler reach the outer server, for tests.
	KeepUserErrors bool

	// ErrorResponse (FSA_ERROR_RESPONSE) is the form of error answers: plain,
	// json, json:KEY or problem (RFC 9457). Default plain.
	ErrorResponse string

	// Auth (FSA_AUTH) lists the authentication schemes in the order in which
	// they are tried: none, httpd, basic, digest, param, password (basic and
	// param), token, oauth, apikey, mtls, fake, and those of [App.Authentication]. It must be set. In a file or
	// the environment, a single scheme that is not in a list stands for itself
	// between token and none; oauth, token and none stand alone.
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

	// FakeLogin (FSA_FAKE_LOGIN) names the parameter of scheme fake, which is
	// for modes dev and debug. Default LOGIN.
	FakeLogin string

	// HTTPDUserHeader (FSA_HTTPD_USER_HEADER) names the header field in which a
	// proxy of TrustedProxies says who is calling, for scheme httpd. The proxy
	// must set or remove it on each request, whatever the client has sent.
	// Default X-Remote-User.
	HTTPDUserHeader string

	// HTTPAuthOpts (FSA_HTTP_AUTH_OPTS = {algorithms = ["SHA-256"], nonce_life =
	// "2m"}) are the options of scheme digest.
	HTTPAuthOpts HTTPAuthOpts

	// APIKeyHeader (FSA_APIKEY_HEADER) names the header field in which keys of
	// scheme apikey may come, besides Authorization: Bearer. Default X-API-Key.
	APIKeyHeader string

	// TLSClientCA (FSA_TLS_CLIENT_CA) names a PEM file with the authorities
	// whose certificates clients prove themselves by, for scheme mtls.
	TLSClientCA string

	// MTLSUser (FSA_MTLS_USER) is the part of a certificate that is the login:
	// cn (the common name), email or uri (the only one of its alternative
	// names). Default cn.
	MTLSUser string

	// TokenType (FSA_TOKEN_TYPE) is fsa, jwt or none. Default fsa.
	TokenType string

	// TokenAlgo (FSA_TOKEN_ALGO) signs tokens. For fsa tokens it is
	// hmac-sha256, or a hash that the Python original takes, by its name
	// there: blake2s (the default there), blake2b, sha224, sha256, sha384,
	// sha512, sha512_224, sha512_256, sha3_224, sha3_256, sha3_384, sha3_512.
	// What md5 and sha1 are there is insecure-md5 and insecure-sha1 here.
	// [token.FSA] tells why hmac-sha256 is better. For JWTs it is HS256,
	// HS384 or HS512, or, with TokenSign, RS256, RS384, RS512, PS256, PS384,
	// PS512, ES256, ES384, ES512 or EdDSA. Default hmac-sha256, HS256, that of the
	// key (RS256 of an RSA key).
	TokenAlgo string

	// TokenLength (FSA_TOKEN_LENGTH) is how many bytes of an fsa token's
	// signature are kept, at least 16. Default 32 for hmac-sha256, else 16.
	TokenLength int

	// InsecureTokenLength (FSA_INSECURE_TOKEN_LENGTH) replaces TokenLength
	// and may be under 16.
	InsecureTokenLength int

	// TokenCarrier (FSA_TOKEN_CARRIER) is where tokens are: in the
	// Authorization header field (bearer), in one of their own (header), in a
	// cookie (cookie) or in a parameter (param). Default bearer.
	TokenCarrier string

	// TokenName (FSA_TOKEN_NAME) is the name of the authorization scheme, the
	// header field, the cookie or the parameter. Default Bearer, Auth, auth or
	// AUTH. The cookie has the prefix __Host-, but for plain HTTP from this
	// machine in modes dev and debug.
	TokenName string

	// TokenMaxDelay (FSA_TOKEN_MAX_DELAY, in minutes or as "48h") is the longest
	// delay that [App.CreateToken] gives, and so for how long [App.RevokeUser]
	// has to be remembered. Default 24 h. A longer TokenDelay makes it as long.
	TokenMaxDelay time.Duration

	// Revocations keeps what [App.RevokeToken] and [App.RevokeUser] have ended,
	// and is asked with each request that brings a token. Default: in this
	// process, whose end they do not survive, and of which other instances know
	// nothing.
	Revocations cache.Once

	// TokenRenewal (FSA_TOKEN_RENEWAL) lets cookies be renewed: when less than
	// this fraction of TokenDelay is left of a token, the answer has a new
	// one. From 0 to 1, default 0: users log in again when a token ends.
	TokenRenewal float64

	// TokenSecret (FSA_TOKEN_SECRET) holds the secrets of at least 32 bytes
	// that sign tokens (48 with HS384, 64 with HS512): the first signs, all
	// verify. Required in mode prod when tokens are enabled; random otherwise.
	TokenSecret []Secret

	// TokenSign (FSA_TOKEN_SIGN) holds private keys that sign JWTs, in the place
	// of TokenSecret: in PEM, as a JWK, or the path of a file with one or more of
	// them. The first signs, all verify; [App.JWKS] gives the public halves. RSA
	// keys have 2048 to 8192 bits.
	TokenSign []Secret

	// TokenIssuers (FSA_TOKEN_ISSUERS) lists the identity providers whose access
	// tokens the scheme oauth takes; [TokenIssuer] has their settings. Default none.
	TokenIssuers []TokenIssuer

	// TokenDelay (FSA_TOKEN_DELAY, in minutes or as "1h30m") is how long tokens are valid.
	// Default 1 h.
	TokenDelay time.Duration

	// NoTokenDelay (FSA_TOKEN_DELAY = 0) is the validity model: a token's
	// limit is the time at which it was made, and TokenGrace, which is
	// required then, alone says for how long it is accepted. So a change of
	// it holds for the tokens that there are, too.
	NoTokenDelay bool

	// TokenGrace (FSA_TOKEN_GRACE, in minutes or as "90s") is for how long after that
	// they are still accepted. A JWT from elsewhere may also be made, or begin
	// to be valid, that much later than now by our clock. Default 0.
	TokenGrace time.Duration

	// TokenIssuer (FSA_TOKEN_ISSUER) is written into tokens and demanded of
	// them: the scheme oauth takes one's own JWTs too, if they have it. Default none.
	TokenIssuer string

	// PasswordScheme (FSA_PASSWORD_SCHEME) lists password hashes: argon2id,
	// bcrypt, scrypt, pbkdf2-sha256, pbkdf2-sha512, and, not in front,
	// pbkdf2-sha1. The first makes new ones. Any of them verifies, listed or
	// not, also as passlib writes it. Or none: only the hook of
	// [App.PasswordCheck] decides. Default argon2id.
	PasswordScheme []string

	// PasswordLegacy are schemes of hashes that were made elsewhere, as package
	// password/legacyhash has them. They verify, and PasswordScheme can list
	// them, not in front; one whose name begins with insecure- verifies only if
	// it is listed there. Code sets it, a file cannot. Default none.
	PasswordLegacy []password.Scheme

	// PasswordOpts (FSA_PASSWORD_OPTS) are the parameters of new hashes, that
	// is of the first scheme: memory (KiB), time and parallelism of argon2id
	// (19456, 2, 1); rounds of bcrypt (12); rounds, block_size and parallelism
	// of scrypt (17, 8, 1), of which each hash takes 2^rounds·block_size/8 KiB;
	// rounds of PBKDF2 (600000 with SHA-256, 210000 with SHA-512).
	// [password.Options] gives the bounds. Default: what is in parentheses here,
	// for each that is absent.
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

	// LoginThrottle (FSA_LOGIN_THROTTLE = {free = 5, delay = "1s", max_delay =
	// "15m", network_factor = 10}) delays log-ins by password after failures:
	// after 5 of a login, or 50 from a network (the /24 of IPv4, the /64 of
	// IPv6), by 1 s, doubling to 15 min, and at most 100 of a login in a day.
	// Too early ones are 429, with Retry-After. docs/passwords.md has the
	// details. Default: on.
	LoginThrottle LoginThrottle

	// InsecureNoLoginThrottle (FSA_LOGIN_THROTTLE = "off") lets everybody guess
	// passwords as fast as they can be hashed. It is for tests, and for where
	// something else limits log-ins.
	InsecureNoLoginThrottle bool

	// AuthzGroups (FSA_AUTHZ_GROUPS) declares the groups that only the hook
	// of [App.UserInGroup] knows.
	AuthzGroups []string

	// AuthzScopes (FSA_AUTHZ_SCOPES) declares the scopes that rules ask for, as
	// [App.AddScope] does.
	AuthzScopes []string

	// AuthzPermissions (FSA_AUTHZ_PERMISSIONS) declares the permissions that rules
	// ask for, as [App.AddPermission] does. Default: any that the hook of
	// [App.UserHasPermission] is asked about.
	AuthzPermissions []string

	// NoRejectUnexpectedParam (FSA_REJECT_UNEXPECTED_PARAM = false) ignores
	// parameters that the route does not declare.
	NoRejectUnexpectedParam bool

	// MaxBody (FSA_MAX_BODY, in bytes) is the size limit of request bodies.
	// Default 1 MiB.
	MaxBody int64

	// CORS (FSA_CORS) lets pages of other origins call the application from
	// their scripts and read the answers, as CORSOpts say.
	CORS bool

	// CORSOpts (FSA_CORS_OPTS) says which pages, and how. Default: those of any
	// origin, without what the browser has of the user.
	CORSOpts CORSOptions

	// Redirect401 (FSA_401_REDIRECT) is the log-in page: a path of this host, or
	// a URL (https) of another one. A browser that asks for a page (GET or HEAD,
	// with text/html in Accept) and gets a 401 is sent there (303), with the
	// path that it had asked for in the parameter URLName. The page sends the
	// user back after checking it by [LocalTarget]. Default none.
	Redirect401 string

	// ReauthRedirect (FSA_REAUTH_REDIRECT) is the page on which a user logs in again,
	// a path or a URL as with Redirect401: a browser is sent there, instead, if its
	// log-in is too old or had too few factors ([ErrReauthenticate]). Default: that
	// of Redirect401.
	ReauthRedirect string

	// URLName (FSA_URL_NAME) names the parameter that has the path to come back
	// to. Default URL.
	URLName string

	// DefaultContentType (FSA_DEFAULT_CONTENT_TYPE) is the media type of
	// answers that are a string or bytes. Default: text/plain in UTF-8, and
	// application/octet-stream. With text/html, a string that holds what a
	// user has written must have been escaped.
	DefaultContentType string

	// NoJSONStreaming (FSA_JSON_STREAMING = false) collects a sequence before
	// any of it is answered, so that one that fails is a failure, at the price
	// of all of it being in memory. Server-sent events and readers are sent as
	// they come all the same.
	NoJSONStreaming bool

	// JSONAllStr (FSA_JSON_ALLSTR) answers in JSON with the text of a value's
	// method String, unless the value says itself what its JSON is. Default
	// false.
	JSONAllStr bool

	// Cache (FSA_CACHE) keeps the answers of hooks in memory for a time
	// (ttl), or not at all (none). Default ttl.
	Cache string

	// CacheSize (FSA_CACHE_SIZE) is how many answers of each kind are kept:
	// fewer if they are longer than usual, since a kind has 512 bytes for
	// each, and 64 MiB at least. Default 262144.
	CacheSize int

	// CacheTTL (FSA_CACHE_OPTS = {ttl = …}, in seconds or as "10m") is for how long an
	// answer is kept, and so how stale a decision can be. Default 600 s.
	CacheTTL time.Duration

	// AddHeaders (FSA_ADD_HEADERS) are header fields of each answer.
	AddHeaders map[string]string

	sources map[string]string // where each directive was set
	others  []other           // directives that are not ours
	load    func() (Config, error)
	loaded  *Config // as Load gave it
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
