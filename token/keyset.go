package token

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// maxTries bounds how many keys are tried for a token that does not say by which
// it is signed: each costs a verification, and anybody can send such a token.
const maxTries = 8

// KeySet holds the public keys of an issuer. It is immutable. The zero KeySet
// verifies nothing.
type KeySet struct {
	keys    []*Key
	skipped []string
	digest  [sha256.Size]byte
}

// ParseKeySet reads public keys: a JWK Set or a JWK (RFC 7517), or keys and
// certificates in PEM. algorithms are those that are accepted, all asymmetric
// ones if there are none. An RSA key that does not say its algorithm has the first
// of them that is for RSA; RS256 if there are none.
//
// What cannot be used is left out, as RFC 7517 asks for in section 5, and listed
// by [KeySet.Skipped]: keys of other types, curves and uses, weak or malformed
// ones. These make the whole set an error:
//
//   - a private or a symmetric key: it has been published, or soon will be;
//   - two keys of one id and algorithm, of which nobody knows which is meant;
//   - over 64 keys or [MaxKeySetSize] bytes, or JSON that is not strict;
//   - no key that can be used.
func ParseKeySet(data []byte, algorithms []string) (*KeySet, error) {
	if len(data) > MaxKeySetSize {
		return nil, fmt.Errorf("key set: over %d bytes", MaxKeySetSize)
	}
	if len(algorithms) == 0 {
		algorithms = asymmetric
	}
	s := &KeySet{digest: sha256.Sum256(data)}
	var err error
	if isPEM(data) && !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		err = s.readPEM(data, algorithms)
	} else {
		err = s.readJWKS(data, algorithms)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("key set: %w", err)
	case len(s.keys) == 0 && len(s.skipped) > 0:
		return nil, fmt.Errorf("key set: no key can be used: %s", s.skipped[0])
	case len(s.keys) == 0:
		return nil, errors.New("key set: there is no key in it")
	}
	return s, nil
}

func (s *KeySet) readPEM(data []byte, algorithms []string) error {
	blocks, err := pemBlocks(data)
	if err != nil {
		return err
	}
	for i, block := range blocks {
		public, err := publicPEM(block)
		if err := s.add(i, public, &jwk{}, algorithms, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *KeySet) readJWKS(data []byte, algorithms []string) error {
	keys, err := splitJWKS(data)
	if err != nil {
		return err
	}
	for i, raw := range keys {
		k, err := parseJWK(raw)
		if k.private || k.kty == "oct" {
			return errPrivate
		}
		var public crypto.PublicKey
		if err == nil && !k.may("verify") {
			err = keyError("it is not for verifying signatures")
		}
		if err == nil {
			public, err = k.public()
		}
		if err := s.add(i, public, &k, algorithms, err); err != nil {
			return err
		}
	}
	return nil
}

// add adds a key. One that cannot be used is skipped; another error is about the
// whole set.
func (s *KeySet) add(i int, public crypto.PublicKey, k *jwk, algorithms []string, err error) error {
	var key *Key
	if err == nil {
		key, err = newPublicKey(public, k.kid, k.alg, algorithms)
	}
	if useless := keyError(""); errors.As(err, &useless) {
		s.skipped = append(s.skipped, fmt.Sprintf("key %d: %s", i+1, useless))
		return nil
	}
	if err != nil {
		return err
	}
	if key.id != "" && slices.ContainsFunc(s.keys, func(o *Key) bool { return o.id == key.id && o.algorithm == key.algorithm }) {
		return errors.New("two keys have the same id and the same algorithm")
	}
	s.keys = append(s.keys, key)
	return nil
}

// Len is the number of keys that can be used.
func (s *KeySet) Len() int { return len(s.keys) }

// Skipped tells which keys cannot be used, and why: "key 3: …", in the order in
// which they stand.
func (s *KeySet) Skipped() []string { return slices.Clone(s.skipped) }

// Equal reports whether both sets were read from the same text.
func (s *KeySet) Equal(o *KeySet) bool { return s != nil && o != nil && s.digest == o.digest }

// verify looks for the key that has signed. A kid is compared with those of the
// keys, and is nothing else: no path, no address, no query.
func (s *KeySet) verify(h header, signed string, signature []byte) error {
	tries := 0
	for _, k := range s.keys {
		if k.algorithm != h.algorithm || h.kid != "" && k.id != "" && h.kid != k.id {
			continue
		}
		if tries++; tries > maxTries && k.public != "" { // secrets are our own, and quick
			return ErrKey
		}
		if k.verify(signed, signature) == nil {
			return nil
		}
	}
	if tries == 0 {
		return ErrKey
	}
	return ErrSignature
}

// ParsePrivateKeys reads the keys that sign: private keys in PEM (PKCS #8,
// PKCS #1, SEC 1), one after the other, a private JWK, or a JWK Set of them. The
// algorithm is that of keys which do not say theirs; if it is "", an RSA key is
// for RS256, and an EC or Ed25519 key is for the one algorithm of its curve.
//
// The id of a key is that of the JWK, else its thumbprint (RFC 7638). No error
// holds a part of a key.
func ParsePrivateKeys(data []byte, algorithm string) ([]*Key, error) {
	accepted := asymmetric
	if algorithm != "" {
		accepted = []string{algorithmName(algorithm)}
	}
	var keys []*Key
	add := func(private crypto.Signer, k *jwk, err error) error {
		var key *Key
		if err == nil && k.alg != "" {
			key, err = newPrivateKey(private, k.kid, k.alg, asymmetric)
		} else if err == nil {
			key, err = newPrivateKey(private, k.kid, "", accepted)
		}
		if err == nil && slices.ContainsFunc(keys, func(o *Key) bool { return o.id == key.id }) {
			err = errors.New("two keys have the same id")
		}
		keys = append(keys, key)
		return err
	}
	switch trimmed := bytes.TrimSpace(data); {
	case len(data) > MaxKeySetSize:
		return nil, fmt.Errorf("private key: over %d bytes", MaxKeySetSize)
	case bytes.HasPrefix(trimmed, []byte("{")):
		raws, err := splitJWKS(trimmed)
		if err != nil {
			return nil, fmt.Errorf("private key: %w", err)
		}
		for _, raw := range raws {
			var private crypto.Signer
			k, err := parseJWK(raw)
			if err == nil && !k.may("sign") {
				err = keyError("it is not for signing")
			}
			if err == nil {
				private, err = k.signer()
			}
			if err := add(private, &k, err); err != nil {
				return nil, fmt.Errorf("private key: %w", err)
			}
		}
	default:
		blocks, err := pemBlocks(data)
		if err != nil {
			return nil, fmt.Errorf("private key: %w", err)
		}
		for _, block := range blocks {
			private, err := privatePEM(block)
			if err := add(private, &jwk{}, err); err != nil {
				return nil, fmt.Errorf("private key: %w", err)
			}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("private key: there is no key in it, neither in PEM nor as a JWK")
	}
	return keys, nil
}
