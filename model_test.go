package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"pgregory.net/rapid"
)

// model is an application of random routes, and a reference that says what it
// must answer. The reference shares no code with the framework: it knows what is
// promised of authentication, decisions, parameters and caches, and nothing of how
// that is done.
type model struct {
	cfg     *modelConfig
	store   *modelStore
	app     *fsa.App
	handler http.Handler
	tokens  []modelToken
	forged  string // a token that another secret has signed
	trace   []string
	last    *modelRequest
	lastWho string // the latest who has been found

	hashes  modelCache[string, string]
	proofs  modelCache[modelClient, modelProof]
	members modelCache[modelMember, bool]
	granted modelCache[modelMember, bool]
	perms   modelCache[modelPerm, bool]
	seen    modelCache[modelSeen, modelToken]
}

// modelSteps is how many steps one application lives for. With the 100 checks of
// rapid, these are 10⁵.
const modelSteps = 1000

// TestModel compares applications with the reference over random steps: requests,
// changes of what the hooks know, failing hooks, answers that are to be forgotten,
// and time. Each answer must have the status, the text and the challenges that
// the reference predicts, and each step must ask the very hooks that it predicts:
// so a cache that keeps nothing, too much or for too long is seen. S81, S82, S83,
// S85, S88.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		inBubble(t, func() {
			m := newModel(rt)
			for range modelSteps {
				m.step(rt)
			}
		})
	})
}

// inBubble runs f in a bubble where time passes when everybody sleeps. What f
// panics with goes on to the caller, who is rapid.
func inBubble(t *testing.T, f func()) {
	var p any
	synctest.Test(t, func(*testing.T) {
		defer func() {
			if p = recover(); p != nil && !strings.HasPrefix(fmt.Sprintf("%T", p), "rapid.") {
				p = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		f()
	})
	if p != nil {
		panic(p)
	}
}

func newModel(t *rapid.T) *model {
	m := &model{
		cfg: drawConfig(t), store: newModelStore(),
		hashes: modelCache[string, string]{}, proofs: modelCache[modelClient, modelProof]{}, members: modelCache[modelMember, bool]{}, granted: modelCache[modelMember, bool]{},
		perms: modelCache[modelPerm, bool]{}, seen: modelCache[modelSeen, modelToken]{},
	}
	m.app = fsa.New("acme", m.cfg.config())
	m.store.register(m.app, m.cfg)
	m.cfg.register(m.app, m.store)
	var err error
	if m.handler, err = m.app.Handler(); err != nil {
		t.Fatalf("%v\n%s", err, m)
	}
	for i, login := range modelLogins[:3] {
		m.setPassword(t, login, modelPasses[i])
		m.makeToken(t, login, fsa.TokenOptions{})
	}
	for _, login := range modelLogins {
		for _, group := range modelGroups {
			m.store.members[modelMember{login, group}] = rapid.Bool().Draw(t, "member")
		}
		for _, permission := range modelPermissions {
			m.store.granted[modelMember{login, permission}] = rapid.Bool().Draw(t, "granted")
		}
		for _, o := range slices.Concat(modelStuff, modelRepos) {
			m.store.objects[o] = rapid.IntRange(0, 3).Draw(t, "object") != 3
			for _, mode := range modelModes {
				m.store.perms[modelPerm{login, o, mode}] = rapid.Bool().Draw(t, "perm")
			}
		}
	}
	other := m.cfg.config()
	other.TokenSecret = []fsa.Secret{"another secret, of which the application knows nothing at all"}
	if m.forged, err = fsa.New("acme", other).CreateToken(context.Background(), "ann", fsa.TokenOptions{}); err != nil {
		t.Fatal(err)
	}
	return m
}

// setPassword changes what is stored, and tells nobody.
func (m *model) setPassword(t *rapid.T, login, pass string) {
	hash, err := m.app.HashPasswordUnchecked(context.Background(), pass)
	if err != nil {
		t.Fatal(err)
	}
	m.store.hashes[login], m.store.made[hash] = hash, pass
}

func (m *model) makeToken(t *rapid.T, login string, o fsa.TokenOptions) {
	raw, err := m.app.CreateToken(context.Background(), login, o)
	if colon := strings.Contains(login, ":"); (err != nil) != (m.cfg.tokens == "fsa" && (colon || o.Scopes != nil)) {
		t.Fatalf("a token for %s with %+v: %v\n%s", login, o, err, m)
	}
	if err != nil {
		return
	}
	tok := modelToken{raw: raw, login: login, realm: o.Realm, issuer: o.Issuer, reads: o.Scopes != nil}
	if !o.AuthTime.IsZero() {
		tok.since = o.AuthTime.Truncate(time.Second)
	}
	for _, f := range modelFactors {
		if slices.Equal(f.names, o.Factors) {
			tok.factors = f.count
		}
	}
	if tok.realm == "" {
		tok.realm = "acme"
	}
	if tok.issuer == "" {
		tok.issuer = m.cfg.issuer
	}
	if o.Delay == 0 {
		o.Delay = m.cfg.delay
	}
	tok.expires = time.Now().Add(o.Delay).Unix()
	m.tokens = append(m.tokens, tok)
}

// String tells what the application is and what has been done to it of late.
func (m *model) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the application: %+v\n", *m.cfg)
	for i := range m.cfg.routes {
		rule, schemes, realm := m.cfg.effective(i)
		fmt.Fprintf(&b, "  %s %s (%s): %v, %v in %s\n", m.cfg.routes[i].method(), m.cfg.path(i), m.cfg.routes[i].shape, rule.rule(), schemes, realm)
	}
	fmt.Fprintf(&b, "the hooks' moods: %v\n", m.store.moods)
	for _, line := range m.trace[max(0, len(m.trace)-30):] {
		fmt.Fprintln(&b, " ", line)
	}
	return b.String()
}

func (m *model) note(format string, args ...any) {
	m.trace = append(m.trace, fmt.Sprintf("%s ", time.Now().Format("15:04:05.999999999"))+fmt.Sprintf(format, args...))
}

// modelOps are the kinds of steps.
var modelOps = slices.Concat(
	slices.Repeat([]string{"request"}, 14),
	[]string{"again", "again", "again", "again", "again", "again"},
	[]string{"sleep", "sleep", "change", "change", "mood", "uncache", "uncache", "token", "token", "ask", "burst", "overtake"},
)

// step does one thing to the application and to the reference.
func (m *model) step(t *rapid.T) {
	switch rapid.SampledFrom(modelOps).Draw(t, "op") {
	case "request":
		m.request(t, m.drawRequest(t))
	case "again":
		m.again(t)
	case "sleep":
		m.sleep(t)
	case "change":
		m.change(t)
	case "mood":
		m.mood(t)
	case "uncache":
		m.uncache(t)
	case "token":
		m.token(t)
	case "ask":
		login, pass := m.drawLogin(t, modelLogins)
		m.checkPassword(t, login, pass)
	case "burst":
		m.burst(t)
	case "overtake":
		m.overtake(t)
	}
}

// again sends the last request once more, when caches are warm: as it was, or when
// its client has gone, or with another password.
func (m *model) again(t *rapid.T) {
	m.resend(t, rapid.SampledFrom([]string{"as it was", "as it was", "as it was", "gone", "gone", "password"}).Draw(t, "again"))
}

func (m *model) resend(t *rapid.T, how string) {
	if m.last == nil {
		return
	}
	last := m.last
	q := *last
	switch how {
	case "password":
		q.pass = rapid.SampledFrom(modelPasses).Draw(t, "password")
	case "gone":
		q.gone = true
	}
	m.request(t, &q)
	m.last = last
}

// request sends a request, and compares.
func (m *model) request(t *rapid.T, q *modelRequest) {
	m.note("%v", q)
	want := m.answer(q)
	got := m.send(q)
	m.compare(t, q, got, want)
}

// send sends a request.
func (m *model) send(q *modelRequest) modelAnswer {
	m.last, m.store.handler, m.store.asked = q, q.handler, nil
	got := m.exchange(q)
	got.asked = m.store.asked
	return got
}

// exchange sends a request, perhaps beside others.
func (m *model) exchange(q *modelRequest) modelAnswer {
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, m.build(q))
	h := http.Header{}
	for name, values := range w.Result().Header {
		for _, v := range values {
			h.Add(name, v) // as a client reads them: names have no case
		}
	}
	return modelAnswer{
		status: w.Code, text: w.Body.String(), challenges: h.Values("WWW-Authenticate"), user: h.Get("FSA-User"),
		keep: h.Get("Cache-Control"), allow: h.Get("Allow"), header: h,
	}
}

// checkPassword asks for a password outside of a request. What that finds out is
// kept for requests, and the other way round.
func (m *model) checkPassword(t *rapid.T, login, pass string) {
	m.note("CheckUserPassword(%s, %s)", login, pass)
	i := &inquiry{m: m, q: &modelRequest{}, now: time.Now()}
	want := modelVerdict{"", 401, "invalid credentials"}
	switch f := i.password(login, pass); {
	case f.who != nil:
		want = modelVerdict{}
	case f.broken != nil:
		want = modelVerdict{"", f.broken.status, f.broken.text}
	}
	m.store.asked = nil
	err := m.app.CheckUserPassword(context.Background(), login, pass)
	got := modelVerdict{}
	if e := (*fsa.Error)(nil); errors.As(err, &e) {
		got = modelVerdict{"", e.Status, e.Public}
	}
	unauthenticated := errors.Is(err, fsa.ErrUnauthenticated)
	if got != want || (err == nil) != (want.status == 0) || unauthenticated != (want.status == 401) || !slices.Equal(m.store.asked, i.asked) {
		t.Fatalf("%s\ngot  %v, having asked %q\nwant %v, %q", m, err, m.store.asked, want, i.asked)
	}
}

// compare ends the test if an answer is not the predicted one.
func (m *model) compare(t *rapid.T, q *modelRequest, got, want modelAnswer) {
	same := got.status == want.status && (got.text == want.text || want.begins && strings.HasPrefix(got.text, want.text)) &&
		slices.Equal(got.challenges, want.challenges) && got.user == want.user && got.keep == want.keep && got.allow == want.allow &&
		slices.Equal(got.asked, want.asked)
	if !same {
		r := m.build(q)
		t.Fatalf("%s\n%s %s %v\ngot  %+v\nwant %+v", m, r.Method, r.URL, r.Header, got, want)
	}
	if m.store.leaked != "" || strings.Contains(fmt.Sprint(got), "s3cret") {
		t.Fatalf("%s\na secret gets out: %+v; %s", m, got, m.store.leaked)
	}
}
