package token

import (
	"crypto/rsa"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// jwtAlgorithm is an algorithm of RFC 7518, section 3.1, or of RFC 8037. A key
// belongs to one algorithm, by its type, so that no public key can ever serve as
// an HMAC secret, and no key signs in one way and verifies in another.
type jwtAlgorithm struct {
	method    jwt.SigningMethod
	kty       string // of the keys: oct, RSA, EC or OKP
	crv       string // of the keys: the curve, if the type has several
	minSecret int    // oct: the size of the hash (RFC 7518, 3.2)
}

// jwtAlgorithms is constant. There is no none.
var jwtAlgorithms = map[string]jwtAlgorithm{
	"HS256": {method: jwt.SigningMethodHS256, kty: "oct", minSecret: 32},
	"HS384": {method: jwt.SigningMethodHS384, kty: "oct", minSecret: 48},
	"HS512": {method: jwt.SigningMethodHS512, kty: "oct", minSecret: 64},
	"RS256": {method: jwt.SigningMethodRS256, kty: "RSA"},
	"RS384": {method: jwt.SigningMethodRS384, kty: "RSA"},
	"RS512": {method: jwt.SigningMethodRS512, kty: "RSA"},
	"PS256": {method: pss(jwt.SigningMethodPS256), kty: "RSA"},
	"PS384": {method: pss(jwt.SigningMethodPS384), kty: "RSA"},
	"PS512": {method: pss(jwt.SigningMethodPS512), kty: "RSA"},
	"ES256": {method: jwt.SigningMethodES256, kty: "EC", crv: "P-256"},
	"ES384": {method: jwt.SigningMethodES384, kty: "EC", crv: "P-384"},
	"ES512": {method: jwt.SigningMethodES512, kty: "EC", crv: "P-521"},
	"EdDSA": {method: jwt.SigningMethodEdDSA, kty: "OKP", crv: "Ed25519"},
}

// pss makes the verifier as strict as the signer: the salt has the size of the
// hash (RFC 7518, 3.5), where golang-jwt takes any.
func pss(m *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: m.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: m.Hash},
	}
}

const jwtDefault = "HS256"

// asymmetric are the algorithms whose keys come in pairs. RS256 is what an RSA key
// that does not say is for, since most are; so it comes first.
var asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// Asymmetric lists the algorithms whose keys come in pairs, a private one that
// signs and a public one that verifies: RS256, ES256, EdDSA…
func Asymmetric() []string { return slices.Clone(asymmetric) }

// algorithmName gives the name that the table has. RFC 9864 calls Ed25519 what
// RFC 8037 calls EdDSA, of which nobody uses the other curve.
func algorithmName(name string) string {
	if name == "Ed25519" {
		return "EdDSA"
	}
	return name
}

// algorithmOf gives the algorithm of a key: the one that it says, else the first
// of the accepted ones that fits its type and curve, which is the only one but
// for RSA. It is "" if none of the accepted ones does. said may be "".
func algorithmOf(kty, crv, said string, accepted []string) string {
	fits := func(name string) bool {
		a, ok := jwtAlgorithms[name]
		return ok && a.kty == kty && a.crv == crv
	}
	if said = algorithmName(said); said != "" {
		if fits(said) && slices.Contains(accepted, said) {
			return said
		}
		return ""
	}
	if i := slices.IndexFunc(accepted, fits); i >= 0 {
		return accepted[i]
	}
	return ""
}
