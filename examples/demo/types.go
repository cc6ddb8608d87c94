package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addTypes declares routes that show what parameters can be.
func (d *demo) addTypes() {
	p := d.Prefix("/types")
	fsa.Get(p, "/scalars", authz.Open(), getScalars)
	fsa.Get(p, "/json", authz.Open(), getJSON)
	fsa.Get(p, "/nat", authz.Open(), getNat)
	fsa.Post(p, "/char", authz.Open(), postChar, fsa.Status(201))
	fsa.Post(p, "/pers", authz.Open(), postPers, fsa.Status(201))
	fsa.Get(p, "/ls", authz.Open(), getLS)
}

type scalars struct {
	I int64   `default:"0"`
	F float64 `default:"0"`
	B bool    `default:"false"`
	S string  `default:""`
}

func getScalars(ctx context.Context, in scalars) (string, error) {
	return fmt.Sprintf("i=%d, f=%s, b=%s, s=%s", in.I, pythonFloat(in.F), pythonBool(in.B), in.S), nil
}

// anything keeps the text of the JSON value: 2 and 2.0 differ in Python, and the
// names of an object have an order.
type anything struct{ J json.RawMessage }

func getJSON(ctx context.Context, in anything) (string, error) { return pythonOf(in.J) }

// nat is at least 0. The tag minimum would say so, too, but not name the value.
type nat int64

func (n nat) Validate(context.Context) error {
	if n < 0 {
		return fsa.Errorf(400, "must not be negative: %d", n)
	}
	return nil
}

type nats struct{ I, J nat }

func getNat(ctx context.Context, in nats) (uint64, error) {
	return uint64(in.I) + uint64(in.J), nil // it fits
}

// character is a person, in a story.
type character struct {
	Name string `json:"name"`
	Age  int64  `json:"age"`
}

type oneChar struct{ Char character }

func postChar(ctx context.Context, in oneChar) (character, error) { return in.Char, nil }

type onePers struct{ Pers character }

func postPers(ctx context.Context, in onePers) (character, error) { return in.Pers, nil }

type list struct{ LS []string }

type joined struct {
	Len int    `json:"len"`
	All string `json:"all"`
}

func getLS(ctx context.Context, in list) (joined, error) {
	return joined{len(in.LS), strings.Join(in.LS, "/")}, nil
}
