package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// newBare is the floor: handlers on net/http without any security.
func newBare() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /store/{sid}", func(w http.ResponseWriter, r *http.Request) {
		s, err := strconv.Atoi(r.PathValue("sid"))
		l := 10
		if v := r.URL.Query().Get("limit"); v != "" && err == nil {
			l, err = strconv.Atoi(v)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(Answer{s, l, "foo"})
	})
	mux.HandleFunc("POST /store/{sid}", func(w http.ResponseWriter, r *http.Request) {
		s, err := strconv.Atoi(r.PathValue("sid"))
		var in productBody
		if err == nil {
			err = json.NewDecoder(r.Body).Decode(&in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(Added{s, in.Product, in.Quantity, in.Price, "foo"})
	})
	return mux, nil
}

// productBody is the body of a POST, for those who decode it themselves.
type productBody struct {
	Product  string  `json:"product"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
}

type loginKey struct{}

// login gives who is calling, as the middleware below has found.
func login(ctx context.Context) string {
	s, _ := ctx.Value(loginKey{}).(string)
	return s
}

// bearer gives the token of a request.
func bearer(r *http.Request) (string, bool) {
	scheme, raw, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return raw, ok && strings.EqualFold(scheme, "Bearer")
}

// authenticate is middleware for net/http and for what is compatible with it.
func authenticate(check func(raw string) (string, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, ok := bearer(r)
			if !ok {
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`"`)
				http.Error(w, "authentication required", http.StatusUnauthorized)
				return
			}
			user, err := check(raw)
			if err != nil {
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`", error="invalid_token"`)
				http.Error(w, "invalid credentials", http.StatusUnauthorized)
				return
			}
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loginKey{}, user)))
		})
	}
}

// employeesOnly is middleware that goes inside of authenticate.
func employeesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch ok, err := isEmployee(r.Context(), login(r.Context())); {
		case err != nil:
			http.Error(w, "internal error", http.StatusInternalServerError)
		case !ok:
			http.Error(w, "not in group "+group, http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// permitted asks for the object permission; unless it is granted, it answers.
func permitted(w http.ResponseWriter, r *http.Request, sid int) bool {
	ok, err := manages(r.Context(), login(r.Context()), sid, mode)
	switch {
	case errors.Is(err, errNoSuchStore):
		http.Error(w, "no such store", http.StatusNotFound)
	case err != nil:
		http.Error(w, "internal error", http.StatusInternalServerError)
	case !ok:
		http.Error(w, "permission denied", http.StatusForbidden)
	}
	return ok && err == nil
}

func nosniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// getStore is the handler of GET for net/http and for what is compatible with it,
// once the path's parameter has been taken out by pathValue.
func getStore(pathValue func(*http.Request, string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sid, err := strconv.Atoi(pathValue(r, "sid"))
		if err != nil {
			http.Error(w, "no such store", http.StatusNotFound)
			return
		}
		limit := 10
		if v := r.URL.Query().Get("limit"); v != "" {
			if limit, err = strconv.Atoi(v); err != nil {
				http.Error(w, "limit is not a number", http.StatusBadRequest)
				return
			}
		}
		if !permitted(w, r, sid) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(Answer{sid, limit, login(r.Context())})
	}
}

func postStore(pathValue func(*http.Request, string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sid, err := strconv.Atoi(pathValue(r, "sid"))
		if err != nil {
			http.Error(w, "no such store", http.StatusNotFound)
			return
		}
		var in productBody
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		body.DisallowUnknownFields()
		if err := body.Decode(&in); err != nil || in.Product == "" || in.Quantity == 0 {
			http.Error(w, "the body is not a product", http.StatusBadRequest)
			return
		}
		if !permitted(w, r, sid) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(Added{sid, in.Product, in.Quantity, in.Price, login(r.Context())})
	}
}

// newByHand is security written by hand on net/http. Each token's signature is
// checked each time.
func newByHand() (http.Handler, error) { return byHand(loginOf), nil }

// newByHandCached remembers the tokens that were good, as FSA does, until they
// expire. It never forgets one before: a real one would need a bound.
func newByHandCached() (http.Handler, error) {
	type known struct {
		login   string
		expires time.Time
	}
	var tokens sync.Map
	return byHand(func(raw string) (string, error) {
		if v, ok := tokens.Load(raw); ok {
			if k := v.(*known); time.Now().Before(k.expires) {
				return k.login, nil
			}
			tokens.Delete(raw)
		}
		var claims jwt.RegisteredClaims
		if _, err := parser.ParseWithClaims(raw, &claims, key); err != nil {
			return "", err
		}
		tokens.Store(strings.Clone(raw), &known{claims.Subject, claims.ExpiresAt.Time})
		return claims.Subject, nil
	}), nil
}

func byHand(check func(raw string) (string, error)) http.Handler {
	protect := authenticate(check)
	mux := http.NewServeMux()
	mux.Handle("GET /store/{sid}", protect(employeesOnly(getStore((*http.Request).PathValue))))
	mux.Handle("POST /store/{sid}", protect(employeesOnly(postStore((*http.Request).PathValue))))
	return nosniff(mux)
}
