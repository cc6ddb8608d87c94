package token

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/blake2s"
)

// FSA makes and checks fsa tokens, in the format of the Python package
// FlaskSimpleAuth:
//
//	realm[/issuer]:login:YYYYMMDDhhmmss:signature
//
// The third field is the last second, in UTC, at which the token is valid. The
// signature is in lower-case hexadecimal digits, and covers all that precedes
// its colon. Realms are simplified (see [SimplifyRealm]) when a token is made
// and before they are compared.
//
// With algorithm blake2s the tokens are those of the original, whose signature
// is a plain hash of the text and the secret. Prefer hmac-sha256 unless tokens
// are shared with it.
//
// The zero FSA refuses to make or to accept anything.
type FSA struct {
	keys   []*fsaKey
	length int // bytes of signature kept
	issuer string
	grace  time.Duration
}

var _ Format = (*FSA)(nil)

// fsaAlgorithm is a way to sign fsa tokens.
type fsaAlgorithm struct {
	hash   func() hash.Hash
	keyed  bool // HMAC of the text; otherwise hash of the text, a colon and the secret
	length int  // bytes kept by default
}

// fsaAlgorithms is constant.
var fsaAlgorithms = map[string]fsaAlgorithm{
	"hmac-sha256": {hash: sha256.New, keyed: true, length: 32},
	"blake2s":     {hash: newBlake2s, length: 16},
}

func newBlake2s() hash.Hash {
	h, _ := blake2s.New256(nil) // the error is about keys, of which there is none
	return h
}

const (
	fsaDefault   = "hmac-sha256"
	fsaMinLength = 16 // 128 bits: beyond guessing on line
	fsaMinSecret = 32
	fsaLimit     = "20060102150405" // the third field, as a layout of package time
)

// NewFSA returns the fsa format that o describes, or all of its mistakes,
// joined.
func NewFSA(o Options) (*FSA, error) {
	mistakes := o.check(fsaMinSecret)
	if strings.Contains(o.Issuer, ":") {
		mistakes = append(mistakes, wrong("Issuer", "issuer of fsa tokens has a colon"))
	}

	if o.Algorithm == "" {
		o.Algorithm = fsaDefault
	}
	algorithm, ok := fsaAlgorithms[o.Algorithm]
	if !ok {
		mistakes = append(mistakes, unknownAlgorithm("fsa", o.Algorithm, fsaAlgorithms))
		return nil, errors.Join(mistakes...)
	}

	if o.Length == 0 {
		o.Length = algorithm.length
	}
	size := algorithm.hash().Size()
	switch {
	case o.Length < 1 || o.Length > size:
		mistakes = append(mistakes, wrong("Length", "token signature length %d is not from %d to %d, the size of %s",
			o.Length, fsaMinLength, size, o.Algorithm))
	case o.Length < fsaMinLength && !o.InsecureLength:
		mistakes = append(mistakes, wrong("Length", "token signature length %d is under %d", o.Length, fsaMinLength))
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	f := &FSA{length: o.Length, issuer: o.Issuer, grace: o.Grace}
	for _, secret := range o.Secrets {
		f.keys = append(f.keys, newFSAKey(algorithm, secret, o.Length))
	}
	return f, nil
}

// SimplifyRealm returns realm as fsa tokens spell it: characters other than
// ASCII letters, digits and hyphens become hyphens, of which runs are reduced
// to one and those at the ends are dropped. Realms that look alike then are the
// same realm to fsa tokens.
func SimplifyRealm(realm string) string {
	if isSimple(realm) {
		return realm
	}
	var b strings.Builder
	for i := range len(realm) {
		if !isRealmChar(realm[i]) {
			continue // a hyphen, to be written when something follows it
		}
		if b.Len() > 0 && !isRealmChar(realm[i-1]) {
			b.WriteByte('-')
		}
		b.WriteByte(realm[i])
	}
	return b.String()
}

func isRealmChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isSimple spares [SimplifyRealm] its work, as checks give it the same few
// realms, mostly simple ones, again and again.
func isSimple(realm string) bool {
	hyphen := true
	for i := range len(realm) {
		if c := realm[i]; !isRealmChar(c) && (c != '-' || hyphen) {
			return false
		}
		hyphen = realm[i] == '-'
	}
	return !hyphen
}

// Make returns a token that says c, as [Format] tells. The login can have no
// colon, and the realm must have something left after [SimplifyRealm]. Scopes
// and an ID are errors, since they would be lost; the issue time is left out.
func (f *FSA) Make(c Claims) (string, error) {
	if err := c.checkMake(); err != nil {
		return "", err
	}
	head, issuer := SimplifyRealm(c.Realm), c.Issuer
	if issuer == "" {
		issuer = f.issuer
	}
	switch {
	case len(f.keys) == 0:
		return "", errors.New("zero token.FSA has no secret")
	case strings.Contains(c.Login, ":"):
		return "", errors.New("login of an fsa token has a colon")
	case head == "":
		return "", errors.New("realm of an fsa token has neither letter nor digit")
	case strings.Contains(issuer, ":") || !isText(issuer):
		return "", errors.New("issuer of an fsa token has a colon or control characters or is not UTF-8")
	case len(c.Scopes) > 0:
		return "", errors.New("fsa tokens carry no scopes")
	case c.ID != "":
		return "", errors.New("fsa tokens carry no identifier")
	}
	if issuer != "" {
		head += "/" + issuer
	}
	message := head + ":" + c.Login + ":" + c.Expires.UTC().Format(fsaLimit)
	return sized(message + ":" + f.keys[0].sign(message))
}

// Check returns what raw says, as [Format] tells. The realm in the claims is
// the simplified one. A token is valid while now − grace, in whole seconds, is
// not after its limit.
func (f *FSA) Check(raw, realm string, now time.Time) (Claims, error) {
	if len(raw) > MaxSize {
		return Claims{}, malformed("too long")
	}
	t, err := f.parse(raw)
	if err != nil {
		return Claims{}, err
	}
	if !f.verify(t.message, t.signature) {
		return Claims{}, ErrSignature
	}
	// From here on, the token is one that we have signed.
	if t.issuer != f.issuer {
		return Claims{}, ErrIssuer
	}
	// The parser lets no empty realm through, so that a realm that simplifies
	// to nothing matches no token.
	if t.realm != SimplifyRealm(realm) {
		return Claims{}, ErrRealm
	}
	if now.Add(-f.grace).Unix() > t.limit.Unix() {
		return Claims{}, ErrExpired
	}
	return Claims{Login: t.login, Realm: t.realm, Issuer: t.issuer, Expires: t.limit}, nil
}

func (f *FSA) verify(message, signature string) bool {
	for _, key := range f.keys {
		if key.verify(message, signature) {
			return true
		}
	}
	return false
}

// fsaToken is an fsa token taken apart, not yet to be trusted.
type fsaToken struct {
	realm, issuer, login string
	limit                time.Time
	message, signature   string
}

// parse takes raw apart, and accepts only what Make could have written.
func (f *FSA) parse(raw string) (t fsaToken, err error) {
	head, rest, ok1 := strings.Cut(raw, ":")
	login, rest, ok2 := strings.Cut(rest, ":")
	limit, signature, ok3 := strings.Cut(rest, ":")
	if !ok1 || !ok2 || !ok3 {
		return t, malformed("fields are missing")
	}

	// The digits are looked at before a fifth field is: a colon is no digit.
	if len(signature) != 2*f.length || !consistsOf(signature, isHex) {
		return t, malformed("not a signature")
	}
	if t.limit, ok1 = parseLimit(limit); !ok1 {
		return t, malformed("not a limit")
	}
	if login == "" || !isText(login) {
		return t, malformed("not a login")
	}
	realm, issuer, slash := strings.Cut(head, "/")
	// An empty issuer after a slash would pass for no issuer at all.
	if !isSimple(realm) || slash && issuer == "" || !isText(issuer) {
		return t, malformed("not a realm")
	}

	t.realm, t.issuer, t.login = realm, issuer, login
	t.message, t.signature = raw[:len(raw)-len(signature)-1], signature
	return t, nil
}

// parseLimit reads exactly fourteen digits that are a date. Package time alone
// would let a fraction follow the seconds.
func parseLimit(s string) (time.Time, bool) {
	if len(s) != len(fsaLimit) || !consistsOf(s, isDigit) {
		return time.Time{}, false
	}
	t, err := time.Parse(fsaLimit, s)
	return t, err == nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c && c <= 'f' }

func consistsOf(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

// fsaKey signs with one secret. It keeps hashes that are keyed already, which
// halves the time of a check. The secret is only in the pool, as package fmt
// would print it from a field.
type fsaKey struct {
	hashes sync.Pool // of *fsaHash
	length int
}

type fsaHash struct {
	hash.Hash
	suffix     []byte // what is hashed after the text; nil if the hash is keyed
	buf, given []byte // scratch
}

func newFSAKey(a fsaAlgorithm, secret []byte, length int) *fsaKey {
	k := &fsaKey{length: length}
	if a.keyed {
		secret = bytes.Clone(secret) // the caller may wipe its own
		k.hashes.New = func() any { return &fsaHash{Hash: hmac.New(a.hash, secret)} }
		return k
	}
	suffix := append([]byte{':'}, secret...)
	k.hashes.New = func() any { return &fsaHash{Hash: a.hash(), suffix: suffix} }
	return k
}

// sign returns the signature of message.
func (k *fsaKey) sign(message string) string {
	h := k.hashes.Get().(*fsaHash)
	defer k.hashes.Put(h)
	return string(k.sum(h, message))
}

// verify reports whether signature is message's, in a time that does not depend
// on where they differ.
func (k *fsaKey) verify(message, signature string) bool {
	h := k.hashes.Get().(*fsaHash)
	defer k.hashes.Put(h)
	h.given = append(h.given[:0], signature...)
	return subtle.ConstantTimeCompare(k.sum(h, message), h.given) == 1
}

// sum returns the signature of message in h's buffer.
func (k *fsaKey) sum(h *fsaHash, message string) []byte {
	h.Reset()
	h.buf = append(append(h.buf[:0], message...), h.suffix...)
	h.Write(h.buf)
	h.buf = h.Sum(h.buf[:0])
	size := len(h.buf)
	h.buf = hex.AppendEncode(h.buf, h.buf[:k.length])
	return h.buf[size:]
}
