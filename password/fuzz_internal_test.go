package password

import (
	"slices"
	"strings"
	"testing"
)

// addHashes seeds both targets, with the tables and with one of each kind that is
// quick.
func addHashes(f *testing.F) {
	for _, test := range Unusable {
		if len(test.Hash) < 2*maxHashLength {
			f.Add(test.Hash)
		}
	}
	for _, test := range slices.Concat(ScryptVectors, PBKDF2Vectors) {
		f.Add(test.Hash)
	}
	for _, hash := range []string{
		"",
		argon2id("m=256,t=2,p=1"),
		"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg",
		"$2a$04" + storedBcryptTail,
		"$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeX",
		scryptOf("ln=1,r=1,p=1"),
		pbkdf2Of("1"), pbkdf2Of("i=1"), pbkdf2Of("i=1,l=32"),
	} {
		f.Add(hash)
	}
}

// FuzzParse: whatever is stored, parsing ends at once, within the caps, and
// knows one spelling only.
func FuzzParse(f *testing.F) {
	addHashes(f)
	f.Fuzz(func(t *testing.T, hash string) {
		d, err := Parse(hash)
		if err != nil {
			if d != nil {
				t.Fatal("both a digest and an error")
			}
			return
		}
		switch d := d.(type) {
		case argon2idDigest:
			k := d.kind
			if k.memory < 8*uint32(k.threads) || k.memory > 256*1024 || k.time < 1 || k.time > 10 || k.threads < 1 || k.threads > 16 {
				t.Fatalf("beyond the caps: %+v", k)
			}
			if len(d.salt) < 8 || len(d.salt) > 64 || len(d.sum) < 16 || len(d.sum) > 64 {
				t.Fatalf("a salt of %d bytes, a digest of %d", len(d.salt), len(d.sum))
			}
			if got := d.encode(); got != hash {
				t.Fatalf("%q has a second spelling, %q", hash, got)
			}
		case bcryptDigest:
			if d.kind.cost < 4 || d.kind.cost > 16 || d.text != hash {
				t.Fatalf("beyond the caps: %+v", d)
			}
		case scryptDigest:
			k := d.kind
			if k.log < 1 || k.log > 18 || k.block < 1 || k.block > 32 || k.lanes < 1 || k.lanes > 16 || k.log >= 16*k.block {
				t.Fatalf("beyond the caps: %+v", k)
			}
			if n := k.block << k.log; n*128 > 256<<20 || n*k.lanes*128 > 1<<30 {
				t.Fatalf("beyond the caps of memory and time: %+v", k)
			}
			if len(d.salt) < 1 || len(d.salt) > 64 || len(d.sum) < 16 || len(d.sum) > 64 {
				t.Fatalf("a salt of %d bytes, a digest of %d", len(d.salt), len(d.sum))
			}
			if got := d.encode(); got != hash {
				t.Fatalf("%q has a second spelling, %q", hash, got)
			}
		case pbkdf2Digest:
			blocks := (len(d.sum)-1)/d.kind.algorithm.Size() + 1
			if d.kind.rounds < 1 || d.kind.rounds*blocks > 5_000_000 {
				t.Fatalf("beyond the caps: %+v", d.kind)
			}
			if len(d.salt) < 1 || len(d.salt) > 64 || len(d.sum) < 16 || len(d.sum) > 64 {
				t.Fatalf("a salt of %d bytes, a digest of %d", len(d.salt), len(d.sum))
			}
			if got := d.encode(); got != hash {
				t.Fatalf("%q has a second spelling, %q", hash, got)
			}
		default:
			t.Fatalf("%T", d)
		}
	})
}

// FuzzVerify: no stored hash makes Verify panic, and none that a fuzzer makes
// up matches. Costly ones are left to FuzzParse.
func FuzzVerify(f *testing.F) {
	addHashes(f)
	h, err := New(Options{Params: map[string]int{"memory": 8, "time": 1}, InsecureLowCost: true})
	if err != nil {
		f.Fatal(err)
	}
	const secret = "a password that no seed is a hash of, 4b0c"
	f.Fuzz(func(t *testing.T, hash string) {
		if d, err := Parse(hash); err == nil && !isQuick(d) {
			return // within the caps, but slow
		}
		h.level = leveller{} // else refusals are padded to the slowest input
		ok, err := h.Verify(t.Context(), secret, hash)
		if ok {
			t.Fatalf("%q matches", hash)
		}
		if err != nil && len(hash) > 12 && strings.Contains(err.Error(), hash) { // S70
			t.Fatalf("the error tells the hash: %v", err)
		}
		h.NeedsRehash(hash)
	})
}

func isQuick(d Digest) bool {
	switch d := d.(type) {
	case argon2idDigest:
		return d.kind.memory*d.kind.time <= 1024
	case bcryptDigest:
		return d.kind.cost == bcryptMinCost
	case scryptDigest:
		return d.kind.blocks()*d.kind.lanes <= 1<<11
	case pbkdf2Digest:
		return d.kind.rounds <= 1000
	}
	return false
}

// FuzzNormalize: normalising never panics, is idempotent, and gives Verify the
// form that Hash has hashed.
func FuzzNormalize(f *testing.F) {
	for _, password := range []string{"", "hobbes", "cafe\u0301", "a\u00a0b", "a\tb", "\xff", "a\u200db", "🐯", "ｃａｆé", strings.Repeat("é", 600)} {
		f.Add(password)
	}
	f.Fuzz(func(t *testing.T, password string) {
		forms, usable := formsOf(password)
		normal, err := normalize(password)
		if err != nil {
			if len(forms) != 1 {
				t.Fatalf("%d forms of a password that cannot be hashed", len(forms))
			}
			return
		}
		if !usable || forms[0] != normal || forms[len(forms)-1] != password {
			t.Fatalf("hashed as %q, verified as %q", normal, forms)
		}
		if again, err := opaque(normal); err != nil || again != normal {
			t.Fatalf("%q becomes %q, then %q, %v", password, normal, again, err)
		}
	})
}
