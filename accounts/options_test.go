package accounts_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/mail"
)

// TestWrongOptions: what is wrong stops the start, and each fault says what, where and how to
// mend it. S74.
func TestWrongOptions(t *testing.T) {
	mailer := mail.NewMailbox(mail.MailboxOptions{})
	right := accounts.Options{Secret: secret, Mailer: mailer, From: "acme@example.com"}
	for _, c := range []struct {
		name   string
		change func(*fsa.Config, *accounts.Options)
		want   []string // of the error
	}{
		{"no secret", func(_ *fsa.Config, o *accounts.Options) { o.Secret = nil }, []string{"FSA_ACCOUNTS_SECRET", "missing", "openssl rand"}},
		{"no secret, though only notices are sent", func(_ *fsa.Config, o *accounts.Options) { o.Secret, o.NoRecover = nil, true }, []string{"FSA_ACCOUNTS_SECRET", "missing"}},
		{"a short secret", func(_ *fsa.Config, o *accounts.Options) { o.Secret = []fsa.Secret{"short"} }, []string{"FSA_ACCOUNTS_SECRET", "5 bytes", "32", "openssl rand"}},
		{"a short second secret", func(_ *fsa.Config, o *accounts.Options) { o.Secret = []fsa.Secret{secret[0], "short"} }, []string{"FSA_ACCOUNTS_SECRET", "5 bytes"}},
		{"a placeholder", func(_ *fsa.Config, o *accounts.Options) {
			o.Secret = []fsa.Secret{"changeme-changeme-changeme-changeme"}
		}, []string{"FSA_ACCOUNTS_SECRET", "placeholder", "openssl rand"}},
		{"a repetition", func(_ *fsa.Config, o *accounts.Options) {
			o.Secret = []fsa.Secret{fsa.Secret(strings.Repeat("ab", 20))}
		}, []string{"FSA_ACCOUNTS_SECRET", "repetition"}},
		{"no base URL", func(c *fsa.Config, _ *accounts.Options) { c.BaseURL = "" }, []string{"FSA_BASE_URL", "missing", `FSA_BASE_URL = "https://www.example.com"`}},
		{"a base URL that mails can't have", func(c *fsa.Config, _ *accounts.Options) { c.BaseURL = "https://my_app.example.com" }, []string{"FSA_BASE_URL", "my_app.example.com", "in mails", `FSA_BASE_URL = "https://www.example.com"`}},
		{"a base URL without TLS", func(c *fsa.Config, _ *accounts.Options) {
			c.BaseURL, c.InsecureTransport = "http://www.example.com", true
		}, []string{"FSA_BASE_URL", "https"}},
		{"no mailer", func(_ *fsa.Config, o *accounts.Options) { o.Mailer = nil }, []string{"no mailer", "Options.Mailer", "FSA_ACCOUNTS_RECOVERABLE"}},
		{"no sender", func(_ *fsa.Config, o *accounts.Options) { o.From = "" }, []string{"FSA_ACCOUNTS_MAIL_FROM", "add FSA_ACCOUNTS_MAIL_FROM ="}},
		{"a wrong sender", func(_ *fsa.Config, o *accounts.Options) { o.From = "a@b.example\r\nBcc: c@d.example" }, []string{"FSA_ACCOUNTS_MAIL_FROM"}},
		{"short passwords", func(_ *fsa.Config, o *accounts.Options) { o.PasswordLength = 7 }, []string{"FSA_ACCOUNTS_PASSWORD_LENGTH", "is 7", "15"}},
		{"passwords of negative length", func(_ *fsa.Config, o *accounts.Options) { o.PasswordLength = -1 }, []string{"FSA_ACCOUNTS_PASSWORD_LENGTH"}},
		{"a negative time", func(_ *fsa.Config, o *accounts.Options) { o.SessionIdle = -time.Second }, []string{"FSA_ACCOUNTS_SESSION_IDLE", "negative", `"30m"`}},
		{"negative times", func(_ *fsa.Config, o *accounts.Options) {
			o.SessionLife, o.ConfirmWithin, o.ResetWithin, o.Keep = -1, -1, -1, -1
		}, []string{"FSA_ACCOUNTS_SESSION_LIFE", "FSA_ACCOUNTS_CONFIRM_WITHIN", "FSA_ACCOUNTS_RESET_WITHIN", "FSA_ACCOUNTS_KEEP"}},
		{"a negative staleness", func(_ *fsa.Config, o *accounts.Options) { o.Staleness = -1 }, []string{"FSA_ACCOUNTS_STALENESS", "negative"}},
		{"a long staleness", func(_ *fsa.Config, o *accounts.Options) { o.Staleness = 2 * time.Minute }, []string{"FSA_ACCOUNTS_STALENESS", "over a minute", `"10s"`}},
		{"a path of another host", func(_ *fsa.Config, o *accounts.Options) { o.Paths.Login = "https://evil.example/login" }, []string{"evil.example", `"/login"`}},
		{"a path with a parameter", func(_ *fsa.Config, o *accounts.Options) { o.Paths.Reset = "/reset/{x}" }, []string{"{x}", "not the path of a page"}},
		{"a path that is none", func(_ *fsa.Config, o *accounts.Options) { o.Paths.Change = "change" }, []string{`"change"`, "not the path of a page"}},
		{"the root", func(_ *fsa.Config, o *accounts.Options) { o.Paths.Account = "/" }, []string{"not the path of a page"}},
		{"one path for two", func(_ *fsa.Config, o *accounts.Options) { o.Paths.Change = "/verify" }, []string{"/verify"}},
		{"elsewhere after a log-in", func(_ *fsa.Config, o *accounts.Options) { o.Paths.AfterLogin = "//evil.example" }, []string{"//evil.example", "no place on this host"}},
		{"elsewhere after a log-out", func(_ *fsa.Config, o *accounts.Options) { o.Paths.AfterLogout = "https://evil.example" }, []string{"https://evil.example", "no place on this host"}},
		{"a role without a name", func(_ *fsa.Config, o *accounts.Options) { o.Roles = []accounts.Role{{}} }, []string{"a role has no name"}},
		{"a text that is not there", func(_ *fsa.Config, o *accounts.Options) {
			o.Look.Texts = map[string]map[string]string{"en": {"login.failed": "Failed %s"}}
		}, []string{"login.failed", "values"}},
		{"a language that lacks texts", func(_ *fsa.Config, o *accounts.Options) {
			o.Look.Texts = map[string]map[string]string{"de": {"login.heading": "Anmelden"}}
		}, []string{"language de lacks the texts"}},
		{"a template that is none of ours", func(_ *fsa.Config, o *accounts.Options) {
			o.Look.Files = fstest.MapFS{"logon.html": {Data: []byte("x")}}
		}, []string{"logon.html", "no such page"}},
		{"session is not enabled", func(c *fsa.Config, _ *accounts.Options) { c.Auth = []string{"basic", "none"} }, []string{"session", "FSA_AUTH"}},
		{"several", func(c *fsa.Config, o *accounts.Options) {
			c.BaseURL, o.PasswordLength, o.Paths.Login = "", 3, "x"
		}, []string{"FSA_BASE_URL", "FSA_ACCOUNTS_PASSWORD_LENGTH", `"x"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, o := prod(), right
			c.change(&cfg, &o)
			app := fsa.New("acme", accounts.Defaults(cfg))
			accounts.New(app, sqlite(t).open(t), o)
			_, err := app.Handler()
			if err == nil {
				t.Fatal("it starts")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %s", want, err)
				}
			}
			for _, s := range o.Secret {
				if len(s) > 5 && strings.Contains(err.Error(), string(s)) {
					t.Errorf("the secret is in %s", err)
				}
			}
		})
	}
	app := fsa.New("acme", accounts.Defaults(prod()))
	accounts.New(app, nil, right)
	if _, err := app.Handler(); err == nil || !strings.Contains(err.Error(), "there is no store") || !strings.Contains(err.Error(), "sqlstore.New") {
		t.Error(err)
	}
	app = fsa.New("acme", accounts.Defaults(prod()))
	accounts.New(app, sqlite(t).open(t), accounts.Options{NoRecover: true}) // nothing is mailed
	if _, err := app.Handler(); err != nil {
		t.Error(err)
	}
}

// TestDefaultRoleIsMissing: nobody finds that out by registering.
func TestDefaultRoleIsMissing(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true, DefaultRoles: []string{"Writer"}})
	if err := w.acc.Seed(t.Context()); err == nil || !strings.Contains(err.Error(), `"Writer"`) || !strings.Contains(err.Error(), "Options.Roles") {
		t.Error(err)
	}
}

// TestSwitches: what is off has no route.
func TestSwitches(t *testing.T) {
	w := newWorld(t, sqlite(t), prod(), accounts.Options{NoConfirm: true, NoRecover: true, NoChange: true, Secret: secret}).compile()
	w.user("calvin@example.com")
	b := w.browser().login("calvin@example.com", goodPassword)
	for _, path := range []string{"/register", "/confirm", "/confirm/x", "/reset", "/reset/x", "/change", "/dev/mailbox"} {
		b.page(path).expect(404)
		b.form(path).expect(404)
	}
	b.page("/account").expect(200)
}

// TestDirectives: the configuration may say what the options say, and wins.
func TestDirectives(t *testing.T) {
	for name, value := range map[string]string{
		"REGISTERABLE": "true", "CONFIRMABLE": "false", "RECOVERABLE": "false", "PASSWORD_LENGTH": "20", "LOGIN_URL": "/enter", "POST_LOGIN_VIEW": "/me", "SESSION_LIFE": "2h",
		"SECRET": string(secret[0]),
	} {
		t.Setenv("FSA_ACCOUNTS_"+name, value)
	}
	cfg, err := fsa.Load("")
	if err != nil {
		t.Fatal(err)
	}
	from := quick()
	cfg.Mode, cfg.Auth, cfg.TokenSecret, cfg.PasswordScheme, cfg.PasswordOpts, cfg.InsecurePasswordCost, cfg.BaseURL = from.Mode, from.Auth, from.TokenSecret, from.PasswordScheme, from.PasswordOpts, true, from.BaseURL
	cfg.Redirect401 = "/enter"
	w := newWorld(t, sqlite(t), cfg, accounts.Options{PasswordLength: 8}).compile()
	b := w.browser()
	b.page("/login").expect(404)
	b.page("/enter").expect(200, "/register")
	b.page("/reset").expect(404)
	b.form("/register", "email", "calvin@example.com", "password", "nineteen characters", "password_confirm", "nineteen characters").expect(422, "at least 20")
	b.form("/register", "email", "calvin@example.com", "password", goodPassword, "password_confirm", goodPassword).expect(303)
	if to := b.page("/enter").expect(303).to(); to != "/me" {
		t.Error(to)
	}
	if row := w.rowOf(b); row.ExpiresAt.Sub(row.CreatedAt) != 2*time.Hour {
		t.Error(row.ExpiresAt)
	}
}
