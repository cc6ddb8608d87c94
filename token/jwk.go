package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Bounds on a JWK Set: what a stranger can make us read and keep.
const (
	MaxKeySetSize = 256 << 10 // bytes
	maxKeys       = 64
	maxKeyID      = 1 << 10 // bytes
)

// jwk is a JSON web key (RFC 7517) taken apart: its members of the types that
// they must have. Those that we do not know are ignored, as section 4 demands.
type jwk struct {
	kty, use, alg, kid, crv string
	ops                     []string
	octets                  map[string][]byte // the members in base64url
	private                 bool              // it has a member that nobody else may know
}

// octetMembers are the members in base64url, and whether they are private: of RSA
// and EC keys (RFC 7518, 6), of Ed25519 keys (RFC 8037), of symmetric ones, and
// of those to come (priv).
var octetMembers = map[string]bool{
	"n": false, "e": false, "x": false, "y": false,
	"d": true, "p": true, "q": true, "dp": true, "dq": true, "qi": true, "oth": true, "k": true, "priv": true,
}

// parseJWK reads a key. With a mistake in it, what it has of the rest is still
// returned: whether the key is private counts in any case.
func parseJWK(data []byte) (jwk, error) {
	k := jwk{octets: map[string][]byte{}}
	var mistake error
	err := members(data, func(name []byte, value jsontext.Value) error {
		ok := true
		texted := func(at *string) {
			*at, ok = text(value)
			ok = ok && isText(*at)
		}
		switch member := string(name); member {
		case "kty":
			texted(&k.kty)
		case "use":
			texted(&k.use)
		case "alg":
			texted(&k.alg)
		case "crv":
			texted(&k.crv)
		case "kid":
			texted(&k.kid)
			ok = ok && len(k.kid) <= maxKeyID
		case "key_ops":
			k.ops, ok = texts(value)
			ok = ok && value.Kind() == '['
		default:
			private, known := octetMembers[member]
			if !known {
				return nil
			}
			k.private = k.private || private
			var encoded string
			if encoded, ok = text(value); ok {
				k.octets[member], ok = decodeSegment(encoded)
			}
			ok = ok && len(k.octets[member]) > 0
		}
		if !ok {
			mistake = keyError("a member is of the wrong type, empty, or not in canonical base64url")
		}
		return nil
	})
	if err != nil {
		return k, errors.New("a key is not a strict JSON object")
	}
	return k, mistake
}

// may reports whether the key is meant for signatures, and for this side of them.
func (k *jwk) may(op string) bool {
	return (k.use == "" || k.use == "sig") && (k.ops == nil || slices.Contains(k.ops, op))
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// public gives the public key.
func (k *jwk) public() (crypto.PublicKey, error) {
	switch k.kty {
	case "RSA":
		n, e := k.number("n"), k.number("e")
		if n == nil || e == nil {
			return nil, keyError("an RSA key lacks its modulus or its exponent, or they begin with a zero")
		}
		if n.BitLen() > maxRSABits || e.BitLen() > 31 {
			return nil, keyError("the modulus or the exponent of an RSA key is too long")
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "EC":
		curve, ok := curves[k.crv]
		if !ok {
			return nil, keyError("the curve is none of P-256, P-384, P-521 and Ed25519")
		}
		// Each coordinate has all of its octets (RFC 7518, 6.2.1.2).
		size := (curve.Params().BitSize + 7) / 8
		x, y := k.octets["x"], k.octets["y"]
		if len(x) != size || len(y) != size {
			return nil, keyError("a coordinate of an EC key is missing, or has not the size of the curve")
		}
		key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil, keyError("the point of an EC key is not on its curve")
		}
		return key, nil
	case "OKP":
		if k.crv != "Ed25519" {
			return nil, keyError("the curve is none of P-256, P-384, P-521 and Ed25519")
		}
		if len(k.octets["x"]) != ed25519.PublicKeySize {
			return nil, keyError("an Ed25519 key has not 32 bytes")
		}
		return ed25519.PublicKey(k.octets["x"]), nil
	}
	return nil, keyError("the type is none of RSA, EC and OKP")
}

// number gives a member that is a Base64urlUInt: without a zero in front
// (RFC 7518, section 2).
func (k *jwk) number(member string) *big.Int {
	octets := k.octets[member]
	if len(octets) == 0 || octets[0] == 0 {
		return nil
	}
	return new(big.Int).SetBytes(octets)
}

// signer gives the private key, whose halves belong together.
func (k *jwk) signer() (crypto.Signer, error) {
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	d := k.octets["d"]
	if d == nil {
		return nil, keyError("the key is not a private one")
	}
	var private interface {
		crypto.Signer
		Public() crypto.PublicKey
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		private, err = k.rsaSigner(public)
	case *ecdsa.PublicKey:
		private, err = ecdsa.ParseRawPrivateKey(public.Curve, d)
	case ed25519.PublicKey:
		if len(d) != ed25519.SeedSize {
			return nil, keyError("an Ed25519 key has not 32 bytes")
		}
		private = ed25519.NewKeyFromSeed(d)
	}
	if err != nil {
		return nil, keyError("the private half of a key is not valid")
	}
	if same, ok := public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(private.Public()) {
		return nil, keyError("the halves of a private key do not belong together")
	}
	return private, nil
}

func (k *jwk) rsaSigner(public *rsa.PublicKey) (*rsa.PrivateKey, error) {
	d, p, q := k.number("d"), k.number("p"), k.number("q")
	if d == nil || p == nil || q == nil || k.octets["oth"] != nil {
		return nil, keyError("a private RSA key lacks its two primes, or has more of them")
	}
	private := &rsa.PrivateKey{PublicKey: *public, D: d, Primes: []*big.Int{p, q}}
	if err := private.Validate(); err != nil {
		return nil, err
	}
	private.Precompute()
	return private, nil
}

// splitJWKS gives the keys of a JWK Set, each as it is written, or the one key of
// a JWK that stands alone.
func splitJWKS(data []byte) ([]jsontext.Value, error) {
	var keys []jsontext.Value
	set := false
	err := members(data, func(name []byte, value jsontext.Value) error {
		if string(name) != "keys" {
			return nil
		}
		set = true
		if value.Kind() != '[' {
			return errors.New("keys is not a list")
		}
		if err := json.Unmarshal(value, &keys); err != nil {
			return errors.New("keys is not a list")
		}
		for i := range keys {
			keys[i] = slices.Clone(keys[i])
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrMalformed):
		return nil, errors.New("not a strict JSON object")
	case err != nil:
		return nil, err
	case !set:
		return []jsontext.Value{data}, nil
	case len(keys) > maxKeys:
		return nil, fmt.Errorf("%d keys, at most %d are taken", len(keys), maxKeys)
	}
	return keys, nil
}
