package fsa_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// open is an application whose routes anybody may call.
func open() *fsa.App {
	return fsa.New("acme", fsa.Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
}

// A transaction for each request: it is committed before the answer is given, and
// rolled back if there is none.
func ExampleSpecialWithRelease() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	db.Exec(`CREATE TABLE product (name TEXT PRIMARY KEY, price INT)`)

	app := open()
	fsa.SpecialWithRelease(app, func(ctx context.Context, name string) (*sql.Tx, func(error) error, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return tx, func(err error) error {
			if err != nil {
				return tx.Rollback()
			}
			return tx.Commit()
		}, nil
	})
	fsa.Post(app, "/product", authz.Open(), func(ctx context.Context, in struct {
		Name  string
		Price int
		Tx    *sql.Tx
	}) (string, error) {
		if _, err := in.Tx.ExecContext(ctx, `INSERT INTO product VALUES (?, ?)`, in.Name, in.Price); err != nil {
			return "", fsa.Errorf(409, "there is a %s already", in.Name)
		}
		if in.Price < 0 { // too late, one might think
			return "", fsa.Errorf(400, "nothing is that cheap")
		}
		return "added " + in.Name, nil
	}, fsa.Status(201))
	fsa.Get(app, "/count", authz.Open(), func(ctx context.Context, in struct{ Tx *sql.Tx }) (n int, err error) {
		err = in.Tx.QueryRowContext(ctx, `SELECT count(*) FROM product`).Scan(&n)
		return n, err
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	call(h, "POST", "/product", "name=pen&price=2")
	call(h, "POST", "/product", "name=pen&price=3")
	call(h, "POST", "/product", "name=ink&price=-3")
	call(h, "GET", "/count", "")
	// Output:
	// POST /product: 201 added pen
	// POST /product: 409 there is a pen already
	// POST /product: 400 nothing is that cheap
	// GET /count: 200 1
}

// Stores is what handlers ask for; it needs the logger of the request.
type Stores struct{ log *slog.Logger }

// A special parameter may need another one.
func ExampleSpecial() {
	app := open()
	fsa.Special(app, func(ctx context.Context, name string) (*slog.Logger, error) {
		return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})).With("for", name), nil
	})
	fsa.Special(app, func(ctx context.Context, name string) (Stores, error) {
		log, err := fsa.SpecialOf[*slog.Logger](ctx, "stores")
		return Stores{log}, err
	})
	fsa.Get(app, "/stores", authz.Open(), func(ctx context.Context, in struct {
		Stores Stores
		City   string
	}) (string, error) {
		in.Stores.log.Info("looking for stores", "city", in.City)
		return "none", nil
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	call(h, "GET", "/stores?city=Rome", "")
	// Output:
	// level=INFO msg="looking for stores" for=stores city=Rome
	// GET /stores?city=Rome: 200 none
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A type of somebody else's becomes a parameter.
func ExampleCast() {
	app := open()
	fsa.Cast(app, url.Parse)
	fsa.Get(app, "/host", authz.Open(), func(ctx context.Context, in struct {
		Of   url.URL
		From *url.URL // nil if it is absent
	}) (string, error) {
		return fmt.Sprint(in.Of.Host, " ", in.From), nil
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	call(h, "GET", "/host?of=https://go.dev/doc", "")
	call(h, "GET", "/host?of=:", "")
	// Output:
	// GET /host?of=https://go.dev/doc: 200 go.dev <nil>
	// GET /host?of=:: 400 parameter "of" is not a valid URL: ":"
}

// A handler that takes a file is tested as the function that it is.
func ExampleNewFile() {
	avatar := func(ctx context.Context, in struct {
		User  string
		Photo *fsa.File `contentMediaType:"image/*" maxLength:"1000000"`
	}) (string, error) {
		return fmt.Sprintf("%s has a photo of %d bytes", in.User, in.Photo.Size), nil
	}
	app := open()
	fsa.Post(app, "/avatar", authz.Open(), avatar, fsa.MaxBody(2_000_000))

	text, err := avatar(context.Background(), struct {
		User  string
		Photo *fsa.File `contentMediaType:"image/*" maxLength:"1000000"`
	}{"susie", fsa.NewFile("me.png", "image/png", []byte("…"))})
	fmt.Println(text, err)

	// And through the application:
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	body := strings.ReplaceAll(`--x
Content-Disposition: form-data; name="user"

susie
--x
Content-Disposition: form-data; name="photo"; filename="me.html"
Content-Type: text/html

<script>
--x--
`, "\n", "\r\n")
	call(h, "POST", "/avatar", body, "Content-Type", "multipart/form-data; boundary=x")
	// Output:
	// susie has a photo of 3 bytes <nil>
	// POST /avatar: 400 parameter "photo" must be of type image/*: "text/html"
}
