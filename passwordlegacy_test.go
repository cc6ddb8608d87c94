package fsa_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/password"
	"github.com/fastsimpleauth/fsa/password/legacyhash"
)

// TestPasswordLegacy: users come along with hashes that were made elsewhere, and get
// new ones by their first log-in. S9
func TestPasswordLegacy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pass = "hobbes and calvin"
		cfg := base()
		cfg.PasswordScheme = []string{"argon2id", "insecure-md5-crypt"}
		cfg.PasswordLegacy = legacyhash.All()
		s := newSwapper(t, cfg)
		c := s.client(t)
		for login, hash := range map[string]string{
			"susie": "pbkdf2_sha256$1000$snowman$jyRh3ZC5xo3Y7QJjy9X4ASozms7Dr9uMTWuVrVGnhMo=",
			"moe":   "$apr1$snowmans$kkFQshBfYGYzb1KfZxMdM.",
		} {
			s.set(func() { s.hashes[login] = hash })
			c.Get("/x").Basic(login, "wrong").Expect(401)
			c.Get("/x").Basic(login, pass).Expect(200)
			synctest.Wait()
			if got := s.stored(login); !contains(got, "$argon2id$") {
				t.Errorf("the hash of %s is still %s", login, got)
			}
			c.Get("/x").Basic(login, pass).Expect(200)
		}
		s.set(func() { s.hashes["rosalyn"] = "{SSHA}aQ0dONR87x8pNye1C9+b8Xxr3tsDTQ5z" })
		c.Get("/x").Basic("rosalyn", pass).Expect(401) // it is not listed
		if log := s.log.String(); !contains(log, "it is of insecure-ssha, which does not verify unless it is listed") {
			t.Errorf("the log does not say why: %s", log)
		}
	})
}

// TestPasswordOneTime: a code that is good for once is not kept as a password is, and
// no hash is made of it. S33
func TestPasswordOneTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of RFC 6238, Appendix B
		time.Sleep(time.Until(time.Unix(1234567890, 0)))
		cfg := base()
		cfg.PasswordScheme = []string{"argon2id", "insecure-otp"}
		cfg.PasswordLegacy = []password.Scheme{legacyhash.OTP(nil)}
		s := newSwapper(t, cfg)
		s.set(func() { s.hashes["susie"] = secret })
		c := s.client(t)
		c.Get("/x").Basic("susie", "005924").Expect(200)
		c.Get("/x").Basic("susie", "005924").Expect(401)
		synctest.Wait()
		if got := s.stored("susie"); got != secret {
			t.Errorf("a code has become a password: %s", got)
		}
	})
}

// TestPasswordLegacyFaults: what could not be told apart stops the start.
func TestPasswordLegacyFaults(t *testing.T) {
	cfg := base()
	cfg.PasswordScheme = []string{"argon2id", "insecure-a85", "insecure-b64"}
	cfg.PasswordLegacy = append(legacyhash.All(), password.Scheme{Name: "mine", Prefixes: []string{"$6$"}, Parse: password.Parse})
	app := fsa.New("acme", cfg)
	app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
	fsa.Get(app, "/x", authz.Auth(), nothing)
	got := faultsOf(t, app)
	if len(got) != 2 || !contains(got[0]+got[1], "FSA_PASSWORD_SCHEME", "hashes of insecure-a85 and insecure-b64 cannot be told apart",
		"Config.PasswordLegacy", "hashes of sha512-crypt and mine cannot be told apart") {
		t.Errorf("the faults are %q", got)
	}
}
