package vstack

import "context"

// Interrupts. Whoever wants something of a running stack sets a bit in requests
// and then the guard's limit to 0. The next guard is Low, wherever the recursion
// is, and the Grow that follows finds the request. That is how the Go runtime
// preempts goroutines, and it costs the guard nothing.
const (
	canceled    = 1 << iota // the context of a frame is done
	stepDue                 // StepFor wants the baton back
	traceWanted             // somebody waits for a trace
)

// interrupt may be called from any goroutine.
func (s *Stack) interrupt(request uint32) {
	s.requests.Or(request)
	s.limit.Store(0)
}

// interrupted serves the requests, on the goroutine that holds the baton. It
// panics if the frame's context is done.
func (s *Stack) interrupted() {
	// First take the bits, then look: what comes after that sets them again.
	taken := s.requests.Swap(0)
	if taken&traceWanted != 0 {
		s.answer()
	}
	if taken&stepDue != 0 && s.task != nil {
		s.task.due.Store(false)
		s.limit.Store(s.top.room)
		s.pause()
	}
	if f := s.in; f != nil && f.ctx.Err() != nil {
		s.interrupt(canceled) // until the frame has returned
		panic(&CanceledError{cause: context.Cause(f.ctx), stack: s})
	}
	s.limit.Store(s.top.room)
	if s.requests.Load() != 0 {
		s.limit.Store(0)
	}
}
