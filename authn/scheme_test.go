package authn_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// ask makes what a search gets for a request.
func ask(r *http.Request) *authn.Request {
	src := new(param.Source)
	src.Reset(httptest.NewRecorder(), r, 1<<16, false)
	return &authn.Request{HTTP: r, Params: src, Realm: "acme", Now: noon}
}

func get(authorization ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if authorization != nil {
		r.Header["Authorization"] = authorization
	}
	return r
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// seen is a password check that lets everybody in and keeps what it was asked.
type seen struct{ login, password string }

func (s *seen) check(_ *authn.Request, login, password string) error {
	s.login, s.password = login, password
	return nil
}

// outcome puts what a scheme found in one line: who, "nothing", or why not.
func outcome(id *identity.Identity, err error) string {
	switch {
	case authn.Refused(err):
		return "refused: " + err.Error()
	case err != nil:
		return "failed: " + err.Error()
	case id == nil:
		return "nothing"
	}
	return id.Login
}

const (
	nothing   = "nothing"
	several   = "refused: several Authorization fields"
	malformed = "refused: malformed Authorization field: one space, then the credentials"
	notBase64 = "refused: malformed Basic credentials: not base64"
	noColon   = "refused: malformed Basic credentials: no colon"
	noUser    = "refused: malformed Basic credentials: no user"
	notText   = "refused: malformed Basic credentials: not UTF-8, or control characters"
)

func TestBasic(t *testing.T) {
	good := b64("calvin:hobbes")
	for _, c := range []struct {
		fields         []string
		want, password string
	}{
		{nil, nothing, ""},
		{[]string{}, nothing, ""},
		{[]string{""}, nothing, ""},
		{[]string{"Basic " + good}, "calvin", "hobbes"},
		{[]string{"basic " + good}, "calvin", "hobbes"},
		{[]string{"BASIC " + good}, "calvin", "hobbes"},
		{[]string{"bAsIc " + good}, "calvin", "hobbes"},
		{[]string{"Bearer " + good}, nothing, ""},
		{[]string{"Basically " + good}, nothing, ""}, // begins like ours
		{[]string{"Basic\t" + good}, nothing, ""},
		{[]string{"Basic," + good}, nothing, ""},
		{[]string{"Basi"}, nothing, ""},
		{[]string{" Basic " + good}, nothing, ""},
		{[]string{"Ba\u017fic " + good}, nothing, ""}, // a long s is no s
		{[]string{"Basic"}, malformed, ""},
		{[]string{"Basic "}, malformed, ""},
		{[]string{"Basic  " + good}, malformed, ""},
		{[]string{"Basic " + good, "Basic " + good}, several, ""},
		{[]string{"Basic " + good, "Bearer x"}, several, ""},
		{[]string{"Bearer x", "Basic " + good}, nothing, ""}, // of what comes first, and then refused there
		{[]string{"Basic " + good + " "}, notBase64, ""},
		{[]string{"Basic " + good + ", Bearer x"}, notBase64, ""},
		{[]string{"Basic " + strings.TrimRight(b64("calvin:hobb"), "=")}, notBase64, ""}, // padding required
		{[]string{"Basic " + b64("calvin:hobbe") + "="}, notBase64, ""},
		{[]string{"Basic YTpi\n"}, notBase64, ""},
		{[]string{"Basic YT\r\npi"}, notBase64, ""},
		{[]string{"Basic YTpi"}, "a", "b"},
		{[]string{"Basic YTo="}, "a", ""},
		{[]string{"Basic YTp="}, notBase64, ""}, // not canonical: bits are left over
		{[]string{"Basic YTp_"}, notBase64, ""}, // of another alphabet
		{[]string{"Basic calvin:hobbes"}, notBase64, ""},
		{[]string{"Basic " + b64("calvin")}, noColon, ""},
		{[]string{"Basic " + b64(":")}, noUser, ""},
		{[]string{"Basic " + b64(":hobbes")}, noUser, ""},
		{[]string{"Basic " + b64("calvin:")}, "calvin", ""},
		{[]string{"Basic " + b64("calvin::a:b:")}, "calvin", ":a:b:"}, // the first colon counts
		{[]string{"Basic " + b64("élodie:pässwörd€😀")}, "élodie", "pässwörd€😀"},
		{[]string{"Basic " + b64(" calvin : hobbes ")}, " calvin ", " hobbes "},
		{[]string{"Basic " + b64("cal\x00vin:x")}, notText, ""},
		{[]string{"Basic " + b64("calvin:x\x00")}, notText, ""},
		{[]string{"Basic " + b64("cal\nvin:x")}, notText, ""},
		{[]string{"Basic " + b64("calvin:\tx")}, notText, ""},
		{[]string{"Basic " + b64("calvin:\x7f")}, notText, ""},
		{[]string{"Basic " + b64("calvin:\u0085")}, notText, ""},
		{[]string{"Basic " + b64("calvin\u009b:x")}, notText, ""},
		{[]string{"Basic " + b64("calvin:\xff")}, notText, ""},
		{[]string{"Basic " + b64("caf\xe9:x")}, notText, ""}, // Latin-1
		{[]string{"Basic " + b64("calvin:\xed\xa0\x80")}, notText, ""},
	} {
		var s seen
		id, err := (&authn.Basic{Check: s.check}).Authenticate(ask(get(c.fields...)))
		if got := outcome(id, err); got != c.want || s.password != c.password {
			t.Errorf("%q: %s with %q, want %s with %q", c.fields, got, s.password, c.want, c.password)
		}
		if id == nil && s != (seen{}) {
			t.Errorf("%q: checked %+v", c.fields, s)
		}
	}
}

func TestParam(t *testing.T) {
	const wrong = "refused: malformed USER or PASS: not UTF-8, or control characters"
	form := func(body string) *http.Request { return post("application/x-www-form-urlencoded", body) }
	json := func(body string) *http.Request { return post("application/json", body) }
	query := func(q string) *http.Request { return httptest.NewRequest("GET", "/?"+q, nil) }
	for _, c := range []struct {
		r              *http.Request
		want, password string
	}{
		{query(""), nothing, ""},
		{query("USER=calvin&PASS=hobbes"), "calvin", "hobbes"},
		{form("USER=calvin&PASS=hobbes"), "calvin", "hobbes"},
		{json(`{"USER":"calvin","PASS":"hobbes"}`), "calvin", "hobbes"},
		{post("application/x-www-form-urlencoded", "PASS=hobbes", "USER=calvin"), "calvin", "hobbes"}, // each from where it is
		{query("user=calvin&pass=hobbes"), nothing, ""},
		{query("USER=calvin"), nothing, ""},
		{query("PASS=hobbes"), nothing, ""},
		{query("USER=&PASS=hobbes"), nothing, ""}, // empty is missing
		{query("USER=calvin&PASS="), nothing, ""},
		{json(`{"USER":"","PASS":"hobbes"}`), nothing, ""},
		{query("USER=a:b&PASS=c:d"), "a:b", "c:d"},
		{query("USER=%C3%A9&PASS=%E2%82%AC"), "é", "€"},
		{json(`{"USER":"\u00e9","PASS":"\ud83d\ude00"}`), "é", "😀"},
		{query("USER=calvin&USER=calvin&PASS=x"), `refused: parameter "USER" is given twice`, ""},
		{query("USER=calvin&PASS=x&PASS=x"), `refused: parameter "PASS" is given twice`, ""},
		{post("application/x-www-form-urlencoded", "USER=susie&PASS=x", "USER=calvin"), `refused: parameter "USER" is given twice`, ""},
		{json(`{"USER":17,"PASS":"x"}`), `refused: parameter "USER" must be a string`, ""},
		{json(`{"USER":null,"PASS":"x"}`), `refused: parameter "USER" must be a string`, ""},
		{json(`{"USER":"calvin","PASS":["x"]}`), `refused: parameter "PASS" must be a string`, ""},
		{json(`{"USER":"calvin","PASS":true}`), `refused: parameter "PASS" must be a string`, ""},
		{json(`{"USER":"calvin","PASS":"x"`), nothing, ""},
		{json(`{"USER":"calvin","USER":"susie","PASS":"x"}`), nothing, ""},
		{json(`["USER","PASS"]`), nothing, ""},
		{query("USER=calvin&PASS=%"), nothing, ""},
		{query("USER=cal%00vin&PASS=x"), wrong, ""},
		{query("USER=calvin&PASS=%0a"), wrong, ""},
		{query("USER=calvin&PASS=%c2%85"), wrong, ""},
		{query("USER=calvin&PASS=%ff"), wrong, ""},
		{query("USER=%ff&PASS=x"), wrong, ""},
		{json(`{"USER":"calvin","PASS":"\u0000"}`), wrong, ""},
	} {
		var s seen
		scheme := &authn.Param{User: "USER", Pass: "PASS", Check: s.check}
		id, err := scheme.Authenticate(ask(c.r))
		if got := outcome(id, err); got != c.want || s.password != c.password {
			t.Errorf("%s: %s with %q, want %s with %q", c.r.URL, got, s.password, c.want, c.password)
		}
		if id == nil && s != (seen{}) {
			t.Errorf("%s: checked %+v", c.r.URL, s)
		}
	}
}

func post(contentType, body string, query ...string) *http.Request {
	r := httptest.NewRequest("POST", "/?"+strings.Join(query, "&"), strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestToken(t *testing.T) {
	for _, c := range []struct {
		bearer string
		fields []string
		want   string
	}{
		{"Bearer", nil, nothing},
		{"Bearer", []string{"Bearer abc.def-_~+/=="}, "abc.def-_~+/=="},
		{"Bearer", []string{"bearer acme:calvin:20991231235959:8b95f745aac7f3ef"}, "acme:calvin:20991231235959:8b95f745aac7f3ef"},
		{"Bearer", []string{"BEARER x"}, "x"},
		{"Bearer", []string{"Basic x"}, nothing},
		{"Bearer", []string{"Bearers x"}, nothing},
		{"Bearer", []string{"Bearer"}, malformed},
		{"Bearer", []string{"Bearer "}, malformed},
		{"Bearer", []string{"Bearer  x"}, malformed},
		{"Bearer", []string{"Bearer x y"}, "refused: malformed token: it holds a space"},
		{"Bearer", []string{"Bearer x "}, "refused: malformed token: it holds a space"},
		{"Bearer", []string{"Bearer x, Basic y"}, "refused: malformed token: it holds a space"},
		{"Bearer", []string{"Bearer x", "Bearer x"}, several},
		{"To\u212aen", []string{"Token x"}, nothing}, // letters that fold to ours are not ours
		{"Token", []string{"To\u212aen x"}, nothing},
		{"Token", []string{"token x"}, "x"},
	} {
		asked := 0
		scheme := &authn.Token{Bearer: c.bearer, Check: func(_ *authn.Request, raw string) (*identity.Identity, error) {
			asked++
			return &identity.Identity{Login: raw, Scheme: "token"}, nil
		}}
		id, err := scheme.Authenticate(ask(get(c.fields...)))
		if got := outcome(id, err); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.bearer, c.fields, got, c.want)
		}
		if id == nil && asked > 0 {
			t.Errorf("%s, %q: checked", c.bearer, c.fields)
		}
	}
}

// TestCheckErrors: a check's refusal is a refusal, its failure a failure.
func TestCheckErrors(t *testing.T) {
	down := errors.New("the store is down")
	for _, c := range []struct {
		err  error
		want string
	}{
		{authn.Refuse("invalid password for %s", "calvin"), "refused: invalid password for calvin"},
		{down, "failed: the store is down"},
	} {
		check := func(*authn.Request, string, string) error { return c.err }
		r := get("Basic " + b64("calvin:hobbes"))
		r.URL.RawQuery = "USER=calvin&PASS=hobbes"
		token := &authn.Token{Bearer: "Basic", Check: func(*authn.Request, string) (*identity.Identity, error) { return nil, c.err }}
		for _, s := range []authn.Scheme{&authn.Basic{Check: check}, &authn.Param{User: "USER", Pass: "PASS", Check: check}, token} {
			if got := outcome(s.Authenticate(ask(r))); got != c.want {
				t.Errorf("%s: %s, want %s", s.Name(), got, c.want)
			}
		}
	}
}

func TestIdentityOfPassword(t *testing.T) {
	check := func(*authn.Request, string, string) error { return nil }
	r := get("Basic " + b64("calvin:hobbes"))
	r.URL.RawQuery = "USER=calvin&PASS=hobbes"
	for _, s := range []authn.Scheme{&authn.Basic{Check: check}, &authn.Param{User: "USER", Pass: "PASS", Check: check}} {
		id, err := s.Authenticate(ask(r))
		want := &identity.Identity{Login: "calvin", Scheme: s.Name(), Realm: "acme", AuthTime: noon, Factors: []string{"pwd"}}
		if diff := cmp.Diff(want, id); err != nil || diff != "" {
			t.Errorf("%s: %v %s", s.Name(), err, diff)
		}
	}
}

func TestSchemes(t *testing.T) {
	for _, c := range []struct {
		s         authn.Scheme
		name      string
		ambient   bool
		challenge string // for the realm `a"b\c` and a line end
		refused   string
	}{
		{authn.None{}, "none", false, "", ""},
		{&authn.Basic{}, "basic", true, `Basic realm="a\"b\\c  ", charset="UTF-8"`, `Basic realm="a\"b\\c  ", charset="UTF-8"`},
		{&authn.Param{}, "param", false, "", ""},
		{&authn.Token{Bearer: "Bearer"}, "token", false, `Bearer realm="a\"b\\c  "`, `Bearer realm="a\"b\\c  ", error="invalid_token"`},
	} {
		realm := "a\"b\\c\r\n"
		if c.s.Name() != c.name || c.s.Ambient() != c.ambient || c.s.Challenge(realm, false) != c.challenge || c.s.Challenge(realm, true) != c.refused {
			t.Errorf("%s, %t, %s, %s", c.s.Name(), c.s.Ambient(), c.s.Challenge(realm, false), c.s.Challenge(realm, true))
		}
	}
	if id, err := (authn.None{}).Authenticate(ask(get("Basic " + b64("a:b")))); id != nil || err != nil {
		t.Errorf("none: %v, %v", id, err)
	}
}
