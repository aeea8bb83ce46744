package vstack

import (
	"context"
	"runtime/trace"

	"github.com/vstack-go/vstack/scheduler"
)

// A Scope runs branches of a recursion on one baton; see [Stack.Scope]. It is used
// by fn and the branches alone, and not after Scope has returned.
type Scope struct {
	stack   *Stack
	ctx     context.Context
	cancel  context.CancelCauseFunc
	pending int  // branches that have not ended
	waits   bool // the scope's frame waits for the last of them
	over    bool // Scope has returned
	err     error
	out     scheduler.Outcome
}

// Scope calls fn, which starts branches with [Scope.Go], and returns when fn and
// all the branches have ended. Branches share the stack's baton: one runs at a
// time, and another goes on only where the one that runs calls [Stack.Yield] or
// [Await] or ends. The order is fixed, first ready, first run, so branches need
// no locks among themselves. They share the stack's memory limit as well.
//
// Scope returns the first error, of fn or of a branch; it cancels the others:
// their context, and that of fn's frame below Scope, is done. A panic or Goexit
// of a branch continues in the caller of Scope once all have ended.
//
// Scope must be called in a frame of the stack, and panics elsewhere, for a nil
// stack (branches need a stack each) and if fn or ctx is nil. A branch runs on a
// goroutine of its own, started for it or idle, as a call of [Stack.Run] does.
func (s *Stack) Scope(ctx context.Context, fn func(scope *Scope) error) error {
	if fn == nil {
		panic(misuse("Scope: fn is nil"))
	}
	if ctx == nil {
		panic(misuse("Scope: ctx is nil; use context.Background()"))
	}
	if s == nil || !s.holds() {
		panic(misuse("Scope outside a frame of the stack; call it inside Run"))
	}
	c := &Scope{stack: s}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	defer c.cancel(nil)
	defer func() { c.over = true }()
	err := c.call(fn)
	c.out.Repeat()
	return err
}

// call runs fn and waits for the branches, also if fn panics.
func (c *Scope) call(fn func(*Scope) error) error {
	ok := false
	defer func() {
		if !ok {
			c.cancel(context.Canceled)
			c.wait()
		}
	}()
	err := fn(c)
	ok = true
	if err != nil {
		c.fail(err)
	}
	c.wait()
	return c.err
}

// wait runs the branches until all have ended.
func (c *Scope) wait() {
	s := c.stack
	if c.pending > 0 {
		s.loadAnyway()
	}
	c.waits = true
	for c.pending > 0 {
		s.sched.Wait(s.place())
		s.resumed()
	}
}

// fail keeps the first error and cancels the branches.
func (c *Scope) fail(err error) {
	if c.err == nil {
		c.err = err
		c.cancel(err)
	}
}

// Go starts a branch: fn, with a stack of its own for its recursion. It runs
// when its turn comes, not before the caller has given up the baton. A branch
// that was canceled before its turn does not call its function; fn's error, also
// an overflow, is one that [Stack.Scope] may return. Like a guard Go notices that the
// context of the caller's frame is done, and panics with a [*CanceledError] then.
//
// Go may be called by fn of [Stack.Scope] and by branches, until Scope has
// returned: it panics then, and if fn is nil.
func (c *Scope) Go(fn func(ctx context.Context, stack *Stack) error) {
	if fn == nil {
		panic(misuse("Scope.Go: fn is nil"))
	}
	if c.over {
		panic(misuse("Scope.Go after Scope has returned"))
	}
	parent := c.stack
	if s := Current(); s != nil && s.sched == parent.sched {
		s.check()
		s.load()
	}
	s := &Stack{
		sched:   parent.sched,
		account: parent.account,
		task:    parent.task,
		name:    parent.name,
		onPanic: parent.onPanic,
	}
	s.state.Store(running)
	c.pending++
	err := s.branch(c.ctx, func(ctx context.Context) error { return fn(ctx, s) },
		func(err error, out scheduler.Outcome) *scheduler.Turn {
			s.state.Store(closed)
			s.answerIdle()
			c.ended(err, out)
			return nil
		})
	if err != nil {
		s.state.Store(closed)
		c.ended(err, scheduler.Outcome{})
	}
}

// ended counts a branch that has ended.
func (c *Scope) ended(err error, out scheduler.Outcome) {
	if err != nil {
		c.fail(err)
	}
	if !out.Returned() {
		if c.out.Returned() {
			c.out = out
		}
		c.cancel(context.Canceled)
	}
	c.pending--
	if c.pending == 0 && c.waits {
		c.stack.sched.Ready(c.stack.turn)
	}
}

// branch makes fn the root frame of s, at the end of the ready queue. Its end is
// reported to done, on its own goroutine.
func (s *Stack) branch(ctx context.Context, fn func(context.Context) error, done func(error, scheduler.Outcome) *scheduler.Turn) error {
	// Not the reserve: each branch is a stack, and has one. The error piles up on nothing.
	g, err := s.segment(scheduler.Small, false)
	if err != nil {
		return err
	}
	g.frame.fn = func(ctx context.Context) error {
		s.resumed()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fn(ctx)
	}
	g.frame.ctx, g.frame.root = s.context(ctx)
	if trace.IsEnabled() {
		done = s.branchTraced(g, done)
	}
	s.sched.Go(&scheduler.Branch{Job: g, Size: g.size, Done: func(out scheduler.Outcome) *scheduler.Turn {
		err := g.frame.err
		if value, ok := out.Panicked(); ok {
			if e := s.unwound(value); e != nil {
				err, out = e, out.Recovered()
			}
		}
		return done(err, out)
	}})
	return nil
}
