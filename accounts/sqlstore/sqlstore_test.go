package sqlstore_test

import (
	"testing"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/storetest"
)

// TestStore: S24, S25, S76, and all else that the contract of accounts.Store says.
func TestStore(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		open := func(t *testing.T) accounts.Store { return stored(t, empty(t).open(t), d.dialect) }
		if d.env != "" { // making tables is slow there: they are emptied instead
			db := empty(t).open(t)
			s := stored(t, db, d.dialect)
			open = func(t *testing.T) accounts.Store { clear(t, db); return s }
		}
		storetest.Run(t, open, storetest.Options{})
	})
}
