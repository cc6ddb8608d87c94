package main

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
)

// newGin is gin, with its binding to structs.
func newGin() (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	binding.EnableDecoderDisallowUnknownFields = true
	e := gin.New()
	e.Use(gin.Recovery(), func(c *gin.Context) { c.Header("X-Content-Type-Options", "nosniff") })
	g := e.Group("/", ginAuthenticate, ginEmployees)
	g.GET("/store/:sid", func(c *gin.Context) {
		var path struct {
			SID int `uri:"sid"`
		}
		var query struct {
			Limit int `form:"limit,default=10"`
		}
		if c.ShouldBindUri(&path) != nil {
			c.AbortWithStatusJSON(http.StatusNotFound, gin.H{"error": "no such store"})
			return
		}
		if err := c.ShouldBindQuery(&query); err != nil {
			c.AbortWithStatusJSON(http.StatusBadRequest, gin.H{"error": "limit is not a number"})
			return
		}
		if ginPermitted(c, path.SID) {
			c.JSON(http.StatusOK, Answer{path.SID, query.Limit, c.GetString("login")})
		}
	})
	g.POST("/store/:sid", func(c *gin.Context) {
		var path struct {
			SID int `uri:"sid"`
		}
		var in struct {
			Product  string  `json:"product" binding:"required"`
			Quantity int     `json:"quantity" binding:"required"`
			Price    float64 `json:"price"`
		}
		if c.ShouldBindUri(&path) != nil {
			c.AbortWithStatusJSON(http.StatusNotFound, gin.H{"error": "no such store"})
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
		if err := c.ShouldBindJSON(&in); err != nil {
			c.AbortWithStatusJSON(http.StatusBadRequest, gin.H{"error": "the body is not a product"})
			return
		}
		if ginPermitted(c, path.SID) {
			c.JSON(http.StatusCreated, Added{path.SID, in.Product, in.Quantity, in.Price, c.GetString("login")})
		}
	})
	return e, nil
}

func ginAuthenticate(c *gin.Context) {
	raw, ok := bearer(c.Request)
	if !ok {
		c.Header("WWW-Authenticate", `Bearer realm="`+realm+`"`)
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "authentication required"})
		return
	}
	user, err := loginOf(raw)
	if err != nil {
		c.Header("WWW-Authenticate", `Bearer realm="`+realm+`", error="invalid_token"`)
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "invalid credentials"})
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Set("login", user)
}

func ginEmployees(c *gin.Context) {
	switch ok, err := isEmployee(c, c.GetString("login")); {
	case err != nil:
		c.AbortWithStatusJSON(http.StatusInternalServerError, gin.H{"error": "internal error"})
	case !ok:
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"error": "not in group " + group})
	}
}

func ginPermitted(c *gin.Context, sid int) bool {
	ok, err := manages(c, c.GetString("login"), sid, mode)
	switch {
	case errors.Is(err, errNoSuchStore):
		c.AbortWithStatusJSON(http.StatusNotFound, gin.H{"error": "no such store"})
	case err != nil:
		c.AbortWithStatusJSON(http.StatusInternalServerError, gin.H{"error": "internal error"})
	case !ok:
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"error": "permission denied"})
	}
	return ok && err == nil
}
