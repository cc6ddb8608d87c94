package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa"
)

// secretBytes is the size of what is random: sessions, links, devices (S24, S50).
const secretBytes = 32

// newSecret makes a secret of 256 random bits, and the hash by which the store knows
// it. A source of randomness that fails ends the program (crypto/rand): it never
// gives less. S86.
func newSecret() (secret string, hash []byte) {
	var raw [secretBytes]byte
	rand.Read(raw[:])
	sum := sha256.Sum256(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:]), sum[:]
}

// hashOf gives the hash of a secret as a client has sent it. ok is false for what
// we have never made: every prefix, every other spelling (S87).
func hashOf(secret string) (hash [sha256.Size]byte, ok bool) {
	var raw [secretBytes]byte
	if len(secret) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return hash, false
	}
	if n, err := strictURL.Decode(raw[:], []byte(secret)); err != nil || n != secretBytes {
		return hash, false
	}
	return sha256.Sum256(raw[:]), true
}

var strictURL = base64.RawURLEncoding.Strict()

// newStamp makes a new [User.Stamp].
func newStamp() string {
	var raw [16]byte
	rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// binding is what a ticket is bound to: the user's present address, and what changes
// with the password (S24).
func binding(u *User) string {
	sum := sha256.Sum256([]byte(u.ID + "\x00" + u.EmailKey + "\x00" + u.Stamp))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sealer encrypts what is stored for a while and must be read again. The first key
// seals, all open (S80).
type sealer []cipher.AEAD

// minSecret is how many bytes a secret of the configuration has at least.
const minSecret = 32

// makeSecret tells how to make a secret.
const makeSecret = "give 32 random bytes or more, as those of: openssl rand -base64 32"

// guessable reports whether a secret is one that nobody has chosen at random (S74).
func guessable(secret string) bool {
	distinct, lower := map[rune]bool{}, strings.ToLower(secret)
	for _, r := range secret {
		distinct[r] = true
	}
	return len(distinct) < 8 || slices.ContainsFunc([]string{"changeme", "change-me", "change_me", "placeholder", "your-secret", "your_secret"},
		func(word string) bool { return strings.Contains(lower, word) })
}

func newSealer(secrets []fsa.Secret) (sealer, error) {
	var s sealer
	for _, secret := range secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("has %d bytes, and should have %d at least", len(secret), minSecret)
		}
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, "fsa accounts: mails in the outbox", 32)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		s = append(s, aead)
	}
	return s, nil
}

// seal encrypts text, for what is named by about only.
func (s sealer) seal(text []byte, about string) []byte {
	return s[0].Seal(nil, nil, text, []byte(about))
}

func (s sealer) open(sealed []byte, about string) ([]byte, error) {
	for _, aead := range s {
		if text, err := aead.Open(nil, nil, sealed, []byte(about)); err == nil {
			return text, nil
		}
	}
	return nil, errors.New("it was sealed with a secret that is none of FSA_ACCOUNTS_SECRET")
}
