package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// newIssuer checks the tokens that issuer idp makes for acme, if o does not say.
func newIssuer(t testing.TB, o token.IssuerOptions) *token.Issuer {
	t.Helper()
	if o.Issuer == "" {
		o.Issuer = "idp"
	}
	if o.Audience == nil {
		o.Audience = []string{"acme"}
	}
	i, err := token.NewIssuer(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func check(t testing.TB, i *token.Issuer, keys *token.KeySet, raw string) (token.Claims, error) {
	t.Helper()
	u, err := token.Parse(raw)
	if err != nil {
		return token.Claims{}, err
	}
	return i.Check(u, keys, now)
}

// privateOf gives a key of testdata/keys for golang-jwt, which is what forges here.
func privateOf(t testing.TB, name string) any {
	t.Helper()
	rest := []byte(pemOf(t, name))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatal("no key in ", name)
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key
		}
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key
		}
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			return key
		}
	}
}

// rsaJWK writes the RSA key of testdata/keys as a private JWK.
func rsaJWK(t testing.TB) string {
	k := privateOf(t, "rsa-pkcs1").(*rsa.PrivateKey)
	enc := func(n *big.Int) string { return b64(string(n.Bytes())) }
	return fmt.Sprintf(`{"kty":"RSA","n":%q,"e":"AQAB","d":%q,"p":%q,"q":%q,"dp":%q,"dq":%q,"qi":%q}`,
		enc(k.N), enc(k.D), enc(k.Primes[0]), enc(k.Primes[1]), enc(k.Precomputed.Dp), enc(k.Precomputed.Dq), enc(k.Precomputed.Qinv))
}

// signWith signs a header and a payload, whatever they say.
func signWith(t testing.TB, method jwt.SigningMethod, key any, header, payload string) string {
	t.Helper()
	signed := b64(header) + "." + b64(payload)
	signature, err := method.Sign(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(string(signature))
}

const foreignPayload = `{"iss":"idp","sub":"calvin","aud":"acme","exp":1785589200}`

// TestIssuerClaims signs each payload with the right key.
func TestIssuerClaims(t *testing.T) {
	key := privateOf(t, "ed25519")
	keys := keySet(t, pemOf(t, "ed25519-public"))
	type o = token.IssuerOptions
	also := func(more string) string { return strings.TrimSuffix(foreignPayload, "}") + "," + more + "}" }
	with := func(old, new string) string { return strings.Replace(foreignPayload, old, new, 1) }
	bad := token.ErrMalformed
	for _, tt := range []struct {
		name, header, payload string
		options               o
		want                  error
		login                 string
		scopes                []string
	}{
		{"good", "", foreignPayload, o{}, nil, "calvin", nil},
		{"good prefix", "", foreignPayload, o{LoginPrefix: "idp|"}, nil, "idp|calvin", nil},
		{"good scope", "", also(`"scope":"read write"`), o{}, nil, "calvin", []string{"read", "write"}},
		{"good scope in a list", "", also(`"scope":["read","write"]`), o{}, nil, "calvin", []string{"read", "write"}},
		{"good scp", "", also(`"scp":["read"],"scope":"root"`), o{ScopeClaim: "scp"}, nil, "calvin", []string{"read"}},
		{"good scp in a text", "", also(`"scp":"read write"`), o{ScopeClaim: "scp"}, nil, "calvin", []string{"read", "write"}},
		{"good no scope", "", also(`"scope":""`), o{}, nil, "calvin", nil},
		{"good other user", "", also(`"oid":"7"`), o{UserClaim: "oid"}, nil, "7", nil},
		{"good email", "", also(`"email":"a@b.example","email_verified":true`), o{UserClaim: "email"}, nil, "a@b.example", nil},
		{"good audiences", "", with(`"acme"`, `["other","acme"]`), o{}, nil, "calvin", nil},
		{"good second audience", "", with(`"acme"`, `"https://acme.example"`), o{Audience: []string{"acme", "https://acme.example"}}, nil, "calvin", nil},
		{"good azp of another", "", also(`"azp":"other","client_id":"other"`), o{}, nil, "calvin", nil},
		{"good access token", `{"alg":"EdDSA","typ":"at+jwt"}`, foreignPayload, o{AccessTokens: true}, nil, "calvin", nil},
		{"good payload typ", "", also(`"typ":"Bearer"`), o{}, nil, "calvin", nil},
		{"good the name of RFC 9864", `{"alg":"Ed25519"}`, foreignPayload, o{}, nil, "calvin", nil},

		{"scope with a quote", "", also(`"scope":"re\"ad"`), o{}, bad, "", nil},
		{"scope with a space in a list", "", also(`"scope":["read write"]`), o{}, bad, "", nil},
		{"scope of a wrong type", "", also(`"scope":{"read":true}`), o{}, bad, "", nil},
		{"scope in a nested list", "", also(`"scope":[["read"]]`), o{}, bad, "", nil},
		{"scope null", "", also(`"scope":null`), o{}, bad, "", nil},
		{"user of another name", "", foreignPayload, o{UserClaim: "oid"}, bad, "", nil},
		{"user a number", "", also(`"oid":7`), o{UserClaim: "oid"}, bad, "", nil},
		{"user empty", "", also(`"oid":""`), o{UserClaim: "oid"}, bad, "", nil},
		{"user with a line break", "", also(`"oid":"a\nb"`), o{UserClaim: "oid"}, bad, "", nil},
		{"user a list", "", with(`"calvin"`, `["calvin"]`), o{}, bad, "", nil},
		{"email not verified", "", also(`"email":"a@b.example","email_verified":false`), o{UserClaim: "email"}, bad, "", nil},
		{"email perhaps verified", "", also(`"email":"a@b.example"`), o{UserClaim: "email"}, bad, "", nil},
		{"email verified in a text", "", also(`"email":"a@b.example","email_verified":"true"`), o{UserClaim: "email"}, bad, "", nil},
		{"audience of another", "", with(`"acme"`, `"other"`), o{}, token.ErrRealm, "", nil},
		{"audience in azp", "", with(`"aud":"acme"`, `"aud":"other","azp":"acme","client_id":"acme"`), o{}, token.ErrRealm, "", nil},
		{"audience as a part", "", with(`"acme"`, `"acme.evil.example"`), o{}, token.ErrRealm, "", nil},
		{"audience as one text", "", with(`"acme"`, `"other acme"`), o{}, token.ErrRealm, "", nil},
		{"audience missing", "", with(`"aud":"acme",`, ``), o{}, bad, "", nil},
		{"audience empty", "", with(`"acme"`, `[]`), o{}, token.ErrRealm, "", nil},
		{"issuer of another", "", with(`"idp"`, `"idp2"`), o{}, token.ErrIssuer, "", nil},
		{"issuer as a part", "", with(`"idp"`, `"idp.evil.example"`), o{}, token.ErrIssuer, "", nil},
		{"issuer and a slash", "", with(`"idp"`, `"idp/"`), o{}, token.ErrIssuer, "", nil},
		{"issuer missing", "", with(`"iss":"idp",`, ``), o{}, token.ErrIssuer, "", nil},
		{"issuer a list", "", with(`"idp"`, `["idp"]`), o{}, bad, "", nil},
		{"issuer twice", "", also(`"iss":"idp"`), o{}, bad, "", nil},
		{"expired", "", with(`1785589200`, `1785585600`), o{}, token.ErrExpired, "", nil},
		{"expired within the grace", "", with(`1785589200`, `1785585600`), o{Grace: time.Minute}, nil, "calvin", nil},
		{"without expiry", "", with(`,"exp":1785589200`, ``), o{}, bad, "", nil},
		{"not yet", "", also(`"nbf":1785585601`), o{}, token.ErrNotYetValid, "", nil},
		{"made tomorrow", "", also(`"iat":1785685601`), o{}, token.ErrNotYetValid, "", nil},
		{"an ID token", "", also(`"at_hash":"AAAA","nonce":"x"`), o{}, bad, "", nil},
		{"an ID token with a code", "", also(`"c_hash":"AAAA"`), o{}, bad, "", nil},
		{"an ID token of Keycloak", "", also(`"typ":"ID"`), o{}, bad, "", nil},
		{"a refresh token of Keycloak", "", also(`"typ":"Refresh"`), o{}, bad, "", nil},
		{"a security event", "", also(`"events":{}`), o{}, bad, "", nil},
		{"no access token", `{"alg":"EdDSA","typ":"JWT"}`, foreignPayload, o{AccessTokens: true}, bad, "", nil},
		{"no type", "", foreignPayload, o{AccessTokens: true}, bad, "", nil},
		{"a log-out token", `{"alg":"EdDSA","typ":"logout+jwt"}`, foreignPayload, o{}, bad, "", nil},
		{"an algorithm that is not accepted", "", foreignPayload, o{Algorithms: []string{"RS256"}}, token.ErrAlgorithm, "", nil},
		{"not JSON", "", `{`, o{}, bad, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.header == "" {
				tt.header = `{"alg":"EdDSA"}`
			}
			raw := signWith(t, jwt.SigningMethodEdDSA, key, tt.header, tt.payload)
			c, err := check(t, newIssuer(t, tt.options), keys, raw)
			if tt.want != nil {
				refused(t, raw, c, err, tt.want)
				return
			}
			if diff := cmp.Diff(tt.scopes, c.Scopes); err != nil || c.Login != tt.login || diff != "" {
				t.Errorf("%+v, %v %s", c, err, diff)
			}
		})
	}
}

// TestForgeries holds what others have fallen for: each is refused by an issuer
// that has the public key of the RSA and of the EC key, under their own kids.
func TestForgeries(t *testing.T) {
	rsaKey := privateKeys(t, strings.Replace(rsaJWK(t), "{", `{"kid":"r",`, 1), "")[0]
	ecKey := privateKeys(t, strings.Replace(rfc7515Private, "{", `{"kid":"e",`, 1), "")[0]
	set := publicJWKS(t, rsaKey, ecKey)
	keys, issuer := keySet(t, set), newIssuer(t, token.IssuerOptions{})
	own := keyed(t, rsaKey, ecKey)
	private := privateOf(t, "rsa-pkcs1").(*rsa.PrivateKey)
	spki := pemOf(t, "rsa-public")
	der, _ := pem.Decode([]byte(spki))
	part := func(header string) string { return b64(header) + "." + b64(foreignPayload) }
	withMAC := func(header, secret string) string { return mac(part(header), secret) }
	withSignature := func(header string, signature []byte) string { return part(header) + "." + b64(string(signature)) }
	sign := func(method jwt.SigningMethod, key any, header string) string {
		return signWith(t, method, key, header, foreignPayload)
	}
	ec := mustMake(t, keyed(t, ecKey), token.Claims{Login: "calvin", Realm: "acme", Issuer: "idp", Expires: now.Add(time.Hour)})
	segment := strings.Split(ec, ".")
	rawSignature, err := b64Strict.DecodeString(segment[2])
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, otherEd, _ := ed25519.GenerateKey(rand.Reader)
	ecPrivate := privateOf(t, "p256-sec1").(*ecdsa.PrivateKey)
	hash := sha256.Sum256([]byte(part(`{"alg":"PS256","kid":"r"}`)))
	noSalt, err := rsa.SignPSS(rand.Reader, private, crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		t.Fatal(err)
	}
	zeros := func(n int) []byte { return make([]byte, n) }
	order := elliptic256Order()

	bad, key, sig, alg := token.ErrMalformed, token.ErrKey, token.ErrSignature, token.ErrAlgorithm
	for _, tt := range []struct {
		name, raw string
		foreign   error // what the issuer says
		own       error // what a JWT of our own with the same keys says
	}{
		{"alg none", part(`{"alg":"none"}`) + ".", bad, bad},
		{"alg none with a signature", withSignature(`{"alg":"none"}`, []byte("x")), alg, alg},
		{"alg nOnE", withSignature(`{"alg":"nOnE"}`, []byte("x")), alg, alg},
		{"the public key in PEM as a secret", withMAC(`{"alg":"HS256","kid":"r"}`, spki), alg, alg},
		{"the public key in DER as a secret", withMAC(`{"alg":"HS256","kid":"r"}`, string(der.Bytes)), alg, alg},
		{"the key set as a secret", withMAC(`{"alg":"HS256"}`, set), alg, alg},
		{"the modulus as a secret, named RS256", withMAC(`{"alg":"RS256","kid":"r"}`, string(private.N.Bytes())), sig, sig},
		{"nothing for a secret", withMAC(`{"alg":"HS256"}`, ""), alg, alg},
		{"a key that comes along", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256","jwk":{"kty":"RSA"}}`), bad, bad},
		{"a key from elsewhere", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256","jku":"https://evil.example/jwks"}`), bad, bad},
		{"a certificate from elsewhere", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256","x5u":"https://evil.example/"}`), bad, bad},
		{"a certificate that comes along", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256","x5c":["AAAA"]}`), bad, bad},
		{"another key", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256","kid":"r"}`), sig, sig},
		{"another key without kid", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256"}`), sig, sig},
		{"another key of its own name", sign(jwt.SigningMethodRS256, other, `{"alg":"RS256","kid":"mine"}`), key, key},
		{"the right key under the other's name", sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"e"}`), key, key},
		{"the right key in upper case", sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"R"}`), key, key},
		{"the kid a path", sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"../../../../dev/null"}`), key, key},
		{"the kid a query", sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"x' UNION SELECT 'r"}`), key, key},
		{"the kid a prefix", sign(jwt.SigningMethodES256, ecPrivate, `{"alg":"ES256","kid":"e\u0000"}`), key, key},
		{"the right key for another hash", sign(jwt.SigningMethodRS512, private, `{"alg":"RS512","kid":"r"}`), key, alg},
		{"the right key for another padding", sign(jwt.SigningMethodPS256, private, `{"alg":"PS256","kid":"r"}`), key, alg},
		{"a short salt", withSignature(`{"alg":"PS256","kid":"r"}`, noSalt), key, alg},
		{"an algorithm of no key", sign(jwt.SigningMethodEdDSA, otherEd, `{"alg":"EdDSA"}`), key, alg},
		{"a psychic signature", withSignature(`{"alg":"ES256","kid":"e"}`, zeros(64)), sig, sig},
		{"r and s the order of the curve", withSignature(`{"alg":"ES256","kid":"e"}`, append(order[:32:32], order...)), sig, sig},
		{"an empty signature of RSA", withSignature(`{"alg":"RS256","kid":"r"}`, zeros(256)), sig, sig},
		{"a signature of one", withSignature(`{"alg":"RS256","kid":"r"}`, append(zeros(255), 1)), sig, sig},
		{"a signature in DER", segment[0] + "." + segment[1] + "." + b64(string(derOf(rawSignature))), sig, sig},
		{"a signature that is longer", segment[0] + "." + segment[1] + "." + b64(string(append([]byte{0}, rawSignature...))), sig, sig},
		{"a signature that is cut", segment[0] + "." + segment[1] + "." + b64(string(rawSignature[:63])), sig, sig},
		{"a signature with a zero more in each half", segment[0] + "." + segment[1] + "." + b64("\x00"+string(rawSignature[:32])+"\x00"+string(rawSignature[32:])), sig, sig},
		{"the claims of another token", segment[0] + "." + b64(strings.Replace(foreignPayload, "calvin", "susie", 1)) + "." + segment[2], sig, sig},
		{"encrypted", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", bad, bad},
		{"nested", sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"r","typ":"JWE"}`), bad, bad},
		{"two signatures", ec + "." + segment[2], bad, bad},
		{"JSON", `{"payload":"` + segment[1] + `","signatures":[]}`, bad, bad},
		{"critical", sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"r","crit":["exp"]}`), bad, bad},
		{"a detached payload", segment[0] + ".." + segment[2], bad, bad},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := check(t, issuer, keys, tt.raw)
			refused(t, tt.raw, c, err, tt.foreign)
			c, err = own.Check(tt.raw, "acme", now)
			refused(t, tt.raw, c, err, tt.own)
		})
	}
	// What they are forgeries of is good.
	for _, raw := range []string{ec, sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":"r"}`), sign(jwt.SigningMethodRS256, private, `{"alg":"RS256"}`),
		sign(jwt.SigningMethodRS256, private, `{"alg":"RS256","kid":""}`)} {
		if _, err := check(t, issuer, keys, raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if _, err := own.Check(raw, "acme", now); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	// The salt: with a set that has the key for PS256.
	pss := keySet(t, spki, "PS256")
	c, err := check(t, issuer, pss, withSignature(`{"alg":"PS256","kid":"r"}`, noSalt))
	refused(t, "", c, err, sig)
	if _, err := check(t, issuer, pss, sign(jwt.SigningMethodPS256, private, `{"alg":"PS256","kid":"r"}`)); err != nil {
		t.Error(err)
	}
}

// elliptic256Order is the order of P-256, as bytes.
func elliptic256Order() []byte {
	n, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	return n.Bytes()
}

// derOf writes a signature of ES256 as ASN.1, as other protocols have it.
func derOf(raw []byte) []byte {
	integer := func(b []byte) []byte {
		b = new(big.Int).SetBytes(b).Bytes()
		if b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return append([]byte{2, byte(len(b))}, b...)
	}
	body := append(integer(raw[:32]), integer(raw[32:])...)
	return append([]byte{0x30, byte(len(body))}, body...)
}

// A token without a kid costs a bounded number of verifications.
func TestTriesAreBounded(t *testing.T) {
	var all []string
	for i := range 9 {
		all = append(all, strings.Replace(rfc8037Public, "{", fmt.Sprintf(`{"kid":"%d",`, i), 1))
	}
	raw := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), `{"alg":"EdDSA"}`, foreignPayload)
	named := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), `{"alg":"EdDSA","kid":"8"}`, foreignPayload)
	issuer := newIssuer(t, token.IssuerOptions{})
	for n, want := range map[int]error{8: token.ErrSignature, 9: token.ErrKey} {
		set := keySet(t, `{"keys":[`+strings.Join(all[:n], ",")+`]}`)
		c, err := check(t, issuer, set, raw)
		refused(t, raw, c, err, want)
	}
	c, err := check(t, issuer, keySet(t, `{"keys":[`+strings.Join(all, ",")+`]}`), named)
	refused(t, named, c, err, token.ErrSignature)
}

func TestIssuerMistakes(t *testing.T) {
	type o = token.IssuerOptions
	for _, tt := range []struct {
		options o
		want    []string
	}{
		{o{}, []string{"the issuer is missing", "the audience is missing"}},
		{o{Issuer: "i\n", Audience: []string{""}, LoginPrefix: "\x00", Grace: -1}, []string{"the issuer is missing", "the audience is missing", "prefix of logins", "grace is negative"}},
		{o{Issuer: "i", Audience: []string{"a"}, Algorithms: []string{"none", "HS256", "rs256"}}, []string{`"none" is not one with a public key`, `"HS256" is not one`, `"rs256" is not one`}},
		{o{Issuer: "i", Audience: []string{"a"}, UserClaim: "iss", ScopeClaim: "aud"}, []string{"the claim iss says something else", "the claim aud says something else"}},
		{o{Issuer: "i", Audience: []string{"a"}, UserClaim: "scope"}, []string{"can't hold both"}},
		{o{Issuer: "i", Audience: []string{"a"}, Algorithms: []string{"Ed25519"}}, nil},
	} {
		i, err := token.NewIssuer(tt.options)
		if (err == nil) != (tt.want == nil) || (i == nil) != (err != nil) {
			t.Fatalf("%+v: %v", tt.options, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %s", err, want)
			}
		}
		if lines := strings.Count(fmt.Sprint(err), "\n") + 1; err != nil && lines != len(tt.want) {
			t.Errorf("%d mistakes: %v", lines, err)
		}
	}
	var zero token.Issuer
	u, err := token.Parse(signJWT(goodHeader, goodPayload, secret1))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := zero.Check(u, new(token.KeySet), now); err == nil {
		t.Errorf("the zero Issuer accepts %+v", c)
	}
	if c, err := newIssuer(t, o{}).Check(u, new(token.KeySet), now); err == nil {
		t.Errorf("the zero KeySet accepts %+v", c)
	}
}

// S87 for tokens with public keys: no prefix, and no bit that differs.
func TestKeyedMutations(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	for _, text := range []string{rfc7515Private, rfc8037Private, rsaJWK(t)} {
		f := keyed(t, privateKeys(t, text, "")...)
		raw := mustMake(t, f, c)
		for i := range len(raw) {
			if c, err := f.Check(raw[:i], "acme", now); err == nil {
				t.Errorf("prefix of %d bytes of %q accepted: %+v", i, raw, c)
			}
			for bit := range 8 {
				b := []byte(raw)
				b[i] ^= 1 << bit
				if c, err := f.Check(string(b), "acme", now); err == nil {
					t.Errorf("%q accepted for %q: %+v", b, raw, c)
				}
			}
		}
	}
}
