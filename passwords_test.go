package fsa_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestHashPassword: the rules for new passwords, in their order.
func TestHashPassword(t *testing.T) {
	ctx := context.Background()
	cfg := base()
	cfg.PasswordLength = 5
	cfg.PasswordRE = []string{"[A-Z]", "[0-9]"}
	w := newWorld(t, cfg)
	w.PasswordQuality(func(_ context.Context, password string) error {
		switch password {
		case "Passw0rd":
			return fsa.Errorf(400, "everybody has that one")
		case "Acme12345":
			return errors.New("our own name")
		}
		return nil
	})
	for _, c := range []struct{ password, want string }{
		{"A1", "password is too short, must be at least 5"},
		{"abcdef", "password must match [A-Z]"},
		{"Abcdef", "password must match [0-9]"},
		{"Passw0rd", "everybody has that one"},
		{"Acme12345", "password quality too low"},
		{"Calvin1", ""},
	} {
		hash, err := w.HashPassword(ctx, c.password)
		var e *fsa.Error
		switch {
		case c.want == "":
			if ok, err2 := w.CheckPassword(ctx, c.password, hash); err != nil || err2 != nil || !ok {
				t.Errorf("%s: %v, %v, %v", c.password, err, ok, err2)
			}
			if ok, _ := w.CheckPassword(ctx, c.password+"x", hash); ok {
				t.Errorf("another password matches")
			}
		case !errors.As(err, &e) || e.Status != 400 || e.Public != c.want:
			t.Errorf("%s: %v, want %s", c.password, err, c.want)
		}
	}
}

// TestPasswordCheck: the hook decides where there is no hash, and is the second
// chance where it does not match.
func TestPasswordCheck(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, base())
	var failure error
	w.PasswordCheck(func(_ context.Context, login, password string) (bool, error) {
		return login != "locked" && password == "elsewhere", failure
	})
	w.set(func() {
		w.hashes["empty"] = ""
		w.hashes["garbage"] = "$9$garbage"
		w.hashes["locked"] = w.hashes["calvin"]
	})
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	for _, test := range []struct {
		login, password string
		ok              bool
	}{
		{"calvin", calvinPass, true},
		{"calvin", "elsewhere", true},
		{"calvin", "nowhere", false},
		{"susie", "elsewhere", true},
		{"susie", "nowhere", false},
		{"empty", "elsewhere", true},
		{"empty", "", false},
		{"garbage", "elsewhere", true},
		{"garbage", "nowhere", false},
		{"locked", calvinPass, true},
		{"locked", "elsewhere", false},
	} {
		status := 401
		if test.ok {
			status = 200
		}
		c.Get("/x").Basic(test.login, test.password).Expect(status)
		err := w.CheckUserPassword(ctx, test.login, test.password)
		if (err == nil) != test.ok || !test.ok && !errors.Is(err, fsa.ErrUnauthenticated) {
			t.Errorf("%s with %s: %v", test.login, test.password, err)
		}
	}
	failure = errors.New("the directory is down: s3cret")
	res := c.Get("/x").Basic("calvin", "nowhere").Expect(500)
	if res.Text() != "internal error in app.PasswordCheck" {
		t.Errorf("the answer is %s", res.Text())
	}
}

// TestUserPassFails: a store that is down is no wrong password, and a refusal in
// the hook's own words is one.
func TestUserPassFails(t *testing.T) {
	app := fsa.New("acme", base())
	failure := errors.New("the store is down: s3cret")
	app.UserPass(func(context.Context, string) (string, error) { return "", failure })
	fsa.Get(app, "/x", authz.Auth(), who)
	w := &world{App: app}
	c := w.client(t)
	if res := c.Get("/x").Basic("calvin", "x").Expect(500); res.Text() != "internal error in app.UserPass" {
		t.Errorf("the answer is %s", res.Text())
	}
	failure = fsa.Errorf(401, "no such user: calvin")
	if res := c.Get("/x").Basic("calvin", "x").Expect(401); res.Text() != "invalid credentials" {
		t.Errorf("the answer is %s", res.Text())
	}
}

// TestProvedPasswords: a password is hashed once, and no longer accepted as soon
// as another hash is stored.
func TestProvedPasswords(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, base())
	var hashes atomic.Int32
	w.Observe(fsa.Observer{PasswordHash: func(context.Context, fsa.PasswordHashEvent) { hashes.Add(1) }})
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	use := func(what, login, pass string, status int, want int32) {
		t.Helper()
		hashes.Store(0)
		c.Get("/x").Basic(login, pass).Expect(status)
		if n := hashes.Load(); n != want {
			t.Errorf("%s: %d slow hashes instead of %d", what, n, want)
		}
	}
	use("the first log-in", "calvin", calvinPass, 200, 1)
	use("the second", "calvin", calvinPass, 200, 0)
	for range 2 {
		use("a wrong password", "calvin", "wrong", 401, 1)
		use("an unknown user", "susie", "wrong", 401, 1)
	}
	// Another user with the same password, even with the same stored hash, is
	// another proof; so is the same user with another hash.
	w.set(func() { w.hashes["hobbes"] = w.hashes["calvin"] })
	use("another user", "hobbes", calvinPass, 200, 1)
	w.AuthUncache(ctx, "calvin")
	use("after AuthUncache", "calvin", calvinPass, 200, 1)
	hash, _ := w.HashPasswordUnchecked(ctx, "changed")
	w.set(func() { w.hashes["calvin"] = hash })
	w.PasswordUncache(ctx, "calvin")
	use("the old password", "calvin", calvinPass, 401, 1)
	use("the new one", "calvin", "changed", 200, 1)
}

// TestKnownCredentials: those of Basic that are known to be right are found by one
// look-up, and no longer than the password is known to be right, from the address
// where it is.
func TestKnownCredentials(t *testing.T) {
	k := newKnown(t)
	w := k.world
	k.use("127.0.0.1", calvinPass, 200)
	before := k.asked()
	k.use("127.0.0.1", calvinPass, 200)
	if after := k.asked(); after != [2]uint64{before[0] + 1, before[1] + 1} {
		t.Errorf("look-ups of hash and proof: %v, then %v", before, after)
	}
	hash, _ := w.HashPasswordUnchecked(t.Context(), "changed")
	w.set(func() { w.hashes["calvin"] = hash })
	k.use("127.0.0.1", calvinPass, 200) // nobody has said so
	k.use("127.0.0.2", "wrong", 401)    // somebody tries, and so the new hash is seen
	k.use("127.0.0.1", calvinPass, 401)
	k.use("127.0.0.1", "changed", 200)
}

// known is an application whose one route is asked with Basic, again and again.
type known struct {
	*testing.T
	world   *world
	handler http.Handler
	request *http.Request
}

func newKnown(t *testing.T) *known {
	w := newWorld(t, base())
	w.Observe(fsa.Observer{})
	fsa.Get(w, "/x", authz.Auth(), who)
	return &known{t, w, compiled(t, w.App), httptest.NewRequest("GET", "/x", nil)}
}

func (k *known) use(address, pass string, status int) {
	k.Helper()
	k.request.RemoteAddr = address + ":40000"
	k.request.SetBasicAuth("calvin", pass)
	a := httptest.NewRecorder()
	if k.handler.ServeHTTP(a, k.request); a.Code != status {
		k.Errorf("%s from %s: status %d, want %d", pass, address, a.Code, status)
	}
}

// asked is how often a hash and a proof were found.
func (k *known) asked() (hits [2]uint64) {
	for _, c := range k.world.Stats().Caches {
		switch c.Kind {
		case "password_hash":
			hits[0] = c.Hits
		case "password_proof":
			hits[1] = c.Hits
		}
	}
	return hits
}

// TestNoPasswordScheme: without one, only the hook decides.
func TestNoPasswordScheme(t *testing.T) {
	cfg := base()
	cfg.PasswordScheme = []string{"none"}
	cfg.PasswordOpts = nil
	app := fsa.New("acme", cfg)
	app.PasswordCheck(func(_ context.Context, login, password string) (bool, error) { return login == password, nil })
	fsa.Get(app, "/x", authz.Auth(), who)
	c := (&world{App: app}).client(t)
	c.Get("/x").Basic("calvin", "calvin").Expect(200)
	c.Get("/x").Basic("calvin", "hobbes").Expect(401)
	if _, err := app.HashPassword(context.Background(), "a long password"); err == nil {
		t.Error("a hash is made without a scheme")
	}
}

// TestPasswordsWithoutHasher: where no password is hashed, or the configuration is at
// fault, that is said.
func TestPasswordsWithoutHasher(t *testing.T) {
	cfg := base()
	cfg.PasswordScheme, cfg.PasswordOpts, cfg.InsecurePasswordCost = []string{"none"}, nil, false
	faulty := base()
	faulty.PasswordScheme = []string{"rot13"}
	for want, cfg := range map[string]fsa.Config{`FSA_PASSWORD_SCHEME is "none"`: cfg, "rot13": faulty} {
		app := fsa.New("acme", cfg)
		_, err1 := app.HashPasswordUnchecked(t.Context(), "a password")
		ok, err2 := app.CheckPassword(t.Context(), "a password", "a hash")
		for _, err := range []error{err1, err2} {
			if ok || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, %v, want %s", ok, err, want)
			}
		}
	}
}

// TestStoredHashes: what is stored and is no hash is a refusal, and is told to who can
// mend it; that there is none is not. Who has gone from the store is out at the next
// try of theirs.
func TestStoredHashes(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	c.Get("/x").Basic("susie", "wrong").Expect(401)
	if strings.Contains(w.log.String(), "cannot be verified") {
		t.Errorf("the log takes the missing hash of nobody for a broken one: %s", w.log)
	}
	for i, hash := range []string{"$2b$99$short", "$2b$04$", "$argon2id$v=19$m=1$x", "plain", "$unknown$1$2"} {
		w.set(func() { w.hashes["moe"] = hash })
		c.Get("/x").Basic("moe", "wrong").Expect(401)
		if n := strings.Count(w.log.String(), "a stored password hash cannot be verified"); n != i+1 {
			t.Errorf("%s: the log tells of %d", hash, n)
		}
	}
	c.Get("/x").Basic("calvin", calvinPass).Expect(200)
	w.set(func() { delete(w.hashes, "calvin") })
	c.Get("/x").Basic("calvin", "wrong").Expect(401)
	c.Get("/x").Basic("calvin", calvinPass).Expect(401)
}
