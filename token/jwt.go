package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// JWT makes and checks JSON web tokens (RFC 7519) in compact form.
//
// A header may say typ, which then is JWT or at+jwt (RFC 9068) in any case and
// with or without application/ in front, and kid, a string that is not used.
// Whatever asks for processing that we do not do (crit, b64, zip) or brings a
// key along (jwk, jku, x5u, x5c, x5t) is refused; other members are ignored, as
// RFC 7515 demands in section 4.
//
// Of the claims, sub (a string, not empty), aud (a string or a list of them,
// one of which is the realm) and exp are required, and iss if an issuer is
// configured. Dates are numbers in the years 1970 to 9999. Other claims are
// ignored, but the whole must be strict JSON: no duplicate names, no invalid
// UTF-8, no more than 64 levels.
//
// The zero JWT refuses to make or to accept anything.
type JWT struct {
	algorithm string
	header    string // what Make writes, encoded
	keys      []jwtKey
	issuer    string
	grace     time.Duration
}

var _ Format = (*JWT)(nil)

// jwtKey signs and verifies with one secret. The closures also keep it from
// being printed along with the JWT.
type jwtKey struct {
	sign   func(signed string) ([]byte, error)
	verify func(signed string, signature []byte) error
}

// jwtAlgorithm is an algorithm of RFC 7518. A key belongs to one algorithm, so
// that no public key can ever serve as an HMAC secret.
type jwtAlgorithm struct {
	method    jwt.SigningMethod
	minSecret int // the size of the hash: RFC 7518, 3.2
}

// jwtAlgorithms is constant. There is no none.
var jwtAlgorithms = map[string]jwtAlgorithm{
	"HS256": {jwt.SigningMethodHS256, 32},
	"HS384": {jwt.SigningMethodHS384, 48},
	"HS512": {jwt.SigningMethodHS512, 64},
}

const jwtDefault = "HS256"

// NewJWT returns the JWT format that o describes, or all of its mistakes,
// joined.
func NewJWT(o Options) (*JWT, error) {
	if o.Algorithm == "" {
		o.Algorithm = jwtDefault
	}
	algorithm, ok := jwtAlgorithms[o.Algorithm]
	mistakes := o.check(algorithm.minSecret)
	if !ok {
		mistakes = append(mistakes, unknownAlgorithm("jwt", o.Algorithm, jwtAlgorithms))
	}
	if o.Length != 0 {
		mistakes = append(mistakes, wrong("Length", "token signature length is for fsa tokens only"))
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	header := `{"alg":"` + o.Algorithm + `","typ":"JWT"}`
	j := &JWT{algorithm: o.Algorithm, header: encodeSegment([]byte(header)), issuer: o.Issuer, grace: o.Grace}
	for _, secret := range o.Secrets {
		j.keys = append(j.keys, newJWTKey(algorithm.method, secret))
	}
	return j, nil
}

func newJWTKey(method jwt.SigningMethod, secret []byte) jwtKey {
	var key any = slices.Clone(secret)
	return jwtKey{
		sign:   func(signed string) ([]byte, error) { return method.Sign(signed, key) },
		verify: func(signed string, signature []byte) error { return method.Verify(signed, signature, key) },
	}
}

// Make returns a token that says c, as [Format] tells. Scopes must be written
// in the characters of RFC 6749, section 3.3.
func (j *JWT) Make(c Claims) (string, error) {
	if err := c.checkMake(); err != nil {
		return "", err
	}
	if len(j.keys) == 0 {
		return "", errors.New("zero token.JWT has no secret")
	}
	if c.Issuer == "" {
		c.Issuer = j.issuer
	}
	if c.ID == "" {
		c.ID = rand.Text()
	}
	for _, scope := range c.Scopes {
		if !isScope(scope) {
			return "", errors.New("scope of a token is empty or has a character that RFC 6749 does not allow")
		}
	}

	payload, err := c.appendJSON(nil)
	if err != nil {
		return "", err
	}
	signed := j.header + "." + encodeSegment(payload)
	signature, err := j.keys[0].sign(signed)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return sized(signed + "." + encodeSegment(signature))
}

// appendJSON appends the claims as a JSON object.
func (c *Claims) appendJSON(b []byte) ([]byte, error) {
	var mistake error
	text := func(name, value string) {
		if value == "" {
			return
		}
		b = append(b, `,"`+name+`":`...)
		var err error
		if b, err = jsontext.AppendQuote(b, value); err != nil {
			// The encoder's words could quote the value.
			mistake = errors.New("token claim " + name + " is not UTF-8")
		}
	}
	date := func(name string, t time.Time) {
		if !t.IsZero() {
			b = strconv.AppendInt(append(b, `,"`+name+`":`...), t.Unix(), 10)
		}
	}

	start := len(b)
	text("iss", c.Issuer)
	text("sub", c.Login)
	text("aud", c.Realm)
	date("exp", c.Expires)
	date("iat", c.IssuedAt)
	text("jti", c.ID)
	text("scope", strings.Join(c.Scopes, " "))
	b[start] = '{' // in place of the first comma
	return append(b, '}'), mistake
}

// Check returns what raw says, as [Format] tells. The realm in the claims is
// the one that was asked for, of all that the token may be meant for. A token
// is refused from the moment exp + grace on.
func (j *JWT) Check(raw, realm string, now time.Time) (Claims, error) {
	if len(raw) > MaxSize {
		return Claims{}, malformed("too long")
	}
	header, payload, signature, ok := splitCompact(raw)
	if !ok {
		return Claims{}, malformed("not three parts")
	}
	if err := j.checkHeader(header); err != nil {
		return Claims{}, err
	}
	data, ok1 := decodeSegment(payload)
	mac, ok2 := decodeSegment(signature)
	if !ok1 || !ok2 {
		return Claims{}, malformed("not canonical base64url")
	}
	if !j.verify(raw[:len(raw)-len(signature)-1], mac) {
		return Claims{}, ErrSignature
	}
	// From here on, the token is one that an owner of a secret has signed.
	p, err := parsePayload(data)
	if err != nil {
		return Claims{}, err
	}
	return p.claims(realm, j.issuer, now, j.grace)
}

func (j *JWT) verify(signed string, signature []byte) bool {
	for _, key := range j.keys {
		if key.verify(signed, signature) == nil {
			return true
		}
	}
	return false
}

// checkHeader looks at the part of the token that is read before its signature.
func (j *JWT) checkHeader(encoded string) error {
	if encoded == j.header {
		return nil // our own, as nearly all are
	}
	data, ok := decodeSegment(encoded)
	if !ok {
		return malformed("not canonical base64url")
	}
	var algorithm string // "" until it has been seen
	err := members(data, func(name []byte, value jsontext.Value) error {
		switch string(name) {
		case "alg":
			if algorithm, _ = text(value); algorithm == "" {
				return malformed("alg is not a string that names one")
			}
		case "typ":
			typ, ok := text(value)
			typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
			if !ok || typ != "jwt" && typ != "at+jwt" {
				return malformed("typ is neither JWT nor at+jwt")
			}
		case "kid":
			if _, ok := text(value); !ok {
				return malformed("kid is not a string")
			}
		case "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256":
			return malformed("header has a parameter that is not accepted")
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case algorithm == "":
		return malformed("alg is missing")
	case algorithm != j.algorithm:
		return ErrAlgorithm
	}
	return nil
}
