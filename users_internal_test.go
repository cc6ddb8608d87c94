package fsa

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/rounds"
)

var usersFlag = flag.Int("users", 0, "how many users TestUsersInCache logs in; it then reports the memory that they take")

// TestUsersInCache logs in many users by a token, each with an object of their own,
// and some by a password too, since that is slow by design. It looks at what is kept
// of them: never more than FSA_CACHE_SIZE answers of a kind, and all of them if there
// is room.
//
//	go test -run TestUsersInCache -users 1000000
func TestUsersInCache(t *testing.T) {
	users, passwords, bounds := 1500, 700, []int{500, 1500, 0}
	if *usersFlag > 0 {
		users, passwords, bounds = *usersFlag, *usersFlag/50, []int{0, *usersFlag}
	}
	for _, bound := range bounds {
		t.Run(fmt.Sprintf("bound %d", bound), func(t *testing.T) { usersInCache(t, users, passwords, bound) })
	}
}

func usersInCache(t *testing.T, users, passwords, bound int) {
	a := New("acme", Config{
		Auth: []string{"token", "basic"}, TokenSecret: []Secret{"a secret of thirty-two bytes, at least"}, Logger: slog.New(slog.DiscardHandler),
		PasswordOpts: map[string]int{"memory": 64, "time": 1, "parallelism": 1}, InsecurePasswordCost: true,
		CacheSize: bound, CacheTTL: time.Hour,
	})
	hash, err := a.HashPasswordUnchecked(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	a.UserPass(func(context.Context, string) (string, error) { return strings.Clone(hash), nil })
	a.GroupCheck("employee", func(context.Context, string) (bool, error) { return true, nil })
	ObjectPerms(a, "store", func(_ context.Context, login string, sid int, _ string) (bool, error) {
		return login == loginOf(sid), nil
	})
	Get(a, "/store/{sid}", authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager")),
		func(ctx context.Context, in struct{ SID int }) (None, error) { return None{}, nil })
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	request := func(i int, authorization string) {
		r, err := http.NewRequest("GET", fmt.Sprintf("/store/%d", i), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = "127.0.0.1:40000"
		r.Header.Set("Authorization", authorization)
		if err := rounds.NewCall(h, r, nil).Run(1); err != nil {
			t.Fatalf("%s: %v", loginOf(i), err)
		}
	}
	for i := range users {
		token, err := a.CreateToken(t.Context(), loginOf(i), TokenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		request(i, "Bearer "+token)
		if i >= passwords {
			continue
		}
		request(i, "Basic "+base64.StdEncoding.EncodeToString([]byte(loginOf(i)+":password")))
	}
	kept := a.domains["store"].kept.(*hookCache[objectKey[int], bool])
	for _, k := range []struct {
		name  string
		asked int
		len   func() int
		clear func()
	}{
		// Logins are kept once for all: they are counted with what is
		// cleared last.
		{"tokens", users, a.identities.near.Len, a.identities.clear},
		{"Basic credentials", passwords, a.credentials.Len, a.credentials.Clear},
		{"password hashes", passwords, a.passwordHashes.near.Len, a.passwordHashes.clear},
		{"proved passwords", passwords, a.proofs.near.Len, a.proofs.clear},
		{"object permissions", users, kept.near.Len, kept.clear},
		{"memberships, with the logins", users, a.memberships.near.Len, a.memberships.clear},
	} {
		n, want := k.len(), min(k.asked, a.settings.CacheSize)
		if n != want {
			t.Errorf("%d %s are kept of %d, want %d", n, k.name, k.asked, want)
		}
		if *usersFlag > 0 {
			before := heap()
			k.clear()
			size := float64(before - heap())
			fmt.Printf("| %-28s | %7d of %d | %6.1f MiB | %4.0f B each |\n", k.name, n, a.settings.CacheSize, size/(1<<20), size/float64(max(n, 1)))
		}
	}
	runtime.KeepAlive(h)
}

func loginOf(i int) string { return fmt.Sprintf("user%07d@example.org", i) }

func heap() int64 {
	runtime.GC()
	runtime.GC() // what has finalizers and pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
