package vstack

import (
	"context"

	"github.com/vstack-go/vstack/scheduler"
)

// Run makes a stack, runs fn as its root frame and closes the stack. The
// context that fn gets is ctx, from which [FromContext] finds the stack; the
// stack must not be used after Run has returned.
//
// Run returns what fn returns. If fn overflows or ctx is done, it returns the
// zero R and an error; see [Stack.Run]. A panic or [runtime.Goexit] in fn
// continues in the caller after the stack is closed. Run panics if fn or ctx is
// nil, or an option is out of its range.
//
// It may be called from any goroutine, also in a frame of another stack. With a
// cold start it costs a few microseconds: a program that makes many short calls
// keeps a stack of its own, or a [Pool].
func Run[R any](ctx context.Context, fn func(ctx context.Context, stack *Stack) (R, error), opts ...Option) (R, error) {
	if fn == nil {
		panic(misuse("Run: fn is nil"))
	}
	s := newStack(collect(opts))
	s.registerBound()
	defer s.Close()
	var r R
	err := s.Run(ctx, func(ctx context.Context) (err error) {
		r, err = fn(ctx, s)
		return err
	})
	return r, err
}

// Run calls fn as a new frame: on a goroutine of its own, started for it or
// taken from those that are idle. The caller parks until fn returns, so one
// frame of the stack runs at a time. The context that fn gets is ctx, from which
// [FromContext] finds the stack.
//
// Run returns fn's error as it is. It returns an [*OverflowError] if fn needed
// more memory than the stack's limit, and [context.Cause] of ctx if that was
// done before fn returned and the recursion noticed, which it does at its next
// guard. In both cases the frames have been unwound by a panic, with their
// deferred calls run. Other panics in fn, and [runtime.Goexit], continue in the
// caller with the same value. After [Stack.Close] it returns [ErrClosed], and
// to a goroutine that the stack does not run on an [ErrMisuse] that says so.
//
// The innermost frame's context counts: a frame given
// [context.WithoutCancel] finishes its work while the frames around it are
// canceled.
//
// For a nil stack Run calls fn(ctx). It panics if fn or ctx is nil. It costs
// about 0.5 us if a worker is idle, however many values the levels of a recursion have
// added to ctx.
func (s *Stack) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	checkCall("Run", ctx, fn)
	if s == nil {
		return fn(ctx)
	}
	if !s.holds() {
		if err := s.claim(); err != nil {
			return err
		}
	}
	if s.top == nil {
		defer s.release()
	}
	if s.requests.Load()&traceWanted != 0 && s.top != nil {
		s.requests.And(^uint32(traceWanted))
		s.answer()
	}
	ctx, root := s.context(ctx)
	if root.Err() != nil {
		return context.Cause(root)
	}
	g, err := s.segment(s.frameSize(), true)
	if err != nil {
		return err
	}
	f := &g.frame
	f.fn, f.ctx, f.root = fn, ctx, root
	out := s.hop(g)
	if value, ok := out.Panicked(); ok {
		if err := s.unwound(value); err != nil {
			s.repeat(g, out.Recovered())
			return err
		}
	}
	s.repeat(g, out)
	err = f.err
	s.discard(g)
	return err
}

// checkCall panics if a function of the given name cannot call fn with ctx.
func checkCall(name string, ctx context.Context, fn func(context.Context) error) {
	if fn == nil {
		panic(misuse(name + ": fn is nil"))
	}
	if ctx == nil {
		panic(misuse(name + ": ctx is nil; use context.Background()"))
	}
}

// frameSize returns the size of the segment for a call of Run.
func (s *Stack) frameSize() scheduler.Size {
	if s.top == nil {
		// Most recursions start in a root frame and end without a hop, so that
		// has room for them.
		return s.next()
	}
	return scheduler.Small
}
