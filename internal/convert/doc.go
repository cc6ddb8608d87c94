// Package convert writes the configuration of a FlaskSimpleAuth application, a Python
// file, as the TOML file that [fsa.Load] reads.
//
// Nothing of the file is run. Its statements are parsed by the parser of Starlark, a
// dialect of Python, and of their expressions only these are computed: literals, lists
// and dicts of them, operators, names that the file has given such a value before,
// os.environ and os.getenv, the levels of module logging, and the conversions int,
// float, str and bool. All else (functions, imports of one's own, if, for, f-strings)
// is left to the reader, with a comment that says where it stands. Sizes and steps
// are bounded.
//
// What becomes of a directive is known in two places. The table of this package has
// what the original means by a value that is written otherwise here. All other answers
// come from package fsa itself, which is shown the result: whether the value is taken,
// whether the directive is a hook or gone, and what to do about it.
package convert
