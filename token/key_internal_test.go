package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// broken is a key in hardware that no longer answers.
type broken struct{ ed25519.PrivateKey }

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no answer")
}

// TestBrokenKeys: a key that has gone wrong after the parser has looked at it, in
// memory or in hardware, is found out before anybody is given its tokens.
func TestBrokenKeys(t *testing.T) {
	_, good, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	halves := slices.Clone(good)
	copy(halves[ed25519.SeedSize:], ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey))
	moved, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	moved.Curve = elliptic.P384()
	for _, c := range []struct {
		name    string
		private crypto.Signer
		want    string // "" of a good key
	}{
		{"good", good, ""},
		{"halves of two keys", halves, "do not belong together"},
		{"no signature", broken{good}, "do not belong together"},
		{"a point of another curve", moved, "not on its curve"},
	} {
		key, err := newPrivateKey(c.private, "", "", asymmetric)
		if good := err == nil; good != (c.want == "") || good != (key != nil) {
			t.Errorf("%s: %v, %v", c.name, key, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
