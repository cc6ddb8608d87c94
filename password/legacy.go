package password

import (
	"fmt"
	"reflect"
	"strings"
)

// Insecure is what the name of a [Scheme] begins with whose hashes are as good as
// readable. Such a scheme verifies nothing unless [Options.Schemes] lists it.
const Insecure = "insecure-"

// A Scheme is a kind of hashes that were made elsewhere. It verifies them and makes
// none: after a log-in, [Hasher.NeedsRehash] asks for one of the first scheme in
// their place. The package password/legacyhash has those of crypt, LDAP, Django and
// others; an application can write its own.
type Scheme struct {
	// Name is what [Options.Schemes] calls it: letters in lower case, digits
	// and dashes. If it begins with [Insecure], its hashes verify only where
	// it is listed; else wherever the scheme is known.
	Name string

	// Prefixes are what its hashes begin with. One that another scheme has,
	// or that begins another's, is a mistake.
	//
	// Without any, the scheme is asked about what no other one claims. Its name
	// must begin with [Insecure], since it takes just about anything for a
	// hash, and only one of that kind can be listed.
	Prefixes []string

	// Parse reads a stored hash, of at most 2,048 bytes. It spends neither
	// memory nor time beyond the length of its argument, and refuses, with an
	// error that wraps [ErrMalformed] or [ErrTooCostly] and quotes nothing of
	// the hash, what is not in the one form of its scheme or would cost more
	// than a server can spend on one request.
	//
	// It is called concurrently, and so are the methods of the [Digest].
	Parse func(hash string) (Digest, error)

	// OneTime says that what matches is no password: it is good for one log-in,
	// as a code of an authenticator is. So nothing of it is kept, and no hash
	// is made of it.
	OneTime bool
}

// maxLegacyLength is more than the longest hash of any scheme made elsewhere, and
// than any password that is its own hash, in bytes.
const maxLegacyLength = 2048

// legacy is a digest of a scheme made elsewhere.
type legacy struct {
	Digest
	scheme *Scheme
}

// legacyKind is the kind of such a digest: theirs do not get mixed up with each
// other, or with ours.
type legacyKind struct {
	scheme string
	kind   any
}

func (d legacy) Kind() any {
	kind := d.Digest.Kind()
	if !reflect.ValueOf(kind).Comparable() {
		kind = nil // it could not be looked up
	}
	return legacyKind{d.scheme.Name, kind}
}

// legacySchemes are those made elsewhere that a hasher knows.
type legacySchemes struct {
	known    []Scheme
	unlisted []bool  // insecure ones that are not to verify
	rest     *Scheme // asked about what no other one claims; may be nil
}

// newLegacySchemes checks them, and which of them are listed.
func newLegacySchemes(known []Scheme, listed []string) (l legacySchemes, errs []error) {
	l.known, l.unlisted = known, make([]bool, len(known))
	names := map[string]bool{}
	for i := range schemes {
		names[schemes[i].name] = true
	}
	for i := range known {
		s := &l.known[i]
		insecure := strings.HasPrefix(s.Name, Insecure)
		is := false
		for _, name := range listed {
			is = is || name == s.Name
		}
		l.unlisted[i] = insecure && !is
		switch {
		case s.Parse == nil:
			errs = append(errs, wrong("Legacy", "the scheme %q cannot parse: use one with the function Parse", s.Name))
		case s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			errs = append(errs, wrong("Legacy", "%q is no name of a scheme: use letters in lower case, digits and dashes", s.Name))
		case names[s.Name]:
			errs = append(errs, wrong("Legacy", "there are two schemes %q: use another name, or drop one", s.Name))
		case len(s.Prefixes) == 0 && !insecure:
			errs = append(errs, wrong("Legacy", "the scheme %q has no prefix, and takes anything for a hash: use a name that begins with %s", s.Name, Insecure))
		case len(s.Prefixes) == 0 && is && l.rest != nil:
			errs = append(errs, wrong("Schemes", "hashes of %s and %s cannot be told apart: use one of them", l.rest.Name, s.Name))
		case len(s.Prefixes) == 0 && is:
			l.rest = s
		}
		names[s.Name] = true
		errs = append(errs, l.clashes(i)...)
	}
	return l, errs
}

// clashes reports prefixes of a scheme that a hash can't be told by.
func (l *legacySchemes) clashes(i int) (errs []error) {
	s := &l.known[i]
	for _, mine := range s.Prefixes {
		if mine == "" {
			errs = append(errs, wrong("Legacy", "the scheme %q has an empty prefix: use none at all, or one that tells its hashes", s.Name))
			continue
		}
		claim := func(name, theirs string) {
			if strings.HasPrefix(mine, theirs) || strings.HasPrefix(theirs, mine) {
				errs = append(errs, wrong("Legacy", "hashes of %s and %s cannot be told apart, by %q and %q: use one of them", name, s.Name, theirs, mine))
			}
		}
		for j := range schemes {
			for _, theirs := range schemes[j].prefixes {
				claim(schemes[j].name, theirs)
			}
		}
		for j := range l.known[:i] {
			for _, theirs := range l.known[j].Prefixes {
				claim(l.known[j].Name, theirs)
			}
		}
	}
	return errs
}

// named tells whether there is a scheme of that name.
func (l *legacySchemes) named(name string) bool {
	for i := range l.known {
		if l.known[i].Name == name {
			return true
		}
	}
	return false
}

// parse reads a stored hash of no scheme of ours. It never tells its content.
func (l *legacySchemes) parse(hash string) (Digest, error) {
	for i := range l.known {
		for _, prefix := range l.known[i].Prefixes {
			if !strings.HasPrefix(hash, prefix) {
				continue
			}
			if l.unlisted[i] {
				return nil, fmt.Errorf("%w: it is of %s, which does not verify unless it is listed", ErrUnknownScheme, l.known[i].Name)
			}
			return l.known[i].read(hash)
		}
	}
	if l.rest != nil {
		return l.rest.read(hash)
	}
	return nil, ErrUnknownScheme
}

func (s *Scheme) read(hash string) (Digest, error) {
	if len(hash) > maxLegacyLength {
		return nil, malformed(s.Name, "it is too long")
	}
	d, err := s.Parse(hash)
	if err == nil && d == nil {
		err = malformed(s.Name, "it cannot be read")
	}
	if err != nil {
		return nil, err
	}
	return legacy{d, s}, nil
}
