package vstack

import "runtime/trace"

// Yield lets others run: in a task that is stepped it ends the step, otherwise
// the branches of the same baton that are ready run first. With neither it
// returns at once. Like a guard it notices that the context is done, before and
// after, and panics with a [*CanceledError] then, which the nearest Run turns into an
// error; and that the stack has grown past its limit, and panics with an
// [*OverflowError]. It must be called in a frame of the stack and panics elsewhere; for
// a nil stack it does nothing.
func (s *Stack) Yield() {
	if s == nil {
		return
	}
	if !s.holds() {
		panic(misuse("Yield outside a frame of the stack; call it inside Run"))
	}
	s.check()
	s.load()
	if t := s.task; t != nil && t.every {
		s.sched.Ready(s.place())
		s.sched.Switch(s.turn, t.turn)
	} else {
		s.sched.Yield(s.place())
	}
	s.resumed()
	if s.requests.Load() != 0 {
		s.serve()
	}
}

// Await runs fn, which may block, with the baton released, so that other
// branches of the stack run meanwhile; it returns fn's results once it has the
// baton again. fn runs on the caller's goroutine and must not use the stack: it
// gets the error of a second goroutine if it does, and guards in it go on as they do
// on a goroutine that runs on no stack. A panic in fn continues after the baton has
// come back. Like a guard Await notices that the context is done, before it calls fn,
// and panics with a [*CanceledError] then, and with an [*OverflowError] if the stack has
// grown past its limit; what is done while fn runs is noticed at the next guard.
//
// Await must be called in a frame of the stack, and panics elsewhere and if fn is
// nil; for a nil stack it calls fn. Without branches nobody else runs meanwhile.
// It costs about 100 ns, and the wait for the other branches to give up the baton.
// A context that is done does not end fn: give fn one that it heeds.
//
// Branches that wait for each other in Await wait for ever. [Stats] shows it, with
// as many Awaiting as there are branches, and so do the regions "vstack await" of
// an execution trace, and Go's traceback of all goroutines.
func Await[R any](s *Stack, fn func() (R, error)) (R, error) {
	if fn == nil {
		panic(misuse("Await: fn is nil"))
	}
	if s == nil {
		return fn()
	}
	if !s.holds() {
		panic(misuse("Await outside a frame of the stack; call it inside Run"))
	}
	s.check()
	s.load()
	s.goAway()
	defer s.back()
	if trace.IsEnabled() {
		defer trace.StartRegion(s.regions(), "vstack await").End()
	}
	return fn()
}

// goAway gives the baton up for a call of Await.
func (s *Stack) goAway() {
	s.place()
	s.account.counts.awaiting.Add(1)
	s.state.Store(away)
	s.moved(0)
	s.sched.Release()
}

// back takes it again.
func (s *Stack) back() {
	s.sched.Acquire(s.turn)
	s.account.counts.awaiting.Add(-1)
	s.state.Store(running)
	s.moved(s.top.id)
	s.resumed()
}
