package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// asset is a file that pages load. Its name has a digest of its content, so browsers
// may keep it for good.
type asset struct{ path, kind, digest, content string }

// assets gives the stylesheet, with what the application adds, and the script.
func assets(base, own string) (style, script asset, err error) {
	if !utf8.ValidString(own) {
		return style, script, errors.New("accounts: Look.Style is not UTF-8")
	}
	if !strings.HasPrefix(base, "/") || strings.HasPrefix(base, "//") || strings.ContainsAny(base, "{}\\ ") {
		return style, script, errors.New("accounts: the path of the stylesheet is not one of this host")
	}
	css, _ := ourPages.ReadFile("pages/style.css")
	js, _ := ourPages.ReadFile("pages/show.js")
	if own != "" {
		css = append(append(css, '\n'), own...)
	}
	return newAsset(base, "style", ".css", "text/css; charset=utf-8", string(css)),
		newAsset(base, "show", ".js", "text/javascript; charset=utf-8", string(js)), nil
}

func newAsset(base, name, ext, kind, content string) asset {
	sum := sha256.Sum256([]byte(content))
	digest := hex.EncodeToString(sum[:8])
	return asset{path.Join(base, name+"-"+digest+ext), kind, digest, content}
}

// Stylesheet is the path of the stylesheet of the pages, for pages of the application
// that want to look alike: its classes and properties are described in docs/accounts.md.
func (a *Accounts) Stylesheet() string { return a.pages.style.path }

// static adds the routes of what pages load. Everybody may have it, whoever they
// are.
func (p *pages) static(r fsa.Router) {
	for _, a := range []asset{p.style, p.script} {
		fsa.Get(r, a.path, authz.Open(), a.answer, fsa.Authn("none"), fsa.Doc("what the pages of accounts load"))
	}
}

func (a asset) answer(context.Context, fsa.None) (fsa.Response, error) {
	return fsa.Response{
		Header: http.Header{"Cache-Control": {"public, max-age=31536000, immutable"}, "Cross-Origin-Resource-Policy": {"same-origin"}},
		Body:   fsa.Content{Type: a.kind, ETag: a.digest, Body: strings.NewReader(a.content)},
	}, nil
}
