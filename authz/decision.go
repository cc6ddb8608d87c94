package authz

import (
	"errors"

	"github.com/fastsimpleauth/fsa/httperr"
)

// Decision is a compiled rule. It is immutable and may be shared.
//
// A decision has three values: granted, refused, and not decidable yet. Of the
// parts of an Any, one grant wins; else a failure (a hook that broke) makes the
// whole a failure; else it is "not found" if every part that asks about an
// object says so; else the first refusal counts.
type Decision[R any] struct {
	root *node[R]
	open bool
}

// Pending is what [Decision.Before] hands to [Decision.After]. The zero
// Pending knows nothing, and that of another decision counts for nothing, so
// that whoever skips Before gains nothing: After then asks every question itself.
type Pending struct {
	granted uint64 // one bit for each node that has been granted
	kept    []kept // refused parts of an Any of which another part is undecided
	of      any    // the *Decision that it belongs to
}

type kept struct {
	bit uint64
	outcome
}

// ErrUndecided is what [Decision.Before] returns when the parameters must be
// bound before the rule can be decided.
var ErrUndecided = errors.New("authorization depends on parameters that are not bound yet")

// Open reports whether the decision lets anybody through, authenticated or not.
func (d *Decision[R]) Open() bool { return d.open }

// Closed reports whether the decision lets nobody through.
func (d *Decision[R]) Closed() bool { return !d.open && d.root == nil }

// Objects reports whether the rule asks about objects, that is whether Before
// may return [ErrUndecided].
func (d *Decision[R]) Objects() bool { return d.root != nil && d.root.objects }

// Before decides what can be decided before parameters are bound: nil grants,
// [ErrUndecided] means that After must be asked with what Before returned, and
// any other error refuses. The request must be authenticated unless the
// decision is open.
func (d *Decision[R]) Before(r R) (Pending, error) {
	var p Pending
	if d.open {
		return p, nil
	}
	if d.root == nil {
		return p, errClosed
	}
	p.of = d
	o := d.root.before(r, &p)
	if o.verdict == undecided {
		return p, ErrUndecided
	}
	return p, o.err
}

// After decides the rest once the parameters are bound: nil grants, any error
// refuses.
func (d *Decision[R]) After(r R, p Pending) error {
	if d.open {
		return nil
	}
	if d.root == nil {
		return errClosed
	}
	if p.of != d {
		var err error
		if p, err = d.Before(r); err != ErrUndecided {
			return err
		}
	}
	return d.root.after(r, &p).err
}

var errClosed = httperr.Errorf(403, "currently closed route")

type verdict uint8

const (
	failed verdict = iota // the zero verdict: never a grant by accident
	granted
	undecided
	denied
	missing
)

type outcome struct {
	verdict verdict
	err     error
}

func (n *node[R]) before(r R, p *Pending) outcome {
	switch n.kind {
	case kindAuth:
		p.granted |= n.bit
		return outcome{verdict: granted}
	case kindGroup:
		o := n.ask(r)
		if o.verdict == granted {
			p.granted |= n.bit
		}
		return o
	case kindObject:
		return outcome{verdict: undecided, err: ErrUndecided}
	case kindAll:
		return n.allBefore(r, p)
	case kindAny:
		return n.anyBefore(r, p)
	}
	return outcome{failed, errClosed}
}

func (n *node[R]) allBefore(r R, p *Pending) outcome {
	waiting := false
	for _, sub := range n.nodes {
		switch o := sub.before(r, p); o.verdict {
		case granted:
		case undecided:
			waiting = true
		default:
			return o
		}
	}
	if waiting {
		return outcome{verdict: undecided, err: ErrUndecided}
	}
	p.granted |= n.bit
	return outcome{verdict: granted}
}

func (n *node[R]) anyBefore(r R, p *Pending) outcome {
	var v vote
	waiting := false
	start := len(p.kept)
	for _, sub := range n.nodes {
		switch o := sub.before(r, p); o.verdict {
		case granted:
			p.granted |= n.bit
			p.kept = p.kept[:start]
			return o
		case undecided:
			waiting = true
		default:
			v.count(o, sub.objects)
			if n.objects {
				p.kept = append(p.kept, kept{sub.bit, o})
			}
		}
	}
	if waiting {
		return outcome{verdict: undecided, err: ErrUndecided}
	}
	p.kept = p.kept[:start]
	return v.outcome()
}

func (n *node[R]) after(r R, p *Pending) outcome {
	if p.granted&n.bit != 0 {
		return outcome{verdict: granted}
	}
	switch n.kind {
	case kindGroup, kindObject:
		return n.ask(r)
	case kindAll:
		for _, sub := range n.nodes {
			if o := sub.after(r, p); o.verdict != granted {
				return o
			}
		}
		return outcome{verdict: granted}
	case kindAny:
		var v vote
		for _, sub := range n.nodes {
			o, known := p.known(sub.bit)
			if !known {
				o = sub.after(r, p)
			}
			if o.verdict == granted {
				return o
			}
			v.count(o, sub.objects)
		}
		return v.outcome()
	}
	return outcome{failed, errClosed}
}

func (p *Pending) known(bit uint64) (outcome, bool) {
	for _, k := range p.kept {
		if k.bit == bit {
			return k.outcome, true
		}
	}
	return outcome{}, false
}

// ask asks the one question of a leaf.
func (n *node[R]) ask(r R) outcome {
	ok, err := n.check(r)
	switch {
	case err == nil && ok:
		return outcome{verdict: granted}
	case err == nil:
		return outcome{denied, n.denied}
	case n.missing != nil && errors.Is(err, ErrNoSuchObject):
		return outcome{missing, n.missing}
	}
	e := httperr.From(err, 500, "internal error in "+n.what)
	if e.Status < 500 {
		return outcome{denied, e}
	}
	return outcome{failed, e}
}

// vote counts the refusals of an Any.
type vote struct {
	failure, refusal error
	first            error // the first "not found"
	found            bool  // an object was there, or was never looked for
	objects          bool
}

func (v *vote) count(o outcome, objects bool) {
	v.objects = v.objects || objects
	switch o.verdict {
	case missing:
		if v.first == nil {
			v.first = o.err
		}
		return
	case denied:
		if v.refusal == nil {
			v.refusal = o.err
		}
	default:
		if v.failure == nil {
			v.failure = o.err
		}
	}
	v.found = v.found || objects
}

func (v *vote) outcome() outcome {
	switch {
	case v.failure != nil:
		return outcome{failed, v.failure}
	case v.objects && !v.found && v.first != nil:
		return outcome{missing, v.first}
	case v.refusal != nil:
		return outcome{denied, v.refusal}
	}
	return outcome{failed, errClosed}
}
