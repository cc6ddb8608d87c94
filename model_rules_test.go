package fsa_test

import (
	"fmt"
	"slices"
	"time"
)

// modelVerdict is what is known of a rule: grant, deny, login (with what to ask for),
// missing, fail, or "" if the parameters must be known first.
type modelVerdict struct {
	kind   string
	status int
	text   string
}

// mendable reports whether another log-in would do.
func (v modelVerdict) mendable() bool { return v.kind != "fail" && v.status == 401 }

// closed reports whether nobody is let through.
func (r *modelRule) closed() bool {
	switch r.kind {
	case "close":
		return true
	case "all":
		return slices.ContainsFunc(r.parts, (*modelRule).closed)
	case "any":
		return !slices.ContainsFunc(r.parts, func(p *modelRule) bool { return !p.closed() })
	}
	return false
}

// asksObjects reports whether an object has a say.
func (r *modelRule) asksObjects() bool {
	return !r.closed() && (r.kind == "object" || slices.ContainsFunc(r.parts, (*modelRule).asksObjects))
}

// mentionsObjects reports whether an object is written in the rule, if only in a
// part that is closed.
func (r *modelRule) mentionsObjects() bool {
	return r.kind == "object" || slices.ContainsFunc(r.parts, (*modelRule).mentionsObjects)
}

// decide decides a rule, the second time with the parameters known. What has been
// decided stays so: nothing is asked twice.
func (i *inquiry) decide(r *modelRule, bound bool) modelVerdict {
	if v, ok := i.decided[r]; ok {
		return v
	}
	v := i.evaluate(r, bound)
	if v.kind != "" {
		i.decided[r] = v
	}
	return v
}

func (i *inquiry) evaluate(r *modelRule, bound bool) modelVerdict {
	switch r.kind {
	case "auth":
		return modelVerdict{kind: "grant"}
	case "group":
		key := modelMember{i.who.login, r.name}
		yes, v := question(i, i.m.members, key, "group "+r.name, "group "+r.name+" "+i.who.login,
			fmt.Sprintf("internal error in check of group %q", r.name),
			func() (bool, *modelVerdict) { return i.m.store.members[key], nil })
		return verdictOf(yes, v, modelVerdict{"deny", 403, fmt.Sprintf("not in group %q", r.name)})
	case "permission":
		key := modelMember{i.who.login, r.name}
		yes, v := question(i, i.m.granted, key, "permission "+r.name, "permission "+r.name+" "+i.who.login,
			fmt.Sprintf("internal error in check of permission %q", r.name),
			func() (bool, *modelVerdict) { return i.m.store.granted[key], nil })
		return verdictOf(yes, v, modelVerdict{"deny", 403, fmt.Sprintf("missing permission %q", r.name)})
	case "fresh":
		since := i.who.since
		fresh := !since.IsZero() && !since.After(i.now.Add(5*time.Second)) && !since.Add(r.age).Before(i.now)
		if i.m.cfg.grace > 5*time.Second { // clocks may differ by that
			fresh = !since.IsZero() && !since.After(i.now.Add(i.m.cfg.grace)) && !since.Add(r.age).Before(i.now)
		}
		return verdictOf(fresh, nil, modelVerdict{fmt.Sprintf("login, max_age=\"%d\"", int(r.age.Seconds())), 401, "a fresh log-in is required"})
	case "factors":
		return verdictOf(i.who.factors >= r.count, nil, modelVerdict{"login", 401, fmt.Sprintf("a log-in with %d factors is required", r.count)})
	case "object":
		return i.evaluateObject(r, bound)
	case "all":
		waiting, login := false, modelVerdict{}
		for _, p := range r.parts {
			switch v := i.decide(p, bound); {
			case v.kind == "grant":
			case v.kind == "":
				waiting = true
			case v.mendable() && !bound:
				if login.kind == "" {
					login = v
				}
			default:
				return v
			}
		}
		if login.kind != "" {
			return login
		}
		if waiting {
			return modelVerdict{}
		}
		return modelVerdict{kind: "grant"}
	}
	return i.evaluateAny(r, bound)
}

func (i *inquiry) evaluateObject(r *modelRule, bound bool) modelVerdict {
	if !bound {
		return modelVerdict{}
	}
	object := i.objects[r.name]
	key := modelPerm{i.who.login, object, r.mode}
	yes, v := question(i, i.m.perms, key, r.name, fmt.Sprintf("object %v %s %s", object, r.mode, i.who.login),
		fmt.Sprintf("internal error in object permission %q", r.name),
		func() (bool, *modelVerdict) {
			if !i.m.store.objects[object] {
				return false, &modelVerdict{kind: "missing"}
			}
			return i.m.store.perms[key], nil
		})
	if v != nil && v.kind == "missing" {
		return modelVerdict{"missing", i.m.cfg.notFound, "object not found"}
	}
	return verdictOf(yes, v, modelVerdict{"deny", 403, "permission denied on " + r.name})
}

func verdictOf(yes bool, trouble *modelVerdict, no modelVerdict) modelVerdict {
	switch {
	case trouble != nil:
		return *trouble
	case yes:
		return modelVerdict{kind: "grant"}
	}
	return no
}

// evaluateAny: a grant wins; else a failure; else what another log-in would mend; else
// it is not found, if every part that asks about objects says so; else the first
// refusal counts.
func (i *inquiry) evaluateAny(r *modelRule, bound bool) modelVerdict {
	var all []modelVerdict
	missing, found := modelVerdict{}, false
	for _, p := range r.parts {
		if p.closed() {
			continue
		}
		v := i.decide(p, bound)
		if v.kind == "grant" {
			return v
		}
		all = append(all, v)
		if p.asksObjects() {
			if v.kind != "missing" {
				found = true
			} else if missing.kind == "" {
				missing = v
			}
		}
	}
	first := func(kind string) int {
		return slices.IndexFunc(all, func(v modelVerdict) bool { return v.kind == kind })
	}
	switch {
	case first("") >= 0:
		return modelVerdict{}
	case first("fail") >= 0:
		return all[first("fail")]
	case slices.ContainsFunc(all, modelVerdict.mendable):
		return all[slices.IndexFunc(all, modelVerdict.mendable)]
	case missing.kind != "" && !found:
		return missing
	}
	return all[first("deny")]
}
