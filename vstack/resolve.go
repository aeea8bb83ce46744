package vstack

import (
	"sync"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// What a low guard means. Grow and its like ask for the goroutine's exact bounds, and
// this decides, for both forms of the guard:
//
//	the goroutine runs a segment of a stack:
//	  somebody asked something of it    serve the request, which may park or unwind
//	                                    the goroutine; then, if used < room: go on here
//	  hopped 8 times, and not too deep  a hot split: more room; go on here
//	  otherwise                         hop
//	it runs on none, or the handle is that of another stack that is in use or closed:
//	  hopped 8 times from about here    a hot split: more room; go on here
//	  another copy of the library runs
//	    it for a segment of ours        hop to that segment's stack
//	  otherwise                         hop to an ambient stack
//	the handle is that of an idle stack:
//	                                    a root call of that stack
//
// A hot split is a loop just above the end of the room: it would hop at every turn.
//
// How deep a goroutine of ours gets natively: the guard hops at the room, which is at
// most maxRoom. If no more than excursion bytes are used between two guards, that is
// at most 704 + 300 KiB, so that the stack is at most 1 MiB. Code that uses more
// between two guards, such as recursion that has none, has broken that bound itself;
// then room is counted from where the guards begin again.
//
// The goroutines of others may be as deep as they like when they come to their first
// guard. If that is more than head bytes past the room, what is above it had no guards,
// and room is counted from there. A guarded recursion comes to a guard sooner, so it
// cannot creep on in this way, and hops from maxRoom on as well.
const (
	maxHops   = 8         // out of one segment, before it gets more room
	more      = 224 << 10 // bytes that a hot split gives
	maxRoom   = 704 << 10
	excursion = 300 << 10
	// deepest is how deep natively a goroutine may be that still gets more room. It is
	// far from the 250 MB that the runtime allows on 32-bit systems, and only guards
	// with more than excursion bytes between any two get there.
	deepest = 64 << 20
)

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
	if lookoutOf(id).stays(id) {
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
	case used > room+excursion && used < deepest:
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
		g.free = room
		self.SlotOf(g.id).SetLimit(room)
	}
	s.arm(s.base, room)
	s.splits++
	s.account.counts.splits.Add(1)
	return true
}

// A lookout remembers the hops to ambient stacks of one goroutine, the last of those
// in a slot that looked closer.
type lookout struct {
	mu   sync.Mutex
	id   uintptr
	room uintptr
	used uintptr // at the last hop
	hops int     // from about there, one after the other
}

var lookouts [self.Slots]lookout

func lookoutOf(id uintptr) *lookout { return &lookouts[self.SlotOf(id)] }

// roomOf returns how much of its stack the goroutine, the caller, may use. The caller
// has the lock.
func (l *lookout) roomOf(id uintptr) uintptr {
	if l.id == id && l.room > self.Room {
		if slot := self.SlotOf(id); slot.Limit() != l.room {
			slot.SetLimit(l.room) // another goroutine of the slot has set it
		}
		return l.room
	}
	return self.Room
}

// stays reports whether the goroutine, the caller, goes on where it is although its
// guard is low.
func (l *lookout) stays(id uintptr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.id != id {
		if l.room > self.Room {
			self.SlotOf(id).SetLimit(self.Room)
		}
		l.id, l.room, l.used, l.hops = id, self.Room, 0, 0
	}
	used := self.Used()
	if used < l.room {
		return false // nobody asked the guard
	}
	if used-l.used+head > 2*head { // not near it, on either side
		l.hops = 0
	}
	l.used = used
	if l.hops++; l.hops <= maxHops {
		return false
	}
	room := l.room
	switch {
	case used > room+head && used < deepest:
		room = used + more
	case used < maxRoom:
		room = min(used+more, maxRoom)
	default:
		return false
	}
	l.hops, l.room = 0, room
	self.SlotOf(id).SetLimit(l.room)
	return true
}
