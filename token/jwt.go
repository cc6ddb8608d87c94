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
)

// JWT makes and checks JSON web tokens (RFC 7519) in compact form.
//
// It is signed with a secret (HS256, HS384, HS512) or with a private key (RS256 to
// RS512, PS256 to PS512, ES256 to ES512, EdDSA), each for one algorithm only.
//
// A header may say typ, which then is JWT or at+jwt (RFC 9068) in any case and
// with or without application/ in front, and kid, by which the key is found among
// several; a secret has none. Whatever asks for processing that we do not do
// (crit, b64, zip) or brings a key along (jwk, jku, x5u, x5c, x5t) is refused;
// other members are ignored, as RFC 7515 demands in section 4.
//
// Of the claims, sub (a string, not empty), aud (a string or a list of them,
// one of which is the realm) and exp are required, and iss if an issuer is
// configured. Dates are numbers in the years 1970 to 9999. Other claims are
// ignored, but the whole must be strict JSON: no duplicate names, no invalid
// UTF-8, no more than 64 levels.
//
// The zero JWT refuses to make or to accept anything.
type JWT struct {
	header string // what Make writes, encoded
	own    header // what it says
	keys   KeySet
	issuer string
	grace  time.Duration
}

var _ Format = (*JWT)(nil)

// NewJWT returns the JWT format that o describes, or all of its mistakes,
// joined.
func NewJWT(o Options) (*JWT, error) {
	if len(o.Keys) > 0 {
		return newKeyedJWT(o)
	}
	if o.Algorithm == "" {
		o.Algorithm = jwtDefault
	}
	algorithm, ok := jwtAlgorithms[o.Algorithm]
	mistakes := o.check(algorithm.minSecret)
	switch {
	case !ok:
		mistakes = append(mistakes, unknownAlgorithm("jwt", o.Algorithm, jwtAlgorithms))
	case algorithm.kty != "oct":
		mistakes = append(mistakes, wrong("Algorithm", "algorithm %s signs with a private key, and there is none", o.Algorithm))
	}
	mistakes = append(mistakes, o.checkLength()...)
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	keys := make([]*Key, len(o.Secrets))
	for i, secret := range o.Secrets {
		keys[i] = newSecretKey(o.Algorithm, secret)
	}
	return newJWT(o, keys), nil
}

// newKeyedJWT is for tokens that are signed with private keys.
func newKeyedJWT(o Options) (*JWT, error) {
	mistakes := append(o.checkText(), o.checkLength()...)
	if len(o.Secrets) > 0 {
		mistakes = append(mistakes, wrong("Secrets", "token secrets beside private keys: tokens are signed with one or the other"))
	}
	for i, k := range o.Keys {
		switch {
		case k == nil || k.sign == nil || k.public == "":
			mistakes = append(mistakes, wrong("Keys", "token key %d of %d is not a private key", i+1, len(o.Keys)))
		case i == 0 && o.Algorithm != "" && algorithmName(o.Algorithm) != k.algorithm:
			mistakes = append(mistakes, wrong("Algorithm", "algorithm %q is not that of the key which signs, %s", o.Algorithm, k.algorithm))
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return newJWT(o, slices.Clone(o.Keys)), nil
}

// checkLength finds what only fsa tokens can have.
func (o *Options) checkLength() []error {
	if o.Length == 0 {
		return nil
	}
	return []error{wrong("Length", "token signature length is for fsa tokens only")}
}

func newJWT(o Options, keys []*Key) *JWT {
	j := &JWT{own: header{algorithm: keys[0].algorithm, kid: keys[0].id}, keys: KeySet{keys: keys}, issuer: o.Issuer, grace: o.Grace}
	text := []byte(`{"alg":"` + j.own.algorithm + `","typ":"JWT"`)
	if j.own.kid != "" {
		text = append(text, `,"kid":`...)
		text, _ = jsontext.AppendQuote(text, j.own.kid) // it was valid UTF-8 when it was read
	}
	j.header = encodeSegment(append(text, '}'))
	return j
}

// Make returns a token that says c, as [Format] tells. Scopes must be written
// in the characters of RFC 6749, section 3.3.
func (j *JWT) Make(c Claims) (string, error) {
	if err := c.checkMake(); err != nil {
		return "", err
	}
	if len(j.keys.keys) == 0 {
		return "", errors.New("zero token.JWT has no key")
	}
	if c.Issuer == "" {
		c.Issuer = j.issuer
	}
	if c.ID == "" {
		c.ID = rand.Text()
	}
	if !isText(c.Issuer) || !isText(c.ID) {
		return "", errors.New("issuer or identifier of a token has control characters or is not UTF-8")
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
	signature, err := j.keys.keys[0].sign(signed)
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
	date("auth_time", c.AuthTime)
	for i, factor := range c.Factors {
		before := `,`
		if i == 0 {
			before = `,"amr":[`
		}
		var err error
		if b, err = jsontext.AppendQuote(append(b, before...), factor); err != nil {
			mistake = errors.New("token claim amr is not UTF-8")
		}
	}
	if len(c.Factors) > 0 {
		b = append(b, ']')
	}
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
	encoded, payload, signature, ok := splitCompact(raw)
	if !ok {
		return Claims{}, malformed("not three parts")
	}
	head, err := j.own, error(nil)
	if encoded != j.header { // nearly all are our own
		head, err = parseHeader(encoded)
	}
	switch {
	case err != nil:
		return Claims{}, err
	case !slices.ContainsFunc(j.keys.keys, func(k *Key) bool { return k.algorithm == head.algorithm }):
		return Claims{}, ErrAlgorithm
	}
	data, ok1 := decodeSegment(payload)
	mac, ok2 := decodeSegment(signature)
	if !ok1 || !ok2 {
		return Claims{}, malformed("not canonical base64url")
	}
	if err := j.keys.verify(head, raw[:len(raw)-len(signature)-1], mac); err != nil {
		return Claims{}, err
	}
	// From here on, the token is one that an owner of a key has signed.
	p, err := parsePayload(data, ownClaims)
	if err != nil {
		return Claims{}, err
	}
	return p.claims(realm, j.issuer, now, j.grace)
}

// header is the part of a token that is read before its signature, as far as it
// is understood.
type header struct {
	algorithm string
	kid       string // "" if there is none
	access    bool   // typ says that it is an access token: RFC 9068, 2.1
}

func parseHeader(encoded string) (header, error) {
	var h header
	data, ok := decodeSegment(encoded)
	if !ok {
		return h, malformed("not canonical base64url")
	}
	err := members(data, func(name []byte, value jsontext.Value) error {
		switch string(name) {
		case "alg":
			h.algorithm, _ = text(value) // "" if it is no string
			h.algorithm = algorithmName(h.algorithm)
		case "typ":
			typ, _ := text(value) // "" if it is no string
			typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
			if typ != "jwt" && typ != "at+jwt" {
				return malformed("typ is neither JWT nor at+jwt")
			}
			h.access = typ == "at+jwt"
		case "kid":
			var ok bool
			if h.kid, ok = text(value); !ok {
				return malformed("kid is not a string")
			}
		case "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256":
			return malformed("header has a parameter that is not accepted")
		}
		return nil
	})
	if err == nil && h.algorithm == "" {
		err = malformed("alg is missing or no string")
	}
	return h, err
}
