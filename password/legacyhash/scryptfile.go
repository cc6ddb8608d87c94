package legacyhash

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/ascii85"
	"encoding/base64"
	"encoding/binary"
	"math/bits"

	"github.com/fastsimpleauth/fsa/password"
)

const scryptFileName = "scrypt-file"

// scryptFile is a file that the scrypt utility has encrypted by the password, as
// FlaskSimpleAuth and users of Python's scrypt module store it. What is in it does
// not matter: its head and its end tell whether the password is right. See FORMAT in
// https://github.com/Tarsnap/scrypt.
var scryptFile = password.Scheme{
	Name:     scryptFileName,
	Prefixes: []string{scryptFileBase64, scryptFileAscii85, scryptFileHex},
	Parse:    parseScryptFile,
}

// How it begins: scrypt, and a version of 0.
const (
	scryptFileBase64  = "c2NyeXB0A"
	scryptFileAscii85 = "F(969E-)"
	scryptFileHex     = "73637279707400"
)

// The head: "scrypt", a zero, log N, r and p in big-endian order, a salt, the first
// half of the SHA-256 of all that, and an HMAC of all that with half of the key.
const (
	scryptFileSalt = 16
	scryptFileSum  = 48
	scryptFileMAC  = 64
	scryptFileHead = 96
	scryptFileEnd  = 32 // an HMAC of everything
)

func parseScryptFile(hash string) (password.Digest, error) {
	var b []byte
	var ok bool
	switch hash[:2] {
	case "c2":
		b, ok = unbase64(base64.StdEncoding, hash)
	case "F(":
		b, ok = unascii85(hash)
	default:
		b, ok = unhex(hash)
	}
	if !ok || len(b) < scryptFileHead+scryptFileEnd {
		return nil, malformed(scryptFileName, "it must be a whole file, in base64, Ascii85 or hexadecimal")
	}
	sum := sha256.Sum256(b[:scryptFileSum])
	if !bytes.Equal(sum[:16], b[scryptFileSum:scryptFileMAC]) {
		return nil, malformed(scryptFileName, "the checksum of its head is not right")
	}
	log, r, p := b[7], binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	if int(log) > bits.Len(maxScryptN) || r > maxScryptR || p > maxScryptP {
		return nil, tooCostly(scryptFileName, scryptMostText)
	}
	return newScrypt(scryptFileName, 1<<log, int(r), int(p), 64, b[scryptFileSalt:scryptFileSum], func(key []byte) bool {
		mac := hmac.New(sha256.New, key[32:])
		mac.Write(b[:scryptFileMAC])
		head := subtle.ConstantTimeCompare(mac.Sum(nil), b[scryptFileMAC:scryptFileHead])
		mac.Write(b[scryptFileMAC : len(b)-scryptFileEnd])
		return head&subtle.ConstantTimeCompare(mac.Sum(nil), b[len(b)-scryptFileEnd:]) == 1
	})
}

// unascii85 decodes Ascii85 as Python's base64.a85encode writes it. Go's decoder
// takes more than that, so the result must encode to the same again.
func unascii85(s string) ([]byte, bool) {
	b := make([]byte, 4*len(s)) // a z stands for four bytes
	n, _, err := ascii85.Decode(b, []byte(s), true)
	if err != nil {
		return nil, false
	}
	again := make([]byte, ascii85.MaxEncodedLen(n))
	again = again[:ascii85.Encode(again, b[:n])]
	return b[:n], string(again) == s
}
