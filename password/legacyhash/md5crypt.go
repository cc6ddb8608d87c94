package legacyhash

import (
	"crypto/md5"
	"crypto/subtle"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
)

// md5Crypt is what FreeBSD and Linux made around the year 2000 ($1$), and what
// Apache's htpasswd still makes by default ($apr1$): it differs in that prefix,
// which goes into the hash.
var md5Crypt = password.Scheme{Name: md5CryptName, Prefixes: []string{md5CryptPrefix, apr1Prefix}, Parse: parseMD5Crypt}

const (
	md5CryptName   = password.Insecure + "md5-crypt"
	md5CryptPrefix = "$1$"
	apr1Prefix     = "$apr1$"
	md5CryptRounds = 1000
	md5CryptSalt   = 8  // characters at most
	md5CryptDigest = 22 // characters
)

func parseMD5Crypt(hash string) (password.Digest, error) {
	prefix := md5CryptPrefix
	if strings.HasPrefix(hash, apr1Prefix) {
		prefix = apr1Prefix
	}
	salt, digest, ok := strings.Cut(strings.TrimPrefix(hash, prefix), "$")
	if !ok {
		return nil, malformed(md5CryptName, "it must have a salt and a digest")
	}
	if err := checkCrypt(md5CryptName, salt, md5CryptSalt, digest, md5CryptDigest); err != nil {
		return nil, err
	}
	return cryptDigest{cryptKind{prefix, md5CryptRounds}, func(pass []byte) bool {
		return subtle.ConstantTimeCompare(md5CryptSum(prefix, salt, pass), []byte(digest)) == 1
	}}, nil
}

// md5CryptSum is Poul-Henning Kamp's algorithm, as FreeBSD's crypt-md5.c and Apache's
// apr_md5.c have it. Its oddities are the format.
func md5CryptSum(prefix, salt string, pass []byte) []byte {
	inner := md5.New()
	inner.Write(pass)
	inner.Write([]byte(salt))
	inner.Write(pass)
	first := inner.Sum(nil)

	h := md5.New()
	h.Write(pass)
	h.Write([]byte(prefix + salt))
	for left := len(pass); left > 0; left -= md5.Size {
		h.Write(first[:min(left, md5.Size)])
	}
	for bits := len(pass); bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			h.Write([]byte{0})
		} else {
			h.Write(pass[:1])
		}
	}
	sum := h.Sum(nil)

	for round := range md5CryptRounds {
		h.Reset()
		if round&1 != 0 {
			h.Write(pass)
		} else {
			h.Write(sum)
		}
		if round%3 != 0 {
			h.Write([]byte(salt))
		}
		if round%7 != 0 {
			h.Write(pass)
		}
		if round&1 != 0 {
			h.Write(sum)
		} else {
			h.Write(pass)
		}
		sum = h.Sum(sum[:0])
	}
	return md5CryptEncode(sum)
}

// md5CryptEncode writes groups of three bytes, from all over the sum, as four
// characters each, the lowest six bits first.
func md5CryptEncode(sum []byte) []byte {
	out := make([]byte, 0, md5CryptDigest)
	put := func(v uint, characters int) {
		for range characters {
			out = append(out, cryptAlphabet[v&0x3f])
			v >>= 6
		}
	}
	for i := range 5 {
		last := i + 12
		if i == 4 {
			last = 5
		}
		put(uint(sum[i])<<16|uint(sum[i+6])<<8|uint(sum[last]), 4)
	}
	put(uint(sum[11]), 2)
	return out
}
