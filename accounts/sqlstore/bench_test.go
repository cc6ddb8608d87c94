package sqlstore_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

// BenchmarkStore is what requests ask for, beside the same session read by hand.
func BenchmarkStore(b *testing.B) {
	for _, d := range databases {
		at := os.Getenv(d.env)
		if d.env != "" && at == "" {
			continue
		}
		b.Run(d.name, func(b *testing.B) {
			db := d.empty(b, at).open(b)
			s := stored(b, db, d.dialect)
			ctx := b.Context()
			if err := furnish(ctx, s); err != nil {
				b.Fatal(err)
			}
			byHand := `SELECT user_id, expires_at FROM sessions WHERE hash = ?`
			if d.dialect == sqlstore.PostgreSQL {
				byHand = `SELECT user_id, expires_at FROM sessions WHERE hash = $1`
			}
			stmt, err := db.Prepare(byHand)
			if err != nil {
				b.Fatal(err)
			}
			h := hash("one")
			for _, c := range []struct {
				name string
				do   func(ctx context.Context) error
			}{
				{"a session by hand", func(ctx context.Context) error {
					var id string
					var expires int64
					return stmt.QueryRowContext(ctx, h).Scan(&id, &expires)
				}},
				{"SessionByHash", func(ctx context.Context) error { _, err := s.SessionByHash(ctx, h); return err }},
				{"UserByID", func(ctx context.Context) error { _, err := s.UserByID(ctx, "id-calvin"); return err }},
				{"HasRole", func(ctx context.Context) error { _, err := s.HasRole(ctx, "id-calvin", "Admin"); return err }},
				{"HasPermission", func(ctx context.Context) error { _, err := s.HasPermission(ctx, "id-calvin", "all"); return err }},
				{"TouchSession", func(ctx context.Context) error {
					return s.Write(ctx, func(tx accounts.Tx) error {
						return tx.TouchSession(ctx, h, moment.Add(time.Minute), "curl", "192.0.2.1")
					})
				}},
			} {
				b.Run(c.name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := c.do(ctx); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
