package fsa

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Load reads the configuration from a TOML file, if path is not empty, and then
// from the environment variables whose names begin with FSA_, which win.
//
// A directive has the same name in both. In the environment its value is in TOML
// syntax; a string may go without quotes. A secret FSA_X may also be in a file
// of its own, named by FSA_X_FILE.
//
// Load reports all faults of syntax and type together, as *[ConfigError]s.
// Unknown directives are reported by [App.Handler], since other packages may
// have theirs.
func Load(path string) (Config, error) {
	if path == "" {
		return load(nil, "", func() (Config, error) { return Load(path) })
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, unreadable(path, err)
	}
	return load(text, path, func() (Config, error) { return Load(path) })
}

// LoadFS is [Load] with the file in a file system, such as an embedded one.
func LoadFS(fsys fs.FS, name string) (Config, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Config{}, unreadable(name, err)
	}
	return load(text, name, func() (Config, error) { return LoadFS(fsys, name) })
}

func unreadable(name string, err error) error {
	return faults{&ConfigError{
		Source: name, Err: err,
		Problem: "the configuration file cannot be read: " + err.Error(),
		Remedy:  "give the path of a TOML file, or none for defaults and environment",
	}}.asError()
}

// load reads the text of a file, and the environment. again does it once more, for
// [App.Reload].
func load(text []byte, name string, again func() (Config, error)) (Config, error) {
	l := loader{config: Config{sources: map[string]string{}}}
	l.file(text, name)
	l.environment(os.Environ())
	if len(l.faults) == 0 {
		completeAuth(&l.config)
	}
	l.config.load = again
	loaded := l.config
	l.config.loaded = &loaded
	return l.config, l.faults.asError()
}

type loader struct {
	config Config
	faults faults
}

func (l *loader) fault(directive, source, problem, remedy string, err error) {
	l.faults = append(l.faults, &ConfigError{Directive: directive, Source: source, Problem: problem, Remedy: remedy, Err: err})
}

// file reads the directives of a TOML file.
func (l *loader) file(text []byte, name string) {
	if text == nil {
		return
	}
	values := map[string]any{}
	if _, err := toml.Decode(string(text), &values); err != nil {
		source, problem := name, err.Error()
		if parse := (toml.ParseError{}); errors.As(err, &parse) {
			// The parser's message may quote the line, and a secret with it.
			source = fmt.Sprintf("%s:%d", name, parse.Position.Line)
			if first, again := twice(string(text)); again != "" {
				l.fault(again, source, fmt.Sprintf("is given twice, first in line %d", first), "keep one of them", nil)
				return
			}
			problem = fmt.Sprintf("not TOML, at column %d", parse.Position.Col)
			if parse.LastKey != "" {
				problem += ", after " + parse.LastKey
			}
		}
		l.fault("", source, problem, `each line is NAME = VALUE; strings are in quotes, lists in [ ], tables in { }`, nil)
		return
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	lines := keyLines(string(text))
	slices.SortFunc(names, func(a, b string) int { return lines[a] - lines[b] })
	for _, key := range names {
		source := name
		if line := lines[key]; line > 0 {
			source = fmt.Sprintf("%s:%d", name, line)
		}
		l.set(key, values[key], source, values)
	}
}

// keyLines gives the line of each top-level key of a TOML text, as well as it
// can be seen without parsing it again: the decoder does not tell.
func keyLines(text string) map[string]int {
	lines := map[string]int{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		key, _, _ := strings.Cut(line, "=")
		key = strings.Trim(strings.TrimSpace(key), `[]"'`)
		key, _, _ = strings.Cut(key, ".")
		if _, seen := lines[key]; !seen && key != "" && !strings.HasPrefix(key, "#") {
			lines[key] = n
		}
	}
	return lines
}

// twice finds the first key that a TOML text gives twice at its top, before any
// table, and the line of its first time.
func twice(text string) (line int, key string) {
	seen := map[string]int{}
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "[") {
			break
		}
		key, _, ok := strings.Cut(l, "=")
		if key = strings.TrimSpace(key); !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if first := seen[key]; first > 0 {
			return first, key
		}
		seen[key] = n
	}
	return 0, ""
}

// environment reads the directives among environment variables.
func (l *loader) environment(env []string) {
	values := map[string]any{}
	var names []string
	for _, e := range env {
		name, text, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "FSA_") {
			continue
		}
		names = append(names, name)
		values[name] = envValue(knownDirective(name), text)
	}
	slices.Sort(names)
	for _, name := range names {
		l.set(name, values[name], "environment", values)
	}
}

// envValue reads the value of an environment variable: TOML, except that a
// string need not be quoted.
func envValue(d *directive, text string) any {
	trimmed := strings.TrimSpace(text)
	literal := d != nil && d.text
	if literal && !strings.HasPrefix(trimmed, `"`) && !strings.HasPrefix(trimmed, `'`) {
		return text
	}
	if d != nil && d.secret && !strings.HasPrefix(trimmed, `"`) && !strings.HasPrefix(trimmed, `'`) && !strings.HasPrefix(trimmed, "[") {
		return text
	}
	var doc struct{ V any }
	if strings.ContainsAny(trimmed, "\n\r") {
		return text
	}
	if _, err := toml.Decode("V = "+trimmed, &doc); err != nil || doc.V == nil {
		return text
	}
	return doc.V
}

// set sets a directive. all are the values of the same file or environment.
func (l *loader) set(name string, v any, source string, all map[string]any) {
	if base, ok := strings.CutSuffix(name, "_FILE"); ok {
		if d := knownDirective(base); d != nil && d.secret {
			if _, both := all[base]; both {
				l.fault(name, source, base+" is set too", "keep one of them", nil)
				return
			}
			text, problem, err := secretFile(v, source)
			if problem != "" {
				l.fault(name, source, problem, "", err)
				return
			}
			name, v = base, text
		}
	}
	d := knownDirective(name)
	if d == nil {
		l.config.others = append(l.config.others, other{name, func() any { return v }, source})
		return
	}
	for _, table := range tablesOf(v) {
		if l.swallowed(name, table, source) {
			return
		}
	}
	if err := d.set(&l.config, v); err != nil {
		problem := err.Error()
		remedy := ""
		if p, r, ok := strings.Cut(problem, "; "); ok {
			problem, remedy = p, r
		}
		if text := shown(v); !d.secret && text != "" {
			problem += ", not " + text
		}
		l.fault(name, source, problem, remedy, nil)
		return
	}
	l.config.sources[name] = source
}

// secretFile reads the secret from the file that a directive NAME_FILE names. problem
// tells what is wrong, "" if nothing is.
func secretFile(v any, source string) (secret, problem string, err error) {
	path, ok := v.(string)
	if !ok {
		return "", "must be the path of a file", nil
	}
	if source != "environment" && !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(source), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "the file cannot be read: " + err.Error(), err
	}
	return strings.TrimRight(string(text), "\r\n"), "", nil
}

// swallowed reports directives that stand inside a table. In TOML, what follows
// a line such as [FSA_ADD_HEADERS] belongs to that table; taken for a header, a
// secret there would be sent with each answer.
func (l *loader) swallowed(name string, table map[string]any, source string) bool {
	var inside []string
	for key := range table {
		if strings.HasPrefix(strings.ToUpper(key), "FSA_") {
			inside = append(inside, key)
		}
	}
	slices.Sort(inside)
	for _, key := range inside {
		l.fault(key, source, "stands inside the table "+name, "write it above the line ["+name+"], or write the table in one line: "+name+" = { … }", nil)
	}
	return len(inside) > 0
}

// shown gives a value as it would be written, shortened if it is long; "" if
// that tells nothing.
func shown(v any) string {
	text := fmt.Sprintf("%#v", v)
	switch v := v.(type) {
	case string:
		if v == "" {
			return ""
		}
		text = fmt.Sprintf("%q", v)
	case bool, int64, float64:
		text = fmt.Sprint(v)
	case []any:
		if len(v) == 0 {
			return ""
		}
		text = "a list"
	case map[string]any, []map[string]any:
		return ""
	}
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return text
}
