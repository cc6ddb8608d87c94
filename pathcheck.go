package fsa

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// PathCheck sets a hook that judges the paths of routes: it is given the method
// ("" for all) and the whole path of each, and its error is a fault that
// [App.Handler] reports with the route's place. [DefaultPathCheck] is one.
func (a *App) PathCheck(check func(method, path string) error) {
	if a.hook("app.PathCheck", check == nil, a.more.pathCheck != nil, 1) {
		a.more.pathCheck = check
	}
}

// DefaultPathCheck is a hook for [App.PathCheck] that holds paths to what is usual
// for a REST interface, so that clients can guess them: literal segments are of
// lower-case letters, digits, dashes, underscores and dots, and don't name a
// method (/get-user); a path does not end in a slash, and is of 255 bytes at
// most. /.well-known (RFC 8615) may begin a path.
func DefaultPathCheck(method, path string) error {
	switch {
	case len(path) > 255:
		return fmt.Errorf("the path has %d bytes, more than 255", len(path))
	case path != "/" && strings.HasSuffix(path, "/"):
		return errors.New("the path ends in a slash")
	}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		switch {
		case strings.HasPrefix(s, "{"), s == ".well-known" && i == 0, path == "/":
			continue
		case strings.ContainsFunc(s, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
		}):
			return fmt.Errorf("the segment %q has other characters than lower-case letters, digits, dashes, underscores and dots", s)
		case strings.HasPrefix(s, "."), strings.HasPrefix(s, "-"), strings.HasPrefix(s, "_"):
			return fmt.Errorf("the segment %q does not begin with a letter or digit", s)
		}
		word, _, _ := strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
		if word != s && slices.Contains([]string{"get", "post", "put", "patch", "delete"}, word) {
			return fmt.Errorf("the segment %q names a method, which the request has already", s)
		}
	}
	return nil
}

// paths asks the hook of [App.PathCheck] about a route.
func (c *compiler) paths(rt *route) {
	check := c.app.more.pathCheck
	if check == nil || rt.reg.path == "" {
		return
	}
	err := func() (err error) {
		defer catch(&err)
		return check(rt.reg.method, rt.reg.path)
	}()
	if err != nil {
		c.fault(rt, "app.PathCheck: "+oneLine(err.Error(), maxLoggedError), "change the path, or the hook")
	}
}
