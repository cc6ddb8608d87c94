package accounts

import "time"

// goldenPaths are those of an application with everything.
var goldenPaths = map[string]string{
	"login": "/login", "logout": "/logout", "register": "/register", "confirm": "/confirm", "reset": "/reset",
	"change": "/change", "verify": "/verify", "sessions": "/sessions", "account": "/account", "home": "/",
}

type goldenView struct {
	name string
	view *view
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0"
)

// goldenViews are views as the flows make them.
func goldenViews(now time.Time) []goldenView {
	m := func(key string, args ...any) message { return message{key, args} }
	p := func(key string, args ...any) *message { return &message{key, args} }
	identity := field{name: "identity", label: "field.identity.username", kind: "text", autocomplete: "username", required: true}
	email := field{name: "email", kind: "email", autocomplete: "email", required: true}
	username := field{name: "username", kind: "text", autocomplete: "username"}
	password := field{name: "password", kind: "password", autocomplete: "current-password", required: true}
	fresh := field{name: "password", kind: "password", autocomplete: "new-password", required: true, minLength: 15}
	again := field{name: "password_confirm", kind: "password", autocomplete: "new-password", required: true}
	remember := field{name: "remember", kind: "checkbox"}
	next := field{name: "next", kind: "hidden", value: "/new_entry"}
	with := func(f field, value string, errors ...message) field { f.value, f.errors = value, errors; return f }

	login := form{action: "/login", submit: "login.submit", fields: []field{identity, password, remember, next}}
	failed := login
	failed.errors = []message{m("login.failed.username")}
	failed.fields = []field{with(identity, "calvin@example.com"), password, with(remember, "true"), next}
	register := form{action: "/register", submit: "register.submit", fields: []field{email, username, fresh, again, {name: "name", kind: "text", autocomplete: "name"}}}
	faulty := register
	faulty.fields = []field{with(email, "calvin", m("fault.email")), with(username, "cal vin", m("fault.username")),
		with(fresh, "hunter2hunter2", m("fault.password_short", 15), m("fault.password_common")), with(again, "hunter2", m("fault.password_mismatch"))}
	sessions := &sessionsPage{Others: "/sessions/others/end", Sessions: []sessionLine{
		{ID: "1", Agent: firefox, Address: "203.0.113.7", Since: now.Add(-3 * time.Hour), Seen: now, Current: true},
		{ID: "2", Agent: iphone, Address: "2001:db8:85a3:1234:5678:8a2e:370:7334", Since: now.Add(-9 * day), Seen: now.Add(-26 * time.Hour), End: "/sessions/2/end"},
		{ID: "3", Agent: windows, Address: "198.51.100.24", Since: now.Add(-40 * day), Seen: now.Add(-34 * day), End: "/sessions/3/end"},
		{ID: "4", Agent: "Acme-Backup-Robot/2.1 (+contact backup@acme.example; nightly; revision 20d1f; a name that is long)", Address: "192.0.2.9", Since: now.Add(-5 * day), Seen: now.Add(-12 * time.Minute), End: "/sessions/4/end"},
	}}
	account := &accountPage{Called: "Calvin", Email: "calvin@example.com", Username: "calvin", Confirmed: true, Since: now.Add(-400 * day),
		Roles: []string{"Admin", "Writer"}, Links: []accountLink{
			{Path: "/change", Text: m("account.change"), Hint: m("account.change.hint")},
			{Path: "/sessions", Text: m("account.sessions"), Hint: m("account.sessions.hint")}}}

	return []goldenView{
		{"login", &view{page: "login", form: &login, next: "/new_entry", lead: p("login.needed")}},
		{"login-plain", &view{page: "login", form: &form{action: "/login", submit: "login.submit", fields: []field{identity, password, remember}}}},
		{"login-failed", &view{page: "login", form: &failed, next: "/new_entry"}},
		{"login-ways", &view{page: "login", form: &login, ways: []accountLink{{Path: "/login/link", Text: m("reset.submit")}, {Path: "/login/passkey", Text: m("login.submit"), Hint: m("reset.text")}}}},
		{"register", &view{page: "register", form: &register}},
		{"register-faulty", &view{page: "register", form: &faulty}},
		{"register-sent", &view{page: "message", data: &messagePage{Heading: m("register.sent.heading"), Text: m("register.sent.text", "calvin@example.com", 2*day), Path: "/confirm", Link: m("confirm.again")}}},
		{"confirm", &view{page: "confirm", form: &form{action: "/confirm", submit: "confirm.submit", fields: []field{email}}}},
		{"confirm-token", &view{page: "confirm-token", secret: true, form: &form{action: "/confirm/t0k3n", submit: "confirm-token.submit", confirm: p("confirm-token.confirm", "calvin@example.com")}}},
		{"link-bad", &view{page: "message", status: 404, data: &messagePage{Heading: m("link.heading"), Text: m("link.text"), Path: "/reset", Link: m("link.again")}}},
		{"reset", &view{page: "reset", form: &form{action: "/reset", submit: "reset.submit", fields: []field{with(email, "", m("fault.required"))}}}},
		{"reset-token", &view{page: "reset-token", secret: true, form: &form{action: "/reset/t0k3n", submit: "reset-token.submit", fields: []field{fresh, again}}}},
		{"change", &view{page: "change", form: &form{action: "/change", submit: "change.submit", fields: []field{password,
			{name: "new_password", kind: "password", autocomplete: "new-password", required: true, minLength: 15},
			{name: "new_password_confirm", kind: "password", autocomplete: "new-password", required: true}}}}},
		{"verify", &view{page: "verify", form: &form{action: "/verify", submit: "verify.submit", fields: []field{password, next}}, next: "/new_entry"}},
		{"logout", &view{page: "logout", form: &form{action: "/logout", submit: "logout.submit", cancel: "/"}}},
		{"sessions", &view{page: "sessions", data: sessions, banner: p("sessions.ended")}},
		{"sessions-one", &view{page: "sessions", data: &sessionsPage{Sessions: sessions.Sessions[:1]}}},
		{"session-end", &view{page: "session-end", form: &form{action: "/sessions/2/end", submit: "session-end.submit", danger: true, cancel: "/sessions", confirm: p("session-end.confirm", "Safari on iPhone")}}},
		{"account", &view{page: "account", data: account}},
		{"account-unconfirmed", &view{page: "account", data: &accountPage{Email: "somebody.with.a.long.address@a-department.example.com", Since: now, Links: account.Links}, banner: p("change.done")}},
		{"error-403", errorView(403, "01JZ0V5N3M")},
		{"error-404", errorView(404, "")},
		{"error-500", errorView(500, "01JZ0V5N3M")},
	}
}
