package param_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// A binder is compiled once, for the type of a handler's input, and fills such a
// struct from every request.
func Example() {
	type productIn struct {
		SID      int               // of the path /store/{sid}
		Product  string            // mandatory
		Quantity int               `default:"1"`
		Since    *time.Time        // nil if absent
		Tags     []string          `param:"tag,optional"`
		Agent    param.Header      `param:"user_agent,optional"`
		Extra    map[string]string `param:"extra,optional"`
	}
	binder, err := param.Compile[*http.Request](reflect.TypeFor[productIn](), param.Options[*http.Request]{
		Path:             []string{"sid"},
		RejectUnexpected: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/store/{sid}", func(w http.ResponseWriter, r *http.Request) {
		var in productIn
		var src param.Source
		src.Reset(w, r, 1<<20, false)
		defer src.Release()
		if err := binder.Bind(r, &src, reflect.ValueOf(&in).Elem()); err != nil {
			e := httperr.From(err, 500, "internal error")
			fmt.Printf("%d %s\n", e.Status, e.Public)
			return
		}
		fmt.Println(in.SID, in.Product, in.Quantity, in.Tags, in.Extra)
	})
	ask := func(method, path, contentType, body string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		mux.ServeHTTP(httptest.NewRecorder(), r)
	}
	const form, json = "application/x-www-form-urlencoded", "application/json"
	ask("POST", "/store/7", form, "product=tea&tag=hot&tag=green")
	ask("POST", "/store/7?quantity=3", json, `{"product": "tea", "tag": ["hot"], "extra": {"origin": "Ceylon"}}`)
	ask("POST", "/store/seven", form, "product=tea")
	ask("POST", "/store/7", form, "quantity=three&colour=red")
	ask("POST", "/store/7", json, `{"product": "tea", "product": "coffee"}`)
	// Output:
	// 7 tea 1 [hot green] map[]
	// 7 tea 3 [hot] map[origin:Ceylon]
	// 404 not found
	// 400 parameter "product" is missing
	// parameter "quantity" is not an integer: "three"
	// unexpected parameter "colour"
	// 400 the JSON body is malformed: a name is given twice, at byte 19
}

// What a struct can't get from a request is said when it is compiled.
func ExampleCompile() {
	type in struct {
		SID    *int     // a path parameter is always there
		Size   int      `minLength:"1"` // is for strings
		Count  int      `minimum:"1" default:"0"`
		Result chan int // comes from no request
	}
	_, err := param.Compile[struct{}](reflect.TypeFor[in](), param.Options[struct{}]{Path: []string{"sid", "name"}})
	fmt.Println(err)
	// Output:
	// field SID of param_test.in: the path parameter "sid" is always there; drop its default, its option or its pointer
	// field Size of param_test.in: the tag minLength does not fit a int; it is for strings: drop it, and check the value by a method Validate(context.Context) error
	// field Count of param_test.in: its default "0" does not convert: parameter "count" must be at least 1; correct it
	// field Result of param_test.in: a chan int cannot come from a request; give the type a method UnmarshalText or a cast (fsa.Cast), make it a special parameter (fsa.Special), or skip the field with the tag param:"-"
	// path parameter "name" has no field in param_test.in; add one, such as Name string
}

// All faults of a request come together, for formats that show them one by one.
func ExampleBinder_Bind() {
	type in struct {
		Login    string
		Password string `format:"password"` // never shown
		Age      int
	}
	binder, _ := param.Compile[struct{}](reflect.TypeFor[in](), param.Options[struct{}]{})
	var v in
	var src param.Source
	src.Reset(nil, httptest.NewRequest("GET", "/?password=%00hunter2&age=old", nil), 0, false)
	err := binder.Bind(struct{}{}, &src, reflect.ValueOf(&v).Elem())
	if e := (*httperr.Error)(nil); errors.As(err, &e) {
		for _, f := range e.Faults {
			fmt.Printf("%-8s %-5s %s\n", f.Name, f.In, f.Detail)
		}
	}
	// Output:
	// login          parameter "login" is missing
	// password query parameter "password" holds a NUL character
	// age      query parameter "age" is not an integer: "old"
}

// Tags limit values in the words of JSON Schema, and a method Validate says what
// they can't.
func ExampleBinder_Bind_constraints() {
	binder, err := param.Compile[struct{}](reflect.TypeFor[booking](), param.Options[struct{}]{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, query := range []string{
		"room=a1&guests=2&from=2026-05-01&to=2026-05-03&mail=calvin@example.com&tag=quiet&tag=view",
		"room=7&guests=0&from=2026-05-01&to=2026-05-03&mail=calvin&tag=quiet&tag=quiet",
		"room=a1&guests=2&from=2026-05-03&to=2026-05-01&mail=calvin@example.com",
	} {
		var v booking
		var src param.Source
		src.Reset(nil, httptest.NewRequest("GET", "/?"+query, nil), 0, false)
		if err := binder.Bind(struct{}{}, &src, reflect.ValueOf(&v).Elem()); err != nil {
			e := httperr.From(err, 500, "internal error")
			fmt.Printf("%d %s\n", e.Status, e.Public)
			continue
		}
		fmt.Println(v.Room, v.Guests, v.From, v.To)
	}
	// Output:
	// a1 2 2026-05-01 2026-05-03
	// 400 parameter "room" must match ^[a-z][0-9]+$
	// parameter "guests" must be at least 1
	// parameter "mail" must be an e-mail address
	// parameter "tag" must not have the same element twice
	// 400 a stay ends after it begins
}

type booking struct {
	Room   string `pattern:"^[a-z][0-9]+$"`
	Guests int    `minimum:"1" maximum:"4"`
	From   param.Date
	To     param.Date
	Mail   string   `format:"email"`
	Tags   []string `param:"tag,optional" maxItems:"5" uniqueItems:"true" maxLength:"20"`
}

// Validate is called once all of the booking is there.
func (b booking) Validate(context.Context) error {
	if b.To.Sub(b.From) <= 0 {
		return httperr.Errorf(400, "a stay ends after it begins") // the client reads this
	}
	return nil
}

func ExampleConstraintsOf() {
	f, _ := reflect.TypeFor[booking]().FieldByName("Guests")
	k, err := param.ConstraintsOf(f)
	fmt.Println(k.Minimum, k.Maximum, err)
	// Output: 1 4 <nil>
}

func ExampleDate() {
	d, err := param.ParseDate("2024-02-29")
	fmt.Println(d, err, param.DateOf(d.Time().AddDate(1, 0, 0)))
	_, err = param.ParseDate("2023-02-29")
	fmt.Println(err)
	// Output:
	// 2024-02-29 <nil> 2025-03-01
	// not a date of the form YYYY-MM-DD
}

// A field's name in snake case is the parameter's, unless a tag gives one.
func ExampleName() {
	type in struct {
		UserID   int
		HTTPPort int
		Limit    int `param:"max"`
		Sort     int `json:"order_by"`
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[in]()) {
		fmt.Println(param.Name(f))
	}
	// Output:
	// user_id
	// http_port
	// max
	// order_by
}
