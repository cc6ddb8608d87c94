package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/internal/console"
	"github.com/fastsimpleauth/fsa/token"
)

type tokenCommands struct {
	Make  tokenMake  `cmd:"" help:"Make a token of a user."`
	Check tokenCheck `cmd:"" help:"Check a token, and show what it says."`
	Show  tokenShow  `cmd:"" help:"Show what a token says, without checking it."`
}

// tokenSettings are how tokens are signed.
type tokenSettings struct {
	Config     string `short:"c" placeholder:"FILE" type:"path" help:"The application's configuration, whose FSA_TOKEN directives and FSA_REALM hold here, too."`
	SecretFile string `placeholder:"FILE" type:"path" help:"A file with the secret (FSA_TOKEN_SECRET) and nothing else."`
	KeyFile    string `placeholder:"FILE" type:"path" help:"A file with the private key of JWTs (FSA_TOKEN_SIGN), in PEM or as a JWK."`
	Type       string `placeholder:"TYPE" help:"fsa (the default) or jwt (FSA_TOKEN_TYPE)."`
	Algo       string `placeholder:"NAME" help:"What signs: hmac-sha256, blake2s, HS256, RS256 … (FSA_TOKEN_ALGO)."`
	Realm      string `placeholder:"NAME" help:"Where the token is good (FSA_REALM, which is the application's name if nothing sets it)."`
	Issuer     string `placeholder:"NAME" help:"Who makes it (FSA_TOKEN_ISSUER)."`
}

const signing = `What signs comes from --secret-file or --key-file, from the configuration, or from the
environment: FSA_TOKEN_SECRET, FSA_TOKEN_SECRET_FILE, FSA_TOKEN_SIGN. It is never an
argument.`

// load gives the configuration of tokens, checked, and an application that has it.
func (s *tokenSettings) load() (fsa.Config, *fsa.App, error) {
	cfg, err := fsa.Load(s.Config)
	if err != nil {
		return cfg, nil, err
	}
	if s.SecretFile != "" {
		secret, err := secretFile(s.SecretFile)
		if err != nil {
			return cfg, nil, err
		}
		cfg.TokenSecret, cfg.TokenSign = []fsa.Secret{fsa.Secret(secret)}, nil
	}
	if s.KeyFile != "" {
		cfg.TokenSecret, cfg.TokenSign = nil, []fsa.Secret{fsa.Secret(s.KeyFile)}
		cfg.TokenType = "jwt"
	}
	cfg.TokenType = cmp.Or(s.Type, cfg.TokenType, "fsa")
	cfg.TokenAlgo = cmp.Or(s.Algo, cfg.TokenAlgo)
	cfg.Realm = cmp.Or(s.Realm, cfg.Realm)
	cfg.TokenIssuer = cmp.Or(s.Issuer, cfg.TokenIssuer)
	switch {
	case s.SecretFile != "" && s.KeyFile != "":
		return cfg, nil, &failure{"--secret-file and --key-file are both there", "keep one of them", true}
	case len(cfg.TokenSecret)+len(cfg.TokenSign) == 0:
		return cfg, nil, failed("give --secret-file or --key-file, or set FSA_TOKEN_SECRET_FILE or FSA_TOKEN_SECRET; make a secret by: head -c 48 /dev/urandom | base64 -w0",
			"there is nothing to sign with: no secret and no key")
	case cfg.Realm == "":
		return cfg, nil, failed("give it by --realm, or set FSA_REALM; it is the name of the application unless its configuration says otherwise", "the realm is not known")
	}
	cfg.Auth, cfg.AuthDefault = []string{"token"}, nil
	cfg.Logger = slog.New(slog.DiscardHandler)
	app := fsa.New(cfg.Realm, cfg)
	return cfg, app, about(app, "FSA_TOKEN", "FSA_INSECURE_TOKEN", "FSA_REALM")
}

type tokenMake struct {
	tokenSettings
	Login string        `arg:"" help:"Whose token it is."`
	Delay time.Duration `placeholder:"DURATION" help:"For how long it is good, as 90s or 1h30m (FSA_TOKEN_DELAY, by default 1h)."`
	Scope []string      `placeholder:"NAME" help:"What may be done with it, if that is limited; only of a JWT. Can be repeated."`
}

func (*tokenMake) Help() string {
	return `The token is written to standard output.

` + signing + `

Examples:

  fsa token make calvin --config acme.toml
  fsa token make calvin --realm acme --secret-file secret.txt
  fsa token make calvin --realm acme --key-file key.pem --scope read --delay 5m`
}

func (m *tokenMake) Run() error {
	if m.Delay < 0 {
		return &failure{"--delay is negative", "give a duration, as 90s or 1h30m", true}
	}
	_, app, err := m.load()
	if err != nil {
		return err
	}
	raw, err := app.CreateToken(context.Background(), m.Login, fsa.TokenOptions{Delay: m.Delay, Scopes: m.Scope})
	if err != nil {
		return failed("", "no token can be made: %v", err)
	}
	fmt.Println(raw)
	return nil
}

type tokenCheck struct {
	tokenSettings
	JSON bool `help:"Write JSON."`
}

func (*tokenCheck) Help() string {
	return `The token is the one line of standard input, or is asked for on a terminal, which does
not show it. What it says is written to standard output. If it is not good, the exit
status is 1. Revocations are known to the application only, and are not looked at.

` + signing + `

Examples:

  fsa token check --config acme.toml < token.txt
  fsa token make calvin -c acme.toml | fsa token check -c acme.toml --json`
}

func (c *tokenCheck) Run() error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	format, err := formatOf(cfg)
	if err != nil {
		return err
	}
	raw, err := readSecret("Token", false)
	if err != nil {
		return err
	}
	now := time.Now()
	claims, err := format.Check(raw, cfg.Realm, now)
	if err != nil {
		return failed("fsa token show tells what it claims to be", "%v", err)
	}
	said := saying{Type: cfg.TokenType, Verified: true, Login: claims.Login, Realm: claims.Realm, Issuer: claims.Issuer,
		Scopes: claims.Scopes, ID: claims.ID, Expires: &claims.Expires}
	if !claims.IssuedAt.IsZero() {
		said.IssuedAt = &claims.IssuedAt
	}
	return said.write(c.JSON, now)
}

// formatOf gives what checks tokens as an application with the configuration does. What
// could be wrong with that has been told already.
func formatOf(cfg fsa.Config) (token.Format, error) {
	o := token.Options{Algorithm: cfg.TokenAlgo, Length: cfg.TokenLength, Issuer: cfg.TokenIssuer, Grace: cfg.TokenGrace,
		InsecureWeakSecret: cfg.Mode != "" && cfg.Mode != "prod"}
	if cfg.InsecureTokenLength != 0 {
		o.Length, o.InsecureLength = cfg.InsecureTokenLength, true
	}
	for _, s := range cfg.TokenSecret {
		o.Secrets = append(o.Secrets, []byte(s))
	}
	for _, s := range cfg.TokenSign {
		keys, err := privateKeys(string(s), cfg.TokenAlgo)
		if err != nil {
			return nil, err
		}
		o.Keys, o.Algorithm = append(o.Keys, keys...), ""
	}
	if cfg.TokenType == "jwt" {
		return token.NewJWT(o)
	}
	return token.NewFSA(o)
}

// privateKeys reads what FSA_TOKEN_SIGN holds: keys, or the path of a file of them.
func privateKeys(text, algorithm string) ([]*token.Key, error) {
	data := []byte(text)
	if !strings.Contains(text, "-----BEGIN ") && !strings.HasPrefix(strings.TrimSpace(text), "{") {
		f, err := os.Open(text)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if data, err = io.ReadAll(io.LimitReader(f, token.MaxKeySetSize)); err != nil {
			return nil, err
		}
	}
	return token.ParsePrivateKeys(data, algorithm)
}

type tokenShow struct {
	JSON bool `help:"Write JSON."`
}

func (*tokenShow) Help() string {
	return `Nothing is checked: whoever has made the token may have put anything into it. "fsa token
check" checks it. The token is the one line of standard input, or is asked for on a
terminal, which does not show it. Its signature is not shown.

Example:

  fsa token show < token.txt`
}

func (s *tokenShow) Run() error {
	raw, err := readSecret("Token", false)
	if err != nil {
		return err
	}
	said, err := show(raw)
	if err != nil {
		return err
	}
	return said.write(s.JSON, time.Now())
}

// saying is what a token says.
type saying struct {
	Type     string          `json:"type"`
	Verified bool            `json:"verified"`
	Login    string          `json:"login,omitempty"`
	Realm    string          `json:"realm,omitempty"`
	Issuer   string          `json:"issuer,omitempty"`
	Scopes   []string        `json:"scopes,omitempty"`
	ID       string          `json:"id,omitempty"`
	IssuedAt *time.Time      `json:"issued_at,omitempty"`
	Expires  *time.Time      `json:"expires,omitempty"`
	Header   json.RawMessage `json:"header,omitempty"`
	Claims   json.RawMessage `json:"claims,omitempty"`
}

// show reads a token, and checks nothing but that it is one.
func show(raw string) (saying, error) {
	noToken := failed("a JWT has three parts between dots, an fsa token four between colons", "this is no token")
	if len(raw) > token.MaxSize {
		return saying{}, noToken
	}
	if fields := strings.Split(raw, ":"); len(fields) == 4 {
		limit, err := time.Parse("20060102150405", fields[2])
		if err != nil {
			return saying{}, noToken
		}
		realm, issuer, _ := strings.Cut(fields[0], "/")
		return saying{Type: "fsa", Realm: realm, Issuer: issuer, Login: fields[1], Expires: &limit}, nil
	}
	u, err := token.Parse(raw)
	if err != nil {
		return saying{}, noToken
	}
	said := saying{Type: "jwt", Issuer: u.Issuer()}
	parts := strings.Split(raw, ".")
	said.Header, said.Claims = decode(parts[0]), decode(parts[1])
	var claims struct {
		Sub string
		Exp float64
	}
	json.Unmarshal(said.Claims, &claims) // what is of another type is not told apart
	said.Login = claims.Sub
	if claims.Exp > 0 && claims.Exp < 1<<40 {
		limit := time.Unix(int64(claims.Exp), 0).UTC()
		said.Expires = &limit
	}
	return said, nil
}

// decode gives the JSON of a part of a JWT, which is well-formed.
func decode(part string) json.RawMessage {
	text, err := base64.RawURLEncoding.DecodeString(part)
	var compact bytes.Buffer
	if err != nil || json.Compact(&compact, text) != nil {
		return nil
	}
	return compact.Bytes()
}

// write writes what a token says, in lines or as JSON.
func (s saying) write(asJSON bool, now time.Time) error {
	if asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(s)
	}
	kind := s.Type
	if !s.Verified {
		kind += ", not checked"
	}
	line := func(name, value string) {
		if value != "" {
			fmt.Printf("%-8s %s\n", name+":", console.Clean(value)) // a stranger may have made it
		}
	}
	line("type", kind)
	line("login", s.Login)
	line("realm", s.Realm)
	line("issuer", s.Issuer)
	line("scopes", strings.Join(s.Scopes, " "))
	line("id", s.ID)
	if s.IssuedAt != nil {
		line("made", s.IssuedAt.UTC().Format(time.RFC3339))
	}
	if s.Expires != nil {
		when := s.Expires.Sub(now).Truncate(time.Second)
		tell := fmt.Sprintf("in %v", when)
		if when < 0 {
			tell = fmt.Sprintf("%v ago", -when)
		}
		line("expires", s.Expires.UTC().Format(time.RFC3339)+" ("+tell+")")
	}
	line("header", string(s.Header))
	line("claims", string(s.Claims))
	return nil
}
