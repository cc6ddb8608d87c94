package ldap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password/ldap"
)

const invalidCredentials = 49

// only takes one password of one user.
func only(dn, password string) func(string, string) int {
	return func(d, p string) int {
		if d == dn && p == password {
			return 0
		}
		return invalidCredentials
	}
}

// outage reports whether an error says that the directory can't tell.
func outage(err error) bool {
	var e *httperr.Error
	return errors.As(err, &e) && e.Status == 503 && e.Public == "log-in is not possible at the moment, try again later"
}

// TestCheck: what the server says of searches and binds decides; whatever is not
// about the credentials is an outage.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		what     string
		entries  []string
		search   int
		bind     int
		ok, fail bool
	}{
		{what: "all is right", entries: []string{"uid=calvin"}, ok: true},
		{what: "wrong password", entries: []string{"uid=calvin"}, bind: invalidCredentials},
		{what: "no password there", entries: []string{"uid=calvin"}, bind: 48},
		{what: "gone meanwhile", entries: []string{"uid=calvin"}, bind: 32},
		{what: "locked", entries: []string{"uid=calvin"}, bind: 19},
		{what: "nobody, and a server that takes anything"},
		{what: "two, and a server that takes anything", entries: []string{"uid=calvin", "uid=calvin2"}},
		{what: "more than two", entries: []string{"uid=calvin", "uid=calvin2"}, search: 4},
		{what: "an entry without a name", entries: []string{""}, fail: true},
		{what: "no such base", search: 32, fail: true},
		{what: "a referral", search: 10, fail: true},
		{what: "not allowed to search", search: 50, fail: true},
		{what: "search busy", entries: []string{"uid=calvin"}, search: 51, fail: true},
		{what: "search too slow", entries: []string{"uid=calvin"}, search: 3, fail: true},
		{what: "bind: TLS required", entries: []string{"uid=calvin"}, bind: 13, fail: true},
		{what: "bind: unavailable", entries: []string{"uid=calvin"}, bind: 52, fail: true},
		{what: "bind: unwilling", entries: []string{"uid=calvin"}, bind: 53, fail: true},
		{what: "bind: a referral", entries: []string{"uid=calvin"}, bind: 10, fail: true},
	} {
		f := newFake(t)
		f.entries, f.search = c.entries, c.search
		f.bind = func(string, string) int { return c.bind }
		ok, err := open(t, f.options()).Check(t.Context(), "calvin", "secret")
		if ok != c.ok || outage(err) != c.fail || (err != nil) != c.fail {
			t.Errorf("%s: %v, %v", c.what, ok, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells a secret: %v", c.what, err)
		}
	}
}

// TestNothingIsSent for credentials that can't be right. RFC 4513, 5.1.2.
func TestNothingIsSent(t *testing.T) {
	f := newFake(t)
	d := open(t, f.options())
	long := strings.Repeat("x", 1025)
	for _, c := range [][2]string{{"calvin", ""}, {"", "x"}, {"", ""}, {"calvin", long}, {long, "x"}} {
		if ok, err := d.Check(t.Context(), c[0], c[1]); ok || err != nil {
			t.Errorf("%.10q, %.10q: %v, %v", c[0], c[1], ok, err)
		}
	}
	if n := f.connections(); n != 0 {
		t.Errorf("%d connections have been made", n)
	}
}

// TestSearchesAreNotTheUsers: a connection that is bound as a user never searches,
// and connections are used again.
func TestSearchesAreNotTheUsers(t *testing.T) {
	f := newFake(t)
	f.bind = only("uid=calvin,dc=acme", "right")
	d := open(t, f.options())
	for i := range 20 {
		pass := []string{"right", "wrong"}[i%2]
		if ok, err := d.Check(t.Context(), "calvin", pass); ok != (pass == "right") || err != nil {
			t.Errorf("%s: %v, %v", pass, ok, err)
		}
	}
	asked, bound := f.notes()
	if len(bound) != 20 || slices.ContainsFunc(bound, func(as string) bool { return as != "cn=reader,dc=acme" }) {
		t.Errorf("searches were made as %q", bound)
	}
	if n := f.connections(); n != 2 {
		t.Errorf("%d connections for 20 log-ins one after the other", n)
	}
	if n := len(asked); n != 1+20+20 {
		t.Errorf("%d operations: %q", n, asked)
	}
}

// TestLostConnections: what was lost while it was idle is made again; nobody notices.
func TestLostConnections(t *testing.T) {
	f := newFake(t)
	f.bind = only("uid=calvin,dc=acme", "right")
	d := open(t, f.options())
	for range 5 {
		if ok, err := d.Check(t.Context(), "calvin", "right"); !ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		f.hangUp()
	}
	f.Close()
	f.hangUp()
	if ok, err := d.Check(t.Context(), "calvin", "right"); ok || !outage(err) {
		t.Errorf("with the server down: %v, %v", ok, err)
	}
}

// TestNoTLS: a server that doesn't offer TLS, or ends the attempt, gets no password.
func TestNoTLS(t *testing.T) {
	for _, code := range []int{2, 0} { // refused; taken, and then there is none
		f := newFake(t)
		f.startTLS = code
		o := f.options()
		o.InsecurePlaintext = false
		ok, err := open(t, o).Check(t.Context(), "calvin", "right")
		if ok || !outage(err) {
			t.Errorf("%d: %v, %v", code, ok, err)
		}
		if asked, _ := f.notes(); !slices.Equal(asked, []string{"extended"}) {
			t.Errorf("%d: the server was asked %q", code, asked)
		}
		o.URL = strings.Replace(o.URL, "ldap:", "ldaps:", 1)
		if ok, err := open(t, o).Check(t.Context(), "calvin", "right"); ok || !outage(err) {
			t.Errorf("ldaps: %v, %v", ok, err)
		}
	}
}

// TestSilence: a server that does not answer is an outage after the time-out, or as
// soon as the client has gone, and holds no connection afterwards.
func TestSilence(t *testing.T) {
	f := newFake(t)
	f.silent = true
	o := f.options()
	o.Connections, o.Timeout = 1, 200*time.Millisecond
	d := open(t, o)
	for range 3 {
		if ok, err := d.Check(t.Context(), "calvin", "right"); ok || !outage(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, %v", ok, err)
		}
	}
	o.Timeout = time.Hour
	d = open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := d.Check(ctx, "calvin", "right")
		done <- err
	}()
	go func() { // waits for the connection of the first
		_, err := d.Check(ctx, "calvin", "right")
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	cancel()
	for range 2 {
		if err := <-done; !outage(err) || !errors.Is(err, context.Canceled) {
			t.Errorf("the client has gone: %v", err)
		}
	}
	f.set(func() { f.silent = false })
	if ok, err := d.Check(t.Context(), "calvin", "right"); !ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
}

// TestUnknownUsersTakeTheTime of wrong passwords, even if the server has none for
// them. S13
func TestUnknownUsersTakeTheTime(t *testing.T) {
	f := newFake(t)
	slow := 100 * time.Millisecond
	f.bind = func(dn, password string) int {
		if dn == "uid=calvin,dc=acme" {
			time.Sleep(slow)
		}
		return invalidCredentials
	}
	d := open(t, f.options())
	took := func(entries ...string) time.Duration {
		f.set(func() { f.entries = entries })
		start := time.Now()
		if ok, err := d.Check(t.Context(), "calvin", "wrong"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		return time.Since(start)
	}
	took("uid=calvin,dc=acme")
	if got := took(); got < slow {
		t.Errorf("an unknown user takes %v, a known one %v", got, slow)
	}
	if got := took("uid=calvin,dc=acme", "uid=calvin,ou=other,dc=acme"); got < slow {
		t.Errorf("an ambiguous user takes %v, a known one %v", got, slow)
	}
	asked, _ := f.notes()
	binds := slices.DeleteFunc(asked, func(s string) bool { return !strings.HasPrefix(s, "bind") })
	if len(binds) != 1+3 || !strings.HasPrefix(binds[2], "bind cn=nobody-") || binds[2] == binds[3] {
		t.Errorf("the binds are %q", binds)
	}
}

// TestSeveralAreLogged, without a way to forge a line.
func TestSeveralAreLogged(t *testing.T) {
	f := newFake(t)
	f.entries = []string{"uid=a", "uid=b"}
	var log bytes.Buffer
	o := f.options()
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	open(t, o).Check(t.Context(), "calvin\nlevel=ERROR msg=forged", "password-of-calvin")
	if s := log.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "several entries") || strings.Contains(s, "password-of-calvin") {
		t.Errorf("the log is %s", s)
	}
}

// TestClosed: a directory that is closed checks nothing.
func TestClosed(t *testing.T) {
	f := newFake(t)
	d := open(t, f.options())
	d.Check(t.Context(), "calvin", "right")
	d.Close()
	if ok, err := d.Check(t.Context(), "calvin", "right"); ok || !outage(err) {
		t.Errorf("%v, %v", ok, err)
	}
}

// TestOptions: what can't be meant is told, all at once, and secrets are not.
func TestOptions(t *testing.T) {
	good := ldap.Options{URL: "ldaps://ldap.acme.example", BaseDN: "dc=acme"}
	for _, c := range []struct {
		set  func(*ldap.Options)
		want string
	}{
		{func(o *ldap.Options) {}, ""},
		{func(o *ldap.Options) { o.URL = "ldap://[::1]:1389/" }, ""},
		{func(o *ldap.Options) { o.Filter = "(&(objectClass=person)(|(uid=%s)(mail=%s)))" }, ""},
		{func(o *ldap.Options) { o.URL = "" }, "URL must be ldaps://HOST"},
		{func(o *ldap.Options) { o.URL = "https://ldap.acme.example" }, "URL must be ldaps://HOST"},
		{func(o *ldap.Options) { o.URL = "ldaps://cn=x:s3cret@ldap.acme.example" }, "URL holds more than a host"},
		{func(o *ldap.Options) { o.URL = "ldaps://ldap.acme.example/dc=acme" }, "URL holds more than a host"},
		{func(o *ldap.Options) { o.InsecurePlaintext = true }, "InsecurePlaintext does not go with ldaps"},
		{func(o *ldap.Options) { o.BindDN = "cn=x" }, "BindDN has no BindPassword"},
		{func(o *ldap.Options) { o.BindPassword = "s3cret" }, "BindPassword has no BindDN"},
		{func(o *ldap.Options) { o.BindDN, o.BindPassword = "x", "s3cret" }, "BindDN is no distinguished name"},
		{func(o *ldap.Options) { o.BaseDN = "" }, `BaseDN "" is no distinguished name`},
		{func(o *ldap.Options) { o.BaseDN = "acme" }, `BaseDN "acme" is no distinguished name`},
		{func(o *ldap.Options) { o.Filter = "(uid=calvin)" }, "finds the same whoever logs in"},
		{func(o *ldap.Options) { o.Filter = "(uid=%s" }, "can't be read"},
		{func(o *ldap.Options) { o.Timeout = -1 }, "negative"},
	} {
		o := good
		c.set(&o)
		_, err := ldap.New(o)
		if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) || strings.Contains(got, "s3cret") {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	_, err := ldap.New(ldap.Options{Filter: "x", BindDN: "x"})
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 5 {
		t.Errorf("%d faults: %v", n, err)
	}
	o := good
	o.BindPassword = "s3cret"
	if s := fmt.Sprintf("%v %+v %#v %s", o, o, o, o.BindPassword); strings.Contains(s, "s3cret") {
		t.Errorf("the options print as %s", s)
	}
}

// directives stores as *fsa.App does.
type directives map[string]any

func (d directives) Directive(name string, target any) {
	switch v := target.(type) {
	case *string:
		*v, _ = d[name].(string)
	case *ldap.Secret:
		s, _ := d[name].(string)
		*v = ldap.Secret(s)
	case *bool:
		*v, _ = d[name].(bool)
	}
	delete(d, name)
}

func TestDirectives(t *testing.T) {
	d := directives{"FSA_LDAP_URL": "u", "FSA_LDAP_BIND_DN": "b", "FSA_LDAP_BIND_PASSWORD": "p",
		"FSA_LDAP_BASE_DN": "base", "FSA_LDAP_FILTER": "f", "FSA_INSECURE_LDAP": true}
	var o ldap.Options
	o.Directives(d)
	if o.URL != "u" || o.BindDN != "b" || o.BindPassword != "p" || o.BaseDN != "base" || o.Filter != "f" || !o.InsecurePlaintext || len(d) != 0 {
		t.Errorf("%#v, and %v is left", o, d)
	}
}

func ExampleNew() {
	// A directory on this machine, which is not there.
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	l.Close()
	directory, err := ldap.New(ldap.Options{
		URL:          "ldap://" + l.Addr().String(), // StartTLS comes first
		BindDN:       "cn=acme,ou=services,dc=acme,dc=example",
		BindPassword: "of the service",
		BaseDN:       "ou=people,dc=acme,dc=example",
		Filter:       "(&(objectClass=person)(uid=%s))",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer directory.Close()
	ok, err := directory.Check(context.Background(), "calvin", "hobbes and calvin")
	var e *httperr.Error
	fmt.Println(ok, errors.As(err, &e), e.Status, e.Public)

	_, err = ldap.New(ldap.Options{URL: "ldap://ldap.acme.example", BaseDN: "dc=acme,dc=example", Filter: "(uid=calvin)"})
	fmt.Println(err)
	// Output:
	// false true 503 log-in is not possible at the moment, try again later
	// ldap: Filter "(uid=calvin)" finds the same whoever logs in: put %s where the login belongs, as in (uid=%s)
}
