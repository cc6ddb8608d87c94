package fsa_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// modelAnswer is an answer, as far as it is promised.
type modelAnswer struct {
	status     int
	text       string   // of the body
	begins     bool     // the body only begins so
	challenges []string // WWW-Authenticate
	user       string   // FSA-User
	keep       string   // Cache-Control
	allow      string
	asked      []string // what hooks were asked, in their order
	header     http.Header
}

// inquiry is a request that the reference answers.
type inquiry struct {
	m       *model
	q       *modelRequest
	now     time.Time
	rule    *modelRule
	schemes []string
	realm   string

	overtake func(question string) // forgets what is kept while the first question is asked

	asked   []string
	tried   bool
	who     *modelIdentity
	decided map[*modelRule]modelVerdict
	objects map[string]modelObject // that the parameters name, by domain
}

type modelIdentity struct {
	login, scheme string
	reads         bool // has the scope read
	since         time.Time
	factors       int
}

// effective gives what holds for a route with its prefixes: their rules too, the
// schemes and the realm of the nearest that says so.
func (c *modelConfig) effective(route int) (rule *modelRule, schemes []string, realm string) {
	rt := c.routes[route]
	rule, schemes, realm = rt.rule, rt.schemes, rt.realm
	for i := rt.prefix; i >= 0; i = c.prefixes[i].parent {
		p := c.prefixes[i]
		if p.least != nil {
			rule = &modelRule{kind: "all", parts: []*modelRule{p.least, rule}}
		}
		if schemes == nil {
			schemes = p.schemes
		}
		realm += p.realm
	}
	if schemes == nil {
		schemes = c.schemes
	}
	if realm == "" {
		realm = "acme"
	}
	return rule, schemes, realm
}

// answer is what the application must answer.
func (m *model) answer(q *modelRequest) modelAnswer { return m.answerOvertaken(q, nil) }

// answerOvertaken is what it must answer if something is forgotten while the
// first question is asked.
func (m *model) answerOvertaken(q *modelRequest, overtake func(question string)) modelAnswer {
	sent := *q
	sent.pairs = m.pairsOf(q)
	i := &inquiry{m: m, q: &sent, overtake: overtake, now: time.Now(), decided: map[*modelRule]modelVerdict{}, objects: map[string]modelObject{}}
	a := i.pass()
	a.asked, a.user = i.asked, "None (None)"
	if i.tried {
		a.user = "None (none)"
	}
	if i.who != nil {
		a.user = i.who.login + " (" + i.who.scheme + ")"
		a.keep = "no-store"
		m.lastWho = i.who.login
	}
	if !m.cfg.dev {
		a.user = ""
	}
	return a
}

// refused is an answer that the framework gives by itself: no cache keeps it, and
// a 401 says how to log in.
func (i *inquiry) refused(status int, text string) modelAnswer {
	a := modelAnswer{status: status, text: text, keep: "no-store"}
	if status == 401 {
		a.challenges = i.challenges(nil)
	}
	return a
}

// pass takes the request from the door to the route.
func (i *inquiry) pass() modelAnswer {
	if i.q.from == "192.0.2.1" {
		return i.refused(403, "insecure HTTP request denied")
	}
	if i.q.missed {
		return i.refused(404, "not found")
	}
	method, own := i.m.methodOf(i.q), i.m.cfg.routes[i.q.route].method()
	allow := map[string]string{
		"GET": "GET, HEAD, OPTIONS", "POST": "POST, OPTIONS", "": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
	}[own]
	if method == "OPTIONS" {
		return modelAnswer{status: 204, allow: allow} // whatever the route demands
	}
	if own != "" && method != own && !(own == "GET" && method == "HEAD") {
		a := i.refused(405, "method "+method+" is not allowed")
		a.allow = allow
		return a
	}
	i.rule, i.schemes, i.realm = i.m.cfg.effective(i.q.route)
	return i.serve()
}

// serve keeps the order of refusals: closed, who, what is known of the caller,
// parameters, objects, the handler.
func (i *inquiry) serve() modelAnswer {
	if i.rule.closed() {
		return i.refused(403, "currently closed route")
	}
	early := modelVerdict{kind: "grant"}
	if i.rule.kind != "open" {
		if a := i.authenticate(); a != nil {
			return *a
		}
		early = i.decide(i.rule, false)
	}
	if early.kind != "grant" && early.kind != "" {
		return i.refusedBy(early)
	}
	values, a := i.bind()
	if a != nil {
		return *a
	}
	if early.kind == "" {
		if v := i.decide(i.rule, true); v.kind != "grant" {
			return i.refusedBy(v)
		}
	}
	if i.m.cfg.routes[i.q.route].shape == "rawpath" && i.rule.mentionsObjects() && i.q.path[0] != i.objects["stuff"].first {
		return i.refused(404, "not found") // written in another way than was authorized
	}
	return i.handle(values)
}

// refusedBy is what a rule refuses with. Whose log-in is not enough is asked for another.
func (i *inquiry) refusedBy(v modelVerdict) modelAnswer {
	a := i.refused(v.status, v.text)
	if what, ok := strings.CutPrefix(v.kind, "login"); ok {
		i.askIssuer(&a, what)
	}
	return a
}

// askIssuer tells who came with a bearer token what to ask its issuer for.
func (i *inquiry) askIssuer(a *modelAnswer, what string) {
	if i.who != nil && i.who.scheme == "token" && i.m.cfg.carrier == "bearer" {
		a.challenges = []string{`Bearer realm="` + i.realm + `", error="insufficient_user_authentication"` + what}
	}
}

// handle does what the handlers do.
func (i *inquiry) handle(values []any) modelAnswer {
	raw := strings.HasPrefix(i.m.cfg.routes[i.q.route].shape, "raw")
	switch i.q.handler {
	case "conflict":
		return i.handlers(409, "already there", raw)
	case "unauthorized":
		return i.handlers(401, "log in again", raw)
	case "reauthenticate":
		a := i.handlers(401, "another log-in is required", raw)
		if !raw {
			i.askIssuer(&a, "")
		}
		return a
	case "breaks":
		if raw {
			return i.handlers(599, "broken", raw)
		}
		return i.refused(i.m.cfg.serverError, "internal error")
	case "panics":
		return i.refused(i.m.cfg.serverError, "internal error")
	case "asks":
		if i.who != nil {
			break
		}
		if a := i.authenticate(); a != nil {
			if raw {
				refusal := i.handlers(a.status, a.text, raw)
				refusal.begins = a.begins
				return refusal
			}
			return *a
		}
	}
	user, reads := "", false
	if i.who != nil {
		user, reads = i.who.login, i.who.reads
	}
	return modelAnswer{status: 200, text: modelEcho(i.q.route, user, reads, values...)}
}

// handlers is a refusal that comes from the handler.
func (i *inquiry) handlers(status int, text string, raw bool) modelAnswer {
	a := i.refused(status, text)
	if raw {
		a.keep = "" // what an http.Handler answers about nobody is its own affair
	}
	return a
}

// Who is calling.

// finding is what a scheme says of a request: who it is, why that is refused,
// that it is broken, or nothing.
type finding struct {
	who    *modelIdentity
	reason string
	broken *modelVerdict
}

// authenticate searches for who is calling. It gives the refusal if nobody is
// found.
func (i *inquiry) authenticate() *modelAnswer {
	i.tried = true
	var failure *modelVerdict
	reason, refused := "", map[string]bool{}
	for _, scheme := range append(slices.Clone(i.schemes), "test") {
		var f finding
		switch scheme {
		case "basic":
			f = i.basic()
		case "param":
			f = i.param()
		case "token":
			f = i.token()
		case "test":
			if i.q.as != "" {
				f.who = &modelIdentity{login: i.q.as, since: i.now}
			}
		}
		switch {
		case f.who != nil:
			f.who.scheme = scheme
			return i.admit(f.who)
		case f.broken != nil && failure == nil:
			failure = f.broken
		case f.reason != "":
			refused[scheme] = true
			if reason == "" {
				reason = f.reason
			}
		}
	}
	if failure != nil {
		a := i.refused(failure.status, failure.text)
		return &a
	}
	a := i.refused(401, "authentication required")
	if reason != "" {
		a.text = "invalid credentials"
		if i.m.cfg.dev {
			a.text, a.begins = strings.CutSuffix(reason, "…")
		}
	}
	a.challenges = i.challenges(refused)
	return &a
}

// challenges are those of the schemes that are allowed on the route.
func (i *inquiry) challenges(refused map[string]bool) (all []string) {
	if slices.Contains(i.schemes, "basic") {
		all = append(all, `Basic realm="`+i.realm+`", charset="UTF-8"`)
	}
	if slices.Contains(i.schemes, "token") && i.m.cfg.carrier == "bearer" {
		c := `Bearer realm="` + i.realm + `"`
		if refused["token"] {
			c += `, error="invalid_token"`
		}
		all = append(all, c)
	}
	return all
}

// admit asks who has a say about an identity.
func (i *inquiry) admit(who *modelIdentity) *modelAnswer {
	if i.m.cfg.admit {
		i.ask(fmt.Sprintf("admit %s by %s in %s", who.login, who.scheme, i.realm))
		if v := i.trouble("admit", "internal error in admission"); v != nil {
			a := i.refused(v.status, v.text)
			return &a
		}
	}
	method := i.m.methodOf(i.q)
	ambient := who.scheme == "basic" || who.scheme == "token" && i.m.cfg.carrier == "cookie"
	if ambient && i.q.site == "cross-site" && method != "GET" && method != "HEAD" && method != "OPTIONS" {
		a := i.refused(403, "cross-origin request denied")
		return &a
	}
	i.who = who
	return nil
}

func (i *inquiry) basic() finding {
	switch i.q.field {
	case "basic":
		return i.password(i.q.login, i.q.pass)
	case "basic garbage", "basic no colon", "basic nobody":
		return finding{reason: "malformed Basic credentials: …"}
	case "basic two spaces":
		return finding{reason: "malformed Authorization field: …"}
	case "basic and token":
		return finding{reason: "several Authorization fields"}
	case "basic no password":
		return finding{reason: "login or password is empty…"}
	}
	return finding{}
}

func (i *inquiry) param() finding {
	if i.q.unreadable() != "" {
		return finding{}
	}
	var texts []string
	for _, name := range []string{"USER", "PASS"} {
		pairs := i.q.pairsIn(name)
		switch {
		case len(pairs) == 0 || len(pairs) == 1 && pairs[0].text == "":
			return finding{}
		case pairs[0].number && pairs[0].inBody && i.q.body == "json":
			return finding{reason: fmt.Sprintf("parameter %q must be a string", name)}
		case len(pairs) > 1:
			return finding{reason: fmt.Sprintf("parameter %q is given twice", name)}
		}
		texts = append(texts, pairs[0].text)
	}
	return i.password(texts[0], texts[1])
}

// password checks a password. What was found to match is kept for the address it
// came from, and holds as long as the same hash is stored: that is why it needs a
// hash that is known. Anything else is a try, which asks even if the hash is known,
// or a refusal would come sooner for those who are, and which is not begun for who has
// gone. A proof does not outlive another password or another hash.
func (i *inquiry) password(login, pass string) finding {
	m, here := i.m, &modelIdentity{login: login, since: i.now, factors: 1}
	client := modelClient{login, i.q.from}
	if m.cfg.dev {
		client.from = "" // in development, all of this machine are one
	}
	if hash, ok := m.hashes.get(login, i.now); ok && i.proved(client, hash, pass) {
		return finding{who: here}
	}
	if i.q.gone {
		return finding{broken: &modelVerdict{"fail", m.cfg.serverError, "internal error in authentication"}}
	}
	hash, known := "", false
	if m.cfg.userPass {
		var v *modelVerdict
		hash, v = fresh(i, m.hashes, login, "hash", "hash "+login, "internal error in app.UserPass", func() (string, *modelVerdict) {
			hash, ok := m.store.hashes[login]
			if !ok {
				return "", &modelVerdict{kind: "missing"}
			}
			return hash, nil
		})
		if v != nil && v.kind == "fail" {
			return finding{broken: v}
		}
		if known = v == nil; v != nil && v.kind == "missing" {
			delete(m.hashes, login)
		}
	}
	if i.proved(client, hash, pass) {
		return finding{who: here}
	}
	if made := m.store.made[hash]; made == "" || made != pass {
		return i.passwordCheck(login, pass, known)
	}
	if m.cfg.cached {
		m.proofs.put(client, modelProof{hash, pass}, i.now.Add(m.cfg.ttl))
	}
	return finding{who: here}
}

// proved reports whether the password is the one that matched the hash. If not,
// the proof ends.
func (i *inquiry) proved(key modelClient, hash, pass string) bool {
	p, ok := i.m.proofs.get(key, i.now)
	if ok && p != (modelProof{hash, pass}) {
		delete(i.m.proofs, key)
	}
	return ok && p == modelProof{hash, pass}
}

// passwordCheck is the second chance.
func (i *inquiry) passwordCheck(login, pass string, known bool) finding {
	if i.m.cfg.passwordCheck {
		i.ask("check " + login)
		v := i.trouble("check", "internal error in app.PasswordCheck")
		if v != nil && v.kind == "fail" {
			return finding{broken: v}
		}
		if right, ok := i.m.store.checks[login]; v == nil && ok && right == pass {
			return finding{who: &modelIdentity{login: login, since: i.now, factors: 1}}
		}
	}
	if !known {
		return finding{reason: "no such user: " + login}
	}
	return finding{reason: "invalid password for " + login}
}

func (i *inquiry) token() finding {
	elsewhere := i.m.cfg.carrier != "bearer"
	if elsewhere && i.m.carried(i.q) == "" || i.m.cfg.carrier == "param" && i.q.unreadable() != "" {
		return finding{}
	}
	switch i.q.field {
	case "token", "TOKEN":
	case "forged", "cut", "changed":
		return finding{reason: "invalid token…"}
	case "token and basic":
		return finding{reason: "several Authorization fields"}
	case "token two spaces":
		return finding{reason: "malformed Authorization field: …"}
	default:
		return finding{}
	}
	c, t := i.m.cfg, i.m.tokenOf(i.q)
	who := &modelIdentity{login: t.login, reads: t.reads, since: t.since, factors: t.factors}
	key := modelSeen{t.raw, i.realm}
	if _, ok := i.m.seen.get(key, i.now); ok {
		return finding{who: who}
	}
	if t.realm != i.realm || t.issuer != c.issuer && (c.tokens == "fsa" || c.issuer != "") {
		return finding{reason: "invalid token…"}
	}
	end := time.Unix(t.expires, 0).Add(c.grace)
	if !i.now.Before(c.refusedFrom(t)) {
		return finding{reason: "expired token"}
	}
	if c.cached && i.now.Before(end) {
		if i.q.gone {
			return finding{broken: &modelVerdict{"fail", c.serverError, "internal error in authentication"}}
		}
		if by := i.now.Add(c.ttl); by.Before(end) {
			end = by
		}
		i.m.seen.put(key, t, end)
	}
	return finding{who: who}
}

// refusedFrom is when a token ends: the limit of an fsa token is the last second
// of its life, the exp of a JWT the first one after it.
func (c *modelConfig) refusedFrom(t modelToken) time.Time {
	end := time.Unix(t.expires, 0).Add(c.grace)
	if c.tokens == "fsa" {
		end = end.Add(time.Second)
	}
	return end
}

// What is kept.

type keptAnswer[V any] struct {
	value V
	until time.Time
}

type modelCache[K comparable, V any] map[K]keptAnswer[V]

func (c modelCache[K, V]) get(key K, now time.Time) (v V, ok bool) {
	k, ok := c[key]
	return k.value, ok && now.Before(k.until)
}

func (c modelCache[K, V]) put(key K, v V, until time.Time) { c[key] = keptAnswer[V]{v, until} }

type (
	modelClient struct{ login, from string } // who proved it, from which address
	modelProof  struct{ hash, pass string }
	modelSeen   struct{ raw, realm string }
)

// question asks a hook whose answers are kept. Only answers are: no failure, no
// "there is none".
func question[K comparable, V any](i *inquiry, kept modelCache[K, V], key K, hook, text, failing string, answer func() (V, *modelVerdict)) (V, *modelVerdict) {
	if v, ok := kept.get(key, i.now); ok {
		return v, nil
	}
	return fresh(i, kept, key, hook, text, failing, answer)
}

// fresh asks a hook whatever is kept.
func fresh[K comparable, V any](i *inquiry, kept modelCache[K, V], key K, hook, text, failing string, answer func() (V, *modelVerdict)) (V, *modelVerdict) {
	var none V
	c := i.m.cfg
	if c.cached && i.q.gone {
		return none, &modelVerdict{"fail", c.serverError, failing} // nothing is begun for who has gone
	}
	overtaken := i.ask(text)
	if trouble := i.trouble(hook, failing); trouble != nil {
		return none, trouble
	}
	v, trouble := answer()
	if trouble != nil {
		return none, trouble
	}
	if c.cached && !overtaken {
		kept.put(key, v, i.now.Add(c.ttl))
	}
	return v, nil
}

// ask notes a question. It reports whether its answer was outdated before it came.
func (i *inquiry) ask(question string) (overtaken bool) {
	i.asked = append(i.asked, question)
	if i.overtake == nil || len(i.asked) > 1 {
		return false
	}
	i.overtake(question)
	return true
}

// trouble is what becomes of a hook's error: a refusal in its own words, or a
// failure.
func (i *inquiry) trouble(hook, failing string) *modelVerdict {
	switch mood := i.m.store.moods[hook]; mood {
	case "":
		return nil
	case "refuse":
		return &modelVerdict{"deny", 418, "teapot"}
	case "locked":
		return &modelVerdict{"deny", 401, "locked"}
	case "down":
		return &modelVerdict{"fail", 503, "the store is down"}
	case "slow":
		return &modelVerdict{"fail", 503, "the request took too long"}
	case "absent":
		if hook == "hash" || hook == "stuff" || hook == "repo" {
			return &modelVerdict{kind: "missing"}
		}
	}
	return &modelVerdict{"fail", i.m.cfg.serverError, failing}
}

// The parameters.

// bind gives the handler's values, or the refusal.
func (i *inquiry) bind() ([]any, *modelAnswer) {
	shape := i.m.cfg.routes[i.q.route].shape
	if strings.HasPrefix(shape, "raw") {
		return i.bindRaw(shape)
	}
	if text := i.q.unreadable(); text != "" {
		a := i.refused(400, text)
		a.begins = true
		return nil, &a
	}
	known := map[string]bool{}
	if slices.Contains(i.schemes, "param") {
		known["USER"], known["PASS"] = true, true
	}
	if slices.Contains(i.schemes, "token") && i.m.cfg.carrier == "param" {
		known["AUTH"] = true
	}
	var values []any
	var faults []string
	nowhere := false
	for _, name := range modelFieldsOf[shape] {
		known[name] = true
		pairs := i.q.pairsIn(name)
		inPath := i.inPath(shape, name)
		if name == "who" {
			if len(pairs) > 0 {
				faults = append(faults, `unexpected request parameter "who"`)
			} else {
				values = append(values, i.who.login, i.who.scheme, i.realm, i.scopes())
			}
			continue
		}
		switch value, fault := i.value(name, inPath, pairs); {
		case fault != "":
			faults = append(faults, fault)
		case value != nil:
			values = append(values, value)
		default:
			nowhere = true
		}
		if nowhere {
			break
		}
	}
	if nowhere {
		a := i.refused(404, "not found")
		return nil, &a
	}
	var unexpected []string
	for _, p := range i.q.pairs {
		if !known[p.name] {
			unexpected = append(unexpected, fmt.Sprintf("unexpected parameter %q", p.name))
		}
	}
	slices.Sort(unexpected)
	if faults = append(faults, slices.Compact(unexpected)...); len(faults) > 0 {
		a := i.refused(400, strings.Join(faults, "\n"))
		return nil, &a
	}
	for at, name := range modelFieldsOf[shape] {
		switch name {
		case "id":
			i.objects["stuff"] = modelObject{"stuff", fmt.Sprint(values[at]), ""}
		case "owner":
			i.objects["repo"] = modelObject{"repo", i.inPath(shape, "owner"), i.inPath(shape, "repo")}
		}
	}
	return values, nil
}

// modelFieldsOf are the parameters of a shape, in the order of its fields.
var modelFieldsOf = map[string][]string{
	"path": {"id", "n"}, "who": {"id", "n", "who"}, "body": {"id", "n"}, "repo": {"owner", "repo"}, "both": {"id", "n", "repo", "owner"},
}

// inPath gives a parameter of the path, "" if it does not stand there.
func (i *inquiry) inPath(shape, name string) string {
	switch {
	case name == "owner":
		return i.q.path[0]
	case name == "repo":
		return i.q.path[1]
	case name == "id" && shape != "body":
		return i.q.path[len(i.q.path)-1]
	}
	return ""
}

// bindRaw is for an http.Handler, of which only the object's id in the path is
// looked at.
func (i *inquiry) bindRaw(shape string) ([]any, *modelAnswer) {
	if shape == "raw" {
		return nil, nil
	}
	if i.rule.mentionsObjects() {
		n, err := strconv.ParseInt(i.q.path[0], 0, 64)
		if err != nil {
			a := i.refused(404, "not found")
			return nil, &a
		}
		i.objects["stuff"] = modelObject{"stuff", fmt.Sprint(n), ""}
	}
	return []any{i.q.path[0]}, nil
}

func (i *inquiry) scopes() []string {
	if i.who.reads {
		return []string{"read"}
	}
	return nil
}

// value reads a parameter: a text in the path, or one of query and body. It gives
// nil if the path names nothing.
func (i *inquiry) value(name, inPath string, pairs []modelPair) (value any, fault string) {
	var places []string
	if inPath != "" {
		places = append(places, "path")
	}
	for _, p := range pairs {
		place := "query"
		if p.inBody {
			place = i.q.body
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	text := inPath
	switch {
	case len(places) > 1:
		return nil, fmt.Sprintf("parameter %q both from %s", name, strings.Join(places, " and "))
	case len(pairs) > 1:
		return nil, fmt.Sprintf("parameter %q is given %d times", name, len(pairs))
	case len(places) == 0 && name == "n":
		return 5, ""
	case len(places) == 0:
		return nil, fmt.Sprintf("parameter %q is missing", name)
	case inPath == "":
		text = pairs[0].text
	}
	if name == "owner" || name == "repo" {
		return text, ""
	}
	n, err := strconv.ParseInt(text, 0, 64)
	switch {
	case err == nil:
		return int(n), ""
	case inPath != "":
		return nil, ""
	}
	return nil, fmt.Sprintf("parameter %q is not an integer: %q", name, text)
}
