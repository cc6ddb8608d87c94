package accounts

import "time"

// sampleViews are all pages, with everything that they can show and with nothing of
// it. They find what is wrong with a template before a user does.
func sampleViews() []*view {
	m := func(key string, args ...any) message { return message{key, args} }
	email := field{name: "email", kind: "email", value: "calvin@example.com", autocomplete: "email", required: true}
	password := field{name: "password", kind: "password", autocomplete: "current-password", required: true}
	newPassword := field{name: "new_password", kind: "password", autocomplete: "new-password", required: true, minLength: 15}
	again := field{name: "password_confirm", kind: "password", autocomplete: "new-password", required: true}
	remember := field{name: "remember", kind: "checkbox", value: "true"}
	hidden := field{name: "next", kind: "hidden", value: "/"}
	faulty := func(f field, keys ...string) field {
		for _, key := range keys {
			f.errors = append(f.errors, m(key))
		}
		return f
	}
	banner, text := m("logout.done"), m("session-end.confirm", "Firefox")
	way := accountLink{Path: "/", Text: m("account.change"), Hint: m("account.change.hint")}
	long := &form{action: "/", submit: "login.submit", cancel: "/", confirm: &text, errors: []message{m("login.failed")},
		fields: []field{faulty(email, "fault.email"), password, faulty(newPassword, "fault.required", "fault.email"), again, remember, hidden}}
	danger := *long
	danger.danger, danger.fields = true, []field{email}

	views := []*view{
		{page: "account", data: &accountPage{Email: "calvin@example.com"}},
		{page: "account", banner: &banner, next: "/x", data: &accountPage{Called: "Calvin", Email: "calvin@example.com", Username: "calvin", Confirmed: true,
			Since: time.Unix(0, 0), Roles: []string{"admin", "writer"}, Links: []accountLink{way, {Path: "/", Text: m("account.sessions")}}}},
		{page: "sessions", data: &sessionsPage{}},
		{page: "sessions", banner: &banner, next: "/x", data: &sessionsPage{Others: "/", Sessions: []sessionLine{
			{ID: "1", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Address: "192.0.2.1", Current: true, End: "/"}, {ID: "2"}, {ID: "3", End: "/"}}}},
	}
	for _, name := range []string{"message", "error"} {
		views = append(views,
			&view{page: name, data: &messagePage{Heading: m("link.heading"), Text: m("link.text")}},
			&view{page: name, banner: &banner, ways: []accountLink{way}, next: "/x",
				data: &messagePage{Heading: m("link.heading"), Text: m("link.text"), Path: "/", Link: m("link.again"), Reference: "x"}})
	}
	for _, name := range []string{"login", "register", "confirm", "confirm-token", "reset", "reset-token", "change", "verify", "logout", "session-end"} {
		views = append(views,
			&view{page: name, form: &form{action: "/", submit: "login.submit"}},
			&view{page: name, form: long, banner: &banner, ways: []accountLink{way, {Path: "/", Text: m("account.sessions")}}, next: "/x"},
			&view{page: name, form: &danger})
	}
	return views
}
