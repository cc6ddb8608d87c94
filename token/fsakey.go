package token

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"sync"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
)

// fsaAlgorithm is a way to sign fsa tokens.
type fsaAlgorithm struct {
	hash   func() hash.Hash
	keyed  bool // HMAC of the text; otherwise hash of the text, a colon and the secret
	length int  // bytes kept by default
}

// fsaInsecure begins the names of algorithms that are there only for tokens of
// the original that cannot be changed.
const fsaInsecure = "insecure-"

// fsaAlgorithms is constant. But for the first, they are those of Python's
// hashlib, by its names, that have one size of output: the original takes any
// of them. The size of blake2b is its full one, 64 bytes, of which the first are
// kept: hashlib.blake2b(digest_size=…) would give others.
var fsaAlgorithms = map[string]fsaAlgorithm{
	"hmac-sha256":        {hash: sha256.New, keyed: true, length: 32},
	"blake2b":            plain(newBlake2b),
	"blake2s":            plain(newBlake2s),
	"sha224":             plain(sha256.New224),
	"sha256":             plain(sha256.New),
	"sha384":             plain(sha512.New384),
	"sha512":             plain(sha512.New),
	"sha512_224":         plain(sha512.New512_224),
	"sha512_256":         plain(sha512.New512_256),
	"sha3_224":           plain(func() hash.Hash { return sha3.New224() }),
	"sha3_256":           plain(func() hash.Hash { return sha3.New256() }),
	"sha3_384":           plain(func() hash.Hash { return sha3.New384() }),
	"sha3_512":           plain(func() hash.Hash { return sha3.New512() }),
	fsaInsecure + "md5":  plain(md5.New),
	fsaInsecure + "sha1": plain(sha1.New),
}

// plain is how the original signs.
func plain(h func() hash.Hash) fsaAlgorithm { return fsaAlgorithm{hash: h, length: 16} }

// The errors of these two are about keys, of which there is none.

func newBlake2b() hash.Hash {
	h, _ := blake2b.New512(nil)
	return h
}

func newBlake2s() hash.Hash {
	h, _ := blake2s.New256(nil)
	return h
}

// fsaKey signs with one secret. It keeps hashes that are keyed already, which
// halves the time of a check. The secret is only in the pool, as package fmt
// would print it from a field.
type fsaKey struct {
	hashes sync.Pool // of *fsaHash
	length int
}

type fsaHash struct {
	hash.Hash
	suffix     []byte // what is hashed after the text; nil if the hash is keyed
	buf, given []byte // scratch
}

func newFSAKey(a fsaAlgorithm, secret []byte, length int) *fsaKey {
	k := &fsaKey{length: length}
	if a.keyed {
		secret = bytes.Clone(secret) // the caller may wipe its own
		k.hashes.New = func() any { return &fsaHash{Hash: hmac.New(a.hash, secret)} }
		return k
	}
	suffix := append([]byte{':'}, secret...)
	k.hashes.New = func() any { return &fsaHash{Hash: a.hash(), suffix: suffix} }
	return k
}

// sign returns the signature of message.
func (k *fsaKey) sign(message string) string {
	h := k.hashes.Get().(*fsaHash)
	defer k.hashes.Put(h)
	return string(k.sum(h, message))
}

// verify reports whether signature is message's, in a time that does not depend
// on where they differ.
func (k *fsaKey) verify(message, signature string) bool {
	h := k.hashes.Get().(*fsaHash)
	defer k.hashes.Put(h)
	h.given = append(h.given[:0], signature...)
	return subtle.ConstantTimeCompare(k.sum(h, message), h.given) == 1
}

// sum returns the signature of message in h's buffer.
func (k *fsaKey) sum(h *fsaHash, message string) []byte {
	h.Reset()
	h.buf = append(append(h.buf[:0], message...), h.suffix...)
	h.Write(h.buf)
	h.buf = h.Sum(h.buf[:0])
	size := len(h.buf)
	h.buf = hex.AppendEncode(h.buf, h.buf[:k.length])
	return h.buf[size:]
}
