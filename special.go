package fsa

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// specials are the parameters that do not come from the request's parameters, and
// are there for all applications.
var specials = map[reflect.Type]param.Special[*call]{
	reflect.TypeFor[CurrentUser](): func(c *call, _ string, v reflect.Value) error {
		if c.id == nil {
			return errNobody
		}
		v.SetString(c.id.Login)
		return nil
	},
	reflect.TypeFor[Identity](): func(c *call, _ string, v reflect.Value) error {
		if c.id == nil {
			return errNobody
		}
		v.Set(reflect.ValueOf(c.id.Clone()))
		return nil
	},
	reflect.TypeFor[*http.Request](): func(c *call, _ string, v reflect.Value) error {
		v.Set(reflect.ValueOf(c.hand()))
		return nil
	},
	reflect.TypeFor[*App](): func(c *call, _ string, v reflect.Value) error {
		v.Set(reflect.ValueOf(c.route.h.app))
		return nil
	},
}

var errNobody = errors.New("nobody is authenticated")

// CurrentUser is a special parameter: the login of who is calling. A route that
// may be called by nobody in particular can't have one.
type CurrentUser string

// Special makes fields of type T in a handler's input special parameters, which do
// not come from the request's parameters: provide makes the value, given the name
// that a parameter of the field would have. An error of it is the answer, as one of
// the handler is.
//
// It runs when the handler is about to: the caller is authorized, for objects too,
// and all parameters are right. So a method Validate of the input does not see its
// value yet. A value is made once for a request and a name, whoever asks for it;
// provide may ask for others by [SpecialOf].
//
// T is a type that is defined somewhere, or a pointer to one, and has no meaning as
// a parameter already.
func Special[T any](a *App, provide func(ctx context.Context, name string) (T, error)) {
	if provide == nil {
		special[T](a, nil, 1)
		return
	}
	special(a, func(ctx context.Context, name string) (T, func(error) error, error) {
		v, err := provide(ctx, name)
		return v, nil, err
	}, 1)
}

// SpecialWithRelease is [Special] for values that must be given back, such as a
// transaction for each request:
//
//	fsa.SpecialWithRelease(app, func(ctx context.Context, name string) (*sql.Tx, func(error) error, error) {
//		tx, err := db.BeginTx(ctx, nil)
//		if err != nil {
//			return nil, nil, err
//		}
//		return tx, func(err error) error {
//			if err != nil {
//				return tx.Rollback()
//			}
//			return tx.Commit()
//		}, nil
//	})
//
// The release runs once, when the handler has returned and its answer has been
// encoded, before anything of it is sent. It is given nil if all went well, and else
// why there will be no success: the handler's error, its panic, a [Response] of status
// 400 or more (given as an [Error] of that status), an answer that can't be encoded, a
// client that has hung up. Releases run in the reverse order in which
// the values were made. One that fails or panics turns the success into its error,
// as if the handler had returned it, and the releases after it are given that; if
// there is an error already, that remains the answer, and the log tells both.
//
// A nil release is none. If provide returns an error, its release is not called.
func SpecialWithRelease[T any](a *App, provide func(ctx context.Context, name string) (value T, release func(err error) error, err error)) {
	special(a, provide, 1)
}

// special notes a type of special parameters.
func special[T any](a *App, provide func(context.Context, string) (T, func(error) error, error), skip int) {
	t := reflect.TypeFor[T]()
	name := fmt.Sprintf("fsa.Special[%v]", t)
	if !a.hook(name, provide == nil, false, skip+1) {
		return
	}
	bare := t
	if t.Kind() == reflect.Pointer {
		bare = t.Elem()
	}
	if !a.claim(bare, t, name, caller(skip+1)) {
		return
	}
	if a.specials == nil {
		a.specials = map[reflect.Type]provider{}
	}
	a.specials[t] = func(ctx context.Context, name string) (any, func(error) error, error) {
		return provide(ctx, name)
	}
}

// provider makes special parameters of one type.
type provider func(ctx context.Context, name string) (value any, release func(error) error, err error)

// laterSpecials gives the special parameters that the application has registered,
// for binders.
func (a *App) laterSpecials() map[reflect.Type]param.Special[*call] {
	all := map[reflect.Type]param.Special[*call]{
		// In any case it is no parameter of the request; see [compiler.sessions].
		reflect.TypeFor[*Session](): func(*call, string, reflect.Value) error { return errNoSessions },
	}
	for t := range a.specials {
		all[t] = func(c *call, name string, v reflect.Value) error {
			x, err := c.provided().get(c, specialKey{t, name}, nil)
			if err != nil {
				return err
			}
			setAny(v, x)
			return nil
		}
	}
	return all
}

var errNoSessions = errors.New("nothing keeps sessions")

// sessions reports a parameter that is a session, where nobody keeps any.
func (c *compiler) sessions(rt *route, f param.Field) {
	if f.Type == reflect.TypeFor[*Session]() && c.app.specials[f.Type] == nil {
		c.fault(rt, fmt.Sprintf("parameter %q is a *fsa.Session, and nothing keeps sessions", f.Name),
			"use package accounts, or register what makes and keeps them by fsa.SpecialWithRelease[*fsa.Session]")
	}
}

// setAny sets v, of whatever type, to x, which may be nil if v is an interface.
func setAny(v reflect.Value, x any) {
	if x == nil {
		v.SetZero()
		return
	}
	v.Set(reflect.ValueOf(x))
}

// SpecialOf gives a special parameter to the function of [Special] that makes
// another one, whose context ctx is: the same value that a field of type T and of
// that name has in the handler's input. What is asked for is made before and
// released after the one that asks for it.
//
//	fsa.Special(app, func(ctx context.Context, name string) (*Stores, error) {
//		tx, err := fsa.SpecialOf[*sql.Tx](ctx, "tx") // that of the handler's field Tx
//		if err != nil {
//			return nil, err
//		}
//		return &Stores{tx}, nil
//	})
//
// The error is that of the function that makes it. It is also one if T is not
// special, or needs itself, or if ctx is not that of such a function: which the
// client, if it is returned, sees as a failure of the server. It must be called by
// the goroutine that the function was called in, before that returns.
func SpecialOf[T any](ctx context.Context, name string) (T, error) {
	var none T
	in, ok := ctx.Value(makingKey{}).(*making)
	if !ok {
		return none, fmt.Errorf("fsa.SpecialOf[%v] is for the functions that fsa.Special is given", reflect.TypeFor[T]())
	}
	x, err := in.all.get(in.call, specialKey{reflect.TypeFor[T](), name}, in)
	if err != nil {
		return none, err
	}
	v, _ := x.(T) // nil, of an interface type, remains what it is
	return v, nil
}

// specialKey is which special parameter: there is one for each name.
type specialKey struct {
	typ  reflect.Type
	name string
}

func (k specialKey) String() string { return fmt.Sprintf("%q of type %v", k.name, k.typ) }

// provisions are the special parameters of one request.
type provisions struct {
	mu       sync.Mutex
	made     map[specialKey]*making
	releases []func(error) error
	over     bool // the releases have run, or are running
}

// making is a special parameter, made or about to be. It is also the context of
// the function that makes it.
type making struct {
	*call
	all   *provisions
	key   specialKey
	by    *making // that needs it; nil for one of the handler's fields
	done  bool
	value any
	err   error
}

type makingKey struct{}

// Value gives the making itself, for SpecialOf, and else what the request has.
func (m *making) Value(key any) any {
	if _, ok := key.(makingKey); ok {
		return m
	}
	return m.call.Value(key)
}

// provided gives the special parameters of the request.
func (c *call) provided() *provisions {
	x := c.more()
	if x.provided == nil {
		x.provided = &provisions{made: map[specialKey]*making{}}
	}
	return x.provided
}

// get gives a special parameter, which it makes if nobody has asked for it before.
func (p *provisions) get(c *call, key specialKey, by *making) (any, error) {
	m, found, err := p.enter(c, key, by)
	if err != nil || found {
		return m.value, err
	}
	if set, builtin := specials[key.typ]; builtin {
		v := reflect.New(key.typ).Elem()
		err := set(c, key.name, v)
		return v.Interface(), p.leave(m, v.Interface(), nil, err)
	}
	provide, ok := c.route.h.app.specials[key.typ]
	if !ok {
		return nil, p.leave(m, nil, nil, fmt.Errorf("nothing makes the special parameter %v; register a function by fsa.Special", key))
	}
	defer func() {
		if !m.done { // the function has panicked
			p.leave(m, nil, nil, fmt.Errorf("the special parameter %v was not made", key))
		}
	}()
	value, release, err := provide(m, key.name)
	return value, p.leave(m, value, release, err)
}

// enter finds a special parameter, or begins to make it.
func (p *provisions) enter(c *call, key specialKey, by *making) (m *making, found bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	none := new(making)
	switch {
	case p.over:
		return none, false, fmt.Errorf("the special parameter %v is asked for when the request is over", key)
	case by != nil && by.done:
		return none, false, fmt.Errorf("the special parameter %v is asked for by %v, which has been made already", key, by.key)
	}
	if m := p.made[key]; m != nil && m.done {
		return m, true, m.err
	}
	for b := by; b != nil; b = b.by {
		if b.key == key {
			return none, false, fmt.Errorf("the special parameter %v needs itself: %s", key, by.chain(key))
		}
	}
	if p.made[key] != nil {
		return none, false, fmt.Errorf("the special parameter %v is being made by another goroutine", key)
	}
	m = &making{call: c, all: p, key: key, by: by}
	p.made[key] = m
	return m, false, nil
}

// chain tells how a special parameter comes to need another one.
func (m *making) chain(last specialKey) string {
	names := []string{last.String()}
	for ; m != nil; m = m.by {
		names = append(names, m.key.String())
		if m.key == last {
			break
		}
	}
	slices.Reverse(names)
	return strings.Join(names, " needs ")
}

// leave notes what has been made, and how it is released.
func (p *provisions) leave(m *making, value any, release func(error) error, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.done, m.err = true, err
	if err == nil {
		m.value = value
		if release != nil {
			p.releases = append(p.releases, release)
		}
	}
	return err
}

// releaseSpecials runs the releases of the special parameters that have not run yet: with
// nil if the request is about to succeed, else with what it fails with. It gives what the
// answer is then, nil for the success. If a release ends its goroutine, those after it run
// on the way out, as those of a request that has failed.
func (c *call) releaseSpecials(err error) error {
	x := c.rare.Load()
	if x == nil || x.provided == nil {
		return err
	}
	release := x.provided.release()
	if release == nil {
		return err
	}
	if gone := c.Context.Err(); err == nil && gone != nil {
		err = fmt.Errorf("the request was given up: %w", gone)
	}
	returned := false
	defer func() {
		if !returned {
			c.exited(err)
		}
	}()
	for ; release != nil; release = x.provided.release() {
		failure := releaseOne(release, err)
		switch {
		case failure == nil, errors.Is(failure, err):
		case err == nil:
			err = failure
		default:
			err = &unreleased{err, failure}
		}
	}
	returned = true
	return err
}

// releaseAnswered runs the releases before an answer of a status. It gives what the
// answer is instead, nil if it stands. One of 400 or more, of a [Response], is no
// success: what it says has not been done must not have been.
func (c *call) releaseAnswered(status int) error {
	if status < 400 {
		return c.releaseSpecials(nil)
	}
	refusal := httperr.Errorf(status, "the handler has answered with status %d", status)
	if err := c.releaseSpecials(refusal); err != error(refusal) {
		c.more().cause = err // for the log
	}
	return nil
}

// release takes out the release that is to run next, which is that of what was made
// last; nil if all have run. After it, nothing more is made.
func (p *provisions) release() func(error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	last := len(p.releases) - 1
	if last < 0 {
		return nil
	}
	release := p.releases[last]
	p.releases = p.releases[:last]
	return release
}

// releaseOne runs a release. A panic of it is a failure like others, so that those
// that come after it run.
func releaseOne(release func(error) error, cause error) (err error) {
	defer catch(&err)
	return release(cause)
}

// unreleased is an error of a request, of which something could not be released
// besides. Only the former says what is answered.
type unreleased struct {
	error
	failure error
}

func (e *unreleased) Error() string { return fmt.Sprintf("%v; then: %v", e.error, e.failure) }

// Unwrap gives the error of the request.
func (e *unreleased) Unwrap() error { return e.error }

// errUnfinished is what releases are given when a handler, a hook or a release before
// them has ended its goroutine.
var errUnfinished = errors.New("the goroutine of the request was ended (runtime.Goexit)")
