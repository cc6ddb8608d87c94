// Package cache remembers answers, uses and counts for a security framework,
// and says of each how badly forgetting it would hurt.
//
// Three contracts, because the harm differs:
//
//   - [Cache] may forget at any time: what it lost is asked again.
//   - [Once] may not forget before its time: a forgotten use is a replayed
//     code, a forgotten revocation a token that is valid again.
//   - [Counter] may not forget before its time: a forgotten count is a
//     throttle that an attacker has switched off.
//
// [Memory], [MemoryOnce] and [MemoryCounter] keep them in this process, within
// a bound. Full of live entries, the first evicts, the other two fail with
// [ErrFull], since they may not. Stores that several instances share implement
// the same contracts. A failing store never opens a door: callers fall through
// a failing Cache to its source, and refuse (503) on a failing Once or Counter.
//
// Beside the contracts stands [Near], the typed in-process level for the
// answers of hooks (password hash, group, object permission, token check). It
// is on the path of every request: a hit takes no lock, allocates nothing and
// reads no clock. A miss loads once per key however many ask. What a Delete
// took away does not come back with a load that was already on its way.
//
// Keys of Near are structs, one field for each thing that the answer depends
// on; keys of the contracts are strings made by [Key]. Neither lets two
// different tuples share an answer, which joined strings do sooner or later.
//
// The package knows nothing of HTTP, starts no goroutine but those of loads,
// and sets no timer but the time-outs of loads. All its types are safe for
// concurrent use.
package cache
