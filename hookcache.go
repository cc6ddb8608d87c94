package fsa

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// hookCache keeps what one kind of hook has answered.
//
// The key holds everything that the answer depends on, and nothing else decides
// it: the hook gets a context without values, since its answer serves whoever
// asks next. Errors are not kept, and so neither are "no such
// user" and "no such object".
type hookCache[K comparable, V any] struct {
	near    *cache.Near[K, V] // nil: nothing is kept
	lookups *lookups          // nil: nobody wants to know
}

func newHookCache[K comparable, V any](s *settings, o cache.NearOptions[K, V]) *hookCache[K, V] {
	return &hookCache[K, V]{near: newNear(s, o)}
}

// newNear gives nil if nothing is to be kept.
func newNear[K comparable, V any](s *settings, o cache.NearOptions[K, V]) *cache.Near[K, V] {
	if s.Cache == "none" || s.CacheTTL < 0 || s.CacheSize < 0 {
		return nil
	}
	o.Entries, o.TTL = s.CacheSize, s.CacheTTL
	return cache.NewNear(o)
}

// hit gives a kept answer. It is apart from ask, so that a hit builds no closure.
func (a *hookCache[K, V]) hit(key K, now time.Time) (v V, ok bool) {
	if a.near == nil {
		return v, false
	}
	if v, ok = a.near.Get(key, now); ok {
		a.found()
	}
	return v, ok
}

// found counts a kept answer that is used.
func (a *hookCache[K, V]) found() {
	if a.lookups != nil {
		a.lookups.hits.Add(1)
	}
}

// ask asks the hook, once for all who want the same answer at the same time.
func (a *hookCache[K, V]) ask(ctx context.Context, key K, now time.Time, hook func(context.Context) (V, time.Duration, error)) (V, error) {
	bare := func(ctx context.Context) (V, time.Duration, error) { return hook(withoutValues{ctx}) }
	if a.lookups != nil {
		a.lookups.misses.Add(1)
	}
	if a.near == nil {
		return guarded(ctx, bare)
	}
	return a.near.Load(ctx, key, now, bare)
}

// refresh asks the hook even if its answer is kept, and keeps the new one.
func (a *hookCache[K, V]) refresh(ctx context.Context, key K, now time.Time, hook func(context.Context) (V, time.Duration, error)) (V, error) {
	bare := func(ctx context.Context) (V, time.Duration, error) { return hook(withoutValues{ctx}) }
	if a.near == nil {
		return guarded(ctx, bare)
	}
	return a.near.Refresh(ctx, key, now, bare)
}

// withoutValues is what hooks get whose answers are kept: a context that says
// when to stop, and nothing else. An answer that depended on a value in the
// context of one request, a tenant say, would be given to the next request of
// another.
type withoutValues struct{ context.Context }

// Value gives nothing but the trace and the observation, of which hooks do not know.
func (w withoutValues) Value(key any) any {
	switch key.(type) {
	case traceKey, observationKey:
		return w.Context.Value(key)
	}
	return nil
}

// guarded calls a hook and makes an error of its panic, as a cache does.
func guarded[V any](ctx context.Context, hook func(context.Context) (V, time.Duration, error)) (v V, err error) {
	defer catch(&err)
	v, _, err = hook(ctx)
	return v, err
}

// catch, deferred, makes an error of a panic.
func catch(err *error) {
	if p := recover(); p != nil {
		*err = &cache.PanicError{Value: p, Stack: debug.Stack()}
	}
}

func (a *hookCache[K, V]) forget(key K) {
	if a.near != nil {
		a.near.Delete(key)
	}
}

func (a *hookCache[K, V]) forgetIf(match func(K, V) bool) {
	if a.near != nil {
		a.near.DeleteFunc(match)
	}
}

func (a *hookCache[K, V]) clear() {
	if a.near != nil {
		a.near.Clear()
	}
}
