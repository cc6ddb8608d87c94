package param

import (
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// constraintTags are the tags that limit a parameter's values, named like the
// keywords of JSON Schema.
var constraintTags = []string{
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
	"minLength", "maxLength", "pattern", "enum", "format",
	"minItems", "maxItems", "uniqueItems", "contentMediaType",
}

// ourTags are all tags that say something about parameters.
var ourTags = append([]string{"param", "default", "in", "doc"}, constraintTags...)

// otherWords are what constraints are called elsewhere. A tag that would be
// ignored is worse than none: it looks as if something were checked.
var otherWords = map[string]string{
	"min": "minimum", "max": "maximum", "gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum",
	"minlen": "minLength", "maxlen": "maxLength",
	"regex": "pattern", "regexp": "pattern", "oneof": "enum", "choices": "enum", "unique": "uniqueItems", "accept": "contentMediaType", "contenttype": "contentMediaType", "mime": "contentMediaType",
}

// checkTags refuses tags that cannot be read, and those that look like one of
// ours and are not.
func checkTags(f reflect.StructField) error {
	seen := map[string]bool{}
	for key := range tagKeys(f.Tag) {
		if slices.Contains(ourTags, key) {
			if seen[key] {
				return fmt.Errorf("the tag %s is given twice; all but the first would be ignored", key)
			}
			seen[key] = true
			continue
		}
		if ours := meant(key); ours != "" {
			return fmt.Errorf("the tag %s is not known; did you mean %s?", key, ours)
		}
	}
	if rest := malformedTag(f.Tag); rest != "" {
		return fmt.Errorf("its tag cannot be read from %q on; write it as `param:\"name\" default:\"value\"`, without spaces around the colons", rest)
	}
	return nil
}

// meant gives the tag of ours that a key which is none was meant to be, "" if
// there is no likely one.
func meant(key string) string {
	if ours, ok := otherWords[strings.ToLower(key)]; ok {
		return ours
	}
	plain := plainKey(key)
	for _, ours := range ourTags {
		switch theirs := plainKey(ours); {
		case plain == theirs:
			return ours
		case len(key) < 4 || len(ours) < 4:
		case sameLetters(plain, theirs), oneSlip(plain, theirs):
			return ours
		}
	}
	return ""
}

// plainKey gives a key without the differences between ways of writing: case
// and what joins words.
func plainKey(key string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key))
}

// oneSlip reports whether one letter more, less or other makes one word of the
// other.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// sameLetters reports whether two words have the same letters in another order:
// a slip of the fingers.
func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return string(x) == string(y)
}

var tagRE = regexp.MustCompile(`^ *([^ :"\x00-\x1f]+):"((?:[^"\\]|\\.)*)"`)

// tagKeys lists the keys of a tag.
func tagKeys(tag reflect.StructTag) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := string(tag); ; {
			m := tagRE.FindStringSubmatch(rest)
			if m == nil || !yield(m[1]) {
				return
			}
			rest = rest[len(m[0]):]
		}
	}
}

// malformedTag gives what of a tag can't be read, "" if there is nothing: package
// reflect stops there without a word, and all that follows is ignored.
func malformedTag(tag reflect.StructTag) string {
	rest := string(tag)
	for {
		m := tagRE.FindString(rest)
		if m == "" {
			return strings.TrimSpace(rest)
		}
		rest = rest[len(m):]
	}
}
