package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// TestMalformedWords: the log says what is wrong with a token, so that each of
// the checks is told from those after it, which would refuse the token too.
func TestMalformedWords(t *testing.T) {
	f, j := newFSA(t, token.Options{}), newJWT(t, token.Options{})
	h, p := b64(goodHeader), b64(goodPayload)
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	fsa := signFSA("acme:calvin:20991231235959", secret1)
	for _, c := range []struct {
		format    token.Format
		raw, want string
	}{
		{f, "acme", "fields are missing"},
		{f, "acme:calvin", "fields are missing"},
		{f, "acme:calvin:20991231235959", "fields are missing"},
		{f, fsa[:len(fsa)-1] + "g", "not a signature"},
		{f, fsa[:len(fsa)-1] + "/", "not a signature"},
		{f, fsa[:len(fsa)-1] + "`", "not a signature"},
		{f, signFSA("acme:calvin:2099123123595", secret1), "not a limit"},
		{f, signFSA("acme:calvin:209912312359590", secret1), "not a limit"},
		{f, signFSA("acme:calvin:20991231235959.5", secret1), "not a limit"},
		{f, signFSA("acme:calvin:2099123123595/", secret1), "not a limit"},

		{j, mac("."+p, secret1), "not three parts"},
		{j, mac(h+".", secret1), "not three parts"},
		{j, h + "." + p + ".", "not three parts"},
		{j, mac(h+"."+p, secret1) + ".AA", "not three parts"},
		{j, signJWT(`[]`, goodPayload, secret1), "not a strict JSON object"},
		{j, signJWT(`null`, goodPayload, secret1), "not a strict JSON object"},
		{j, signJWT(`{"alg":"HS256","x":`+deep+`}`, goodPayload, secret1), "JSON nests too deep"},
		{j, signJWT(`{"alg":["HS256"]}`, goodPayload, secret1), "alg is missing or no string"},
		{j, signJWT(goodHeader, `[]`, secret1), "not a strict JSON object"},
		{j, signJWT(goodHeader, `{"x":`+deep+`}`, secret1), "JSON nests too deep"},
		{j, signJWT(goodHeader, `{"sub":["calvin"],"aud":"acme","exp":1785589200}`, secret1), "a claim is of the wrong type or out of range"},
		{j, signJWT(goodHeader, `{"sub":"","aud":"acme","exp":1785589200}`, secret1), "sub is missing"},
	} {
		got, err := c.format.Check(c.raw, "acme", now)
		refused(t, c.raw, got, err, token.ErrMalformed)
		if want := "malformed token: " + c.want; err == nil || err.Error() != want {
			t.Errorf("%.100q: %v, want %s", c.raw, err, want)
		}
	}
}

// TestMakeWords: whoever cannot have a token is told which claim stands in the
// way.
func TestMakeWords(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme"}
	for _, f := range []token.Format{newFSA(t, token.Options{}), newJWT(t, token.Options{})} {
		if _, err := f.Make(c); err == nil || err.Error() != "token needs an expiry" {
			t.Errorf("%T: %v", f, err)
		}
	}
}

// TestJWTMakeIssuer: the issuer in the claims wins over the configured one.
func TestJWTMakeIssuer(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	for given, want := range map[string]string{"": "ours", "theirs": "theirs"} {
		c.Issuer = given
		raw := mustMake(t, newJWT(t, token.Options{Issuer: "ours"}), c)
		got, err := newJWT(t, token.Options{Issuer: want}).Check(raw, "acme", now)
		if err != nil || got.Issuer != want {
			t.Errorf("%q: %+v, %v", given, got, err)
		}
	}
}

// TestScopeCharacters: RFC 6749, section 3.3, at the edges of its ranges.
func TestScopeCharacters(t *testing.T) {
	j := newJWT(t, token.Options{})
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	for scope, good := range map[string]bool{
		"!": true, "#": true, "[": true, "]": true, "~": true, "read:all": true,
		"": false, " ": false, `"`: false, `\`: false, "\x7f": false, "é": false, "a b": false,
	} {
		c.Scopes = []string{scope}
		if _, err := j.Make(c); (err == nil) != good {
			t.Errorf("%q: %v", scope, err)
		}
	}
}
