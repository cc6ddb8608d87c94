package recipes

import (
	"io"
	"net/http"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/gin-gonic/gin"
)

// forGin makes a middleware of gin. The rule can name gin's parameters.
func forGin(protect func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		for _, p := range c.Params {
			c.Request.SetPathValue(p.Key, p.Value)
		}
		outer, passed := c.Writer, false
		protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request, c.Writer = r, ginWriter{outer, w}
			c.Next()
			c.Writer.WriteHeaderNow()
		})).ServeHTTP(outer, c.Request)
		if c.Writer = outer; !passed {
			c.Abort()
		}
	}
}

// ginWriter lets what gin writes pass through the writer of the middleware.
type ginWriter struct {
	gin.ResponseWriter
	through http.ResponseWriter
}

func (w ginWriter) Write(b []byte) (int, error) {
	w.WriteHeaderNow()
	return w.through.Write(b)
}

func (w ginWriter) WriteString(s string) (int, error) {
	w.WriteHeaderNow()
	return io.WriteString(w.through, s)
}

func (w ginWriter) WriteHeaderNow() {
	if !w.Written() {
		w.through.WriteHeader(w.Status())
		w.ResponseWriter.WriteHeaderNow()
	}
}

// ginRouter is a router of gin, some of whose routes are protected.
func ginRouter(app *fsa.App) http.Handler {
	r := gin.New()
	r.GET("/health", func(c *gin.Context) {}) // whoever asks
	r.GET("/stores", forGin(app.Protect(authz.Group("employee"))), func(c *gin.Context) {
		c.String(http.StatusOK, "the stores of %s", fsa.User(c.Request.Context()))
	})
	r.GET("/stores/:sid", forGin(app.Protect(authz.Object("store", "sid", "manager"))), func(c *gin.Context) {
		c.String(http.StatusOK, "store %s of %s", c.Param("sid"), fsa.User(c.Request.Context()))
	})
	r.GET("/gone", forGin(app.Protect(authz.Auth())), func(c *gin.Context) { c.Status(http.StatusGone) })
	return r
}
