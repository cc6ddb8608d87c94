package fsa_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// TestMain fails the package if a secret comes out. S70.
func TestMain(m *testing.M) {
	leaktest.Secret(calvinPass, hobbesPass, string(benchSecret))
	os.Exit(leaktest.Main(m))
}

// quick makes password hashes cheap, so that tests are quick.
var quick = map[string]int{"memory": 64, "time": 1, "parallelism": 1}

// log is where an application under test logs to.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// world is an application with two users, its log, and counts of what its hooks
// were asked.
type world struct {
	*fsa.App
	log    *logBuffer
	mu     sync.Mutex
	asked  map[string]int
	hashes map[string]string
	groups map[string]bool // "login group"
	owners map[int]string
	down   error // of the store of users
}

const (
	calvinPass = "calvin-pass"
	hobbesPass = "hobbes-pass"
)

// base is the configuration that tests begin with. Log-ins are not throttled, since
// many tests fail them on purpose, all from one address; those of the throttle
// begin with throttled.
func base() fsa.Config {
	return fsa.Config{
		Auth:                 []string{"token", "basic", "param", "none"},
		TokenSecret:          []fsa.Secret{benchSecret},
		PasswordOpts:         quick,
		InsecurePasswordCost: true,

		InsecureNoLoginThrottle: true,
	}
}

// newWorld makes an application of a configuration. Its routes are the test's.
func newWorld(t testing.TB, cfg fsa.Config) *world {
	t.Helper()
	w := &world{log: &logBuffer{}, asked: map[string]int{}, hashes: map[string]string{},
		groups: map[string]bool{"calvin admin": true}, owners: map[int]string{1: "calvin", 2: "hobbes"}}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(leaktest.Log(w.log), &slog.HandlerOptions{Level: cfg.LoggingLevel}))
	}
	w.App = fsa.New("acme", cfg)
	if _, measured := t.(*testing.B); !measured {
		for _, s := range cfg.TokenSecret {
			leaktest.Secret(string(s))
		}
		w.Use(leaktest.Watch)
	}
	for login, pass := range map[string]string{"calvin": calvinPass, "hobbes": hobbesPass} {
		hash, err := w.HashPasswordUnchecked(context.Background(), pass)
		if err != nil {
			continue // the configuration is what is tested
		}
		w.hashes[login] = hash
	}
	w.UserPass(func(ctx context.Context, login string) (string, error) {
		w.ask("hash " + login)
		w.mu.Lock()
		defer w.mu.Unlock()
		hash, ok := w.hashes[login]
		switch {
		case w.down != nil:
			return "", w.down
		case !ok:
			return "", fsa.ErrNoSuchUser
		}
		return hash, nil
	})
	w.GroupCheck("admin", func(ctx context.Context, login string) (bool, error) {
		w.ask("admin " + login)
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.groups[login+" admin"], nil
	})
	w.GroupCheck("broken", func(ctx context.Context, login string) (bool, error) {
		return false, errors.New("the hook of group broken fails: s3cret")
	})
	w.GroupCheck("panics", func(ctx context.Context, login string) (bool, error) { panic("group panics: s3cret") })
	fsa.ObjectPerms(w.App, "stuff", func(ctx context.Context, login string, id int, mode string) (bool, error) {
		w.ask("stuff " + login)
		w.mu.Lock()
		defer w.mu.Unlock()
		owner, ok := w.owners[id]
		if !ok {
			return false, fsa.ErrNoSuchObject
		}
		if mode == "broken" {
			return false, errors.New("the hook of stuff fails: s3cret")
		}
		return owner == login, nil
	})
	return w
}

func (w *world) ask(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[what]++
}

// times tells how often a hook was asked.
func (w *world) times(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[what]
}

// set changes the world's data.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) client(t testing.TB) *fsatest.Client {
	t.Helper()
	return fsatest.New(t, w.App)
}

func (w *world) token(t testing.TB, login string, o fsa.TokenOptions) string {
	t.Helper()
	token, err := w.CreateToken(context.Background(), login, o)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// nothing is a handler that does nothing.
func nothing(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, nil }

// who is a handler that says who is calling.
func who(ctx context.Context, _ fsa.None) (string, error) { return fsa.User(ctx), nil }

// faultsOf lists what is wrong with an application.
func faultsOf(t testing.TB, app *fsa.App) []string {
	t.Helper()
	_, err := app.Handler()
	return texts(t, err)
}

func texts(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("the error does not join others: %v", err)
	}
	var all []string
	for _, e := range joined.Unwrap() {
		var c *fsa.ConfigError
		if !errors.As(e, &c) {
			t.Errorf("%v is not a *fsa.ConfigError", e)
		}
		all = append(all, e.Error())
	}
	return all
}

// contains reports whether a text has all parts.
func contains(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
