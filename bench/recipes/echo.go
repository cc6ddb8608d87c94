package recipes

import (
	"net/http"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/labstack/echo/v4"
)

// forEcho makes a middleware of echo. The rule can name echo's parameters. What a
// handler returns as an error is answered before the middleware ends, so that the
// log has the right status.
func forEcho(protect func(http.Handler) http.Handler) echo.MiddlewareFunc {
	wrapped := echo.WrapMiddleware(protect)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		protected := wrapped(func(c echo.Context) error {
			if err := next(c); err != nil {
				c.Error(err)
			}
			return nil
		})
		return func(c echo.Context) error {
			for i, name := range c.ParamNames() {
				c.Request().SetPathValue(name, c.ParamValues()[i])
			}
			return protected(c)
		}
	}
}

// echoRouter is a router of echo, some of whose routes are protected.
func echoRouter(app *fsa.App) http.Handler {
	e := echo.New()
	e.GET("/health", func(c echo.Context) error { return c.NoContent(http.StatusOK) }) // whoever asks
	e.GET("/stores", func(c echo.Context) error {
		return c.String(http.StatusOK, "the stores of "+fsa.User(c.Request().Context()))
	}, forEcho(app.Protect(authz.Group("employee"))))
	e.GET("/stores/:sid", func(c echo.Context) error {
		return c.String(http.StatusOK, "store "+c.Param("sid")+" of "+fsa.User(c.Request().Context()))
	}, forEcho(app.Protect(authz.Object("store", "sid", "manager"))))
	e.GET("/gone", func(c echo.Context) error { return echo.ErrGone }, forEcho(app.Protect(authz.Auth())))
	return e
}
