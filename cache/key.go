package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Key joins parts to one key such that no two different tuples give the same
// one: each part is preceded by its length in bytes and a colon, so
// Key("acme", "calvin") is "4:acme6:calvin". Joining with a separator alone
// has handed one user the answer of another, as soon as a part could contain
// the separator. Key() is empty, Key("") is not.
//
// The key is as long as the parts and not hidden: a secret (a password, a
// token) is digested with a key of its own before it becomes a part.
func Key(parts ...string) string {
	var digits [20]byte
	size := 0
	for _, p := range parts {
		size += len(p) + len(strconv.AppendInt(digits[:0], int64(len(p)), 10)) + 1
	}
	var b strings.Builder
	b.Grow(size)
	for _, p := range parts {
		b.Write(strconv.AppendInt(digits[:0], int64(len(p)), 10))
		b.WriteByte(':')
		b.WriteString(p)
	}
	return b.String()
}

// shortKey is the form in which the in-memory stores hold a key: at most 64
// bytes, whatever its length, because their bound counts entries, and a
// quarter of a million log-in names of 16 KiB each would be 4 GiB. Keys under
// 64 bytes stand for themselves, longer ones for their SHA-256 in 64
// hexadecimal digits; the lengths keep the two kinds apart.
func shortKey(key string) string {
	if len(key) < 2*sha256.Size {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
