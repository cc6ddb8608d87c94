package fsa_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"pgregory.net/rapid"
)

// flatOut is so simple that an encoder of its own is compiled for it; a pointer to
// it is not.
type flatOut struct {
	Number int64  `json:"number"`
	Small  uint8  `json:"small"`
	Text   string `json:"text"`
	Truth  bool
	hidden int
	Skip   string `json:"-"`
}

// TestFlatAnswers: the quick encoder for simple structs answers as the one for
// everything does, with the same bytes and header fields; and nothing of an
// answer is left in the next one, long after short and short after long.
func TestFlatAnswers(t *testing.T) {
	w := newWorld(t, base())
	var out flatOut
	fsa.Get(w, "/flat", authz.Open(), func(context.Context, fsa.None) (flatOut, error) { return out, nil })
	fsa.Get(w, "/full", authz.Open(), func(context.Context, fsa.None) (*flatOut, error) { return &out, nil })
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	same := func(a, b []string) bool { return len(a) == 1 && len(b) == 1 && a[0] == b[0] }
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "bytes")
		text := rapid.OneOf(rapid.String(), rapid.Just(string(bytes))).Draw(t, "text")
		out = flatOut{rapid.Int64().Draw(t, "number"), rapid.Uint8().Draw(t, "small"), text, rapid.Bool().Draw(t, "truth"), 1, text}
		flat, full := get("/flat"), get("/full")
		if flat.Code != 200 || full.Code != 200 || flat.Body.String() != full.Body.String() {
			t.Fatalf("for %+v the answer is %d %s, want %d %s", out, flat.Code, flat.Body, full.Code, full.Body)
		}
		if !maps.EqualFunc(flat.Header(), full.Header(), same) {
			t.Fatalf("the header is %v, want %v", flat.Header(), full.Header())
		}
	})
}
