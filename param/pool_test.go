package param_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa/param"
)

// TestRelease: nothing of a request is left for the next one.
func TestRelease(t *testing.T) {
	type in struct {
		A    string
		B    []string
		Pass string
	}
	b := compile(t, reflect.TypeFor[in](), strict)
	for _, r := range []*http.Request{
		get("a=hunter&b=hunter&pass=hunter"),
		form("a=hunter&b=hunter&b=hunter&pass=hunter"),
		post(jsonType, `{"a":"hunter","b":["hunter"],"pass":"hunter"}`),
		post(jsonType, `{"a":"hunter","b":["hunter"],"pass":"hunter`),
		post(jsonType, `{"a":"hunter","z":1,"b":["hunter"],"pass":1}`),
		post(jsonType, `{"a":"`+strings.Repeat("hunter", 20_000)+`"}`),
		form(strings.Repeat("hunter=hunter&", 500)),
		post("text/plain", "hunter"),
		with(post(jsonType, "hunter"), "Content-Encoding", "gzip"),
	} {
		for _, replay := range []bool{false, true} {
			for _, limit := range []int64{1 << 20, 10} {
				var src param.Source
				src.Reset(httptest.NewRecorder(), r.Clone(t.Context()), limit, replay)
				b.Bind(none{}, &src, reflect.New(reflect.TypeFor[in]()).Elem())
				src.Text("pass")
				src.Release()
				if left := param.Leftovers(&src); left != "" {
					t.Errorf("%s, replay %t, limit %d: left is %.80q", r.Header, replay, limit, left)
				}
				// And the next request does not see what it had.
				src.Reset(httptest.NewRecorder(), get("a=x"), limit, false)
				if text, found, err := src.Text("pass"); text != "" || found || err != nil {
					t.Errorf("the next request has %q, %t, %v", text, found, err)
				}
			}
		}
	}
}

// TestReplayedBodyAfterRelease: what a handler has kept shows it no other
// request.
func TestReplayedBodyAfterRelease(t *testing.T) {
	var src param.Source
	r := post(jsonType, `{"a":"hunter"}`)
	src.Reset(httptest.NewRecorder(), r, 1<<20, true)
	src.Text("a")
	src.Release()
	src.Reset(httptest.NewRecorder(), post(jsonType, `{"a":"other1"}`), 1<<20, true)
	src.Text("a")
	if kept, _ := io.ReadAll(r.Body); strings.Contains(string(kept), "other1") {
		t.Errorf("a body that was kept reads %q", kept)
	}
}

// TestIndependence: values are the handler's own, whatever happens to the
// source afterwards.
func TestIndependence(t *testing.T) {
	type in struct {
		S string
		L []string
		B []byte
		J param.JSON
		M map[string]string
		R rawValue
		N *string
	}
	b := compile(t, reflect.TypeFor[in](), strict)
	const body = `{"s":"aaaa","l":["bbbb","cc\u0063c"],"b":"Zm9v","j":{"k":["dddd"]},"m":{"eeee":"ffff"},"r":{"gggg":1},"n":"hhhh"}`
	const query = `s=aaaa&l=bbbb&l=cc%63c&b=Zm9v&j={"k":["dddd"]}&m={"eeee":"ffff"}&r={"gggg":1}&n=hhhh`
	for _, r := range []*http.Request{post(jsonType, body), form(query), get(query)} {
		var src param.Source
		var v in
		src.Reset(httptest.NewRecorder(), r, 1<<20, false)
		if err := b.Bind(none{}, &src, reflect.ValueOf(&v).Elem()); err != nil {
			t.Fatal(err)
		}
		before := fmt.Sprintf("%+v %s", v, *v.N)
		for range 3 {
			src.Release()
			src.Reset(httptest.NewRecorder(), post(jsonType, strings.Repeat("#", len(body))), 1<<20, false)
			src.Text("s")
			src.Release()
			src.Reset(httptest.NewRecorder(), form(strings.Repeat("#", len(query))), 1<<20, false)
			src.Text("s")
		}
		if after := fmt.Sprintf("%+v %s", v, *v.N); after != before {
			t.Errorf("was %s\nis  %s", before, after)
		}
	}
}

// rawValue keeps what it is given, as it should.
type rawValue struct{ text string }

func (r *rawValue) UnmarshalJSON(b []byte) error {
	r.text = string(b)
	return nil
}

// TestPool: requests that share sources, as those of an application do, get
// their own parameters. (S81; under -race it looks at the memory too.)
func TestPool(t *testing.T) {
	type in struct {
		A    int
		S    string
		L    []string
		Pass string `param:"pass,optional"`
	}
	b := compile(t, reflect.TypeFor[in](), strict)
	sources := sync.Pool{New: func() any { return new(param.Source) }}
	var wait sync.WaitGroup
	for g := range 16 {
		wait.Go(func() {
			for i := range 300 {
				s := fmt.Sprintf("%d-%d", g, i)
				r := []func() *http.Request{
					func() *http.Request { return get(fmt.Sprintf("a=%d&s=%s&l=%s&pass=%s", i, s, s, s)) },
					func() *http.Request { return form(fmt.Sprintf("a=%d&s=%s&l=%s&l=x", i, s, s)) },
					func() *http.Request { return post(jsonType, fmt.Sprintf(`{"a":%d,"s":%q,"l":[%q]}`, i, s, s)) },
					func() *http.Request { return post(jsonType, fmt.Sprintf(`{"a":%d,"s":%q,"l":[%q]`, i, s, s)) },
					func() *http.Request { return get(fmt.Sprintf("a=x&s=%s&pass=%s", s, s)) },
				}[(i+g)%5]()
				src := sources.Get().(*param.Source)
				src.Reset(httptest.NewRecorder(), r, 1<<20, i%2 == 0)
				pass, _, _ := src.Text("pass")
				var v in
				err := b.Bind(none{}, src, reflect.ValueOf(&v).Elem())
				src.Release()
				sources.Put(src)
				if (i+g)%5 < 3 {
					if err != nil || v.A != i || v.S != s || v.L[0] != s || pass != v.Pass || pass != "" && pass != s {
						t.Errorf("%s: %+v, %q, %v", s, v, pass, err)
					}
				} else if err == nil || strings.Count(err.Error(), s) > 0 && !strings.Contains(r.URL.RawQuery, s) {
					t.Errorf("%s: %v", s, err)
				}
			}
		})
	}
	wait.Wait()
}
