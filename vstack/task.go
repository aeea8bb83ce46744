package vstack

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/vstack-go/vstack/scheduler"
)

// A Task is a root call that its caller runs in steps. The goroutine that calls
// Step holds the stack's baton between steps, so the task's methods must not be
// called by two goroutines at once.
//
// A task that was started has to be finished, by Step until it is done, by Wait
// or by Cancel; until then its stack is in use and its goroutines are parked.
// Make one with [Stack.Start].
type Task struct {
	stack  *Stack
	cancel context.CancelFunc
	turn   *scheduler.Turn // the stepper's
	every  bool            // give the baton back at every hop and Yield
	due    atomic.Bool     // give it back at the next guard
	done   bool
	err    error
	out    scheduler.Outcome

	// running is the stack, of those that share the baton, that has it: the
	// one whose guard StepFor has to poison.
	running atomic.Pointer[Stack]
}

// Start makes fn the root frame of an idle stack, to be run in steps; nothing of
// it runs before the first. It panics if the stack is closed or in use, and if
// fn or ctx is nil; unlike Run it needs a stack, so it panics for a nil one. If
// the memory limit or ctx does not allow it to begin, [Task.Wait] has the error.
func (s *Stack) Start(ctx context.Context, fn func(ctx context.Context) error) *Task {
	checkCall("Start", ctx, fn)
	if s == nil {
		panic(misuse("Start: the stack is nil, and plain recursion cannot be run in steps"))
	}
	switch err := s.claim(); err {
	case nil:
	case ErrClosed:
		panic(err)
	default:
		panic(misuse("Start: the stack is in use; start the task on a stack of its own"))
	}
	ctx, cancel := context.WithCancel(ctx)
	t := &Task{stack: s, cancel: cancel, turn: scheduler.NewTurn()}
	s.task = t
	err := s.branch(ctx, fn, func(err error, out scheduler.Outcome) *scheduler.Turn {
		t.err, t.out, t.done = err, out, true
		return t.turn
	})
	if err != nil {
		t.err = err
		t.end()
	}
	return t
}

// Step runs the task until its next hop, [Stack.Yield] or return, and reports
// whether it has ended. A panic that leaves the task's root frame continues in
// the call of Step, and so does Goexit. After the task has ended Step does
// nothing, and [Task.Wait] returns the error. A step costs two goroutine
// switches.
func (t *Task) Step() (done bool) {
	t.resume(true)
	return t.done
}

// StepFor runs the task for about d, or until it ends, and reports whether it
// has ended. It takes the baton back at the first guard after d: within a
// millisecond as long as guards are passed that often. A Yield within d only
// lets other branches run. Panics and Goexit are as in [Task.Step].
func (t *Task) StepFor(d time.Duration) (done bool) {
	t.due.Store(false)
	timer := time.AfterFunc(d, func() {
		t.due.Store(true)
		if s := t.running.Load(); s != nil {
			s.interrupt(stepDue)
		}
	})
	t.resume(false)
	timer.Stop()
	return t.done
}

// Wait runs the task to its end and returns what [Stack.Run] would; a panic and
// Goexit continue in the caller. It may be called again, also after Step or
// Cancel has ended the task, and returns the same error.
func (t *Task) Wait() error {
	t.due.Store(false)
	for !t.done {
		t.resume(false)
	}
	return t.err
}

// Cancel cancels the context of the task and runs it to its end: its frames
// unwind from the next guard on, with their deferred calls run. It returns what
// Wait returns, usually [context.Canceled]. If the task was never stepped its
// function is not called.
func (t *Task) Cancel() error {
	t.cancel()
	return t.Wait()
}

// Depth returns how many segments the task's recursion is deep, branches left
// out; 0 before the first step and after the last. It is for the goroutine that
// steps the task, and costs nothing.
func (t *Task) Depth() int { return t.stack.depth }

// resume gives the baton to the task and waits until it comes back.
func (t *Task) resume(every bool) {
	if t.done {
		return
	}
	t.every = every
	t.stack.sched.Wait(t.turn)
	if t.done {
		t.end()
	}
}

// end frees the stack after the task.
func (t *Task) end() {
	t.done = true
	t.cancel()
	t.stack.task = nil
	defer t.stack.release()
	out := t.out
	t.out = scheduler.Outcome{}
	t.stack.repeat(out)
}

// pause gives the baton back to the stepper until the next step. The stack goes
// on before any branch that waits.
func (s *Stack) pause() {
	before := here()
	s.sched.ReadyFirst(s.place())
	s.sched.Switch(s.turn, s.task.turn)
	s.resumed()
	s.rebase(here() - before)
}

// place returns the stack's own turn.
func (s *Stack) place() *scheduler.Turn {
	if s.turn == nil {
		s.turn = scheduler.NewTurn()
	}
	return s.turn
}

// resumed notes that the stack has the baton again.
func (s *Stack) resumed() {
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
// returns at once. Like a guard it notices that the context is done, and panics
// with a [*CanceledError] then, which the nearest Run turns into an error. It must
// be called in a frame of the stack and panics elsewhere; for a nil stack it does
// nothing.
func (s *Stack) Yield() {
	if s == nil {
		return
	}
	if s.state.Load() != running || !s.holds() {
		panic(misuse("Yield outside a frame of the stack; call it inside Run"))
	}
	before := here()
	if t := s.task; t != nil && t.every {
		s.sched.Ready(s.place())
		s.sched.Switch(s.turn, t.turn)
	} else {
		s.sched.Yield(s.place())
	}
	s.resumed()
	s.rebase(here() - before)
	if s.requests.Load() != 0 {
		s.interrupted()
	}
}
