package mail

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits of addresses, in bytes (RFC 5321, 4.5.3.1, and erratum 1690 of RFC 3696).
const (
	maxAddress = 254
	maxLocal   = 64
	maxName    = 200
)

// ParseAddress parses one address as [Message] takes it: calvin@example.com, or with
// a name, Calvin <calvin@example.com> (RFC 5322, 3.4). The domain of the result is in
// ASCII (UTS #46: bücher.example is xn--bcher-kva.example), the case of the part
// before the @ is kept.
//
// Refused are, beside what is no address: several addresses, domains that are an IP
// address in brackets, parts before the @ that need quotes, control characters, also
// encoded ones, and what is longer than a mail server has to take. The error says
// what is wrong, without the address.
func ParseAddress(text string) (mail.Address, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return mail.Address{}, errors.New("is empty: an address such as calvin@example.com is needed")
	case len(text) > maxAddress+4*maxName:
		return mail.Address{}, errors.New("is too long for an address")
	case !utf8.ValidString(text):
		return mail.Address{}, errors.New("is not UTF-8")
	case hasControl(text):
		return mail.Address{}, errors.New("has a line break or another control character")
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil { // it quotes the address
		return mail.Address{}, errors.New("is not one address such as calvin@example.com or Calvin <calvin@example.com>")
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], parsed.Address[at+1:]
	if err := checkLocal(local); err != nil {
		return mail.Address{}, err
	}
	domain, err = asciiDomain(domain)
	if err != nil {
		return mail.Address{}, err
	}
	// A name may have had its control characters in an encoded word (RFC 2047).
	name := oneSpaced(parsed.Name)
	switch {
	case hasControl(parsed.Name) || !utf8.ValidString(name):
		return mail.Address{}, errors.New("has a control character in its name")
	case len(name) > maxName:
		return mail.Address{}, errors.New("has a name of more than 200 bytes")
	case len(local)+1+len(domain) > maxAddress:
		return mail.Address{}, errors.New("is longer than 254 bytes, which no mail server takes")
	}
	return mail.Address{Name: name, Address: local + "@" + domain}, nil
}

// checkLocal lets through what stands before the @ without quotes: words of letters
// and signs, with single dots between them (dot-atom, RFC 5322, 3.2.3; beyond ASCII,
// RFC 6531). What needs quotes is read differently by different servers.
func checkLocal(local string) error {
	if len(local) > maxLocal {
		return errors.New("has more than 64 bytes before the @")
	}
	for _, atom := range strings.Split(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r) || r > 0x7f && !unicode.IsGraphic(r) || unicode.IsSpace(r)
		}) {
			return errors.New("has something before the @ that would need quotes")
		}
	}
	return nil
}

// domains turns names of domains to what is looked up in the DNS, without the old
// rules for ß and ς, by which two different domains were one.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.BidiRule(), idna.VerifyDNSLength(true))

func asciiDomain(domain string) (string, error) {
	if strings.HasPrefix(domain, "[") {
		return "", errors.New("has an IP address after the @: the name of a domain is needed")
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return "", errors.New("has something after the @ that is not the name of a domain")
	}
	return ascii, nil
}

// hasControl reports control characters, and those that reverse the direction of
// text or break lines in some programs, which no name and no subject needs.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || isBidi(r)
	})
}

// isBidi reports the characters by which a text is shown in another order than it is
// written in (UAX #9: embeddings, overrides and isolates).
func isBidi(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }
