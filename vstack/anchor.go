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
//	d <= room             not low: the stack was interrupted, or Grow was called
//	                      without the guard. Hop.
//	d <= size of the      the segment is full. Hop.
//	  worker's stack
//	d beyond that         either the stack has moved, or this is not the
//	                      goroutine that holds the baton. The goroutine's id
//	                      tells; nothing else can. If it moved: re-anchor.
//
// To re-anchor is to set base anew, near the caller, and run the function right
// here on the grown native stack, as plain Go would. It leaves a quarter of the
// room above the caller, since a stack that returns a little would otherwise
// have to be anchored again at once.
//
// Hopping has a trap of its own, the hot split: a loop just above the end of a
// segment would hop at every turn. So a segment that has hopped maxHops times
// is re-anchored as well, and the loop goes on natively.
//
// Native growth stays bounded: offset is how deep in the goroutine's stack base
// lies, and past maxDepth a segment always hops. A move makes the depth
// unknown. With few frames on the goroutine it is small; otherwise it is taken
// for twice the room more than it was.
const (
	maxHops   = 8
	maxDepth  = 4 * room
	fewFrames = 16
)

// anchor makes sp, an address in the running segment's frame, the place where
// the guard's room begins; offset bytes of the goroutine's stack are above it.
func (s *Stack) anchor(sp uintptr, offset int) {
	g := s.top
	g.offset = offset
	s.arm(sp, g.room)
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
// on a fresh segment. It re-anchors the segment if so. It panics if the stack
// was interrupted for a reason to unwind, and if the caller's goroutine does
// not hold the baton.
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
	sp := here()
	g := s.top
	if g == nil { // another goroutine has just claimed the stack
		panic(s.claim())
	}
	d := s.base - sp
	moved := d > stackBytes(g.size)
	if moved && !g.worker.Current() {
		panic(misuse("used by a goroutine that it does not run on; give every goroutine a stack of its own"))
	}
	if s.requests.Load() != 0 {
		s.interrupted()
	}
	if !moved {
		if d <= g.room {
			return false
		}
		g.hops++
		depth := g.offset + int(d)
		if g.hops <= maxHops || depth > maxDepth {
			return false
		}
		g.hops, g.room = 0, room
		return s.reanchor(g, sp, depth)
	}
	var pcs [fewFrames]uintptr
	depth := g.offset + 2*room
	if runtime.Callers(0, pcs[:]) < fewFrames {
		depth = int(g.room / 4)
	}
	if depth > maxDepth {
		s.arm(sp+g.room, g.room) // full, from here on
		return false
	}
	return s.reanchor(g, sp, depth)
}

// reanchor sets the guard's room around sp, which lies depth bytes down on the
// goroutine's stack. What the segment may then use beyond its worker's stack
// counts as memory.
func (s *Stack) reanchor(g *segment, sp uintptr, depth int) bool {
	if grown := int64(depth) + int64(g.room) - g.memory; grown > 0 {
		if err := s.charge(g, grown); err != nil {
			panic(err)
		}
	}
	s.anchors++
	s.anchor(sp+g.room/4, depth-int(g.room/4))
	return true
}

// stackBytes is how far below its base a segment's frames can lie while its
// stack has not moved.
func stackBytes(size scheduler.Size) uintptr { return uintptr(size.Bytes()) }
