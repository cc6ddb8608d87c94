package password_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"testing"

	"github.com/fastsimpleauth/fsa/password"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// Each benchmark has the bare algorithm at the same cost beside it.

func BenchmarkVerifyArgon2id(b *testing.B) {
	h, err := password.New(password.Options{})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkVerify(b, h)
	b.Run("baseline", func(b *testing.B) {
		b.ReportAllocs()
		salt := make([]byte, 16)
		for b.Loop() {
			argon2.IDKey([]byte("hobbes"), salt, 2, 19456, 1, 32)
		}
	})
}

func BenchmarkVerifyBcrypt(b *testing.B) {
	h, err := password.New(password.Options{Schemes: []string{"bcrypt"}})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkVerify(b, h)
	b.Run("baseline", func(b *testing.B) {
		b.ReportAllocs()
		hash := []byte(mustHash(b, h, "hobbes"))
		for b.Loop() {
			bcrypt.CompareHashAndPassword(hash, []byte("calvin"))
		}
	})
}

func BenchmarkVerifyScrypt(b *testing.B) {
	h, err := password.New(password.Options{Schemes: []string{"scrypt"}})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkVerify(b, h)
	b.Run("baseline", func(b *testing.B) {
		b.ReportAllocs()
		salt := make([]byte, 16)
		for b.Loop() {
			scrypt.Key([]byte("hobbes"), salt, 1<<17, 8, 1, 32)
		}
	})
}

func BenchmarkVerifyPBKDF2(b *testing.B) {
	h, err := password.New(password.Options{Schemes: []string{"pbkdf2-sha256"}})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkVerify(b, h)
	b.Run("baseline", func(b *testing.B) {
		b.ReportAllocs()
		salt := make([]byte, 16)
		for b.Loop() {
			pbkdf2.Key(sha256.New, "hobbes", salt, 600_000, 32)
		}
	})
}

func benchmarkVerify(b *testing.B, h *password.Hasher) {
	hash := mustHash(b, h, "hobbes")
	for name, pass := range map[string]string{"right": "hobbes", "wrong": "calvin"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Verify(b.Context(), pass, hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("dummy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := h.Dummy(b.Context(), "calvin"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkNeedsRehash is the parsing of a stored hash.
func BenchmarkNeedsRehash(b *testing.B) {
	h := cheap(b, "argon2id")
	hash := mustHash(b, h, "hobbes")
	b.ReportAllocs()
	for b.Loop() {
		h.NeedsRehash(hash)
	}
}
