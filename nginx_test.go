package fsa_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// nginxConf lets nginx ask for passwords and tell the application who is calling.
// It comes to the application from an address of its own, so that the application
// can tell it from everybody else on this machine. The second server lets names
// with underscores through.
const nginxConf = `daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	ssl_certificate %[2]s;
	ssl_certificate_key %[3]s;
	proxy_bind 127.0.0.2;
	proxy_set_header Host $http_host;
	proxy_set_header Authorization "";
	proxy_set_header X-Remote-User $remote_user;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
	auth_basic acme;
	auth_basic_user_file %[1]s/passwords;
	server {
		listen 127.0.0.1:%[4]s ssl;
		location / { proxy_pass %[6]s; }
	}
	server {
		listen 127.0.0.1:%[5]s ssl;
		underscores_in_headers on;
		location / { proxy_pass %[6]s; }
	}
}
`

// TestNginx: a real nginx asks for passwords, and the application believes it, and
// nobody else.
func TestNginx(t *testing.T) {
	nginx := os.Getenv("TEST_FSA_NGINX")
	if nginx == "" {
		t.Skip("TEST_FSA_NGINX does not name an nginx")
	}
	cfg := base()
	cfg.Auth, cfg.TokenSecret = []string{"httpd", "none"}, nil
	cfg.TrustedProxies = []string{"127.0.0.2"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Post(w, "/x", authz.Auth(), who)
	app, stop := start(t, w)
	defer stop()
	cert, key, pool := selfSigned(t)
	dir := t.TempDir()
	plain, lax := freePort(t), freePort(t)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("nginx.conf", fmt.Sprintf(nginxConf, dir, cert, key, plain, lax, app))
	write("passwords", "calvin:{PLAIN}"+calvinPass+"\n")
	cmd := exec.Command(nginx, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+lax); err == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not come up: %s", said.String())
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	for _, test := range []struct {
		name, method, url, login, pass string
		header                         []string
		status                         int
		text                           string
	}{
		{"good", "GET", "https://127.0.0.1:" + plain, "calvin", calvinPass, nil, 200, "calvin"},
		{"a POST", "POST", "https://127.0.0.1:" + plain, "calvin", calvinPass, nil, 200, "calvin"},
		{"a POST of another site", "POST", "https://127.0.0.1:" + plain, "calvin", calvinPass, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin request denied"},
		{"wrong", "GET", "https://127.0.0.1:" + plain, "calvin", "wrong", nil, 401, ""},
		{"none", "GET", "https://127.0.0.1:" + plain, "", "", nil, 401, ""},
		{"somebody else's name", "GET", "https://127.0.0.1:" + plain, "calvin", calvinPass, []string{"X-Remote-User", "hobbes"}, 200, "calvin"},
		{"in underscores, dropped", "GET", "https://127.0.0.1:" + plain, "calvin", calvinPass, []string{"X_Remote_User", "hobbes"}, 200, "calvin"},
		{"in underscores, let through", "GET", "https://127.0.0.1:" + lax, "calvin", calvinPass, []string{"X_Remote_User", "hobbes"}, 401, "invalid credentials"},
		{"around nginx", "GET", app, "", "", []string{"X-Remote-User", "hobbes"}, 403, "insecure HTTP request denied"},
		{"around nginx, as if it were", "GET", app, "", "", []string{"X-Remote-User", "hobbes", "X-Forwarded-Proto", "https"}, 403, "insecure HTTP request denied"},
	} {
		r, err := http.NewRequest(test.method, test.url+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.login != "" {
			r.SetBasicAuth(test.login, test.pass)
		}
		for i := 0; i < len(test.header); i += 2 {
			r.Header[test.header[i]] = []string{test.header[i+1]}
		}
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != test.status || test.text != "" && string(text) != test.text {
			t.Errorf("%s: %d %q, want %d %q", test.name, res.StatusCode, text, test.status, test.text)
		}
		if test.status == 200 && res.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: it does not know that the client came over TLS", test.name)
		}
	}
}
