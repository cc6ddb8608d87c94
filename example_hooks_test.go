package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// quietApp is an application for examples.
func quietApp() *fsa.App {
	app := fsa.New("acme", fsa.Config{Auth: []string{"basic", "none"}, PasswordScheme: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
	app.PasswordCheck(func(_ context.Context, login, password string) (bool, error) {
		return password == "secret of "+login, nil
	})
	return app
}

// show sends a request from this machine, and prints its answer.
func shown(h http.Handler, path, login string, fields ...string) {
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	if login != "" {
		r.SetBasicAuth(login, "secret of "+login)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Printf("%s: %d %s", path, w.Code, w.Body)
	for _, name := range fields {
		fmt.Printf(", %s: %s", name, w.Header().Get(name))
	}
	fmt.Println()
}

func ExampleApp_BeforeRequest() {
	app := quietApp()
	app.BeforeRequest(func(r *http.Request) (*fsa.Response, error) {
		if r.Host == "old.example.com" {
			response, err := fsa.RedirectTo("https://www.example.com"+r.URL.Path, "https://www.example.com")
			return &response, err
		}
		return nil, fsa.Errorf(503, "back at noon")
	})
	h, err := app.Handler()
	if err != nil {
		panic(err)
	}
	shown(h, "http://old.example.com/anything", "", "Location")
	shown(h, "/anything", "")
	// Output:
	// http://old.example.com/anything: 303 , Location: https://www.example.com/anything
	// /anything: 503 back at noon
}

func ExampleApp_AfterRequest() {
	app := quietApp()
	app.AddHeaderFunc("X-User", func(_ http.Header, r *http.Request) string { return fsa.User(r.Context()) })
	app.AfterRequest(func(h http.Header, r *http.Request, status int) { h.Set("X-Status", fmt.Sprint(status)) })
	fsa.Get(app, "/hello", authz.Auth(), func(context.Context, fsa.None) (string, error) { return "hello", nil })
	h, err := app.Handler()
	if err != nil {
		panic(err)
	}
	shown(h, "/hello", "susie", "X-User", "X-Status")
	shown(h, "/hello", "", "X-User", "X-Status")
	// Output:
	// /hello: 200 hello, X-User: susie, X-Status: 200
	// /hello: 401 authentication required, X-User: , X-Status: 401
}

// What a hook prints of an error is what the client may read.
func ExampleApp_ErrorResponse() {
	app := quietApp()
	app.ErrorResponse(func(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
		w.WriteHeader(e.Status)
		fmt.Fprintf(w, "Sorry. %v", e)
	})
	fsa.Get(app, "/store", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) {
		return fsa.None{}, errors.New("connecting to postgres://app:hunter2@db")
	})
	h, err := app.Handler()
	if err != nil {
		panic(err)
	}
	shown(h, "/store", "")
	shown(h, "/nowhere", "")
	// Output:
	// /store: 500 Sorry. 500: internal error: the cause is in the log
	// /nowhere: 404 Sorry. 404: not found
}

func ExampleApp_Protect() {
	app := quietApp()
	app.GroupCheck("employee", func(_ context.Context, login string) (bool, error) { return login == "susie", nil })
	mux := http.NewServeMux()
	mux.Handle("GET /stores", app.Protect(authz.Group("employee"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "the stores of %s", fsa.User(r.Context()))
	})))
	shown(mux, "/stores", "susie") // nothing has been checked yet
	if _, err := app.Handler(); err != nil {
		panic(err)
	}
	shown(mux, "/stores", "susie")
	shown(mux, "/stores", "calvin")
	// Output:
	// /stores: 500 internal error
	// /stores: 200 the stores of susie
	// /stores: 403 not in group "employee"
}

func ExampleApp_PathCheck() {
	app := quietApp()
	app.PathCheck(fsa.DefaultPathCheck)
	fsa.Get(app, "/get-stores", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, nil })
	_, err := app.Handler()
	var e *fsa.ConfigError
	if errors.As(err, &e) {
		fmt.Println(e.Method, e.Path, "-", e.Problem)
	}
	// Output:
	// GET /get-stores - app.PathCheck: the segment "get-stores" names a method, which the request has already
}

func ExampleTimeout() {
	app := quietApp()
	fsa.Get(app, "/report", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		<-ctx.Done() // a query that takes long
		return "", ctx.Err()
	}, fsa.Timeout(time.Millisecond))
	h, err := app.Handler()
	if err != nil {
		panic(err)
	}
	shown(h, "/report", "")
	// Output:
	// /report: 503 the request took too long
}

// Mails that anybody can ask for are limited as log-ins are: five in a row are free,
// then one has to wait, for each address and for each network.
func ExampleApp_Throttle() {
	app := fsa.New("acme", quiet("none"))
	fsa.Post(app, "/reset", authz.Open(), func(ctx context.Context, in struct{ Email string }) (string, error) {
		if err := app.Throttle(ctx, "reset", in.Email); err != nil {
			return "", err
		}
		return "if there is such a user, a mail is on its way", nil
	}, fsa.SameOrigin())
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 5 {
		call(h, "POST", "/reset", "email=susie@example.com")
	}
	call(h, "POST", "/reset", "email=SUSIE@example.com")
	call(h, "POST", "/reset", "email=calvin@example.com")
	// Output:
	// POST /reset: 200 if there is such a user, a mail is on its way
	// POST /reset: 200 if there is such a user, a mail is on its way
	// POST /reset: 200 if there is such a user, a mail is on its way
	// POST /reset: 200 if there is such a user, a mail is on its way
	// POST /reset: 200 if there is such a user, a mail is on its way
	// POST /reset: 429 too many requests, try again later
	// POST /reset: 200 if there is such a user, a mail is on its way
}

// A worker runs beside the server, and is told when it is to end.
func ExampleApp_Background() {
	app := fsa.New("acme", quiet("none"))
	ctx, stop := context.WithCancel(context.Background())
	app.Background("mails", func(ctx context.Context) error {
		fmt.Println("sending mails")
		stop() // in the place of whoever stops the program
		<-ctx.Done()
		fmt.Println("the last one is sent")
		return nil
	})
	fsa.Get(app, "/version", authz.Open(), func(context.Context, fsa.None) (string, error) { return "1", nil })
	fmt.Println(app.Run(ctx, "127.0.0.1:0"))
	// Output:
	// sending mails
	// the last one is sent
	// <nil>
}
