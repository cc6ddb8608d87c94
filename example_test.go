package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

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
