package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type humaGet struct {
	SID   int `path:"sid"`
	Limit int `query:"limit" default:"10"`
}

type humaPost struct {
	SID  int `path:"sid"`
	Body struct {
		Product  string  `json:"product"`
		Quantity int     `json:"quantity"`
		Price    float64 `json:"price"`
	}
}

type humaAnswer[T any] struct {
	Body T
}

// newHuma is huma on net/http's own mux. Its inputs are structs that it checks
// against a schema, as FSA's are; security is its users' middleware.
func newHuma() (http.Handler, error) {
	mux := http.NewServeMux()
	cfg := huma.DefaultConfig("bench", "1")
	cfg.CreateHooks = nil // no link to the schema in each answer
	api := humago.New(mux, cfg)
	api.UseMiddleware(humaAuthenticate(api), humaEmployees(api))
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/store/{sid}"},
		func(ctx context.Context, in *humaGet) (*humaAnswer[Answer], error) {
			if err := humaPermitted(ctx, in.SID); err != nil {
				return nil, err
			}
			return &humaAnswer[Answer]{Answer{in.SID, in.Limit, login(ctx)}}, nil
		})
	huma.Register(api, huma.Operation{Method: http.MethodPost, Path: "/store/{sid}", DefaultStatus: http.StatusCreated},
		func(ctx context.Context, in *humaPost) (*humaAnswer[Added], error) {
			if err := humaPermitted(ctx, in.SID); err != nil {
				return nil, err
			}
			b := in.Body
			return &humaAnswer[Added]{Added{in.SID, b.Product, b.Quantity, b.Price, login(ctx)}}, nil
		})
	return mux, nil
}

func humaAuthenticate(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		c.SetHeader("X-Content-Type-Options", "nosniff")
		scheme, raw, ok := strings.Cut(c.Header("Authorization"), " ")
		if !ok || !strings.EqualFold(scheme, "Bearer") {
			c.SetHeader("WWW-Authenticate", `Bearer realm="`+realm+`"`)
			huma.WriteErr(api, c, http.StatusUnauthorized, "authentication required")
			return
		}
		user, err := loginOf(raw)
		if err != nil {
			c.SetHeader("WWW-Authenticate", `Bearer realm="`+realm+`", error="invalid_token"`)
			huma.WriteErr(api, c, http.StatusUnauthorized, "invalid credentials")
			return
		}
		c.SetHeader("Cache-Control", "no-store")
		next(huma.WithValue(c, loginKey{}, user))
	}
}

func humaEmployees(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		switch ok, err := isEmployee(c.Context(), login(c.Context())); {
		case err != nil:
			huma.WriteErr(api, c, http.StatusInternalServerError, "internal error")
		case !ok:
			huma.WriteErr(api, c, http.StatusForbidden, "not in group "+group)
		default:
			next(c)
		}
	}
}

func humaPermitted(ctx context.Context, sid int) error {
	ok, err := manages(ctx, login(ctx), sid, mode)
	switch {
	case errors.Is(err, errNoSuchStore):
		return huma.Error404NotFound("no such store")
	case err != nil:
		return huma.Error500InternalServerError("internal error")
	case !ok:
		return huma.Error403Forbidden("permission denied")
	}
	return nil
}
