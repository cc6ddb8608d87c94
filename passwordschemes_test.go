package fsa_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestPasswordSchemes: the first of the list makes new hashes, at its own cost;
// those of any other scheme still log their users in, whoever has made them.
func TestPasswordSchemes(t *testing.T) {
	const pass = "hobbes"
	elsewhere := []string{
		"$argon2id$v=19$m=64,t=1,p=1$eWVsbG93IHN1Ym1hcmluZQ$", // completed below
		"$2y$04$",
		"$scrypt$ln=10,r=8,p=1$eWVsbG93IHN1Ym1hcmluZQ$ERc8QouDtLQkajwfCf0kTalPQT/ghqu/ba2/ExQSjfw",
		"$pbkdf2$1000$eWVsbG93IHN1Ym1hcmluZQ$RZp9e1SMSIxxhnKuHzbwCJ15msE",
		"$pbkdf2-sha256$1000$eWVsbG93IHN1Ym1hcmluZQ$oE/feMTPkW0ha8xrS.0MdAe/ui8hbIMqihFpsQpgteY",
		"$pbkdf2-sha512$1000$eWVsbG93IHN1Ym1hcmluZQ$jHbQ/0QhwLMBd1TDpSo3NZ5P7ylXhWKntk.UTynxpTrzLXl0BATAwT0M.Vnv7xGN21ruzLkNSNcFooh/EtfBFg",
	}
	for i, scheme := range []string{"argon2id", "bcrypt"} {
		cfg := base()
		cfg.PasswordScheme = []string{scheme}
		if cfg.PasswordOpts = quick; scheme == "bcrypt" {
			cfg.PasswordOpts = map[string]int{"rounds": 4}
		}
		hash, err := fsa.New("acme", cfg).HashPasswordUnchecked(t.Context(), pass)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere[i] = hash
	}

	for _, c := range []struct {
		schemes []string
		opts    map[string]int
		prefix  string
	}{
		{[]string{"scrypt", "bcrypt", "pbkdf2-sha1"}, map[string]int{"rounds": 4, "parallelism": 2}, "$scrypt$ln=4,r=8,p=2$"},
		{[]string{"pbkdf2-sha256", "argon2id"}, map[string]int{"rounds": 7}, "$pbkdf2-sha256$i=7$"},
		{[]string{"pbkdf2-sha512"}, map[string]int{"rounds": 7}, "$pbkdf2-sha512$i=7$"},
		{[]string{"bcrypt", "scrypt"}, map[string]int{"rounds": 4}, "$2b$04$"},
		{nil, quick, "$argon2id$v=19$m=64,t=1,p=1$"},
	} {
		cfg := base()
		cfg.PasswordScheme, cfg.PasswordOpts = c.schemes, c.opts
		w := newWorld(t, cfg)
		fsa.Get(w, "/me", authz.Auth(), who)
		own, err := w.HashPasswordUnchecked(context.Background(), pass)
		if err != nil || !strings.HasPrefix(own, c.prefix) {
			t.Errorf("%v: %q, %v; want the prefix %q", c.schemes, own, err, c.prefix)
		}
		client := w.client(t)
		for _, hash := range append([]string{own}, elsewhere...) {
			w.set(func() { w.hashes["susie"] = hash })
			if err := w.PasswordUncache(context.Background(), "susie"); err != nil {
				t.Fatal(err)
			}
			client.Get("/me").Basic("susie", pass).Expect(200).Contains("susie")
			client.Get("/me").Basic("susie", pass+"x").Expect(401)
		}
		// One that is beyond the caps is a refusal, and nothing is spent on it.
		w.set(func() { w.hashes["moe"] = "$scrypt$ln=30,r=8,p=1$" + strings.SplitN(elsewhere[2], "$", 4)[3] })
		client.Get("/me").Basic("moe", pass).Expect(401)
		if log := w.log.String(); !strings.Contains(log, "too costly") || strings.Contains(log, "ERc8QouDtLQ") {
			t.Errorf("the log is %s", log)
		}
	}
}
