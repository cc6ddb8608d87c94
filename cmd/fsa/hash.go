package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/password/common"
	"github.com/fastsimpleauth/fsa/password/legacyhash"
)

type hashCommand struct {
	Config    string         `short:"c" placeholder:"FILE" type:"path" help:"The application's configuration, whose FSA_PASSWORD directives hold here, too."`
	Scheme    string         `placeholder:"NAME" help:"argon2id (the default), bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512."`
	Option    map[string]int `short:"o" placeholder:"NAME=N" mapsep:"," help:"What it costs: memory, time and parallelism of argon2id, rounds of the others."`
	Unchecked bool           `help:"Take a password that the rules for new ones refuse."`
}

func (*hashCommand) Help() string {
	return `The password is asked for on a terminal, which does not show it, or is the one line of
standard input. The hash is written to standard output.

The password must follow the rules of the configuration (8 characters at least, if that
says nothing), and must not be one of those that occur most often in what has leaked.
Variables FSA_PASSWORD_… of the environment hold as they do for an application.

Examples:

  fsa hash
  fsa hash --scheme bcrypt --option rounds=13
  fsa hash --config acme.toml < password.txt
  head -c 18 /dev/urandom | base64 | tee password.txt | fsa hash > hash.txt`
}

func (h *hashCommand) Run() error {
	cfg, err := fsa.Load(h.Config)
	if err != nil {
		return err
	}
	if h.Scheme != "" {
		cfg.PasswordScheme, cfg.PasswordOpts = []string{h.Scheme}, nil // those are of another scheme
	}
	if h.Option != nil {
		cfg.PasswordOpts = h.Option
	}
	if slices.Equal(cfg.PasswordScheme, []string{"none"}) {
		return failed("choose one by --scheme", "no password is hashed here: FSA_PASSWORD_SCHEME is \"none\"")
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.PasswordLegacy = append(legacyhash.All(), legacyhash.OTP(nil))
	app := fsa.New("fsa", cfg)
	app.PasswordQuality(common.Check)
	if err := about(app, "FSA_PASSWORD", "FSA_INSECURE_PASSWORD"); err != nil {
		return err
	}
	password, err := readSecret("Password", true)
	if err != nil {
		return err
	}
	hash := app.HashPassword
	if h.Unchecked {
		hash = app.HashPasswordUnchecked
	}
	text, err := hash(context.Background(), password)
	if err != nil {
		var e *fsa.Error
		if errors.As(err, &e) && e.Status < 500 {
			hint := "choose another one"
			if !h.Unchecked {
				hint += ", or add --unchecked to have it all the same"
			}
			return failed(hint, "%s", e.Public)
		}
		return err
	}
	fmt.Println(text)
	return nil
}

// about gives the faults of an application that are about some directives: those whose
// names begin so. The others are not of what is done here.
func about(app *fsa.App, prefixes ...string) error {
	_, err := app.Handler()
	var all []error
	for _, e := range parts(err) {
		var c *fsa.ConfigError
		if !errors.As(e, &c) {
			continue
		}
		for _, p := range prefixes {
			if strings.HasPrefix(c.Directive, p) {
				all = append(all, e)
				break
			}
		}
	}
	return errors.Join(all...)
}
