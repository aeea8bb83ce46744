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

// A frame is a call of Run.
type frame struct {
	ctx   context.Context // what fn gets
	fn    func(context.Context) error
	err   error
	outer *frame
	stop  func() bool // ends the watch on ctx; nil if the outer frame's will do
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
// under 0.5 us if a worker is idle.
func (s *Stack) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	checkCall("Run", ctx, fn)
	if s == nil {
		return fn(ctx)
	}
	if s.state.Load() != running || !s.holds() {
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
	g, err := s.frame(ctx)
	if err != nil {
		return err
	}
	f := &g.frame
	f.fn = fn
	f.ctx = s.context(ctx)
	out := s.hop(g)
	if value, ok := out.Panicked(); ok {
		if err := s.unwound(value); err != nil {
			out.Recovered().Repeat()
			return err
		}
	}
	s.repeat(out)
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

// frame takes a segment for a call of Run.
func (s *Stack) frame(ctx context.Context) (*segment, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if s.top == nil {
		// Most recursions start in a root frame and end without a hop, so that
		// has room for them.
		return s.segment(s.next())
	}
	return s.segment(scheduler.Small)
}

// context returns ctx if it knows the stack, or else one that does.
func (s *Stack) context(ctx context.Context) context.Context {
	if known, ok := FromContext(ctx); ok && known == s {
		return ctx
	}
	if ctx != context.Background() {
		return &stackContext{s.named(ctx), s}
	}
	if s.background == nil {
		s.background = &stackContext{s.named(ctx), s}
	}
	return s.background
}

// holds reports whether the calling goroutine holds the running stack's baton.
func (s *Stack) holds() bool {
	g := s.top
	if g == nil {
		return false
	}
	if g.contains(s.base, here()) {
		return true
	}
	_, ours := g.worker.Current()
	return ours
}

// enter makes f the innermost frame, on the goroutine of its segment.
func (s *Stack) enter(f *frame) {
	f.outer = s.in
	s.in = f
	done := f.ctx.Done()
	if done != nil && (f.outer == nil || f.outer.ctx.Done() != done) {
		f.stop = context.AfterFunc(f.ctx, func() { s.interrupt(canceled) })
	}
}

// exit undoes enter; it is deferred.
func (s *Stack) exit(f *frame) {
	s.in = f.outer
	if f.stop != nil {
		f.stop()
	}
	if f.outer != nil && f.outer.ctx.Err() != nil {
		s.interrupt(canceled) // f may have been shielded from it
	}
}

// unwound returns the error for a panic with value that ended a frame, or nil
// if it is not one that Run turns into an error.
func (s *Stack) unwound(value any) error {
	switch v := value.(type) {
	case *OverflowError:
		if v.stack == s {
			return v
		}
	case *CanceledError:
		if v.stack == s {
			return v.cause
		}
	}
	return nil
}
