package cli_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cli"
)

// greet is a command with an argument and a flag.
type greet struct {
	Name string `arg:"" help:"Whom to greet."`
	Loud bool   `help:"With an exclamation mark."`
}

func (g *greet) Run(ctx context.Context, c *cli.Call) error {
	if g.Name == "" {
		return cli.Usagef("nobody to greet")
	}
	end := "."
	if g.Loud {
		end = "!"
	}
	_, err := fmt.Fprintf(c.Stdout, "hello %s%s\n", g.Name, end)
	return err
}

// A program with a command of its own. Main runs it with the arguments of the process;
// Run is for tests.
func Example() {
	program := cli.Program{
		Name: "acme",
		New: func(ctx context.Context) (*fsa.App, error) {
			app := fsa.New("acme", fsa.Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
			fsa.Get(app, "/hello", authz.Open(), func(context.Context, struct{ Name string }) (string, error) { return "hello", nil })
			return app, nil
		},
		Commands: []cli.Command{{Name: "greet", Help: "Say hello.", Struct: &greet{}}},
	}
	for _, line := range []string{"greet calvin -loud", "routes", "greet"} {
		code := program.Run(context.Background(), strings.Fields(line), os.Stdin, os.Stdout, os.Stdout)
		fmt.Println("exit code", code)
	}
	// Output:
	// hello calvin!
	// exit code 0
	// METHOD  PATH    AUTHZ   AUTHN  REALM  PARAMETERS
	// GET     /hello  Open()  none   acme   name string
	// exit code 0
	// error: expected "<name>"
	// hint: see acme greet --help
	// exit code 2
}

// The rows that a command prints are a table or, with its flag --json, an array.
func ExamplePrint() {
	type user struct {
		Login string `json:"login"`
		Roles int    `json:"roles"`
	}
	users := []user{{"calvin", 2}, {"susie", 0}}
	columns := []cli.Column[user]{
		{Title: "LOGIN", Text: func(u user) string { return u.Login }},
		{Title: "ROLES", Text: func(u user) string { return fmt.Sprint(u.Roles) }},
	}
	cli.Print(os.Stdout, cli.Output{}, users, columns...)
	cli.Print(os.Stdout, cli.Output{JSON: true}, users[:1], columns...)
	// Output:
	// LOGIN   ROLES
	// calvin  2
	// susie   0
	// [
	//   {
	//     "login": "calvin",
	//     "roles": 2
	//   }
	// ]
}
