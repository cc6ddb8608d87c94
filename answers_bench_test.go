package fsa_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// thousand are the elements of the array that is streamed.
var thousand = slices.Repeat([]Added{{42, "pen", 3, 1.5, "foo"}}, 1000)

// sink takes an answer.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) FlushError() error           { return nil }

// BenchmarkStream compares a streamed array of 1,000 structs with handlers that are
// written by hand: one that encodes each element (encoding/json), and one that has
// all of them in memory.
func BenchmarkStream(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /elements", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "[")
		e := json.NewEncoder(w)
		for i, a := range thousand {
			if i > 0 {
				io.WriteString(w, ",")
			}
			if err := e.Encode(a); err != nil {
				return
			}
		}
		io.WriteString(w, "]\n")
	})
	mux.HandleFunc("GET /whole", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(thousand)
	})
	app := fsa.New("bench", fsa.Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
	fsa.Get(app, "/seq", authz.Open(), gives(slices.Values(thousand)))
	fsa.Get(app, "/slice", authz.Open(), gives(thousand))
	fsa.Get(app, "/pointers", authz.Open(), gives(slices.Values(slices.Repeat([]*Added{&thousand[0]}, 1000))))
	h, err := app.Handler()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		h    http.Handler
	}{{"/elements", mux}, {"/whole", mux}, {"/seq", h}, {"/slice", h}, {"/pointers", h}} {
		b.Run(c.name[1:], func(b *testing.B) {
			r := httptest.NewRequest("GET", c.name, nil)
			r.RemoteAddr = "127.0.0.1:1"
			b.ReportAllocs()
			for b.Loop() {
				c.h.ServeHTTP(&sink{http.Header{}}, r)
			}
		})
	}
}
