package recipes

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/gin-gonic/gin"
)

// TestRouters: the handlers of other routers are protected, and so is all that is
// mounted in an application.
func TestRouters(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	for name, router := range map[string]func(*fsa.App) http.Handler{"chi": chiRouter, "gin": ginRouter, "echo": echoRouter} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := fsa.New("acme", fsa.Config{
				Auth: []string{"basic", "none"}, InsecureNoLoginThrottle: true, PasswordScheme: []string{"none"},
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			app.PasswordCheck(func(_ context.Context, login, password string) (bool, error) { return password == login+"'s", nil })
			app.GroupCheck("employee", func(_ context.Context, login string) (bool, error) { return login == "susie", nil })
			fsa.ObjectPerms(app, "store", func(_ context.Context, login string, sid int, _ string) (bool, error) {
				if sid > 9 {
					return false, fsa.ErrNoSuchObject
				}
				return sid == 1 && login == "susie", nil
			})
			handler := router(app)
			fsa.Handle(app, "/in/{rest...}", authz.Auth(), http.StripPrefix("/in", handler))
			mounted, err := app.Handler()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				path, as string
				status   int
				text     string
			}{
				{"/health", "", 200, ""},
				{"/in/health", "", 401, "authentication required"},
				{"/in/health", "calvin", 200, ""},
				{"/stores", "", 401, "authentication required"},
				{"/stores", "calvin", 403, `not in group "employee"`},
				{"/stores", "susie", 200, "the stores of susie"},
				{"/in/stores", "calvin", 403, `not in group "employee"`},
				{"/in/stores", "susie", 200, "the stores of susie"},
				{"/stores/1", "susie", 200, "store 1 of susie"},
				{"/stores/1", "calvin", 403, "permission denied on store"},
				{"/stores/2", "susie", 403, "permission denied on store"},
				{"/stores/10", "susie", 404, "object not found"},
				{"/stores/0x1", "susie", 404, "not found"},
				{"/stores/%31", "susie", 200, ""}, // as the router reads it, or refused
				{"/in/stores/1", "susie", 200, "store 1 of susie"},
				{"/gone", "", 401, "authentication required"},
				{"/gone", "susie", 410, ""},
			} {
				if name == "chi" && strings.HasPrefix(c.path, "/gone") {
					continue
				}
				h := handler
				if strings.HasPrefix(c.path, "/in/") {
					h = mounted
				}
				r := httptest.NewRequest("GET", c.path, nil)
				r.RemoteAddr = "127.0.0.1:40000"
				if c.as != "" {
					r.SetBasicAuth(c.as, c.as+"'s")
				}
				log.Reset()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if c.path == "/stores/%31" {
					if w.Code == 200 && w.Body.String() != "store 1 of susie" {
						t.Errorf("%s: the rule and the handler differ: %d %s", c.path, w.Code, w.Body)
					}
					continue
				}
				if w.Code != c.status || c.text != "" && w.Body.String() != c.text {
					t.Errorf("%s as %q: %d %s", c.path, c.as, w.Code, w.Body)
				}
				if c.as != "" && (w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff") {
					t.Errorf("%s as %q: the header is %v", c.path, c.as, w.Header())
				}
				if n := strings.Count(log.String(), "msg=request"); c.path != "/health" && n == 0 {
					t.Errorf("%s: %d lines", c.path, n)
				}
				if c.path == "/gone" && c.as != "" && !strings.Contains(log.String(), "status=410") {
					t.Errorf("the log has %s", log.String())
				}
			}
		})
	}
}
