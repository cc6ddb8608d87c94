package legacyhash

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/password"
)

// The parameters of RFC 6238 that authenticators and Python's pyotp have by default.
const (
	otpPeriod   = 30 * time.Second
	otpDigits   = 6
	otpDrift    = 1  // steps that a clock may be wrong by, to either side
	otpMinBytes = 10 // of the secret; RFC 4226 asks for 16
	otpMaxBytes = 64
	otpStore    = 5 * time.Second
)

// OTP is the scheme insecure-otp: what is stored is the secret of an authenticator
// in base32, and the code of the moment (RFC 6238: SHA-1, 6 digits, 30 s) is the
// password. The codes of the steps before and after the present one match too.
//
// A code is good for one log-in: used remembers it. If used is nil, that is in the
// memory of the process; instances of an application must share one. A log-in is
// refused if used fails. Nothing is kept of it either, so with scheme basic, where
// each request brings its password, there is one request for each code: log in once,
// and go on with a token. Requests of the same moment, from the same network, with
// the same code count as one.
//
// It is insecure for what it replaces: six digits take the place of a password, and
// whoever reads the store makes codes. As a second factor, beside a password, codes
// are what they are meant to be.
func OTP(used cache.Once) password.Scheme {
	if used == nil {
		used = cache.NewMemoryOnce(0)
	}
	const name = password.Insecure + "otp"
	return password.Scheme{Name: name, OneTime: true, Parse: func(stored string) (password.Digest, error) {
		secret, ok := unbase32(stored)
		if !ok || len(secret) < otpMinBytes || len(secret) > otpMaxBytes {
			return nil, malformed(name, "it must be a secret of 10 to 64 bytes in base32")
		}
		return otpDigest{secret, used}, nil
	}}
}

// unbase32 decodes base32 (RFC 4648) in capitals, with its padding or without.
func unbase32(s string) ([]byte, bool) {
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(s, "="))
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	padded := base32.StdEncoding.EncodeToString(b)
	return b, s == padded || s == strings.TrimRight(padded, "=")
}

type otpDigest struct {
	secret []byte
	used   cache.Once
}

func (d otpDigest) Kind() any { return otpDigits }

func (d otpDigest) Matches(code string) bool {
	now := time.Now()
	step := now.Unix() / int64(otpPeriod/time.Second)
	matched := int64(-1)
	for at := step - otpDrift; at <= step+otpDrift; at++ {
		if subtle.ConstantTimeCompare([]byte(hotp(d.secret, uint64(at))), []byte(code)) == 1 {
			matched = at
		}
	}
	return matched >= 0 && d.first(now, matched)
}

// first reports whether the code of a step has not been used before.
func (d otpDigest) first(now time.Time, step int64) bool {
	ctx, cancel := context.WithTimeout(context.Background(), otpStore)
	defer cancel()
	// The store learns neither the secret nor what it could be found by: the
	// hash of a random secret is as good as random.
	sum := sha256.Sum256(d.secret)
	key := cache.Key("otp", hex.EncodeToString(sum[:]), strconv.FormatInt(step, 10))
	first, err := d.used.Use(ctx, key, now.Add((2*otpDrift+1)*otpPeriod))
	return first && err == nil
}

// hotp is the code of a step (RFC 4226, 5.3).
func hotp(secret []byte, step uint64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, step))
	sum := mac.Sum(nil)
	v := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", otpDigits, v%1_000_000)
}
