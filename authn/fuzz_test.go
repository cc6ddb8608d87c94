package authn_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
)

// authorizations are fields of which FuzzAuthorization makes others.
var authorizations = []string{
	"", "Basic", "Basic ", "Basic  YTpi", "Basic YTpi", "basic YTpi", "BASIC YTo=", "Basic YTp=", "Basic YTp_", "Basic YTpi ", "Basic YTpi\n",
	"Basic OmI=", "Basic YQ==", "Basic /zpi", "Basic YQA6Yg==", "Basically YTpi", "Basic\tYTpi", "Basic YTpi, Bearer x",
	"Bearer", "Bearer ", "Bearer x", "bEARER x", "Bearer  x", "Bearer x y", "Bearer\tx", "BearerX x", "Digest x", "Ba\u017fic x", "Bear\u212a x",
	"Basic w6k64oKs", "BASIC YTpiOmM=",
}

// FuzzAuthorization: of what is accepted there is one spelling, and at most one
// scheme takes it.
func FuzzAuthorization(f *testing.F) {
	for i, field := range authorizations {
		f.Add(field, authorizations[len(authorizations)-1-i], i%3 == 0)
	}
	f.Fuzz(func(t *testing.T, first, second string, two bool) {
		fields := []string{first}
		if two {
			fields = append(fields, second)
		}
		var s seen
		basic, err := (&authn.Basic{Check: s.check}).Authenticate(ask(get(fields...)))
		if err != nil && !authn.Refused(err) {
			t.Fatalf("basic fails: %v", err)
		}
		raw := ""
		bearer, err := (&authn.Token{Bearer: "Bearer", Check: echo}).Authenticate(ask(get(fields...)))
		if err != nil && !authn.Refused(err) {
			t.Fatalf("bearer fails: %v", err)
		}
		if bearer != nil {
			raw = bearer.Login
		}
		switch {
		case basic != nil && bearer != nil:
			t.Fatal("both schemes take it")
		case two && (basic != nil || bearer != nil):
			t.Fatal("one of two fields is taken")
		case basic != nil:
			spelt := base64.StdEncoding.EncodeToString([]byte(s.login + ":" + s.password))
			if !strings.EqualFold(first[:6], "Basic ") || first[6:] != spelt {
				t.Fatalf("%q is taken for %q", first, spelt)
			}
			text := s.login + s.password
			if s.login == "" || strings.Contains(s.login, ":") || !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r\n\x7f\u0085") {
				t.Fatalf("%q: login %q, password %q", first, s.login, s.password)
			}
		case bearer != nil:
			if !strings.EqualFold(first[:7], "Bearer ") || first[7:] != raw || raw == "" || strings.Contains(raw, " ") {
				t.Fatalf("%q is taken for %q", first, raw)
			}
		}
	})
}

// FuzzCookie: a cookie that is read is the one that would be written, and what is
// written is read.
func FuzzCookie(f *testing.F) {
	for _, c := range cookieTests {
		f.Add(strings.Join(c.fields, ";"), "", c.plain)
	}
	for _, raw := range []string{"a", "acme:calvin:1:ff", "é", "a b", `"a"`, "%", "%41", "a,b;c\\d", "\x00\xff", "a=b"} {
		f.Add("a=b", raw, false)
	}
	f.Fuzz(func(t *testing.T, field, raw string, plain bool) {
		scheme := cookieScheme(plain)
		r := &http.Request{Header: http.Header{"Cookie": {field}}}
		name := scheme.CookieName(r)
		if got, err := scheme.Read(r); err != nil {
			if !authn.Refused(err) {
				t.Fatalf("%q fails: %v", field, err)
			}
		} else if got != "" {
			cookie, err := scheme.Cookie(r, got, 0)
			if err == nil && !strings.Contains(field, name+"="+cookie.Value) {
				t.Fatalf("%q is read as %q, which is written %q", field, got, cookie.Value)
			}
		}
		cookie, err := scheme.Cookie(r, raw, 0)
		if err != nil || raw == "" {
			return
		}
		if err := cookie.Valid(); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		r = &http.Request{Header: http.Header{}}
		r.AddCookie(cookie)
		if got, err := scheme.Read(r); got != raw || err != nil {
			t.Fatalf("%q is written %q and read as %q, %v", raw, r.Header["Cookie"], got, err)
		}
		// Others, who are laxer, read the same.
		if c, err := r.Cookie(name); err != nil || c.Value != cookie.Value {
			t.Fatalf("%q: net/http reads %v, %v", raw, c, err)
		}
	})
}

// FuzzDigest: whatever comes as Digest credentials, somebody is found only if the
// response is the right one for all of them, written out once more.
func FuzzDigest(f *testing.F) {
	for _, c := range digestCredentials {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, credentials string) {
		d, err := authn.NewDigest(authn.DigestOptions{Algorithms: []string{"SHA-256"}, NonceLife: time.Hour, Used: cache.NewMemoryOnce(10),
			Check: func(q *authn.Request, login, algorithm string, right func(string) bool) error {
				if login == "" || strings.Contains(login, ":") || !utf8.ValidString(login) || strings.ContainsAny(login, "\x00\r\n\x7f") {
					t.Fatalf("the login %q", login)
				}
				if right(authn.HA1(algorithm, login, q.Realm, "secret")) {
					return nil
				}
				return authn.Refuse("wrong")
			}})
		if err != nil {
			t.Fatal(err)
		}
		// The fuzzer can't make a nonce, so it writes NONCE and RESPONSE for them.
		q := ask(get())
		challenge := d.Challenges(q, nil)[0]
		_, nonce, _ := strings.Cut(challenge, `nonce="`)
		nonce, _, _ = strings.Cut(nonce, `"`)
		response := func(ha2 string) string {
			return h256(authn.HA1("SHA-256", "calvin", "acme", "secret") + ":" + nonce + ":00000001:c:auth:" + ha2)
		}(h256("GET:/"))
		credentials = strings.ReplaceAll(strings.ReplaceAll(credentials, "NONCE", nonce), "RESPONSE", response)
		q = ask(get("Digest " + credentials))
		id, err := d.Authenticate(q)
		if err != nil && !authn.Refused(err) {
			t.Fatal(err)
		}
		if id == nil {
			return
		}
		for _, part := range []string{nonce, response, "calvin", "acme", "auth", "00000001"} {
			if id.Login != "calvin" || !strings.Contains(credentials, part) && !strings.Contains(credentials, `\`) && !strings.Contains(credentials, "%") {
				t.Fatalf("%q is taken for %+v", credentials, id)
			}
		}
		if _, err := d.Authenticate(q); !authn.Refused(err) {
			t.Fatalf("%q is taken twice", credentials)
		}
	})
}

func h256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// digestCredentials are what FuzzDigest makes others of.
var digestCredentials = []string{
	`username="calvin", realm="acme", nonce="NONCE", uri="/", response="RESPONSE", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"`,
	`username*=UTF-8''calvin,realm="acme",nonce="NONCE",uri="/",response="RESPONSE",algorithm="SHA-256",qop="auth",nc=00000001,cnonce="c"`,
	`username="cal\vin" , realm="acme", nonce=NONCE, uri="/", response="RESPONSE", algorithm=sha-256, qop=auth, nc=00000001, cnonce="c", opaque="\"", x=`,
	`username="calvin", userhash=true, realm="acme", nonce="NONCE", uri="/"`, `a`, `a=`, `a="`, `a="\`, `=b`, `a=b,`, `a=b,a=c`, "a=\x00",
	`username*=utf-8'en'%63alvin, username=x`, `username*=ISO-8859-1''calvin`, `username*=UTF-8''%ff`,
}

// FuzzAPIKey: what is taken for a key is one to the letter.
func FuzzAPIKey(f *testing.F) {
	key, _, _ := authn.NewAPIKey()
	for _, k := range []string{key, "fsak_", "fsak__", key[:len(key)-1], key + "a", strings.ToUpper(key), "fsak_" + strings.Repeat("a", 16) + "_" + strings.Repeat("a", 52),
		"fsak_" + strings.Repeat("a", 16) + "_" + strings.Repeat("a", 51) + "b", "fsak_" + strings.Repeat("a", 15) + "\n_" + strings.Repeat("a", 52)} {
		f.Add(k)
	}
	f.Fuzz(func(t *testing.T, key string) {
		id, ok := authn.ParseAPIKey(key)
		if !ok {
			if id != "" {
				t.Fatalf("%q: the id %q of no key", key, id)
			}
			return
		}
		if !keyRE.MatchString(key) || !strings.HasPrefix(key, "fsak_"+id+"_") {
			t.Fatalf("%q is taken for a key with the id %q", key, id)
		}
	})
}

// The last character has one bit of the secret, and four that must be zero.
var keyRE = regexp.MustCompile(`^fsak_[a-z2-7]{16}_[a-z2-7]{51}[aq]$`)
