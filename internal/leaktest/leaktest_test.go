package leaktest_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Main(m)) }

const (
	password = "correct horse"
	token    = "acme:calvin:20991231235959:8b95f745aac7f3ef"
	hash     = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNoaGFzaA"
	jwt      = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYWx2aW4ifQ.c2lnbmF0dXJlc2lnbmF0dXJl"
)

// plants are what is planted, by name: leaks, and what is none.
var plants = map[string]struct {
	leak  bool
	plant func()
}{
	"nothing":            {false, func() { logger().Info("calvin logs in", "password", "***") }},
	"password in log":    {true, func() { logger().Info("x", "password", password) }},
	"password on stderr": {true, func() { fmt.Fprintln(os.Stderr, "the password is", password) }},
	"password in two writes": {true, func() {
		w := leaktest.Log(io.Discard)
		io.WriteString(w, password[:4])
		io.WriteString(w, password[4:])
	}},
	"header of a request": {true, func() {
		answer(200, "", "", func(r *http.Request) { r.SetBasicAuth("calvin", "never registered") })
		logger().Info("x", "header", "Basic "+base64.StdEncoding.EncodeToString([]byte("calvin:never registered")))
	}},
	"password with quotes": {true, func() {
		leaktest.Secret(`say "friend"`)
		slog.New(slog.NewTextHandler(leaktest.Log(io.Discard), nil)).Info("x", "password", `say "friend"`)
	}},
	"password of a request": {true, func() {
		answer(200, "", "", func(r *http.Request) { r.SetBasicAuth("calvin", "never registered") })
		logger().Info("never registered")
	}},
	"token of a request": {true, func() {
		answer(200, "", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789") })
		logger().Info("0123456789abcdef0123456789")
	}},
	"token in log":            {true, func() { logger().Info(token) }},
	"JWT in log":              {true, func() { logger().Info(jwt) }},
	"hash in log":             {true, func() { logger().Info(hash) }},
	"password in refusal":     {true, func() { answer(401, password, "", nil) }},
	"token in refusal":        {true, func() { answer(401, token, "", nil) }},
	"token given out":         {false, func() { answer(200, token, "", nil) }},
	"token in header":         {true, func() { answer(200, "", token, nil) }},
	"hash given out":          {true, func() { answer(200, hash, "", nil) }},
	"after a secret is known": {true, func() { logger().Info("later, later"); leaktest.Secret("later, later") }},
}

func logger() *slog.Logger { return slog.New(slog.NewJSONHandler(leaktest.Log(io.Discard), nil)) }

func answer(status int, body, header string, prepare func(*http.Request)) {
	r := httptest.NewRequest("GET", "/", nil)
	if prepare != nil {
		prepare(r)
	}
	leaktest.Watch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Header", header)
		w.WriteHeader(status)
		io.WriteString(w, body)
	})).ServeHTTP(httptest.NewRecorder(), r)
}

// TestPlanted runs this program once more for each plant: with a leak it must
// fail, without it must not.
func TestPlanted(t *testing.T) {
	leaktest.Secret(password)
	if name := os.Getenv("LEAKTEST_PLANT"); name != "" {
		plants[name].plant()
		return
	}
	for name, p := range plants {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestPlanted$")
			cmd.Env = append(os.Environ(), "LEAKTEST_PLANT="+name)
			out, err := cmd.CombinedOutput()
			if (err != nil) != p.leak || strings.Contains(string(out), "a secret has come out") != p.leak {
				t.Errorf("leak %v: %v\n%s", p.leak, err, out)
			}
		})
	}
}
