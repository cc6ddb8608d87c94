package redirect_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/redirect"
)

var targets = []struct {
	target, want string // "": refused
}{
	{"/", "/"},
	{"/a", "/a"},
	{"/a/", "/a/"},
	{"/a/b.c/..d/e..", "/a/b.c/..d/e.."},
	{"/a?b=c&d=/e//f/../g", "/a?b=c&d=/e//f/../g"},
	{"/a?u=https://evil.example/", "/a?u=https://evil.example/"},
	{"/a?", "/a?"},
	{"/a??b", "/a??b"},
	{"/a?x=ü \"", "/a?x=%C3%BC%20%22"},
	{"/café", "/caf%C3%A9"},
	{"/a b", "/a%20b"},
	{"/a%20b", "/a%20b"},
	{"/a%2Fb", "/a%2Fb"},
	{"/a:b@c", "/a:b@c"},
	{"/@evil.example", "/@evil.example"},
	{"/%40", "/%40"},
	{"/a;b=c", "/a;b=c"},

	{"", ""},
	{"a", ""},
	{"?a", ""},
	{"./a", ""},
	{"../a", ""},
	{"//evil.example", ""},
	{"///evil.example", ""},
	{"////evil.example", ""},
	{`/\evil.example`, ""},
	{`\/evil.example`, ""},
	{`\\evil.example`, ""},
	{`\evil.example`, ""},
	{`/a\..\..\\evil.example`, ""},
	{"/%5Cevil.example", ""},
	{"/%5cevil.example", ""},
	{"/%2Fevil.example", ""},
	{"/%2f%2fevil.example", ""},
	{"/%252Fevil.example", ""},
	{"/%255Cevil.example", ""},
	{"/%2509/evil.example", ""},
	{"/\t/evil.example", ""},
	{"/\n/evil.example", ""},
	{"/%09/evil.example", ""},
	{"/%0a/evil.example", ""},
	{"/%00", ""},
	{"\t//evil.example", ""},
	{" //evil.example", ""},
	{" /a", ""},
	{"\x00/a", ""},
	{"/a\r\nSet-Cookie: a=b", ""},
	{"/a?x=\r\nSet-Cookie: a=b", ""},
	{"/a%0d%0aSet-Cookie:%20a=b", ""},
	{"/a?\x7f", ""},
	{"/./a", ""},
	{"/.//evil.example", ""},
	{"/..//evil.example", ""},
	{"/a/..//evil.example", ""},
	{"/a/../b", ""},
	{"/a/..", ""},
	{"/%2e%2e/a", ""},
	{"/%2e/%2fevil.example", ""},
	{"/a//b", ""},
	{"https:evil.example", ""},
	{"https:/evil.example", ""},
	{"https://evil.example", ""},
	{"https:\\\\evil.example", ""},
	{"https://host.example@evil.example/", ""},
	{"https://host.example.evil.example/", ""},
	{"HTTPS:/a", ""},
	{"javascript:alert(1)", ""},
	{"data:text/html,x", ""},
	{"evil.example", ""},
	{"evil.example:80/a", ""},
	{"/a#b", ""},
	{"/%", ""},
	{"/%zz", ""},
	{"/" + strings.Repeat("a", 5000), ""},
}

// S60.
func TestLocal(t *testing.T) {
	for _, c := range targets {
		got, ok := redirect.Local(c.target)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q: %q %v, want %q", c.target, got, ok, c.want)
		}
	}
}

// browserHost gives the host that a browser goes to from https://host.example/x/
// when it is told target, by the states of the URL Standard (4.4) that decide on
// it: "scheme start" to "authority", for a special scheme.
func browserHost(target string) string {
	target = strings.TrimFunc(target, func(r rune) bool { return r <= ' ' })
	target = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(target)
	rest, scheme := target, "https"
	if i := strings.IndexByte(target, ':'); i > 0 && isScheme(target[:i]) {
		scheme, rest = strings.ToLower(target[:i]), target[i+1:]
		switch scheme {
		case "https":
			// The base has the same scheme: what follows is read as if there
			// were none.
		case "http", "ws", "wss", "ftp":
			return authority(strings.TrimLeft(rest, `/\`)) // special authority ignore slashes
		default:
			return "scheme " + scheme
		}
	}
	if slash(rest, 0) && slash(rest, 1) { // relative slash
		return authority(strings.TrimLeft(rest, `/\`))
	}
	return "host.example"
}

func isScheme(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", c)) {
			return false
		}
	}
	return true
}

func slash(s string, i int) bool { return len(s) > i && (s[i] == '/' || s[i] == '\\') }

func authority(s string) string {
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	return "host " + s[strings.LastIndexByte(s, '@')+1:]
}

// TestBrowserHost: what the fuzzer compares with knows the tricks.
func TestBrowserHost(t *testing.T) {
	for target, want := range map[string]string{
		"/a": "host.example", "a": "host.example", "https:a": "host.example", "/.//e": "host.example", "?//e": "host.example", "a:b": "scheme a",
		"//e": "host e", `/\e`: "host e", `\\e/x`: "host e", "/\t/e": "host e", " \x01//e": "host e", "https://e:1/": "host e:1", "http:e": "host e",
		`https:\/u:p@e`: "host e", "////e": "host e", "javascript:x": "scheme javascript",
	} {
		if got := browserHost(target); got != want {
			t.Errorf("%q: %s, want %s", target, got, want)
		}
	}
}

// FuzzLocal: no browser leaves the host by a target that is let through, nor by
// what is left of it when somebody decodes or cleans it once more; and letting
// through what has been let through changes nothing.
func FuzzLocal(f *testing.F) {
	for _, c := range targets {
		f.Add(c.target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		location, ok := redirect.Local(target)
		if !ok {
			if location != "" {
				t.Errorf("%q is refused and %q", target, location)
			}
			return
		}
		for _, l := range []string{target, location} {
			if host := browserHost(l); host != "host.example" {
				t.Errorf("%q leads to %s by %q", target, host, l)
			}
		}
		if strings.ContainsFunc(location, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q becomes %q", target, location)
		}
		if again, ok := redirect.Local(location); !ok && len(location) <= 4096 || ok && again != location {
			t.Errorf("%q becomes %q, and that %q %v", target, location, again, ok)
		}
		u, err := url.Parse(location)
		if err != nil || u.Host != "" || u.Scheme != "" || u.User != nil || u.Fragment != "" {
			t.Errorf("%q is %+v, %v", location, u, err)
			return
		}
		base, _ := url.Parse("https://host.example/x/")
		if r := base.ResolveReference(u); r.Host != "host.example" {
			t.Errorf("%q resolves to %v", location, r)
		}
		path, _, _ := strings.Cut(location, "?")
		for range 2 {
			if path, err = url.PathUnescape(path); err != nil {
				break
			}
			if host := browserHost(path); host != "host.example" {
				t.Errorf("%q, decoded to %q, leads to %s", target, path, host)
			}
		}
	})
}
