package vstack

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/vstack-go/vstack/scheduler"
)

// A Stack is a virtual call stack: a chain of goroutines that each hold a
// segment of one recursion. Make one with [New], or let [Run] make it. A nil
// *Stack is valid and means plain recursion, so that a library can make vstack
// optional.
//
// A stack runs one thing at a time: a call of [Stack.Run] or [Grow] from
// outside starts a root call, and until that returns only the functions running
// in it may use the stack. A second goroutine that tries gets a clear error or
// panic. Several stacks are independent of each other, and a frame of one may
// use another.
type Stack struct {
	// The guard's own two words come first: Low reads nothing else.
	base  uintptr        // where the running segment starts, as an address; 0 when idle; the holder's
	limit atomic.Uintptr // bytes below base that it may use; 0 when interrupted

	state    atomic.Int32  // idle, running or closed
	requests atomic.Uint32 // what an interrupt asks for; see interrupt.go

	// The rest belongs to the holder of the baton.
	top   *segment // the running segment; nil when idle
	in    *frame   // the innermost Run frame
	sched *scheduler.Scheduler
	spare *segment // segments that have ended, linked by parent

	background *stackContext // for context.Background(), so that it costs nothing

	account *account // shared with the branches of a scope
	depth   int      // segments
	hops    int64
	anchors int64

	task *Task           // that steps the stack, if one does
	turn *scheduler.Turn // its place among branches, made when first needed

	idleMemory int64

	// For those who look from outside.
	id      uint64
	name    string
	made    time.Time
	onPanic func(Panic)
	asks    asks
}

// An account is the memory of a stack, as its segments are charged with it.
type account struct {
	max  int64 // bytes; 0: no limit
	used int64

	active   int   // segments that run or wait
	segments int64 // that were entered
	counts   counts

	budget *Budget // nil: none
	drawn  int64   // from the budget, for workers that run or are idle
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
		sched:      new(scheduler.Scheduler),
		account:    &account{max: o.maxMemory, budget: o.budget},
		idleMemory: o.idleMemory,
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
// Run or Grow after Close fails with [ErrClosed]. Close may be called again and
// from any goroutine, but not while the stack runs: it panics then. For a nil
// stack it does nothing. A stack that [Run], a [Pool] or a [Group] made is closed
// by them.
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
	s.sched.Trim(s.idleMemory)
	s.account.settle(s.sched.Stats().Bytes)
	if s.spare != nil {
		s.spare.parent = nil
	}
	s.sched.Forget()
	s.state.Store(idle)
	s.answerIdle()
}

// stackContext is the context that a frame's function gets: the caller's, which
// also knows the stack.
type stackContext struct {
	context.Context
	stack *Stack
}

type stackKey struct{}

func (c *stackContext) Value(key any) any {
	if key == (stackKey{}) {
		return c.stack
	}
	return c.Context.Value(key)
}

// FromContext returns the stack whose frame ctx was given to, by [Run] or
// [Stack.Run]; also if ctx is derived from such a context. It costs a look-up
// as [context.Context.Value] does: call it once, at the start of a recursion,
// and not in every frame. It reports false, with a nil stack, which may be used
// as one, if ctx knows no stack or is nil.
func FromContext(ctx context.Context) (*Stack, bool) {
	if ctx == nil {
		return nil, false
	}
	if c, ok := ctx.(*stackContext); ok {
		return c.stack, true
	}
	s, ok := ctx.Value(stackKey{}).(*Stack)
	return s, ok
}
