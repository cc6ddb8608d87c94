package accounts

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/mail"
	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// maxIdentity is how many bytes an address or a name may have: what a mail server
// takes (RFC 5321, 4.5.3.1.3), and enough for a name.
const maxIdentity = 254

// CanonicalEmail gives the canonical form of an e-mail address, which is unique
// among accounts, and by which one is looked up: the local part as a user name is
// folded (PRECIS UsernameCaseMapped, RFC 8265), the domain in lower-case ASCII
// (UTS #46). The same function folds for the store, for what is counted and for what
// is kept, so that none of them takes two spellings for two users (S76). The error
// says what is wrong, without the address.
func CanonicalEmail(email string) (string, error) {
	local, domain, err := splitEmail(email)
	if err != nil {
		return "", err
	}
	folded, err := fold(local)
	key := folded + "@" + domain
	if err == nil {
		// Folding makes some characters ones that addresses can't have there.
		_, _, err = splitEmail(key)
	}
	if err != nil {
		return "", fmt.Errorf("the part before the @ has a character that addresses don't have")
	}
	return key, nil
}

// fold folds by PRECIS UsernameCaseMapped until nothing changes any more: a canonical
// form is its own (RFC 8264, 7).
func fold(s string) (string, error) {
	for range 4 {
		folded, err := precis.UsernameCaseMapped.String(s)
		if err != nil || folded == s {
			return folded, err
		}
		s = folded
	}
	return "", fmt.Errorf("it can't be folded")
}

func splitEmail(email string) (local, domain string, err error) {
	switch {
	case email == "":
		return "", "", fmt.Errorf("the address is empty")
	case len(email) > maxIdentity:
		return "", "", fmt.Errorf("the address is longer than %d bytes", maxIdentity)
	case !utf8.ValidString(email):
		return "", "", fmt.Errorf("the address is not UTF-8")
	}
	a, err := netmail.ParseAddress(email)
	if err != nil || a.Address != email || a.Name != "" {
		return "", "", fmt.Errorf("this is not an address such as calvin@example.com")
	}
	at := strings.LastIndexByte(email, '@')
	local = email[:at]
	// As it is kept: an account that no mail could be sent to would be of no use.
	if _, err := mail.ParseAddress(written(email)); err != nil {
		return "", "", fmt.Errorf("the address %w", err)
	}
	if domain, err = idna.Lookup.ToASCII(email[at+1:]); err != nil || !strings.Contains(domain, ".") && domain != "localhost" {
		return "", "", fmt.Errorf("what follows the @ is not the name of a domain")
	}
	return local, strings.ToLower(domain), nil
}

// CanonicalUsername gives the canonical form of a user name, by PRECIS
// UsernameCaseMapped (RFC 8265, 3.3): letters and digits of all scripts, in lower case,
// and - _ . + ' besides. A name holds no @, so that none is taken for an address. The
// error says what is wrong, without the name.
func CanonicalUsername(name string) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("the user name is empty")
	case len(name) > maxIdentity:
		return "", fmt.Errorf("the user name is longer than %d bytes", maxIdentity)
	case !utf8.ValidString(name):
		return "", fmt.Errorf("the user name is not UTF-8")
	}
	folded, err := fold(name)
	switch {
	case err != nil:
		return "", fmt.Errorf("the user name has a space or another character that names don't have")
	case strings.ContainsFunc(folded, func(r rune) bool { // also if they were wide ones
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("-_.+'", r)
	}):
		return "", fmt.Errorf("a user name has letters and digits, and - _ . + ' at most")
	}
	return folded, nil
}

// written gives an address or a name as it is kept for display.
func written(s string) string { return norm.NFC.String(s) }
