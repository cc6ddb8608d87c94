package fsa

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// domain is a kind of objects, with the hook that knows their permissions. The
// type of the objects' ids is erased here; the functions know it.
type domain struct {
	id         reflect.Type
	kept       any // *hookCache[objectKey[ID], bool]
	check      func(read reader, in reflect.Type, mode string) authz.Check[*call]
	asked      func(read reader, in reflect.Type, mode string) func(*call) (id any, kept bool) // for traces
	forgetUser func(login interned)
	clear      func()
	stats      func(kind string) CacheStats
	count      func()
}

// objectKey is what an object permission depends on, within a domain.
type objectKey[ID comparable] struct {
	login, mode interned
	id          ID
}

// reader tells where the id of an object is in the bound parameters: one field,
// or one for each field of the id.
type reader [][]int

// ObjectPerms sets the hook that tells whether a user has a permission on an
// object of the domain, for rules made by [authz.Object]: true or false, or
// [ErrNoSuchObject].
//
// ID is the exact type of the parameter that names the object: a string, an
// integer, a UUID. When several parameters name it, ID is a struct that has a
// field of the parameter's type for each, under its name. Floats, pointers and
// interfaces can't identify an object. Answers are cached; see
// [ObjectPermsUncache].
func ObjectPerms[ID comparable](a *App, name string, check func(ctx context.Context, login string, id ID, mode string) (bool, error)) {
	if !a.hook(fmt.Sprintf("fsa.ObjectPerms(%q)", name), check == nil, a.domains[name] != nil, 1) {
		return
	}
	id := reflect.TypeFor[ID]()
	if problem := badID(id); problem != "" {
		a.faults = append(a.faults, &ConfigError{Source: caller(1),
			Problem: fmt.Sprintf("objects of domain %q can't be identified by a %v: %s", name, id, problem),
			Remedy:  "use an integer, a string, or a struct of such"})
		return
	}
	own := ownTexts(id)
	kept := newHookCache(a.settings, cache.NearOptions[objectKey[ID], bool]{
		Bytes: hookCacheBytes(a.settings),
		Weigh: func(k objectKey[ID], _ bool) int { return own(reflect.ValueOf(&k.id).Elem()) + 256 },
	})
	d := &domain{
		id:    id,
		kept:  kept,
		clear: kept.clear,
		stats: kept.stats,
		count: func() { kept.lookups = new(lookups) },
		forgetUser: func(login interned) {
			kept.forgetIf(func(k objectKey[ID], _ bool) bool { return k.login == login })
		},
	}
	what := fmt.Sprintf("internal error in object permission %q", name)
	answer := check
	check = func(ctx context.Context, login string, id ID, mode string) (bool, error) {
		return asked(ctx, HookEvent{"fsa.ObjectPerms", name}, func(ctx context.Context) (bool, error) { return answer(ctx, login, id, mode) })
	}
	if a.settings.trace >= traceHooks {
		hook := check
		check = func(ctx context.Context, login string, id ID, mode string) (bool, error) {
			return timed(ctx, fmt.Sprintf("fsa.ObjectPerms(%q)", name), func() (bool, error) { return hook(ctx, login, id, mode) })
		}
	}
	d.check = func(read reader, in reflect.Type, mode string) authz.Check[*call] {
		get, asked := readID[ID](read, in), unique.Make(mode)
		return func(c *call) (bool, error) {
			key := objectKey[ID]{c.req.User, asked, get(c.bound)}
			if granted, ok := kept.hit(key, c.req.Now); ok {
				return granted, nil
			}
			granted, err := askObject(c, kept, key, own, check)
			if err != nil && !errors.Is(err, ErrNoSuchObject) {
				err = httperr.From(err, a.settings.ServerError, what)
			}
			return granted, err
		}
	}
	d.asked = func(read reader, in reflect.Type, mode string) func(*call) (any, bool) {
		get, asked := readID[ID](read, in), unique.Make(mode)
		return func(c *call) (any, bool) {
			key := objectKey[ID]{c.req.User, asked, get(c.bound)}
			_, hit := kept.hit(key, c.req.Now)
			return key.id, hit
		}
	}
	if a.observers != nil {
		d.count()
	}
	a.domains[name] = d
}

func askObject[ID comparable](c *call, kept *hookCache[objectKey[ID], bool], key objectKey[ID], own func(reflect.Value) int, check func(context.Context, string, ID, string) (bool, error)) (bool, error) {
	keep := time.Duration(0)
	if own(reflect.ValueOf(&key.id).Elem()) > maxID {
		keep = -1
	}
	return kept.ask(c.req.HTTP.Context(), key, c.req.Now, func(ctx context.Context) (bool, time.Duration, error) {
		granted, err := check(ctx, key.login.Value(), key.id, key.mode.Value())
		return granted, keep, err
	})
}

// maxID is the size in bytes over which an object's id is not kept as a key.
const maxID = 1024

// ownTexts makes the function that lets an id have its own texts instead of
// pieces of the request that it came with, which a kept key would hold on to. It
// gives their size in bytes.
func ownTexts(t reflect.Type) func(v reflect.Value) int {
	switch t.Kind() {
	case reflect.String, reflect.Struct, reflect.Array:
		return ownParts
	}
	return func(reflect.Value) int { return 0 }
}

func ownParts(v reflect.Value) (size int) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(strings.Clone(v.String()))
		}
		return v.Len()
	case reflect.Struct:
		for i := range v.NumField() {
			size += ownParts(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			size += ownParts(v.Index(i))
		}
	}
	return size
}

// readID makes the function that takes the id out of the bound parameters, which
// are of type in; nil if that is not known yet.
func readID[ID comparable](read reader, in reflect.Type) func(reflect.Value) ID {
	if len(read) == 1 {
		if in != nil {
			if get, ok := param.Getter[ID](in, read[0]); ok {
				return get
			}
		}
		return func(v reflect.Value) ID { return *param.Ref[ID](v, read[0]) }
	}
	return func(v reflect.Value) (id ID) {
		w := reflect.ValueOf(&id).Elem()
		for i, index := range read {
			w.Field(i).Set(v.FieldByIndex(index))
		}
		return id
	}
}

// badID gives the reason why values of a type can't identify an object: they
// may differ from themselves, panic when compared, or be equal when what they
// point to is not.
func badID(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return "a float may differ from itself"
	case reflect.Interface:
		return "an interface may hold what can't be compared"
	case reflect.Pointer, reflect.UnsafePointer, reflect.Chan:
		return "a pointer is not what it points to"
	case reflect.Array:
		return badID(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if problem := badID(t.Field(i).Type); problem != "" {
				return fmt.Sprintf("field %s: %s", t.Field(i).Name, problem)
			}
		}
	}
	return ""
}

// idFields gives the name and the type of each parameter that must be there for
// an object whose id is of type d.id, in the order of params. When several
// parameters name it, the fields of the id tell which is which: a check of their
// types alone would let "col:row" pass for "row:col".
func (d *domain) idFields(domain string, params []string) ([]reflect.Type, error) {
	if len(params) == 1 {
		return []reflect.Type{d.id}, nil
	}
	wrong := func() error {
		return fmt.Errorf("the id of domain %q is a %v, which has not just the fields that %q names; make it a struct with one field for each, named as the parameters are",
			domain, d.id, strings.Join(params, ":"))
	}
	if d.id.Kind() != reflect.Struct || d.id.NumField() != len(params) {
		return nil, wrong()
	}
	types := make([]reflect.Type, len(params))
	for i, p := range params {
		f, ok := d.field(p)
		if !ok {
			return nil, wrong()
		}
		types[i] = d.id.Field(f).Type
	}
	return types, nil
}

// field gives the index of the id's field for a parameter.
func (d *domain) field(name string) (int, bool) {
	for i := range d.id.NumField() {
		if f := d.id.Field(i); f.IsExported() && param.Name(f) == name {
			return i, true
		}
	}
	return 0, false
}

// objectLeaf gives the check of an object permission on a route, or what is
// wrong with it.
func (a *App) objectLeaf(rt *route, name string, params []string, mode string) (authz.Check[*call], error) {
	d, ok := a.domains[name]
	if !ok {
		return nil, fmt.Errorf("domain %q has no object permissions; register its hook by fsa.ObjectPerms(app, %q, …)", name, name)
	}
	types, err := d.idFields(name, params)
	if err != nil {
		return nil, err
	}
	read := make(reader, len(params))
	var faults []error
	for i, p := range params {
		index, err := rt.objectParam(name, p, types[i])
		if err != nil {
			faults = append(faults, err)
			continue
		}
		at := i
		if len(params) > 1 {
			at, _ = d.field(p)
		}
		read[at] = index
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	in := rt.reg.in
	if in != nil && in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	check := d.check(read, in, mode)
	if a.settings.trace > 0 {
		rule := authz.Object(name, strings.Join(params, ":"), mode).String()
		check = traceObject(rule, read.secret(in), d.asked(read, in, mode), check)
	}
	return check, nil
}

// objectParam finds the parameter that names an object, for a route whose
// handler is typed. A route of an http.Handler has no parameters but those of
// its path, which are then bound for the permission alone.
func (rt *route) objectParam(domain, name string, id reflect.Type) ([]int, error) {
	if rt.reg.in == nil {
		return rt.pathParam(domain, name, id)
	}
	f, ok := rt.binder.Field(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("object permission on %q names parameter %q, which %v does not have; add a field for it, or mend the name", domain, name, rt.reg.in)
	case f.Type != id:
		return nil, fmt.Errorf("parameter %q is a %v, but the hook of domain %q takes a %v; make them the same type", name, f.Type, domain, id)
	case f.Special:
		return nil, fmt.Errorf("parameter %q, which names the object in %q, does not come with the request; name one that does", name, domain)
	case !f.Required && f.Default == "":
		return nil, fmt.Errorf("parameter %q names the object in %q and is optional; without it there is no object: make it mandatory", name, domain)
	}
	return f.Index, nil
}

// secret reports whether one of the parameters that name an object may not be
// shown.
func (read reader) secret(in reflect.Type) bool {
	// Where there is no type, they are in the path of an http.Handler.
	return in != nil && slices.ContainsFunc(read, func(index []int) bool {
		return in.FieldByIndex(index).Tag.Get("format") == "password"
	})
}

// objectCache finds what is kept for a domain, for [ObjectPermsUncache].
func objectCache[ID comparable](a *App, name string) (*hookCache[objectKey[ID], bool], error) {
	d, ok := a.domains[name]
	if !ok {
		return nil, fmt.Errorf("domain %q has no object permissions", name)
	}
	kept, ok := d.kept.(*hookCache[objectKey[ID], bool])
	if !ok {
		return nil, fmt.Errorf("objects of domain %q are identified by a %v, not by a %v", name, d.id, reflect.TypeFor[ID]())
	}
	return kept, nil
}
