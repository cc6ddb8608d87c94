package token

import (
	"errors"
	"strings"
	"time"
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
// With algorithm hmac-sha256, which is ours, the signature is an HMAC. With any
// other the tokens are those of the original: the signature is a plain hash of
// the text, a colon and the secret. Since the secret comes last, nothing can be
// appended to a signed text (no length extension); but whoever finds two texts
// that have the same hash, which needs no secret, can have the one signed and
// use the other. So such a signature is as strong as the hash is against
// collisions, where an HMAC's is as strong as its key. Nobody knows collisions
// of the SHA-2, SHA-3 and BLAKE2 families. Those of MD5 and SHA-1 can be bought:
// hence their names. Prefer hmac-sha256 unless tokens are shared with the
// original.
//
// The zero FSA refuses to make or to accept anything.
type FSA struct {
	keys   []*fsaKey
	length int // bytes of signature kept
	issuer string
	grace  time.Duration
}

var _ Format = (*FSA)(nil)

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
		mistake := unknownAlgorithm("fsa", o.Algorithm, fsaAlgorithms)
		if _, broken := fsaAlgorithms[fsaInsecure+o.Algorithm]; broken {
			mistake = wrong("Algorithm", "algorithm %[1]q is broken: write %[2]s%[1]s to use it all the same", o.Algorithm, fsaInsecure)
		}
		mistakes = append(mistakes, mistake)
		return nil, errors.Join(mistakes...)
	}

	if o.Length == 0 {
		o.Length = algorithm.length
	}
	size := algorithm.hash().Size()
	switch {
	case o.Length < 1 || o.Length > size:
		mistakes = append(mistakes, wrong("Length", "token signature length %d is not from %d to %d, the size of %s in bytes",
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
// an ID, a log-in time and factors are errors, since they would be lost; the issue
// time is left out.
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
		return "", errors.New(`fsa tokens carry no scopes; JWTs do (FSA_TOKEN_TYPE = "jwt")`)
	case !c.AuthTime.IsZero() || len(c.Factors) > 0:
		return "", errors.New(`fsa tokens do not say when and by what somebody logged in; JWTs do (FSA_TOKEN_TYPE = "jwt")`)
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
	head, rest, _ := strings.Cut(raw, ":")
	login, rest, _ := strings.Cut(rest, ":")
	limit, signature, ok := strings.Cut(rest, ":") // nothing is left after a colon that is missing
	if !ok {
		return t, malformed("fields are missing")
	}

	// The digits are looked at before a fifth field is: a colon is no digit.
	if len(signature) != 2*f.length || !consistsOf(signature, isHex) {
		return t, malformed("not a signature")
	}
	if t.limit, ok = parseLimit(limit); !ok {
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
	if !consistsOf(s, isDigit) {
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
