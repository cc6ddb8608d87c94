package httperr_test

import (
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/fastsimpleauth/fsa/httperr"
)

// An error has a face for the client and one for the log.
func Example() {
	err := fmt.Errorf("loading store 7: %w",
		httperr.Wrap(503, "try again later", errors.New("dial tcp 10.0.0.7:5432: refused")).WithHeader("Retry-After", "5"))

	e := httperr.From(err, 500, "internal error")
	render, _ := httperr.NewRenderer("json:error")
	w := httptest.NewRecorder()
	render(w, httptest.NewRequest("GET", "/", nil), e)

	fmt.Print("client: ", w.Code, " ", w.Header().Get("Retry-After"), " ", w.Body)
	fmt.Println("log:    ", err)
	// Output:
	// client: 503 5 {"error":"try again later"}
	// log:     loading store 7: 503: try again later: dial tcp 10.0.0.7:5432: refused
}

// The text of an error that was not made for clients stays in the log.
func ExampleFrom() {
	e := httperr.From(errors.New("pq: password authentication failed for user admin"), 500, "internal error")
	fmt.Println(e.Status, e.Public)
	// A status that is not an error's is a mistake of the program.
	e = httperr.From(httperr.Errorf(200, "all is well"), 500, "internal error")
	fmt.Println(e.Status, e.Public)
	// Output:
	// 500 internal error
	// 500 internal error
}

// Format "problem" lists the faulty parameters one by one.
func ExampleNewRenderer() {
	render, _ := httperr.NewRenderer("problem")
	w := httptest.NewRecorder()
	render(w, httptest.NewRequest("GET", "/", nil), httperr.BadParameters(400, []httperr.Fault{
		{Name: "limit", In: "query", Detail: `parameter "limit" is not an integer`},
		{Name: "sort", Detail: `parameter "sort" is missing`},
	}))
	fmt.Println(w.Header().Get("Content-Type"))
	fmt.Print(w.Body)
	_, err := httperr.NewRenderer("xml")
	fmt.Println(err)
	// Output:
	// application/problem+json
	// {"type":"about:blank","title":"Bad Request","status":400,"detail":"parameter \"limit\" is not an integer\nparameter \"sort\" is missing","errors":[{"name":"limit","in":"query","detail":"parameter \"limit\" is not an integer"},{"name":"sort","detail":"parameter \"sort\" is missing"}]}
	// unknown error format "xml": it is plain, json, json:KEY or problem
}
