package param

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// rule gives the reason why a value is refused, "" if it is not. text is what it
// was converted from, for types whose values are texts in JSON; it is "" for
// others.
type rule func(s *sink, text string, v reflect.Value) (reason string)

// constrained gives the codec of a type whose values are limited. All that does
// not fit is reported together.
func (cs codecs) constrained(t reflect.Type, k Constraints) (*codec, error) {
	c, err := cs.of(t)
	if err != nil || k.empty() {
		return c, err
	}
	if err := k.contradiction(); err != nil {
		return nil, err
	}
	switch {
	case t.Kind() == reflect.Pointer:
		elem, err := cs.constrained(t.Elem(), k)
		if err != nil {
			return nil, err
		}
		return pointerTo(elem, t), nil
	case c.list != nil && !c.custom:
		return cs.constrainedList(t, k)
	}
	rules, err := c.rules(t, k)
	if err != nil {
		return nil, err
	}
	if c.plain != nil {
		c = c.plain // the rules come before Validate, which may rely on them
	}
	return cs.guarded(c.checked(rules), t), nil
}

// constrainedList makes the codec of a list from that of its elements.
func (cs codecs) constrainedList(t reflect.Type, k Constraints) (*codec, error) {
	elem, err := cs.constrained(t.Elem(), k.elements())
	rules, lengths := listRules(t, k.lengths())
	if err := errors.Join(err, lengths); err != nil {
		return nil, err
	}
	c := new(codec)
	listOf(c, elem, t)
	return cs.guarded(c.checked(rules), t), nil
}

// checked gives a codec that converts as c does, and then rules the value.
func (c *codec) checked(rules []rule) *codec {
	if len(rules) == 0 {
		return c
	}
	w := *c
	w.guarded, w.plain = true, nil
	pass := func(s *sink, text string, v reflect.Value) bool {
		ok := true
		for _, refused := range rules {
			if reason := refused(s, text, v); reason != "" {
				s.bad(reason, "")
				ok = false
			}
		}
		return ok
	}
	w.text = func(s *sink, text string, v reflect.Value) bool {
		return c.text(s, text, v) && pass(s, text, v)
	}
	if c.words {
		w.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
			return stringJSON(&w, s, d, v)
		}
	} else {
		w.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
			return c.json(s, d, v) && pass(s, "", v)
		}
	}
	if c.list != nil {
		w.list = func(s *sink, texts []string, v reflect.Value) bool {
			return c.list(s, texts, v) && pass(s, "", v)
		}
	}
	return &w
}

// rules makes the rules of a value that is no list.
func (c *codec) rules(t reflect.Type, k Constraints) ([]rule, error) {
	var rules []rule
	var faults []error
	add := func(more []rule, err error) {
		rules = append(rules, more...)
		if err != nil {
			faults = append(faults, err)
		}
	}
	if tags := k.numbers(); tags != nil {
		if c.number {
			add(c.numberRules(t, k))
		} else {
			add(nil, misfit(c, t, tags, "it is for integers and floats"))
		}
	}
	if tags := k.texts(); tags != nil {
		if c.words && !isBytes(t) {
			add(textRules(k), nil)
		} else {
			add(nil, misfit(c, t, tags, "it is for strings"))
		}
	}
	if tags := k.lists(); tags != nil {
		add(nil, misfit(c, t, tags, "it is for lists"))
	}
	if k.ContentMediaType != nil {
		add(nil, misfit(c, t, []string{"contentMediaType"}, "it is for files"))
	}
	if k.Enum != nil {
		if c.set != nil && t.Comparable() && t.Kind() != reflect.Interface {
			enum, err := c.enumRule(t, k.Enum, rules)
			add([]rule{enum}, err)
		} else {
			add(nil, misfit(c, t, []string{"enum"}, "it is for texts, numbers and other single values"))
		}
	}
	return rules, errors.Join(faults...)
}

func misfit(c *codec, t reflect.Type, tags []string, what string) error {
	return fmt.Errorf("the tag %s does not fit a %v; %s: drop it, and check the value by a method Validate(context.Context) error", strings.Join(tags, ", "), t, what)
}

// numberRules makes the rules of an integer or a float.
func (c *codec) numberRules(t reflect.Type, k Constraints) ([]rule, error) {
	var rules []rule
	var faults []error
	for _, n := range []struct {
		tag, text, words string
		refuses          func(order int) bool // of the value and the limit
	}{
		{"minimum", k.Minimum, "must be at least ", func(order int) bool { return order < 0 }},
		{"maximum", k.Maximum, "must be at most ", func(order int) bool { return order > 0 }},
		{"exclusiveMinimum", k.ExclusiveMinimum, "must be greater than ", func(order int) bool { return order <= 0 }},
		{"exclusiveMaximum", k.ExclusiveMaximum, "must be less than ", func(order int) bool { return order >= 0 }},
	} {
		if n.text == "" {
			continue
		}
		limit := reflect.New(t).Elem()
		if reason := c.set(n.text, limit); reason != "" {
			faults = append(faults, fmt.Errorf("the tag %s:%q %s; write one that a %v can be", n.tag, n.text, c.inWords(reason), t))
			continue
		}
		compare, reason := comparison(t.Kind(), limit), n.words+n.text
		rules = append(rules, func(_ *sink, _ string, v reflect.Value) string {
			if n.refuses(compare(v)) {
				return reason
			}
			return ""
		})
	}
	if k.MultipleOf != "" {
		check, err := c.multipleRule(t, k.MultipleOf)
		if err != nil {
			faults = append(faults, err)
		} else {
			rules = append(rules, check)
		}
	}
	if len(faults) == 0 && isInteger(t.Kind()) && k.ExclusiveMinimum != "" && k.ExclusiveMaximum != "" {
		low, high := rational(k.ExclusiveMinimum), rational(k.ExclusiveMaximum)
		if new(big.Rat).Sub(high, low).Cmp(big.NewRat(1, 1)) <= 0 {
			faults = append(faults, fmt.Errorf("the tags exclusiveMinimum:%q and exclusiveMaximum:%q leave no value; correct one of them", k.ExclusiveMinimum, k.ExclusiveMaximum))
		}
	}
	return rules, errors.Join(faults...)
}

// inWords gives the words for a reason of the codec's set.
func (c *codec) inWords(reason string) string {
	if reason == notConverted {
		return "is not " + c.what
	}
	return reason
}

func isInteger(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Uint64 }

// comparison makes the function that compares values of a kind with a limit:
// negative if the value is the smaller one.
func comparison(k reflect.Kind, limit reflect.Value) func(v reflect.Value) int {
	switch {
	case k <= reflect.Int64:
		l := limit.Int()
		return func(v reflect.Value) int { return order(v.Int(), l) }
	case k <= reflect.Uint64:
		l := limit.Uint()
		return func(v reflect.Value) int { return order(v.Uint(), l) }
	}
	l := limit.Float()
	return func(v reflect.Value) int { return order(v.Float(), l) }
}

func order[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// multipleRule makes the rule of multipleOf. Floats are taken for the shortest
// decimals that they are, so that 0.3 is a multiple of 0.1.
func (c *codec) multipleRule(t reflect.Type, text string) (rule, error) {
	m := reflect.New(t).Elem()
	if reason := c.set(text, m); reason != "" {
		return nil, fmt.Errorf("the tag multipleOf:%q %s; write one that a %v can be", text, c.inWords(reason), t)
	}
	if rational(text).Sign() <= 0 {
		return nil, fmt.Errorf("the tag multipleOf:%q is not positive; write a number above 0", text)
	}
	reason := "must be a multiple of " + text
	var multiple func(v reflect.Value) bool
	switch k := t.Kind(); {
	case k <= reflect.Int64:
		n := m.Int()
		multiple = func(v reflect.Value) bool { return v.Int()%n == 0 }
	case k <= reflect.Uint64:
		n := m.Uint()
		multiple = func(v reflect.Value) bool { return v.Uint()%n == 0 }
	default:
		n := new(big.Rat).Inv(rational(text))
		multiple = func(v reflect.Value) bool {
			q := rational(strconv.FormatFloat(v.Float(), 'g', -1, t.Bits()))
			return q.Mul(q, n).IsInt()
		}
	}
	return func(_ *sink, _ string, v reflect.Value) string {
		if multiple(v) {
			return ""
		}
		return reason
	}, nil
}

// textRules makes the rules of a text.
func textRules(k Constraints) []rule {
	var rules []rule
	add := func(reason string, right func(string) bool) {
		rules = append(rules, func(_ *sink, text string, _ reflect.Value) string {
			if right(text) {
				return ""
			}
			return reason
		})
	}
	if k.MinLength != "" {
		n := count(k.MinLength)
		add("must have at least "+plural(n, "character"), func(s string) bool { return utf8.RuneCountInString(s) >= n })
	}
	if k.MaxLength != "" {
		n := count(k.MaxLength)
		add("must have at most "+plural(n, "character"), func(s string) bool { return len(s) <= n || utf8.RuneCountInString(s) <= n })
	}
	if k.Pattern != "" {
		add("must match "+k.Pattern, regexp.MustCompile(k.Pattern).MatchString)
	}
	if f, ok := formats[k.Format]; ok {
		add("must be "+f.what, f.check)
	}
	return rules
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// enumRule makes the rule that a value is one of those listed, each of which
// must pass the other rules.
func (c *codec) enumRule(t reflect.Type, items []string, others []rule) (rule, error) {
	values := make(map[any]bool, len(items))
	for _, item := range items {
		v := reflect.New(t).Elem()
		if reason := c.set(item, v); reason != "" {
			return nil, fmt.Errorf("the item %q of the tag enum %s; write values of the type %v", item, c.inWords(reason), t)
		}
		for _, refused := range others {
			if reason := refused(&sink{}, item, v); reason != "" {
				return nil, fmt.Errorf("the item %q of the tag enum %s, as another tag says; drop it, or correct the other tag", item, reason)
			}
		}
		if values[keyOf(v)] {
			return nil, fmt.Errorf("the item %q of the tag enum is the same %v as one before; drop one", item, t)
		}
		values[keyOf(v)] = true
	}
	shown := items
	if len(shown) > 20 {
		shown = shown[:20]
	}
	reason := "must be one of " + strings.Join(shown, ", ")
	if len(items) == 1 {
		reason = "must be " + items[0]
	}
	if len(shown) < len(items) {
		reason += fmt.Sprintf(", … (%d values)", len(items))
	}
	return func(_ *sink, _ string, v reflect.Value) string {
		if v.Comparable() && values[keyOf(v)] {
			return ""
		}
		return reason
	}, nil
}

// keyOf gives a value as a key of a map, the same for values that are the same:
// an instant is one in whatever zone.
func keyOf(v reflect.Value) any {
	x := v.Interface()
	if t, ok := x.(time.Time); ok {
		return t.UTC()
	}
	return x
}

// listRules makes the rules of a list as a whole.
func listRules(t reflect.Type, k Constraints) ([]rule, error) {
	var rules []rule
	var faults []error
	if t.Kind() == reflect.Array && (k.MinItems != "" || k.MaxItems != "") {
		faults = append(faults, fmt.Errorf("the tag %s does not fit a %v, which has %d elements always; drop it", strings.Join(k.lists(), ", "), t, t.Len()))
	}
	if k.MinItems != "" {
		n := count(k.MinItems)
		reason := "must have at least " + plural(n, "element")
		rules = append(rules, func(_ *sink, _ string, v reflect.Value) string {
			if v.Len() >= n {
				return ""
			}
			return reason
		})
	}
	if k.MaxItems != "" {
		n := count(k.MaxItems)
		reason := "must have at most " + plural(n, "element")
		rules = append(rules, func(_ *sink, _ string, v reflect.Value) string {
			if v.Len() <= n {
				return ""
			}
			return reason
		})
	}
	if k.UniqueItems {
		if !plainlyComparable(t.Elem()) {
			faults = append(faults, fmt.Errorf("the tag uniqueItems does not fit a %v, whose elements == does not tell apart; check them by a method Validate(context.Context) error", t))
		}
		rules = append(rules, unique)
	}
	return rules, errors.Join(faults...)
}

// unique is the check that no element of a list is there twice.
func unique(s *sink, _ string, v reflect.Value) string {
	const reason = "must not have the same element twice"
	n := v.Len()
	if n <= 8 {
		for i := range n {
			for j := range i {
				if keyOf(v.Index(i)) == keyOf(v.Index(j)) {
					return reason
				}
			}
		}
		return ""
	}
	if !s.spend(n * (64 + 2*int(v.Type().Elem().Size()))) {
		return "has too many elements for a list that must not have one twice"
	}
	seen := make(map[any]struct{}, n)
	for i := range n {
		key := keyOf(v.Index(i))
		if _, twice := seen[key]; twice {
			return reason
		}
		seen[key] = struct{}{}
	}
	return ""
}

// plainlyComparable reports whether == of two values says whether they are the
// same: not the pointers, but what they mean.
func plainlyComparable(t reflect.Type) bool {
	if t == reflect.TypeFor[time.Time]() {
		return true // by keyOf
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return false
	case reflect.Array:
		return t.Elem() != reflect.TypeFor[time.Time]() && plainlyComparable(t.Elem())
	case reflect.Struct:
		if p := reflect.PointerTo(t); p.Implements(textUnmarshaler) {
			return t.Comparable() // such as netip.Addr, which holds a pointer that is unique
		}
		for i := range t.NumField() {
			if f := t.Field(i).Type; f == reflect.TypeFor[time.Time]() || !plainlyComparable(f) {
				return false
			}
		}
	}
	return t.Comparable()
}
