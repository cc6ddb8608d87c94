package fsa_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// start runs an application on a free port. stop ends it and gives what Run
// returned.
func start(t *testing.T, w *world) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx, "127.0.0.1:0") }()
	deadline := time.Now().Add(time.Minute)
	for {
		if m := regexp.MustCompile(`url=(\S+)`).FindStringSubmatch(w.log.String()); m != nil {
			url = m[1]
			break
		}
		select {
		case err := <-done:
			cancel()
			t.Fatalf("it does not run: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not come up: %s", w.log)
		}
	}
	return url, func() error { cancel(); return <-done }
}

// TestRun: it serves, and a stop waits for the request under way.
func TestRun(t *testing.T) {
	w := newWorld(t, base())
	entered, leave := make(chan bool), make(chan bool)
	fsa.Get(w, "/slow", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		close(entered)
		<-leave
		return "done", ctx.Err()
	})
	url, stop := start(t, w)
	type answer struct {
		body string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		res, err := http.Get(url + "/slow")
		if err != nil {
			answers <- answer{"", err}
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		answers <- answer{fmt.Sprint(res.StatusCode, " ", string(b), " ", res.Header.Get("Server")), err}
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	select {
	case err := <-stopped:
		t.Errorf("Run has not waited for the request: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	if a := <-answers; a.err != nil || a.body != "200 done " {
		t.Errorf("the answer is %q, %v", a.body, a.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Run returns %v after a graceful stop", err)
	}
}

// TestRunFaults: it does not serve what is wrong, or where it can't.
func TestRunFaults(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Group("gone"), nothing)
	if err := w.Run(context.Background(), "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), `group "gone"`) {
		t.Errorf("Run returns %v", err)
	}
	w = newWorld(t, base())
	fsa.Get(w, "/x", authz.Auth(), nothing)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := w.Run(context.Background(), taken.Addr().String()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("Run returns %v", err)
	}
}

// TestRunLimits: a header that is too large is refused by the server itself.
func TestRunLimits(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), who)
	url, stop := start(t, w)
	defer stop()
	req, _ := http.NewRequest("GET", url+"/x", nil)
	req.Header.Set("X-Large", strings.Repeat("x", 40<<10))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("the status is %d", res.StatusCode)
	}
}

// TestRunTLS: with a certificate it speaks HTTPS.
func TestRunTLS(t *testing.T) {
	cert, key, pool := selfSigned(t)
	cfg := base()
	cfg.TLSCert, cfg.TLSKey = cert, key
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Open(), who)
	url, stop := start(t, w)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	res, err := client.Get(url + "/x")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	client.CloseIdleConnections()
	if !strings.HasPrefix(url, "https://") || res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s: status %d, header %v", url, res.StatusCode, res.Header)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestServerCertificate: without the certificate that it is to have, there is no server; with
// it, the server has it.
func TestServerCertificate(t *testing.T) {
	cert, key, _ := selfSigned(t)
	for _, c := range []struct{ cert, key, want string }{
		{cert, key, ""},
		{cert, cert, "fsa: "},
		{filepath.Join(t.TempDir(), "gone.pem"), key, "gone.pem"},
	} {
		cfg := base()
		cfg.TLSCert, cfg.TLSKey = c.cert, c.key
		server, err := newWorld(t, cfg).Server("127.0.0.1:0")
		if (server != nil) != (c.want == "") || (err == nil) != (c.want == "") || err != nil && !contains(err.Error(), "fsa: ", c.want) {
			t.Errorf("%s and %s: %v, %v", c.cert, c.key, server, err)
		}
	}
}

func selfSigned(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool = x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(der)
	pool.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8), pool
}
