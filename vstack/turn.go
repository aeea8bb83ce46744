package vstack

import "github.com/vstack-go/vstack/scheduler"

// Giving the baton up and getting it back: to a stepper, and to the branches that
// share it.

// place returns the stack's own turn.
func (s *Stack) place() *scheduler.Turn {
	if s.turn == nil {
		s.turn = scheduler.NewTurn()
	}
	return s.turn
}

// pause gives the baton back to the stepper until the next step. The stack goes
// on before any branch that waits.
func (s *Stack) pause() {
	s.sched.ReadyFirst(s.place())
	s.sched.Switch(s.turn, s.task.turn)
	s.resumed()
}

// resumed notes that the stack has the baton again, on the goroutine that runs it.
func (s *Stack) resumed() {
	if s.top != nil {
		s.rebase()
	}
	if f := s.in; f != nil && f.done != nil && f.root.Err() != nil {
		s.interrupt(canceled) // who watches it may not have run yet
	}
	t := s.task
	if t == nil {
		return
	}
	t.running.Store(s)
	if t.due.Load() { // StepFor's time ran out in between
		s.interrupt(stepDue)
	}
}

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
