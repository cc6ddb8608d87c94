package token_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// samples are formats of each kind, each with a token that it accepts.
func samples(t testing.TB) map[string]struct {
	format token.Format
	raw    string
} {
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	type sample = struct {
		format token.Format
		raw    string
	}
	all := map[string]sample{}
	for name, f := range map[string]token.Format{
		"fsa hmac-sha256":          newFSA(t, token.Options{}),
		"fsa hmac-sha256 16 bytes": newFSA(t, token.Options{Length: 16}),
		"fsa blake2s":              newFSA(t, token.Options{Algorithm: "blake2s"}),
		"fsa blake2b whole":        newFSA(t, token.Options{Algorithm: "blake2b", Length: 64}),
		"fsa sha3_256":             newFSA(t, token.Options{Algorithm: "sha3_256"}),
		"fsa issuer":               newFSA(t, token.Options{Issuer: "idp"}),
		"jwt HS256":                newJWT(t, token.Options{}),
		"jwt HS512":                newJWT(t, token.Options{Algorithm: "HS512", Secrets: secrets(strings.Repeat(secret1, 2))}),
	} {
		all[name] = sample{f, mustMake(t, f, c)}
	}
	all["jwt from elsewhere"] = sample{newJWT(t, token.Options{}), signJWT(goodHeader, goodPayload, secret1)}
	return all
}

// S87: a token's every prefix is refused (truncated token accepted).
func TestPrefixesAreRefused(t *testing.T) {
	for name, s := range samples(t) {
		if _, err := s.format.Check(s.raw, "acme", now); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n := range s.raw {
			if c, err := s.format.Check(s.raw[:n], "acme", now); err == nil {
				t.Errorf("%s: prefix of %d bytes of %q accepted: %+v", name, n, s.raw, c)
			}
		}
	}
}

// There is one spelling of a token: any other byte anywhere, a byte more or a
// byte less makes another, invalid one.
func TestMutationsAreRefused(t *testing.T) {
	for name, s := range samples(t) {
		check := func(raw string) {
			if c, err := s.format.Check(raw, "acme", now); err == nil {
				t.Errorf("%s: accepted %q for %q: %+v", name, raw, s.raw, c)
			}
		}
		for i := range len(s.raw) {
			check(s.raw[:i] + s.raw[i+1:])
			for b := range 256 {
				if s.raw[i] != byte(b) {
					check(s.raw[:i] + string([]byte{byte(b)}) + s.raw[i+1:])
				}
			}
		}
		for i := range len(s.raw) + 1 {
			for _, more := range []string{"\n", "\r", " ", "\x00", "=", ".", ":", "0", "A"} {
				check(s.raw[:i] + more + s.raw[i:])
			}
		}
	}
}

// The first secret signs, all verify (rotation that signs with the oldest key).
func TestRotation(t *testing.T) {
	const secret3 = "a third secret that nobody has configured here"
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	for name, format := range map[string]func(...string) token.Format{
		"hmac": func(s ...string) token.Format { return newFSA(t, token.Options{Secrets: secrets(s...)}) },
		"blake2s": func(s ...string) token.Format {
			return newFSA(t, token.Options{Secrets: secrets(s...), Algorithm: "blake2s"})
		},
		"jwt": func(s ...string) token.Format { return newJWT(t, token.Options{Secrets: secrets(s...)}) },
	} {
		both := format(secret2, secret1)
		for _, raw := range []string{mustMake(t, format(secret1), c), mustMake(t, format(secret2), c)} {
			if _, err := both.Check(raw, "acme", now); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		made := mustMake(t, both, c)
		if _, err := format(secret2).Check(made, "acme", now); err != nil {
			t.Errorf("%s: not signed with the first secret: %v", name, err)
		}
		got, err := format(secret1).Check(made, "acme", now)
		refused(t, made, got, err, token.ErrSignature)
		raw := mustMake(t, format(secret3), c)
		got, err = both.Check(raw, "acme", now)
		refused(t, raw, got, err, token.ErrSignature)
	}
}

// A token of one format is nothing to the other.
func TestFormatsDoNotMix(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	f, j := newFSA(t, token.Options{}), newJWT(t, token.Options{})
	raw := mustMake(t, f, c)
	got, err := j.Check(raw, "acme", now)
	refused(t, raw, got, err, token.ErrMalformed)
	raw = mustMake(t, j, c)
	got, err = f.Check(raw, "acme", now)
	refused(t, raw, got, err, token.ErrMalformed)
}

// Whatever Make agrees to say, Check reads, until it expires and no longer, and
// in no other realm.
func TestRoundTrip(t *testing.T) {
	texts := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return !unicode.IsControl(r) }))
	instants := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns"))
	})
	rapid.Check(t, func(t *rapid.T) {
		o := token.Options{
			Secrets:            [][]byte{rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "secret")},
			InsecureWeakSecret: true,
			Issuer:             rapid.SampledFrom([]string{"", "idp", "a/b", "hobbès"}).Draw(t, "issuer"),
			Grace:              time.Duration(rapid.IntRange(0, 100).Draw(t, "grace")) * time.Second,
		}
		want := token.Claims{
			Login:   texts.Draw(t, "login"),
			Realm:   texts.Draw(t, "realm"),
			Expires: instants.Draw(t, "expires"),
		}
		var f token.Format
		var err error
		isJWT := rapid.Bool().Draw(t, "jwt")
		if isJWT {
			want.ID = rapid.StringMatching(`[a-z0-9]+`).Draw(t, "id")
			want.Scopes = rapid.SliceOfN(rapid.StringMatching(`[!#-\[\]-~]+`), 0, 5).Draw(t, "scopes")
			f, err = token.NewJWT(o)
		} else {
			vector := rapid.SampledFrom(fsaVectors).Draw(t, "algorithm")
			o.Algorithm = vector.algorithm
			o.Length = rapid.IntRange(16, max(vector.length, 16)).Draw(t, "length")
			f, err = token.NewFSA(o)
		}
		if err != nil {
			t.Fatal(err)
		}

		simple := token.SimplifyRealm(want.Realm)
		if again := token.SimplifyRealm(simple); again != simple {
			t.Fatalf("%q simplified twice is %q", simple, again)
		}
		sayable := want.Login != "" && want.Realm != ""
		if !isJWT {
			sayable = sayable && !strings.Contains(want.Login, ":") && simple != ""
		}
		raw, err := f.Make(want)
		if (err == nil) != sayable && len(want.Login+want.Realm) < token.MaxSize/20 {
			t.Fatalf("Make: %v, but sayable: %t", err, sayable)
		}
		if err != nil {
			return
		}

		limit := want.Expires.Truncate(time.Second)
		if !isJWT {
			want.Realm = simple
			limit = limit.Add(time.Second) // the limit itself is within
		}
		want.Issuer, want.Expires = o.Issuer, want.Expires.Truncate(time.Second).UTC()
		if len(want.Scopes) == 0 {
			want.Scopes = nil
		}
		last := limit.Add(o.Grace - 1)
		got, err := f.Check(raw, want.Realm, last)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: %s", raw, diff)
		}
		if _, err := f.Check(raw, want.Realm, last.Add(1)); err != token.ErrExpired {
			t.Fatalf("%q after its time: %v", raw, err)
		}
		if _, err := f.Check(raw, want.Realm+"2", last); err != token.ErrRealm {
			t.Fatalf("%q elsewhere: %v", raw, err)
		}
	})
}
