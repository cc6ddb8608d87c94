package convert

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Bounds on what is computed. They are far above what a configuration has, and a file
// that is full of traps is done with in a second.
const (
	maxSteps   = 20_000   // expressions of a file
	maxWeight  = 4096     // elements of a value, those in it included
	maxText    = 64 << 10 // bytes of the texts of a value
	maxBits    = 1024     // of an integer
	maxInteger = 300      // digits of an integer that is a text
)

var errTooLarge = errors.New("is larger than a setting can be")

// operate computes a binary operator, if its result is in bounds.
func operate(op syntax.Token, a, b starlark.Value) (starlark.Value, error) {
	failed := fmt.Errorf("can't be computed: %s of a %s and a %s", op, a.Type(), b.Type())
	switch op {
	case syntax.PLUS, syntax.PIPE, syntax.STAR, syntax.AND, syntax.OR:
	default: // it depends on what is in a list or a dict
		for _, v := range []starlark.Value{a, b} {
			if u, bad := missing(plain(v)); bad && u.reason != hasNone {
				return opaque(u), nil
			}
		}
	}
	switch op {
	case syntax.AND, syntax.OR:
		return b, nil
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE:
		ok, err := starlark.Compare(op, a, b)
		if err != nil {
			return nil, failed
		}
		return starlark.Bool(ok), nil
	case syntax.STAR:
		for _, p := range [][2]starlark.Value{{a, b}, {b, a}} {
			n, ok := p[0].(starlark.Int)
			if !ok {
				continue
			}
			if _, number := p[1].(starlark.Int); number {
				continue // two of maxBits are not large
			}
			count, ok := n.Int64()
			if w, text := weigh(p[1]); !ok || count > maxText || count*int64(max(w, 1)) > maxWeight*64 || count*int64(text) > maxText {
				return nil, errTooLarge
			}
		}
	case syntax.PERCENT:
		if format, ok := a.(starlark.String); ok {
			w, text := weigh(b)
			if strings.Count(string(format), "%")*(text+24*w) > 16*maxText {
				return nil, errTooLarge
			}
		}
	}
	v, err := starlark.Binary(op, a, b)
	if err != nil {
		return nil, failed
	}
	return v, bounded(v)
}

// bounded says whether a value is too large.
func bounded(v starlark.Value) error {
	if i, ok := v.(starlark.Int); ok && i.BigInt().BitLen() > maxBits {
		return errTooLarge
	}
	if w, text := weigh(v); w > maxWeight || text > maxText {
		return errTooLarge
	}
	return nil
}

// weigh counts the elements of a value and the bytes of its texts, those in it
// included; it stops where there are too many. A value can hold another one many times.
func weigh(v starlark.Value) (elements, text int) {
	var walk func(v starlark.Value)
	walk = func(v starlark.Value) {
		if elements++; elements > maxWeight || text > maxText {
			return
		}
		switch v := v.(type) {
		case starlark.String:
			text += len(v)
		case starlark.Bytes:
			text += len(v)
		case starlark.Tuple:
			for _, x := range v {
				walk(x)
			}
		case *starlark.List:
			for x := range v.Elements() {
				walk(x)
			}
		case *starlark.Dict:
			for k, x := range v.Entries() {
				walk(k)
				walk(x)
			}
		}
	}
	walk(v)
	return elements, text
}
