package param

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/fastsimpleauth/fsa/internal/jsondepth"
	"github.com/go-json-experiment/json/jsontext"
)

// measure is what is known of JSON text before it is decoded, from one look at
// its bytes. It says nothing about text that is not well-formed.
type measure struct {
	deep  bool // there are more than maxDepth levels
	twice int  // where a name stands that its object has already, -1 if there is none
	taken int  // bytes of memory that it took to find out
}

// nameScan looks for names that an object has twice. Package jsontext would do
// it with a map for each object, which takes fifteen times the memory of a text
// that is nothing but short names.
type nameScan struct {
	text   []byte
	names  []uint32        // where the names of the open objects begin
	opened [maxDepth]int32 // how many there were when each was opened
	a, b   []byte          // for names with escapes
}

var nameScans = sync.Pool{New: func() any { return new(nameScan) }}

// measureJSON looks at text shorter than 4 GiB.
func measureJSON(text []byte) measure {
	n := nameScans.Get().(*nameScan)
	n.text = text
	before := cap(n.names)
	m := n.scan()
	if now := cap(n.names); now > before {
		m.taken = 8 * now // the last room and the halves of it before
	}
	if cap(n.names) <= 4096 && cap(n.a)+cap(n.b) <= 4096 {
		clear(n.a[:cap(n.a)]) // it may hold a secret
		clear(n.b[:cap(n.b)])
		n.text, n.names = nil, n.names[:0]
		nameScans.Put(n)
	}
	return m
}

func (n *nameScan) scan() measure {
	text, depth := n.text, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			begin := i
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			// A string before a colon is a name, and nothing else is.
			after := i + 1
			for after < len(text) && text[after] <= ' ' {
				after++
			}
			if after < len(text) && text[after] == ':' {
				n.add(uint32(begin))
				i = after
			}
		case '{', '[':
			if depth == maxDepth {
				return measure{deep: true, twice: -1}
			}
			n.opened[depth] = int32(len(n.names))
			depth++
		case '}', ']':
			if depth == 0 {
				return measure{twice: -1} // malformed
			}
			depth--
			first := n.opened[depth]
			if at, found := n.twice(n.names[first:]); found {
				return measure{deep: jsondepth.Exceeds(text, maxDepth), twice: at}
			}
			n.names = n.names[:first]
		}
	}
	return measure{twice: -1}
}

// add notes a name. The room doubles, as append would let it grow by so little
// that the copies cost more than the names.
func (n *nameScan) add(begin uint32) {
	if len(n.names) == cap(n.names) {
		n.names = slices.Grow(n.names, max(cap(n.names), 64))
	}
	n.names = append(n.names, begin)
}

// twice looks through the names of one object: a few by looking at each pair,
// many by sorting.
func (n *nameScan) twice(names []uint32) (at int, found bool) {
	if len(names) <= 8 {
		for i := range names {
			for _, other := range names[:i] {
				if n.compare(names[i], other) == 0 {
					return int(names[i]), true
				}
			}
		}
		return 0, false
	}
	slices.SortFunc(names, func(x, y uint32) int { return cmp.Or(n.compare(x, y), cmp.Compare(x, y)) })
	for i := 1; i < len(names); i++ {
		if n.compare(names[i-1], names[i]) == 0 && (!found || int(names[i]) < at) {
			at, found = int(names[i]), true
		}
	}
	return at, found
}

// compare orders two names by what they say: first by their length, which tells
// most of them apart.
func (n *nameScan) compare(x, y uint32) int {
	var a, b []byte
	a, n.a = n.name(x, n.a)
	b, n.b = n.name(y, n.b)
	return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b))
}

// name gives the name that begins at a quote: a piece of the text, or what is
// written to scratch if it has escapes.
func (n *nameScan) name(begin uint32, scratch []byte) (name, kept []byte) {
	text := n.text[begin+1:]
	end := 0
	for ; text[end] != '"'; end++ {
		if text[end] == '\\' {
			return n.unquoted(begin, scratch)
		}
	}
	return text[:end], scratch
}

// unquoted gives a name that has an escape.
func (n *nameScan) unquoted(begin uint32, scratch []byte) (name, kept []byte) {
	text := n.text[begin+1:]
	end := 0
	for ; text[end] != '"'; end++ {
		if text[end] == '\\' {
			end++
		}
	}
	scratch, _ = jsontext.AppendUnquote(scratch[:0], n.text[begin:int(begin)+end+2])
	return scratch, scratch
}
