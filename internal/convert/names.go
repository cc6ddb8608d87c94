package convert

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// module is what an import gives: of os and logging, some names are known.
type module struct {
	opaque
	name string
}

// imports notes the names that an import statement gives.
func (e *evaluator) imports(tokens []token) {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.text
	}
	of := ""
	if words[0] == "from" {
		i := slices.Index(words, "import")
		if i < 0 {
			return
		}
		of = strings.Join(words[1:i], "")
		words = words[i:]
	}
	for _, part := range strings.Split(strings.Trim(strings.Join(words[1:], " "), "() "), ",") {
		path, name, renamed := strings.Cut(strings.TrimSpace(part), " as ")
		path = strings.ReplaceAll(path, " ", "")
		if of != "" {
			path = of + "." + path
		}
		if !renamed {
			name = path[strings.LastIndex(path, ".")+1:]
			if of == "" {
				name, _, _ = strings.Cut(path, ".")
				path = name
			}
		}
		e.vars[name] = variable{value: newModule(path)}
	}
}

func newModule(path string) starlark.Value {
	if v, ok := levels[path]; ok {
		return starlark.MakeInt(v)
	}
	return module{opaque{"is of the program (" + path + ")", true}, path}
}

// levels are the levels of Python's logging.
var levels = map[string]int{
	"logging.DEBUG": 10, "logging.INFO": 20, "logging.WARNING": 30, "logging.WARN": 30,
	"logging.ERROR": 40, "logging.CRITICAL": 50, "logging.FATAL": 50,
}

// environ reports whether an expression is os.environ.
func (e *evaluator) environ(x syntax.Expr) bool { return e.is(x, "os.environ") }

// is reports whether an expression names what a module has.
func (e *evaluator) is(x syntax.Expr, path string) bool {
	var name string
	switch x := x.(type) {
	case *syntax.Ident:
		m, ok := e.vars[x.Name].value.(module)
		return ok && m.name == path
	case *syntax.DotExpr:
		of, ok := x.X.(*syntax.Ident)
		if !ok {
			return false
		}
		m, ok := e.vars[of.Name].value.(module)
		if name = m.name + "." + x.Name.Name; ok {
			return name == path
		}
		// The file may leave the import out, as a part of one does that a document shows.
		return e.vars[of.Name].value == nil && of.Name+"."+x.Name.Name == path
	}
	return false
}

func (e *evaluator) member(x *syntax.DotExpr) (starlark.Value, error) {
	for path, level := range levels {
		if e.is(x, path) {
			return starlark.MakeInt(level), nil
		}
	}
	return opaque{"is of the program (" + path(x) + ")", true}, nil
}

// path gives the dotted name of an expression, shortened.
func path(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.Ident:
		return x.Name
	case *syntax.DotExpr:
		return path(x.X) + "." + x.Name.Name
	case *syntax.CallExpr:
		return path(x.Fn) + "(…)"
	}
	return "…"
}

func (e *evaluator) index(x *syntax.IndexExpr) (starlark.Value, error) {
	key, err := e.eval(x.Y)
	if err != nil || isOpaque(key) {
		return key, err
	}
	if e.environ(x.X) {
		return e.variable(key, nil)
	}
	of, err := e.eval(x.X)
	if err != nil || isOpaque(of) {
		return of, err
	}
	switch of := of.(type) {
	case *starlark.Dict:
		if v, ok, err := of.Get(key); ok && err == nil {
			return v, nil
		}
		return nil, errors.New("is of a key that is not there")
	case starlark.Indexable:
		i, err := starlark.AsInt32(key)
		if err != nil {
			break
		}
		if i < 0 {
			i += of.Len()
		}
		if i >= 0 && i < of.Len() {
			return of.Index(i), nil
		}
	}
	return nil, errors.New("is of an index that is not there")
}

// variable looks a variable of the environment up. Without a default, one that is not
// set is not known.
func (e *evaluator) variable(key, def starlark.Value) (starlark.Value, error) {
	name, ok := starlark.AsString(key)
	if !ok {
		return nil, errors.New("is of a variable of the environment whose name is no text")
	}
	e.from = append(e.from, name)
	if v, ok := e.lookup(name); ok {
		return starlark.String(v), bounded(starlark.String(v))
	}
	if def != nil {
		return def, nil
	}
	return opaque{reason: fmt.Sprintf("is os.environ[%q], which is not set", name)}, nil
}

// call computes what is called: the conversions, and what looks into the environment.
func (e *evaluator) call(x *syntax.CallExpr) (starlark.Value, error) {
	code := opaque{"is computed by code (" + path(x) + ")", true}
	for _, arg := range x.Args {
		if b, ok := arg.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
			return code, nil
		}
		if u, ok := arg.(*syntax.UnaryExpr); ok && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR) {
			return code, nil
		}
	}
	dot, _ := x.Fn.(*syntax.DotExpr)
	environ := e.is(x.Fn, "os.getenv") || dot != nil && dot.Name.Name == "get" && e.environ(dot.X)
	id, _ := x.Fn.(*syntax.Ident)
	conversion := id != nil && e.vars[id.Name].value == nil && slices.Contains([]string{"int", "float", "str", "bool"}, id.Name)
	if !environ && !(conversion && len(x.Args) == 1) {
		return code, nil
	}
	args, err := e.evalAll(x.Args)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		if isOpaque(a) && !(environ && i == 1) {
			return a, nil
		}
	}
	switch {
	case conversion:
		return convert(id.Name, args[0])
	case len(args) == 1:
		return e.variable(args[0], starlark.None)
	case len(args) == 2:
		return e.variable(args[0], args[1])
	}
	return code, nil
}

// convert is int(x), float(x), str(x) or bool(x).
func convert(to string, v starlark.Value) (starlark.Value, error) {
	failed := fmt.Errorf("can't be computed: %s of a %s", to, v.Type())
	switch v := v.(type) {
	case starlark.String:
		text := strings.ReplaceAll(strings.TrimSpace(string(v)), "_", "")
		switch to {
		case "str":
			return v, nil
		case "int":
			if n, ok := new(big.Int).SetString(text, 10); ok && len(text) <= maxInteger {
				return starlark.MakeBigInt(n), nil
			}
			return nil, failed
		case "float":
			if f, err := strconv.ParseFloat(text, 64); err == nil {
				return starlark.Float(f), nil
			}
			return nil, failed
		}
	case starlark.Int:
		switch to {
		case "int":
			return v, nil
		case "float":
			return v.Float(), nil
		case "str":
			return starlark.String(v.String()), nil
		}
	case starlark.Float:
		switch to {
		case "float":
			return v, nil
		case "int":
			n, err := starlark.NumberToInt(v)
			if err != nil {
				return nil, failed
			}
			return n, bounded(n)
		}
	}
	if to == "bool" {
		return v.Truth(), nil
	}
	return nil, failed
}
