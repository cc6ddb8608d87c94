package accounts

import "time"

// view is what a flow answers with: a page for a browser, JSON for others.
type view struct {
	page   string        // the template: "login", "register", …
	status int           // of the page; 0 = 200, or 422 if the form has errors
	form   *form         // nil if there is nothing to send
	title  string        // key of the heading, if it is not "PAGE.heading"
	lead   *message      // the sentence below the heading; nil for the text "PAGE.text", if the catalog has that
	banner *message      // a quiet word at the top: what has been done
	ways   []accountLink // other ways to do the same, below a quiet rule
	data   any           // what the page shows besides: *sessionsPage, *accountPage, *messagePage; nil for most
	next   string        // where the user wants to go, "" if nowhere: links to other ways keep it
	secret bool          // the page's URL holds a secret, which no other site is to be told
}

// message is a text of the catalog, with what is filled in.
type message struct {
	key  string // as in the catalog: "login.failed"
	args []any  // for the verbs in it: string, int, message, time.Duration, time.Time
}

// form is what a user fills in. It is drawn without knowing what it is for.
type form struct {
	action  string    // where it goes, a path of this host
	fields  []field   // in their order
	errors  []message // of the form as a whole
	submit  string    // key of the button's text
	danger  bool      // the button destroys something
	confirm *message  // what will happen, for a form that is only a button
	cancel  string    // the path of a page to go back to without doing it, "" for none

	confirmURL string // where the address is confirmed that is not, "" for none
}

// field is one field of a form. Its label is the text "PAGE.field.NAME" if the
// catalog has that, else "field.NAME"; its hint is that of the label's key with
// ".hint" if there is one.
type field struct {
	name         string
	label        string    // key of the label, if it is another one
	kind         string    // type of the input element: text, email, password, checkbox, hidden, tel, url, number, date
	value        string    // what it holds; never that of a password
	autocomplete string    // by the HTML Standard: username, email, current-password, new-password, one-time-code
	required     bool      // must be filled in
	minLength    int       // 0 for none
	errors       []message // what is wrong with it
}

// sessionsPage is what the page "sessions" lists.
type sessionsPage struct {
	Sessions []sessionLine
	Others   string // the path of the page that ends all others, "" if there are none
}

// sessionLine is a session in the list of its user.
type sessionLine struct {
	ID      string
	Agent   string // the User-Agent, when last seen
	Address string // of the client, when last seen
	Since   time.Time
	Seen    time.Time
	Current bool   // the one that asks
	End     string // the path of the page that ends it, "" for the one that asks: it logs out
}

// accountPage is what the page "account" shows.
type accountPage struct {
	Called, Email, Username string
	Confirmed               bool
	Since                   time.Time
	Roles                   []string
	Links                   []accountLink // to what can be done: change the password, see the sessions
}

// accountLink leads to another page.
type accountLink struct {
	Path string
	Text message
	Hint message // of no key for none
}

// messagePage is a page that says one thing, with one way on.
type messagePage struct {
	Heading, Text message
	Path          string  // "" if there is no way on
	Link          message // the text of it
	Reference     string  // what to quote to who runs the application: the request's id
}
