package fsatest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// TestMain fails the package if a secret comes out. S70.
func TestMain(m *testing.M) {
	leaktest.Secret("calvin-pass")
	os.Exit(leaktest.Main(m))
}

func newApp(tb testing.TB) *fsa.App {
	app := fsa.New("acme", fsa.Config{Auth: []string{"basic", "none"}, Mode: "debug4",
		Logger:       slog.New(slog.NewTextHandler(leaktest.Log(io.Discard), &slog.HandlerOptions{Level: slog.LevelDebug})),
		PasswordOpts: map[string]int{"memory": 8, "time": 1, "parallelism": 1}, InsecurePasswordCost: true})
	app.Use(leaktest.Watch)
	hash, err := app.HashPasswordUnchecked(context.Background(), "calvin-pass")
	if err != nil {
		tb.Fatal(err)
	}
	app.UserPass(func(_ context.Context, login string) (string, error) {
		if login != "calvin" {
			return "", fsa.ErrNoSuchUser
		}
		return hash, nil
	})
	app.GroupCheck("admin", func(_ context.Context, login string) (bool, error) { return login == "susie", nil })
	fsa.Get(app, "/hello", authz.Open(), func(context.Context, fsa.None) (map[string]string, error) {
		return map[string]string{"msg": "hello"}, nil
	})
	fsa.Handle(app, "/echo", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 100)
		n, _ := r.Body.Read(b)
		fmt.Fprintf(w, "%s %s %s %q %s %s %s", r.Method, r.Host, r.URL, r.Header.Get("Content-Type"), r.Header.Get("X-A"), b[:n], fsa.User(r.Context()))
	}))
	fsa.Patch(app, "/stuff/{id}", authz.Group("admin"), func(_ context.Context, in struct{ ID, N int }) (fsa.None, error) {
		return fsa.None{}, nil
	})
	return app
}

// TestClient: what is put together is what the application gets.
func TestClient(t *testing.T) {
	c := fsatest.New(t, newApp(t))
	for _, test := range []struct {
		r    *fsatest.Request
		want string
	}{
		{c.Get("/echo").Basic("calvin", "calvin-pass"), `GET example.com /echo ""   calvin`},
		{c.Get("/echo?x=1").Query("a", "1", "a", "ü").As("susie"), `GET example.com /echo?x=1&a=1&a=%C3%BC ""   susie`},
		{c.Post("/echo").Form("b", "2", "a", "1").As("susie"), `POST example.com /echo "application/x-www-form-urlencoded"  a=1&b=2 susie`},
		{c.Put("/echo").JSON(map[string]int{"a": 1}).As("susie"), `PUT example.com /echo "application/json"  {"a":1} susie`},
		{c.Delete("/echo").Header("X-A", "a", "Host", "acme.org").As("susie"), `DELETE acme.org /echo "" a  susie`},
		{c.Patch("/echo").Body("text/plain", "text").As("susie"), `PATCH example.com /echo "text/plain"  text susie`},
	} {
		if got := test.r.Expect(200).Text(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	if res := c.Head("/echo").As("susie").Expect(200); res.Text() != "" {
		t.Errorf("HEAD has the body %s", res.Text())
	}
	c.Options("/hello").Expect(204)
	c.Get("/echo").Expect(401)
	c.Get("/echo").Bearer("x").Expect(401)
	var hello struct{ Msg string }
	c.Get("/hello").Expect(200).Contains("hello").JSON(&hello)
	if hello.Msg != "hello" {
		t.Errorf("got %+v", hello)
	}
}

// TestMatrix is the authorization of the application on one page.
func TestMatrix(t *testing.T) {
	fsatest.Matrix{
		App:        newApp,
		Identities: []string{"", "calvin", "susie"},
		Rows: []fsatest.Row{
			{Route: "GET /hello", Status: []int{200, 200, 200}},
			{Route: "/echo", Status: []int{401, 200, 200}},
			{Route: "PATCH /stuff/{id}", Path: "/stuff/1", Status: []int{401, 403, 204}, Prepare: func(r *fsatest.Request) { r.Form("n", "1") }},
		},
	}.Run(t)
}
