package main

import (
	"errors"
	"net/http"

	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// newEcho is echo, with its binding to structs and its own middleware for JWTs.
func newEcho() (http.Handler, error) {
	e := echo.New()
	e.Use(middleware.Recover(), middleware.SecureWithConfig(middleware.SecureConfig{ContentTypeNosniff: "nosniff"}), middleware.BodyLimit("1M"))
	g := e.Group("", echojwt.WithConfig(echojwt.Config{
		ContextKey:     "login",
		ParseTokenFunc: func(_ echo.Context, raw string) (any, error) { return loginOf(raw) },
		ErrorHandler: func(c echo.Context, err error) error {
			c.Response().Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`"`)
			return echo.NewHTTPError(http.StatusUnauthorized, "authentication required").SetInternal(err)
		},
	}), echoEmployees)
	g.GET("/store/:sid", func(c echo.Context) error {
		in := struct {
			SID   int `param:"sid"`
			Limit int `query:"limit"`
		}{Limit: 10}
		if err := c.Bind(&in); err != nil {
			return err
		}
		if err := echoPermitted(c, in.SID); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, Answer{in.SID, in.Limit, echoLogin(c)})
	})
	g.POST("/store/:sid", func(c echo.Context) error {
		var in struct {
			SID      int     `param:"sid" json:"-"`
			Product  string  `json:"product"`
			Quantity int     `json:"quantity"`
			Price    float64 `json:"price"`
		}
		if err := c.Bind(&in); err != nil {
			return err
		}
		if in.Product == "" || in.Quantity == 0 {
			return echo.NewHTTPError(http.StatusBadRequest, "the body is not a product")
		}
		if err := echoPermitted(c, in.SID); err != nil {
			return err
		}
		return c.JSON(http.StatusCreated, Added{in.SID, in.Product, in.Quantity, in.Price, echoLogin(c)})
	})
	return e, nil
}

func echoLogin(c echo.Context) string {
	s, _ := c.Get("login").(string)
	return s
}

func echoEmployees(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		switch ok, err := isEmployee(c.Request().Context(), echoLogin(c)); {
		case err != nil:
			return err
		case !ok:
			return echo.NewHTTPError(http.StatusForbidden, "not in group "+group)
		}
		return next(c)
	}
}

func echoPermitted(c echo.Context, sid int) error {
	ok, err := manages(c.Request().Context(), echoLogin(c), sid, mode)
	switch {
	case errors.Is(err, errNoSuchStore):
		return echo.NewHTTPError(http.StatusNotFound, "no such store")
	case err != nil:
		return err
	case !ok:
		return echo.NewHTTPError(http.StatusForbidden, "permission denied")
	}
	return nil
}
