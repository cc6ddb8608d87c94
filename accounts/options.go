package accounts

import (
	"context"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/mail"
)

// Options says what accounts are like. The zero Options are the defaults: users log
// in and out, change and recover their passwords, and see their sessions; nobody
// registers.
//
// What has a directive may stand in the application's configuration too, which
// wins over what is set here.
type Options struct {
	// Roles are created when the application starts, unless they are there:
	// then they are left as they are. Their names are known to authz.Group.
	Roles []Role

	// DefaultRoles are given to who registers.
	DefaultRoles []string

	// AdminRole is the role whose last active member can't be removed.
	// Default "admin". FSA_ACCOUNTS_ADMIN_ROLE.
	AdminRole string

	// Registerable lets people register. FSA_ACCOUNTS_REGISTERABLE.
	Registerable bool

	// Usernames lets users have a name to log in with, besides their address.
	// FSA_ACCOUNTS_USERNAMES.
	Usernames bool

	// NoConfirm lets in who has not proved to read their address. Then everybody
	// who registers is told whether an address has an account already, and
	// may hold an address that is somebody else's.
	// FSA_ACCOUNTS_CONFIRMABLE = false.
	NoConfirm bool

	// NoRecover switches off the recovery of forgotten passwords by mail, and
	// NoChange the change of passwords by their users.
	// FSA_ACCOUNTS_RECOVERABLE, FSA_ACCOUNTS_CHANGEABLE = false.
	NoRecover bool
	NoChange  bool

	// PasswordLength is how many characters a new password has at least.
	// Default 15, since a password is the only factor (NIST SP 800-63B-4,
	// 3.1.1.2). FSA_ACCOUNTS_PASSWORD_LENGTH.
	PasswordLength int

	// Secret encrypts what is stored for a while and must be read again: mails
	// that wait to be sent. It has 32 bytes at least. Several may be given: the
	// first encrypts, all decrypt. Without any, mode prod does not start, and the
	// others make one that is gone with the process.
	// FSA_ACCOUNTS_SECRET.
	Secret []fsa.Secret

	// SessionIdle ends a session that is not used for so long, SessionLife one
	// of that age. A session that is to be remembered has SessionLife for both.
	// Defaults 24 hours, 30 days. FSA_ACCOUNTS_SESSION_IDLE,
	// FSA_ACCOUNTS_SESSION_LIFE.
	SessionIdle time.Duration
	SessionLife time.Duration

	// Staleness bounds for how long a change made by another process goes
	// unnoticed here: a session ended there, a user made inactive, a password
	// replaced. What this process changes is seen at once. Roles and permissions
	// are kept as long as other answers of hooks (FSA_CACHE_OPTS); and that the
	// tokens of a user have ended, other processes know if they share the
	// application's Config.Revocations.
	// Default 10 s, at most a minute. FSA_ACCOUNTS_STALENESS.
	Staleness time.Duration

	// ConfirmWithin and ResetWithin are for how long the links in mails work.
	// Defaults 2 days, 30 minutes. FSA_ACCOUNTS_CONFIRM_WITHIN,
	// FSA_ACCOUNTS_RESET_WITHIN.
	ConfirmWithin time.Duration
	ResetWithin   time.Duration

	// Keep is for how long events of the audit trail, and what is left of mails
	// that were sent, are kept. Default a year. FSA_ACCOUNTS_KEEP.
	Keep time.Duration

	// Mailer sends mails, and From is the address that they come from. In mode
	// dev they may be missing: mails are then kept, and shown at /dev/mailbox.
	// FSA_ACCOUNTS_SMTP, with FSA_ACCOUNTS_SMTP_USER and FSA_ACCOUNTS_SMTP_PASSWORD,
	// names a mail server ([mail.SMTPOptions]) that takes the place of Mailer.
	Mailer mail.Mailer
	From   string // FSA_ACCOUNTS_MAIL_FROM

	// Paths replaces paths of pages, and where users are sent.
	Paths Paths

	// Look changes how pages look and what they say.
	Look Look

	// Decide is asked about each user who is let in otherwise, by whatever way
	// and on each request: it may keep them out for reasons of the
	// application's own. It must be quick.
	Decide func(ctx context.Context, user *User, way string) Decision
}

// Paths are where pages are. An empty one is the default.
type Paths struct {
	Login    string // /login: FSA_ACCOUNTS_LOGIN_URL
	Logout   string // /logout
	Register string // /register
	Confirm  string // /confirm
	Reset    string // /reset
	Change   string // /change
	Verify   string // /verify
	Sessions string // /sessions
	Account  string // /account

	// Where users are sent who were not on their way to another page.
	AfterLogin    string // /: FSA_ACCOUNTS_POST_LOGIN_VIEW
	AfterLogout   string // the log-in page: FSA_ACCOUNTS_POST_LOGOUT_VIEW
	AfterRegister string // the page that says what comes next, or AfterLogin: FSA_ACCOUNTS_POST_REGISTER_VIEW
}

func (p *Paths) defaults() {
	for _, d := range []struct {
		path     *string
		standard string
	}{
		{&p.Login, "/login"}, {&p.Logout, "/logout"}, {&p.Register, "/register"}, {&p.Confirm, "/confirm"}, {&p.Reset, "/reset"},
		{&p.Change, "/change"}, {&p.Verify, "/verify"}, {&p.Sessions, "/sessions"}, {&p.Account, "/account"}, {&p.AfterLogin, "/"},
	} {
		if *d.path == "" {
			*d.path = d.standard
		}
	}
	if p.AfterLogout == "" {
		p.AfterLogout = p.Login + "?done=logout" // which says so
	}
}

func (o *Options) defaults() {
	o.Paths.defaults()
	if o.AdminRole == "" {
		o.AdminRole = "admin"
	}
	if o.PasswordLength == 0 {
		o.PasswordLength = 15
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.SessionIdle, 24 * time.Hour}, {&o.SessionLife, 30 * 24 * time.Hour}, {&o.Staleness, 10 * time.Second},
		{&o.ConfirmWithin, 48 * time.Hour}, {&o.ResetWithin, 30 * time.Minute}, {&o.Keep, 365 * 24 * time.Hour},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
}
