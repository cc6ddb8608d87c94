package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// thing is a row of the table stuff: [sid, sname].
type thing struct {
	sid   int64
	sname string
}

func (t thing) MarshalJSON() ([]byte, error) { return json.Marshal([]any{t.sid, t.sname}) }

// addStuff declares what whoever is authenticated may do with stuff.
func (d *demo) addStuff() {
	fsa.Get(d, "/stuff", authz.Auth(), d.db.getStuff)
	fsa.Post(d, "/stuff", authz.Auth(), d.db.postStuff, fsa.Status(201))
	fsa.Get(d, "/stuff/{sid}", authz.Auth(), d.db.getStuffSID)
	fsa.Patch(d, "/stuff/{sid}", authz.Auth(), d.db.patchStuffSID)
	fsa.Delete(d, "/stuff/{sid}", authz.Auth(), d.db.deleteStuffSID)
}

type pattern struct{ Pattern *string }

func (db *database) getStuff(ctx context.Context, in pattern) ([]thing, error) {
	like := "%"
	if in.Pattern != nil && *in.Pattern != "" {
		like = *in.Pattern
	}
	rows, err := db.QueryContext(ctx, "SELECT sid, sname FROM stuff WHERE sname LIKE $1 ORDER BY sid", like)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []thing
	for rows.Next() {
		var t thing
		if err := rows.Scan(&t.sid, &t.sname); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

type newThing struct {
	SName string `param:"sname"`
}

func (db *database) postStuff(ctx context.Context, in newThing) (sid int64, err error) {
	err = db.QueryRowContext(ctx, "INSERT INTO stuff(sname) VALUES ($1) RETURNING sid", in.SName).Scan(&sid)
	return sid, err
}

type oneThing struct{ SID int64 }

func (db *database) getStuffSID(ctx context.Context, in oneThing) ([]string, error) {
	var sname string
	err := db.QueryRowContext(ctx, "SELECT sname FROM stuff WHERE sid = $1", in.SID).Scan(&sname)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fsa.Errorf(404, "no such stuff: %d", in.SID)
	}
	return []string{sname}, err
}

type renamed struct {
	SID   int64
	SName string `param:"sname"`
}

func (db *database) patchStuffSID(ctx context.Context, in renamed) (fsa.None, error) {
	done, err := changed(ctx, db, "UPDATE stuff SET sname = $1 WHERE sid = $2", in.SName, in.SID)
	if err == nil && !done {
		err = fsa.Errorf(404, "no such stuff: %d", in.SID)
	}
	return fsa.None{}, err
}

// deleteStuffSID deletes it, if it is there: 204 in any case, as the original.
func (db *database) deleteStuffSID(ctx context.Context, in oneThing) (fsa.None, error) {
	_, err := changed(ctx, db, "DELETE FROM stuff WHERE sid = $1", in.SID)
	return fsa.None{}, err
}
