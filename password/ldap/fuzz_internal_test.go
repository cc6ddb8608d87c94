package ldap

import (
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// FuzzFilter: whatever the login, the filter asks for equality with just that.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"calvin", "*", "a*b", ")(uid=*", `\2a`, `\`, "\x00", "%s", "é", "\xff", "(|", "a)(|(uid=b", " x "} {
		f.Add(s)
	}
	o := Options{Filter: "(|(uid=%s)(mail=%s))"}
	f.Fuzz(func(t *testing.T, login string) {
		p, err := ldap.CompileFilter(o.filter(login))
		if err != nil {
			t.Fatalf("%q: %v", login, err)
		}
		if p.Tag != ldap.FilterOr || len(p.Children) != 2 {
			t.Fatalf("%q: it is another filter", login)
		}
		for i, attribute := range []string{"uid", "mail"} {
			c := p.Children[i]
			if c.Tag != ldap.FilterEqualityMatch || text(c.Children[0]) != attribute || text(c.Children[1]) != login {
				t.Fatalf("%q: it asks for %s = %q", login, text(c.Children[0]), text(c.Children[1]))
			}
		}
	})
}

func text(p *ber.Packet) string { return p.Data.String() }
