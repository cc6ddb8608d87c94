package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds on RSA keys. Shorter ones can be factored (RFC 7518, 3.3), longer ones
// make each verification a burden. The exponent is that of FIPS 186-5, A.1.1, up
// to what package crypto/rsa takes.
const (
	minRSABits     = 2048
	maxRSABits     = 8192
	minRSAExponent = 1<<16 + 1
	maxRSAExponent = 1<<31 - 1
)

// Key is a key of JWTs. It belongs to one algorithm, and keeps what it is made
// of from being printed.
type Key struct {
	id        string // kid; "" if it has none, and then goes with any
	algorithm string
	public    string                                      // the JWK of its public half, in the form of RFC 7638; "" of a secret
	sign      func(signed string) ([]byte, error)         // nil of a public key
	verify    func(signed string, signature []byte) error // the closures are not printed either
}

// ID is the kid that tokens name the key by, "" if there is none.
func (k *Key) ID() string { return k.id }

// Algorithm is the one algorithm of the key, in the words of RFC 7518: RS256,
// ES256, EdDSA…
func (k *Key) Algorithm() string { return k.algorithm }

// Format prints the key without what it is made of, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s %q}", k.algorithm, k.id) }

// newSecretKey makes the key of an HMAC algorithm.
func newSecretKey(algorithm string, secret []byte) *Key {
	method := jwtAlgorithms[algorithm].method
	var key any = slices.Clone(secret)
	return &Key{
		algorithm: algorithm,
		sign:      func(signed string) ([]byte, error) { return method.Sign(signed, key) },
		verify:    func(signed string, signature []byte) error { return method.Verify(signed, signature, key) },
	}
}

// keyError is why a key cannot be used. The text is one of our own: nothing of
// the key goes into an error.
type keyError string

func (e keyError) Error() string { return string(e) }

// typeOf gives the type and the curve of a public key, as a JWK has them, and
// whether the key can be trusted to verify anything.
func typeOf(public crypto.PublicKey) (kty, crv string, err error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		switch bits := k.N.BitLen(); {
		case bits < minRSABits:
			return "", "", keyError(fmt.Sprintf("an RSA key of %d bits is too short, at least %d are needed", bits, minRSABits))
		case bits > maxRSABits:
			return "", "", keyError(fmt.Sprintf("an RSA key of %d bits is too long, at most %d are taken", bits, maxRSABits))
		case k.N.Bit(0) == 0:
			return "", "", keyError("the modulus of an RSA key is even")
		case k.E < minRSAExponent || k.E > maxRSAExponent || k.E%2 == 0:
			return "", "", keyError("the exponent of an RSA key is even, under 65537, or over 31 bits")
		}
		return "RSA", "", nil
	case *ecdsa.PublicKey:
		crv := k.Curve.Params().Name
		if crv != "P-256" && crv != "P-384" && crv != "P-521" {
			return "", "", keyError("the curve is none of P-256, P-384, P-521 and Ed25519")
		}
		if _, err := k.Bytes(); err != nil {
			return "", "", keyError("the point of an EC key is not on its curve")
		}
		return "EC", crv, nil
	case ed25519.PublicKey:
		return "OKP", "Ed25519", nil
	}
	return "", "", keyError("the type is none of RSA, EC and Ed25519")
}

// newPublicKey makes a key that verifies. said is the algorithm that the key
// itself names, or "".
func newPublicKey(public crypto.PublicKey, id, said string, accepted []string) (*Key, error) {
	kty, crv, err := typeOf(public)
	if err != nil {
		return nil, err
	}
	algorithm := algorithmOf(kty, crv, said, accepted)
	if algorithm == "" {
		return nil, keyError("the key is not for an algorithm that is accepted")
	}
	method := jwtAlgorithms[algorithm].method
	return &Key{
		id: id, algorithm: algorithm, public: canonicalJWK(public, kty, crv),
		verify: func(signed string, signature []byte) error { return method.Verify(signed, signature, public) },
	}, nil
}

// newPrivateKey makes a key that signs and verifies. If it has no id, it is given
// its thumbprint for one, so that whoever verifies finds it among others.
func newPrivateKey(private crypto.Signer, id, said string, accepted []string) (*Key, error) {
	key, err := newPublicKey(private.Public(), id, said, accepted)
	if err != nil {
		return nil, err
	}
	if key.id == "" {
		key.id = key.thumbprint()
	}
	method := jwtAlgorithms[key.algorithm].method
	key.sign = func(signed string) ([]byte, error) { return method.Sign(signed, private) }
	// A key that has gone wrong, in a file or in memory, is found out here and
	// not by those who are given its tokens.
	const probe = "probe"
	signature, err := key.sign(probe)
	if err != nil || key.verify(probe, signature) != nil {
		return nil, keyError("the halves of a private key do not belong together")
	}
	return key, nil
}

// canonicalJWK writes a public key as RFC 7638, section 3, demands for a
// thumbprint: the required members, sorted, without white space.
func canonicalJWK(public crypto.PublicKey, kty, crv string) string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		e := big.NewInt(int64(k.E)).Bytes()
		return `{"e":"` + encodeSegment(e) + `","kty":"RSA","n":"` + encodeSegment(k.N.Bytes()) + `"}`
	case *ecdsa.PublicKey:
		point, _ := k.Bytes() // typeOf has looked at the curve
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return `{"crv":"` + crv + `","kty":"` + kty + `","x":"` + encodeSegment(x) + `","y":"` + encodeSegment(y) + `"}`
	case ed25519.PublicKey:
		return `{"crv":"` + crv + `","kty":"` + kty + `","x":"` + encodeSegment(k) + `"}`
	}
	return ""
}

// thumbprint is that of RFC 7638, with SHA-256.
func (k *Key) thumbprint() string {
	sum := sha256.Sum256([]byte(k.public))
	return encodeSegment(sum[:])
}

// PublicJWKS gives the public halves of keys as a JWK Set (RFC 7517, section 5),
// for those who are to verify what the keys sign. A secret has no public half,
// and is an error.
func PublicJWKS(keys ...*Key) ([]byte, error) {
	set := []byte(`{"keys":[`)
	for i, k := range keys {
		if k == nil || k.public == "" {
			return nil, errors.New("a token secret has no public half")
		}
		if i > 0 {
			set = append(set, ',')
		}
		set = append(set, `{"alg":"`+k.algorithm+`","use":"sig","kid":`...)
		set, _ = jsontext.AppendQuote(set, k.id) // it was valid UTF-8 when it was read
		set = append(append(set, ','), k.public[1:]...)
	}
	return append(set, "]}"...), nil
}
