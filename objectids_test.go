package fsa_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// The kinds of ids that have texts.
type (
	halves          [2]string                // parts of an array
	opaque          struct{ text string }    // what no other package sees
	pairID          struct{ A, B string }    // of two parameters
	deepID          struct{ P, Q halves }    // of two, which have parts
	manyID          struct{ A, B, C string } // of three
	ownID           struct{ A, b string }    // of one that no parameter can be for
	byBase          struct{ Base }           // not a field of the input itself
	Base            struct{ ID string }      // which is embedded
	ghost           struct{ Name string }    // which no request brings
	inPair          struct{ A, B string }    // the parameters of pairID
	inDeep          struct{ P, Q halves }    // those of deepID
	objectOf[T any] struct{ ID T }           // a parameter alone
	specially       struct{ ID ghost }       // one that is made
)

func (h *halves) UnmarshalText(b []byte) error {
	var ok bool
	if h[0], h[1], ok = strings.Cut(string(b), "-"); !ok {
		return fmt.Errorf("no dash in it")
	}
	return nil
}

func (o *opaque) UnmarshalText(b []byte) error { o.text = string(b); return nil }

func (o ownID) String() string { return o.A + " " + o.b }

// owns registers a domain of ids of a type, and counts whom it is asked about.
func owns[ID comparable](w *world, name string) {
	fsa.ObjectPerms(w.App, name, func(_ context.Context, login string, _ ID, _ string) (bool, error) {
		w.ask(name + " " + login)
		return true, nil
	})
}

// TestObjectIDs: whatever the kind of its id, what is known of an object is kept, unless
// the id is so long that a client could fill the cache with it.
func TestObjectIDs(t *testing.T) {
	w := newWorld(t, base())
	owns[string](w, "text")
	owns[halves](w, "halves")
	owns[opaque](w, "opaque")
	owns[pairID](w, "pair")
	owns[deepID](w, "deep")
	fsa.Get(w, "/text/{id}", authz.Object("text", "id", ""), takes[objectOf[string]])
	fsa.Get(w, "/base/{id}", authz.Object("text", "id", ""), takes[byBase])
	fsa.Get(w, "/halves/{id}", authz.Object("halves", "id", ""), takes[objectOf[halves]])
	fsa.Get(w, "/opaque/{id}", authz.Object("opaque", "id", ""), takes[objectOf[opaque]])
	fsa.Get(w, "/pair/{a}/{b}", authz.Object("pair", "a:b", ""), takes[inPair])
	fsa.Get(w, "/deep/{p}/{q}", authz.Object("deep", "p:q", ""), takes[inDeep])
	c := w.client(t)
	long := strings.Repeat("x", 1100)
	for _, tt := range []struct {
		path, domain string
		asked        int
	}{
		{"/text/a", "text", 1},
		{"/base/b", "text", 1},
		{"/text/" + long, "text", 2},
		{"/halves/a-b", "halves", 1},
		{"/halves/a-" + long, "halves", 2},
		{"/opaque/a", "opaque", 1},
		{"/opaque/" + long, "opaque", 2},
		{"/pair/a/b", "pair", 1},
		{"/pair/" + long[:600] + "/" + long[:600], "pair", 2}, // together
		{"/deep/a-b/c-d", "deep", 1},
		{"/deep/a-b/c-" + long, "deep", 2},
	} {
		before := w.times(tt.domain + " calvin")
		for range 2 {
			c.Get(tt.path).As("calvin").Expect(204)
		}
		if got := w.times(tt.domain+" calvin") - before; got != tt.asked {
			t.Errorf("%.20s: asked %d times, want %d", tt.path, got, tt.asked)
		}
	}
	// What is forgotten of one user stays known of others: S81.
	c.Get("/text/a").As("hobbes").Expect(204)
	if err := w.AuthUncache(t.Context(), "calvin"); err != nil {
		t.Fatal(err)
	}
	before := w.times("text hobbes")
	c.Get("/text/a").As("hobbes").Expect(204)
	if got := w.times("text hobbes"); got != before {
		t.Errorf("asked again about hobbes")
	}
}

// TestObjectOfPointer: the rule sees the parameters of a handler that takes a pointer to
// them, traced or not. S83
func TestObjectOfPointer(t *testing.T) {
	for _, mode := range []string{"prod", "debug4"} {
		cfg := base()
		cfg.Mode = mode
		w := newWorld(t, cfg)
		fsa.Get(w, "/x/{id}", authz.Object("stuff", "id", "owner"), takes[*struct{ ID int }])
		c := w.client(t)
		c.Get("/x/1").As("calvin").Expect(204)
		c.Get("/x/2").As("calvin").Expect(403)
		c.Get("/x/3").As("calvin").Expect(404)
	}
}

// TestObjectIDFaults: what can't tell one object from another is no id of one.
func TestObjectIDFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		wire func(*world)
		want string
	}{
		{"nil", func(w *world) { fsa.ObjectPerms[int](w.App, "d", nil) }, `the hook of fsa.ObjectPerms("d") is nil`},
		{"twice", func(w *world) { owns[int](w, "d"); owns[int](w, "d") }, `fsa.ObjectPerms("d") is called twice`},
		{"float32", func(w *world) { owns[float32](w, "d") }, "a float may differ from itself"},
		{"float64", func(w *world) { owns[float64](w, "d") }, "a float may differ from itself"},
		{"complex64", func(w *world) { owns[complex64](w, "d") }, "a float may differ from itself"},
		{"complex128", func(w *world) { owns[complex128](w, "d") }, "a float may differ from itself"},
		{"floats", func(w *world) { owns[[2]float64](w, "d") }, "a float may differ from itself"},
		{"pointer", func(w *world) { owns[*int](w, "d") }, "a pointer is not what it points to"},
		{"address", func(w *world) { owns[unsafe.Pointer](w, "d") }, "a pointer is not what it points to"},
		{"channel", func(w *world) { owns[chan int](w, "d") }, "a pointer is not what it points to"},
		{"no struct", func(w *world) {
			owns[string](w, "d")
			fsa.Get(w, "/x/{a}/{b}", authz.Object("d", "a:b", ""), takes[inPair])
		}, `the id of domain "d" is a string, which has not just the fields that "a:b" names`},
		{"one more", func(w *world) {
			owns[manyID](w, "d")
			fsa.Get(w, "/x/{a}/{b}", authz.Object("d", "a:b", ""), takes[inPair])
		}, `which has not just the fields that "a:b" names`},
		{"private", func(w *world) {
			owns[ownID](w, "d")
			fsa.Get(w, "/x/{a}/{b}", authz.Object("d", "a:b", ""), takes[inPair])
		}, `which has not just the fields that "a:b" names`},
		{"special", func(w *world) {
			fsa.Special(w.App, func(context.Context, string) (ghost, error) { return ghost{}, nil })
			owns[ghost](w, "d")
			fsa.Get(w, "/x", authz.Object("d", "id", ""), takes[specially])
		}, `parameter "id", which names the object in "d", does not come with the request`},
	} {
		w := newWorld(t, base())
		tt.wire(w)
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
