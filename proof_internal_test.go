package fsa

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"
)

// TestDigest: no two pairs of texts have the same digest, wherever the one ends and
// the other begins, and no two processes give the same to one.
func TestDigest(t *testing.T) {
	p := newProver()
	seen := map[digest][2]string{}
	for _, pair := range [][2]string{
		{"", ""}, {"a", ""}, {"", "a"}, {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"ab\x00", "c"}, {"ab", "\x00c"},
		{"c", "ab"}, {strings.Repeat("a", 63), "b"}, {strings.Repeat("a", 64), "b"}, {strings.Repeat("a", 64), "ab"}, {strings.Repeat("a", 65), "b"},
		{"calvin", "x"}, {"calvin", "x\x80"}, {"calvin", "x\x80\x00\x00"},
	} {
		d := p.digest(pair[0], pair[1])
		if other, twice := seen[d]; twice {
			t.Errorf("%q and %q have the same digest", pair, other)
		}
		seen[d] = pair
		if p.digest(pair[0], pair[1]) != d {
			t.Errorf("%q has two digests", pair)
		}
		if newProver().digest(pair[0], pair[1]) == d {
			t.Errorf("the digest of %q does not depend on the key", pair)
		}
	}
}

// TestDigestIsNotExtended: who knows the digest of two texts can't make that of a longer
// one, as they could if one text were the beginning of the other: SHA-256 goes on where it
// has ended.
func TestDigestIsNotExtended(t *testing.T) {
	p := newProver()
	const login, pass, more = "calvin", "tuna", "fish"
	seen := p.digest(login, pass)
	for _, lengths := range []int{0, 8, 16, 24} { // of what may stand before the texts
		n := sha256.BlockSize + lengths + len(login) + len(pass)
		padding := append([]byte{0x80}, make([]byte, (119-n%64)%64)...)
		padding = binary.BigEndian.AppendUint64(padding, uint64(8*n))
		if (n+len(padding))%sha256.BlockSize != 0 {
			t.Fatal("the padding is not that of SHA-256")
		}
		state := append([]byte("sha\x03"), seen[:]...)
		state = append(state, make([]byte, sha256.BlockSize)...)
		state = binary.BigEndian.AppendUint64(state, uint64(n+len(padding)))
		h := sha256.New().(restorable)
		if err := h.UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
		h.Write([]byte(more))
		extended := digest(h.Sum(nil))
		if p.digest(login, pass+string(padding)+more) == extended || p.digest(login+pass+string(padding), more) == extended {
			t.Errorf("a digest can be extended, with %d bytes of lengths", lengths)
		}
	}
}
