package fsa

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what tests generate into the documents")

const configurationPage = "docs/configuration.md"

// TestConfigurationPage: the tables of docs/configuration.md are the directives, as
// the comments of Config's fields tell them.
func TestConfigurationPage(t *testing.T) {
	rows, faults := directiveRows(t)
	for _, f := range faults {
		t.Error(f)
	}
	table := "| directive | in Go | type | default | meaning |\n|---|---|---|---|---|\n" + strings.Join(rows, "")
	generated(t, configurationPage, "directives", table)

	table = "| directive | the start says |\n|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(originals)) {
		if knownDirective(name) == nil {
			e := other{name: name}.unknown()
			table += fmt.Sprintf("| `%s` | %s; %s |\n", name, e.Problem, e.Remedy)
		}
	}
	generated(t, configurationPage, "originals", table)
}

// generated compares what stands in a page between <!-- NAME: … --> and <!-- end -->
// with what a test makes, or writes it there.
func generated(t *testing.T, page, name, want string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?s)<!-- ` + name + `: .*? -->\n(.*?)<!-- end -->`).FindSubmatchIndex(text)
	if m == nil {
		t.Fatalf("%s has no place for %s", page, name)
	}
	got := string(text[m[2]:m[3]])
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(page, slices.Concat(text[:m[2]], []byte(want), text[m[3]:]), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for line := range strings.Lines(want) {
		if !strings.Contains(got, line) {
			t.Logf("it has not: %s", line)
		}
	}
	for line := range strings.Lines(got) {
		if !strings.Contains(want, line) {
			t.Logf("it has wrongly: %s", line)
		}
	}
	t.Errorf("%s is out of date: run go test -run '^%s$' -update .", page, t.Name())
}

var (
	// The comment of a field: its names, the directives with a value that the field
	// stands for or a unit, what it is. "Secret" and others are in Go alone.
	fieldCommentRE = regexp.MustCompile(`^[\w, ]*?\((FSA_\w+(?:, FSA_\w+)*)( = [^,]*?(?:\{.*?\})?[^,]*?)?(?:, in (\w+)[^)]*)?\) (.*)$`)
	defaultRE      = regexp.MustCompile(`(?:^|\. |, )([Dd]efault:? )(.*?)(?:$|\.$|\. |: )`)
	goLinkRE       = regexp.MustCompile(`\[(\*?)([A-Za-z][\w.]*)\]`)
)

// directiveRows makes a row for each field of Config.
func directiveRows(t *testing.T) (rows, faults []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	config := file.Scope.Lookup("Config").Decl.(*ast.TypeSpec).Type.(*ast.StructType)
	for _, f := range config.Fields.List {
		if !f.Names[0].IsExported() {
			continue
		}
		comment := strings.Join(strings.Fields(firstParagraph(f.Doc.Text())), " ")
		m := fieldCommentRE.FindStringSubmatch(comment)
		if m == nil {
			if !strings.Contains(comment, "FSA_") {
				continue // code alone sets it
			}
			faults = append(faults, fmt.Sprintf("config.go: the comment of %s does not begin as in: %s (FSA_X, in seconds) is …", f.Names[0], f.Names[0]))
			continue
		}
		names := strings.Split(m[1], ", ")
		if len(names) != len(f.Names) {
			faults = append(faults, fmt.Sprintf("config.go: %s has %d fields and %d directives", m[1], len(f.Names), len(names)))
			continue
		}
		row := directiveRow{value: strings.TrimSpace(m[2]), unit: m[3], meaning: m[4]}
		for i, name := range names {
			d := knownDirective(name)
			if d == nil {
				faults = append(faults, fmt.Sprintf("config.go: %s has a field, and is not among directives", name))
				continue
			}
			shown[name] = true
			row.directives = append(row.directives, name)
			row.fields = append(row.fields, f.Names[i].Name)
			row.secret = d.secret
		}
		text, found := row.text()
		rows = append(rows, text)
		faults = append(faults, found...)
	}
	for _, d := range directives {
		if !shown[d.name] {
			faults = append(faults, fmt.Sprintf("%s is a directive that no comment of a field in config.go names, as in: Mode (FSA_MODE) is …", d.name))
		}
	}
	return rows, faults
}

func firstParagraph(text string) string {
	first, _, _ := strings.Cut(text, "\n\n")
	return first
}

type directiveRow struct {
	directives, fields   []string
	value, unit, meaning string
	secret               bool
}

// text is the row in Markdown.
func (r directiveRow) text() (string, []string) {
	var faults []string
	field, _ := reflect.TypeFor[Config]().FieldByName(r.fields[0])
	kind := r.kind(field.Type)
	meaning, standard := r.meaning, ""
	if m := defaultRE.FindStringSubmatchIndex(meaning); m != nil {
		standard = meaning[m[4]:m[5]]
		if kind == "boolean" {
			standard = "" // which is false: the sentence tells what that means
		} else if meaning[m[2]] == 'D' { // a sentence of its own goes to its column
			meaning = strings.TrimSpace(meaning[:m[2]] + strings.TrimPrefix(meaning[m[5]:], "."))
		}
	}
	negated := strings.HasPrefix(r.value, "= false")
	switch {
	case negated:
		standard = "true"
	case r.value == `= 0`, r.value == `= "off"`:
		standard, kind = "", ""
	case strings.HasSuffix(meaning, "It must be set."), strings.Contains(meaning, "It must be set. "):
		standard = "has none: it must be set"
		meaning = strings.Replace(meaning, "It must be set. ", "", 1)
	case standard == "" && kind == "boolean":
		standard = "false"
	case standard == "":
		standard = "none"
	}
	faults = append(faults, r.check(standard, field)...)
	meaning = strings.Join(strings.Fields(strings.TrimPrefix(strings.TrimPrefix(meaning, "is "), "are ")), " ")
	if strings.HasPrefix(r.fields[0], "Insecure") {
		meaning = "**insecure**: " + meaning
	}
	meaning = goLinkRE.ReplaceAllStringFunc(meaning, func(s string) string {
		name := strings.Trim(s, "[]*")
		switch {
		case strings.HasPrefix(name, "App."):
			name = "app." + name[4:]
		case name[0] >= 'A' && name[0] <= 'Z':
			name = "fsa." + name
		}
		return "`" + name + "`"
	})
	first := ""
	for i, d := range r.directives {
		if i > 0 {
			first += ", "
		}
		if r.value != "" && !strings.Contains(r.value, "{") {
			d += " " + r.value
		}
		first += "`" + d + "`"
	}
	row := "| " + strings.Join([]string{first, "`" + strings.Join(r.fields, "`, `") + "`", kind, standard, strings.ReplaceAll(meaning, "|", `\|`)}, " | ") + " |\n"
	return strings.ReplaceAll(strings.ReplaceAll(row, "|  |", "| |"), "|  |", "| |"), faults
}

// kind tells what a file may have.
func (r directiveRow) kind(t reflect.Type) string {
	if strings.Contains(r.value, "{") {
		return "table"
	}
	of := map[string]string{"": "", "bytes": " of bytes"}[r.unit]
	switch {
	case r.secret:
		return "secret, or a list; `" + r.directives[0] + "_FILE`"
	case t == reflect.TypeFor[time.Duration]():
		return "duration, or a number of " + r.unit
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Float64:
		return "number"
	case t.String() == "slog.Level":
		return "string"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return "number" + of
	case t.Kind() == reflect.Slice:
		return "string, or a list"
	}
	return "table"
}

// check compares a default with what an application without settings has, where the
// settings fill it in.
func (r directiveRow) check(standard string, field reflect.StructField) []string {
	if r.value != "" && !strings.Contains(r.value, "{") {
		return nil // the field is the opposite
	}
	s, _ := newSettings("acme", Config{})
	v := reflect.ValueOf(s.Config).FieldByIndex(field.Index)
	if v.IsZero() {
		return nil
	}
	want := fmt.Sprint(v.Interface())
	ok := strings.HasPrefix(standard, want)
	switch x := v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(strings.ReplaceAll(standard, " ", ""))
		ok = err == nil && d == x
	case int64:
		ok = ok || standard == fmt.Sprintf("%d MiB", x>>20) && x&(1<<20-1) == 0
	case LoginThrottle:
		ok = true // its own test compares the page on passwords
	}
	if r.fields[0] == "Realm" {
		ok = standard == "the name of the application" && want == "acme"
	}
	if !ok {
		return []string{fmt.Sprintf("config.go: the comment of %s says that the default is %q, but it is %s", r.fields[0], standard, want)}
	}
	return nil
}
