package ldap_test

import (
	"context"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password/ldap"
)

// real gives options for the server that .ci/slapd has started. TEST_FSA_LDAP and
// TEST_FSA_LDAPS are its addresses, TEST_FSA_LDAP_CA is who vouches for it.
func real(t *testing.T, scheme string) ldap.Options {
	t.Helper()
	address := os.Getenv(map[string]string{"ldap": "TEST_FSA_LDAP", "ldaps": "TEST_FSA_LDAPS"}[scheme])
	if address == "" {
		t.Skip("there is no directory: start one by .ci/slapd, and set TEST_FSA_LDAP, TEST_FSA_LDAPS and TEST_FSA_LDAP_CA")
	}
	pem, err := os.ReadFile(os.Getenv("TEST_FSA_LDAP_CA"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("TEST_FSA_LDAP_CA holds no certificate")
	}
	return ldap.Options{
		URL: scheme + "://" + address, BindDN: "cn=reader,dc=acme,dc=example", BindPassword: "reader-secret",
		BaseDN: "ou=people,dc=acme,dc=example", RootCAs: roots, Logger: quiet,
	}
}

// TestSlapd: OpenLDAP agrees, over TLS from the start, StartTLS and neither.
func TestSlapd(t *testing.T) {
	for _, mode := range []string{"ldaps", "StartTLS", "plaintext"} {
		t.Run(mode, func(t *testing.T) {
			o := real(t, map[bool]string{true: "ldaps", false: "ldap"}[mode == "ldaps"])
			if o.InsecurePlaintext = mode == "plaintext"; o.InsecurePlaintext {
				o.RootCAs = nil
			}
			o.Filter = "(|(uid=%s)(mail=%s))"
			d := open(t, o)
			if err := d.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 { // on connections that have been used, too
				for _, c := range []struct {
					what, login, pass string
					want              bool
				}{
					{"right", "calvin", "hobbes and calvin", true},
					{"right, by another name", "calvin@acme.example", "hobbes and calvin", true},
					{"wrong", "calvin", "hobbes", false},
					{"empty", "calvin", "", false},
					{"unknown", "hobbes", "hobbes and calvin", false},
					{"odd characters", `odd (*) \ é`, "odd-password", true},
					{"odd characters, wrong", `odd (*) \ é`, "odd", false},
					{"several", "susie", "susie-password", false},
					{"without a password", "moe", "moe", false},
					{"any", "*", "hobbes and calvin", false},
					{"part", "calv*", "hobbes and calvin", false},
					{"another filter", "calvin)(uid=*", "hobbes and calvin", false},
					{"a way out of it", "x)(|(uid=calvin", "hobbes and calvin", false},
					{"a whole one", "(uid=calvin)", "hobbes and calvin", false},
					{"NUL", "calvin\x00", "hobbes and calvin", false},
					{"behind a referral", "elsewhere", "hobbes and calvin", false},
					{"the placeholder", "%s", "hobbes and calvin", false},
					{"the service", "reader", "reader-secret", false},
				} {
					if ok, err := d.Check(t.Context(), c.login, c.pass); ok != c.want || err != nil {
						t.Errorf("%s: %v, %v", c.what, ok, err)
					}
				}
			}
		})
	}
}

// TestSlapdMisfits: what is wrong with the wiring is an outage, not a wrong password.
func TestSlapdMisfits(t *testing.T) {
	for _, c := range []struct {
		what string
		set  func(*ldap.Options)
		want string
	}{
		{"another authority", func(o *ldap.Options) { o.RootCAs = x509.NewCertPool() }, "certificate"},
		{"wrong service password", func(o *ldap.Options) { o.BindPassword = "wrong" }, "binding as the service cn=reader"},
		{"anonymous", func(o *ldap.Options) { o.BindDN, o.BindPassword = "", "" }, "No Such Object"},
		{"no such base", func(o *ldap.Options) { o.BaseDN = "ou=none,dc=acme,dc=example" }, "No Such Object"},
		{"another host", func(o *ldap.Options) { o.URL = strings.Replace(o.URL, "127.0.0.1", "127.0.0.2", 1) }, ""},
	} {
		for _, scheme := range []string{"ldap", "ldaps"} {
			o := real(t, scheme)
			c.set(&o)
			d := open(t, o)
			ok, err := d.Check(t.Context(), "calvin", "hobbes and calvin")
			var e *httperr.Error
			if ok || !errors.As(err, &e) || e.Status != 503 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s by %s: %v, %v", c.what, scheme, ok, err)
			}
			if err := d.Ping(t.Context()); err == nil {
				t.Errorf("%s by %s: Ping finds nothing", c.what, scheme)
			}
		}
	}
}

// TestSlapdMany: many at once get their own answers, over few connections.
func TestSlapdMany(t *testing.T) {
	o := real(t, "ldaps")
	o.Connections = 3
	d := open(t, o)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			pass, want := "hobbes and calvin", true
			if i%3 == 0 {
				pass, want = "wrong", false
			}
			if ok, err := d.Check(context.Background(), "calvin", pass); ok != want || err != nil {
				t.Errorf("%s: %v, %v", pass, ok, err)
			}
		})
	}
	wg.Wait()
}
