package authn

import "github.com/fastsimpleauth/fsa/identity"

// TokenHeader takes a token from a header field of its own, such as
//
//	Auth: acme:calvin:20991231235959:…
//
// Scripts put it there, browsers do not, so it is not ambient. No challenge is
// registered for it.
type TokenHeader struct {
	Field string // as [net/http.CanonicalHeaderKey] spells it
	Check TokenCheck
}

// Name is "token".
func (*TokenHeader) Name() string { return "token" }

// Ambient is false.
func (*TokenHeader) Ambient() bool { return false }

// Challenge is empty.
func (*TokenHeader) Challenge(string, bool) string { return "" }

// Authenticate checks the token of the header field. An empty field is a missing
// one; two are refused, since others on the way may have looked at the other one.
func (t *TokenHeader) Authenticate(q *Request) (*identity.Identity, error) {
	values := q.HTTP.Header[t.Field]
	switch {
	case len(values) > 1:
		return nil, Refuse("several %s fields", t.Field)
	case len(values) == 0 || values[0] == "":
		return nil, nil
	}
	return t.Check(q, values[0])
}

// TokenParam takes a token from a parameter of the request: query, form, or a
// property of a JSON body. A browser does not send it by itself, so it is not
// ambient; but what stands in a query gets into histories and logs of others.
type TokenParam struct {
	Param string // the parameter's name
	Check TokenCheck
}

// Name is "token".
func (*TokenParam) Name() string { return "token" }

// Ambient is false.
func (*TokenParam) Ambient() bool { return false }

// Challenge is empty: no challenge is registered for parameters.
func (*TokenParam) Challenge(string, bool) string { return "" }

// Authenticate checks the token of the parameter. An empty one is a missing one.
func (t *TokenParam) Authenticate(q *Request) (*identity.Identity, error) {
	raw, err := credential(q, t.Param)
	if raw == "" || err != nil {
		return nil, err
	}
	return t.Check(q, raw)
}

// credential gives a parameter that is looked at before others are bound, "" if
// there is none.
func credential(q *Request, name string) (string, error) {
	if q.Params.Err() != nil {
		return "", nil // nothing is known of credentials; what is wrong is told when parameters are bound
	}
	text, _, err := q.Params.Text(name)
	if err != nil {
		return "", asRefusal(err)
	}
	return text, nil
}
