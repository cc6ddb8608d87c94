package authn

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// Digest is HTTP Digest authentication (RFC 7616): the client proves that it knows
// a password without sending it, bound to the request's method and target, and to
// a nonce that serves once for each count.
//
// Only qop auth is there; a server that hashes bodies would have to read them
// before it knows who sends them. Where TLS is, as it is by default, Basic with a
// slow password hash is the better choice: for Digest a server must keep what can
// be used as the password itself (HA1).
//
// Its credentials are ambient, as those of Basic are. A Digest is made by
// [NewDigest].
type Digest struct {
	o DigestOptions
	n *nonces
}

// DigestOptions are what a [Digest] is made of.
type DigestOptions struct {
	// Algorithms are those that are offered, the preferred one first: SHA-256,
	// SHA-512-256, MD5.
	Algorithms []string

	// NonceLife is for how long a nonce is good. Clients then take the new one
	// of a challenge that says stale, without asking their user.
	NonceLife time.Duration

	// Used keeps which counts of which nonces have been used, until the nonce
	// ends. If it fails, so do requests.
	Used cache.Once

	// Check tells whether a response is right: it asks right with the HA1 of
	// the login, in hexadecimal digits, or with any other text of that length
	// if there is no such user. Its error is nil if right said yes, made by
	// [Refuse] if it said no.
	Check func(q *Request, login, algorithm string, right func(ha1 string) bool) error

	// User gives the login whose hash, with the route's realm, a client has
	// sent instead of it (RFC 7616, 3.4.4). If it is nil, none may be.
	User func(q *Request, userhash, algorithm string) (login string, err error)
}

// digestHashes are the algorithms of RFC 7616, without the variants -sess.
var digestHashes = map[string]func() hash.Hash{
	"SHA-256":     sha256.New,
	"SHA-512-256": sha512.New512_256,
	"MD5":         md5.New,
}

// NewDigest makes a Digest. The error is that of an algorithm that is not known, or
// of a life that is none.
func NewDigest(o DigestOptions) (*Digest, error) {
	if len(o.Algorithms) == 0 {
		return nil, errors.New("no algorithm")
	}
	for _, a := range o.Algorithms {
		if digestHashes[a] == nil {
			return nil, fmt.Errorf("unknown algorithm %q", a)
		}
	}
	if o.NonceLife < time.Second {
		return nil, fmt.Errorf("a nonce of %v can't be used", o.NonceLife)
	}
	return &Digest{o, newNonces(o.NonceLife)}, nil
}

// HA1 gives the hash of login, realm and password that a store keeps for Digest
// (RFC 7616, 3.4.2), in hexadecimal digits. Whoever has it can log in as the user
// in that realm. The algorithm is SHA-256, SHA-512-256 or MD5; "" is what is given
// for any other.
func HA1(algorithm, login, realm, password string) string {
	return digestOf(algorithm, login+":"+realm+":"+password)
}

// UserHash gives what stands for a login in a request that hides it (RFC 7616,
// 3.4.4).
func UserHash(algorithm, login, realm string) string {
	return digestOf(algorithm, login+":"+realm)
}

func digestOf(algorithm, text string) string {
	make := digestHashes[algorithm]
	if make == nil {
		return ""
	}
	h := make()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// Name is "digest".
func (*Digest) Name() string { return "digest" }

// Ambient is true.
func (*Digest) Ambient() bool { return true }

// Challenge is the first of [Digest.Challenges]. Each call makes a new nonce.
func (d *Digest) Challenge(realm string, _ bool) string {
	return d.Challenges(&Request{Realm: realm, Now: time.Now()}, nil)[0]
}

// Challenges offers each algorithm with the same new nonce, in the order in which
// they are preferred. refused is why a credential of the scheme was not accepted.
func (d *Digest) Challenges(q *Request, refused error) []string {
	rest := ", qop=\"auth\", charset=UTF-8"
	if d.o.User != nil {
		rest += ", userhash=true"
	}
	if errors.Is(refused, errStale) {
		rest += ", stale=true"
	}
	nonce := d.n.make(q.Realm, q.Now)
	var all []string
	for _, a := range d.o.Algorithms {
		all = append(all, "Digest realm="+quoted(q.Realm)+", nonce=\""+nonce+"\", algorithm="+a+rest)
	}
	return all
}

// errStale is the refusal of a nonce that has ended, or that another process has
// made: the client is to try again with a new one. Nothing else of the credential
// has been looked at, so that it does not tell a right password from a wrong one.
var errStale = Refuse("stale nonce")

var errReplayed = Refuse("replayed Digest credentials")

// Authenticate checks the response of the Authorization field.
func (d *Digest) Authenticate(q *Request) (*identity.Identity, error) {
	credentials, ok, err := authorization(q.HTTP, "Digest")
	if !ok || err != nil {
		return nil, err
	}
	c, err := parseDigest(credentials)
	if err != nil {
		return nil, err
	}
	if err := d.fits(q, c); err != nil {
		return nil, err
	}
	until, ok := d.n.check(c.nonce, q.Realm, q.Now)
	if !ok {
		return nil, errStale
	}
	// Before anything is checked: who replays what was overheard does not know the
	// password, and must not count as if. That tells of no guess, since only right
	// responses are marked.
	once := cache.Key("digest", c.nonce, c.nc)
	switch used, err := d.o.Used.Used(q.HTTP.Context(), once); {
	case err != nil:
		return nil, fmt.Errorf("it is not known whether a nonce has been used: %w", err)
	case used:
		return nil, errReplayed
	}
	login, known := c.username, true
	if c.userhash {
		// The hash of nobody goes the way of a login of nobody, or else it would
		// not be counted, which tells whose hashes are known.
		if login, err = d.o.User(q, c.username, c.algorithm); Refused(err) {
			login, known = c.username, false
		} else if err != nil {
			return nil, err
		}
	}
	if !isLogin(login) || strings.Contains(login, ":") {
		return nil, Refuse("malformed Digest credentials: username")
	}
	ha2 := digestOf(c.algorithm, q.HTTP.Method+":"+c.uri)
	err = d.o.Check(q, login, c.algorithm, func(ha1 string) bool {
		want := digestOf(c.algorithm, strings.Join([]string{ha1, c.nonce, c.nc, c.cnonce, "auth", ha2}, ":"))
		return subtle.ConstantTimeCompare([]byte(want), []byte(c.response)) == 1 && known
	})
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, Refuse("no such user by that hash")
	}
	// Only who knows the password gets here, so nobody else can fill the store.
	fresh, err := d.o.Used.Use(context.WithoutCancel(q.HTTP.Context()), once, until)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the use of a nonce cannot be noted: %w", err)
	case !fresh:
		return nil, errReplayed
	}
	return passwordIdentity(q, "digest", login), nil
}

// fits refuses credentials that are not for this request.
func (d *Digest) fits(q *Request, c *digestCredentials) error {
	switch size := len(digestOf(c.algorithm, "")); {
	case !slices.Contains(d.o.Algorithms, c.algorithm):
		return Refuse("the Digest algorithm is not among those that were offered")
	case c.realm != q.Realm:
		return Refuse("the Digest credentials are for another realm")
	case c.uri != q.HTTP.RequestURI:
		return Refuse("the Digest credentials are for another target")
	case c.userhash && d.o.User == nil:
		return Refuse("hashed user names were not offered")
	case len(c.response) != size || !lowerHex(c.response), c.userhash && (len(c.username) != size || !lowerHex(c.username)):
		return Refuse("malformed Digest credentials: a hash of another size")
	}
	return nil
}

// digestCredentials are the parameters of an Authorization field (RFC 7616, 3.4).
type digestCredentials struct {
	username, realm, nonce, uri, response, algorithm, cnonce, nc string
	userhash                                                     bool
}

// parseDigest reads what follows "Digest ". Parameters that are not known are
// ignored, as opaque and extensions are; a repeated one is refused.
func parseDigest(text string) (*digestCredentials, error) {
	if len(text) > maxDigest || !utf8.ValidString(text) || controls(text) {
		return nil, Refuse("malformed Digest credentials: too long, not UTF-8, or control characters")
	}
	given, ok := authParameters(text)
	if !ok {
		return nil, Refuse("malformed Digest credentials: names and values are separated by commas, each name once")
	}
	c := &digestCredentials{algorithm: "MD5", realm: given["realm"], nonce: given["nonce"], uri: given["uri"],
		response: given["response"], cnonce: given["cnonce"], nc: given["nc"]}
	if a, ok := given["algorithm"]; ok {
		c.algorithm = strings.ToUpper(a)
	}
	switch h := given["userhash"]; h {
	case "true", "false", "":
		c.userhash = h == "true"
	default:
		return nil, Refuse("malformed Digest credentials: userhash")
	}
	plain, one := given["username"]
	extended, two := given["username*"]
	c.username = plain
	if two {
		if c.username, ok = extValue(extended); !ok || c.userhash {
			return nil, Refuse("malformed Digest credentials: username*")
		}
	}
	switch {
	case one == two:
		return nil, Refuse("malformed Digest credentials: one username")
	case given["qop"] != "auth":
		return nil, Refuse("malformed Digest credentials: qop must be auth")
	case len(c.nc) != 8 || !lowerHex(c.nc) || c.nc == "00000000":
		return nil, Refuse("malformed Digest credentials: nc must be 8 hexadecimal digits, in lower case, from 1")
	case c.cnonce == "" || c.nonce == "" || c.uri == "":
		return nil, Refuse("malformed Digest credentials: nonce, cnonce or uri is missing")
	}
	return c, nil
}

// maxDigest is the size in bytes over which credentials are not looked at: a target
// may be long.
const maxDigest = 8 << 10

// lowerHex reports whether there is nothing but hexadecimal digits, in lower case.
func lowerHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// authParameters reads a list of auth-params (RFC 9110, 11.2): name=value, where
// the value is a token or a quoted string. Names are in lower case.
func authParameters(text string) (given map[string]string, ok bool) {
	given = map[string]string{}
	for {
		name, rest, _ := strings.Cut(text, "=")
		name = strings.ToLower(strings.Trim(name, " \t"))
		if !grammar.IsToken(name) {
			return nil, false
		}
		value, rest, ok := authValue(strings.TrimLeft(rest, " \t"))
		if _, twice := given[name]; !ok || twice {
			return nil, false
		}
		given[name] = value
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return given, true
		}
		if text, ok = strings.CutPrefix(rest, ","); !ok {
			return nil, false
		}
	}
}

// authValue reads the token or the quoted string at the beginning of s. An extended
// value (RFC 8187) has only characters of a token.
func authValue(s string) (value, rest string, ok bool) {
	value, rest, quoted, ok := grammar.Value(s, ", \t")
	return value, rest, ok && (quoted || grammar.IsToken(value))
}

// extValue reads an extended value (RFC 8187, 3.2.1) in UTF-8.
func extValue(s string) (string, bool) {
	charset, rest, _ := strings.Cut(s, "'")
	_, encoded, ok := strings.Cut(rest, "'")
	if !ok || !strings.EqualFold(charset, "UTF-8") {
		return "", false
	}
	text, err := url.PathUnescape(encoded)
	return text, err == nil && utf8.ValidString(text)
}
