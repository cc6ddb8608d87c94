package legacyhash

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
)

const (
	bcryptSHA256Name   = "bcrypt-sha256"
	bcryptSHA256Prefix = "$bcrypt-sha256$"
)

// bcryptSHA256 is passlib's way around the 72 bytes of bcrypt. Version 1 hashes the
// password by SHA-256 first, version 2 by HMAC with the salt as its key.
var bcryptSHA256 = password.Scheme{Name: bcryptSHA256Name, Prefixes: []string{bcryptSHA256Prefix}, Parse: parseBcryptSHA256}

func parseBcryptSHA256(hash string) (password.Digest, error) {
	fields := strings.Split(strings.TrimPrefix(hash, bcryptSHA256Prefix), "$")
	if len(fields) != 3 {
		return nil, malformed(bcryptSHA256Name, "it must have parameters, a salt and a digest")
	}
	params, salt, digest := fields[0], fields[1], fields[2]
	version, separator := 1, ","
	if rest, ok := strings.CutPrefix(params, "v=2,t="); ok {
		version, separator, params = 2, ",r=", rest
	}
	ident, cost, _ := strings.Cut(params, separator)
	rounds, ok := number(cost)
	if ident != "2a" && ident != "2b" && ident != "2y" || !ok || rounds > 99 {
		return nil, malformed(bcryptSHA256Name, "its parameters must be v=2,t=2b,r=ROUNDS or 2b,ROUNDS")
	}
	d, err := password.Parse(fmt.Sprintf("$%s$%02d$%s%s", ident, rounds, salt, digest))
	if err != nil {
		return nil, err
	}
	return wrapped{d, func(pass string) string {
		sum := sha256.Sum256([]byte(pass))
		if version == 1 {
			return base64.StdEncoding.EncodeToString(sum[:])
		}
		mac := hmac.New(sha256.New, []byte(salt))
		mac.Write([]byte(pass))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}}, nil
}
