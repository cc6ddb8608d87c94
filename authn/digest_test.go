package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
)

// digest makes a scheme that takes the password "secret" of anybody.
func digest(t *testing.T, change ...func(*authn.DigestOptions)) *authn.Digest {
	t.Helper()
	o := authn.DigestOptions{Algorithms: []string{"SHA-256", "MD5"}, NonceLife: time.Hour, Used: cache.NewMemoryOnce(100),
		Check: func(q *authn.Request, login, algorithm string, right func(string) bool) error {
			if right(authn.HA1(algorithm, login, q.Realm, "secret")) {
				return nil
			}
			return authn.Refuse("wrong")
		}}
	for _, c := range change {
		c(&o)
	}
	d, err := authn.NewDigest(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestNewDigest: what can't be a scheme is none.
func TestNewDigest(t *testing.T) {
	for _, test := range []struct {
		algorithms []string
		life       time.Duration
		want       string
	}{
		{nil, time.Hour, "no algorithm"},
		{[]string{"SHA-256", "SHA-1"}, time.Hour, `unknown algorithm "SHA-1"`},
		{[]string{"MD5-sess"}, time.Hour, `unknown algorithm "MD5-sess"`},
		{[]string{"SHA-256"}, time.Second - 1, "a nonce of 999.999999ms can't be used"},
		{[]string{"SHA-256"}, time.Second, "<nil>"},
	} {
		_, err := authn.NewDigest(authn.DigestOptions{Algorithms: test.algorithms, NonceLife: test.life})
		if got := fmt.Sprint(err); got != test.want {
			t.Errorf("%v %v: %s, want %s", test.algorithms, test.life, got, test.want)
		}
	}
	if got := authn.HA1("SHA-1", "a", "b", "c"); got != "" {
		t.Errorf("an unknown algorithm: %q", got)
	}
}

// digestFields are credentials that are right, in their order.
func digestFields(nonce string) [][2]string {
	response := h256(authn.HA1("SHA-256", "calvin", "acme", "secret") + ":" + nonce + ":00000001:c:auth:" + h256("GET:/"))
	return [][2]string{{"username", `"calvin"`}, {"realm", `"acme"`}, {"nonce", `"` + nonce + `"`}, {"uri", `"/"`}, {"response", `"` + response + `"`},
		{"algorithm", "SHA-256"}, {"qop", "auth"}, {"nc", "00000001"}, {"cnonce", `"c"`}}
}

// TestDigestGrammar: how credentials may be spelt, and how not.
func TestDigestGrammar(t *testing.T) {
	const malformed = "refused: malformed Digest credentials: "
	set := func(name, value string) func([][2]string) [][2]string {
		return func(f [][2]string) [][2]string {
			for i := range f {
				if f[i][0] == name {
					f[i][1] = value
					return f
				}
			}
			return append(f, [2]string{name, value})
		}
	}
	drop := func(name string) func([][2]string) [][2]string {
		return func(f [][2]string) (rest [][2]string) {
			for _, field := range f {
				if field[0] != name {
					rest = append(rest, field)
				}
			}
			return rest
		}
	}
	both := func(a, b func([][2]string) [][2]string) func([][2]string) [][2]string {
		return func(f [][2]string) [][2]string { return b(a(f)) }
	}
	user := func(value string) func([][2]string) [][2]string {
		return both(drop("username"), set("username*", value))
	}
	for _, test := range []struct {
		name   string
		change func([][2]string) [][2]string
		want   string
	}{
		{"right", drop("nothing"), "calvin"},
		{"tokens for strings", both(set("realm", "acme"), set("cnonce", "c")), "calvin"},
		{"strings for tokens", both(set("qop", `"auth"`), set("algorithm", `"SHA-256"`)), "calvin"},
		{"escapes", set("username", `"cal\vin"`), "calvin"},
		{"an extension", set("later", "x"), "calvin"},
		{"a name of all characters", set("!#$%&'*+-.^_`|~09azAZ", "x"), "calvin"},
		{"a value of all characters", set("later", "!#$%&'*+-.^_`|~09azAZ"), "calvin"},
		{"userhash=false", set("userhash", "false"), "calvin"},
		{"an extended name", user("UTF-8''calvin"), "calvin"},
		{"with a language", user("utf-8'en'%63alvin"), "calvin"},
		{"another charset", user("ISO-8859-1''calvin"), malformed + "username*"},
		{"no charset", user("calvin"), malformed + "username*"},
		{"one quote", user("UTF-8'calvin"), malformed + "username*"},
		{"not UTF-8 in it", user("UTF-8''%ff"), malformed + "username*"},
		{"a broken escape", user("UTF-8''%6"), malformed + "username*"},
		{"extended and hashed", both(user("UTF-8''calvin"), set("userhash", "true")), malformed + "username*"},
		{"both names", set("username*", "UTF-8''calvin"), malformed + "one username"},
		{"no name", drop("username"), malformed + "one username"},
		{"an empty name", set("username", `""`), malformed + "username"},
		{"a name with a control character", set("username", "\"cal\tvin\""), malformed + "too long, not UTF-8, or control characters"},
		{"not UTF-8", set("later", "\"\xff\""), malformed + "too long, not UTF-8, or control characters"},
		{"userhash", set("userhash", "yes"), malformed + "userhash"},
		{"hashed, and not offered", set("userhash", "true"), "refused: hashed user names were not offered"},
		{"no nonce", set("nonce", `""`), malformed + "nonce, cnonce or uri is missing"},
		{"no cnonce", drop("cnonce"), malformed + "nonce, cnonce or uri is missing"},
		{"no uri", drop("uri"), malformed + "nonce, cnonce or uri is missing"},
		{"no hexadecimal digits", set("nc", "0000000g"), malformed + "nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"a slash", set("nc", `"0000000/"`), malformed + "nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"a colon", set("nc", `"0000000:"`), malformed + "nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"a backtick", set("nc", "0000000`"), malformed + "nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"upper case", set("nc", "0000000A"), malformed + "nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"no response", drop("response"), "refused: malformed Digest credentials: a hash of another size"},
		{"another size", set("response", "abcd"), "refused: malformed Digest credentials: a hash of another size"},
		{"a wrong hash", set("response", strings.Repeat("0", 64)), "refused: wrong"},
		{"no digits", set("response", strings.Repeat("g", 64)), "refused: malformed Digest credentials: a hash of another size"},
		{"no algorithm is MD5", drop("algorithm"), "refused: malformed Digest credentials: a hash of another size"},
		{"a name without a value", both(drop("cnonce"), set("cnonce", "c, later")), malformed + "names and values are separated by commas, each name once"},
		{"a space in a token", set("later", "x y"), malformed + "names and values are separated by commas, each name once"},
		{"an empty token", set("later", ""), malformed + "names and values are separated by commas, each name once"},
		{"a token with a quote in it", set("later", `x"y"`), malformed + "names and values are separated by commas, each name once"},
		{"a name with a space", set("la ter", "x"), malformed + "names and values are separated by commas, each name once"},
		{"no name before =", set("", "x"), malformed + "names and values are separated by commas, each name once"},
		{"a nonce with bits to spare", nil, "refused: stale nonce"},
		{"a nonce with a line break", nil, malformed + "too long, not UTF-8, or control characters"},
	} {
		d := digest(t)
		q := ask(get())
		q.HTTP.RequestURI, q.Now = "/", time.Now() // the time of the store
		nonce := nonceOf(d.Challenges(q, nil)[0])
		fields := digestFields(nonce)
		switch {
		case test.change != nil:
			fields = test.change(fields)
		case strings.Contains(test.name, "line break"):
			fields = digestFields(nonce[:4] + "\n" + nonce[4:])
		default:
			fields = digestFields(nonce + "A")
		}
		q.HTTP.Header["Authorization"] = []string{credentials(fields...)}
		if got := outcome(d.Authenticate(q)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// fakeOnce answers as it is told.
type fakeOnce struct {
	cache.Once
	fresh       bool
	use, unused error
}

func (o fakeOnce) Use(context.Context, string, time.Time) (bool, error) { return o.fresh, o.use }

func (o fakeOnce) Used(context.Context, string) (bool, error) { return false, o.unused }

// TestDigestStore: if it can't be known whether a count has been used, nobody is
// believed; if it has been, it is refused.
func TestDigestStore(t *testing.T) {
	try := func(d *authn.Digest, times int) (got string) {
		q := ask(get())
		q.HTTP.RequestURI, q.Now = "/", time.Now() // the time of the store
		nonce := nonceOf(d.Challenges(q, nil)[0])
		q.HTTP.Header["Authorization"] = []string{credentials(digestFields(nonce)...)}
		for range times {
			got = outcome(d.Authenticate(q))
		}
		return got
	}
	if got := try(digest(t), 1); got != "calvin" {
		t.Error(got)
	}
	if got := try(digest(t), 2); got != "refused: replayed Digest credentials" {
		t.Error(got)
	}
	down := errors.New("the store is down")
	for _, test := range []struct {
		once fakeOnce
		want string
	}{
		{fakeOnce{fresh: true}, "calvin"},
		{fakeOnce{fresh: true, unused: down}, "failed: it is not known whether a nonce has been used: the store is down"},
		{fakeOnce{fresh: true, use: down}, "failed: the use of a nonce cannot be noted: the store is down"},
		{fakeOnce{}, "refused: replayed Digest credentials"}, // by somebody at the same time
	} {
		if got := try(digest(t, func(o *authn.DigestOptions) { o.Used = test.once }), 1); got != test.want {
			t.Errorf("%+v: %s, want %s", test.once, got, test.want)
		}
	}
}

// TestNonceTime: a nonce is good for its life, from when it was made on; clocks may be a
// minute apart.
func TestNonceTime(t *testing.T) {
	now := time.Now()
	for age, want := range map[time.Duration]string{
		0: "calvin", time.Hour - time.Second: "calvin", time.Hour: "refused: stale nonce", -59 * time.Second: "calvin", -61 * time.Second: "refused: stale nonce",
	} {
		d := digest(t)
		q := ask(get())
		q.HTTP.RequestURI, q.Now = "/", now.Add(-age)
		nonce := nonceOf(d.Challenges(q, nil)[0])
		q.Now = now
		q.HTTP.Header["Authorization"] = []string{credentials(digestFields(nonce)...)}
		if got := outcome(d.Authenticate(q)); got != want {
			t.Errorf("%v old: %s, want %s", age, got, want)
		}
	}
}

// TestNobodysHash: a user name's hash that is nobody's proves nothing, whatever is made of
// it.
func TestNobodysHash(t *testing.T) {
	nobody := strings.Repeat("a", 64)
	for _, test := range []struct {
		lax  bool // the check believes everybody
		want string
	}{{false, "refused: wrong"}, {true, "refused: no such user by that hash"}} {
		d := digest(t, func(o *authn.DigestOptions) {
			o.User = func(*authn.Request, string, string) (string, error) { return "", authn.Refuse("nobody") }
			if test.lax {
				o.Check = func(*authn.Request, string, string, func(string) bool) error { return nil }
			}
		})
		q := ask(get())
		q.HTTP.RequestURI, q.Now = "/", time.Now()
		nonce := nonceOf(d.Challenges(q, nil)[0])
		fields := digestFields(nonce)
		for i := range fields {
			switch fields[i][0] {
			case "username":
				fields[i][1] = nobody
			case "response": // right for whoever has the hash for a name
				fields[i][1] = h256(authn.HA1("SHA-256", nobody, "acme", "secret") + ":" + nonce + ":00000001:c:auth:" + h256("GET:/"))
			}
		}
		q.HTTP.Header["Authorization"] = []string{credentials(append(fields, [2]string{"userhash", "true"})...)}
		if got := outcome(d.Authenticate(q)); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}

func nonceOf(challenge string) string {
	_, nonce, _ := strings.Cut(challenge, `nonce="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	return nonce
}

func credentials(fields ...[2]string) string {
	var all []string
	for _, f := range fields {
		all = append(all, f[0]+"="+f[1])
	}
	return "Digest " + strings.Join(all, ", ")
}

// TestDigestUserHash: a hash that is none is refused before anybody is asked.
func TestDigestUserHash(t *testing.T) {
	for username, want := range map[string]string{
		strings.Repeat("a", 64): "refused: wrong", // counted as a try
		strings.Repeat("A", 64): "refused: malformed Digest credentials: a hash of another size",
		strings.Repeat("a", 63): "refused: malformed Digest credentials: a hash of another size",
	} {
		d := digest(t, func(o *authn.DigestOptions) {
			o.User = func(*authn.Request, string, string) (string, error) { return "", authn.Refuse("nobody") }
		})
		q := ask(get())
		q.HTTP.RequestURI, q.Now = "/", time.Now() // the time of the store
		challenge := d.Challenges(q, nil)[0]
		nonce := nonceOf(challenge)
		fields := append(digestFields(nonce), [2]string{"userhash", "true"})
		fields[0][1] = `"` + username + `"`
		q.HTTP.Header["Authorization"] = []string{credentials(fields...)}
		if got := outcome(d.Authenticate(q)); got != want || !strings.Contains(challenge, "userhash=true") {
			t.Errorf("%s: %s, want %s", username, got, want)
		}
	}
}

// TestAPIKeyCarriers: where a key may be, and what is somebody else's.
func TestAPIKeyCarriers(t *testing.T) {
	key, id, _ := authn.NewAPIKey()
	for _, test := range []struct {
		name          string
		field         string
		authorization []string
		own           []string
		want          string
	}{
		{"none", "X-Api-Key", nil, nil, nothing},
		{"a Bearer", "X-Api-Key", []string{"Bearer " + key}, nil, id},
		{"its own field", "X-Api-Key", nil, []string{key}, id},
		{"no field of its own", "", nil, []string{key}, nothing},
		{"a token of others", "X-Api-Key", []string{"Bearer abc"}, nil, nothing},
		{"a token of others beside", "X-Api-Key", []string{"Bearer abc"}, []string{key}, id},
		{"two fields", "X-Api-Key", nil, []string{key, key}, "refused: several API keys"},
		{"both", "X-Api-Key", []string{"Bearer " + key}, []string{key}, "refused: several API keys"},
		{"two Bearers", "X-Api-Key", []string{"Bearer " + key, "Bearer " + key}, nil, several},
		{"two spaces", "X-Api-Key", []string{"Bearer  " + key}, nil, "refused: malformed Authorization field: one space, then the credentials"},
		{"a password", "X-Api-Key", []string{"Basic YTpi"}, nil, nothing},
		{"an empty field", "X-Api-Key", nil, []string{""}, nothing},
		{"malformed", "X-Api-Key", nil, []string{"key"}, "refused: malformed API key"},
		{"without a secret", "X-Api-Key", nil, []string{"fsak_" + id}, "refused: malformed API key"},
		{"without its beginning", "X-Api-Key", nil, []string{strings.TrimPrefix(key, "fsak_")}, "refused: malformed API key"},
	} {
		k := &authn.APIKey{Field: test.field, Check: func(q *authn.Request, id, key string) (*identity.Identity, error) {
			return &identity.Identity{Login: id}, nil
		}}
		r := get(test.authorization...)
		if test.own != nil {
			r.Header[http.CanonicalHeaderKey("X-API-Key")] = test.own
		}
		if got := outcome(k.Authenticate(ask(r))); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	k := &authn.APIKey{}
	for refused, want := range map[bool]string{false: `Bearer realm="acme"`, true: `Bearer realm="acme", error="invalid_token"`} {
		if got := k.Challenge("acme", refused); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestSchemesSayTheirReason: what somebody is refused for is told apart from a failure.
func TestSchemesSayTheirReason(t *testing.T) {
	search := authn.Search{Realm: "acme", Schemes: []authn.Scheme{digest(t)}}
	if !search.Fresh() || (&authn.Search{Schemes: []authn.Scheme{&authn.Basic{}}}).Fresh() {
		t.Error("which challenges are made anew")
	}
	_, err := search.Run(ask(get("Digest x=y")))
	if e := httperr.From(err, 500, ""); e.Status != 401 || len(e.Header.Values("WWW-Authenticate")) != 2 {
		t.Errorf("%v", err)
	}
}
