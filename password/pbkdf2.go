package password

import (
	"crypto"
	"crypto/pbkdf2"
	"crypto/rand"
	_ "crypto/sha1"   // for crypto.SHA1
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA512
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of PBKDF2 hashes (RFC 8018).
const (
	pbkdf2MaxRounds   = 5_000_000 // some seconds
	pbkdf2FloorSHA256 = 600_000   // OWASP, and the default
	pbkdf2FloorSHA512 = 210_000

	pbkdf2SaltSize  = 16 // bytes, of new hashes
	pbkdf2MinSalt   = 1  // bytes, of stored ones
	pbkdf2MaxSalt   = 64
	pbkdf2MinDigest = 16
	pbkdf2MaxDigest = 64
)

// pbkdf2Prefixes are constant. Both the PHC strings and passlib leave the name of
// SHA-1 out.
var pbkdf2Prefixes = map[crypto.Hash]string{
	crypto.SHA1:   "$pbkdf2$",
	crypto.SHA256: "$pbkdf2-sha256$",
	crypto.SHA512: "$pbkdf2-sha512$",
}

var (
	pbkdf2SHA256Scheme = pbkdf2Scheme("pbkdf2-sha256", crypto.SHA256, pbkdf2FloorSHA256)
	pbkdf2SHA512Scheme = pbkdf2Scheme("pbkdf2-sha512", crypto.SHA512, pbkdf2FloorSHA512)
	pbkdf2SHA1Scheme   = pbkdf2Scheme("pbkdf2-sha1", crypto.SHA1, 0) // verifies old hashes only
)

// pbkdf2Scheme is PBKDF2 with HMAC of a hash, for new hashes of no less than
// floor rounds. If that is zero, none are made.
func pbkdf2Scheme(name string, algorithm crypto.Hash, floor int) scheme {
	s := scheme{
		name:     name,
		prefixes: []string{pbkdf2Prefixes[algorithm]},
		parse:    func(hash string) (Digest, error) { return parsePBKDF2(name, algorithm, hash) },
	}
	if floor > 0 {
		s.params = []param{{name: "rounds", standard: floor, least: 1, floor: floor, most: pbkdf2MaxRounds}}
		s.configure = func(values map[string]int) (recipe, error) {
			return pbkdf2Recipe{algorithm, values["rounds"], pbkdf2SaltSize, algorithm.Size()}, nil
		}
	}
	return s
}

// pbkdf2Recipe is the cost of a PBKDF2 hash and the sizes of its parts.
type pbkdf2Recipe struct {
	algorithm  crypto.Hash
	rounds     int
	saltSize   int // bytes
	digestSize int
}

// admits: PBKDF2 hashes passwords of any length.
func (r pbkdf2Recipe) admits(string) error { return nil }

func (r pbkdf2Recipe) hash(password string) (string, error) {
	salt := make([]byte, r.saltSize)
	rand.Read(salt) // never fails: it ends the process instead
	d := pbkdf2Digest{kind: r, salt: salt}
	var err error
	if d.sum, err = d.derive(password); err != nil {
		return "", fmt.Errorf("pbkdf2: %w", err)
	}
	return d.encode(), nil
}

func (r pbkdf2Recipe) decoy() Digest {
	return pbkdf2Digest{kind: r, salt: make([]byte, r.saltSize), sum: make([]byte, r.digestSize)}
}

// A pbkdf2Spelling is a way to write the same hash.
type pbkdf2Spelling int

const (
	pbkdf2PHC       pbkdf2Spelling = iota // i=ROUNDS: ours
	pbkdf2PHCLength                       // i=ROUNDS,l=BYTES: of RustCrypto
	pbkdf2Passlib                         // ROUNDS, and base64 with a dot for the plus
)

// passlibBase64 is what passlib calls ab64.
var passlibBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").
	WithPadding(base64.NoPadding).Strict()

func (s pbkdf2Spelling) base64() *base64.Encoding {
	if s == pbkdf2Passlib {
		return passlibBase64
	}
	return strictBase64
}

// pbkdf2Digest is a stored PBKDF2 hash.
type pbkdf2Digest struct {
	kind     pbkdf2Recipe
	spelling pbkdf2Spelling
	salt     []byte
	sum      []byte
}

func (d pbkdf2Digest) Kind() any { return d.kind }

func (d pbkdf2Digest) Matches(password string) bool {
	usable := !hasTwin(password, d.kind.algorithm.Size())
	if !usable {
		password = standIn
	}
	sum, err := d.derive(password)
	return err == nil && subtle.ConstantTimeCompare(sum, d.sum) == 1 && usable
}

// hasTwin reports whether another password may have the same hashes by PBKDF2,
// whose key it is to an HMAC: that pads keys with NULs, and takes the hash of one
// that is larger than its block, of size bytes, in its place. So "a\x00" would
// pass for "a", and the hash of a long password, as some other site may have
// leaked it, for that password. The bytes of a hash are as good as never UTF-8.
func hasTwin(password string, size int) bool {
	return strings.HasSuffix(password, "\x00") || len(password) == size && !utf8.ValidString(password)
}

func (d pbkdf2Digest) derive(password string) ([]byte, error) {
	return pbkdf2.Key(d.kind.algorithm.New, password, d.salt, d.kind.rounds, d.kind.digestSize)
}

// encode gives the digest in its spelling.
func (d pbkdf2Digest) encode() string {
	format := map[pbkdf2Spelling]string{pbkdf2PHC: "i=%d", pbkdf2PHCLength: "i=%d,l=%d", pbkdf2Passlib: "%d"}[d.spelling]
	costs := []any{d.kind.rounds, d.kind.digestSize}[:strings.Count(format, "%")]
	b64 := d.spelling.base64().EncodeToString
	return pbkdf2Prefixes[d.kind.algorithm] + fmt.Sprintf(format, costs...) + "$" + b64(d.salt) + "$" + b64(d.sum)
}

// parsePBKDF2 reads the prefix, then i=…$salt$digest, i=…,l=…$salt$digest or
// passlib's …$salt$digest. What it accepts, encode gives back byte for byte.
func parsePBKDF2(name string, algorithm crypto.Hash, hash string) (Digest, error) {
	fields := strings.Split(strings.TrimPrefix(hash, pbkdf2Prefixes[algorithm]), "$")
	if len(fields) != 3 {
		return nil, malformed(name, "it must have rounds, a salt and a digest")
	}
	rounds, length, spelling, ok := parsePBKDF2Costs(fields[0])
	if !ok {
		return nil, malformed(name, "its parameters must be rounds, i, or i and l, in plain numbers of 32 bits")
	}
	if rounds < 1 {
		return nil, malformed(name, "its rounds are below what the algorithm needs")
	}
	salt, ok := decodeStrict(spelling.base64(), fields[1], pbkdf2MinSalt, pbkdf2MaxSalt)
	if !ok {
		return nil, malformed(name, "its salt must be 1 to 64 bytes in base64")
	}
	sum, ok := decodeStrict(spelling.base64(), fields[2], pbkdf2MinDigest, pbkdf2MaxDigest)
	if !ok {
		return nil, malformed(name, "its digest must be 16 to 64 bytes in base64")
	}
	if spelling == pbkdf2PHCLength && length != uint64(len(sum)) {
		return nil, malformed(name, "its digest is not of the length that it says")
	}
	// Each block of the digest, as large as the hash, takes all rounds.
	blocks := (len(sum) + algorithm.Size() - 1) / algorithm.Size()
	if rounds*uint64(blocks) > pbkdf2MaxRounds {
		return nil, fmt.Errorf("%w: %s of %d rounds can be verified, or as many in all blocks of its digest", ErrTooCostly, name, pbkdf2MaxRounds)
	}
	kind := pbkdf2Recipe{algorithm: algorithm, rounds: int(rounds), saltSize: len(salt), digestSize: len(sum)}
	return pbkdf2Digest{kind: kind, spelling: spelling, salt: salt, sum: sum}, nil
}

func parsePBKDF2Costs(s string) (rounds, length uint64, spelling pbkdf2Spelling, ok bool) {
	if costs, ok := parseCosts(s, "i="); ok {
		return costs[0], 0, pbkdf2PHC, true
	}
	if costs, ok := parseCosts(s, "i=", "l="); ok {
		return costs[0], costs[1], pbkdf2PHCLength, true
	}
	rounds, ok = parseCost(s)
	return rounds, 0, pbkdf2Passlib, ok
}
