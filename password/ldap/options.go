package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Secret is a string that must not be shown: it prints as ***.
type Secret string

// String hides the secret.
func (s Secret) String() string { return "***" }

// GoString hides the secret.
func (s Secret) GoString() string { return `ldap.Secret("***")` }

// Format hides the secret, whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) { f.Write([]byte("***")) }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Options say where the directory is and how users are found in it.
type Options struct {
	// URL of the server: ldaps://HOST[:636], which speaks TLS from the start, or
	// ldap://HOST[:389], which is made to by StartTLS (RFC 4511, 4.14).
	URL string

	// BindDN and BindPassword are those of the service that searches. Both
	// empty: the search is anonymous.
	BindDN       string
	BindPassword Secret

	// BaseDN is under which entry users are searched for, at any depth.
	BaseDN string

	// Filter finds a user: %s in it stands for the login, escaped. Default
	// (uid=%s). A filter such as
	//
	//	(&(objectClass=person)(|(uid=%s)(mail=%s))(memberOf=cn=staff,dc=acme,dc=example))
	//
	// restricts who may log in.
	Filter string

	// RootCAs are who may vouch for the server's certificate; nil: those of the
	// system. The name in it must be the URL's host.
	RootCAs *x509.CertPool

	// Timeout bounds a whole check. Default 5 s.
	Timeout time.Duration

	// Connections is how many there may be to the server for searches, and as
	// many again for binds. Default 8.
	Connections int

	// Idle is for how long an unused connection is kept. Default 1 min; it
	// should be less than after what the server, or a firewall before it,
	// closes it.
	Idle time.Duration

	// Logger gets what an administrator has to look into. Default
	// [slog.Default].
	Logger *slog.Logger

	// InsecurePlaintext (FSA_INSECURE_LDAP) sends passwords over ldap:// without
	// TLS: whoever is on the way reads them, the service's own first.
	InsecurePlaintext bool
}

// Directives declares FSA_LDAP_URL, FSA_LDAP_BIND_DN, FSA_LDAP_BIND_PASSWORD,
// FSA_LDAP_BASE_DN, FSA_LDAP_FILTER and FSA_INSECURE_LDAP to an application, and
// stores in the fields what the file and the environment say of them. Call it before
// [New]; app is an *fsa.App.
func (o *Options) Directives(app interface{ Directive(name string, target any) }) {
	app.Directive("FSA_LDAP_URL", &o.URL)
	app.Directive("FSA_LDAP_BIND_DN", &o.BindDN)
	app.Directive("FSA_LDAP_BIND_PASSWORD", &o.BindPassword)
	app.Directive("FSA_LDAP_BASE_DN", &o.BaseDN)
	app.Directive("FSA_LDAP_FILTER", &o.Filter)
	app.Directive("FSA_INSECURE_LDAP", &o.InsecurePlaintext)
}

// The defaults.
const (
	defaultFilter      = "(uid=%s)"
	defaultTimeout     = 5 * time.Second
	defaultConnections = 8
	defaultIdle        = time.Minute
	placeholder        = "%s"
)

// server is where to connect to, and how.
type server struct {
	address  string      // with a port
	tls      *tls.Config // nil: none
	startTLS bool
}

// check completes the options and gives all that is wrong with them.
func (o *Options) check() (server, error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("ldap: "+format, args...)) }

	s, err := o.server()
	if err != nil {
		errs = append(errs, err)
	}
	switch {
	case o.BindDN != "" && o.BindPassword == "":
		wrong("BindDN has no BindPassword: give it, or neither of them for an anonymous search")
	case o.BindDN == "" && o.BindPassword != "":
		wrong("BindPassword has no BindDN: give it, or neither of them for an anonymous search")
	}
	if _, err := ldap.ParseDN(o.BindDN); err != nil {
		wrong("BindDN is no distinguished name: use one such as cn=acme,ou=services,dc=acme,dc=example")
	}
	if _, err := ldap.ParseDN(o.BaseDN); err != nil || o.BaseDN == "" {
		wrong("BaseDN %q is no distinguished name: use one such as ou=people,dc=acme,dc=example", o.BaseDN)
	}
	if o.Filter == "" {
		o.Filter = defaultFilter
	}
	if !strings.Contains(o.Filter, placeholder) {
		wrong("Filter %q finds the same whoever logs in: put %%s where the login belongs, as in %s", o.Filter, defaultFilter)
	} else if _, err := ldap.CompileFilter(o.filter("login")); err != nil {
		wrong("Filter %q can't be read: it is one of RFC 4515, as %s", o.Filter, defaultFilter)
	} else if strings.Count(o.filter("\x00"), `\00`) != strings.Count(o.Filter, placeholder) {
		wrong("Filter %q changes what is escaped", o.Filter)
	}
	if o.Timeout < 0 || o.Connections < 0 || o.Idle < 0 {
		wrong("Timeout, Connections or Idle is negative: leave it out for its default")
	}
	orDefault(&o.Timeout, defaultTimeout)
	orDefault(&o.Connections, defaultConnections)
	orDefault(&o.Idle, defaultIdle)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return s, errors.Join(errs...)
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// server reads the URL.
func (o *Options) server() (server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return server{}, errors.New("ldap: URL must be ldaps://HOST or ldap://HOST, perhaps with a port") // it may hold a password
	}
	if u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return server{}, errors.New("ldap: URL holds more than a host and a port: use BindDN, BindPassword, BaseDN and Filter for the rest")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme]
	}
	s := server{address: net.JoinHostPort(u.Hostname(), port), startTLS: u.Scheme == "ldap"}
	if o.InsecurePlaintext {
		if u.Scheme == "ldaps" {
			return server{}, errors.New("ldap: InsecurePlaintext does not go with ldaps: remove it (FSA_INSECURE_LDAP), the connection is secure")
		}
		s.startTLS = false
		return s, nil
	}
	s.tls = &tls.Config{ServerName: u.Hostname(), RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
	return s, nil
}

// filter is the filter that finds a user.
func (o *Options) filter(login string) string {
	return strings.ReplaceAll(o.Filter, placeholder, ldap.EscapeFilter(login))
}
