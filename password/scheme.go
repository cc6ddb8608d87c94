package password

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What can be wrong with a stored hash. The errors of [Hasher.Verify] wrap
// them; they are for the log, not for the client.
var (
	// ErrUnknownScheme: the hash is of no scheme that this package knows.
	ErrUnknownScheme = errors.New("unknown password hash scheme")

	// ErrMalformed: the hash is not in the one canonical form of its scheme.
	ErrMalformed = errors.New("malformed password hash")

	// ErrTooCostly: the hash asks for more than the caps allow: argon2id 256
	// MiB, 10 passes, 16 lanes; bcrypt 16; scrypt ln 18, r 32, p 16, 256 MiB
	// taken four times; PBKDF2 5,000,000 rounds. Nothing was spent on it.
	ErrTooCostly = errors.New("password hash is too costly to verify")
)

// A scheme is a way to hash passwords. To add one, write its file and its row
// in the table below.
type scheme struct {
	name     string
	prefixes []string // what its hashes start with; no two schemes share one
	params   []param  // what can be configured

	// parse reads a stored hash. It spends neither memory nor time beyond the
	// length of its argument, and refuses what is beyond the caps.
	parse func(hash string) (Digest, error)

	// weakness tells which parameters are too weak together, if each is not
	// by itself. It may be nil, as for schemes with one parameter.
	weakness func(values map[string]int) error

	// configure makes the recipe of new hashes. Every parameter has a value,
	// each within its bounds. It is nil if the scheme only verifies old ones.
	configure func(values map[string]int) (recipe, error)
}

// A param is a parameter of new hashes.
type param struct {
	name         string
	unit         string // of the texts, with a leading space; may be empty
	standard     int    // the default
	least, floor int    // least that works, and least that is safe
	most         int    // the cap
}

// A recipe is a scheme with its cost. Recipes are comparable: equal ones make
// hashes of the same kind.
type recipe interface {
	// admits tells whether the scheme can hash all of a password in its normal
	// form; its error is for the client.
	admits(password string) error

	// hash makes a new hash of a password that it admits, with a random salt.
	hash(password string) (string, error)

	// decoy gives a digest of this kind that is nobody's.
	decoy() Digest
}

// A Digest is a stored hash, parsed and found to be within the caps.
type Digest interface {
	// Matches tells whether the digest is of this password. It compares in
	// constant time, and takes the same time for every password.
	Matches(password string) bool

	// Kind is a comparable value. Digests of the same kind take the same time;
	// of our own schemes, they are made by the same recipe.
	Kind() any
}

// schemes are all that are known. The first is the default.
var schemes = [...]scheme{
	argon2idScheme, bcryptScheme, scryptScheme,
	pbkdf2SHA256Scheme, pbkdf2SHA512Scheme, pbkdf2SHA1Scheme,
}

// maxHashLength is more than the longest hash of any scheme, in bytes.
const maxHashLength = 512

// Parse reads a stored hash of one of this package's own schemes. It is for
// schemes that wrap one of these, see [Scheme]; a [Hasher] does more. Its errors
// are [ErrUnknownScheme], [ErrMalformed] and [ErrTooCostly]; they never tell the
// content. It spends neither memory nor time beyond the length of the hash.
func Parse(hash string) (Digest, error) {
	for i := range schemes {
		for _, prefix := range schemes[i].prefixes {
			if !strings.HasPrefix(hash, prefix) {
				continue
			}
			if len(hash) > maxHashLength {
				return nil, malformed(schemes[i].name, "it is too long")
			}
			return schemes[i].parse(hash)
		}
	}
	return nil, ErrUnknownScheme
}

// malformed makes an error that says what of a hash is wrong, without quoting
// any of it.
func malformed(scheme, what string) error {
	return fmt.Errorf("%w: %s: %s", ErrMalformed, scheme, what)
}

func schemeNamed(name string) *scheme {
	for i := range schemes {
		if schemes[i].name == name {
			return &schemes[i]
		}
	}
	return nil
}

// makers names the schemes of new hashes.
func makers() string {
	var names []string
	for i := range schemes {
		if schemes[i].configure != nil {
			names = append(names, schemes[i].name)
		}
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// otherNames are those that other programs, passlib above all, have for schemes.
var otherNames = map[string]string{"argon2": argon2idName, "pbkdf2": pbkdf2SHA256Scheme.name}

// unknownScheme tells which scheme was meant, if it is but spelt in another way,
// as pbkdf2_sha256, and why some are not there.
func unknownScheme(name string) error {
	folded := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	known := otherNames[folded]
	if s := schemeNamed(folded); s != nil {
		known = s.name
	}
	switch {
	case known != "":
		return wrong("Schemes", "unknown password scheme %q: use %s, as it is called here", name, known)
	case slices.Contains([]string{"plaintext", "a85", "b64", "otp"}, strings.TrimPrefix(folded, Insecure)):
		return wrong("Schemes", "password scheme %q keeps passwords readable: use %s; package password/legacyhash verifies old ones", name, makers())
	case strings.HasPrefix(folded, Insecure), strings.Contains(folded, "crypt"), strings.Contains(folded, "django"):
		return wrong("Schemes", "unknown password scheme %q: use %s; package password/legacyhash verifies old ones", name, makers())
	}
	return wrong("Schemes", "unknown password scheme %q: use %s", name, makers())
}

// values completes the given parameters with the defaults and checks all.
func (s *scheme) values(given map[string]int, lowCost bool) (map[string]int, error) {
	var errs []error
	values := map[string]int{}
	var names []string
	for _, p := range s.params {
		names = append(names, p.name)
		v, ok := given[p.name]
		if !ok {
			v = p.standard
		}
		values[p.name] = v
		switch {
		case v < p.least:
			errs = append(errs, wrong("Params", "%s: %s is %d%s: use %d%s or more", s.name, p.name, v, p.unit, p.floor, p.unit))
		case v < p.floor && !lowCost:
			errs = append(errs, wrong("Params", "%s: %s is %d%s: use %d%s or more, or set InsecureLowCost in a test", s.name, p.name, v, p.unit, p.floor, p.unit))
		case v > p.most:
			errs = append(errs, wrong("Params", "%s: %s is %d%s: use at most %d%s", s.name, p.name, v, p.unit, p.most, p.unit))
		}
	}
	var unknown []string
	for name := range given {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		errs = append(errs, wrong("Params", "%s has no parameter %q: it has %s", s.name, name, strings.Join(names, ", ")))
	}
	if len(errs) == 0 && s.weakness != nil && !lowCost {
		errs = append(errs, s.weakness(values))
	}
	return values, errors.Join(errs...)
}
