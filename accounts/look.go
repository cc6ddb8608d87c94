package accounts

import "io/fs"

// Look changes how the pages look and what pages and mails say. The zero Look is ours, in
// English and French. Whatever is wrong with it is a fault when the application
// starts: all texts are checked then, and each page is made once with samples.
//
// Colours, corners and the font are changed in Style, by the ten properties that
// everything else is made of. What is needed to be read:
// --fsa-accent and --fsa-danger differ from --fsa-card by a contrast of 4.5 (WCAG 2.2, 1.4.3),
// since they are links on cards, and buttons with words in the colour of the card.
//
//	accounts.Look{
//		Name:  "Acme",
//		Style: `:root { --fsa-accent: #9a3412; --fsa-radius: 2px }
//	            @media (prefers-color-scheme: dark) { :root { --fsa-accent: #fdba74 } }`,
//	}
type Look struct {
	// Name is what users know the application by. Default: that of [fsa.New].
	Name string

	// Logo is the path of a picture on this host that stands above the pages,
	// instead of the name, 40 pixels high; it is read out as the name.
	Logo string

	// Style is CSS that is added to ours.
	Style string

	// Files overrides templates and texts, file by file of the root:
	//
	//   - login.html, account.html, layout.html… each take the place of our page
	//     or part of that name; a name that we don't have is a fault. Templates are
	//     of html/template and get a [Page]. They define "content" as ours do.
	//   - en.toml, fr.toml have texts that take the place of ours or join them, and
	//     de.toml all texts of a language more.
	Files fs.FS

	// Texts replaces single texts, by language and key, or adds them:
	//
	//	Texts: map[string]map[string]string{
	//		"en": {"login.heading": "Welcome back", "field.company": "Company"},
	//		"fr": {"login.heading": "Bonjour", "field.company": "Société"},
	//	}
	//
	// They win over those of Files. What several pages say is one text, such as
	// field.password and fault.throttled; a page that has one of its own, as
	// reset.field.password or reset.throttled, says that. Each language has the same keys, and a text has
	// the same verbs (%s, %d, or %[1]s out of order) in each; their values are
	// those that ours has. The texts are plain; nothing in them is HTML.
	Texts map[string]map[string]string

	// Languages lists the languages that are offered (BCP 47), the first for who
	// accepts none of them. Default: en, fr and those that Files and Texts add.
	Languages []string
}
