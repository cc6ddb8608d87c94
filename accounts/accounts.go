package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/mail"
)

// Accounts are the users of an application, with the pages for them. It is made by
// [New].
type Accounts struct {
	app     *fsa.App
	store   Store
	opts    Options
	logger  *slog.Logger
	pages   *pages
	sealer  sealer
	mailer  mail.Mailer
	mailbox *mail.Mailbox // of mode dev, nil if mails are sent
	worker  *mail.Worker
	laid    atomic.Pointer[laid]

	smtpFault error // of the directives that name a mail server

	memory *memory
	cookie *fsa.HostCookie // of the session
	device *fsa.HostCookie // by which a browser is known again
	tokens bool            // the application makes tokens; known once it is checked
}

// Defaults gives a configuration what applications with accounts have: browsers that
// are not logged in go to /login, those whose log-in is too old to /verify, and come
// back by the parameter next; users are known by their session. It leaves alone what
// is set.
func Defaults(cfg fsa.Config) fsa.Config {
	for _, d := range []struct {
		value    *string
		standard string
	}{{&cfg.URLName, "next"}, {&cfg.Redirect401, "/login"}, {&cfg.ReauthRedirect, "/verify"}} {
		if *d.value == "" {
			*d.value = d.standard
		}
	}
	if len(cfg.Auth) == 0 {
		cfg.Auth = []string{"session", "none"}
	}
	return cfg
}

// New gives an application accounts, which are kept in store. It registers hooks,
// authentication scheme "session", special parameters *[User] and *[fsa.Session], and
// the pages. Like other registrations it reports what is wrong when the application
// is compiled, beside all other faults.
//
// The scheme session and, for the pages, none must be enabled in FSA_AUTH;
// [Defaults] does that and more.
func New(app *fsa.App, store Store, opts Options) *Accounts {
	a := &Accounts{app: app, store: store, opts: opts, logger: app.Logger().With("package", "accounts")}
	a.directives()
	a.opts.defaults()
	a.memory = newMemory(a)
	a.cookie, a.device = app.HostCookie("session"), app.HostCookie("device")
	app.CheckAlso(a.check)
	a.hooks()
	if err := a.prepare(); err != nil {
		app.CheckAlso(func() error { return err })
		return a
	}
	a.routes()
	app.Background("accounts", a.Work)
	return a
}

// dev reports whether the application is being developed.
func (a *Accounts) dev() bool { return a.app.Mode() != "prod" }

// directives are those that may stand in the application's configuration.
func (a *Accounts) directives() {
	o := &a.opts
	for _, d := range []struct {
		name   string
		target any
	}{
		{"ADMIN_ROLE", &o.AdminRole}, {"REGISTERABLE", &o.Registerable}, {"USERNAMES", &o.Usernames},
		{"PASSWORD_LENGTH", &o.PasswordLength}, {"MAIL_FROM", &o.From},
		{"SESSION_IDLE", &o.SessionIdle}, {"SESSION_LIFE", &o.SessionLife}, {"STALENESS", &o.Staleness},
		{"CONFIRM_WITHIN", &o.ConfirmWithin}, {"RESET_WITHIN", &o.ResetWithin}, {"KEEP", &o.Keep},
		{"LOGIN_URL", &o.Paths.Login}, {"POST_LOGIN_VIEW", &o.Paths.AfterLogin}, {"POST_LOGOUT_VIEW", &o.Paths.AfterLogout},
		{"POST_REGISTER_VIEW", &o.Paths.AfterRegister},
	} {
		a.app.Directive("FSA_ACCOUNTS_"+d.name, d.target)
	}
	for name, off := range map[string]*bool{"CONFIRMABLE": &o.NoConfirm, "RECOVERABLE": &o.NoRecover, "CHANGEABLE": &o.NoChange} {
		on := !*off
		a.app.Directive("FSA_ACCOUNTS_"+name, &on)
		*off = !on
	}
	var secret fsa.Secret
	a.app.Directive("FSA_ACCOUNTS_SECRET", &secret)
	if secret != "" {
		o.Secret = []fsa.Secret{secret}
	}
	a.smtp()
}

// smtp are the directives that say which mail server sends mails.
func (a *Accounts) smtp() {
	var o mail.SMTPOptions
	var password fsa.Secret
	for name, target := range map[string]any{"SMTP": &o.Addr, "SMTP_USER": &o.User, "SMTP_PASSWORD": &password, "INSECURE_SMTP_PLAINTEXT": &o.InsecurePlaintext} {
		a.app.Directive("FSA_ACCOUNTS_"+name, target)
	}
	o.Password = string(password)
	if o.Addr == "" && o.User == "" && o.Password == "" && !o.InsecurePlaintext {
		return
	}
	mailer, err := mail.NewSMTP(o)
	if err != nil {
		a.smtpFault = fault("SMTP", "and what belongs to it: "+strings.ReplaceAll(err.Error(), "\n", "; "),
			`write FSA_ACCOUNTS_SMTP = "smtp.example.com:587", with FSA_ACCOUNTS_SMTP_USER and FSA_ACCOUNTS_SMTP_PASSWORD_FILE if the server wants them`)
		return
	}
	a.opts.Mailer = mailer
}

// fault makes a fault of the configuration.
func fault(directive, problem, remedy string) error {
	return &fsa.ConfigError{Directive: "FSA_ACCOUNTS_" + directive, Problem: problem, Remedy: remedy}
}

// check finds what is wrong in the options.
func (a *Accounts) check() error {
	o := &a.opts
	_, err := a.app.CreateToken(context.Background(), "nobody", fsa.TokenOptions{}) // nobody gets it
	a.tokens = err == nil
	var faults []error
	add := func(directive, problem, remedy string) { faults = append(faults, fault(directive, problem, remedy)) }
	if o.PasswordLength < 8 {
		add("PASSWORD_LENGTH", fmt.Sprintf("is %d; a password of under 8 characters is no protection (NIST SP 800-63B-4)", o.PasswordLength), "give 15, which is the default, or 8 at least")
	}
	for name, d := range map[string]time.Duration{"SESSION_IDLE": o.SessionIdle, "SESSION_LIFE": o.SessionLife, "STALENESS": o.Staleness,
		"CONFIRM_WITHIN": o.ConfirmWithin, "RESET_WITHIN": o.ResetWithin, "KEEP": o.Keep} {
		if d < 0 {
			add(name, "is negative", `give a duration such as "30m"`)
		}
	}
	if o.Staleness > time.Minute {
		add("STALENESS", "is over a minute, so that a user who is kept out would stay in for too long", `give "10s", which is the default`)
	}
	for _, p := range []string{o.Paths.Login, o.Paths.Logout, o.Paths.Register, o.Paths.Confirm, o.Paths.Reset, o.Paths.Change, o.Paths.Verify, o.Paths.Sessions, o.Paths.Account} {
		if _, ok := fsa.LocalTarget(p); !ok || strings.ContainsAny(p, "{}?") || p == "/" {
			faults = append(faults, &fsa.ConfigError{Problem: fmt.Sprintf("accounts: %q is not the path of a page", p), Remedy: `write it as "/login"`})
		}
	}
	for _, p := range []string{o.Paths.AfterLogin, o.Paths.AfterLogout, o.Paths.AfterRegister} {
		if _, ok := fsa.LocalTarget(p); !ok && p != "" {
			faults = append(faults, &fsa.ConfigError{Problem: fmt.Sprintf("accounts: %q is no place on this host to send users to", p), Remedy: `write it as "/home"`})
		}
	}
	for _, r := range o.Roles {
		if r.Name == "" {
			faults = append(faults, &fsa.ConfigError{Problem: "accounts: a role has no name", Remedy: "give it one, as in authz.Group"})
		}
	}
	for i, secret := range o.Secret {
		if !a.dev() && guessable(string(secret)) {
			add("SECRET", fmt.Sprintf("%d of %d is a placeholder or a repetition, which can be guessed", i+1, len(o.Secret)), makeSecret)
		}
	}
	if a.sends() && a.app.BaseURL() == nil && !a.dev() {
		faults = append(faults, &fsa.ConfigError{Directive: "FSA_BASE_URL", Problem: "is missing, and mails hold links to the application",
			Remedy: `add FSA_BASE_URL = "https://www.example.com", or switch off what sends mails (FSA_ACCOUNTS_RECOVERABLE = false, no FSA_ACCOUNTS_REGISTERABLE)`})
	}
	if a.worker != nil && a.app.BaseURL() != nil {
		if _, err := a.layout(); err != nil {
			faults = append(faults, &fsa.ConfigError{Directive: "FSA_BASE_URL", Problem: "can't stand in mails, which hold links to the application: " + err.Error(),
				Remedy: `give the https address by which users reach the application, as in FSA_BASE_URL = "https://www.example.com"`})
		}
	}
	return errors.Join(faults...)
}

// links reports whether links are mailed that something depends on.
func (a *Accounts) links() bool { return !a.opts.NoRecover || a.opts.Registerable }

// sends reports whether mails are sent: links, or notices alone.
func (a *Accounts) sends() bool { return a.links() || a.opts.Mailer != nil }

// linked are the paths of the pages that there are, for links between them.
func (a *Accounts) linked() map[string]string {
	p := a.opts.Paths
	all := map[string]string{"home": p.AfterLogin, "login": p.Login, "logout": p.Logout, "verify": p.Verify, "sessions": p.Sessions, "account": p.Account}
	if a.opts.Registerable {
		all["register"] = p.Register
	}
	if !a.opts.NoConfirm {
		all["confirm"] = p.Confirm
	}
	if !a.opts.NoRecover {
		all["reset"] = p.Reset
	}
	if !a.opts.NoChange {
		all["change"] = p.Change
	}
	return all
}

// prepare makes what can fail.
func (a *Accounts) prepare() (err error) {
	o := &a.opts
	if a.store == nil {
		return &fsa.ConfigError{Problem: "accounts.New: there is no store", Remedy: "give it that of sqlstore.New"}
	}
	if len(o.Secret) == 0 {
		if !a.dev() && a.sends() {
			return fault("SECRET", "is missing", makeSecret)
		}
		o.Secret = []fsa.Secret{fsa.Secret(rand.Text() + rand.Text())}
	}
	if a.sealer, err = newSealer(o.Secret); err != nil {
		return fault("SECRET", err.Error(), makeSecret)
	}
	if a.pages, err = newPages(pagesOptions{Look: o.Look, Name: a.app.Name(), Paths: a.linked()}); err != nil {
		return err
	}
	return a.prepareMail()
}

// hooks answer what the application asks about users.
func (a *Accounts) hooks() {
	app := a.app
	app.CanonicalLogin(a.canonical)
	app.UserPass(a.passwordHash)
	app.PasswordRehash(a.rehash)
	app.UserInGroup(func(ctx context.Context, login, group string) (bool, error) {
		return a.store.HasRole(ctx, login, group)
	})
	app.UserHasPermission(func(ctx context.Context, login, permission string) (bool, error) {
		return a.store.HasPermission(ctx, login, permission)
	})
	app.Admit(a.admit)
	app.LoginFailed(a.loginFailed)
	app.Authentication("session", a.findSession)
	for _, r := range a.opts.Roles {
		if r.Name != "" {
			app.AddGroup(r.Name)
		}
	}
	fsa.Special(app, func(ctx context.Context, _ string) (*User, error) { return a.Current(ctx) })
	fsa.SpecialWithRelease(app, a.bag)
}

// canonical gives the ID of the user whom an address, a user name or an ID names; of
// nobody, the form that all spellings have: tries are counted the same way for those who
// are there and those who aren't (S12, S20).
func (a *Accounts) canonical(ctx context.Context, login string) (string, error) {
	u, err := a.find(ctx, login)
	if err != nil {
		return "", err
	}
	if u == nil {
		return keyOf(login), fsa.ErrNoSuchUser
	}
	return u.ID, nil
}

// passwordHash is the hook for the hash of a user.
func (a *Accounts) passwordHash(ctx context.Context, id string) (string, error) {
	began := time.Now()
	u, err := a.store.UserByID(ctx, id)
	if err == nil {
		var late bool
		if late, err = a.memory.handed(ctx, u, began); late {
			u, err = a.store.UserByID(ctx, id) // at least as new as what is noted
		}
	}
	if errors.Is(err, ErrNotFound) {
		return "", fsa.ErrNoSuchUser
	}
	if err != nil {
		return "", err
	}
	return u.PasswordHash, nil
}

// rehash replaces a hash by a stronger one of the same password.
func (a *Accounts) rehash(ctx context.Context, id, old, hash string) error {
	return ignore(ErrNotFound, a.store.Write(ctx, func(tx Tx) error {
		return tx.SetPassword(ctx, id, old, hash, "", time.Now())
	}))
}

// ignore gives nil for an error that does not matter.
func ignore(what, err error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

// admit is asked about everybody who has been authenticated, by whatever scheme
// and on each request.
func (a *Accounts) admit(ctx context.Context, id fsa.Identity) error {
	now := time.Now()
	u, err := a.memory.user(ctx, id.Login, now)
	if err != nil {
		return err
	}
	if u != nil && (id.Scheme == "basic" || id.Scheme == "param") {
		if replaced, err := a.memory.replaced(ctx, u, now); err != nil {
			return err
		} else if replaced {
			return errUnauthenticated
		}
	}
	d := a.decide(ctx, u, id.Scheme, now)
	if d.Verdict != Allowed && u != nil && (id.Scheme == "basic" || id.Scheme == "param") {
		if err := a.noteRefused(ctx, u, id.Scheme, d, now); err != nil {
			return err
		}
	}
	return a.refused(d, now)
}

// decide is [Accounts.judge] with what the application has to say.
func (a *Accounts) decide(ctx context.Context, u *User, way string, now time.Time) Decision {
	d := a.judge(u, now)
	if d.Verdict == Allowed && a.opts.Decide != nil {
		d = a.opts.Decide(ctx, bare(u), way)
	}
	return d
}

// bare gives a copy of a user without what nobody else needs.
func bare(u *User) *User {
	c := *u
	c.PasswordHash, c.Stamp = "", ""
	c.Own = slices.Clone(u.Own)
	return &c
}

// FindUser finds a user by an e-mail address, a user name or an ID. It is
// [fsa.ErrNoSuchUser] if there is none. The result has no password hash.
func (a *Accounts) FindUser(ctx context.Context, identity string) (*User, error) {
	u, err := a.find(ctx, identity)
	switch {
	case err != nil:
		return nil, err
	case u == nil:
		return nil, fsa.ErrNoSuchUser
	}
	return bare(u), nil
}

// Current gives the user who is calling: what a parameter of type *[User] holds.
func (a *Accounts) Current(ctx context.Context) (*User, error) {
	u, err := a.caller(ctx)
	if err != nil {
		return nil, err
	}
	return bare(u), nil
}

// caller gives the user who is calling, as the store has them now.
func (a *Accounts) caller(ctx context.Context) (*User, error) {
	login := fsa.User(ctx)
	if login == "" {
		return nil, errUnauthenticated
	}
	u, err := a.store.UserByID(ctx, login)
	if errors.Is(err, ErrNotFound) {
		err = errUnauthenticated
	}
	return u, err
}

// find finds a user by what somebody has typed; nil if there is none, also if nobody
// could be called so.
func (a *Accounts) find(ctx context.Context, identity string) (u *User, err error) {
	key := keyOf(identity)
	switch {
	case key == "":
		return nil, nil
	case isID(identity):
		u, err = a.store.UserByID(ctx, key)
	case strings.Contains(identity, "@"):
		u, err = a.store.UserByEmail(ctx, key)
	default:
		u, err = a.store.UserByUsername(ctx, key)
	}
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return u, err
}

// keyOf gives the canonical form of what somebody has typed; "" if nobody could be called
// so.
func keyOf(identity string) (key string) {
	switch {
	case isID(identity):
		return identity
	case strings.Contains(identity, "@"):
		key, _ = CanonicalEmail(identity)
	default:
		key, _ = CanonicalUsername(identity)
	}
	return key
}

// link makes a link for a mail: from the configured address of the application,
// never from that of a request (S29).
func (a *Accounts) link(path string) string {
	base := a.app.BaseURL()
	if base == nil {
		base = &url.URL{Scheme: "http", Host: "localhost"}
	}
	return base.JoinPath(path).String()
}
