// Package leaktest fails the tests of a package when a secret that they use comes
// out where none may: in a log, on standard error, or in an answer.
//
// A package whose tests run applications calls [Main] in its TestMain, lets
// loggers write through [Log], and requests go through [Watch]. What has come out
// is looked through at the end, when all secrets are known:
//
//   - what [Secret] was told: passwords of users, secrets of the configuration;
//   - what requests have brought in Authorization, found by Watch;
//   - whatever looks like a stored password hash, or like a token.
//
// An answer below 400 may hold a token, since giving out tokens is what some
// routes are for; its header may not, nor may it hold a password hash.
package leaktest

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
)

// least is the size of the shortest text that counts as a secret of its own
// accord: a password such as "x" is in every text.
const least = 8

var (
	mu      sync.Mutex
	secrets = map[string]bool{}
	logs    bytes.Buffer // of loggers and standard error
	refusal bytes.Buffer // answers from 400 on, and headers of all
	success bytes.Buffer // bodies of answers below 400
)

// Secret tells of texts that must not come out.
func Secret(texts ...string) {
	mu.Lock()
	defer mu.Unlock()
	for _, s := range texts {
		if len(s) >= least {
			secrets[s] = true
		}
	}
}

// Log gives a writer for a logger: it writes to w, and what it writes is looked
// through.
func Log(w io.Writer) io.Writer { return &tee{w, &logs} }

type tee struct {
	w    io.Writer
	copy *bytes.Buffer
}

func (t *tee) Write(p []byte) (int, error) {
	mu.Lock()
	t.copy.Write(p)
	mu.Unlock()
	return t.w.Write(p)
}

// Watch is middleware that looks through answers, and learns the secrets of
// requests.
func Watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, credentials := range r.Header["Authorization"] {
			learn(credentials)
		}
		if query := r.URL.Query(); query.Has("PASS") {
			Secret(query["PASS"]...)
		}
		rec := &recorder{ResponseWriter: w, body: &success}
		defer rec.header()
		next.ServeHTTP(rec, r)
	})
}

var credential = regexp.MustCompile(`^[A-Za-z0-9._~+/:=-]+$`)

// learn takes the secrets out of an Authorization field.
func learn(credentials string) {
	_, text, _ := strings.Cut(credentials, " ")
	if len(text) < 16 || len(text) > 1<<10 || !credential.MatchString(text) {
		return // a part of a token, or too much to be one, or what no client sends
	}
	Secret(text)
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
		if _, pass, ok := strings.Cut(string(raw), ":"); ok {
			Secret(pass)
		}
	}
}

type recorder struct {
	http.ResponseWriter
	body *bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if status >= 400 {
		r.body = &refusal
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	mu.Lock()
	r.body.Write(p)
	mu.Unlock()
	return r.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// header looks at the header when it is complete, but for the fields that may hold
// what the client has put into its path, and for cookies, which may be tokens.
func (r *recorder) header() {
	mu.Lock()
	defer mu.Unlock()
	for name, values := range r.Header() {
		if name != "Set-Cookie" && name != "Location" && name != "FSA-Request" {
			fmt.Fprintf(&refusal, "\n%s: %s\n", name, strings.Join(values, "\n"))
		}
	}
	refusal.WriteByte('\n')
	success.WriteByte('\n')
}

const hash = "a password hash"

// shapes are what secrets look like that nobody needs to register.
var shapes = map[string]*regexp.Regexp{
	hash:           regexp.MustCompile(`\$(argon2(id|i|d)|scrypt|pbkdf2(-sha\d+)?)\$[a-z]+=?[\w$=,+/.]{16,}|\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}`),
	"a JWT":        regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}`),
	"an fsa token": regexp.MustCompile(`[A-Za-z0-9-]+:[^:\s"]+:\d{14}:[0-9a-f]{16,}`),
}

// leaks lists what has come out, with what was around it.
func leaks() []string {
	mu.Lock()
	defer mu.Unlock()
	var found []string
	note := func(where, what string, text []byte, from, to int) {
		found = append(found, fmt.Sprintf("%s: %s: %q", where, what, text[max(0, from-80):min(len(text), to+20)]))
	}
	known := index()
	for where, text := range map[string][]byte{"log": logs.Bytes(), "refusal or header": refusal.Bytes()} {
		told := map[string]bool{}
		for i := 0; i+least <= len(text); i++ {
			for _, secret := range known[[least]byte(text[i:])] {
				if !told[secret] && bytes.HasPrefix(text[i:], []byte(secret)) {
					told[secret] = true
					note(where, "the secret "+abbreviated(secret), text, i, i+len(secret))
				}
			}
		}
		for name, re := range shapes {
			if at := re.FindIndex(text); at != nil {
				note(where, name, text, at[0], at[1])
			}
		}
	}
	if at := shapes[hash].FindIndex(success.Bytes()); at != nil {
		note("answer", hash, success.Bytes(), at[0], at[1])
	}
	sort.Strings(found)
	return found
}

// index gives the secrets, in each of their forms, by how they begin: there are
// thousands of them, and megabytes to be looked through.
func index() map[[least]byte][]string {
	known := map[[least]byte][]string{}
	for secret := range secrets {
		for _, form := range slices.Compact(forms(secret)) {
			at := [least]byte([]byte(form))
			known[at] = append(known[at], form)
		}
	}
	return known
}

// forms gives a secret as it is, and as quoting would.
func forms(secret string) []string {
	return []string{secret, strings.Trim(fmt.Sprintf("%q", secret), `"`)}
}

// abbreviated gives enough of a secret to know which it is.
func abbreviated(secret string) string {
	if len(secret) > 12 {
		return fmt.Sprintf("%q… (%d bytes)", secret[:6], len(secret))
	}
	return fmt.Sprintf("%q", secret)
}

// Main runs the tests of a package, and fails if a secret has come out. Use it
// as TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(leaktest.Main(m)) }
func Main(m *testing.M) int {
	flag.Parse()
	if f := flag.Lookup("test.fuzz"); f != nil && f.Value.String() != "" {
		return m.Run() // for hours, perhaps: what comes out is not kept
	}
	stderr := os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Fprintln(stderr, "leaktest:", err)
		return 1
	}
	os.Stderr = w
	done := make(chan bool)
	go func() {
		io.Copy(Log(stderr), r)
		close(done)
	}()
	code := m.Run()
	os.Stderr = stderr
	w.Close()
	<-done
	for _, leak := range leaks() {
		fmt.Fprintln(stderr, "--- FAIL: a secret has come out:", leak)
		code = max(code, 1)
	}
	return code
}
