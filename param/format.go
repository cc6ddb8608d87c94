package param

import (
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// formats are the values of the tag format that are checked, with what the text
// must be, and the check. They are those of JSON Schema (2020-12, 7.3), in their
// strict reading: the tag promises that nothing else comes in.
var formats = map[string]struct {
	what  string
	check func(string) bool
}{
	"email":     {"an e-mail address", isEmail},
	"uuid":      {"a UUID", uuidRE.MatchString},
	"uri":       {"an absolute URI", isURI},
	"date":      {"a date such as 2006-01-02", isDate},
	"date-time": {"a date and time such as 2006-01-02T15:04:05Z", isDateTime},
	"time":      {"a time such as 15:04:05Z", isTime},
	"ipv4":      {"an IPv4 address", isIPv4},
	"ipv6":      {"an IPv6 address", isIPv6},
	"hostname":  {"a host name", isHostname},
}

func formatNames() string {
	return strings.Join(append(slices.Sorted(maps.Keys(formats)), "password"), ", ")
}

// uuidRE is RFC 9562, 4: without braces and without urn:uuid:.
var uuidRE = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// localRE is the part of an address before the @, as browsers have it in
// <input type="email">, without dots at its ends and in a row (RFC 5321, 4.1.2).
// Quoted forms, comments and names beside the address are no addresses that
// anybody types, and a good way into the header of a mail.
var localRE = regexp.MustCompile("^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

func isEmail(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && len(s) <= 254 && len(local) <= 64 && localRE.MatchString(local) && isHostname(domain)
}

var labelRE = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

// isHostname is RFC 1123, 2.1: letters, digits and hyphens. A name whose last
// label is a number is an address or nothing (RFC 3696, 2).
func isHostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if !labelRE.MatchString(l) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

var uriRE = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-fA-F]{2})+$`)

// isURI is RFC 3986, with a scheme: of its characters only, and such that
// package net/url can take it apart.
func isURI(s string) bool {
	if !uriRE.MatchString(s) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}

var (
	dateRE     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	dateTimeRE = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$`)
)

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && dateRE.MatchString(s)
}

// isDateTime is RFC 3339, 5.6. Leap seconds are refused, as package time cannot
// hold them.
func isDateTime(s string) bool {
	if !dateTimeRE.MatchString(s) {
		return false
	}
	_, err := time.Parse(time.RFC3339, strings.ToUpper(s))
	return err == nil
}

func isTime(s string) bool { return isDateTime("2000-01-01T" + s) }

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

// isIPv6 is RFC 4291, 2.2. A zone is of this machine only, and no part of an
// address that comes from elsewhere.
func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}
