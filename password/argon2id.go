package password

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Bounds of argon2id hashes (RFC 9106). What is above the caps would let one
// row of a table take the memory or the processors of the server.
const (
	argon2MaxMemory  = 256 * 1024 // KiB
	argon2MaxTime    = 10         // passes
	argon2MaxThreads = 16         // lanes; each is a goroutine
	argon2MinBlocks  = 8          // KiB a lane, RFC 9106 section 3.1

	argon2SaltSize    = 16 // bytes, of new hashes
	argon2DigestSize  = 32
	argon2MinSalt     = 8 // bytes, of stored ones
	argon2MaxSalt     = 64
	argon2MinDigest   = 16
	argon2MaxDigest   = 64
	argon2idName      = "argon2id"
	argon2idPrefix    = "$argon2id$"
	argon2idVersion   = "v=19" // 0x13, the only one in use since 2016
	argon2FloorMemory = 7 * 1024
)

var argon2idScheme = scheme{
	name:     argon2idName,
	prefixes: []string{argon2idPrefix},
	params: []param{
		{name: "memory", unit: " KiB", standard: 19 * 1024, least: argon2MinBlocks, floor: argon2FloorMemory, most: argon2MaxMemory},
		{name: "time", standard: 2, least: 1, floor: 1, most: argon2MaxTime},
		{name: "parallelism", standard: 1, least: 1, floor: 1, most: argon2MaxThreads},
	},
	parse:     parseArgon2id,
	configure: configureArgon2id,
}

// argon2idRecipe is the cost of an argon2id hash and the sizes of its parts.
type argon2idRecipe struct {
	memory     uint32 // KiB
	time       uint32 // passes
	threads    uint8  // lanes
	saltSize   int    // bytes
	digestSize int
}

func configureArgon2id(values map[string]int) (recipe, error) {
	r := argon2idRecipe{
		memory:     uint32(values["memory"]),
		time:       uint32(values["time"]),
		threads:    uint8(values["parallelism"]),
		saltSize:   argon2SaltSize,
		digestSize: argon2DigestSize,
	}
	if least := argon2MinBlocks * uint32(r.threads); r.memory < least {
		return nil, wrong("Params", "argon2id: memory is %d KiB: use %d KiB or more with a parallelism of %d", r.memory, least, r.threads)
	}
	return r, nil
}

// admits: argon2id hashes passwords of any length.
func (r argon2idRecipe) admits(string) error { return nil }

func (r argon2idRecipe) hash(password string) (string, error) {
	salt := make([]byte, r.saltSize)
	rand.Read(salt) // never fails: it ends the process instead
	d := argon2idDigest{kind: r, salt: salt}
	d.sum = d.derive(password)
	return d.encode(), nil
}

func (r argon2idRecipe) decoy() Digest {
	return argon2idDigest{kind: r, salt: make([]byte, r.saltSize), sum: make([]byte, r.digestSize)}
}

// argon2idDigest is a stored argon2id hash.
type argon2idDigest struct {
	kind argon2idRecipe
	salt []byte
	sum  []byte
}

func (d argon2idDigest) Kind() any { return d.kind }

func (d argon2idDigest) Matches(password string) bool {
	return subtle.ConstantTimeCompare(d.derive(password), d.sum) == 1
}

func (d argon2idDigest) derive(password string) []byte {
	return argon2.IDKey([]byte(password), d.salt, d.kind.time, d.kind.memory, d.kind.threads, uint32(d.kind.digestSize))
}

// encode gives the PHC string of the digest.
func (d argon2idDigest) encode() string {
	return fmt.Sprintf("%s%s$m=%d,t=%d,p=%d$%s$%s", argon2idPrefix, argon2idVersion,
		d.kind.memory, d.kind.time, d.kind.threads,
		strictBase64.EncodeToString(d.salt), strictBase64.EncodeToString(d.sum))
}

// parseArgon2id reads $argon2id$v=19$m=…,t=…,p=…$salt$digest, in the one form
// that the PHC string format calls canonical: what it accepts, encode gives
// back byte for byte.
func parseArgon2id(hash string) (Digest, error) {
	fields := strings.Split(strings.TrimPrefix(hash, argon2idPrefix), "$")
	if len(fields) != 4 {
		return nil, malformed(argon2idName, "it must have a version, parameters, a salt and a digest")
	}
	if fields[0] != argon2idVersion {
		return nil, malformed(argon2idName, "its version must be 19")
	}
	costs, ok := parseCosts(fields[1], "m=", "t=", "p=")
	if !ok {
		return nil, malformed(argon2idName, "its parameters must be m, t and p, in plain numbers of 32 bits")
	}
	memory, time, threads := costs[0], costs[1], costs[2]
	if time < 1 || threads < 1 || memory < argon2MinBlocks*threads {
		return nil, malformed(argon2idName, "a parameter is below what the algorithm needs")
	}
	if memory > argon2MaxMemory || time > argon2MaxTime || threads > argon2MaxThreads {
		return nil, fmt.Errorf("%w: argon2id within %d KiB, %d passes, %d lanes can be verified",
			ErrTooCostly, argon2MaxMemory, argon2MaxTime, argon2MaxThreads)
	}
	salt, ok := decodeStrict(strictBase64, fields[2], argon2MinSalt, argon2MaxSalt)
	if !ok {
		return nil, malformed(argon2idName, "its salt must be 8 to 64 bytes in base64")
	}
	sum, ok := decodeStrict(strictBase64, fields[3], argon2MinDigest, argon2MaxDigest)
	if !ok {
		return nil, malformed(argon2idName, "its digest must be 16 to 64 bytes in base64")
	}
	return argon2idDigest{
		kind: argon2idRecipe{
			memory:     uint32(memory),
			time:       uint32(time),
			threads:    uint8(threads),
			saltSize:   len(salt),
			digestSize: len(sum),
		},
		salt: salt,
		sum:  sum,
	}, nil
}
