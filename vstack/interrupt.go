package vstack

import (
	"sync"
	"sync/atomic"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// Interrupts. Whoever wants something of a running stack sets a bit in requests,
// then the handle's limit to 0, and marks the slot of the goroutine that runs the
// stack. The next guard of either form is low, wherever the recursion is, and the
// Grow that follows finds the request, and serves it; see check.go. That is how the Go
// runtime preempts goroutines, and it costs the guards nothing.
//
//	who asks                             the holder of the baton
//	--------                             -----------------------
//	sets a bit in requests               stores in runs which goroutine runs the stack
//	limit = 0                            looks at requests: if there are any,
//	looks at runs, marks its slot          moves the mark to that goroutine
//
// Each side stores first and looks then, so one of them sees the other.
const (
	canceled    = 1 << iota // the context of a frame is done
	stepDue                 // StepFor wants the baton back
	traceWanted             // somebody waits for a trace
)

// The guard names the word of its limit: one method call more would be too much to be
// inlined.
func (s *Stack) loadLimit() uintptr       { return atomic.LoadUintptr(&s.limit) }
func (s *Stack) storeLimit(limit uintptr) { atomic.StoreUintptr(&s.limit, limit) }

// interrupt may be called from any goroutine.
func (s *Stack) interrupt(request uint32) {
	s.requests.Or(request)
	s.storeLimit(0)
	s.remark()
}

// A mark is what a stack has in the table of limits while something is asked of it.
type mark struct {
	on   atomic.Bool
	mu   sync.Mutex
	slot self.Slot // if on
}

// remark brings the mark to where the stack runs, or takes it away if nothing is
// asked of the stack.
func (s *Stack) remark() {
	m := &s.mark
	m.mu.Lock()
	defer m.mu.Unlock()
	id := s.runs.Load()
	slot := self.SlotOf(id)
	wanted := id != 0 && s.asked()
	if m.on.Load() && (!wanted || m.slot != slot) {
		m.slot.Unmark()
		m.on.Store(false)
	}
	if wanted && !m.on.Load() {
		slot.Mark()
		m.slot = slot
		m.on.Store(true)
	}
}

// asked reports whether the next guard is to be low.
func (s *Stack) asked() bool { return s.requests.Load() != 0 || s.throws.Load() }

// moved notes which goroutine runs the stack now; 0 for none.
func (s *Stack) moved(id uintptr) {
	s.runs.Store(id)
	if s.asked() || s.mark.on.Load() {
		s.remark()
	}
}

// arm sets the handle's guard: low if something is asked of the stack.
func (s *Stack) arm(base, limit uintptr) {
	s.setBase(base)
	if s.loadLimit() != limit {
		s.storeLimit(limit)
	}
	// An interrupt that came in between has set its request first.
	if s.asked() {
		s.storeLimit(0)
	}
}

// rebase sets the handle's base after the goroutine was parked: the collector may have
// shrunk its stack, and so moved it.
func (s *Stack) rebase() {
	_, _, hi := self.Bounds()
	s.setBase(hi)
}

// calm sets the guards as they are when nothing is asked of the stack.
func (s *Stack) calm() {
	if s.top != nil {
		s.arm(s.base, s.top.room)
	}
	s.remark()
}
