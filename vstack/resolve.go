package vstack

import (
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// What a low guard means. Grow and its like ask for the goroutine's exact bounds, and
// this decides, for both forms of the guard:
//
//	the goroutine runs a segment of a stack:
//	  somebody asked something of it    serve the request, which may park or unwind
//	                                    the goroutine; then, if used < room and this
//	                                    segment has not thrown, see unwind.go: go on here
//	  hopped 8 times, and not too deep  a hot split: more room, if the limit allows for
//	                                    it; go on here
//	  otherwise                         hop, also if nobody had asked the guard
//	it runs on none:
//	  hopped 8 times from about here    a hot split: more room; go on here
//	  another copy of the library runs
//	    it for a segment of ours        hop to that segment's stack
//	  otherwise                         hop to an ambient stack
//	the handle is nil, or there is none in a build that does not know bounds:
//	                                    go on here
//	the handle is that of an idle stack:
//	                                    a root call of that stack
//	the handle is that of another stack that is in use or closed:
//	                                    as without a handle
//
// What a hot split is, and how much room it gets, is in room.go.

// target returns the stack that a function given to Grow is to be run on by a hop,
// or nil if it is to run right here.
func target() *Stack {
	if !self.Supported {
		return nil
	}
	id, _, hi := self.Bounds()
	if s := current(id); s != nil {
		return s.resolve(hi)
	}
	if lookoutOf(id).stays(id, hi) {
		return nil
	}
	if s := waiting(id); s != nil {
		s.adopt(id, hi)
		return s
	}
	return ambient()
}

// target is the same for a guard with a handle.
func (s *Stack) target() *Stack {
	if s == nil {
		return nil
	}
	id, _, hi := self.Bounds()
	if s.runsOn(id) {
		return s.resolve(hi)
	}
	if s.claim() == nil {
		return s
	}
	return target()
}

// resolve is target for the goroutine that runs the stack's top segment.
func (s *Stack) resolve(hi uintptr) *Stack {
	g := s.top
	asked := s.loadLimit() == 0
	if asked {
		s.serve()
		_, _, hi = self.Bounds() // it may have been parked meanwhile, and moved
	}
	s.setBase(hi)
	used := self.Used()
	if used < g.room {
		if asked && !s.throws.Load() {
			return nil
		}
		return s
	}
	if g.hops++; g.hops <= maxHops {
		return s
	}
	room := g.room
	switch {
	case used < maxRoom:
		room = min(used+more, maxRoom)
	case used > max(room, maxRoom)+excursion && used < deepest:
		room = used + more
	default:
		return s
	}
	if !s.widen(g, room) {
		return s
	}
	return nil
}

// widen gives g more room, if the limit allows for the larger stack.
func (s *Stack) widen(g *segment, room uintptr) bool {
	if grows := int64(room+head) - g.memory; grows > 0 && !g.reserve {
		if _, ok := s.charge(g, grows, s.sched.Stats().Bytes); !ok {
			return false
		}
	}
	g.hops = 0
	g.room = room
	if room > self.Room {
		g.free = min(room, maxRoom)
		self.SlotOf(g.id).SetLimit(g.free)
	}
	s.arm(s.base, room)
	s.splits++
	s.account.counts.splits.Add(1)
	return true
}
