package accounts

import (
	"fmt"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
)

// letterData is what mails are filled with.
type letterData struct {
	To     string
	Called string        // how the user is called; stands in mails to confirmed addresses only
	Path   string        // where the button leads: a path of this host; "" for no button
	Within time.Duration // for how long what it leads to works; 0 for always

	// When it was done, and from where: At is zero if that is not to be told, Agent
	// and Address are empty if it was not by a browser.
	At             time.Time
	Agent, Address string
}

// letterKinds says for each kind of mail how it ends, and whom it goes to. A mail to
// an address that may be anybody's holds nothing that who gave the address has
// chosen: or they could send what they like, in our name.
var letterKinds = map[string]struct {
	stranger bool   // the address may be that of somebody who has nothing to do with us
	not      string // key of what to do if it was not the reader
}{
	"confirm":          {true, "mail.confirm.not"},
	"exists":           {true, "mail.nothing"},
	"welcome":          {false, ""},
	"reset":            {false, "mail.reset.not"},
	"reset-done":       {false, "mail.act"},
	"password-changed": {false, "mail.act"},
	"new-device":       {false, "mail.act"},
	"sessions-ended":   {false, "mail.act"},
	"locked":           {false, ""},
	"disabled":         {false, ""},
}

// letter says what a mail of a kind says, in the language.
func (p *pages) letter(lang, kind string, d letterData) (mail.Draft, error) {
	k, ok := letterKinds[kind]
	if !ok {
		return mail.Draft{}, fmt.Errorf("accounts: there is no mail %q", kind)
	}
	if p.texts.texts[lang] == nil {
		lang = p.texts.langs[0]
	}
	s := &speaker{texts: p.texts, lang: lang}
	key := func(name string) string { return "mail." + kind + "." + name }
	named := func(key string) string { // texts that may have the application's name in them
		if p.texts.texts[lang][key].values() == 0 {
			return s.say(key)
		}
		return s.say(key, p.name)
	}
	draft := mail.Draft{To: d.To, Lang: lang, Subject: named(key("subject")), Greeting: s.say("mail.hello"), Paragraphs: []string{named(key("text"))}}
	if name := printable(d.Called, 100); name != "" && !k.stranger {
		draft.Greeting = s.say("mail.hello.name", name)
	}
	switch {
	case d.At.IsZero():
	case d.Agent == "" && d.Address == "": // not by a browser
		draft.Paragraphs = append(draft.Paragraphs, s.say("mail.at", d.At))
	default:
		// A program that names no browser could say anything here, in our name.
		agent := d.Agent
		if browser, system := browserOf(agent); browser == "" && system == "" {
			agent = ""
		}
		device, err := p.texts.device(lang, agent)
		if err != nil {
			return mail.Draft{}, err
		}
		draft.Paragraphs = append(draft.Paragraphs, s.say("mail.by", d.At, device, d.Address))
	}
	if d.Path != "" && p.texts.has(key("button")) {
		draft.Button = mail.Button{Text: s.say(key("button")), URL: d.Path, Hint: s.say("mail.open")}
		if d.Within > 0 {
			draft.After = []string{s.say("mail.within", d.Within)}
		}
	}
	draft.Why = s.say("mail.why", p.name)
	if k.stranger {
		draft.Why = s.say("mail.why.somebody", p.name)
	}
	if k.not != "" {
		draft.NotYou = s.say(k.not)
	}
	return draft, s.err
}
