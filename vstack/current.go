package vstack

import (
	"sync"

	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// Which stack does the calling goroutine run on? Workers enter themselves in a table
// when they run their first job, and leave it when they have run the last; what a
// worker runs in between is in the worker. So a parked worker does not keep a stack
// alive. Only slow paths look here. Several locks, since workers start on all
// processors at once.
var workers [64]struct {
	mu sync.Mutex
	by map[uintptr]*scheduler.Worker // by their goroutines' ids
	_  [48]byte                      // to the end of the cache line
}

// working notes that w runs on the calling goroutine, which has this id. By the link
// other copies of the library in the binary can follow who waits for whom; see package
// self.
func working(id uintptr, w *scheduler.Worker) self.Link {
	link := self.Enter(id)
	t := &workers[self.SlotOf(id)%64]
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[uintptr]*scheduler.Worker{}
	}
	t.by[id] = w
	return link
}

// retired notes that the calling goroutine, a worker, runs no more jobs.
func retired(*scheduler.Worker) {
	id, _, _ := self.Bounds()
	self.Leave(id)
	t := &workers[self.SlotOf(id)%64]
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, id)
}

// workerOf returns the worker that runs on the goroutine with this id, of any stack, or
// nil.
func workerOf(id uintptr) *scheduler.Worker {
	t := &workers[self.SlotOf(id)%64]
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by[id]
}

// current returns the stack whose top segment runs on the goroutine with this id, or
// nil. Call it on that goroutine, or on one that it waits for.
func current(id uintptr) *Stack {
	w := workerOf(id)
	if w == nil {
		return nil
	}
	// The worker's job is that goroutine's own.
	if g, ok := w.Job().(*segment); ok && g.stack.runsOn(id) {
		return g.stack
	}
	return nil
}

// waiting returns the stack whose top segment's goroutine waits for the calling one,
// which is a worker of another copy of the library, or nil.
func waiting(id uintptr) *Stack {
	for {
		waiter, ok := self.Waiter(id)
		if !ok {
			return nil
		}
		if s := current(waiter); s != nil {
			return s
		}
		id = waiter
	}
}

// Current returns the stack that the calling goroutine runs a segment of, or nil if it
// runs on none; also nil inside [Await], where the stack may not be used, and where
// [Supported] is false. Inside the function given to [Grow] by a goroutine that runs on
// no stack it is the ambient one. It may be called on any goroutine and costs about 30
// ns.
func Current() *Stack {
	if !self.Supported {
		return nil
	}
	id, _, _ := self.Bounds()
	return current(id)
}

// runsOn reports whether the stack's top segment runs on the goroutine with this id.
// It may be called from any goroutine, and for any goroutine but the caller's the
// answer may be out of date.
func (s *Stack) runsOn(id uintptr) bool {
	if !self.Supported {
		return s.state.Load() == running && s.top != nil
	}
	return s.runs.Load() == id
}

// holds reports whether the calling goroutine runs the stack's top segment.
func (s *Stack) holds() bool {
	id, _, _ := self.Bounds()
	return s.runsOn(id)
}
