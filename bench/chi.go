package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// newChi is chi, whose handlers are those of net/http.
func newChi() (http.Handler, error) {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer, middleware.SetHeader("X-Content-Type-Options", "nosniff"))
	r.Group(func(r chi.Router) {
		r.Use(authenticate(loginOf), employeesOnly)
		r.Get("/store/{sid}", getStore(chi.URLParam))
		r.Post("/store/{sid}", postStore(chi.URLParam))
	})
	return r, nil
}
