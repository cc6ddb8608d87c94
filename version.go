package fsa

import (
	"runtime/debug"
	"sync"
)

const modulePath = "github.com/fastsimpleauth/fsa"

// Version gives the version of this module in the running program, from its
// build information: v1.2.3, or "devel" when it is built from a work tree.
func Version() string { return version() }

var version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	modules := append([]*debug.Module{&info.Main}, info.Deps...)
	for _, m := range modules {
		if m.Path == modulePath && m.Replace == nil && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
})
