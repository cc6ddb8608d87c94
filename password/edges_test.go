package password_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
)

// TestCostsAreWrittenOneWay: what stands beside the digits in the table of
// characters is no digit, and a parameter without its name is none.
func TestCostsAreWrittenOneWay(t *testing.T) {
	h, err := password.New(password.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, cost := range []string{"/5", ":0", "0/", "0:", "1/", "1:"} {
		hash := "$2b$" + cost + "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
		if ok, err := h.Verify(t.Context(), "U*U", hash); ok || !errors.Is(err, password.ErrMalformed) {
			t.Errorf("%s: %v, %v", hash, ok, err)
		}
	}
	for _, costs := range []string{"256,t=2,p=1", "m=256,2,p=1", "m=256,t=2,1"} {
		hash := "$argon2id$v=19$" + costs + "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
		if ok, err := h.Verify(t.Context(), "password", hash); ok || !errors.Is(err, password.ErrMalformed) {
			t.Errorf("%s: %v, %v", hash, ok, err)
		}
	}
}

// TestEmptyPasswordIsToldSo: the client learns what is wrong.
func TestEmptyPasswordIsToldSo(t *testing.T) {
	h, err := password.New(password.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Hash(t.Context(), "")
	var e *httperr.Error
	if !errors.As(err, &e) || e.Status != 400 || e.Public != "password is empty" {
		t.Error(err)
	}
}

// TestQualityWithoutNormalForm: a password that has no normal form is seen as it
// is, not as the empty one.
func TestQualityWithoutNormalForm(t *testing.T) {
	q := password.Quality{MinLength: 4}
	for _, p := range []string{"ab\x00cd", "ab\xffcd", "ab\tcd"} {
		if err := q.Verify(t.Context(), p); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

// TestOptionErrorIsItsCause: whoever handles mistakes finds what is behind one.
func TestOptionErrorIsItsCause(t *testing.T) {
	cause := errors.New("no such scheme")
	err := fmt.Errorf("FSA_PASSWORD_SCHEME: %w", &password.OptionError{Option: "Schemes", Err: cause})
	if !errors.Is(err, cause) {
		t.Error(err)
	}
}

// TestScryptWithoutBlocks: a parameter that is zero is told as what it is.
func TestScryptWithoutBlocks(t *testing.T) {
	h, err := password.New(password.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, costs := range []string{"ln=0,r=8,p=1", "ln=4,r=0,p=1", "ln=4,r=8,p=0"} {
		_, err := h.Verify(t.Context(), "password", "$scrypt$"+costs+"$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
		if !errors.Is(err, password.ErrMalformed) || !strings.Contains(err.Error(), "below what the algorithm needs") {
			t.Errorf("%s: %v", costs, err)
		}
	}
}

// TestPBKDF2OfBytes: a password that is not UTF-8 verifies with a hash made
// elsewhere, unless it is as long as a hash, which another password may have.
func TestPBKDF2OfBytes(t *testing.T) {
	h, err := password.New(password.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{
		"caf\xe9":                             true,
		strings.Repeat("\xe9", sha256.Size-1): true,
		strings.Repeat("\xe9", sha256.Size):   false,
		strings.Repeat("\xe9", sha256.Size+1): true,
		strings.Repeat("e", sha256.Size):      true,
	} {
		salt := []byte("salt of 16 bytes")
		sum, err := pbkdf2.Key(sha256.New, p, salt, 1000, sha256.Size)
		if err != nil {
			t.Fatal(err)
		}
		b64 := base64.RawStdEncoding.EncodeToString
		hash := "$pbkdf2-sha256$i=1000$" + b64(salt) + "$" + b64(sum)
		if ok, err := h.Verify(t.Context(), p, hash); ok != want || err != nil {
			t.Errorf("%q: %v, %v", p, ok, err)
		}
	}
}

// TestOneMistakeIsOne: that scrypt's parameters are weak together is told when
// each is right by itself.
func TestOneMistakeIsOne(t *testing.T) {
	for _, params := range []map[string]int{
		{"rounds": 14, "parallelism": 0},
		{"rounds": 14, "parallelism": 1, "cost": 12},
		{"rounds": 14, "parallelism": 1},
	} {
		_, err := password.New(password.Options{Schemes: []string{"scrypt"}, Params: params})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", params, err)
		}
	}
}
