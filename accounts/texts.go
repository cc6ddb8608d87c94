package accounts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
)

//go:embed texts/*.toml
var ourTexts embed.FS

// text is a text of the catalog, cut at its verbs: parts[0], value of order[0],
// parts[1]… Values are written by [catalog.value], whatever their verb.
type text struct {
	parts []string
	order []int // which value comes between the parts, from 0
}

// catalog has all texts in all languages. It is never changed once it is made.
type catalog struct {
	langs   []string // the first is for who accepts none of them
	matcher language.Matcher
	texts   map[string]map[string]text // by language, then by key
}

// newCatalog merges our texts with those of the application and checks that all
// languages have the same. Its error joins all that is wrong.
func newCatalog(look *Look) (*catalog, error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("accounts: "+format, args...)) }

	raw := map[string]map[string]string{}
	add := func(lang, source string, texts map[string]string) {
		if tag, err := language.Parse(lang); err != nil || tag.String() != lang {
			wrong("%s: %q is no language in its usual form, such as fr or pt-BR", source, lang)
			return
		}
		if raw[lang] == nil {
			raw[lang] = map[string]string{}
		}
		maps.Copy(raw[lang], texts)
	}
	read := func(fsys fs.FS, name string) {
		texts, err := readTexts(fsys, name)
		if err != nil {
			wrong("texts %s: %w", name, err)
			return
		}
		add(strings.TrimSuffix(path.Base(name), ".toml"), "texts "+name, texts)
	}
	ours, _ := fs.Glob(ourTexts, "texts/*.toml")
	for _, name := range ours {
		read(ourTexts, name)
	}
	standard := maps.Clone(raw["en"]) // says which values our texts get
	if look.Files != nil {
		names, err := fs.Glob(look.Files, "*.toml")
		if err != nil {
			wrong("Look.Files: %w", err)
		}
		for _, name := range names {
			read(look.Files, name)
		}
	}
	for _, lang := range slices.Sorted(maps.Keys(look.Texts)) {
		add(lang, "Look.Texts", look.Texts[lang])
	}

	c := &catalog{langs: look.Languages, texts: map[string]map[string]text{}}
	if len(c.langs) == 0 {
		c.langs = []string{"en", "fr"}
		for _, lang := range slices.Sorted(maps.Keys(raw)) {
			if !slices.Contains(c.langs, lang) {
				c.langs = append(c.langs, lang)
			}
		}
	}
	var tags []language.Tag
	all := map[string]int{} // how many values the text of a key has
	for key, t := range standard {
		parsed, err := parseText(t)
		if err != nil {
			wrong("texts en.toml: %q %w", key, err)
		}
		all[key] = parsed.values()
	}
	for i, lang := range c.langs {
		if raw[lang] == nil || slices.Contains(c.langs[:i], lang) {
			wrong("Look.Languages has %q, which has no texts or is there twice: add %s.toml to Look.Files, or take it out", lang, lang)
			continue
		}
		tags = append(tags, language.Make(lang))
		c.texts[lang] = map[string]text{}
		for _, key := range slices.Sorted(maps.Keys(raw[lang])) {
			t, err := parseText(raw[lang][key])
			if err != nil {
				wrong("text %q in language %s %w", key, lang, err)
				continue
			}
			if n, known := values(all, key); !known {
				all[key] = t.values()
			} else if n != t.values() {
				wrong("text %q in language %s has verbs for %d values, but gets %d: write each %%s once, or %%[1]s", key, lang, t.values(), n)
			}
			c.texts[lang][key] = t
		}
	}
	for _, lang := range c.langs {
		var missing []string
		for _, key := range slices.Sorted(maps.Keys(all)) {
			if _, ok := raw[lang][key]; !ok && raw[lang] != nil {
				missing = append(missing, key)
			}
		}
		if n := len(missing); n > 0 {
			more := ""
			if n > 10 {
				missing, more = missing[:10], fmt.Sprintf(" and %d more", n-10)
			}
			wrong("language %s lacks the texts %s%s, which others have: add them to Look.Texts or %s.toml of Look.Files, or leave the language out of Look.Languages",
				lang, strings.Join(missing, ", "), more, lang)
		}
		if d := raw[lang]["direction"]; d != "ltr" && d != "rtl" && d != "" {
			wrong(`text "direction" in language %s is %q: it is ltr or rtl`, lang, d)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// readTexts reads a file of texts: tables within tables, whose names are joined by
// dots.
func readTexts(fsys fs.FS, name string) (map[string]string, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("line %d: %s", syntax.Position.Line, syntax.Message)
		}
		return nil, err
	}
	texts := map[string]string{}
	var flatten func(prefix string, tree map[string]any) error
	flatten = func(prefix string, tree map[string]any) error {
		for key, value := range tree {
			switch v := value.(type) {
			case string:
				if _, twice := texts[prefix+key]; twice {
					return fmt.Errorf("%q is there twice", prefix+key)
				}
				texts[prefix+key] = v
			case map[string]any:
				if err := flatten(prefix+key+".", v); err != nil {
					return err
				}
			default:
				return fmt.Errorf("%q is not a text: put it in quotes", prefix+key)
			}
		}
		return nil
	}
	return texts, flatten("", tree)
}

// parseText cuts a text at its verbs.
func parseText(s string) (text, error) {
	if s == "" || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return text{}, errors.New("is empty, not UTF-8, or has a line break or another control character")
	}
	var t text
	part, next := "", 0
	for {
		before, rest, found := strings.Cut(s, "%")
		part += before
		if !found {
			break
		}
		n := next
		if strings.HasPrefix(rest, "[") {
			digits, after, closed := strings.Cut(rest[1:], "]")
			i, err := strconv.Atoi(digits)
			if !closed || err != nil || i < 1 || i > 9 {
				return text{}, errors.New("has a verb with a wrong index: it is as in %[1]s")
			}
			n, rest = i-1, after
		}
		switch {
		case strings.HasPrefix(rest, "%"):
			part += "%"
		case strings.HasPrefix(rest, "s"), strings.HasPrefix(rest, "d"):
			t.parts, t.order = append(t.parts, part), append(t.order, n)
			part, next = "", n+1
		default:
			return text{}, errors.New("has a verb that is not one of %s, %d, %[1]s; a percent sign is written %%")
		}
		s = rest[1:]
	}
	t.parts = append(t.parts, part)
	for i := range t.values() {
		if !slices.Contains(t.order, i) {
			return text{}, fmt.Errorf("leaves out value %d", i+1)
		}
	}
	return t, nil
}

// values is how many values a text has.
func (t text) values() int {
	if len(t.order) == 0 {
		return 0
	}
	return slices.Max(t.order) + 1
}

// maxAcceptLanguage is how much of the header field is looked at.
const maxAcceptLanguage = 300

// choose gives the language for who sends the Accept-Language (RFC 9110, 12.5.4).
func (c *catalog) choose(accept []string) string {
	if len(c.langs) == 1 || len(accept) == 0 || len(accept[0]) > maxAcceptLanguage {
		return c.langs[0]
	}
	tags, _, err := language.ParseAcceptLanguage(accept[0])
	if err != nil {
		return c.langs[0]
	}
	_, i, _ := c.matcher.Match(tags...)
	return c.langs[i]
}

func (c *catalog) has(key string) bool {
	_, ok := c.texts[c.langs[0]][key]
	return ok
}

// of gives the key of a page's own text, if there is one ("reset.throttled"), else that
// of the text that all pages have in common ("fault.throttled").
func (c *catalog) of(page, common, name string) string {
	if own := page + "." + name; c.has(own) {
		return own
	}
	return common + "." + name
}

// values is how many values the text of a key must have. One that a page has of its own
// has those of the common one.
func values(all map[string]int, key string) (n int, known bool) {
	if n, known = all[key]; !known && strings.HasSuffix(key, ".throttled") {
		n, known = all["fault.throttled"]
		all[key] = n // in each language
	}
	return n, known
}

// say gives a text with its values. It fails if there is no such text, or the values
// are not as many: a page is not to say "%!s(MISSING)".
func (c *catalog) say(lang, key string, args ...any) (string, error) {
	t, ok := c.texts[lang][key]
	if !ok {
		return "", fmt.Errorf("accounts: there is no text %q in language %q", key, lang)
	}
	if len(args) != t.values() {
		return "", fmt.Errorf("accounts: text %q gets %d values instead of %d", key, len(args), t.values())
	}
	if len(t.order) == 0 {
		return t.parts[0], nil
	}
	var b strings.Builder
	for i, n := range t.order {
		value, err := c.value(lang, args[n])
		if err != nil {
			return "", fmt.Errorf("accounts: text %q: %w", key, err)
		}
		b.WriteString(t.parts[i])
		b.WriteString(value)
	}
	b.WriteString(t.parts[len(t.order)])
	return b.String(), nil
}

// value writes what is filled into a text.
func (c *catalog) value(lang string, arg any) (string, error) {
	switch v := arg.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case message:
		return c.say(lang, v.key, v.args...)
	case time.Duration:
		return c.duration(lang, v)
	case time.Time:
		return c.exact(lang, v)
	}
	return "", fmt.Errorf("a value is a %T, which is no string, int, message, time.Duration or time.Time", arg)
}
