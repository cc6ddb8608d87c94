package fsa

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Directive declares a directive of another package or of the application, so
// that it may stand in the configuration file and the environment, and stores
// its value in *target: a string, [Secret], bool, int, float64 or []string. If
// the directive is not set, the target is left as it is.
func (a *App) Directive(name string, target any) {
	source := caller(1)
	if !a.open("app.Directive", source) {
		return
	}
	a.directives = append(a.directives, name)
	for _, o := range a.settings.others {
		if o.name != name {
			continue
		}
		if problem := assign(target, o.value()); problem != "" {
			a.faults = append(a.faults, &ConfigError{Directive: name, Source: o.source, Problem: problem})
		}
	}
}

// assign stores a value from a file or the environment. It gives the reason if
// the type does not fit.
func assign(target, value any) (problem string) {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return "app.Directive needs a pointer to where the value goes"
	}
	v = v.Elem()
	switch x := value.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(x)
			return ""
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(x)
			return ""
		}
	case int64:
		if v.CanInt() && !v.OverflowInt(x) {
			v.SetInt(x)
			return ""
		}
		if v.CanFloat() {
			v.SetFloat(float64(x))
			return ""
		}
	case float64:
		if v.CanFloat() {
			v.SetFloat(x)
			return ""
		}
	case []any:
		if list, ok := target.(*[]string); ok {
			*list = nil
			for _, e := range x {
				s, ok := e.(string)
				if !ok {
					return "must be a list of strings"
				}
				*list = append(*list, s)
			}
			return ""
		}
	}
	return fmt.Sprintf("must be a %v", v.Type())
}

// directives reports what nobody has a use for.
func (c *compiler) directives() {
	for _, o := range c.app.settings.others {
		if slices.Contains(c.app.directives, o.name) {
			continue
		}
		remedy := "remove it, or declare it by app.Directive"
		if near := nearest(o.name); near != "" {
			remedy = "did you mean " + near + "?"
		}
		c.faults = append(c.faults, &ConfigError{Directive: o.name, Source: o.source, Problem: "unknown directive", Remedy: remedy})
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
