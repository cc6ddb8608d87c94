package param_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/param"
)

type storeIn struct {
	Sid   int
	Limit int `default:"10"`
	Sort  string
}

// BenchmarkPathQuery binds a path and a query, beside a hand-written handler
// that does the same, without any of the checks.
func BenchmarkPathQuery(b *testing.B) {
	r := httptest.NewRequest("GET", "/store/42?limit=5&sort=name", nil)
	r.SetPathValue("sid", "42")
	b.Run("hand-written", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var in storeIn
			var err error
			if in.Sid, err = strconv.Atoi(r.PathValue("sid")); err != nil {
				b.Fatal(err)
			}
			q := r.URL.Query()
			if in.Limit, err = strconv.Atoi(q.Get("limit")); err != nil {
				b.Fatal(err)
			}
			in.Sort = q.Get("sort")
		}
	})
	o := strict
	o.Path = []string{"sid"}
	binder, err := param.Compile[none](reflect.TypeFor[storeIn](), o)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		what string
		b    *param.Binder[none]
	}{{"bind", binder}, {"bind by codecs", param.Slowly(binder)}} {
		b.Run(c.what, func(b *testing.B) {
			b.ReportAllocs()
			var src param.Source
			var in storeIn
			for b.Loop() {
				src.Reset(nil, r, 1<<20, false)
				if err := c.b.Bind(none{}, &src, reflect.ValueOf(&in).Elem()); err != nil {
					b.Fatal(err)
				}
				src.Release()
			}
		})
	}
}

type orderIn struct {
	Customer string     `json:"customer"`
	Count    int        `json:"count"`
	Paid     bool       `json:"paid"`
	Lines    []lineItem `json:"lines"`
}

type lineItem struct {
	Product string  `json:"product"`
	Count   int     `json:"count"`
	Price   float64 `json:"price"`
}

// BenchmarkJSON binds a JSON body, beside encoding/json, which lets through what
// the binder refuses.
func BenchmarkJSON(b *testing.B) {
	const body = `{"customer":"calvin","count":3,"paid":true,"lines":[{"product":"tiger","count":1,"price":12.5},{"product":"sledge","count":2,"price":99}]}`
	reader := strings.NewReader(body)
	r := httptest.NewRequest("POST", "/", reader)
	r.Header.Set("Content-Type", "application/json")
	request := func() *http.Request {
		reader.Reset(body)
		return r
	}
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var in orderIn
			d := json.NewDecoder(request().Body)
			d.DisallowUnknownFields()
			if err := d.Decode(&in); err != nil {
				b.Fatal(err)
			}
		}
	})
	binder, err := param.Compile[none](reflect.TypeFor[orderIn](), strict)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bind", func(b *testing.B) {
		b.ReportAllocs()
		var src param.Source
		for b.Loop() {
			var in orderIn
			src.Reset(nil, request(), 1<<20, false)
			if err := binder.Bind(none{}, &src, reflect.ValueOf(&in).Elem()); err != nil {
				b.Fatal(err)
			}
			src.Release()
		}
	})
}
