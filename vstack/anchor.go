package vstack

import "github.com/vstack-go/vstack/scheduler"

// How a Low guard is resolved. The guard compares an address with the segment's
// base, and the runtime may have moved the stack since base was set: growth
// copies a stack, the collector shrinks one that is little used. So Low means
// one of four things, told apart by d, the distance from base down to the
// caller:
//
//	d < room           not low: the stack was interrupted, or Grow was called
//	                   without the guard. Hop.
//	d <= reach         the segment is full. Hop; but see maxHops.
//	above base, within the re-anchored segment has returned to frames above
//	  offset             its new base. Anchor it where it was at first.
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
// lies, and past maxDepth, which is somewhat more than a huge segment has, it always
// hops. So a native stack stays within 1 MiB, if no more than 300 KiB are used
// between two guards. After a move the goroutine tells where its stack begins now.
const (
	maxHops  = 8
	maxDepth = 6 * room
)

// anchor sets the running segment's guard: sp is an address in the caller's
// frame, depth bytes down on its goroutine's stack. Frames from above bytes
// above it to below bytes below it are within the segment's room.
func (s *Stack) anchor(sp uintptr, depth, above, below int) {
	g := s.top
	g.offset = depth - above
	g.hops = 0
	g.room = uintptr(above + below)
	g.reach = g.room + head
	if g.native > 0 {
		g.reach = uintptr(g.native - g.offset)
	}
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
	asked := s.requests.Load() != 0 || s.limit.Load() == 0
	sp, top := s.locate(g)
	if asked {
		s.interrupted()
		sp, top = s.locate(g) // it may have been parked meanwhile, and moved
	}
	d := s.base - sp
	switch {
	case d < g.room:
		return asked // then it was low for that alone: go on where it is
	case !g.contains(s.base, sp):
		return s.moved(g, sp, top)
	case d <= g.reach:
		return s.split(g, sp, g.offset+int(d))
	default:
		depth, below := g.offset-int(-d), smallRoom
		if g.native > 0 {
			below = max(0, full(g.size)-depth)
		}
		s.anchor(sp, depth, depth+slack, below)
		return true
	}
}

// locate returns an address in the caller's frame, near enough, and if that is
// not where the segment's stack was last known to be, where the stack begins. It
// panics if the caller's goroutine is not the segment's.
func (s *Stack) locate(g *segment) (sp, top uintptr) {
	for sp = here(); !g.contains(s.base, sp); sp = here() {
		top, ours := g.worker.Current()
		if !ours {
			panic(misuse("used by a goroutine that it does not run on; give every goroutine a stack of its own"))
		}
		if here() == sp { // or else asking has made the stack grow, and move
			return sp, top
		}
	}
	return sp, 0
}

// contains reports whether sp is an address in the segment's native stack, as
// far as that is known.
func (g *segment) contains(base, sp uintptr) bool {
	return base-sp <= g.reach || g.offset > 0 && sp-base <= uintptr(g.offset)
}

// split resolves a guard at the end of the room of a segment, depth bytes down.
func (s *Stack) split(g *segment, sp uintptr, depth int) (stay bool) {
	g.hops++
	if g.hops <= maxHops || depth > maxDepth {
		return false
	}
	// The head is enough for most loops; growing the stack means to copy it.
	below := g.native - depth - head/4
	if below < head/4 {
		scheduler.Large.Pregrow()
		sp = here()
		below = room - room/4
		if g.native > 0 {
			for g.native *= 2; g.native < depth+room+head; {
				g.native *= 2
			}
		}
	}
	if more := int64(depth+below) - g.memory; more > 0 {
		if budget, ok := s.charge(g, more, s.sched.Stats().Bytes); !ok {
			panic(s.overflow(budget))
		}
	}
	s.anchors++
	s.account.counts.anchors.Add(1)
	s.anchor(sp, depth, room/4, below)
	return true
}

// moved resolves a guard whose segment's stack has moved; now it begins at top,
// or somewhere if that is 0.
func (s *Stack) moved(g *segment, sp, top uintptr) (stay bool) {
	s.anchors++
	s.account.counts.anchors.Add(1)
	g.native = 0
	depth := int(top - sp)
	if top == 0 {
		depth = maxDepth
	}
	if depth > maxDepth {
		s.anchor(sp, depth, room, 0) // full from here on
		return false
	}
	s.anchor(sp, depth, min(depth, room/4)+slack, smallRoom)
	return true
}
