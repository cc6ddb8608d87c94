package fsa

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Directive declares a directive of another package or of the application, so
// that it may stand in the configuration file and the environment, and stores
// its value in *target: a string, [Secret], bool, integer, float, []string or
// [time.Duration]. If the directive is not set, the target is left as it is.
//
// For a list, a single string stands for the list of itself. A duration is a Go
// duration such as "90s" or "1h30m", or a number of seconds; it is not negative.
//
// A [Secret] may be had from a file, too, by a directive with _FILE behind the name, as
// FSA_TOKEN_SECRET_FILE is.
//
// A value of another type is a fault, which tells how to write it.
func (a *App) Directive(name string, target any) {
	source := caller(1)
	if !a.open("app.Directive", source) {
		return
	}
	d := ownDirective{name: name, target: target, source: sourceDefault}
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() || written(v.Elem()) == "" {
		a.faults = append(a.faults, &ConfigError{Directive: name, Source: source, Problem: fmt.Sprintf("app.Directive can't store a value in a %T", target),
			Remedy: "give a pointer to a string, fsa.Secret, bool, integer, float64, []string or time.Duration"})
		d.target = nil
		a.directives = append(a.directives, d)
		return
	}
	for _, o := range a.settings.others {
		if d.readBy(o.name) {
			a.readSecret(&d, o)
			continue
		}
		if o.name != name {
			continue
		}
		d.source = o.source
		if problem := assign(v.Elem(), o.value()); problem != "" {
			a.faults = append(a.faults, &ConfigError{Directive: name, Source: o.source, Problem: problem,
				Remedy: fmt.Sprintf("write it as %s = %s", name, written(v.Elem()))})
		}
	}
	d.value = targetValue(target)
	a.directives = append(a.directives, d)
}

// fileSuffix is what follows the name of a secret that stands in a file of its own.
const fileSuffix = "_FILE"

// readBy reports whether a name is that by which the directive names a file with its
// value.
func (d ownDirective) readBy(name string) bool {
	_, secret := d.target.(*Secret)
	return secret && name == d.name+fileSuffix
}

// readSecret reads the value of a directive from the file that another one names.
func (a *App) readSecret(d *ownDirective, file other) {
	e := &ConfigError{Directive: file.name, Source: file.source}
	var secret string
	if slices.ContainsFunc(a.settings.others, func(o other) bool { return o.name == d.name && sameFile(o.source, file.source) }) {
		e.Problem, e.Remedy = d.name+" is set too", "keep one of them"
	} else {
		secret, e.Problem, e.Err = secretFile(file.value(), file.source)
	}
	if e.Problem != "" {
		a.faults = append(a.faults, e)
		return
	}
	d.source = file.source
	*d.target.(*Secret) = Secret(secret)
}

// sameFile reports whether two directives stand in the same file, or both in the
// environment.
func sameFile(a, b string) bool {
	file := func(source string) string {
		if i := strings.LastIndexByte(source, ':'); i >= 0 {
			return source[:i]
		}
		return source
	}
	return file(a) == file(b)
}

var durationType = reflect.TypeFor[time.Duration]()

// written tells how a value for a target is written; "" if none can be.
func written(target reflect.Value) string {
	switch {
	case target.Type() == durationType:
		return `"90s", or 90 (seconds)`
	case target.Kind() == reflect.String:
		return `"text"`
	case target.Kind() == reflect.Bool:
		return "true"
	case target.CanInt():
		return "10"
	case target.CanFloat():
		return "0.5"
	case target.Type() == reflect.TypeFor[[]string]():
		return `["one", "two"]`
	}
	return ""
}

// assign stores a value from a file or the environment. It gives the reason if
// it does not fit.
func assign(target reflect.Value, value any) (problem string) {
	if target.Type() == durationType {
		d, err := readDuration(time.Second, value)
		if err != nil {
			return err.Error()
		}
		target.SetInt(int64(d))
		return ""
	}
	switch x := value.(type) {
	case string:
		switch {
		case target.Kind() == reflect.String:
			target.SetString(x)
			return ""
		case target.Kind() == reflect.Slice:
			target.Set(reflect.ValueOf([]string{x}))
			return ""
		}
	case bool:
		if target.Kind() == reflect.Bool {
			target.SetBool(x)
			return ""
		}
	case int64:
		switch {
		case target.CanInt() && target.OverflowInt(x):
			return fmt.Sprintf("is out of the range of %v", target.Type())
		case target.CanInt():
			target.SetInt(x)
			return ""
		case target.CanFloat():
			target.SetFloat(float64(x))
			return ""
		}
	case float64:
		if target.CanFloat() {
			target.SetFloat(x)
			return ""
		}
	case []any:
		if target.Kind() != reflect.Slice {
			break
		}
		list := make([]string, len(x))
		for i, e := range x {
			var ok bool
			if list[i], ok = e.(string); !ok {
				return "must be a list of strings"
			}
		}
		target.Set(reflect.ValueOf(list))
		return ""
	}
	return "must be " + kindOf(target)
}

// kindOf names what a target takes, in the words of a file.
func kindOf(target reflect.Value) string {
	switch {
	case target.Kind() == reflect.String:
		return "a string"
	case target.Kind() == reflect.Bool:
		return "true or false"
	case target.CanInt():
		return "an integer"
	case target.CanFloat():
		return "a number"
	}
	return "a list of strings"
}

// directives reports what nobody has a use for.
func (c *compiler) directives() {
	for _, o := range c.app.settings.others {
		if slices.ContainsFunc(c.app.directives, func(d ownDirective) bool { return d.name == o.name || d.readBy(o.name) }) {
			continue
		}
		c.faults = append(c.faults, o.unknown())
	}
}

// nearest gives the directive whose name differs least from a mistaken one, ""
// if none is near.
func nearest(name string) string {
	name = strings.ToUpper(name)
	best, least := "", 4
	for _, d := range directives {
		n := min(distance(name, d.name), distance("FSA_"+name, d.name))
		if n < least && 3*n <= len(d.name) {
			best, least = d.name, n
		}
	}
	return best
}

// distance is the edit distance of two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
