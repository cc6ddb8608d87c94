package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// b64Strict refuses bits to spare.
var b64Strict = base64.RawURLEncoding.Strict()

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// mac signs whatever stands before the last dot, with HS256.
func mac(signed, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(signed))
	return signed + "." + b64(string(h.Sum(nil)))
}

func signJWT(header, payload, secret string) string { return mac(b64(header)+"."+b64(payload), secret) }

// jwtTest is a token that is signed properly and then checked by a JWT without
// issuer, for realm acme, at 2026-08-01 12:00:00 (1785585600), with a grace of
// one minute.
type jwtTest struct {
	name, header, payload string
	want                  error
}

const (
	goodHeader  = `{"alg":"HS256"}`
	goodPayload = `{"sub":"calvin","aud":"acme","exp":1785589200}`
)

var jwtTests = func() []jwtTest {
	header := func(name, header string, want error) jwtTest { return jwtTest{name, header, goodPayload, want} }
	payload := func(name, payload string, want error) jwtTest { return jwtTest{name, goodHeader, payload, want} }
	// also adds claims to the good ones, and with replaces one.
	also := func(name, more string, want error) jwtTest {
		return payload(name, strings.TrimSuffix(goodPayload, "}")+","+more+"}", want)
	}
	with := func(claim, value string, want error) jwtTest {
		old := map[string]string{"sub": `"calvin"`, "aud": `"acme"`, "exp": "1785589200"}[claim]
		return payload(claim+" "+value, strings.Replace(goodPayload, old, value, 1), want)
	}
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	bad := token.ErrMalformed

	return []jwtTest{
		header("good", goodHeader, nil),
		header("good typ", `{"typ":"JWT","alg":"HS256"}`, nil),
		header("good typ in lower case", `{"alg":"HS256","typ":"jwt"}`, nil),
		header("good typ of RFC 9068", `{"alg":"HS256","typ":"at+JWT"}`, nil),
		header("good typ as media type", `{"alg":"HS256","typ":"application/at+jwt"}`, nil),
		header("good kid", `{"alg":"HS256","kid":"2026-08"}`, nil),
		header("good white space and unknown members", " {\"alg\" : \"HS256\",\r\n\t\"x\":{\"alg\":\"none\"}} ", nil),
		header("good escapes", `{"\u0061lg":"H\u005325\u0036"}`, nil),

		header("alg none", `{"alg":"none"}`, token.ErrAlgorithm),
		header("alg None", `{"alg":"None"}`, token.ErrAlgorithm),
		header("alg of another hash", `{"alg":"HS512"}`, token.ErrAlgorithm),
		header("alg RS256 with an HMAC secret", `{"alg":"RS256"}`, token.ErrAlgorithm),
		header("alg in lower case", `{"alg":"hs256"}`, token.ErrAlgorithm),
		header("alg with a space", `{"alg":"HS256 "}`, token.ErrAlgorithm),
		header("alg empty", `{"alg":""}`, bad),
		header("alg missing", `{"typ":"JWT"}`, bad),
		header("alg in upper case", `{"ALG":"HS256"}`, bad),
		header("alg null", `{"alg":null}`, bad),
		header("alg list", `{"alg":["HS256"]}`, bad),
		header("alg number", `{"alg":256}`, bad),
		header("alg twice", `{"alg":"HS256","alg":"HS256"}`, bad),
		header("alg twice, once escaped", `{"alg":"HS256","a\u006cg":"none"}`, bad),
		header("typ other", `{"alg":"HS256","typ":"JWE"}`, bad),
		header("typ of a log-out token", `{"alg":"HS256","typ":"logout+jwt"}`, bad),
		header("typ of a DPoP proof", `{"alg":"HS256","typ":"dpop+jwt"}`, bad),
		header("typ empty", `{"alg":"HS256","typ":""}`, bad),
		header("typ null", `{"alg":"HS256","typ":null}`, bad),
		header("kid number", `{"alg":"HS256","kid":1}`, bad),
		header("crit ignored", `{"alg":"HS256","crit":["exp"],"exp":1}`, bad),
		header("crit empty", `{"alg":"HS256","crit":[]}`, bad),
		header("crit null", `{"alg":"HS256","crit":null}`, bad),
		header("b64 false", `{"alg":"HS256","b64":false}`, bad),
		header("b64 true", `{"alg":"HS256","b64":true}`, bad),
		header("compressed token bomb", `{"alg":"HS256","zip":"DEF"}`, bad),
		header("embedded jwk", `{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}`, bad),
		header("embedded jku", `{"alg":"HS256","jku":"https://evil.example/"}`, bad),
		header("embedded x5u", `{"alg":"HS256","x5u":"https://evil.example/"}`, bad),
		header("embedded x5c", `{"alg":"HS256","x5c":["AAAA"]}`, bad),
		header("embedded x5t", `{"alg":"HS256","x5t":"AAAA"}`, bad),
		header("embedded x5t#S256", `{"alg":"HS256","x5t#S256":"AAAA"}`, bad),
		header("header escaped crit", `{"alg":"HS256","\u0063rit":["x"]}`, bad),
		header("header no JSON", `alg=HS256`, bad),
		header("header list", `["HS256"]`, bad),
		header("header string", `"HS256"`, bad),
		header("header null", `null`, bad),
		header("header cut", `{"alg":"HS256"`, bad),
		header("header with a comma too much", `{"alg":"HS256",}`, bad),
		header("header and more", `{"alg":"HS256"}{}`, bad),
		header("header and NUL", `{"alg":"HS256"}`+"\x00", bad),
		header("header after a BOM", "\ufeff"+goodHeader, bad),
		header("header not UTF-8", `{"alg":"HS256","x":"`+"\xff"+`"}`, bad),
		header("header with half a surrogate", `{"alg":"HS256","x":"\ud800"}`, bad),
		header("header 64 deep", `{"alg":"HS256","x":`+deep(63)+`}`, nil),
		header("header 65 deep", `{"alg":"HS256","x":`+deep(64)+`}`, bad),

		also("good dates", `"iat":1785585600,"nbf":1785585660`, nil),
		also("good other claims", `"email":"a@b.c","x":{"sub":"root"},"exP":1`, nil),
		also("good any issuer", `"iss":"https://idp.example"`, nil),
		also("claims twice", `"sub":"root"`, bad),
		also("claims twice, once escaped", `"\u0073ub":"root"`, bad),
		also("claims twice, unknown", `"x":1,"x":2`, bad),
		also("claims twice, nested", `"x":{"y":1,"y":2}`, bad),
		also("claims 64 deep", `"x":`+deep(63), nil),
		also("claims 65 deep", `"x":`+deep(64), bad),
		also("claims 65 deep, mixed", `"x":`+strings.Repeat(`{"x":[`, 32)+strings.Repeat(`]}`, 32), bad),
		also("claims with brackets in text", `"x":["\"`+strings.Repeat("[{", 99)+`"]`, nil),
		also("claims 3000 deep", `"x":`+deep(2500), bad),
		also("claims not UTF-8", `"x":"`+"\xc0\x80"+`"`, bad),

		with("sub", `"hobbès \ud83d\ude00"`, nil),
		with("sub", `""`, bad),
		with("sub", `null`, bad),
		with("sub", `1`, bad),
		with("sub", `["calvin"]`, bad),
		with("sub", `{"login":"calvin"}`, bad),
		with("sub", `true`, bad),
		with("sub", `"cal\u0000vin"`, bad),
		with("sub", `"cal\nvin"`, bad),
		with("sub", `"cal\ud800vin"`, bad),
		payload("sub missing", `{"aud":"acme","exp":1785589200}`, bad),
		payload("sub in another case", `{"Sub":"calvin","aud":"acme","exp":1785589200}`, bad),

		with("aud", `["acme"]`, nil),
		with("aud", `["other","acme","acme"]`, nil),
		with("aud", `"acme2"`, token.ErrRealm),
		with("aud", `"acm"`, token.ErrRealm),
		with("aud", `"ACME"`, token.ErrRealm),
		with("aud", `"other acme"`, token.ErrRealm),
		with("aud", `""`, token.ErrRealm),
		with("aud", `[]`, token.ErrRealm),
		with("aud", `["acme2","other"]`, token.ErrRealm),
		with("aud", `[["acme"]]`, bad),
		with("aud", `["acme",null]`, bad),
		with("aud", `["acme",1]`, bad),
		with("aud", `{"acme":true}`, bad),
		with("aud", `null`, bad),
		with("aud", `1`, bad),
		payload("aud missing", `{"sub":"calvin","exp":1785589200}`, bad),

		with("exp", `1785585541`, nil), // the grace ends one second from now
		with("exp", `1785585540.5`, nil),
		with("exp", `1785589200.999`, nil),
		with("exp", `1.7855892e9`, nil),
		with("exp", `253402300799`, nil),
		with("exp", `253402300799.5`, nil),
		with("exp", `1785585540`, token.ErrExpired), // exp + grace ≤ now
		with("exp", `1785585539.9`, token.ErrExpired),
		with("exp", `0`, token.ErrExpired),
		with("exp", `1e-400`, token.ErrExpired),
		with("exp", `-1`, bad),
		with("exp", `-0.5`, bad),
		with("exp", `253402300800`, bad),
		with("exp", `253402300800.1`, bad),
		with("exp", `9223372036854775807`, bad),
		with("exp", `9223372036854775808`, bad),
		with("exp", `18446744073709551616000`, bad),
		with("exp", `1e18`, bad),
		with("exp", `1e19`, bad),
		with("exp", `1e308`, bad),
		with("exp", `1e309`, bad),
		with("exp", `1e999999999`, bad),
		with("exp", strings.Repeat("9", 400), bad),
		with("exp", `"1785589200"`, bad),
		with("exp", `"never"`, bad),
		with("exp", `null`, bad),
		with("exp", `false`, bad),
		with("exp", `[1785589200]`, bad),
		with("exp", `{}`, bad),
		with("exp", `NaN`, bad),
		with("exp", `Infinity`, bad),
		with("exp", `01785589200`, bad),
		with("exp", `+1785589200`, bad),
		with("exp", `0x6A6E0000`, bad),
		payload("exp missing", `{"sub":"calvin","aud":"acme"}`, bad),

		also("nbf to come", `"nbf":1785585661`, token.ErrNotYetValid),
		also("nbf to come by a fraction", `"nbf":1785585660.01`, token.ErrNotYetValid),
		also("nbf huge", `"nbf":1e300`, bad),
		also("nbf negative", `"nbf":-1e300`, bad),
		also("nbf null", `"nbf":null`, bad),
		also("nbf text", `"nbf":"1"`, bad),
		also("iat to come", `"iat":1785585661`, token.ErrNotYetValid),
		also("iat text", `"iat":"1785585600"`, bad),
		also("iat null", `"iat":null`, bad),
		also("iat huge", `"iat":1e300`, bad),
		also("iss number", `"iss":1`, bad),
		also("iss null", `"iss":null`, bad),
		also("iss with a line break", `"iss":"a\nb"`, bad),
		also("jti with a line break", `"jti":"a\nb"`, bad),
		also("iss list", `"iss":["a"]`, bad),
		also("jti number", `"jti":1`, bad),
		also("scope list", `"scope":["read"]`, bad),
		also("scope null", `"scope":null`, bad),
		also("scope with two spaces", `"scope":"read  write"`, bad),
		also("scope with a space at the end", `"scope":"read "`, bad),
		also("scope with a tab", `"scope":"read\twrite"`, bad),
		also("scope with a quote", `"scope":"re\"ad"`, bad),
		also("scope not in ASCII", `"scope":"lire-é"`, bad),
		payload("payload list", `[1]`, bad),
		payload("payload null", `null`, bad),
		payload("payload a token", goodHeader+".e30.AA", bad),
		payload("payload and more", goodPayload+"x", bad),
		payload("payload with a comma too much", strings.TrimSuffix(goodPayload, "}")+",}", bad),
		payload("payload without quotes", `{sub:"calvin"}`, bad),
		payload("payload too long", `{"x":"`+strings.Repeat("x", token.MaxSize)+`"}`, bad),

		// Which refusal wins: expiry comes last.
		payload("expired and for another realm", `{"sub":"calvin","aud":"other","exp":1}`, token.ErrRealm),
		payload("expired and not begun", `{"sub":"calvin","aud":"acme","exp":1,"nbf":1e11}`, token.ErrNotYetValid),
		payload("expired and malformed", `{"sub":1,"aud":"acme","exp":1}`, bad),
	}
}()

func TestJWTCheck(t *testing.T) {
	j := newJWT(t, token.Options{Grace: time.Minute})
	for _, tt := range jwtTests {
		t.Run(tt.name, func(t *testing.T) {
			raw := signJWT(tt.header, tt.payload, secret1)
			c, err := j.Check(raw, "acme", now)
			if tt.want != nil {
				refused(t, raw, c, err, tt.want)
			} else if err != nil {
				t.Fatal(err)
			}
			// Expired and badly signed token reported as merely expired: with
			// another's signature nothing of the claims is told. (Headers and
			// sizes are looked at before.)
			raw = signJWT(tt.header, tt.payload, secret2)
			want := tt.want
			if want == nil || tt.header == goodHeader && len(raw) <= token.MaxSize {
				want = token.ErrSignature
			}
			c, err = j.Check(raw, "acme", now)
			refused(t, raw, c, err, want)
		})
	}
}

// Each claim in each type that it has not: none is taken for absent, cut to
// size or converted.
func TestJWTWrongTypes(t *testing.T) {
	j := newJWT(t, token.Options{Grace: time.Minute})
	deep := strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60)
	notText := []string{"null", "true", "0", "1", "-1", "1.5", "1e400", "{}", `{"a":"b"}`, "[1]", "[null]", `[["acme"]]`, `[{}]`, deep}
	notDate := []string{"null", "true", "false", `""`, `"1785589200"`, `"1e9"`, "{}", `{"$date":1785589200}`, "[]", "[1785589200]", deep,
		"-1", "-1e-9", "-1e400", "1e12", "1e400", "1E+400", "253402300800", "4294967296000000", "9223372036854775808", strings.Repeat("9", 1000),
		"1785589200.0e400", "0x1", "1_000", "١"}
	for claim, values := range map[string][]string{
		"sub": append(notText, "[]", `["calvin"]`, `""`), "iss": append(notText, "[]", `["idp"]`), "jti": append(notText, "[]", `["1"]`),
		"aud": notText, "scope": append(notText, "[]", `["read"]`), "exp": notDate, "nbf": notDate, "iat": notDate,
	} {
		for _, value := range values {
			claims := map[string]string{"sub": `"calvin"`, "aud": `"acme"`, "exp": "1785589200"}
			claims[claim] = value
			payload := ""
			for name, v := range claims {
				payload += `,"` + name + `":` + v
			}
			raw := signJWT(goodHeader, "{"+payload[1:]+"}", secret1)
			c, err := j.Check(raw, "acme", now)
			if !errors.Is(err, token.ErrMalformed) || c.Login != "" {
				t.Errorf("%s %.40s: %+v, %v", claim, value, c, err)
			}
		}
	}
}

// Issuer compared as substring.
func TestJWTIssuer(t *testing.T) {
	j := newJWT(t, token.Options{Issuer: "https://idp.example"})
	for iss, want := range map[string]error{
		`"https://idp.example"`:                   nil,
		`"https://idp.example/"`:                  token.ErrIssuer,
		`"https://idp.example.evil.test"`:         token.ErrIssuer,
		`"idp.example"`:                           token.ErrIssuer,
		`"https://evil.test/https://idp.example"`: token.ErrIssuer,
		`"HTTPS://IDP.EXAMPLE"`:                   token.ErrIssuer,
		`""`:                                      token.ErrIssuer,
		`["https://idp.example"]`:                 token.ErrMalformed,
	} {
		raw := signJWT(goodHeader, strings.TrimSuffix(goodPayload, "}")+`,"iss":`+iss+`}`, secret1)
		c, err := j.Check(raw, "acme", now)
		if want != nil {
			refused(t, raw, c, err, want)
		} else if err != nil {
			t.Error(err)
		}
	}
	raw := signJWT(goodHeader, goodPayload, secret1)
	c, err := j.Check(raw, "acme", now)
	refused(t, raw, c, err, token.ErrIssuer)
}

func TestJWTClaims(t *testing.T) {
	j := newJWT(t, token.Options{})
	raw := signJWT(goodHeader, `{"iss":"i","sub":"calvin","aud":["x","acme"],"exp":1785589200.25,"iat":1785585600,`+
		`"nbf":1,"jti":"7","scope":"read store:write"}`, secret1)
	got, err := j.Check(raw, "acme", now)
	want := token.Claims{Login: "calvin", Realm: "acme", Issuer: "i", Scopes: []string{"read", "store:write"},
		ID: "7", IssuedAt: now, Expires: now.Add(time.Hour + 250*time.Millisecond)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	got, err = j.Check(signJWT(goodHeader, strings.Replace(goodPayload, "}", `,"scope":""}`, 1), secret1), "acme", now)
	if err != nil || got.Scopes != nil {
		t.Errorf("empty scope: %v, %v", got.Scopes, err)
	}
	// Nobody is meant by an empty realm, whatever the token says.
	c, err := j.Check(signJWT(goodHeader, strings.Replace(goodPayload, "acme", "", 1), secret1), "", now)
	refused(t, "", c, err, token.ErrRealm)
}

// TestJWTLogin: when and by what the user has logged in.
func TestJWTLogin(t *testing.T) {
	j := newJWT(t, token.Options{})
	c := token.Claims{Login: "calvin", Realm: "acme", ID: "7", AuthTime: now.Add(-time.Hour + time.Millisecond), Factors: []string{"pwd", "o\"tp"}, Expires: now.Add(time.Hour)}
	raw := mustMake(t, j, c)
	if want := signJWT(`{"alg":"HS256","typ":"JWT"}`, `{"sub":"calvin","aud":"acme","exp":1785589200,"jti":"7","auth_time":1785582000,"amr":["pwd","o\"tp"]}`, secret1); raw != want {
		t.Errorf("made %q, want %q", raw, want)
	}
	for claims, want := range map[string]token.Claims{
		`"auth_time":1785582000,"amr":["pwd"]`:          {AuthTime: now.Add(-time.Hour), Factors: []string{"pwd"}},
		`"auth_time":"1785582000","amr":"pwd"`:          {},
		`"auth_time":-1,"amr":[1]`:                      {},
		`"auth_time":253402300800,"amr":["a\n"]`:        {},
		`"auth_time":null,"amr":null`:                   {},
		`"amr":["a"` + strings.Repeat(`,"a"`, 32) + `]`: {},
		`"amr":[]`: {Factors: []string{}},
	} {
		got, err := j.Check(signJWT(goodHeader, strings.TrimSuffix(goodPayload, "}")+","+claims+"}", secret1), "acme", now)
		if err != nil || !got.AuthTime.Equal(want.AuthTime) || !slices.Equal(got.Factors, want.Factors) {
			t.Errorf("%s: %v %q, %v", claims, got.AuthTime, got.Factors, err)
		}
	}
	for name, change := range map[string]func(*token.Claims){
		"year 10000":   func(c *token.Claims) { c.AuthTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"before 1970":  func(c *token.Claims) { c.AuthTime = time.Unix(-1, 0) },
		"no factor":    func(c *token.Claims) { c.Factors = []string{"pwd", ""} },
		"a line break": func(c *token.Claims) { c.Factors = []string{"a\nb"} },
		"no UTF-8":     func(c *token.Claims) { c.Factors = []string{"\xff"} },
	} {
		bad := c
		change(&bad)
		if raw, err := j.Make(bad); err == nil {
			t.Errorf("%s: %q", name, raw)
		}
	}
	for _, bad := range []token.Claims{{Login: "calvin", Realm: "acme", AuthTime: now, Expires: now}, {Login: "calvin", Realm: "acme", Factors: []string{"pwd"}, Expires: now}} {
		if raw, err := newFSA(t, token.Options{}).Make(bad); err == nil {
			t.Errorf("an fsa token says %+v: %q", bad, raw)
		}
	}
}

func TestJWTMake(t *testing.T) {
	j := newJWT(t, token.Options{Issuer: "idp"})
	c := token.Claims{Login: `cal"<vin`, Realm: "My Shop", Scopes: []string{"read", "write"}, ID: "7",
		IssuedAt: now.Add(time.Millisecond), Expires: now.Add(time.Hour + time.Millisecond)}
	want := signJWT(`{"alg":"HS256","typ":"JWT"}`,
		`{"iss":"idp","sub":"cal\"<vin","aud":"My Shop","exp":1785589200,"iat":1785585600,"jti":"7","scope":"read write"}`, secret1)
	if raw := mustMake(t, j, c); raw != want {
		t.Errorf("made %q, want %q", raw, want)
	}
	minimal := token.Claims{Login: "calvin", Realm: "acme", ID: "7", Expires: now.Add(time.Hour)}
	want = signJWT(`{"alg":"HS256","typ":"JWT"}`, `{"sub":"calvin","aud":"acme","exp":1785589200,"jti":"7"}`, secret1)
	if raw := mustMake(t, newJWT(t, token.Options{}), minimal); raw != want {
		t.Errorf("made %q, want %q", raw, want)
	}

	// An ID of our own has 128 bits: 26 characters of base 32, each time others.
	minimal.ID = ""
	seen := map[string]bool{}
	for range 100 {
		c, err := j.Check(mustMake(t, j, minimal), "acme", now)
		if err != nil || len(c.ID) < 26 || seen[c.ID] {
			t.Fatalf("ID %q, %v", c.ID, err)
		}
		seen[c.ID] = true
	}

	for name, change := range map[string]func(*token.Claims){
		"no login":           func(c *token.Claims) { c.Login = "" },
		"login with a line":  func(c *token.Claims) { c.Login = "a\nb" },
		"login not UTF-8":    func(c *token.Claims) { c.Login = "a\xff" },
		"login too long":     func(c *token.Claims) { c.Login = strings.Repeat("a", token.MaxSize) },
		"no realm":           func(c *token.Claims) { c.Realm = "" },
		"realm not UTF-8":    func(c *token.Claims) { c.Realm = "\xff" },
		"ID with a line":     func(c *token.Claims) { c.ID = "a\nb" },
		"issuer with a line": func(c *token.Claims) { c.Issuer = "a\nb" },
		"ID not UTF-8":       func(c *token.Claims) { c.ID = "\xff" },
		"no expiry":          func(c *token.Claims) { c.Expires = time.Time{} },
		"expiry in 1969":     func(c *token.Claims) { c.Expires = time.Unix(-1, 0) },
		"expiry in 10000":    func(c *token.Claims) { c.Expires = time.Unix(253402300800, 0) },
		"issued in 10000":    func(c *token.Claims) { c.IssuedAt = time.Unix(253402300800, 0) },
		"scope empty":        func(c *token.Claims) { c.Scopes = []string{"a", ""} },
		"scope with space":   func(c *token.Claims) { c.Scopes = []string{"read write"} },
		"scope with quote":   func(c *token.Claims) { c.Scopes = []string{`"`} },
	} {
		c := minimal
		change(&c)
		if raw, err := j.Make(c); err == nil {
			t.Errorf("%s: made %q", name, raw)
		}
	}
}

// Others read our tokens and we read theirs, with each algorithm; a token of
// one algorithm is refused by the others, though the secret is the same.
func TestJWTInterop(t *testing.T) {
	secret := strings.Repeat("0123456789abcdef", 4)
	methods := []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512}
	for _, method := range methods {
		j := newJWT(t, token.Options{Algorithm: method.Alg(), Secrets: secrets(secret)})
		ours := mustMake(t, j, token.Claims{Login: "calvin", Realm: "acme", IssuedAt: now, Expires: now.Add(time.Hour)})
		parsed, err := jwt.Parse(ours, func(*jwt.Token) (any, error) { return []byte(secret), nil },
			jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithAudience("acme"), jwt.WithSubject("calvin"),
			jwt.WithIssuedAt(), jwt.WithExpirationRequired(), jwt.WithValidMethods([]string{method.Alg()}))
		if err != nil || !parsed.Valid {
			t.Errorf("%s: %v", method.Alg(), err)
		}
		for _, other := range methods {
			theirs, err := jwt.NewWithClaims(other, jwt.RegisteredClaims{Subject: "calvin", Audience: jwt.ClaimStrings{"acme"},
				ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour))}).SignedString([]byte(secret))
			if err != nil {
				t.Fatal(err)
			}
			c, err := j.Check(theirs, "acme", now)
			if other != method {
				refused(t, theirs, c, err, token.ErrAlgorithm)
			} else if err != nil || c.Login != "calvin" {
				t.Errorf("%s: %+v, %v", method.Alg(), c, err)
			}
		}
	}
}

// The example of RFC 7515, A.1: its signature is good, its claims are not ours.
func TestJWTKnown(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	if err != nil {
		t.Fatal(err)
	}
	const raw = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	c, err := newJWT(t, token.Options{Secrets: [][]byte{key}}).Check(raw, "acme", now)
	refused(t, raw, c, err, token.ErrMalformed)
	if !strings.Contains(fmt.Sprint(err), "sub is missing") {
		t.Error(err)
	}
	c, err = newJWT(t, token.Options{}).Check(raw, "acme", now)
	refused(t, raw, c, err, token.ErrSignature)
}
