package param_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fastsimpleauth/fsa/param"
)

// multipartForm makes a request with a form as package mime/multipart writes it.
func multipartForm(pairs ...string) *http.Request {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w.WriteField(pairs[i], pairs[i+1])
	}
	w.Close()
	return post(w.FormDataContentType(), b.String())
}

func TestMultipart(t *testing.T) {
	type in struct {
		A int
		B string   `param:"b,optional"`
		L []string `param:"l,optional"`
		S *struct{ X int }
		Q string `param:"q\"\\,optional"`
	}
	v, err := bind[in](t, strict, multipartForm("a", "0x11", "b", "x\r\n--y\r\n", "l", "é", "l", "", "s", `{"X":1}`, `q"\`, "z"))
	if err != nil || v.A != 17 || v.B != "x\r\n--y\r\n" || len(v.L) != 2 || v.L[0] != "é" || v.S.X != 1 || v.Q != "z" {
		t.Errorf("%+v, %v", v, err)
	}
	const (
		unreadable  = "the form in the body cannot be read: "
		boundary    = unreadable + "a part does not begin or end with the boundary"
		header      = unreadable + "a part has a malformed header"
		disposition = unreadable + "a part has no valid Content-Disposition: form-data with a name"
		type_       = unreadable + "a part is neither text/plain nor application/json in UTF-8, nor a file"
		tooMany     = unreadable + "a part has more than 64 header fields, or more than 8192 bytes of them"
	)
	part := func(header, value string) string { return "--x\r\n" + header + "\r\n\r\n" + value + "\r\n" }
	const a = `Content-Disposition: form-data; name="a"`
	for _, c := range []struct{ body, want string }{
		{part(a, "1") + "--x--\r\n", ""},
		{part(a, "1") + "--x--", ""},
		{part(strings.ToLower(a), "1") + "--x--", ""},
		{part("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=a", "1") + "--x--", ""}, // as .NET
		{part(a+"\r\nContent-Type: application/json", "1") + "--x--", ""},
		{part(a+"\r\nContent-Transfer-Encoding: 8bit\r\nX: y", "1") + "--x--", ""},
		{part(`Content-Disposition:form-data;name="a"`, "1") + "--x--", ""},
		{part(`Content-Disposition: form-data; name="\a"`, "1") + "--x--", "parameter \"a\" is missing\nunexpected parameter whose name does not look like one"},
		{part(`Content-Disposition: form-data ; name=a `, "1") + "--x--", ""},
		{"--x--", `parameter "a" is missing`},
		{part(a, "x") + "--x--", `parameter "a" is not an integer: "x"`},
		{part(a, "1") + part(a, "1") + "--x--", `parameter "a" is given 2 times`},
		{part(a, "1") + part(`Content-Disposition: form-data; name="z"`, "1") + "--x--", `unexpected parameter "z"`},
		{part(a+`; filename="f"`, "1") + "--x--", `parameter "a" is a file, where a value is expected`},
		{part(a+`; filename*=utf-8''f`, "1") + "--x--", `parameter "a" is a file, where a value is expected`},
		{part(a+`; filename=""`, "1") + "--x--", `parameter "a" is a file, where a value is expected`},
		{part(a, "1") + part(`Content-Disposition: form-data; name="l"; filename="f"`+"\r\nContent-Type: image/png", "1") + "--x--", `parameter "l" is a file, where a value is expected`},
		{part(a, "1") + part(a+`; filename="f"`, "1") + "--x--", `parameter "a" both from form and file`},
		{part(a, "1") + strings.Repeat(part(`Content-Disposition: form-data; name="f"; filename="f"`, ""), 10) + "--x--", `unexpected parameter "f"`},
		{part(a, "1") + strings.Repeat(part(`Content-Disposition: form-data; name="f"; filename="f"`, ""), 11) + "--x--", unreadable + "more than 10 files"},
		{part(a, "1") + strings.Repeat(part(`Content-Disposition: form-data; name="l"`, ""), 999) + "--x--", ""},
		{part(a, "1") + strings.Repeat(part(`Content-Disposition: form-data; name="l"`, ""), 1000) + "--x--", unreadable + "more than 1000 parameters"},
		{part(a+strings.Repeat("\r\nX: y", 63), "1") + "--x--", ""},
		{part(a+strings.Repeat("\r\nX: y", 64), "1") + "--x--", tooMany},
		{part(a+"\r\nX: "+strings.Repeat("y", 8<<10), "1") + "--x--", tooMany},

		{" " + part(a, "1") + "--x--", boundary},
		{"\r\n" + part(a, "1") + "--x--", boundary},
		{part(a, "1"), boundary},
		{part(a, "1") + "--x-", boundary},
		{part(a, "1") + "--x--y", boundary},
		{part(a, "--x "), boundary},
		{part(a, "--x--") + "--x--", boundary},
		{part(a, "1\n--x\n") + "--x--", boundary},
		{part(a, "1") + "--xy--", boundary},
		{part(a, "1") + "--x --", boundary},
		{part(a, "1") + "--x--\r\n\r\n", boundary},
		{strings.ReplaceAll(part(a, "1")+"--x--", "\r\n", "\n"), boundary},
		{"--x\r\n\r\n1\r\n--x--", disposition},
		{part("Content-Disposition: form-data", "1") + "--x--", disposition},
		{part("Content-Disposition: attachment; name=a", "1") + "--x--", disposition},
		{part(a+`; name="b"`, "1") + "--x--", disposition},
		{part(a+`; x="b"`, "1") + "--x--", disposition},
		{part(a+`;`, "1") + "--x--", disposition},
		{part(a+` ; ;`, "1") + "--x--", disposition},
		{part(`Content-Disposition: form-data; name="a`, "1") + "--x--", disposition},
		{part(`Content-Disposition: form-data; name="a\`, "1") + "--x--", disposition},
		{part(`Content-Disposition: form-data; name="a"b`, "1") + "--x--", disposition},
		{part(`Content-Disposition: form-data; name="a\>"`, "1") + "--x--", disposition},
		{part(`Content-Disposition: form-data; name*=utf-8''a`, "1") + "--x--", disposition},
		{part(`Content-Disposition: form-data; name=a b`, "1") + "--x--", disposition},
		{part(a+"\r\n"+a, "1") + "--x--", header},
		{part(a+"\r\nContent-Type: text/plain\r\ncontent-type: text/plain", "1") + "--x--", header},
		{part(a+"\r\n folded", "1") + "--x--", header},
		{part(a+"\r\nno colon", "1") + "--x--", header},
		{part(a+"\r\n: x", "1") + "--x--", header},
		{part(a+"\r\nX : x", "1") + "--x--", header},
		{part(a+"\r\nX: \x00", "1") + "--x--", header},
		{part(a+"\r\nX: a\nb", "1") + "--x--", header},
		{part(a+"\r\nX: \xff", "1") + "--x--", header},
		{"--x\r\n" + a, header},
		{part(a+"\r\nContent-Type: text/html", "1") + "--x--", type_},
		{part(a+"\r\nContent-Type: text/plain; charset=utf-16", "1") + "--x--", type_},
		{part(a+"\r\nContent-Type: ", "1") + "--x--", type_},
		{part(a+"\r\nContent-Transfer-Encoding: base64", "MQ==") + "--x--", unreadable + "a part has a Content-Transfer-Encoding"},
	} {
		if _, err := bind[in](t, strict, post("multipart/form-data; boundary=x", c.body)); fault(err) != c.want {
			t.Errorf("%.100q:\n got %q\nwant %q", c.body, fault(err), c.want)
		}
	}
	for _, contentType := range []string{"multipart/form-data", `multipart/form-data; boundary=""`, `multipart/form-data; boundary="x "`, "multipart/form-data; boundary=" + strings.Repeat("x", 71)} {
		if _, err := bind[in](t, strict, post(contentType, "--x--")); fault(err) != "the multipart/form-data has no valid boundary" {
			t.Errorf("%s: %q", contentType, fault(err))
		}
	}
	// Credentials are found there too, but not in a file.
	var src param.Source
	src.Reset(nil, multipartForm("p", "x"), 1000, false)
	if text, found, err := src.Text("p"); text != "x" || !found || err != nil {
		t.Errorf("%q, %t, %v", text, found, err)
	}
	src.Reset(nil, post("multipart/form-data; boundary=x", part(`Content-Disposition: form-data; name="p"; filename="f"`, "x")+"--x--"), 1000, false)
	src.Release()
	src.Reset(nil, post("multipart/form-data; boundary=x", part(`Content-Disposition: form-data; name="p"; filename="f"`, "x")+"--x--"), 1000, false)
	if text, found, err := src.Text("p"); text != "" || found || err == nil {
		t.Errorf("%q, %t, %v", text, found, err)
	}
}

// FuzzMultipart: what is read is what package mime/multipart reads. It reads more
// than we do, never something else.
func FuzzMultipart(f *testing.F) {
	for _, header := range []string{
		`Content-Disposition: form-data; name="a"`, `content-disposition: form-data; name=a`, `Content-Disposition: form-data; name="a\"\\b"`,
		`Content-Disposition: form-data; name="a"; filename="f"`, `Content-Disposition: form-data; name="a"; filename*=utf-8''f`,
		"Content-Disposition: form-data; name=\"é\"\r\nContent-Type: text/plain; charset=utf-8", "Content-Disposition: form-data; name*=utf-8''a",
		"X: y\r\n z", "Content-Disposition: form-data; name=\"a\"; name=b",
	} {
		f.Add("--x\r\n" + header + "\r\n\r\nvalue\r\n--x--\r\n")
		f.Add("--x\r\n" + header + "\r\n\r\nvalue\r\n--x\r\n" + header + "\r\n\r\n\r\n--x--")
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := param.Parts(strings.NewReader(body), "x")
		if whole, wholeErr := param.WholeParts(body, "x"); (err == nil) != (wholeErr == nil) || err == nil && !slices.Equal(got, whole) {
			t.Fatalf("%q:\nas a stream %q, %v\nas a whole  %q, %v", body, got, err, whole, wholeErr)
		}
		if slow, slowErr := param.Parts(iotest.OneByteReader(strings.NewReader(body)), "x"); slowErr != err || !slices.Equal(got, slow) {
			t.Fatalf("%q:\nat once %q, %v\nslowly  %q, %v", body, got, err, slow, slowErr)
		}
		checkRich(t, post("multipart/form-data; boundary=x", body), body)
		if err != nil {
			return
		}
		r := multipart.NewReader(strings.NewReader(body), "x")
		for i := 0; ; i += 2 {
			p, err := r.NextRawPart()
			if err == io.EOF && i == len(got) {
				return
			}
			if err == io.EOF && len(got) == 0 {
				return
			}
			if err != nil || i >= len(got) {
				t.Fatalf("%q: we read %q, mime/multipart ends after %d with %v", body, got, i/2, err)
			}
			value, err := io.ReadAll(p)
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			want := fmt.Sprintf("%s=%s", p.FormName(), value)
			if file := strings.HasPrefix(got[i+1], "file "); file {
				want = p.FormName() + "=file " + string(value)
			}
			if have := got[i] + "=" + got[i+1]; have != want {
				t.Fatalf("%q: we read %q, mime/multipart reads %q", body, have, want)
			}
		}
	})
}
