package authn

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/fastsimpleauth/fsa/identity"
)

// Own is a scheme that the application brings. Its zero value is the careful one:
// it has no challenge, and its credential counts as ambient, so that unsafe
// requests of other origins' pages are refused.
type Own struct {
	SchemeName string

	// Find gives who sent the request, the zero Identity if the request holds
	// nothing for the scheme. The error of a credential that is not accepted
	// is made by [Refuse]. Find may read the body.
	Find func(*http.Request) (identity.Identity, error)

	// AuthScheme is what a challenge of the scheme begins with (RFC 9110,
	// 11.3), "" if it has none. Parameters are names and values in turn, of
	// what follows the realm.
	AuthScheme string
	Parameters []string

	NotAmbient bool         // no browser sends the credential by itself
	MaxBody    func() int64 // how many bytes of a body Find may read; nil for none
}

// Name is the SchemeName.
func (o *Own) Name() string { return o.SchemeName }

// Ambient is true unless NotAmbient.
func (o *Own) Ambient() bool { return !o.NotAmbient }

// Challenge is made of AuthScheme, the realm and the Parameters.
func (o *Own) Challenge(realm string, _ bool) string {
	if o.AuthScheme == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(o.AuthScheme + " realm=" + quoted(realm))
	for i := 0; i+1 < len(o.Parameters); i += 2 {
		b.WriteString(", " + o.Parameters[i] + "=" + quoted(o.Parameters[i+1]))
	}
	return b.String()
}

// Authenticate asks Find. What it answers is checked as far as it can be: an
// identity is of this scheme and of the route's realm.
func (o *Own) Authenticate(q *Request) (*identity.Identity, error) {
	r := q.HTTP.WithContext(q.HTTP.Context())
	if r.Body != nil && r.Body != http.NoBody {
		body := &ownBody{q: q}
		if o.MaxBody != nil {
			body.limit = o.MaxBody()
		}
		defer body.end()
		r.Body = body
	}
	defer func() {
		if r.MultipartForm != nil {
			r.MultipartForm.RemoveAll() // the server knows only that of its own request
		}
	}()
	found, err := o.Find(r)
	if err != nil {
		return nil, err
	}
	id := found.Clone()
	switch {
	case nobody(&id):
		return nil, nil
	case id.Login == "":
		return nil, errors.New("scheme " + o.SchemeName + " gave an identity without a login")
	case !isLogin(id.Login):
		return nil, Refuse("malformed login: too long, not UTF-8, or control characters")
	case id.Realm != "" && id.Realm != q.Realm:
		return nil, Refuse("the identity is of another realm")
	}
	id.Scheme, id.Realm = o.SchemeName, q.Realm
	return &id, nil
}

// nobody reports whether nothing of an identity is set.
func nobody(id *identity.Identity) bool {
	return id.Login == "" && id.Scheme == "" && id.Realm == "" && id.Stage == "" &&
		len(id.Scopes) == 0 && len(id.Factors) == 0 && id.AuthTime.IsZero()
}

// ownBody is the body of a request as [Own.Find] reads it: from its beginning,
// whoever has read it before, and for others to read after. Nothing is read
// before Find does.
type ownBody struct {
	q     *Request
	limit int64
	text  io.Reader
}

func (b *ownBody) Read(p []byte) (int, error) {
	if b.text == nil {
		b.text = b.open()
	}
	return b.text.Read(p)
}

func (b *ownBody) Close() error { return nil }

// end is for a Find that has kept the request: the body is others' after it.
func (b *ownBody) end() { b.q = nil }

func (b *ownBody) open() io.Reader {
	if b.q == nil {
		return failing{http.ErrBodyReadAfterClose}
	}
	r := b.q.HTTP
	if body, taken, err := b.q.Params.Body(); taken {
		return replay(bytes.Clone(body), err) // that of Params is wiped
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, b.limit))
	r.Body = io.NopCloser(replay(body, err))
	return replay(body, err)
}

// replay reads what has been read before, with the error at its end.
func replay(body []byte, err error) io.Reader {
	if err == nil {
		return bytes.NewReader(body)
	}
	return io.MultiReader(bytes.NewReader(body), failing{err})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
