package vstack

import (
	"context"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// Check notices what a guard notices, in places that pass none: loops, and the way
// back up of a recursion, when functions return and each still works on the result, as
// a printer that puts its parts together does. If the context of the enclosing
// [Stack.Run] is done it panics with a [*CanceledError], which that Run or [Catch] turns
// into an error; it answers those who want a trace, and ends the step of a task whose
// time is up. Otherwise it does nothing.
//
//	func (p *printer) text(n *Node) string {
//		if vstack.Low() {
//			return vstack.Grow(func() string { return p.text(n) })
//		}
//		...
//		inner := p.text(n.inner)
//		vstack.Check() // the next line copies all that is below
//		return "(" + inner + ")"
//	}
//
// It may be called on any goroutine; on one that runs on no [Stack], and while frames
// unwind, it does nothing. It costs what [Low] costs, about 1 ns.
func Check() {
	if Low() {
		served()
	}
}

// served serves what is asked of the stack that the calling goroutine runs on.
//
//go:noinline
func served() {
	if s := Current(); s != nil && s.requests.Load() != 0 {
		s.serve()
	}
}

// Check is [Check] for those who hold the stack; it costs what [Stack.Low] costs. On a
// goroutine that the stack does not run on it is [Check], and for a nil stack it does
// nothing.
func (s *Stack) Check() {
	if s.Low() {
		s.served()
	}
}

//go:noinline
func (s *Stack) served() {
	switch {
	case !self.Supported:
		if s.requests.Load() != 0 && s.state.Load() == running {
			s.serve()
		}
	case !s.holds():
		Check()
	case s.requests.Load() != 0:
		s.serve()
	}
}

// serve serves the requests, on the goroutine that holds the baton. It panics if the
// frame's context is done, but not while the stack unwinds.
func (s *Stack) serve() {
	// First take the bits, then look: what comes after that sets them again.
	taken := s.requests.Swap(0)
	if taken&traceWanted != 0 {
		s.answer()
	}
	if taken&stepDue != 0 && s.task != nil {
		s.task.due.Store(false)
		s.calm()
		s.pause()
	}
	s.check()
	s.calm()
}

// check panics if the innermost frame's context is done. It asks the context itself: the
// goroutine that is to interrupt the stack then may not have run yet.
func (s *Stack) check() {
	if f := s.in; !s.unwinding() && f != nil && f.done != nil && f.root.Err() != nil {
		happened.canceled.Add(1)
		s.throw(&CanceledError{cause: context.Cause(f.root), stack: s})
	}
}
