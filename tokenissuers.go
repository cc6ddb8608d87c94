package fsa

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/jwks"
	"github.com/fastsimpleauth/fsa/token"
)

// TokenIssuer is somebody else whose access tokens are taken: an identity provider.
// In a file, an issuer is a table of FSA_TOKEN_ISSUERS, whose keys stand in
// parentheses here:
//
//	[[FSA_TOKEN_ISSUERS]]
//	issuer = "https://idp.example"
//	audience = "https://acme.example"
//	discovery = true
type TokenIssuer struct {
	// Issuer (issuer) is who makes the tokens: their claim iss, letter by letter.
	Issuer string

	// Audience (audience, a text or a list) is whom the tokens must be meant for:
	// one of these must be in their claim aud. It must be set: what an issuer makes
	// for others is not for this application.
	Audience []string

	// JWKS (jwks) is where the issuer's public keys are: an https address or the
	// path of a file, of a JWK Set or of keys and certificates in PEM. A file is
	// read at start.
	JWKS string

	// Discovery (discovery) finds the address of the keys by OpenID Connect
	// Discovery, in the place of JWKS. It must be on the issuer's own host.
	Discovery bool

	// Algorithms (algorithms) are those of the signatures that are accepted, of
	// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA. Default
	// all. A key is for one of them, in any case; an RSA key that does not say for
	// which is for the first of these that is for RSA.
	Algorithms []string

	// UserClaim (user_claim) is the claim that names the user. Default sub. No
	// issuer promises that it never gives any other to somebody else; with email,
	// email_verified must be true.
	UserClaim string

	// ScopeClaim (scope_claim) is the claim that holds the scopes. Default scope;
	// some issuers have scp. It is a text with spaces or a list.
	ScopeClaim string

	// LoginPrefix (login_prefix) stands in front of the user's name to make the
	// login that hooks are asked about. Default the issuer and a bar, so that user
	// 7 of https://idp.example is "https://idp.example|7": another issuer's user 7
	// is somebody else, and so is the application's own.
	LoginPrefix string

	// NoLoginPrefix (login_prefix = "") says that the users of the issuer are those
	// of the application, by the same names.
	NoLoginPrefix bool

	// InsecureSharedLogins (insecure_shared_logins) says, for each issuer that it
	// is about, that they name the same users, where their prefixes allow it: each
	// of them can then make tokens for the users of the others.
	InsecureSharedLogins bool

	// AccessTokens (access_tokens) takes nothing but tokens whose header says that
	// they are access tokens, at+jwt (RFC 9068). Without it, ID tokens and others
	// are refused as far as their audience or their claims tell.
	AccessTokens bool

	// Realm (realm) is where the tokens are good, with all routes that have it.
	// Default FSA_REALM.
	Realm string

	// Transport fetches the keys, for an authority or a proxy of one's own. Default:
	// the proxies of the environment and the authorities of the system.
	Transport http.RoundTripper
}

// prefix gives what stands in front of logins.
func (i *TokenIssuer) prefix() string {
	if i.NoLoginPrefix || i.LoginPrefix != "" {
		return i.LoginPrefix
	}
	return i.Issuer + "|"
}

// issuer is a TokenIssuer that is ready.
type issuer struct {
	*token.Issuer
	realm string
	keys  *jwks.Source
}

// ownAccess reports whether scheme oauth takes tokens of our own.
func (c *checker) ownAccess() bool {
	return c.enabled("oauth") && c.TokenType == "jwt" && c.TokenIssuer != ""
}

// issuers checks scheme oauth, and those whose tokens it takes.
func (c *checker) oauth() {
	switch {
	case !c.enabled("oauth") && len(c.TokenIssuers) > 0 && len(c.schemes) > 0:
		c.fault("FSA_TOKEN_ISSUERS", `is set, but FSA_AUTH does not enable the scheme "oauth"`, `add "oauth" to FSA_AUTH, or remove the issuers`)
	case !c.enabled("oauth"):
	case len(c.TokenIssuers) == 0 && !c.ownAccess():
		c.fault("FSA_AUTH", `the scheme "oauth" takes the tokens of an issuer, and there is none`,
			`add FSA_TOKEN_ISSUERS = [{issuer = "https://idp.example", audience = "…", discovery = true}], or, for tokens of your own, FSA_TOKEN_TYPE = "jwt" and FSA_TOKEN_ISSUER`)
	case c.TokenCarrier != "bearer" && !c.enabled("token"):
		c.fault("FSA_TOKEN_CARRIER", fmt.Sprintf("is %s, but the scheme \"oauth\" takes tokens from the Authorization field only (RFC 6750)", c.TokenCarrier),
			`remove it: it is about the scheme "token"`)
	}
	if len(c.TokenIssuers) > 0 {
		c.TokenIssuers = slices.Clone(c.TokenIssuers)
		c.issuers = map[string]*issuer{}
	}
	for n := range c.TokenIssuers {
		c.issuer(n)
	}
	c.logins()
}

// issuer checks one issuer, and makes it ready.
func (c *checker) issuer(n int) {
	i := &c.TokenIssuers[n]
	found := len(c.faults)
	fault := func(problem, remedy string) {
		c.fault("FSA_TOKEN_ISSUERS", fmt.Sprintf("issuer %d of %d (%q): %s", n+1, len(c.TokenIssuers), i.Issuer, problem), remedy)
	}
	o := token.IssuerOptions{Issuer: i.Issuer, Audience: i.Audience, Algorithms: i.Algorithms, UserClaim: i.UserClaim,
		LoginPrefix: i.prefix(), ScopeClaim: i.ScopeClaim, AccessTokens: i.AccessTokens}
	if !c.NoTokenDelay {
		o.Grace = c.TokenGrace // in the validity model, it is for how long our own tokens are valid
	}
	made, err := token.NewIssuer(o)
	for _, e := range parts(err) {
		remedy := ""
		if o := (*token.OptionError)(nil); errors.As(e, &o) {
			if o.Option == "Grace" {
				continue // FSA_TOKEN_GRACE is at fault
			}
			remedy = issuerRemedies[o.Option]
		}
		fault(e.Error(), remedy)
	}
	orDefault(&i.Realm, c.Realm)
	switch {
	case i.NoLoginPrefix && i.LoginPrefix != "":
		fault("it has a prefix of logins, and none", "set LoginPrefix or NoLoginPrefix")
	case c.issuers[i.Issuer] != nil:
		fault("it is there twice", "give one table all its audiences")
	case i.Issuer != "" && i.Issuer == c.TokenIssuer:
		fault("it is FSA_TOKEN_ISSUER, too: nobody could tell whose a token is", "give tokens of your own another issuer")
	}
	if i.UserClaim != "" && i.UserClaim != "sub" {
		c.warn("FSA_TOKEN_ISSUERS", "users are named by a claim that their issuer may give to somebody else",
			"use sub, unless the issuer says that the claim is never given again", "issuer", i.Issuer, "claim", i.UserClaim)
	}
	keys := c.issuerKeys(i, fault)
	if len(c.faults) == found && err == nil {
		c.issuers[i.Issuer] = &issuer{Issuer: made, realm: i.Realm, keys: keys}
	}
}

// issuerRemedies tell what to do about a wrong option.
var issuerRemedies = map[string]string{
	"Issuer":      `write issuer = "…" as the claim iss of its tokens has it`,
	"Audience":    `write audience = "…" as the claim aud of the tokens for this application has it`,
	"Algorithms":  "leave algorithms out to have all of them",
	"UserClaim":   "leave user_claim out to have sub",
	"ScopeClaim":  "leave scope_claim out to have scope",
	"LoginPrefix": "leave login_prefix out to have the issuer and a bar",
}

// issuerKeys finds out where the keys of an issuer are; those of a file are read.
func (c *checker) issuerKeys(i *TokenIssuer, fault func(problem, remedy string)) *jwks.Source {
	const example = `write discovery = true, or jwks = "https://…" or jwks = "file.json"`
	isURL := strings.Contains(i.JWKS, "://")
	switch {
	case i.JWKS == "" && !i.Discovery:
		fault("nothing says where its keys are", example)
		return nil
	case i.JWKS != "" && i.Discovery:
		fault("jwks says where its keys are, so that there is nothing to discover", "keep one of the two")
		return nil
	case isURL || i.Discovery:
		source, err := jwks.New(jwks.Options{Issuer: i.Issuer, URL: i.JWKS, Algorithms: i.Algorithms, Plain: c.verbose, Transport: i.Transport, Logger: c.logger})
		if err != nil {
			fault("its keys: "+err.Error(), example)
			return nil
		}
		return source
	}
	text, err := readBounded(i.JWKS, token.MaxKeySetSize)
	if err != nil {
		fault(fmt.Sprintf("its keys in %q cannot be read: %v", i.JWKS, err), example)
		return nil
	}
	keys, err := token.ParseKeySet(text, i.Algorithms)
	if err != nil {
		fault(fmt.Sprintf("its keys in %q: %v", i.JWKS, err), "put a JWK Set, or public keys in PEM, there")
		return nil
	}
	if skipped := keys.Skipped(); len(skipped) > 0 {
		c.warn("FSA_TOKEN_ISSUERS", "some keys of an issuer cannot be used", "", "issuer", i.Issuer, "file", i.JWKS, "skipped", skipped)
	}
	return jwks.Fixed(keys)
}

// readBounded reads a file that should be small. Its error does not name the file,
// whose name may be a secret that stands in the wrong place.
func readBounded(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Size() > int64(most)) {
		return nil, fmt.Errorf("it is a directory, or has over %d bytes", most)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		err = p.Err
	}
	return text, err
}

// logins finds issuers that could make tokens for the same login.
func (c *checker) logins() {
	for n := range c.TokenIssuers {
		for m := range n {
			a, b := &c.TokenIssuers[m], &c.TokenIssuers[n]
			pa, pb := a.prefix(), b.prefix()
			same := strings.HasPrefix(pa, pb) || strings.HasPrefix(pb, pa)
			if a.Issuer != b.Issuer && same && !(a.InsecureSharedLogins && b.InsecureSharedLogins) {
				c.fault("FSA_TOKEN_ISSUERS", fmt.Sprintf("the logins of %q and of %q both begin with %q, so that each can make tokens for the other's users",
					a.Issuer, b.Issuer, pb[:min(len(pa), len(pb))]), "give them prefixes of which none begins with the other, or leave login_prefix out; if they do name the same users, set insecure_shared_logins = true for both")
			}
		}
	}
}

// setTokenIssuers reads the tables of issuers.
func setTokenIssuers(c *Config, v any) error {
	tables := tablesOf(v)
	if tables == nil {
		return errors.New(`must be a list of tables, as in [{issuer = "https://idp.example", audience = "acme", discovery = true}]`)
	}
	var all []TokenIssuer
	for n, table := range tables {
		i, err := readTokenIssuer(table)
		if err != nil {
			return fmt.Errorf("issuer %d: %w", n+1, err)
		}
		all = append(all, i)
	}
	c.TokenIssuers = all
	return nil
}

// tablesOf gives the tables of a list, or the one table.
func tablesOf(v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []map[string]any:
		return v
	case []any:
		tables := make([]map[string]any, len(v))
		for i, e := range v {
			table, ok := e.(map[string]any)
			if !ok {
				return nil
			}
			tables[i] = table
		}
		return tables
	}
	return nil
}

func readTokenIssuer(table map[string]any) (i TokenIssuer, err error) {
	text := map[string]*string{"issuer": &i.Issuer, "jwks": &i.JWKS, "user_claim": &i.UserClaim, "scope_claim": &i.ScopeClaim,
		"login_prefix": &i.LoginPrefix, "realm": &i.Realm}
	texts := map[string]*[]string{"audience": &i.Audience, "algorithms": &i.Algorithms}
	flags := map[string]*bool{"discovery": &i.Discovery, "access_tokens": &i.AccessTokens, "insecure_shared_logins": &i.InsecureSharedLogins}
	for name, v := range table {
		ok := true
		switch {
		case text[name] != nil:
			*text[name], ok = v.(string)
			if name == "login_prefix" {
				i.NoLoginPrefix = ok && i.LoginPrefix == ""
			} else {
				ok = ok && v != ""
			}
			if !ok {
				return i, fmt.Errorf("%s in it must be a text", name)
			}
		case texts[name] != nil:
			var one Config
			if err := list(func(*Config) *[]string { return texts[name] }).set(&one, v); err != nil {
				return i, fmt.Errorf("%s in it %w", name, err)
			}
		case flags[name] != nil:
			if *flags[name], ok = v.(bool); !ok {
				return i, fmt.Errorf("%s in it must be true or false", name)
			}
		default:
			return i, fmt.Errorf("%q in it is not known; there are issuer, audience, jwks, discovery, algorithms, user_claim, scope_claim, login_prefix, realm, access_tokens, insecure_shared_logins", name)
		}
	}
	return i, nil
}
