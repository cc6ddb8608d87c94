package token

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ErrWeakSecret is the part of a constructor's error that says that a secret is
// too short. [Options.InsecureWeakSecret] makes it go away, so a caller that
// allows it in development only can tell it from the other mistakes.
var ErrWeakSecret = errors.New("token secret is too short")

// Options configure a format. [NewFSA] and [NewJWT] copy what they need: later
// changes have no effect.
type Options struct {
	// Algorithm signs and verifies.
	//
	//   - For fsa tokens it is hmac-sha256 (the default), or an unkeyed hash
	//     that the Python original takes too, by the name that Python's
	//     hashlib gives it: blake2s, blake2b, sha224, sha256, sha384, sha512,
	//     sha512_224, sha512_256, sha3_224, sha3_256, sha3_384, sha3_512. Its
	//     md5 and sha1 are called insecure-md5 and insecure-sha1 here. [FSA]
	//     tells what an unkeyed hash means.
	//   - For JWTs it is HS256 (the default), HS384 or HS512. With Keys it is
	//     that of the first key, and may be left out.
	Algorithm string

	// Length is how many bytes of an fsa signature are kept, from 16 to the
	// size of the hash. The default, zero, is 32 for hmac-sha256 and 16 for
	// the others. A JWT's signature is never cut: there it must be zero.
	Length int

	// InsecureLength allows a Length from 1 to 15, of which signatures can
	// be guessed if enough tries are allowed.
	InsecureLength bool

	// Secrets are the keys: the first signs, all verify. None may be empty,
	// nor a key in PEM: where a public key passes for a secret, everybody who
	// has it can sign. Each must have at least 32 bytes, and as many as the hash of a JWT
	// algorithm (RFC 7518, 3.2), or else [ErrWeakSecret].
	Secrets [][]byte `json:"-"`

	// Keys are the private keys of JWTs, in the place of Secrets: the first
	// signs, all verify. [ParsePrivateKeys] reads them.
	Keys []*Key

	// InsecureWeakSecret allows shorter secrets, which can be found off-line
	// from one token.
	InsecureWeakSecret bool

	// Issuer is written into tokens, and required of them. When empty, fsa
	// tokens must have none; a JWT may then come from any issuer that knows
	// a secret.
	Issuer string

	// Grace is how much clocks may differ: a token is accepted for so long
	// after its expiry, and before its issue. With tokens that say when they
	// were made in the place of their expiry, it is how long they are valid.
	// It must not be negative.
	Grace time.Duration
}

// Format keeps the secrets out of what package fmt prints, whatever the verb.
// (The tag of Secrets does the same for package json, and both for slog.)
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{Algorithm:%q Length:%d InsecureLength:%t Secrets:%d Keys:%d InsecureWeakSecret:%t Issuer:%q Grace:%s}",
		o.Algorithm, o.Length, o.InsecureLength, len(o.Secrets), len(o.Keys), o.InsecureWeakSecret, o.Issuer, o.Grace)
}

// OptionError is a mistake in one of the [Options].
type OptionError struct {
	Option string // the name of the field
	Err    error
}

func (e *OptionError) Error() string { return e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

func wrong(option, format string, args ...any) error {
	return &OptionError{option, fmt.Errorf(format, args...)}
}

// check returns the mistakes that a format with secrets could have. A secret must
// have minSecret bytes.
func (o *Options) check(minSecret int) []error {
	var mistakes []error
	if len(o.Secrets) == 0 {
		mistakes = append(mistakes, wrong("Secrets", "token secret is missing"))
	}
	for i, secret := range o.Secrets {
		switch {
		case len(secret) == 0:
			// Not ErrWeakSecret: no mode tolerates this one.
			mistakes = append(mistakes, wrong("Secrets", "token secret %d of %d is empty", i+1, len(o.Secrets)))
		case bytes.Contains(secret, []byte("-----BEGIN ")):
			mistakes = append(mistakes, wrong("Secrets", "token secret %d of %d is a key in PEM, and not a secret for a hash", i+1, len(o.Secrets)))
		case len(secret) < minSecret && !o.InsecureWeakSecret:
			mistakes = append(mistakes, wrong("Secrets", "%w: number %d of %d has %d bytes, at least %d are needed",
				ErrWeakSecret, i+1, len(o.Secrets), len(secret), minSecret))
		}
	}
	return append(mistakes, o.checkText()...)
}

// checkText returns the mistakes that have nothing to do with secrets.
func (o *Options) checkText() []error {
	var mistakes []error
	if !isText(o.Issuer) {
		mistakes = append(mistakes, wrong("Issuer", "token issuer has control characters or is not UTF-8"))
	}
	if o.Grace < 0 {
		mistakes = append(mistakes, wrong("Grace", "token grace is negative: %s", o.Grace))
	}
	return mistakes
}

// unknownAlgorithm names the algorithm that was meant, if it is but spelt in
// another way, as in SHA-256, or else those that there are.
func unknownAlgorithm[A any](kind, name string, table map[string]A) error {
	names := slices.Sorted(maps.Keys(table))
	fold := strings.NewReplacer("-", "", "_", "")
	for _, known := range names {
		if strings.EqualFold(fold.Replace(known), fold.Replace(name)) {
			return wrong("Algorithm", "unknown algorithm %q for %s tokens: write %s", name, kind, known)
		}
	}
	return wrong("Algorithm", "unknown algorithm %q for %s tokens: there are %s", name, kind, strings.Join(names, ", "))
}
