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
	near *cache.Near[K, V] // nil: nothing is kept
}

func newHookCache[K comparable, V any](s *settings, o cache.NearOptions[K, V]) *hookCache[K, V] {
	if s.Cache == "none" || s.CacheTTL < 0 || s.CacheSize < 0 {
		return &hookCache[K, V]{}
	}
	o.Entries, o.TTL = s.CacheSize, s.CacheTTL
	return &hookCache[K, V]{near: cache.NewNear(o)}
}

// hit gives a kept answer. It is apart from ask, so that a hit builds no closure.
func (a *hookCache[K, V]) hit(key K, now time.Time) (v V, ok bool) {
	if a.near == nil {
		return v, false
	}
	return a.near.Get(key, now)
}

// ask asks the hook, once for all who want the same answer at the same time.
func (a *hookCache[K, V]) ask(ctx context.Context, key K, now time.Time, hook func(context.Context) (V, time.Duration, error)) (V, error) {
	bare := func(ctx context.Context) (V, time.Duration, error) { return hook(withoutValues{ctx}) }
	if a.near == nil {
		return guarded(ctx, bare)
	}
	return a.near.Load(ctx, key, now, bare)
}

// withoutValues is what hooks get whose answers are kept: a context that says
// when to stop, and nothing else. An answer that depended on a value in the
// context of one request, a tenant say, would be given to the next request of
// another.
type withoutValues struct{ context.Context }

func (withoutValues) Value(any) any { return nil }

// guarded calls a hook and makes an error of its panic, as a cache does.
func guarded[V any](ctx context.Context, hook func(context.Context) (V, time.Duration, error)) (v V, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &cache.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	v, _, err = hook(ctx)
	return v, err
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
