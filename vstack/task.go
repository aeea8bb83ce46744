package vstack

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/vstack-go/vstack/scheduler"
)

// A Task is a root call that its caller runs in steps. The goroutine that calls
// Step holds the stack's baton between steps, so the task's methods must not be
// called by two goroutines at once, nor by the task's own frames: they panic there.
//
// A task that was started has to be finished, by Step until it is done, by Wait
// or by Cancel; until then its stack is in use and its goroutines are parked. One
// that is dropped is found by the garbage collector and canceled, so that its
// deferred calls run. Make one with [Stack.Start].
type Task struct {
	*task
}

// A task is what the stack, and with it the frames, know of a Task: they must not
// keep that alive.
type task struct {
	stack  *Stack
	cancel context.CancelFunc
	turn   *scheduler.Turn // the stepper's
	ready  chan struct{}   // gets a value when somebody can go on
	every  bool            // give the baton back at every hop and Yield
	due    atomic.Bool     // give it back at the next guard
	done   bool
	bubble bool // it was started in one; see bubble.go
	err    error
	out    scheduler.Outcome

	// running is the stack, of those that share the baton, that has it: the
	// one that StepFor interrupts.
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
	t := &task{stack: s, cancel: cancel, turn: scheduler.NewTurn(), ready: make(chan struct{}, 1), bubble: s.guest.Load()}
	s.task = t
	s.sched.Home(t.turn, t.ready)
	err := s.branch(ctx, fn, func(err error, out scheduler.Outcome) *scheduler.Turn {
		t.err, t.out, t.done = err, out, true
		return t.turn
	})
	if err != nil {
		t.err = err
		t.end()
	}
	public := &Task{t}
	runtime.AddCleanup(public, func(t *task) { t.dropped() }, t)
	return public
}

// dropped ends a task that nobody can end any more. It is called on the goroutine of
// all cleanups, which must not wait, and which is in no bubble: a task that was dropped in
// one is left to it, and it reports that its goroutines are blocked.
func (t *task) dropped() {
	if t.done || t.bubble {
		return
	}
	go func() {
		// Nobody is there to be told of a panic of a deferred call.
		defer func() { _ = recover() }()
		t.cancel()
		_ = t.wait()
	}()
}

// Step runs the task until its next hop, [Stack.Yield] or return, and reports
// whether it has ended. If all its branches are in [Await] it returns as well;
// [Task.Ready] tells when one can go on. A panic that leaves the task's root frame
// continues in the call of Step, and so does Goexit. After the task has ended Step
// does nothing, and [Task.Wait] returns the error. A step costs two goroutine
// switches.
func (t *Task) Step() (done bool) {
	t.outside("Step")
	defer runtime.KeepAlive(t)
	t.resume(true)
	return t.done
}

// Ready returns a channel that gets a value when the task can go on after a Step
// that found all its branches in [Await], or has ended. It may have one although the
// task can not, so call Step in a loop:
//
//	for !task.Step() {
//		select {
//		case <-task.Ready():
//		case <-other:
//			...
//		}
//	}
//
// A task that can go on is ready at once. Ready is for the goroutine that steps the
// task and costs some nanoseconds.
func (t *Task) Ready() <-chan struct{} {
	if t.done || t.stack.sched.Waiting() {
		select {
		case t.ready <- struct{}{}:
		default:
		}
	}
	return t.ready
}

// StepFor runs the task for about d, or until it ends, and reports whether it
// has ended. It takes the baton back at the first guard after d: within a
// millisecond as long as guards are passed that often. While all branches are in
// [Await] it waits, until d is over. A Yield within d only lets other branches run.
// Panics and Goexit are as in [Task.Step].
func (t *Task) StepFor(d time.Duration) (done bool) {
	t.outside("StepFor")
	defer runtime.KeepAlive(t)
	t.due.Store(false)
	over := make(chan struct{})
	timer := time.AfterFunc(d, func() {
		close(over)
		t.due.Store(true)
		if s := t.running.Load(); s != nil {
			s.interrupt(stepDue)
		}
	})
	defer timer.Stop()
	for {
		t.resume(false)
		if t.done {
			return true
		}
		select {
		case <-over:
			return false
		default:
		}
		// The baton came back before its time: nobody could go on.
		if !t.idles() {
			continue
		}
		select {
		case <-t.ready:
		case <-over:
			return false
		}
	}
}

// Wait runs the task to its end and returns what [Stack.Run] would; a panic and
// Goexit continue in the caller. It may be called again, also after Step or
// Cancel has ended the task, and returns the same error.
func (t *Task) Wait() error {
	t.outside("Wait")
	defer runtime.KeepAlive(t)
	return t.wait()
}

func (t *task) wait() error {
	t.due.Store(false)
	for !t.done {
		t.resume(false)
		if t.idles() {
			<-t.ready
		}
	}
	return t.err
}

// Cancel cancels the context of the task and runs it to its end: its frames
// unwind from the next guard on, with their deferred calls run. It returns what
// Wait returns, usually [context.Canceled]. If the task was never stepped its
// function is not called.
func (t *Task) Cancel() error {
	t.outside("Cancel")
	defer runtime.KeepAlive(t)
	t.cancel()
	return t.wait()
}

// Depth returns how many segments the task's recursion is deep, branches left
// out; 0 before the first step and after the last. It is for the goroutine that
// steps the task, and costs nothing.
func (t *Task) Depth() int { return t.stack.depth }

// outside panics if the caller is a frame of the task, which would wait for itself.
func (t *Task) outside(name string) {
	if s := Current(); s != nil && s.task == t.task && !t.done {
		panic(misuse("Task." + name + " called by a frame of the task, which would wait for itself; call it where the task was started"))
	}
}

// idles reports whether the task has not ended and nothing of it can go on now. The
// caller holds the baton.
func (t *task) idles() bool { return !t.done && !t.stack.sched.Waiting() }

// resume gives the baton to the task and waits until it comes back.
func (t *task) resume(every bool) {
	if t.done {
		return
	}
	select {
	case <-t.ready: // what it tells is old now
	default:
	}
	t.every = every
	t.stack.sched.Wait(t.turn)
	if t.done {
		t.end()
	}
}

// end frees the stack after the task.
func (t *task) end() {
	t.done = true
	t.cancel()
	t.stack.task = nil
	t.stack.sched.Home(nil, nil)
	defer t.stack.release()
	out := t.out
	t.out = scheduler.Outcome{}
	t.stack.repeat(nil, out)
}
