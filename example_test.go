package fsa_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// call sends a request from this machine and prints the answer.
func call(h http.Handler, method, path, body string, header ...string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1234"
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", method, path, w.Code, w.Body)))
}

// A route declares who may call it; the configuration says how callers prove who
// they are.
func Example() {
	ctx := context.Background()
	app := fsa.New("acme", fsa.Config{
		Auth:        []string{"token", "none"},
		TokenSecret: []fsa.Secret{"a secret of at least 32 bytes, from a file"},
	})
	app.GroupCheck("employee", func(ctx context.Context, login string) (bool, error) {
		return login == "susie", nil
	})
	fsa.Get(app, "/version", authz.Open(), func(context.Context, fsa.None) (string, error) {
		return "1.0", nil
	})
	type In struct {
		Name string
		By   fsa.CurrentUser
	}
	fsa.Post(app, "/store", authz.Group("employee"), func(ctx context.Context, in In) (string, error) {
		return fmt.Sprintf("%s opens %s", in.By, in.Name), nil
	}, fsa.Status(201))

	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	susie, _ := app.CreateToken(ctx, "susie", fsa.TokenOptions{})
	calvin, _ := app.CreateToken(ctx, "calvin", fsa.TokenOptions{})
	call(h, "GET", "/version", "")
	call(h, "POST", "/store", "name=Rome")
	call(h, "POST", "/store", "name=Rome", "Authorization", "Bearer "+calvin)
	call(h, "POST", "/store", "nam=Rome", "Authorization", "Bearer "+susie)
	call(h, "POST", "/store", "name=Rome", "Authorization", "Bearer "+susie)
	// Output:
	// GET /version: 200 1.0
	// POST /store: 401 authentication required
	// POST /store: 403 not in group "employee"
	// POST /store: 400 parameter "name" is missing
	// unexpected parameter "nam"
	// POST /store: 201 susie opens Rome
}

// All mistakes of wiring are told together, when the application is compiled.
func ExampleApp_Handler() {
	app := fsa.New("acme", fsa.Config{Auth: []string{"none"}})
	nothing := func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, nil }
	fsa.Get(app, "/admin", authz.Group("admin"), nothing)
	fsa.Get(app, "/user/{id}", authz.Open(), nothing)

	_, err := app.Handler()
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var fault *fsa.ConfigError
		errors.As(e, &fault)
		fmt.Printf("%s %s: %s\n", fault.Method, fault.Path, fault.Problem)
	}
	// Output:
	// GET /admin: group "admin" has no check
	// GET /user/{id}: path parameter "id" has no field in fsa.None
}

// A permission on an object is asked about the very value that the handler gets.
func ExampleObjectPerms() {
	app := fsa.New("acme", fsa.Config{Auth: []string{"token"}, TokenSecret: []fsa.Secret{"a secret of at least 32 bytes, from a file"}})
	owners := map[int]string{42: "susie"}
	fsa.ObjectPerms(app, "store", func(ctx context.Context, login string, sid int, mode string) (bool, error) {
		owner, known := owners[sid]
		if !known {
			return false, fsa.ErrNoSuchObject
		}
		return owner == login, nil
	})
	fsa.Delete(app, "/store/{sid}", authz.Object("store", "sid", "owner"), func(ctx context.Context, in struct{ SID int }) (fsa.None, error) {
		delete(owners, in.SID)
		// The permission has changed, and not only by time passing.
		return fsa.None{}, app.ClearCaches(ctx)
	})
	h, _ := app.Handler()
	susie, _ := app.CreateToken(context.Background(), "susie", fsa.TokenOptions{})
	calvin, _ := app.CreateToken(context.Background(), "calvin", fsa.TokenOptions{})
	call(h, "DELETE", "/store/42", "", "Authorization", "Bearer "+calvin)
	call(h, "DELETE", "/store/42", "", "Authorization", "Bearer "+susie)
	call(h, "DELETE", "/store/42", "", "Authorization", "Bearer "+susie)
	// Output:
	// DELETE /store/42: 403 permission denied on store
	// DELETE /store/42: 204
	// DELETE /store/42: 404 object not found
}

// A scheme of the application's own, for calls that a partner signs.
func ExampleApp_Authentication() {
	key := []byte("a key that the partner knows too")
	app := fsa.New("acme", fsa.Config{Auth: []string{"signed"}, Logger: slog.New(slog.DiscardHandler)})
	app.Authentication("signed", func(r *http.Request) (fsa.Identity, error) {
		signature := r.Header.Get("X-Signature")
		if signature == "" {
			return fsa.Identity{}, nil // not ours: the next scheme is tried
		}
		body, err := io.ReadAll(r.Body) // parameters are read from it all the same
		if err != nil {
			return fsa.Identity{}, err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write(body)
		if sent, err := hex.DecodeString(signature); err != nil || !hmac.Equal(mac.Sum(nil), sent) {
			return fsa.Identity{}, fsa.ErrUnauthenticated
		}
		return fsa.Identity{Login: "partner"}, nil
	}, fsa.Challenge("Signed", "header", "X-Signature"), fsa.NotAmbient())
	fsa.Post(app, "/order", authz.Auth(), func(ctx context.Context, in struct {
		Product string
		By      fsa.CurrentUser
	}) (string, error) {
		return fmt.Sprintf("%s orders a %s", in.By, in.Product), nil
	})

	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	call(h, "POST", "/order", "product=pen", "X-Signature", "2f551f956bf00ed7b60eaeef4db5cf05f6519a82ce07c3209fc2dc7d0b81792a")
	call(h, "POST", "/order", "product=pen", "X-Signature", "@@")
	call(h, "POST", "/order", "product=pen")
	// Output:
	// POST /order: 200 partner orders a pen
	// POST /order: 401 invalid credentials
	// POST /order: 401 authentication required
}

// Tokens in cookies: a password gets one, and logging out makes the browser forget
// it.
func ExampleApp_TokenCookie() {
	app := fsa.New("acme", fsa.Config{
		Mode: "dev", // plain HTTP on this machine
		Auth: []string{"token", "param"}, TokenCarrier: "cookie",
		Logger: slog.New(slog.DiscardHandler),
	})
	app.PasswordCheck(func(ctx context.Context, login, password string) (bool, error) { // a directory, say
		return login == "susie" && password == "mice-and-men", nil
	})
	fsa.Post(app, "/login", authz.Auth(), func(ctx context.Context, _ fsa.None) (fsa.None, error) { return fsa.None{}, nil })
	fsa.Handle(app, "POST /logout", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := app.TokenCookie(r.Context(), "")
		if err != nil {
			http.Error(w, "no cookies here", http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, cookie)
	}), fsa.Authn("token"))

	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	cookie := ""
	for _, path := range []string{"/login?USER=susie&PASS=mice-and-men", "/logout"} {
		r := httptest.NewRequest("POST", path, nil)
		r.RemoteAddr = "127.0.0.1:1234"
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		value, attributes, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		name, _, _ := strings.Cut(value, "=")
		fmt.Println(w.Code, name, attributes)
		cookie = value
	}
	// Output:
	// 204 auth  Path=/; Max-Age=3600; HttpOnly; SameSite=Lax
	// 200 auth  Path=/; Max-Age=0; HttpOnly; SameSite=Lax
}

// When the scheme or its cost has changed, hashes are replaced as users log in.
func ExampleApp_PasswordRehash() {
	ctx := context.Background()
	older := fsa.New("acme", fsa.Config{Auth: []string{"basic"}, PasswordScheme: []string{"bcrypt"}, PasswordOpts: map[string]int{"rounds": 10}})
	hash, _ := older.HashPassword(ctx, "susie's password")

	app := fsa.New("acme", fsa.Config{Auth: []string{"basic"}}) // argon2id is the default
	var mu sync.Mutex                                           // in a real application, hashes are in a database
	app.UserPass(func(context.Context, string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		return hash, nil
	})
	replaced := make(chan bool)
	app.PasswordRehash(func(ctx context.Context, login, old, new string) error {
		mu.Lock()
		defer mu.Unlock()
		if hash == old { // else the password has just been changed, and new is not its hash
			hash = new
		}
		close(replaced)
		return nil
	})
	fsa.Get(app, "/me", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) { return fsa.User(ctx), nil })
	h, _ := app.Handler()

	fmt.Println(hash[:4])
	call(h, "GET", "/me", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("susie:susie's password")))
	<-replaced
	mu.Lock()
	defer mu.Unlock()
	fmt.Println(hash[:9])
	// Output:
	// $2b$
	// GET /me: 200 susie
	// $argon2id
}
