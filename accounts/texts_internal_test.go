package accounts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func ourCatalog(t testing.TB) *catalog {
	t.Helper()
	c, err := newCatalog(&Look{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTextsOfTheProgram: what the code and the templates say is in the catalog, with as
// many values as they have.
func TestTextsOfTheProgram(t *testing.T) {
	c := ourCatalog(t)
	seen := 0
	check := func(where, key string, values int) {
		seen++
		text, ok := c.texts["en"][key]
		if !ok {
			t.Errorf("%s: there is no text %q", where, key)
		} else if values >= 0 && text.values() != values {
			t.Errorf("%s: text %q has %d values, gets %d", where, key, text.values(), values)
		}
	}
	constant := func(e ast.Expr) string {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, _ := strconv.Unquote(lit.Value)
			return s
		}
		return ""
	}
	likeKey, sections := regexp.MustCompile(`^[a-z-]+(\.[a-z0-9_-]+)+$`), map[string]bool{}
	for key := range c.texts["en"] {
		section, _, _ := strings.Cut(key, ".")
		sections[section] = true
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if name, ok := n.Type.(*ast.Ident); n.Type != nil && (!ok || name.Name != "message") {
					break
				}
				key, values := "", 0
				for i, e := range n.Elts {
					name := []string{"key", "args", ""}[min(i, 2)]
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						id, _ := kv.Key.(*ast.Ident)
						if id == nil {
							return true
						}
						name, e = id.Name, kv.Value
					}
					switch name {
					case "key":
						key = constant(e)
					case "args":
						values = -1
						if args, ok := e.(*ast.CompositeLit); ok {
							values = len(args.Elts)
						}
					default:
						return true
					}
				}
				if n.Type != nil && key != "" {
					check(set.Position(n.Pos()).String(), key, values)
				}
			case *ast.CallExpr: // of a form: wrong(field, key, values…)
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "wrong" && len(n.Args) > 1 && constant(n.Args[1]) != "" {
					check(set.Position(n.Pos()).String(), constant(n.Args[1]), len(n.Args)-2)
				}
			case *ast.BasicLit: // one that looks like a key is one
				key := constant(n)
				if section, _, _ := strings.Cut(key, "."); likeKey.MatchString(key) && sections[section] && !strings.HasSuffix(key, ".html") {
					check(set.Position(n.Pos()).String(), key, -1)
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok && (id.Name == "submit" || id.Name == "label") && constant(n.Value) != "" {
					check(set.Position(n.Pos()).String(), constant(n.Value), 0)
				}
			}
			return true
		})
	}
	call := regexp.MustCompile(`\{\{-?\s*text "([^"]+)"([^}]*)\}\}`)
	if err := fs.WalkDir(ourPages, "pages", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		source, err := ourPages.ReadFile(path)
		for _, m := range call.FindAllStringSubmatch(string(source), -1) {
			check(path, m[1], len(strings.Fields(m[2])))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if seen < 40 {
		t.Errorf("only %d texts are said", seen)
	}
}

// TestTextsAreTidy: a text is what is shown: no markup, no two spaces, the same end in
// both languages.
func TestTextsAreTidy(t *testing.T) {
	c := ourCatalog(t)
	end := func(s string) rune { r, _ := utf8.DecodeLastRuneInString(s); return r }
	for _, lang := range c.langs {
		for key := range c.texts[lang] {
			s := strings.Join(c.texts[lang][key].parts, "x")
			if strings.Contains(s, "  ") || strings.TrimSpace(s) != s || strings.ContainsAny(s, "<>'\"") {
				t.Errorf("%s %s: %q", lang, key, s)
			}
			if en := strings.Join(c.texts["en"][key].parts, "x"); unicode.IsPunct(end(en)) != unicode.IsPunct(end(s)) && en != s {
				t.Errorf("%s ends in one language only: %q, %q", key, en, s)
			}
			if lang == "fr" && regexp.MustCompile(`[^\x{a0}][:;?!]|\x{ab}`).MatchString(s) {
				t.Errorf("fr %s: no no-break space before a colon or a mark: %q", key, s)
			}
		}
	}
}

// TestLanguage: which language a browser gets.
func TestLanguage(t *testing.T) {
	c := ourCatalog(t)
	for accept, want := range map[string]string{
		"":                             "en",
		"fr":                           "fr",
		"fr-CA, en;q=0.5":              "fr",
		"FR":                           "fr",
		"de, fr;q=0.8, en;q=0.7":       "fr",
		"de":                           "en",
		"en-GB,fr;q=0.9":               "en",
		"fr;q=0, en;q=0.1":             "en",
		"*":                            "en",
		"en;q=0.2, fr;q=0.9":           "fr",
		"not a language;;;":            "en",
		"fr" + strings.Repeat("-x", 9): "fr",
		strings.Repeat("fr,", 101):     "en", // too long to look at
		"\xff":                         "en",
	} {
		if got := c.choose([]string{accept}); got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
	if got := c.choose(nil); got != "en" {
		t.Errorf("no header field: %s", got)
	}
	one, err := newCatalog(&Look{Languages: []string{"fr"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := one.choose([]string{"en"}); got != "fr" {
		t.Errorf("of one language: %s", got)
	}
}

// FuzzLanguage: whatever browsers send, it is one of our languages.
func FuzzLanguage(f *testing.F) {
	for _, s := range []string{"", "fr", "fr-CA, en;q=0.5", "*", ";;", "-", "x-y", "\xff", "en;q=2"} {
		f.Add(s)
	}
	c := ourCatalog(f)
	f.Fuzz(func(t *testing.T, s string) {
		if got := c.choose([]string{s}); got != "en" && got != "fr" {
			t.Errorf("%q: %q", s, got)
		}
	})
}

// TestTimes: times in words, and how long something takes, without plurals. No line ends
// between a number and its unit.
func TestTimes(t *testing.T) {
	c := ourCatalog(t)
	now := time.Date(2026, 3, 12, 14, 5, 0, 0, time.UTC)
	for _, k := range []struct {
		before time.Duration
		en, fr string
	}{
		{-time.Hour, "just now", "à l’instant"},
		{0, "just now", "à l’instant"},
		{59 * time.Second, "just now", "à l’instant"},
		{time.Minute, "1 min ago", "il y a 1 min"},
		{59*time.Minute + 59*time.Second, "59 min ago", "il y a 59 min"},
		{time.Hour, "1 h ago", "il y a 1 h"},
		{2*day - 1, "47 h ago", "il y a 47 h"},
		{2 * day, "2 days ago", "il y a 2 jours"},
		{30*day - 1, "29 days ago", "il y a 29 jours"},
		{30 * day, "10 February 2026", "10 février 2026"},
	} {
		for lang, want := range map[string]string{"en": k.en, "fr": k.fr} {
			got, err := c.ago(lang, now.Add(-k.before), now)
			if unbroken := regexp.MustCompile(`(\d) (s|min|h|days|jours)\b`).ReplaceAllString(want, "$1\u00a0$2"); err != nil || got != unbroken {
				t.Errorf("%v: %q, %v, want %q", k.before, got, err, want)
			}
		}
	}
	for d, want := range map[time.Duration]string{
		0: "1 s", time.Nanosecond: "1 s", 59 * time.Second: "59 s", time.Minute: "60 s", time.Minute + 1: "2 min", 119 * time.Second: "2 min",
		30 * time.Minute: "30 min", 30*time.Minute + time.Second: "31 min", time.Hour: "60 min", 2 * time.Hour: "2 h", 150 * time.Minute: "150 min",
		day: "24 h", 2 * day: "2 days", 49 * time.Hour: "49 h", 30 * day: "30 days",
	} {
		if got, err := c.duration("en", d); err != nil || got != strings.ReplaceAll(want, " ", "\u00a0") {
			t.Errorf("%v: %q, %v, want %q", d, got, err, want)
		}
	}
	paris := time.FixedZone("", 3600)
	if got, err := c.exact("fr", now.In(paris)); err != nil || got != "12 mars 2026, 14:05 UTC" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestDevice: what User-Agents are of, as users would say.
func TestDevice(t *testing.T) {
	c := ourCatalog(t)
	const apple, chrome = "AppleWebKit/537.36 (KHTML, like Gecko)", "Chrome/138.0.0.0 Safari/537.36"
	for agent, want := range map[string]string{
		firefox: "Firefox on Linux",
		iphone:  "Safari on iPhone",
		windows: "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15": "Safari on macOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + apple + " " + chrome:                                               "Chrome on macOS",
		"Mozilla/5.0 (Linux; Android 10; K) " + apple + " Chrome/138.0.0.0 Mobile Safari/537.36":                                "Chrome on Android",
		"Mozilla/5.0 (Linux; Android 10; K) " + apple + " SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":            "Samsung Internet on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + apple + " " + chrome:                                                      "Chrome on ChromeOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + apple + " " + chrome + " OPR/119.0.0.0":                                  "Opera on Windows",
		"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/138.0 Mobile/15E148 Safari/604.1":             "Chrome on iPad",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 FxiOS/140.0 Mobile/15E148 Safari/605.1.15": "Firefox on iPhone",
		"Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko":                                                         "Internet Explorer on Windows",
		"Mozilla/5.0 (X11; Linux x86_64)": "Browser on Linux",
		"Firefox/1":                       "Firefox",
		"curl/8.14.1":                     "curl/8.14.1",
		"":                                "Unknown device",
		" \t\u202e\u200b":                 "Unknown device",
		"a\u202eb\x00c\x1b[31md\r\ne":     "abc[31mde",
		"<b>&amp;":                        "<b>&amp;", // the pages escape it
		strings.Repeat("é", 150):          strings.Repeat("é", 100),
		"\xff\xfe bad":                    "bad",
		strings.Repeat("x", maxAgent) + " Firefox/1.0": strings.Repeat("x", 100),
	} {
		if got, err := c.device("en", agent); err != nil || got != want {
			t.Errorf("%.60q: %q, %v, want %q", agent, got, err, want)
		}
	}
	for agent, want := range map[string]string{firefox: "Firefox sur Linux", "": "Appareil inconnu", "(X11; Linux)": "Navigateur sur Linux"} {
		if got, err := c.device("fr", agent); err != nil || got != want {
			t.Errorf("%.60q: %q, %v, want %q", agent, got, err, want)
		}
	}
}

// FuzzDevice: no more than 100 characters, all of which are seen.
func FuzzDevice(f *testing.F) {
	for _, s := range []string{firefox, "", "curl/8.14.1", "\u202e", "\xff", strings.Repeat("é", 150), "%s%d"} {
		f.Add(s)
	}
	c := ourCatalog(f)
	f.Fuzz(func(t *testing.T, agent string) {
		got, err := c.device("en", agent)
		if err != nil || got == "" || utf8.RuneCountInString(got) > 100 || !utf8.ValidString(got) ||
			strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: %q, %v", agent, got, err)
		}
	})
}
