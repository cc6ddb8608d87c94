package authz

import (
	"errors"
	"net/http"

	"github.com/fastsimpleauth/fsa/httperr"
)

// Decision is a compiled rule. It is immutable and may be shared.
//
// A decision has three values: granted, refused, and not decidable yet. Of the
// parts of an Any, one grant wins; else a failure (a hook that broke) makes the
// whole a failure; else the first refusal by 401 counts, since another log-in would
// do; else it is "not found" if every part that asks about an object says so; else
// the first refusal counts. In an All, a refusal by 401 counts last of those that
// need no parameters, else the first.
type Decision[R any] struct {
	root    *node[R]
	open    bool
	missing *httperr.Error // the refusal that says that the object is not there

	// Most rules are a leaf or an All of leaves. There, order is all that
	// counts, and nothing need be remembered but how far one has come.
	flat  bool
	early []*node[R] // leaves that Before asks
	late  []*node[R] // leaves that After asks
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

// NotFound reports whether what [Decision.Before] or [Decision.After] has returned
// says that the object is not there, whatever its status.
func (d *Decision[R]) NotFound(err error) bool { return err != nil && err == error(d.missing) }

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

// Login reports whether the rule asks about the log-in itself, by [Fresh] or
// [Factors]: whoever it refuses may be let through after another log-in.
func (d *Decision[R]) Login() bool { return d.root != nil && d.root.login }

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
	if d.flat {
		return d.flatBefore(r)
	}
	p.of = d
	return p, d.root.before(r, &p).err
}

// After decides the rest once the parameters are bound: nil grants, any error
// refuses.
func (d *Decision[R]) After(r R, p Pending) error {
	if p.of != d { // always so if d is open or closed
		var err error
		if p, err = d.Before(r); err != ErrUndecided {
			return err
		}
	}
	if d.flat {
		return refusal(r, d.late)
	}
	return d.root.after(r, &p).err
}

// flatBefore is Before for a rule without branches. What has been refused gets no
// Pending, so that After would ask again.
func (d *Decision[R]) flatBefore(r R) (Pending, error) {
	if err := refusal(r, d.early); err != nil {
		return Pending{}, err
	}
	if len(d.late) > 0 {
		return Pending{of: d}, ErrUndecided
	}
	return Pending{of: d}, nil
}

// refusal asks leaves until one does not grant. One that another log-in would mend
// waits for what the others say.
func refusal[R any](r R, leaves []*node[R]) error {
	var mendable error
	for _, n := range leaves {
		if ok, err := n.check(r); !ok || err != nil {
			o := n.outcome(ok, err)
			if o.verdict != insufficient || n.kind == kindObject {
				return o.err
			}
			if mendable == nil {
				mendable = o.err
			}
		}
	}
	return mendable
}

// flatten finds the leaves of a rule without branches.
func (d *Decision[R]) flatten() {
	nodes := []*node[R]{d.root}
	if d.root.kind == kindAll {
		nodes = d.root.nodes
	}
	for _, n := range nodes {
		switch n.kind {
		case kindAuth:
		case kindGroup, kindScope, kindPermission, kindFresh, kindFactors:
			d.early = append(d.early, n)
		case kindObject:
			d.late = append(d.late, n)
		default:
			return
		}
	}
	d.flat = true
}

var errClosed = httperr.Errorf(403, "currently closed route")

type verdict uint8

const (
	failed verdict = iota // the zero verdict: never a grant by accident
	granted
	undecided
	denied
	insufficient // refused, and another log-in would do
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
	case kindGroup, kindScope, kindPermission, kindFresh, kindFactors:
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
	var mendable outcome
	for _, sub := range n.nodes {
		switch o := sub.before(r, p); o.verdict {
		case granted:
		case undecided:
			waiting = true
		case insufficient:
			if mendable.err == nil {
				mendable = o
			}
		default:
			return o
		}
	}
	if mendable.err != nil {
		return mendable
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
	case kindObject: // all others have been asked
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
func (n *node[R]) ask(r R) outcome { return n.outcome(n.check(r)) }

// outcome tells what the answer to the question of a leaf means.
func (n *node[R]) outcome(ok bool, err error) outcome {
	switch {
	case err == nil && ok:
		return outcome{verdict: granted}
	case err == nil:
		return outcome{refusedBy(n.denied), n.denied}
	case n.missing != nil && errors.Is(err, ErrNoSuchObject):
		return outcome{missing, n.missing}
	}
	e := httperr.From(err, 500, "internal error in "+n.what)
	if e.Status < 500 {
		return outcome{refusedBy(e), e}
	}
	return outcome{failed, e}
}

// refusedBy tells what kind of a refusal an error is.
func refusedBy(e *httperr.Error) verdict {
	if e.Status == http.StatusUnauthorized {
		return insufficient
	}
	return denied
}

// vote counts the refusals of an Any.
type vote struct {
	failure, mendable, refusal error // the first of each
	notFound                   error // only parts that ask about objects say so, all in the same words
	found                      bool  // an object was there, or was never looked for
}

func (v *vote) count(o outcome, objects bool) {
	switch o.verdict {
	case missing:
		v.notFound = o.err
		return
	case denied:
		if v.refusal == nil {
			v.refusal = o.err
		}
	case insufficient:
		if v.mendable == nil {
			v.mendable = o.err
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
	case v.mendable != nil:
		return outcome{insufficient, v.mendable}
	case v.notFound != nil && !v.found:
		return outcome{missing, v.notFound}
	case v.refusal != nil:
		return outcome{denied, v.refusal}
	}
	return outcome{failed, errClosed}
}
