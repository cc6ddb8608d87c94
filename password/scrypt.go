package password

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// Bounds of scrypt hashes (RFC 7914). Of N = 2^ln blocks, each of 128·r bytes,
// all are in memory at once, and the work is done p times.
const (
	scryptMaxLog       = 18
	scryptMaxBlock     = 32      // r
	scryptMaxLanes     = 16      // p; one after the other
	scryptMaxMemory    = 1 << 21 // N·r: 256 MiB
	scryptMaxWork      = 1 << 23 // N·r·p: four times all of that memory
	scryptDefaultLog   = 17      // OWASP: 128 MiB
	scryptDefaultBlock = 8
	scryptFloorLog     = 13 // with enough lanes, see scryptWeakness

	scryptSaltSize   = 16 // bytes, of new hashes
	scryptDigestSize = 32
	scryptMinSalt    = 1 // bytes, of stored ones
	scryptMaxSalt    = 64
	scryptMinDigest  = 16
	scryptMaxDigest  = 64
	scryptName       = "scrypt"
	scryptPrefix     = "$scrypt$"
)

var scryptScheme = scheme{
	name:     scryptName,
	prefixes: []string{scryptPrefix},
	params: []param{
		{name: "rounds", standard: scryptDefaultLog, least: 1, floor: scryptFloorLog, most: scryptMaxLog},
		{name: "block_size", standard: scryptDefaultBlock, least: 1, floor: scryptDefaultBlock, most: scryptMaxBlock},
		{name: "parallelism", standard: 1, least: 1, floor: 1, most: scryptMaxLanes},
	},
	weakness:  scryptWeakness,
	parse:     parseScrypt,
	configure: configureScrypt,
}

// scryptRecipe is the cost of a scrypt hash and the sizes of its parts.
type scryptRecipe struct {
	log        int // ln
	block      int // r
	lanes      int // p
	saltSize   int // bytes
	digestSize int
}

// scryptWeakness demands what the OWASP Password Storage Cheat Sheet calls
// equal: less memory is made up for by more lanes.
func scryptWeakness(values map[string]int) error {
	least := map[int]int{16: 2, 15: 3, 14: 5, 13: 10}[values["rounds"]]
	if p := values["parallelism"]; p < least {
		return wrong("Params", "scrypt: parallelism is %d: use %d or more with %d rounds, or set InsecureLowCost in a test", p, least, values["rounds"])
	}
	return nil
}

func configureScrypt(values map[string]int) (recipe, error) {
	r := scryptRecipe{
		log:        values["rounds"],
		block:      values["block_size"],
		lanes:      values["parallelism"],
		saltSize:   scryptSaltSize,
		digestSize: scryptDigestSize,
	}
	switch {
	case !r.exists():
		return nil, wrong("Params", "scrypt: rounds are %d: use at most %d with a block_size of %d", r.log, 16*r.block-1, r.block)
	case !r.fits():
		return nil, wrong("Params", "scrypt: 2^rounds·block_size is %d, and %d times the parallelism: use at most %d and %d",
			r.blocks(), r.blocks()*r.lanes, scryptMaxMemory, scryptMaxWork)
	}
	return r, nil
}

// blocks is the memory in units of 128 bytes.
func (r scryptRecipe) blocks() int { return r.block << r.log }

// exists reports whether the algorithm is defined for these numbers: N must be
// under 2^(128·r/8) (RFC 7914, section 2).
func (r scryptRecipe) exists() bool { return r.log < 16*r.block }

// fits reports whether memory and time are within the bounds. Each of the
// numbers must be so already, else their product might wrap around.
func (r scryptRecipe) fits() bool {
	return r.blocks() <= scryptMaxMemory && r.blocks()*r.lanes <= scryptMaxWork
}

// admits: scrypt hashes passwords of any length.
func (r scryptRecipe) admits(string) error { return nil }

func (r scryptRecipe) hash(password string) (string, error) {
	salt := make([]byte, r.saltSize)
	rand.Read(salt) // never fails: it ends the process instead
	d := scryptDigest{kind: r, salt: salt}
	var err error
	if d.sum, err = d.derive(password); err != nil {
		return "", fmt.Errorf("scrypt: %w", err)
	}
	return d.encode(), nil
}

func (r scryptRecipe) decoy() Digest {
	return scryptDigest{kind: r, salt: make([]byte, r.saltSize), sum: make([]byte, r.digestSize)}
}

// scryptDigest is a stored scrypt hash.
type scryptDigest struct {
	kind scryptRecipe
	salt []byte
	sum  []byte
}

func (d scryptDigest) Kind() any { return d.kind }

// Matches: scrypt begins and ends with PBKDF2-HMAC-SHA-256, and has its twins.
func (d scryptDigest) Matches(password string) bool {
	usable := !hasTwin(password, 32)
	if !usable {
		password = standIn
	}
	sum, err := d.derive(password)
	return err == nil && subtle.ConstantTimeCompare(sum, d.sum) == 1 && usable
}

func (d scryptDigest) derive(password string) ([]byte, error) {
	return scrypt.Key([]byte(password), d.salt, 1<<d.kind.log, d.kind.block, d.kind.lanes, d.kind.digestSize)
}

// encode gives the PHC string of the digest, which is what passlib writes too.
func (d scryptDigest) encode() string {
	return fmt.Sprintf("%sln=%d,r=%d,p=%d$%s$%s", scryptPrefix, d.kind.log, d.kind.block, d.kind.lanes,
		strictBase64.EncodeToString(d.salt), strictBase64.EncodeToString(d.sum))
}

// parseScrypt reads $scrypt$ln=…,r=…,p=…$salt$digest. What it accepts, encode
// gives back byte for byte.
func parseScrypt(hash string) (Digest, error) {
	fields := strings.Split(strings.TrimPrefix(hash, scryptPrefix), "$")
	if len(fields) != 3 {
		return nil, malformed(scryptName, "it must have parameters, a salt and a digest")
	}
	costs, ok := parseCosts(fields[0], "ln=", "r=", "p=")
	if !ok {
		return nil, malformed(scryptName, "its parameters must be ln, r and p, in plain numbers of 32 bits")
	}
	log, block, lanes := costs[0], costs[1], costs[2]
	if log < 1 || block < 1 || lanes < 1 {
		return nil, malformed(scryptName, "a parameter is below what the algorithm needs")
	}
	tooCostly := fmt.Errorf("%w: scrypt within ln=%d, r=%d, p=%d and 256 MiB, four times over, can be verified",
		ErrTooCostly, scryptMaxLog, scryptMaxBlock, scryptMaxLanes)
	if log > scryptMaxLog || block > scryptMaxBlock || lanes > scryptMaxLanes {
		return nil, tooCostly
	}
	kind := scryptRecipe{log: int(log), block: int(block), lanes: int(lanes)}
	switch {
	case !kind.exists():
		return nil, malformed(scryptName, "its ln is more than the algorithm allows with its r")
	case !kind.fits():
		return nil, tooCostly
	}
	salt, ok := decodeStrict(strictBase64, fields[1], scryptMinSalt, scryptMaxSalt)
	if !ok {
		return nil, malformed(scryptName, "its salt must be 1 to 64 bytes in base64")
	}
	sum, ok := decodeStrict(strictBase64, fields[2], scryptMinDigest, scryptMaxDigest)
	if !ok {
		return nil, malformed(scryptName, "its digest must be 16 to 64 bytes in base64")
	}
	kind.saltSize, kind.digestSize = len(salt), len(sum)
	return scryptDigest{kind: kind, salt: salt, sum: sum}, nil
}
