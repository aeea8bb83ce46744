package vstack

import (
	"sync"
	"sync/atomic"
	"time"

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
	maxRoom   = self.Widest
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
// in a slot that looked closer. Its lock is for those who change it.
type lookout struct {
	mu   sync.Mutex
	id   atomic.Uintptr
	room atomic.Uintptr
	used uintptr // at the last hop
	hops int     // from about there, one soon after the other
	last time.Duration
}

// soon is how far apart the hops of a hot split are at most. What takes longer between
// two hops than some hundred of them does not need more room. And the goroutine may be another
// one: the runtime uses g's again, so a server whose requests are all a little too deep
// hops from the same depth of the same g, request after request, each of them once.
const soon = 200 * time.Microsecond

var start = time.Now() // of the lookouts' clock

var lookouts [self.Slots]lookout

func lookoutOf(id uintptr) *lookout { return &lookouts[self.SlotOf(id)] }

// deep reports whether the goroutine, the caller, has more room than workers can have,
// and if so whether its guard is low. It is quick, no lock and no search for a stack,
// since it is asked by each guard if there is a worker in the slot.
func (l *lookout) deep(id uintptr) (low, ok bool) {
	if l.id.Load() != id {
		return false, false
	}
	room, used := l.room.Load(), self.Used()
	if room <= maxRoom || used+more+excursion < room {
		return false, false
	}
	if slot := self.SlotOf(id); used < room && !slot.Held() {
		slot.SetLimit(room) // another goroutine of the slot has set it
	}
	return used >= room, true
}

// roomOf returns how much of its stack the goroutine, the caller, may use, of which it
// has used that much.
func (l *lookout) roomOf(id, used uintptr) uintptr {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.room.Load()
	if l.id.Load() != id || room <= self.Room {
		return self.Room
	}
	if room > maxRoom && used+more+excursion < room {
		// It is not as deep any more, or is not the same: ids are used again.
		room = self.Room
		l.room.Store(room)
	}
	if slot := self.SlotOf(id); slot.Limit() != min(room, maxRoom) {
		slot.SetLimit(room) // another goroutine of the slot has set it
	}
	return room
}

// forget ends what is known of a goroutine with that id: a new worker has it.
func (l *lookout) forget(id uintptr) {
	if l.id.Load() != id {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.become(0)
	self.SlotOf(id).SetLimit(self.Room)
}

// become makes it the lookout of another goroutine. The caller has the lock.
func (l *lookout) become(id uintptr) {
	l.id.Store(id)
	l.room.Store(self.Room)
	l.used, l.hops = 0, 0
}

// stays reports whether the goroutine, the caller, goes on where it is although its
// guard is low.
func (l *lookout) stays(id uintptr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.id.Load() != id {
		if l.room.Load() > self.Room {
			self.SlotOf(id).SetLimit(self.Room)
		}
		l.become(id)
	}
	room := l.room.Load()
	used := self.Used()
	if used < room {
		return false // nobody asked the guard
	}
	now := time.Since(start)
	if used-l.used+head > 2*head || now-l.last > soon { // not near it, on either side
		l.hops = 0
	}
	l.used, l.last = used, now
	if l.hops++; l.hops <= maxHops {
		return false
	}
	switch {
	case used > room+head && used < deepest:
		room = used + more
	case used < maxRoom:
		room = min(used+more, maxRoom)
	default:
		return false
	}
	l.hops = 0
	l.room.Store(room)
	self.SlotOf(id).SetLimit(room)
	return true
}
