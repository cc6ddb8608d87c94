package convert

import (
	"errors"
	"fmt"
	"math/big"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// evaluator computes the values of expressions, as far as these need nothing but what
// the package comment lists.
type evaluator struct {
	lookup func(name string) (string, bool) // of the environment
	vars   map[string]variable
	steps  int

	// Of the statement at hand: the environment variables that its value comes from.
	from []string
}

// variable is what a name stands for.
type variable struct {
	value starlark.Value
	from  []string
}

// opaque is a value that is not known here: a function, a name of another module, a
// variable of the environment that is not set. It can stand in lists and dicts.
type opaque struct {
	reason string
	code   bool // it is something of the program
}

func (o opaque) String() string        { return "…" }
func (o opaque) Type() string          { return "unknown" }
func (o opaque) Freeze()               {}
func (o opaque) Truth() starlark.Bool  { return false }
func (o opaque) Hash() (uint32, error) { return 0, errors.New("is no key") }

func newEvaluator(lookup func(string) (string, bool)) *evaluator {
	return &evaluator{lookup: lookup, vars: map[string]variable{}}
}

// eval computes an expression. The error says why that is not possible, in words that
// follow "its value"; of what is merely not known, the value is [opaque].
func (e *evaluator) eval(x syntax.Expr) (starlark.Value, error) {
	if e.steps++; e.steps > maxSteps {
		return nil, fmt.Errorf("is beyond the %d steps that a file has", maxSteps)
	}
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return e.eval(x.X)
	case *syntax.Literal:
		return literal(x)
	case *syntax.Ident:
		return e.name(x.Name), nil
	case *syntax.ListExpr:
		all, err := e.evalAll(x.List)
		return starlark.NewList(all), err
	case *syntax.TupleExpr:
		all, err := e.evalAll(x.List)
		return starlark.Tuple(all), err
	case *syntax.DictExpr:
		return e.dict(x)
	case *syntax.UnaryExpr:
		return e.unary(x)
	case *syntax.BinaryExpr:
		return e.binary(x)
	case *syntax.CondExpr:
		cond, err := e.eval(x.Cond)
		if err != nil || isOpaque(cond) {
			return cond, err
		}
		if cond.Truth() {
			return e.eval(x.True)
		}
		return e.eval(x.False)
	case *syntax.DotExpr:
		return e.member(x)
	case *syntax.IndexExpr:
		return e.index(x)
	case *syntax.CallExpr:
		return e.call(x)
	}
	return opaque{"is computed by code", true}, nil
}

func isOpaque(v starlark.Value) bool {
	_, o := v.(opaque)
	_, m := v.(module)
	return o || m
}

func literal(x *syntax.Literal) (starlark.Value, error) {
	switch v := x.Value.(type) {
	case string:
		if x.Token == syntax.BYTES {
			return starlark.Bytes(v), bounded(starlark.Bytes(v))
		}
		return starlark.String(v), bounded(starlark.String(v))
	case int64:
		return starlark.MakeInt64(v), nil
	case *big.Int:
		return starlark.MakeBigInt(v), bounded(starlark.MakeBigInt(v))
	case float64:
		return starlark.Float(v), nil
	}
	return opaque{"is of a type that is not known here", false}, nil
}

func (e *evaluator) name(name string) starlark.Value {
	switch name {
	case "None":
		return starlark.None
	case "True":
		return starlark.True
	case "False":
		return starlark.False
	}
	v, ok := e.vars[name]
	if !ok {
		return opaque{fmt.Sprintf("is of the program (%s)", name), true}
	}
	e.from = append(e.from, v.from...)
	return v.value
}

func (e *evaluator) evalAll(list []syntax.Expr) ([]starlark.Value, error) {
	all := make([]starlark.Value, len(list))
	for i, x := range list {
		v, err := e.eval(x)
		if err != nil {
			return nil, err
		}
		all[i] = v
	}
	return all, bounded(starlark.Tuple(all))
}

func (e *evaluator) dict(x *syntax.DictExpr) (starlark.Value, error) {
	d := starlark.NewDict(len(x.List))
	for _, entry := range x.List {
		entry := entry.(*syntax.DictEntry)
		k, err := e.eval(entry.Key)
		if err != nil {
			return nil, err
		}
		v, err := e.eval(entry.Value)
		if err != nil {
			return nil, err
		}
		if isOpaque(k) {
			return k, nil
		}
		if err := d.SetKey(k, v); err != nil {
			return nil, errors.New("has a key that can't be one")
		}
	}
	return d, bounded(d)
}

func (e *evaluator) unary(x *syntax.UnaryExpr) (starlark.Value, error) {
	if x.X == nil {
		return opaque{"is computed by code", true}, nil
	}
	v, err := e.eval(x.X)
	if err != nil || isOpaque(v) {
		return v, err
	}
	if x.Op == syntax.NOT {
		return !v.Truth(), nil
	}
	v, err = starlark.Unary(x.Op, v)
	if err != nil {
		return nil, fmt.Errorf("can't be computed: %s", x.Op)
	}
	return v, bounded(v)
}

func (e *evaluator) binary(x *syntax.BinaryExpr) (starlark.Value, error) {
	a, err := e.eval(x.X)
	if err != nil || isOpaque(a) {
		return a, err
	}
	switch {
	case x.Op == syntax.AND && !bool(a.Truth()), x.Op == syntax.OR && bool(a.Truth()):
		return a, nil
	}
	b, err := e.eval(x.Y)
	if err != nil || isOpaque(b) {
		return b, err
	}
	return operate(x.Op, a, b)
}
