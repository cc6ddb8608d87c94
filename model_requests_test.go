package fsa_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/internal/testlogin"
	"pgregory.net/rapid"
)

// modelRequest is a request, in the words in which the reference reads it. build
// writes it down as HTTP.
type modelRequest struct {
	route   int
	method  string // "": that of the route
	missed  bool   // to a path that is nobody's
	path    []string
	pairs   []modelPair // in query and body
	body    string      // "", form or json
	broken  string      // what can't be read: query or body
	field   string      // kind of the Authorization field
	login   string      // of the field
	pass    string
	token   int // of the field, counted from the latest
	as      string
	site    string // Sec-Fetch-Site
	from    string // the client's address
	gone    bool   // the client has hung up
	handler string // what the handler does
}

// modelPair is a parameter in the query or the body.
type modelPair struct {
	name, text string
	inBody     bool
	number     bool // in JSON, it is not a string
}

// String gives what is not as usual.
func (q *modelRequest) String() string {
	text := fmt.Sprintf("request of route %d", q.route)
	v := reflect.ValueOf(*q)
	for i := range v.NumField() {
		if f := v.Field(i); i > 0 && !f.IsZero() {
			text += fmt.Sprintf(" %s=%v", v.Type().Field(i).Name, f)
		}
	}
	return text
}

// modelFields are the kinds of Authorization fields.
var modelFields = []string{
	"", "", "basic", "basic", "token", "token", "TOKEN", "forged", "cut", "changed", "basic garbage", "basic no colon", "basic nobody", "basic no password", "basic two spaces",
	"token two spaces", "token and basic", "basic and token", "other",
}

func (m *model) drawRequest(t *rapid.T) *modelRequest {
	q := &modelRequest{
		route: rapid.IntRange(0, len(m.cfg.routes)-1).Draw(t, "route"),
		from:  rapid.SampledFrom([]string{"127.0.0.1", "127.0.0.1", "127.0.0.1", "::1"}).Draw(t, "from"),
	}
	rt := m.cfg.routes[q.route]
	if rt.shape == "raw" {
		q.method = rapid.SampledFrom([]string{"GET", "POST", "DELETE", "HEAD"}).Draw(t, "method")
	}
	// Mostly, the credential is one that the route takes.
	_, schemes, _ := m.cfg.effective(q.route)
	with := rapid.SampledFrom(schemes).Draw(t, "with")
	if with == "none" || rapid.IntRange(0, 3).Draw(t, "any credential") == 3 {
		with = rapid.SampledFrom([]string{"any", "any", "test", "param"}).Draw(t, "with")
	}
	switch with {
	case "any":
		q.field = rapid.SampledFrom(modelFields).Draw(t, "field")
	case "basic", "token":
		q.field = with
	case "test":
		q.as = rapid.SampledFrom(modelLogins).Draw(t, "as")
	}
	if strings.Contains(q.field, "basic") {
		q.login, q.pass = m.drawLogin(t, modelLogins[:3])
	}
	if strings.Contains(strings.ToLower(q.field), "token") || q.field == "cut" || q.field == "changed" {
		q.token = m.drawToken(t, q.route)
	}
	switch rapid.IntRange(0, 5).Draw(t, "body") {
	case 4:
		q.body = "form"
	case 5:
		q.body = "json"
	}
	inBody := func() bool { return q.body != "" && rapid.Bool().Draw(t, "in body") }
	if with == "param" || rapid.IntRange(0, 9).Draw(t, "credentials") == 9 {
		login, pass := m.drawLogin(t, modelLogins)
		u, p := modelPair{"USER", login, inBody(), false}, modelPair{"PASS", pass, inBody(), false}
		switch rapid.IntRange(0, 9).Draw(t, "odd credentials") {
		default:
			q.pairs = append(q.pairs, u, p)
		case 6:
			q.pairs = append(q.pairs, u)
		case 7:
			p.text = ""
			q.pairs = append(q.pairs, u, p)
		case 8:
			q.pairs = append(q.pairs, u, p, u)
		case 9:
			u.text, u.number = "17", true
			q.pairs = append(q.pairs, u, p)
		}
	}
	m.drawParameters(t, q, rt, inBody)
	switch rapid.IntRange(0, 63).Draw(t, "odd") {
	case 30:
		q.from = "192.0.2.1" // neither over TLS nor from this machine
	case 31:
		q.method = rapid.SampledFrom([]string{"GET", "HEAD", "POST", "DELETE", "OPTIONS"}).Draw(t, "method")
	case 32:
		q.missed = true
	case 33, 34:
		q.broken = rapid.SampledFrom([]string{"query", "body"}).Draw(t, "broken")
		if q.broken == "body" && q.body == "" {
			q.body = "json"
		}
	}
	q.site = rapid.SampledFrom([]string{"", "", "", "same-origin", "cross-site"}).Draw(t, "site")
	q.gone = rapid.IntRange(0, 7).Draw(t, "gone") == 7
	q.handler = rapid.SampledFrom([]string{"", "", "", "asks", "asks", "conflict", "unauthorized", "reauthenticate", "breaks", "panics"}).Draw(t, "handler")
	return q
}

// drawLogin draws a login and, mostly, its password.
func (m *model) drawLogin(t *rapid.T, logins []string) (login, pass string) {
	login = rapid.SampledFrom(logins).Draw(t, "login")
	switch rapid.IntRange(0, 7).Draw(t, "password") {
	default:
		if pass = m.store.made[m.store.hashes[login]]; pass == "" {
			pass = modelPasses[0]
		}
	case 5:
		if pass = m.store.checks[login]; pass == "" {
			pass = modelPasses[1]
		}
	case 6, 7:
		pass = rapid.SampledFrom(modelPasses).Draw(t, "any password")
	}
	return login, pass
}

// drawToken draws one of the latest tokens, mostly one that is good on the route.
func (m *model) drawToken(t *rapid.T, route int) int {
	_, _, realm := m.cfg.effective(route)
	var good []int
	for i := range m.tokens {
		tok := m.tokens[len(m.tokens)-1-i]
		if tok.realm == realm && tok.issuer == m.cfg.issuer && time.Now().Before(m.cfg.refusedFrom(tok)) && len(good) < 3 {
			good = append(good, i)
		}
	}
	if len(good) > 0 && rapid.IntRange(0, 3).Draw(t, "any token") < 3 {
		return rapid.SampledFrom(good).Draw(t, "token")
	}
	return rapid.IntRange(0, 5).Draw(t, "token")
}

// drawParameters draws the parameters of the route, mostly right ones.
func (m *model) drawParameters(t *rapid.T, q *modelRequest, rt modelRoute, inBody func() bool) {
	if rt.shape == "repo" || rt.shape == "both" {
		o := rapid.SampledFrom(modelRepos).Draw(t, "repo")
		q.path = []string{o.first, o.second}
	}
	id := rapid.SampledFrom([]string{"1", "1", "11", "11", "2", "7", "0x1", "+2", "x"}).Draw(t, "id")
	switch rt.shape {
	case "path", "who", "rawpath", "both":
		q.path = append(q.path, id)
	case "body":
		if rapid.IntRange(0, 9).Draw(t, "no id") < 9 {
			q.pairs = append(q.pairs, modelPair{"id", id, inBody(), false})
		}
	}
	switch rapid.IntRange(0, 31).Draw(t, "parameters") {
	case 12, 13:
		q.pairs = append(q.pairs, modelPair{"n", "3", inBody(), false})
	case 14:
		q.pairs = append(q.pairs, modelPair{"n", "z", inBody(), false})
	case 15:
		q.pairs = append(q.pairs, modelPair{"zz", "1", inBody(), false}, modelPair{"other", "1", inBody(), false})
	case 16:
		q.pairs = append(q.pairs, modelPair{"n", "3", inBody(), false}, modelPair{"n", "4", inBody(), false})
	case 17:
		q.pairs = append(q.pairs, modelPair{"id", "2", inBody(), false})
	case 18:
		q.pairs = append(q.pairs, modelPair{"who", "ann", inBody(), false})
	case 19:
		q.pairs = append(q.pairs, modelPair{"owner", "ann", inBody(), false})
	}
}

// build writes the request.
func (m *model) build(q *modelRequest) *http.Request {
	path := m.cfg.prefixPath(m.cfg.routes[q.route].prefix) + fmt.Sprintf("/r%d", q.route)
	for _, segment := range q.path {
		path += "/" + url.PathEscape(segment)
	}
	if q.missed {
		path += "/no/where/at/all"
	}
	query, form, object := "", "", ""
	for _, p := range m.pairsOf(q) {
		pair := url.QueryEscape(p.name) + "=" + url.QueryEscape(p.text) + "&"
		value, _ := json.Marshal(p.text)
		if p.number {
			value = []byte(p.text)
		}
		switch {
		case !p.inBody:
			query += pair
		case q.body == "form":
			form += pair
		default:
			object += fmt.Sprintf(",%q:%s", p.name, value)
		}
	}
	if q.broken == "query" {
		query += "b=%zz"
	}
	body, contentType := "", ""
	switch q.body {
	case "form":
		body, contentType = strings.TrimSuffix(form, "&"), "application/x-www-form-urlencoded"
		if q.broken == "body" {
			body += "&b=%zz"
		}
	case "json":
		body, contentType = "{"+strings.TrimPrefix(object, ",")+"}", "application/json"
		if q.broken == "body" {
			body = "{" + body
		}
	}
	if query != "" {
		path += "?" + strings.TrimSuffix(query, "&")
	}
	method := m.methodOf(q)
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = net.JoinHostPort(q.from, "40000")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, v := range m.authorization(q) {
		r.Header.Add("Authorization", v)
	}
	switch token := m.carried(q); {
	case token == "":
	case m.cfg.carrier == "header":
		r.Header.Set("Auth", token)
	case m.cfg.carrier == "cookie" && m.cfg.dev:
		r.Header.Set("Cookie", "x=y; auth="+token+"; __Host-auth=z")
	case m.cfg.carrier == "cookie":
		r.Header.Set("Cookie", "__Host-auth="+token+"; auth=z")
	}
	if q.site != "" {
		r.Header.Set("Sec-Fetch-Site", q.site)
	}
	ctx := context.WithValue(r.Context(), modelTenant{}, "acme")
	if q.as != "" {
		ctx = testlogin.With(ctx, q.as)
	}
	if q.gone {
		var hangUp context.CancelFunc
		ctx, hangUp = context.WithCancel(ctx)
		hangUp()
	}
	return r.WithContext(ctx)
}

func (m *model) methodOf(q *modelRequest) string {
	if q.method != "" {
		return q.method
	}
	if method := m.cfg.routes[q.route].method(); method != "" {
		return method
	}
	return "GET"
}

// authorization gives the Authorization fields.
func (m *model) authorization(q *modelRequest) []string {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	basic, token := encode(q.login+":"+q.pass), m.tokenOf(q).raw
	switch q.field {
	case "basic":
		return []string{"Basic " + basic}
	case "basic garbage":
		return []string{"Basic !!!"}
	case "basic no colon":
		return []string{"Basic " + encode(q.login)}
	case "basic nobody":
		return []string{"Basic " + encode(":"+q.pass)}
	case "basic no password":
		return []string{"Basic " + encode(q.login+":")}
	case "basic two spaces":
		return []string{"Basic  " + basic}
	case "basic and token":
		return []string{"basic " + basic, "Bearer " + token}
	case "token and basic":
		return []string{"Bearer " + token, "Basic " + basic}
	case "token two spaces":
		return []string{"Bearer  " + token}
	case "other":
		return []string{"Negotiate " + token}
	}
	switch text := m.tokenText(q); {
	case text == "" || m.cfg.carrier != "bearer":
		return nil
	case q.field == "TOKEN":
		return []string{"bEARER " + text}
	default:
		return []string{"Bearer " + text}
	}
}

// tokenText gives what the request has for a token, good or bad.
func (m *model) tokenText(q *modelRequest) string {
	token := m.tokenOf(q).raw
	switch q.field {
	case "token", "TOKEN":
		return token
	case "forged":
		return m.forged
	case "cut":
		return token[:len(token)-1]
	case "changed":
		last := "0"
		if strings.HasSuffix(token, last) {
			last = "1"
		}
		return token[:len(token)-1] + last
	}
	return ""
}

// carried gives the token that the request has elsewhere than in the Authorization
// field.
func (m *model) carried(q *modelRequest) string {
	if m.cfg.carrier == "bearer" {
		return ""
	}
	return m.tokenText(q)
}

// pairsOf gives the parameters of a request, with the token if it is one of them.
func (m *model) pairsOf(q *modelRequest) []modelPair {
	token := m.carried(q)
	if m.cfg.carrier != "param" || token == "" {
		return q.pairs
	}
	return append(slices.Clone(q.pairs), modelPair{"AUTH", token, q.body != "" && q.site == "", false})
}

// modelToken is a token that the application has made.
type modelToken struct {
	raw                  string
	login, realm, issuer string
	reads                bool
	since                time.Time // when its user logged in
	factors              int       // and with how many factors
	expires              int64     // Unix seconds
}

// tokenOf gives the token of a request, if it has one.
func (m *model) tokenOf(q *modelRequest) modelToken {
	return m.tokens[max(0, len(m.tokens)-1-q.token)]
}

// pairsIn lists the parameters of a name, where they come in order: those of the
// query, then those of the body.
func (q *modelRequest) pairsIn(name string) (found []modelPair) {
	for _, inBody := range []bool{false, true} {
		for _, p := range q.pairs {
			if p.name == name && p.inBody == inBody {
				found = append(found, p)
			}
		}
	}
	return found
}

// unreadable gives how the answer begins if query or body can't be read.
func (q *modelRequest) unreadable() (text string) {
	if q.broken == "query" {
		return "the query string cannot be read: "
	}
	twice := slices.ContainsFunc(q.pairs, func(p modelPair) bool {
		n := 0
		for _, o := range q.pairs {
			if o.name == p.name && o.inBody {
				n++
			}
		}
		return n > 1
	})
	switch {
	case q.body == "json" && (twice || q.broken == "body"):
		return "the JSON body is malformed: "
	case q.broken == "body":
		return "the form in the body cannot be read: "
	}
	return ""
}
