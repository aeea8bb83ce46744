package vstack

import (
	"runtime"

	"github.com/vstack-go/vstack/scheduler"
)

// How a Low guard is resolved. The guard compares an address with the segment's
// base, and the runtime may have moved the stack since base was set: growth
// copies a stack, the collector shrinks one that is little used. So Low means
// one of four things, told apart by d, the distance from base down to the
// caller:
//
//	d <= room          not low: the stack was interrupted, or Grow was called
//	                   without the guard. Hop.
//	d <= reach         the segment is full. Hop; but see maxHops.
//	d beyond that      either the stack has moved, or this is not the goroutine
//	                   that holds the baton: only the goroutine itself can tell.
//	                   If it moved: re-anchor.
//
// To re-anchor is to set base anew, near the caller, and to run the function
// right here, on the native stack, as plain Go would. Some of the room is above
// the caller, since a stack that returns a little would otherwise have to be
// anchored again at once. There is little below: a stack that was shrunk has
// little left, and the next hop is to one that has plenty.
//
// Hopping has a trap of its own, the hot split: a loop just above the end of a
// segment would hop at every turn. So a segment that has hopped maxHops times
// since it was anchored is re-anchored as well, and goes on natively.
//
// Native growth stays bounded: offset is how deep in the goroutine's stack base
// lies, and past maxDepth a segment always hops. A move makes the depth unknown.
// With few frames on the goroutine it is small; otherwise it is taken for twice
// the room more than it was.
const (
	maxHops   = 8
	maxDepth  = 4 * room
	fewFrames = 16
)

// anchor sets the running segment's guard: sp is an address in the caller's
// frame, depth bytes down on its goroutine's stack. Frames from above bytes
// above it to below bytes below it are within the segment's room, and the stack
// is big enough for head bytes more.
func (s *Stack) anchor(sp uintptr, depth, above, below, head int) {
	g := s.top
	g.offset = depth - above
	g.hops = 0
	g.room = uintptr(above + below)
	g.reach = g.room + uintptr(head)
	s.arm(sp+uintptr(above), g.room)
}

// arm sets the guard. The limit is left alone if an interrupt has poisoned it.
func (s *Stack) arm(base, limit uintptr) {
	s.base = base
	if s.limit.Load() != limit {
		s.limit.Store(limit)
		// An interrupt that came in between has set its request first.
		if s.requests.Load() != 0 {
			s.limit.Store(0)
		}
	}
}

// stay reports whether a function given to Grow is to run right here instead of
// on a fresh segment; it re-anchors the segment if so. It claims an idle stack.
// It panics if the stack was interrupted for a reason to unwind, if it is
// closed, and if the caller's goroutine does not hold the baton.
func (s *Stack) stay() bool {
	if s == nil {
		return true
	}
	if s.state.Load() != running {
		if err := s.claim(); err != nil {
			panic(err)
		}
		return false
	}
	g := s.top
	if g == nil { // another goroutine has just claimed it
		panic(s.claim())
	}
	sp := here()
	d := s.base - sp
	if d > g.reach && !g.worker.Current() {
		panic(misuse("used by a goroutine that it does not run on; give every goroutine a stack of its own"))
	}
	if s.requests.Load() != 0 {
		s.interrupted()
		sp = here() // it may have been parked meanwhile
		d = s.base - sp
	}
	switch {
	case d <= g.room:
		return false
	case d <= g.reach:
		return s.split(g, sp, g.offset+int(d))
	default:
		return s.moved(g, sp)
	}
}

// split resolves a guard at the end of the room of a segment, depth bytes down.
func (s *Stack) split(g *segment, sp uintptr, depth int) (stay bool) {
	const above, below = room / 4, room - room/4
	g.hops++
	if g.hops <= maxHops || depth > maxDepth {
		return false
	}
	if more := int64(depth) + below - g.memory; more > 0 {
		if err := s.charge(g, more); err != nil {
			panic(err)
		}
	}
	if depth < room/2 {
		// A small stack: grow it once and for all. A large one has enough
		// head room for most loops, and is not worth copying for them.
		scheduler.Large.Pregrow()
		sp = here()
	}
	s.anchors++
	s.anchor(sp, depth, above, below, largeHead)
	return true
}

// moved resolves a guard whose segment's stack has moved.
func (s *Stack) moved(g *segment, sp uintptr) (stay bool) {
	s.anchors++
	var pcs [fewFrames]uintptr
	if runtime.Callers(0, pcs[:]) < fewFrames {
		s.anchor(sp, 0, smallRoom, smallRoom, largeHead)
		return true
	}
	depth := g.offset + 2*room
	if depth > maxDepth {
		s.anchor(sp, depth, room, 0, largeHead) // full from here on
		return false
	}
	s.anchor(sp, depth, room/4, smallRoom, largeHead)
	return true
}
