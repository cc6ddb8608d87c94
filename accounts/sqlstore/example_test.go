package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"time"

	_ "modernc.org/sqlite"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

func Example() {
	ctx := context.Background()
	// A file would be file:app.db?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL).
	db, err := sql.Open("sqlite", "file:example?mode=memory&cache=shared&_pragma=foreign_keys(1)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := sqlstore.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(ctx, db, sqlstore.SQLite)
	if err != nil {
		log.Fatal(err)
	}

	// The second gets nothing of what it asks for: no user, no event.
	for _, id := range []string{"0198a6b0-0000-7000-8000-000000000001", "0198a6b0-0000-7000-8000-000000000002"} {
		err := store.Write(ctx, func(tx accounts.Tx) error {
			if err := tx.AddEvent(ctx, &accounts.Event{At: time.Now(), Kind: "registered", UserID: id}); err != nil {
				return err
			}
			return tx.CreateUser(ctx, &accounts.User{ID: id, Email: "Calvin@example.com", EmailKey: "calvin@example.com"})
		})
		fmt.Println(err, errors.Is(err, accounts.ErrEmailTaken))
	}
	events, err := store.Events(ctx, accounts.EventQuery{})
	fmt.Println(len(events), err)
	// Output:
	// <nil> false
	// accounts: the e-mail address is taken true
	// 1 <nil>
}

// Foreign keys are off in SQLite unless the address of the database says otherwise.
func ExampleNew_foreignKeysOff() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:off?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = sqlstore.New(ctx, db, sqlstore.SQLite)
	fmt.Println(err)
	// Output:
	// sqlstore: foreign keys are off in SQLite, so that what belongs to a user would outlive them: add _pragma=foreign_keys(1) to the address for modernc.org/sqlite (file:app.db?_pragma=foreign_keys(1)), _foreign_keys=1 for github.com/mattn/go-sqlite3
}
