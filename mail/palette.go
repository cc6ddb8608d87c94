package mail

import (
	"fmt"
	"html/template"
	"reflect"
	"regexp"
)

// Palette is the colours of a page or a mail, on light and on dark screens.
type Palette struct{ Light, Dark Colors }

// Colors are written as #rrggbb. An empty one is that of [DefaultPalette]. Text on
// Card, Muted on Card and OnAccent on Accent should differ by a contrast of 4.5 at
// least (WCAG 2.2, 1.4.3); those of DefaultPalette do.
type Colors struct {
	Accent     string // buttons and links
	OnAccent   string // the words on a button
	Background string // around the card
	Card       string
	Text       string
	Muted      string // what is less important
	Border     string
}

// DefaultPalette gives the colours that are used where none are set.
func DefaultPalette() Palette {
	return Palette{
		Light: Colors{Accent: "#1f5fbf", OnAccent: "#ffffff", Background: "#f4f5f7", Card: "#ffffff", Text: "#1c2024", Muted: "#59626e", Border: "#d9dde3"},
		Dark:  Colors{Accent: "#8ab4f8", OnAccent: "#0b1b33", Background: "#111418", Card: "#1a1f25", Text: "#e6e9ed", Muted: "#a3adb8", Border: "#323a44"},
	}
}

var colorRE = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// css gives the colours by their names as templates take them, and what is wrong
// with them.
func (c Colors) css(defaults Colors, where string) (map[string]template.CSS, []error) {
	var errs []error
	out := map[string]template.CSS{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Colors]()) {
		value := reflect.ValueOf(c).FieldByIndex(field.Index).String()
		if value == "" {
			value = reflect.ValueOf(defaults).FieldByIndex(field.Index).String()
		}
		if !colorRE.MatchString(value) {
			errs = append(errs, fmt.Errorf("mail: colour %s.%s is %q: it must be of the form #1f5fbf", where, field.Name, value))
			continue
		}
		out[field.Name] = template.CSS(value)
	}
	return out, errs
}
