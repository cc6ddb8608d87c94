package fsa_test

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// fuzzApp is an application without a log, whose answer the fuzzer changes.
func fuzzApp() *fsa.App {
	return fsa.New("acme", fsa.Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
}

// FuzzEvents: whatever an event holds, a reader of the stream gets that event and
// no other, or none if it cannot be sent.
func FuzzEvents(f *testing.F) {
	for _, seed := range [][3]string{
		{"1", "added", "x"}, {"", "", "a\nb\r\nc\rd"}, {"a\nb", "", "x"}, {"", "a\rb", "x"}, {"a\x00", "", "x"}, {"", "", "\n\nevent: evil\ndata: y\n\n"},
		{" 1", " a", " "}, {"", "", ""}, {":", ":", ":"}, {"\ufeff", "\ufeff", "\ufeff"}, {"\xff", "\xff", "\xff\n\xff"},
	} {
		f.Add(seed[0], seed[1], seed[2], 0)
	}
	f.Add("", "", "x", 1500)
	var ev fsa.Event
	app := fuzzApp()
	fsa.Get(app, "/x", authz.Open(), func(context.Context, fsa.None) (iter.Seq[fsa.Event], error) {
		return func(yield func(fsa.Event) bool) { yield(ev) }, nil
	})
	f.Fuzz(func(t *testing.T, id, name, data string, ms int) {
		ev = fsa.Event{ID: id, Name: name, Data: data, Retry: time.Duration(ms%1e6) * time.Millisecond}
		bad := strings.ContainsAny(id, "\r\n\x00") || strings.ContainsAny(name, "\r\n") || ev.Retry < 0
		res := fsatest.New(t, app).Get("/x").Do()
		if bad != (res.Status == 500) || res.Aborted {
			t.Fatalf("%q: %d", ev, res.Status)
		}
		if bad {
			return
		}
		mended := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
		lines := strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")
		parts := strings.Split(lines, "\n")
		for i, p := range parts {
			parts[i] = mended(p)
		}
		want := fsa.Event{ID: mended(id), Name: mended(name), Data: strings.Join(parts, "\n"), Retry: ev.Retry}
		if got := res.Events(); len(got) != 1 || got[0] != want {
			t.Errorf("got  %q\nwant %q\nfrom %q", got, want, res.Body)
		}
	})
}

// FuzzHeaderOut: a value is that of its header field, as it is, or there is no
// answer. What is written is read by net/http.
func FuzzHeaderOut(f *testing.F) {
	for _, seed := range []string{"", "a", "a b", "a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\x00b", "a\tb", "\x7f", "é", "\xff", " a "} {
		f.Add(seed)
	}
	var value string
	app := fuzzApp()
	fsa.Get(app, "/x", authz.Open(), func(context.Context, fsa.None) (stored, error) { return stored{Trace: fsa.HeaderOut(value)}, nil })
	h, err := app.Handler()
	if err != nil {
		f.Fatal(err)
	}
	s := httptest.NewServer(h)
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, v string) {
		if len(v) > 10000 {
			return
		}
		value = v
		res, err := http.Get(s.URL + "/x")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		bad := strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
		switch {
		case bad != (res.StatusCode == 500), res.Header.Get("Set-Cookie") != "":
			t.Errorf("%q: %d %v", v, res.StatusCode, res.Header)
		case !bad && res.Header.Get("X-Trace") != strings.Trim(v, " \t"):
			t.Errorf("%q is read as %q", v, res.Header.Get("X-Trace"))
		}
	})
}

// FuzzAttachment: whatever name a file is given, readers of Content-Disposition find
// one name, without a path, and printable.
func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"", "a.txt", "../a", `..\a`, `a"b`, "a;b", "é.txt", "a\r\nb", "\u202e", "%00", "a'b*c", strings.Repeat("é", 300) + ".txt", ".", " . ", "\xff", "\ufffd"} {
		f.Add(seed)
	}
	var name string
	app := fuzzApp()
	fsa.Get(app, "/x", authz.Open(), func(context.Context, fsa.None) (fsa.Content, error) {
		return fsa.Content{Name: name, Attachment: true, Body: strings.NewReader("x")}, nil
	})
	f.Fuzz(func(t *testing.T, n string) {
		name = n
		field := fsatest.New(t, app).Get("/x").Expect(200).Header.Get("Content-Disposition")
		if strings.ContainsFunc(field, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q: %q is not printable ASCII", n, field)
		}
		disposition, params, err := mime.ParseMediaType(field)
		if err != nil || disposition != "attachment" || len(params) > 1 {
			t.Fatalf("%q: %q is %s %v, %v", n, field, disposition, params, err)
		}
		got := params["filename"]
		if strings.ContainsAny(got, `/\`) || strings.HasPrefix(got, ".") || len(got) > 200 || !utf8.ValidString(got) ||
			strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is stored as %q", n, got)
		}
		plain := n != "" && !strings.ContainsFunc(n, func(r rune) bool {
			return !unicode.IsPrint(r) || r == utf8.RuneError || strings.ContainsRune(`/\`, r)
		}) && strings.Trim(n, ". ") == n && len(n) <= 200
		if plain && got != n {
			t.Errorf("%q is stored as %q (%s)", n, got, field)
		}
	})
}
