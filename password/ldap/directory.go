package ldap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-ldap/ldap/v3"
)

// Directory checks passwords. It is made by [New], and can be used concurrently.
type Directory struct {
	options  Options
	searches *pool // bound as the service
	binds    *pool // bound as whoever was the last
	refusals refusals
}

// New makes a Directory. Its error joins all that is wrong with the options. It
// connects to nothing; [Directory.Ping] does.
func New(o Options) (*Directory, error) {
	s, err := o.check()
	if err != nil {
		return nil, err
	}
	d := &Directory{options: o}
	d.searches = newPool(s, o, func(c *ldap.Conn) error {
		if o.BindDN == "" {
			return nil
		}
		if err := c.Bind(o.BindDN, string(o.BindPassword)); err != nil {
			return fmt.Errorf("binding as the service %s: %w", o.BindDN, err)
		}
		return nil
	})
	d.binds = newPool(s, o, func(*ldap.Conn) error { return nil })
	return d, nil
}

// Close closes the connections that are not in use, and the others as they are
// given back. A check that comes later fails.
func (d *Directory) Close() error {
	d.searches.close()
	d.binds.close()
	return nil
}

// Ping tells whether the directory can be searched: call it at start, to find a
// wrong address, certificate or service password before the first user does.
func (d *Directory) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	return d.searches.do(ctx, func(c *ldap.Conn) error {
		_, err := c.Search(ldap.NewSearchRequest(d.options.BaseDN, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, true, "(objectClass=*)", noAttributes, nil))
		return err
	})
}

// noAttributes asks for none (RFC 4511, 4.5.1.8).
var noAttributes = []string{"1.1"}

// The largest login and password that are sent, in bytes.
const maxCredential = 1024

// Check reports whether password is the one of login, for app.PasswordCheck. If the
// directory can't tell, the error is an [*httperr.Error] of status 503, whose cause
// is for the log.
func (d *Directory) Check(ctx context.Context, login, password string) (bool, error) {
	if login == "" || password == "" || len(login) > maxCredential || len(password) > maxCredential {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	start := time.Now()

	dn, known, err := d.find(ctx, login)
	if err != nil {
		return false, unavailable("searching for a user", err)
	}
	if !known {
		dn = "cn=nobody-" + rand.Text() + "," + d.options.BaseDN
	}
	ok, err := d.bind(ctx, dn, password)
	switch {
	case err != nil:
		return false, unavailable("binding as a user", err)
	case ok && known:
		return true, nil
	}
	if known {
		d.refusals.record(time.Since(start))
	}
	if err := d.refusals.pad(ctx, start); err != nil {
		return false, unavailable("refusing a password", err)
	}
	return false, nil
}

func unavailable(doing string, err error) error {
	return httperr.Wrap(http.StatusServiceUnavailable, "log-in is not possible at the moment, try again later",
		fmt.Errorf("ldap: %s: %w", doing, err)).WithHeader("Retry-After", "5")
}

// find gives the name of the one entry of a login.
func (d *Directory) find(ctx context.Context, login string) (dn string, known bool, err error) {
	var found []*ldap.Entry
	err = d.searches.do(ctx, func(c *ldap.Conn) error {
		seconds := int(d.options.Timeout / time.Second)
		res, err := c.Search(ldap.NewSearchRequest(d.options.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
			2, seconds, true, d.options.filter(login), noAttributes, nil))
		if res != nil {
			found = res.Entries
		}
		return err
	})
	more := ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded)
	switch {
	case more || err == nil && len(found) > 1:
		d.options.Logger.Warn("several entries of the directory have the same login, which can't log in",
			"login", printable(login), "base", d.options.BaseDN, "filter", d.options.Filter)
		return "", false, nil
	case err != nil:
		return "", false, err
	case len(found) == 0:
		return "", false, nil
	case found[0].DN == "":
		return "", false, errors.New("the entry has no name: a bind would be anonymous, and always succeed")
	}
	return found[0].DN, true, nil
}

// refusing are the results of a bind that say something about the credentials, and
// not about the server.
var refusing = []uint16{
	ldap.LDAPResultInvalidCredentials,
	ldap.LDAPResultInappropriateAuthentication, // the entry has no password
	ldap.LDAPResultNoSuchObject,                // it has just gone
	ldap.LDAPResultInsufficientAccessRights,    // it may not authenticate
	ldap.LDAPResultConstraintViolation,         // it is locked, by some servers' policies
	ldap.LDAPResultInvalidDNSyntax,
}

// bind reports whether the server takes the password.
func (d *Directory) bind(ctx context.Context, dn, password string) (bool, error) {
	err := d.binds.do(ctx, func(c *ldap.Conn) error { return c.Bind(dn, password) })
	for _, code := range refusing {
		if ldap.IsErrorWithCode(err, code) {
			return false, nil
		}
	}
	return err == nil, err
}

// printable makes a login fit for a log.
func printable(login string) string {
	const most = 64
	if len(login) > most {
		login = login[:most] + "…"
	}
	return strings.ToValidUTF8(login, "�")
}
