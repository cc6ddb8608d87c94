package param

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/fastsimpleauth/fsa/httperr"
)

// slot is what a request has for one field.
type slot struct {
	first int16 // index of the first pair, plus one; there are under 3,000
	count int16 // how many pairs
	in    bits  // their places
}

type bits uint16

func (b bits) add(p Place) bits { return b | 1<<p }

// names gives the places, in the order in which they stand in a request.
func (b bits) names() string {
	var names []string
	for p := Path; p <= filePart; p++ {
		if b&(1<<p) != 0 {
			names = append(names, p.String())
		}
	}
	return strings.Join(names, " and ")
}

// Bind fills the struct v from the request behind src. What is wrong with the
// request's parameters comes back as one *[httperr.Error]: 404 if the path
// names nothing, 413 or 415 if the body cannot be read, else 400 with all
// faults, in the order of the fields and then the unexpected parameters by
// name. An error of a special parameter comes back as it is.
//
// The struct must be addressable and of the type that the binder was made for;
// else Bind panics. After an error, its fields are not to be used.
func (b *Binder[R]) Bind(req R, src *Source, v reflect.Value) error {
	if v.Type() != b.typ {
		panic(fmt.Sprintf("param: Bind of a %v by the binder of %v", v.Type(), b.typ))
	}
	var pairs []pair
	if len(b.embedded) > 0 {
		allocate(v, b.embedded)
	}
	if b.Prepares() && !src.prepared() {
		if src.read {
			panic("param: the body was read for its parameters, but is wanted otherwise; call Prepare after Reset")
		}
		b.Prepare(src)
	}
	if b.anywhere || b.reject || len(b.specials)+len(b.later) > 0 {
		if err := src.load(); err != nil {
			return err
		}
		pairs = src.pairs
	}
	var few [12]slot
	slots := few[:]
	if len(b.fields) > len(few) {
		slots = make([]slot, len(b.fields))
	}
	unexpected, others := b.distribute(pairs, slots)

	base := unsafe.Pointer(v.UnsafeAddr())
	s := &src.sink
	s.secrets = b.secrets
	var ctx context.Context
	if b.validating {
		ctx = contextOf(req, src)
		s.ctx = ctx
	}
	for i := range b.fields {
		f := &b.fields[i]
		if f.Special {
			if slots[i].count > 0 {
				s.name, s.in = f.Name, pairs[slots[i].first-1].in
				s.note("unexpected request parameter %q", f.Name)
			}
			continue
		}
		if f.files != nil {
			f.bindFiles(s, src, pairs, &slots[i], v.FieldByIndex(f.Index))
			continue
		}
		if f.raw != notRaw {
			f.bindRaw(s, src, &slots[i], v.FieldByIndex(f.Index))
			continue
		}
		if f.bindFast(src, base, pairs, &slots[i]) {
			continue
		}
		fv := v.FieldByIndex(f.Index)
		s.name, s.in, s.secret, s.shown = f.Name, f.In, f.secret, 0
		switch f.In {
		case WholeBody:
			f.bindWhole(s, src, &slots[i], fv)
		case Path:
			if slots[i].count > 0 {
				s.note("parameter %q both from %s", f.Name, slots[i].in.add(Path).names())
				continue
			}
			text := src.pathValue(f.Name, f.segment)
			if f.codec.strict && f.codec.set(text, fv) != "" {
				return errNoSuchPath
			}
			f.codec.text(s, text, fv)
		case HeaderField:
			b.bindHeader(f, s, &slots[i], src.r, fv)
		case CookieField:
			b.bindCookie(f, s, &slots[i], src.r, fv)
		default:
			f.bind(s, pairs, &slots[i], fv)
		}
	}
	if len(others) > 0 {
		b.rest.bind(s, pairs, others, v.FieldByIndex(b.rest.Index))
	}
	if len(unexpected) > 0 {
		slices.Sort(unexpected)
		for _, name := range slices.Compact(unexpected) {
			s.unexpected(name)
		}
	}
	if s.fatal != nil {
		return s.fatal
	}
	if len(s.faults) > 0 {
		e := httperr.BadParameters(http.StatusBadRequest, s.faults)
		e.Cause = errors.Join(s.causes...)
		return e
	}
	if err := b.bindSpecials(req, v, b.specials); err != nil {
		return err
	}
	if len(b.validators) > 0 {
		return b.validateInput(ctx, v)
	}
	return nil
}

// contextOf gives the context of a request: what the framework keeps for it, if
// that is a context, as it is what handlers get too.
func contextOf[R any](req R, src *Source) context.Context {
	if ctx, ok := any(req).(context.Context); ok {
		return ctx
	}
	return src.r.Context()
}

var errNoSuchPath = httperr.Errorf(http.StatusNotFound, "not found")

// distribute counts the pairs of each field, and gives the names of those that
// have none. others are the indexes of the pairs that are the rest.
func (b *Binder[R]) distribute(pairs []pair, slots []slot) (unexpected []string, others []int) {
	for i := range pairs {
		p := &pairs[i]
		f, known := b.find(p.name)
		ok := known
		if known && b.pinned {
			at := b.fields[f].In
			ok = at == p.in || at < Query || at > Body || at == Form && p.in == filePart
		}
		if !known && b.rest != nil && b.rest.takes(p, b.exempt) {
			others = append(others, i)
			continue
		}
		if !ok {
			if b.reject && !slices.Contains(b.exempt, p.name) && len(unexpected) < maxFaults {
				unexpected = append(unexpected, p.name)
			}
			continue
		}
		slot := &slots[f]
		if slot.count == 0 {
			slot.first = int16(i + 1)
		}
		slot.count++
		slot.in = slot.in.add(p.in)
	}
	return unexpected, others
}

// find gives the index of the field for a name. For a handful of fields, looking
// through them is quicker than hashing.
func (b *Binder[R]) find(name string) (int, bool) {
	if len(b.fields) > 8 {
		i, ok := b.byName[name]
		return i, ok
	}
	for i := range b.fields {
		if b.fields[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// bindSpecials sets the special parameters, once the others are known to be
// right: they may do work.
func (b *Binder[R]) bindSpecials(req R, v reflect.Value, specials []int) error {
	for _, i := range specials {
		f := &b.fields[i]
		if err := f.special(req, f.Name, v.FieldByIndex(f.Index)); err != nil {
			return err
		}
	}
	return nil
}

// BindLater sets the special parameters of [Options.Later] in a struct that
// [Binder.Bind] has filled: those that do work which should wait until it is known
// that the request may go on.
func (b *Binder[R]) BindLater(req R, v reflect.Value) error {
	return b.bindSpecials(req, v, b.later)
}

// bind sets a field from query, form or JSON.
func (f *field[R]) bind(s *sink, pairs []pair, slot *slot, v reflect.Value) {
	switch slot.count {
	case 0:
		f.absent(s, v)
		return
	case 1:
		p := &pairs[slot.first-1]
		s.in = p.in
		switch p.in {
		case Body:
			decodeJSON(f.codec, s, p.json, v)
		case filePart:
			s.bad("is a file, where a value is expected", "")
		default:
			f.codec.text(s, p.text, v)
		}
		return
	}
	if slot.in&(slot.in-1) != 0 {
		s.note("parameter %q both from %s", f.Name, slot.in.names())
		return
	}
	s.in = pairs[slot.first-1].in
	if s.in == filePart {
		s.bad("is a file, where a value is expected", "")
		return
	}
	if f.codec.list == nil {
		s.note("parameter %q is given %d times", f.Name, slot.count)
		return
	}
	texts := make([]string, 0, slot.count)
	for i := int(slot.first) - 1; i < len(pairs); i++ {
		if pairs[i].name == f.Name && (f.In == Nowhere || f.In == pairs[i].in) {
			texts = append(texts, pairs[i].text)
		}
	}
	f.codec.list(s, texts, v)
}

// bindFast sets a field of the struct at base if its type and what the request
// has for it are plain. It reports whether it has.
func (f *field[R]) bindFast(src *Source, base unsafe.Pointer, pairs []pair, slot *slot) bool {
	if f.fast == slow {
		return false
	}
	switch {
	case f.In == Path:
		return slot.count == 0 && f.fast.set(unsafe.Add(base, f.offset), src.pathValue(f.Name, f.segment))
	case f.In <= Body && slot.count == 1:
		switch p := &pairs[slot.first-1]; {
		case p.in < Body:
			return f.fast.set(unsafe.Add(base, f.offset), p.text)
		case p.in == Body:
			return f.fast.setJSON(&src.sink, unsafe.Add(base, f.offset), p.json)
		}
	}
	return false
}

// absent sets a field for which the request has nothing.
func (f *field[R]) absent(s *sink, v reflect.Value) {
	switch {
	case f.def.IsValid():
		v.Set(f.def)
	case f.hasDef:
		f.codec.text(s, f.Default, v)
	case f.Required:
		switch f.In {
		case HeaderField:
			s.note("header %q is missing", f.header)
		case CookieField:
			s.note("cookie %q is missing", f.Name)
		case WholeBody:
			s.note("parameter %q is missing: it is the JSON value that is the request's body", f.Name)
		default:
			s.note("parameter %q is missing", f.Name)
		}
	}
}

// bindWhole sets a field from the body as a whole.
func (f *field[R]) bindWhole(s *sink, src *Source, slot *slot, v reflect.Value) {
	switch {
	case slot.count > 0:
		s.note("unexpected request parameter %q", f.Name)
	case len(src.value) == 0:
		f.absent(s, v)
	default:
		s.whole = true
		decodeJSON(f.codec, s, src.value, v)
		s.whole = false
	}
}

func (b *Binder[R]) bindHeader(f *field[R], s *sink, slot *slot, r *http.Request, v reflect.Value) {
	if slot.count > 0 {
		s.note("unexpected request parameter %q", f.Name)
		return
	}
	values := r.Header[f.header]
	if f.header == "Host" && r.Host != "" {
		values = []string{r.Host} // net/http takes it out of the header
	}
	switch len(values) {
	case 0:
		f.absent(s, v)
	case 1:
		f.codec.text(s, values[0], v)
	default:
		s.note("header %q is given %d times", f.header, len(values))
	}
}

func (b *Binder[R]) bindCookie(f *field[R], s *sink, slot *slot, r *http.Request, v reflect.Value) {
	if slot.count > 0 {
		s.note("unexpected request parameter %q", f.Name)
		return
	}
	if n := cookieCount(r.Header["Cookie"]); n > maxCookies {
		s.note("%d cookies are more than the %d that are accepted", n, maxCookies)
		return
	}
	switch cookies := r.CookiesNamed(f.Name); len(cookies) {
	case 0:
		f.absent(s, v)
	case 1:
		f.codec.text(s, cookies[0].Value, v)
	default:
		s.note("cookie %q is given %d times", f.Name, len(cookies))
	}
}

// maxCookies bounds the cookies of a request that are looked through.
const maxCookies = 100

// cookieCount gives the number of cookies in header fields, at most one too
// many.
func cookieCount(values []string) (n int) {
	for _, v := range values {
		n += 1 + strings.Count(v, ";")
	}
	return n
}

// note adds a fault whose text is complete.
func (s *sink) note(format string, args ...any) {
	if len(s.faults) < maxFaults {
		s.faults = append(s.faults, httperr.Fault{Name: s.name, In: s.in.String(), Detail: fmt.Sprintf(format, args...)})
	}
}
