package password

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"golang.org/x/crypto/bcrypt"
)

// Bounds of bcrypt hashes. Each step of the cost doubles the time: 16 takes
// some seconds, 31 a day.
const (
	bcryptMinCost     = 4
	bcryptFloorCost   = 10 // OWASP
	bcryptDefaultCost = 12 // about 0.25 s
	bcryptMaxCost     = 16

	bcryptMaxPassword = 72 // bytes; the algorithm ignores what comes after
	bcryptPrefixSize  = len("$2b$")
	bcryptHeadSize    = len("$2b$12$")
	bcryptSaltSize    = 22 // characters
	bcryptHashSize    = 60 // characters, everything
	bcryptAlphabet    = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	bcryptName        = "bcrypt"
)

var bcryptScheme = scheme{
	name: bcryptName,
	// $2x$ is missing: it marks hashes of a broken implementation, which match
	// passwords they should not.
	prefixes: []string{"$2a$", "$2b$", "$2y$"},
	params: []param{
		{name: "rounds", standard: bcryptDefaultCost, least: bcryptMinCost, floor: bcryptFloorCost, most: bcryptMaxCost},
	},
	parse: parseBcrypt,
	configure: func(values map[string]int) (recipe, error) {
		return bcryptRecipe{cost: values["rounds"]}, nil
	},
}

// bcryptRecipe is the cost of a bcrypt hash.
type bcryptRecipe struct{ cost int }

func (r bcryptRecipe) admits(password string) error {
	if len(password) > bcryptMaxPassword {
		return httperr.Errorf(http.StatusBadRequest, "password is too long, must be at most %d bytes", bcryptMaxPassword)
	}
	return nil
}

// hash writes the prefix $2b$, as OpenBSD and Python do, over the $2a$ of
// x/crypto. Both stand for the same computation here, but other checkers treat
// $2a$ as possibly made by an implementation that had bugs.
func (r bcryptRecipe) hash(password string) (string, error) {
	b, err := bcrypt.GenerateFromPassword([]byte(password), r.cost)
	if err != nil {
		return "", fmt.Errorf("bcrypt: %w", err)
	}
	return "$2b$" + string(b[bcryptPrefixSize:]), nil
}

func (r bcryptRecipe) decoy() Digest {
	return bcryptDigest{
		text: fmt.Sprintf("$2b$%02d$", r.cost) + strings.Repeat(".", bcryptHashSize-bcryptHeadSize),
		kind: r,
	}
}

// bcryptDigest is a stored bcrypt hash.
type bcryptDigest struct {
	text string // well formed
	kind bcryptRecipe
}

func (d bcryptDigest) Kind() any { return d.kind }

// Matches: the algorithm looks at 72 bytes of password, NUL, password, NUL…,
// so that a longer password collides with its first 72 bytes, and one with NULs
// may collide with a part of itself: "a\x00a" with "a". Neither ever matches,
// and a stand-in spends the time.
func (d bcryptDigest) Matches(password string) bool {
	usable := len(password) <= bcryptMaxPassword && strings.IndexByte(password, 0) < 0
	if !usable {
		password = standIn
	}
	return bcrypt.CompareHashAndPassword([]byte(d.text), []byte(password)) == nil && usable
}

// parseBcrypt reads $2b$NN$ and 53 characters of salt and digest. The unused
// bits of the salt may be set, as some implementations used to do; those of
// the digest may not, no password would match.
func parseBcrypt(hash string) (Digest, error) {
	if len(hash) != bcryptHashSize {
		return nil, malformed(bcryptName, "it must have 60 characters")
	}
	tens, units := hash[bcryptPrefixSize], hash[bcryptPrefixSize+1]
	if tens < '0' || tens > '9' || units < '0' || units > '9' || hash[bcryptHeadSize-1] != '$' {
		return nil, malformed(bcryptName, "its cost must be two digits")
	}
	for i := bcryptHeadSize; i < bcryptHashSize; i++ {
		if strings.IndexByte(bcryptAlphabet, hash[i]) < 0 {
			return nil, malformed(bcryptName, "its salt and digest must be in bcrypt's base64")
		}
	}
	// The 31 characters of the digest hold 23 bytes and 2 unused bits.
	if strings.IndexByte(bcryptAlphabet, hash[bcryptHashSize-1])%4 != 0 {
		return nil, malformed(bcryptName, "the unused bits of its digest must be zero")
	}
	cost := int(tens-'0')*10 + int(units-'0')
	if cost < bcryptMinCost {
		return nil, malformed(bcryptName, "its cost is below what the algorithm needs")
	}
	if cost > bcryptMaxCost {
		return nil, fmt.Errorf("%w: bcrypt up to a cost of %d can be verified", ErrTooCostly, bcryptMaxCost)
	}
	return bcryptDigest{text: hash, kind: bcryptRecipe{cost: cost}}, nil
}
