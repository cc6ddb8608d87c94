package param

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// Constraints are what the tags of a field say about its values, in the words of
// JSON Schema. Those of a list that are not about its length are about its
// elements.
type Constraints struct {
	// Numbers, as they were written: each is a JSON number, or "" if there
	// is no such limit.
	Minimum, Maximum, ExclusiveMinimum, ExclusiveMaximum, MultipleOf string

	// Lengths of texts, in Unicode code points, and of lists.
	MinLength, MaxLength, MinItems, MaxItems string

	Pattern     string   // RE2, not anchored
	Format      string   // one of those that are checked, or password
	Enum        []string // the texts of the values
	UniqueItems bool

	// ContentMediaType lists the types that a file may have, as its client
	// declares them: image/png, or image/* for all of a family. The lengths
	// of a file are in bytes, as OpenAPI 3.1 counts those of binary data.
	ContentMediaType []string
}

// ConstraintsOf reads the constraint tags of a struct's field, for documents that
// describe the fields of structs inside parameters. The error joins all tags that
// cannot be read; [Compile] reports it, and whether the tags fit the field's type.
func ConstraintsOf(f reflect.StructField) (Constraints, error) {
	var k Constraints
	var faults []error
	for _, n := range []struct {
		tag  string
		to   *string
		form *regexp.Regexp
		hint string
	}{
		{"minimum", &k.Minimum, numberRE, "a number, such as 1 or 0.5"},
		{"maximum", &k.Maximum, numberRE, "a number, such as 1 or 0.5"},
		{"exclusiveMinimum", &k.ExclusiveMinimum, numberRE, "a number, such as 1 or 0.5"},
		{"exclusiveMaximum", &k.ExclusiveMaximum, numberRE, "a number, such as 1 or 0.5"},
		{"multipleOf", &k.MultipleOf, numberRE, "a number, such as 1 or 0.5"},
		{"minLength", &k.MinLength, countRE, "a count, such as 1"},
		{"maxLength", &k.MaxLength, countRE, "a count, such as 1"},
		{"minItems", &k.MinItems, countRE, "a count, such as 1"},
		{"maxItems", &k.MaxItems, countRE, "a count, such as 1"},
	} {
		text, ok := f.Tag.Lookup(n.tag)
		if ok && !n.form.MatchString(text) {
			faults = append(faults, fmt.Errorf("the tag %s:%q is no such thing; write %s", n.tag, text, n.hint))
			continue
		}
		*n.to = text
	}
	if text, ok := f.Tag.Lookup("pattern"); ok {
		if _, err := regexp.Compile(text); err != nil {
			faults = append(faults, fmt.Errorf("the tag pattern:%q is no regular expression: %v; write it as package regexp reads it", text, err))
		} else if text == "" {
			faults = append(faults, errors.New(`the tag pattern:"" lets everything pass; write a regular expression, or drop the tag`))
		}
		k.Pattern = text
	}
	if text, ok := f.Tag.Lookup("format"); ok {
		if _, known := formats[text]; !known && text != "password" {
			faults = append(faults, fmt.Errorf("the tag format:%q is not known; the formats are %s%s", text, formatNames(), didYouMean(text)))
		}
		k.Format = text
	}
	if text, ok := f.Tag.Lookup("enum"); ok {
		var err error
		if k.Enum, err = enumItems(text); err != nil {
			faults = append(faults, err)
		}
	}
	if text, ok := f.Tag.Lookup("uniqueItems"); ok {
		if text != "true" {
			faults = append(faults, fmt.Errorf(`the tag uniqueItems:%q is no such thing; write uniqueItems:"true", or drop the tag`, text))
		}
		k.UniqueItems = true
	}
	if text, ok := f.Tag.Lookup("contentMediaType"); ok {
		k.ContentMediaType = strings.Split(text, ",")
		for _, item := range k.ContentMediaType {
			if !mediaRE.MatchString(item) {
				faults = append(faults, fmt.Errorf(`the tag contentMediaType:%q has %q, which is no type; write such as image/png,image/* without spaces, in lower case`, text, item))
			}
		}
	}
	return k, errors.Join(faults...)
}

var (
	numberRE = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?$`)
	mediaRE  = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/([a-z0-9][a-z0-9!#$&^_.+-]{0,126}|\*)$`)
	countRE  = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)
)

func didYouMean(format string) string {
	for name := range formats {
		if a, b := plainKey(format), plainKey(name); a == b || oneSlip(a, b) || sameLetters(a, b) {
			return "; did you mean " + name + "?"
		}
	}
	return ""
}

// enumItems cuts the tag enum into its items: between commas, or the strings of
// a JSON list where items hold commas or are empty.
func enumItems(text string) ([]string, error) {
	items := strings.Split(text, ",")
	if strings.HasPrefix(text, "[") {
		items = nil
		if err := json.Unmarshal([]byte(text), &items); err != nil {
			return nil, fmt.Errorf(`the tag enum:%q begins like a JSON list and is none; write the items between commas, or ["a,b","c"]`, text)
		}
		if len(items) == 0 {
			return nil, fmt.Errorf("the tag enum:%q lets nothing pass; name the values", text)
		}
	} else {
		for _, item := range items {
			if item == "" || strings.TrimSpace(item) != item {
				return nil, fmt.Errorf(`the tag enum:%q has the item %q; write the items between commas without spaces, or as a JSON list: ["a","b"]`, text, item)
			}
		}
	}
	seen := map[string]bool{}
	for _, item := range items {
		if seen[item] {
			return nil, fmt.Errorf("the tag enum:%q has the item %q twice; drop one", text, item)
		}
		seen[item] = true
	}
	return items, nil
}

// lengths gives the constraints that are about a list as a whole.
func (k Constraints) lengths() Constraints {
	return Constraints{MinItems: k.MinItems, MaxItems: k.MaxItems, UniqueItems: k.UniqueItems}
}

// elements gives the constraints that are about each element of a list.
func (k Constraints) elements() Constraints {
	k.MinItems, k.MaxItems, k.UniqueItems = "", "", false
	return k
}

func (k Constraints) empty() bool {
	return k.numbers() == nil && k.texts() == nil && k.lists() == nil && k.Enum == nil && k.ContentMediaType == nil
}

// numbers, texts and lists give the names of the constraints that are there for
// each kind of values.
func (k Constraints) numbers() []string {
	return present("minimum", k.Minimum, "maximum", k.Maximum, "exclusiveMinimum", k.ExclusiveMinimum,
		"exclusiveMaximum", k.ExclusiveMaximum, "multipleOf", k.MultipleOf)
}

func (k Constraints) texts() []string {
	format := k.Format
	if format == "password" {
		format = "" // says that a value is secret, of whatever type
	}
	return present("minLength", k.MinLength, "maxLength", k.MaxLength, "pattern", k.Pattern, "format", format)
}

func (k Constraints) lists() []string {
	names := present("minItems", k.MinItems, "maxItems", k.MaxItems)
	if k.UniqueItems {
		names = append(names, "uniqueItems")
	}
	return names
}

func present(pairs ...string) (names []string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			names = append(names, pairs[i])
		}
	}
	return names
}

// contradiction gives what of the constraints no value can satisfy.
func (k Constraints) contradiction() error {
	for _, c := range []struct {
		lowTag, low, highTag, high string
		strict                     bool // equal ones leave nothing
	}{
		{"minimum", k.Minimum, "maximum", k.Maximum, false},
		{"minimum", k.Minimum, "exclusiveMaximum", k.ExclusiveMaximum, true},
		{"exclusiveMinimum", k.ExclusiveMinimum, "maximum", k.Maximum, true},
		{"exclusiveMinimum", k.ExclusiveMinimum, "exclusiveMaximum", k.ExclusiveMaximum, true},
		{"minLength", k.MinLength, "maxLength", k.MaxLength, false},
		{"minItems", k.MinItems, "maxItems", k.MaxItems, false},
	} {
		if c.low == "" || c.high == "" {
			continue
		}
		if order := rational(c.low).Cmp(rational(c.high)); order > 0 || order == 0 && c.strict {
			return fmt.Errorf("the tags %s:%q and %s:%q leave no value; correct one of them", c.lowTag, c.low, c.highTag, c.high)
		}
	}
	return nil
}

// rational gives the exact value of a JSON number.
func rational(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}

func count(text string) int {
	n, _ := strconv.Atoi(text) // it was looked at by countRE
	return n
}
