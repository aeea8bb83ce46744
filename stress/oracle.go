package stress

import (
	"context"
	"math"
)

// The oracle. A program runs on a stack first. Where that throws, at which guard an
// overflow or a cancellation, is written down by the number of the operation; the
// plain run throws at the same places, and all that follows must be the same: who
// recovers it, which deferred calls run, what is returned. Whether the stack was
// right to throw there, and to go on elsewhere, the program judges by itself, from
// what it knows of its panics: that is the flight below.

// A record says where a stack has thrown.
type record struct {
	throws   map[int]bool // by the operation's number: true for an overflow
	inner    []*record    // of the stacks made while this one ran, in order
	replayed int          // how many of inner the plain run has used
}

func newRecord() *record { return &record{throws: map[int]bool{}} }

// child returns the record for a stack that is made now.
func (r *record) child(plain bool) *record {
	if plain && r.replayed < len(r.inner) {
		r.replayed++
		return r.inner[r.replayed-1]
	}
	c := newRecord()
	if !plain {
		r.inner = append(r.inner, c)
	}
	return c
}

// count returns how many overflows there are, and how many throws in all.
func (r *record) count() (overflows, throws int) {
	throws = len(r.throws)
	for _, overflow := range r.throws {
		if overflow {
			overflows++
		}
	}
	for _, c := range r.inner {
		o, t := c.count()
		overflows, throws = overflows+o, throws+t
	}
	return overflows, throws
}

// A thrown is what the plain run panics with where a stack throws an
// OverflowError or a CanceledError.
type thrown struct {
	by    *world
	cause error // nil: an overflow
}

func (t *thrown) Error() string { return "thrown" }

// due reports, in the plain run, whether the stack has thrown at this operation.
func (w *world) due() bool {
	if !w.plain {
		return false
	}
	_, ok := w.record.throws[w.calls]
	return ok
}

// replay panics in the plain run as the stack did at this operation.
func (w *world) replay() {
	overflow, ok := w.record.throws[w.calls]
	switch {
	case !ok:
	case overflow:
		panic(&thrown{w, nil})
	default:
		panic(&thrown{w, context.Cause(w.in)})
	}
}

// A flight is what the program knows of a panic of the stack's own:
//
//	on           it was thrown, and nobody has recovered it: guards in deferred calls
//	             must not throw a cancellation
//	since > 0    a frame of that depth has recovered it: guards must throw again if the
//	             context is done, but for those in deferred calls, which may be those of
//	             another panic
//	neither      every guard must throw if the context is done
//
// Each Run frame has its own.
type flight struct {
	on     bool
	floor  int  // frames that are deeper than this are a deferred call's, and recover panics of its own
	since  int  // see above
	unsure bool // another panic has taken its place in a frame further down
	late   bool // the guard was low already when the context became done, so that nobody knows when it is for that
	defers int  // deferred calls that run, one in the other
}

// done reports whether the innermost frame's context is done, so that guards throw.
func (w *world) done() bool { return w.in != nil && !w.ambient && w.in.Err() != nil }

// must reports whether a guard has to throw now.
func (w *world) must() bool { return !w.flight.late && w.mustAsk() }

// mustAsk is must for what asks the context itself.
func (w *world) mustAsk() bool {
	f := &w.flight
	return !w.plain && w.in != nil && !f.on && (f.since == 0 || f.defers == 0) && !f.unsure && w.done()
}

// threw notes that an operation has thrown.
func (w *world) threw(call int, overflow bool) {
	w.record.throws[call] = overflow
	w.trace("throws", call)
	f := &w.flight
	if !overflow {
		if !w.done() {
			w.violation("a guard has thrown, and nothing is canceled")
		}
		if f.on && !w.exits {
			w.violation("a guard in a deferred call has thrown a cancellation while a panic of the stack unwinds")
		}
		f.since = 0
	}
	if !f.on {
		f.on, f.floor = true, math.MaxInt
	}
	f.unsure, f.late = false, false
}

// recovered notes that a frame of the present depth has recovered a panic.
func (w *world) recovered() {
	f := &w.flight
	if !f.on || w.depth > f.floor {
		return
	}
	f.on = false
	w.trace("recovered", w.depth)
	if f.since == 0 || w.depth < f.since {
		f.since = w.depth
	}
}

// deferred runs fn, which is a deferred call that does more than log.
func (w *world) deferred(fn func()) {
	f := &w.flight
	floor := math.MaxInt // for a panic that begins in fn
	if f.on {
		floor, f.floor = f.floor, w.depth
	}
	f.defers++
	defer func() {
		f.floor = floor
		f.defers--
	}()
	fn()
}
