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
	s.rebase()
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
