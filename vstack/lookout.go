package vstack

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// A lookout is for goroutines that run on no stack: it remembers one's hops to ambient
// stacks, so that a hot split is noticed; see room.go. There is one for each slot, for the
// goroutine that hopped last. Its lock is for those who change it.
type lookout struct {
	mu   sync.Mutex
	id   atomic.Uintptr
	room atomic.Uintptr
	hi   atomic.Uintptr // of the stack that room past maxRoom is for
	used uintptr        // at the last hop
	hops int            // from about there, one soon after the other
	last time.Duration
}

// soon is how far apart the hops of a hot split are at most: as long as some hundred hops
// take. Code that works longer than that between two of them gains little by more room.
// And the goroutine may be another one: the runtime uses g's again. In a server whose
// requests are all a little too deep, each hops once, from the same depth of the same g.
const soon = 200 * time.Microsecond

var start = time.Now() // of the lookouts' clock

var lookouts [self.Slots]lookout

func lookoutOf(id uintptr) *lookout { return &lookouts[self.SlotOf(id)] }

// is reports whether what is remembered is of this goroutine, the caller, whose stack
// begins at hi.
func (l *lookout) is(id, hi uintptr) bool {
	return l.id.Load() == id && (l.room.Load() <= maxRoom || l.hi.Load() == hi)
}

// deep reports whether the goroutine, the caller, has more room than workers can have,
// and if so whether its guard is low. It is quick, no lock and no search for a stack,
// since each of its guards may ask.
func (l *lookout) deep(id, hi uintptr) (low, ok bool) {
	room := l.room.Load()
	if room <= maxRoom || l.id.Load() != id || l.hi.Load() != hi {
		return false, false
	}
	return self.Used() >= room, true
}

// roomOf returns how much of its stack the goroutine, the caller, may use.
func (l *lookout) roomOf(id, hi uintptr) uintptr {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.room.Load()
	if !l.is(id, hi) || room <= self.Room {
		return self.Room
	}
	if self.SlotOf(id).Limit() < min(room, maxRoom) {
		self.SlotOf(id).SetLimit(room) // another goroutine of the slot has set it
	}
	return room
}

// forget forgets the goroutine that had this id: a new worker has it now.
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
func (l *lookout) stays(id, hi uintptr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.is(id, hi) {
		if l.room.Load() > self.Room {
			self.SlotOf(id).SetLimit(self.Room)
		}
		l.become(id)
	}
	room, used := l.room.Load(), self.Used()
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
	l.hops = 0
	if panicking(atHand) { // it hops on: further down the panic would be out of sight
		return false
	}
	switch {
	case used < maxRoom:
		room = min(used+more, maxRoom)
	case used > l.unguarded(id) && used < deepest:
		room = used + muchMore
	default:
		return false
	}
	l.hi.Store(hi)
	l.room.Store(room)
	self.SlotOf(id).SetLimit(room)
	return true
}

// unguarded returns a native depth that the goroutine, the caller, can only pass if code
// above it recurses without guards.
func (l *lookout) unguarded(id uintptr) uintptr {
	if room := l.room.Load(); room <= maxRoom && workerOf(id) == nil { // in Await, a worker
		return room + head
	}
	return max(l.room.Load(), maxRoom) + excursion
}
