package fsa

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
	"unique"
)

// benchHits measures hits among many entries, as the pipeline has them: by the
// caches of an application with its default configuration.
func benchHits[K comparable, V any](b *testing.B, kept *hookCache[K, V], key func(i int) K, v V) {
	const entries = 1024
	now := time.Now()
	keys := make([]K, entries)
	for i := range keys {
		keys[i] = key(i)
		if _, err := kept.ask(b.Context(), keys[i], now, func(context.Context) (V, time.Duration, error) { return v, 0, nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := kept.hit(keys[i%entries], now); !ok {
			b.Fatal("a miss")
		}
	}
}

// BenchmarkHookCacheHit measures what it costs to find an answer of a hook, for
// each kind of answer that a request with a token needs.
func BenchmarkHookCacheHit(b *testing.B) {
	a := New("bench", Config{Auth: []string{"token"}, TokenSecret: []Secret{"a secret of thirty-two bytes, at least"}})
	login := func(i int) interned { return unique.Make(fmt.Sprintf("user%d", i)) }
	mode, group := unique.Make("manager"), unique.Make("employee")
	b.Run("token", func(b *testing.B) {
		benchHits(b, a.identities, func(i int) tokenKey {
			return tokenKey{fmt.Sprintf("bench:user%d:20991231235959:%x", i, sha256.Sum256(fmt.Append(nil, i))), "bench"}
		}, &tokenEntry{})
	})
	b.Run("group", func(b *testing.B) {
		benchHits(b, a.memberships, func(i int) namedKey { return namedKey{login(i), group} }, true)
	})
	b.Run("object", func(b *testing.B) {
		ObjectPerms(a, "store", func(context.Context, string, int, string) (bool, error) { return true, nil })
		kept := a.domains["store"].kept.(*hookCache[objectKey[int], bool])
		benchHits(b, kept, func(i int) objectKey[int] { return objectKey[int]{login(i), mode, i} }, true)
	})
}
