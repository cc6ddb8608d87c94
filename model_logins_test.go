package fsa_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/testlogin"
)

// crowd is an application with many users. Two neighbours have the same password;
// each owns the object of their number; every second one is in group even.
type crowd struct {
	*fsa.App
	handler http.Handler
	tokens  map[string]string // "login realm" to token
}

const crowdSize = 60

func newCrowd(t *testing.T) *crowd {
	c := &crowd{App: fsa.New("acme", base()), tokens: map[string]string{}}
	hashes := map[string]string{}
	for i := range crowdSize {
		login := crowdLogin(i)
		hash, err := c.HashPasswordUnchecked(context.Background(), crowdPassword(login))
		if err != nil {
			t.Fatal(err)
		}
		hashes[login] = hash
		for _, realm := range []string{"acme", "stage"} {
			token, err := c.CreateToken(context.Background(), login, fsa.TokenOptions{Realm: realm})
			if err != nil {
				t.Fatal(err)
			}
			c.tokens[login+" "+realm] = token
		}
	}
	c.UserPass(func(_ context.Context, login string) (string, error) {
		runtime.Gosched()
		if hash, ok := hashes[login]; ok {
			return hash, nil
		}
		return "", fsa.ErrNoSuchUser
	})
	c.GroupCheck("even", func(_ context.Context, login string) (bool, error) {
		runtime.Gosched()
		return crowdNumber(login)%2 == 0, nil
	})
	fsa.ObjectPerms(c.App, "desk", func(_ context.Context, login string, id int, mode string) (bool, error) {
		runtime.Gosched()
		return crowdNumber(login) == id && mode == "sit", nil
	})
	type in struct {
		Desk     int
		Me       fsa.CurrentUser
		Identity fsa.Identity
	}
	sit := func(ctx context.Context, in in) (string, error) {
		return fmt.Sprintf("%s %s %s %s at %d", in.Me, fsa.User(ctx), in.Identity.Login, in.Identity.Realm, in.Desk), nil
	}
	own := authz.Object("desk", "desk", "sit")
	fsa.Post(c, "/acme/{desk}", own, sit)
	fsa.Post(c, "/stage/{desk}", authz.All(authz.Group("even"), own), sit, fsa.Realm("stage"))
	var err error
	if c.handler, err = c.Handler(); err != nil {
		t.Fatal(err)
	}
	return c
}

func crowdLogin(i int) string { return fmt.Sprintf("user%d", i) }

func crowdNumber(login string) (n int) {
	fmt.Sscanf(login, "user%d", &n)
	return n
}

func crowdPassword(login string) string {
	return fmt.Sprintf("password of house %d", crowdNumber(login)/2)
}

// logIn sends the request of somebody who logs in by a scheme, and gives the
// answer. While too many passwords are checked, it waits.
func (c *crowd) logIn(login, pass, scheme, realm string, desk int) (int, string) {
	for {
		form := ""
		if scheme == "param" {
			form = url.Values{"USER": {login}, "PASS": {pass}}.Encode()
		}
		r := httptest.NewRequest("POST", fmt.Sprintf("/%s/%d", realm, desk), strings.NewReader(form))
		r.RemoteAddr = "127.0.0.1:40000"
		switch scheme {
		case "basic":
			r.SetBasicAuth(login, pass)
		case "param":
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		case "token":
			r.Header.Set("Authorization", "Bearer "+c.tokens[login+" "+realm])
		case "test":
			r = r.WithContext(testlogin.With(r.Context(), login))
		}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable {
			return w.Code, w.Body.String()
		}
		time.Sleep(time.Millisecond)
	}
}

// TestConcurrentLogins: a thousand who log in at the same time, by all schemes,
// in two realms, with right and with wrong passwords, while caches are told to
// forget: each is taken for who they are, or for nobody. S81.
func TestConcurrentLogins(t *testing.T) {
	c := newCrowd(t)
	ctx := context.Background()
	var all, forgetters sync.WaitGroup
	start := make(chan struct{})
	var over atomic.Bool
	for i := range 4 {
		forgetters.Go(func() {
			<-start
			for n := i; !over.Load(); n++ {
				login := crowdLogin(n % crowdSize)
				switch n % 5 {
				case 0:
					c.AuthUncache(ctx, login)
				case 1:
					c.GroupUncache(ctx, login, "even")
				case 2:
					fsa.ObjectPermsUncache(ctx, c.App, "desk", login, n%crowdSize, "sit")
				case 3:
					c.PasswordUncache(ctx, login)
				case 4:
					c.UserTokenUncache(ctx, login, "stage")
				}
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	for i := range 1000 {
		all.Go(func() {
			number := i % crowdSize
			login, scheme := crowdLogin(number), []string{"basic", "param", "token", "test"}[i/crowdSize%4]
			realm, pass, desk := []string{"acme", "stage"}[i%7%2], crowdPassword(login), number
			status, text := 200, fmt.Sprintf("%s %s %s %s at %d", login, login, login, realm, desk)
			if realm == "stage" && number%2 == 1 {
				status, text = 403, `not in group "even"`
			}
			switch {
			case i%11 == 3 && (scheme == "basic" || scheme == "param"):
				pass = crowdPassword(crowdLogin((number + 2) % crowdSize))
				status, text = 401, "invalid credentials"
			case i%11 == 7 && (scheme == "basic" || scheme == "param"):
				// Nobody becomes somebody by a password that is right for others.
				login = fmt.Sprintf("stranger%d", number)
				status, text = 401, "invalid credentials"
			case i%11 == 5 && status == 200:
				desk = (desk + 2) % crowdSize
				status, text = 403, "permission denied on desk"
			}
			<-start
			for range 3 { // cold, and then perhaps warm
				if gotStatus, gotText := c.logIn(login, pass, scheme, realm, desk); gotStatus != status || gotText != text {
					t.Errorf("%s by %s in %s: %d %s, want %d %s", login, scheme, realm, gotStatus, gotText, status, text)
				}
			}
		})
	}
	close(start)
	all.Wait()
	over.Store(true)
	forgetters.Wait()
}
