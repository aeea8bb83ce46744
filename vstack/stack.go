package vstack

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// A Stack is a virtual call stack: a chain of goroutines that each hold a
// segment of one recursion. Make one with [New], or let [Run] make it. A nil
// *Stack is valid and means plain recursion, so that a library can make vstack
// optional.
//
// A stack runs one thing at a time: a call of [Stack.Run] or [Stack.Do] from
// outside starts a root call, and until that returns only the functions running
// in it may use the stack. Run tells a second goroutine that tries so, by an error;
// guards with the stack go on as those without one do. Several stacks are independent
// of each other, and a frame of one may use another.
//
// The states of a stack:
//
//	state    from            by                                 who has the baton
//	idle     new, running    New; a root call ends              nobody
//	running  idle, away      a root call, Start; Await ends     the goroutine in runs, a branch, who steps it
//	away     running         Await begins                       a branch, who steps it, or nobody
//	closed   idle            Close, the end of the function Run, the pool    nobody
//
// The branches of a scope are stacks as well. They share the baton, and are running
// from Scope.Go to their end, away in Await, then closed.
type Stack struct {
	// The guard's own two words come first: Low reads nothing else.
	base  uintptr // where the stack of the running segment's goroutine begins; 0 when idle; the holder's
	limit uintptr // bytes below base that it may use; 0 when interrupted; atomic

	state    atomic.Int32   // idle, running, away or closed
	throws   atomic.Bool    // the top segment has thrown; see unwind.go
	requests atomic.Uint32  // what an interrupt asks for; see interrupt.go
	runs     atomic.Uintptr // the id of the goroutine that runs the top segment; 0: none does
	mark     mark

	// The rest belongs to the holder of the baton.
	top    *segment // the running segment; nil when idle
	in     *frame   // the innermost Run frame
	sched  *scheduler.Scheduler
	spare  *segment // segments that have ended, linked by parent
	thrown thrown   // see unwind.go

	overflowed *Trace // of the last overflow, while it unwinds

	background *stackContext // for context.Background(), so that it costs nothing

	account  *account // shared with the branches of a scope
	depth    int      // segments
	frames   int      // of Run
	hops     int64
	splits   int64
	reserved bool // the reserve segment is in use

	task   *task           // that steps the stack, if one does
	turn   *scheduler.Turn // its place among branches, made when first needed
	pooled *pooled         // an ambient stack's place in the default pool

	idleMemory int64
	caller     uintptr     // the id of the goroutine that made the root call
	guest      atomic.Bool // the root call runs in a bubble: no worker is to outlive it
	ambient    bool        // of the default pool

	// For those who look from outside.
	id      uint64
	name    string
	made    time.Time
	onPanic func(Panic)
	asks    asks
}

const (
	idle int32 = iota
	running
	away // in Await, without the baton
	closed
)

// New makes an idle stack. It starts no goroutine; the first call on it does.
// Call [Stack.Close] when it is no longer needed: a stack keeps idle workers
// between root calls, up to [WithIdleMemory]. One that is dropped without Close
// is found by the garbage collector, which then ends its workers.
//
// New panics if an option is out of its range.
func New(opts ...Option) *Stack {
	s := newStack(collect(opts))
	s.register()
	// A parked worker refers to the scheduler and not to the stack, so the
	// stack can be collected while they wait. The same goes for the account.
	runtime.AddCleanup(s, func(r resources) { r.free() }, s.resources())
	return s
}

func newStack(o *options) *Stack {
	s := &Stack{
		sched:      &scheduler.Scheduler{Ended: retired},
		account:    &account{max: o.maxMemory, lent: defaults(), budget: o.budget},
		idleMemory: o.idleMemory,
		ambient:    o.ambient,
		name:       o.name,
		onPanic:    o.onPanic,
	}
	if s.idleMemory < 0 {
		s.idleMemory = stackIdleMemory
	}
	return s
}

// resources are what an idle stack holds beyond its own memory.
type resources struct {
	sched   *scheduler.Scheduler
	account *account
	id      uint64
}

func (s *Stack) resources() resources { return resources{s.sched, s.account, s.id} }

func (r resources) free() {
	r.sched.Close()
	r.account.settle(0)
	unregister(r.id)
}

// Close ends the stack's parked goroutines; none of its own is left. A call of
// Run after Close fails with [ErrClosed]; guards with the stack do what those without
// one do. Close may be called again and from any goroutine, but not while the stack
// runs: it panics then. For a nil stack it does nothing. A stack that [Run], a [Pool]
// or a [Group] made is closed by them.
func (s *Stack) Close() {
	if s == nil {
		return
	}
	if !s.end() && s.state.Load() != closed {
		panic(misuse("Close while the stack is running; close it after the root call has returned"))
	}
}

// end closes the stack if it is idle.
func (s *Stack) end() bool {
	if !s.state.CompareAndSwap(idle, closed) {
		return false
	}
	s.resources().free()
	return true
}

// claim makes the calling goroutine the holder of an idle stack's baton.
func (s *Stack) claim() error {
	if s.state.CompareAndSwap(idle, running) {
		s.caller, _, _ = self.Bounds()
		guest := inBubble()
		if s.guest.Load() != guest { // a store would cost every root call some nanoseconds
			s.guest.Store(guest)
		}
		if guest {
			s.sched.Trim(0) // workers from outside know another time
			s.turn = nil    // and while one waits for a channel from outside time stands still
		}
		return nil
	}
	switch s.state.Load() {
	case closed:
		return ErrClosed
	case away:
		return misuse("used inside Await, or by a second goroutine, while the baton is released; use it after Await has returned")
	}
	return misuse("used by a second goroutine while it is running; give every goroutine a stack of its own")
}

// release gives the baton of a root call back.
func (s *Stack) release() {
	keep := s.idleMemory
	if s.guest.Load() {
		keep = 0
		s.turn = nil
	}
	s.sched.Trim(keep)
	s.account.settle(s.sched.Stats().Bytes)
	if s.spare != nil {
		s.spare.parent = nil
	}
	s.overflowed = nil
	s.sched.Forget()
	s.state.Store(idle)
	s.answerIdle()
	if s.pooled != nil {
		putAmbient(s.pooled)
	}
}
