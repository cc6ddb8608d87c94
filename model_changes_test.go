package fsa_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
	"pgregory.net/rapid"
)

// sleep lets time pass: a while, or until something ends, or a nanosecond before
// or after that.
func (m *model) sleep(t *rapid.T) {
	now := time.Now()
	whiles := []time.Duration{time.Nanosecond, time.Second, 30 * time.Second, m.cfg.ttl / 2, m.cfg.ttl, 17 * time.Millisecond}
	d := rapid.SampledFrom(whiles).Draw(t, "while")
	if ends := m.ends(now); len(ends) > 0 && rapid.IntRange(0, 2).Draw(t, "until") > 0 {
		end := ends[rapid.IntRange(0, 30).Draw(t, "which")%len(ends)]
		d = end.Sub(now) + rapid.SampledFrom([]time.Duration{0, -1, 1}).Draw(t, "off by")
	}
	m.note("sleep %v", d)
	time.Sleep(d)
}

// ends lists the instants at which an answer that is kept, or a token, ends.
func (m *model) ends(now time.Time) (ends []time.Time) {
	add := func(end time.Time) {
		if end.After(now) {
			ends = append(ends, end)
		}
	}
	for k := range maps.Values(m.hashes) {
		add(k.until)
	}
	for k := range maps.Values(m.proofs) {
		add(k.until)
	}
	for k := range maps.Values(m.members) {
		add(k.until)
	}
	for k := range maps.Values(m.granted) {
		add(k.until)
	}
	for k := range maps.Values(m.perms) {
		add(k.until)
	}
	for k := range maps.Values(m.seen) {
		add(k.until)
	}
	for _, t := range m.tokens[max(0, len(m.tokens)-6):] {
		add(time.Unix(t.expires, 0))
		add(m.cfg.refusedFrom(t))
		for _, age := range []time.Duration{0, time.Second, 90 * time.Second} {
			add(t.since.Add(age))
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	return slices.CompactFunc(ends, time.Time.Equal)
}

// change changes what the hooks know. Nobody tells the application.
func (m *model) change(t *rapid.T) {
	s := m.store
	login := rapid.SampledFrom(modelLogins[:4]).Draw(t, "login")
	switch what := rapid.SampledFrom([]string{"member", "granted", "perm", "perm", "object", "password", "password", "password", "hash", "hash", "check"}).Draw(t, "what"); what {
	case "member":
		k := modelMember{login, rapid.SampledFrom(modelGroups).Draw(t, "group")}
		s.members[k] = !s.members[k]
		m.note("%+v: %v", k, s.members[k])
	case "granted":
		k := modelMember{login, rapid.SampledFrom(modelPermissions).Draw(t, "permission")}
		s.granted[k] = !s.granted[k]
		m.note("%s may %s: %v", k.login, k.group, s.granted[k])
	case "perm":
		k := modelPerm{login, drawObject(t), rapid.SampledFrom(modelModes).Draw(t, "mode")}
		s.perms[k] = !s.perms[k]
		m.note("%+v: %v", k, s.perms[k])
	case "object":
		o := drawObject(t)
		s.objects[o] = !s.objects[o]
		m.note("%v: %v", o, s.objects[o])
	case "password":
		pass := rapid.SampledFrom(modelPasses).Draw(t, "password")
		m.setPassword(t, login, pass)
		m.note("password of %s: %s", login, pass)
	case "hash":
		switch what := rapid.SampledFrom([]string{"deleted", "empty", "garbage", "that of ann", "that of ann"}).Draw(t, "hash"); what {
		case "deleted":
			delete(s.hashes, login)
		case "empty":
			s.hashes[login] = ""
		case "garbage":
			s.hashes[login] = "$garbage$"
		default:
			s.hashes[login] = s.hashes["ann"]
		}
		m.note("hash of %s: %q", login, s.hashes[login])
	case "check":
		s.checks[login] = rapid.SampledFrom(modelPasses).Draw(t, "password")
		m.note("PasswordCheck of %s: %s", login, s.checks[login])
	}
}

func drawObject(t *rapid.T) modelObject {
	return rapid.SampledFrom(slices.Concat(modelStuff, modelRepos)).Draw(t, "object")
}

// mood lets a hook break, or mends one or all.
func (m *model) mood(t *rapid.T) {
	if rapid.Bool().Draw(t, "mend") {
		clear(m.store.moods)
		m.note("all hooks work")
		return
	}
	hook := rapid.SampledFrom(modelHooks).Draw(t, "hook")
	m.store.moods[hook] = rapid.SampledFrom(modelMoods).Draw(t, "mood")
	m.note("hook %s: %q", hook, m.store.moods[hook])
	if rapid.Bool().Draw(t, "seen") {
		m.clearCaches()
		m.again(t)
	}
}

// modelFactors are ways to have logged in, and how many factors they are.
var modelFactors = []struct {
	names []string
	count int
}{
	{nil, 0}, {[]string{"pwd"}, 1}, {[]string{"pwd", "pwd"}, 1}, {[]string{"pwd", "otp"}, 2}, {[]string{"mfa"}, 2}, {[]string{"pwd", "mfa"}, 2}, {[]string{"user", "geo"}, 0},
}

// token makes a token.
func (m *model) token(t *rapid.T) {
	login := rapid.SampledFrom(modelLogins).Draw(t, "login")
	o := fsa.TokenOptions{
		Realm:  rapid.SampledFrom([]string{"", "", "", "acme", "stage", "stage", "stage", "other"}).Draw(t, "realm"),
		Issuer: rapid.SampledFrom([]string{"", "", "", "", "home", "abroad"}).Draw(t, "issuer"),
		Delay:  rapid.SampledFrom([]time.Duration{0, 0, time.Second, 1700 * time.Millisecond, 20 * time.Minute, time.Hour}).Draw(t, "delay"),
	}
	if rapid.Bool().Draw(t, "scopes") && m.cfg.tokens == "jwt" {
		o.Scopes = []string{"read"}
	}
	if m.cfg.tokens == "jwt" && rapid.IntRange(0, 3).Draw(t, "log-in") > 0 {
		// The clock that tells may be ahead; by 5 s, it is believed.
		ago := rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 5 * time.Minute, -3 * time.Second, -5 * time.Second, -10 * time.Second}).Draw(t, "ago")
		o.AuthTime = time.Now().Add(-ago)
		o.Factors = modelFactors[rapid.IntRange(0, len(modelFactors)-1).Draw(t, "factors")].names
	}
	m.makeToken(t, login, o)
	m.note("a token for %s, %+v: %+v", login, o, m.tokens[len(m.tokens)-1])
}

// uncache tells the application to forget, and the reference too.
func (m *model) uncache(t *rapid.T) {
	ctx := context.Background()
	login := rapid.SampledFrom(modelLogins).Draw(t, "login")
	if m.lastWho != "" && rapid.Bool().Draw(t, "the latest") {
		login = m.lastWho
	}
	var err error
	what := rapid.SampledFrom([]string{"password", "group", "group", "permission", "permission", "perm", "perm", "perm", "token", "tokens", "user", "all"}).Draw(t, "what")
	switch what {
	case "password":
		err = m.app.PasswordUncache(ctx, login)
		delete(m.hashes, login)
	case "group":
		k := oneOf(t, m.members, modelMember{login, rapid.SampledFrom(modelGroups).Draw(t, "group")})
		what, login = what+" "+k.group, k.login
		err = m.app.GroupUncache(ctx, login, k.group)
		delete(m.members, k)
	case "permission":
		k := oneOf(t, m.granted, modelMember{login, rapid.SampledFrom(modelPermissions).Draw(t, "permission")})
		what, login = what+" "+k.group, k.login
		err = m.app.PermissionUncache(ctx, login, k.group)
		delete(m.granted, k)
	case "perm":
		k := oneOf(t, m.perms, modelPerm{login, drawObject(t), rapid.SampledFrom(modelModes).Draw(t, "mode")})
		what, login = fmt.Sprintf("%+v", k), k.login
		if k.object.domain == "stuff" {
			n, _ := strconv.Atoi(k.object.first)
			err = fsa.ObjectPermsUncache(ctx, m.app, "stuff", login, n, k.mode)
		} else {
			err = fsa.ObjectPermsUncache(ctx, m.app, "repo", login, repoID{k.object.first, k.object.second}, k.mode)
		}
		delete(m.perms, k)
	case "token":
		k := oneOf(t, m.seen, modelSeen{m.tokens[len(m.tokens)-1].raw, "acme"})
		if m.last != nil && rapid.Bool().Draw(t, "the latest") {
			k.raw = m.tokenOf(m.last).raw
		}
		login = k.realm
		err = m.app.TokenUncache(ctx, k.raw, k.realm)
		delete(m.seen, k)
	case "tokens":
		realm := rapid.SampledFrom([]string{"acme", "stage"}).Draw(t, "realm")
		err = m.app.UserTokenUncache(ctx, login, realm)
		maps.DeleteFunc(m.seen, func(k modelSeen, a keptAnswer[modelToken]) bool { return a.value.login == login && k.realm == realm })
	case "user":
		err = m.app.AuthUncache(ctx, login)
		m.forgetUser(login)
	case "all":
		m.clearCaches()
	}
	if err != nil {
		t.Fatal(err)
	}
	m.note("uncache %s of %s", what, login)
	if what == "user" && rapid.Bool().Draw(t, "ask") {
		// This makes the stored hash known, and nothing else.
		m.checkPassword(t, login, modelPasses[2])
	}
	switch rapid.IntRange(0, 3).Draw(t, "and then") {
	case 2:
		m.resend(t, "as it was")
	case 3:
		m.resend(t, "gone")
	}
}

// oneOf draws something that is kept, or otherwise.
func oneOf[K comparable, V any](t *rapid.T, kept modelCache[K, V], otherwise K) K {
	if len(kept) == 0 || rapid.IntRange(0, 3).Draw(t, "not kept") == 3 {
		return otherwise
	}
	keys := slices.SortedFunc(maps.Keys(kept), func(a, b K) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return rapid.SampledFrom(keys).Draw(t, "kept")
}

func (m *model) forgetUser(login string) {
	delete(m.hashes, login)
	maps.DeleteFunc(m.proofs, func(k modelClient, _ keptAnswer[modelProof]) bool { return k.login == login })
	maps.DeleteFunc(m.members, func(k modelMember, _ keptAnswer[bool]) bool { return k.login == login })
	maps.DeleteFunc(m.granted, func(k modelMember, _ keptAnswer[bool]) bool { return k.login == login })
	maps.DeleteFunc(m.perms, func(k modelPerm, _ keptAnswer[bool]) bool { return k.login == login })
	maps.DeleteFunc(m.seen, func(_ modelSeen, a keptAnswer[modelToken]) bool { return a.value.login == login })
}

// clearCaches forgets all, the application and the reference.
func (m *model) clearCaches() {
	m.app.ClearCaches(context.Background())
	m.forgetAll()
	m.note("uncache all")
}

func (m *model) forgetAll() {
	clear(m.hashes)
	clear(m.proofs)
	clear(m.members)
	clear(m.granted)
	clear(m.perms)
	clear(m.seen)
}
