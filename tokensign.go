package fsa

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/token"
)

// makeKey tells how to make a private key.
const makeKey = `make one by: openssl genpkey -algorithm ed25519 -out token.pem, and set FSA_TOKEN_SIGN = "token.pem"`

// signOptions completes the options of tokens that are signed with private keys.
func (c *checker) signOptions(o token.Options) (token.Options, bool) {
	switch {
	case c.TokenType != "jwt":
		c.fault("FSA_TOKEN_SIGN", fmt.Sprintf("signs JWTs, and FSA_TOKEN_TYPE is %s", c.TokenType), `set FSA_TOKEN_TYPE = "jwt", or remove the key`)
		return o, false
	case len(c.TokenSecret) > 0:
		c.fault("FSA_TOKEN_SIGN", "is set beside FSA_TOKEN_SECRET, and tokens are signed with one of them", "keep the key or the secret")
		return o, false
	case c.TokenAlgo != "" && c.TokenAlgo != "Ed25519" && !slices.Contains(token.Asymmetric(), c.TokenAlgo):
		c.fault("FSA_TOKEN_ALGO", fmt.Sprintf("%q does not sign with a private key", c.TokenAlgo),
			"leave it out to have that of the key, or write one of "+strings.Join(token.Asymmetric(), ", "))
		return o, false
	}
	for i, s := range c.TokenSign {
		keys, err := readKeys(string(s), c.TokenAlgo)
		if err != nil {
			c.fault("FSA_TOKEN_SIGN", fmt.Sprintf("key %d of %d: %v", i+1, len(c.TokenSign), err), "give a private key in PEM or as a JWK, or the path of a file that has it")
			return o, false
		}
		o.Keys = append(o.Keys, keys...)
	}
	o.Algorithm = "" // each key has its own
	c.next.signKeys = o.Keys
	return o, true
}

// readKeys reads private keys from a text, or from the file that it names. Its error
// has nothing of the text, which may be a key that is cut off.
func readKeys(text, algorithm string) ([]*token.Key, error) {
	data := []byte(text)
	if !strings.Contains(text, "-----BEGIN ") && !strings.HasPrefix(strings.TrimSpace(text), "{") {
		var err error
		if data, err = readBounded(text, token.MaxKeySetSize); err != nil {
			return nil, fmt.Errorf("it is neither PEM nor a JWK, and as a file it cannot be read: %w", err)
		}
	}
	return token.ParsePrivateKeys(data, algorithm)
}

// JWKS gives the public halves of the keys of FSA_TOKEN_SIGN as a JWK Set
// (RFC 7517), for those who are to check the application's tokens:
//
//	keys, err := app.JWKS()
//	fsa.Get(app, "/jwks.json", authz.Open(), func(context.Context, fsa.None) (fsa.Response, error) { … })
//
// It is an error if tokens are signed with a secret, which nobody else may have.
func (a *App) JWKS() ([]byte, error) {
	keys := a.settings.now().signKeys
	if len(keys) == 0 {
		return nil, errors.New("tokens are not signed with a private key: set FSA_TOKEN_SIGN")
	}
	return token.PublicJWKS(keys...)
}
