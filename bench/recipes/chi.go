package recipes

import (
	"fmt"
	"net/http"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/go-chi/chi/v5"
)

// chiRouter is a router of chi, some of whose routes are protected.
func chiRouter(app *fsa.App) http.Handler {
	r := chi.NewRouter()
	r.Get("/health", func(w http.ResponseWriter, r *http.Request) {}) // whoever asks
	r.Group(func(r chi.Router) {
		r.Use(app.Protect(authz.Group("employee")))
		r.Get("/stores", listStores)
	})
	r.With(app.Protect(authz.Object("store", "sid", "manager"))).Get("/stores/{sid}", getStore)
	return r
}

func listStores(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "the stores of %s", fsa.User(r.Context()))
}

func getStore(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "store %s of %s", chi.URLParam(r, "sid"), fsa.User(r.Context()))
}
