package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/param"
)

// stayIn looks at itself.
type stayIn struct {
	SID    int `minimum:"1"`
	Nights int `minimum:"1" maximum:"30" default:"1"`
	By     fsa.CurrentUser
	Code   fsa.Secret `maxLength:"8" param:"code,optional"`
}

func (s *stayIn) Validate(ctx context.Context) error {
	switch s.Nights {
	case 13:
		return errors.New("a remark that is not for clients: s3cret")
	case 17:
		panic("s3cret")
	case 23:
		return fsa.Errorf(409, "%s (%s) has a stay already", fsa.User(ctx), s.By)
	}
	return nil
}

// TestValidate: what an input says of itself is asked before objects are, and no
// error or panic of it opens anything (S88).
func TestValidate(t *testing.T) {
	w := newWorld(t, base())
	reached := 0
	fsa.Post(w, "/stay/{sid}", authz.Object("stuff", "sid", "r"), func(ctx context.Context, in stayIn) (int, error) {
		reached++
		return in.Nights, nil
	})
	c := w.client(t)
	for _, r := range []struct {
		path   string
		status int
		body   string
		asked  bool // about the object
	}{
		{"/stay/1?nights=2", 200, "2\n", true},
		{"/stay/1", 200, "1\n", true},
		{"/stay/2?nights=2", 403, "permission denied on stuff", true},
		{"/stay/0?nights=31", 400, "parameter \"sid\" must be at least 1\nparameter \"nights\" must be at most 30", false},
		{"/stay/2?nights=13", 400, "the parameters are not valid", false},
		{"/stay/2?nights=17", 500, "internal error", false},
		{"/stay/2?nights=23", 409, "calvin (calvin) has a stay already", false},
		{"/stay/2?code=0123456789", 400, `parameter "code" must have at most 8 characters`, false},
		{"/stay/2?code=%00", 400, `parameter "code" holds a NUL character`, false},
	} {
		w.ClearCaches(context.Background())
		before, handled := w.times("stuff calvin"), reached
		a := c.Post(r.path).As("calvin").Expect(r.status)
		if a.Text() != r.body {
			t.Errorf("%s: %q, want %q", r.path, a.Text(), r.body)
		}
		if asked := w.times("stuff calvin") > before; asked != r.asked {
			t.Errorf("%s: asked about the object: %t", r.path, asked)
		}
		if (reached > handled) != (r.status == 200) {
			t.Errorf("%s: the handler ran %d times", r.path, reached-handled)
		}
	}
	if log := w.log.String(); strings.Contains(log, "0123456789") || !strings.Contains(log, "may hold a secret") || strings.Contains(log, "a remark") {
		t.Errorf("the log: %s", log)
	}
}

// TestWholeBodyWithCredentials: on a route whose body is one value, credentials
// are not looked for in it, and may come in the query.
func TestWholeBodyWithCredentials(t *testing.T) {
	w := newWorld(t, base())
	fsa.Post(w, "/items", authz.Auth(), func(ctx context.Context, in struct {
		Items []struct {
			Name string `json:"name" minLength:"1"`
		} `in:"body" maxItems:"3"`
	}) (string, error) {
		return fmt.Sprint(fsa.User(ctx), len(in.Items)), nil
	}, fsa.Authn("param"))
	c := w.client(t)
	const login = "?USER=calvin&PASS=" + calvinPass
	for _, r := range []struct {
		query, body string
		status      int
		want        string
	}{
		{login, `[{"name":"a"},{"name":"b"}]`, 200, "calvin2"},
		{login, `[{"name":"a"},{"name":""}]`, 400, `parameter "items" at "/1/name" must have at least 1 character`},
		{login, `{"USER":"hobbes"}`, 400, `parameter "items" is not a list`},
		{"", `{"USER":"calvin","PASS":"` + calvinPass + `"}`, 401, ""},
	} {
		a := c.Post("/items"+r.query).Body("application/json", r.body).Expect(r.status)
		if r.want != "" && a.Text() != r.want {
			t.Errorf("%s: %q", r.body, a.Text())
		}
	}
}

// TestParameterInfo: what limits a parameter can be read, for documents.
func TestParameterInfo(t *testing.T) {
	w := newWorld(t, base())
	fsa.Post(w, "/stay/{sid}", authz.Auth(), takes[stayIn])
	fsa.Post(w, "/body", authz.Auth(), takes[struct {
		X     fsa.JSON `in:"body"`
		Page  int      `in:"query" multipleOf:"5"`
		Theme string   `in:"cookie" enum:"a,b"`
	}])
	routes, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range routes {
		for _, p := range r.Params {
			k := param.Constraints{}
			if p.Constraints != nil {
				k = *p.Constraints
			}
			got = append(got, strings.TrimSpace(fmt.Sprint(p.Name, ":", p.In, " ", k.Minimum, k.Maximum, k.MultipleOf, k.MaxLength, k.Enum)))
		}
	}
	want := []string{"sid:path 1[]", "nights: 130[]", "code: 8[]", "x:body []", "page:query 5[]", "theme:cookie [a b]"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

// TestConstraintFaultNamesRoute: a constraint that can't be right stops the start,
// naming route, field, tag and remedy.
func TestConstraintFaultNamesRoute(t *testing.T) {
	w := newWorld(t, base())
	type in struct {
		A string `minimum:"1"`
		B int    `min:"1"`
		C int    `minimum:"3" default:"2"`
	}
	fsa.Get(w, "/x", authz.Auth(), takes[in])
	faults := faultsOf(t, w.App)
	if len(faults) != 3 {
		t.Fatalf("%q", faults)
	}
	for i, want := range [][]string{
		{"GET /x (", "parameters_test.go:", "field A of fsa_test.in", "the tag minimum does not fit a string", "Validate(context.Context) error"},
		{"GET /x (", "field B of fsa_test.in", "the tag min is not known", "did you mean minimum?"},
		{"GET /x (", "field C of fsa_test.in", `its default "2" does not convert`, `must be at least 3`, "correct it"},
	} {
		if !contains(faults[i], want...) {
			t.Errorf("%q does not have all of %q", faults[i], want)
		}
	}
}

// TestMultipartForm: a form as browsers send it, through the whole application.
func TestMultipartForm(t *testing.T) {
	w := newWorld(t, base())
	fsa.Post(w, "/x", authz.Auth(), func(ctx context.Context, in struct {
		A int
		B []string `in:"form"`
	}) (string, error) {
		return fmt.Sprint(in), nil
	})
	c := w.client(t)
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	a := c.Post("/x").As("calvin").Body("multipart/form-data; boundary=x", part("a", "1")+part("b", "x")+part("b", "y")+"--x--\r\n").Expect(http.StatusOK)
	if a.Text() != "{1 [x y]}" {
		t.Errorf("%q", a.Text())
	}
	c.Post("/x").As("calvin").Body("multipart/form-data; boundary=x", part("a", "1")+"--x\r\nContent-Disposition: form-data; name=\"b\"; filename=\"f\"\r\n\r\n\r\n--x--").Expect(400)
}
