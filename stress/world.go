package stress

import (
	"context"
	"errors"
	"runtime"

	"github.com/vstack-go/vstack/vstack"
)

// A world is a stack and what the program does with it. In the plain run there
// is none: a nil *vstack.Stack makes every operation a plain call, and the
// methods here add the little that a nil stack does not do: throw once the
// innermost frame's context is done, throw an overflow where the stack threw
// one, refuse after Close. That is the whole oracle.
type world struct {
	*execution
	stack *vstack.Stack
	plain bool
	limit int64 // of the stack; 0: none

	in     context.Context // of the innermost Run frame
	closed bool
	calls  int // of stack operations so far
	record *record
}

// A record says where a stack overflowed, by the number of the operation. How
// deep a stack gets within its limit is its own affair, so the plain run cannot
// know; it overflows at the same places, and all that follows must be the same.
type record struct {
	overflows map[int]bool
	inner     []*record // of the stacks made while this one ran, in order
	replayed  int       // how many of inner the plain run has used
}

// child returns the record for a stack that is made now.
func (r *record) child(plain bool) *record {
	if plain && r.replayed < len(r.inner) {
		r.replayed++
		return r.inner[r.replayed-1]
	}
	c := &record{overflows: map[int]bool{}}
	if !plain {
		r.inner = append(r.inner, c)
	}
	return c
}

// due reports, in the plain run, whether a stack's guard would throw.
func (w *world) due() bool {
	return w.plain && (w.in != nil && w.in.Err() != nil || w.record.overflows[w.calls])
}

// throw panics in the plain run as a stack's Grow would.
func (w *world) throw() {
	if w.closed {
		panic(vstack.ErrClosed)
	}
	if w.in != nil && w.in.Err() != nil {
		panic(&thrown{w, context.Cause(w.in)})
	}
	if w.record.overflows[w.calls] {
		panic(&thrown{w, nil})
	}
}

// watch is deferred around a stack operation: if the function it was given has
// not been entered, the operation has thrown.
func (w *world) watch(call int, entered *bool) {
	if !*entered && !w.closed && (w.in == nil || w.in.Err() == nil) {
		w.record.overflows[call] = true
	}
}

// grow is Grow. Like every operation on a stack it is counted by its caller,
// before: a guard that is low calls the same function again.
func (w *world) grow(fn func()) {
	if w.plain {
		w.throw()
		fn()
		return
	}
	if w.limit == 0 {
		w.stack.Do(fn)
		return
	}
	entered := false
	defer w.watch(w.calls, &entered)
	w.stack.Do(func() {
		entered = true
		fn()
	})
}

func (w *world) grow2(fn func() (int, error)) (int, error) {
	if w.plain {
		w.throw()
		return fn()
	}
	if w.limit == 0 {
		return vstack.GrowOn2(w.stack, fn)
	}
	entered := false
	defer w.watch(w.calls, &entered)
	return vstack.GrowOn2(w.stack, func() (int, error) {
		entered = true
		return fn()
	})
}

// call is Call, or Call2.
func (w *world) call(two bool, fn func(int) int, arg int) (r int) {
	entered := w.plain
	if w.plain {
		if w.due() {
			w.throw()
		}
	} else if w.limit != 0 {
		defer w.watch(w.calls, &entered)
	}
	if two {
		r, _ = vstack.Call2(func(arg int) (int, bool) { entered = true; return fn(arg), true }, arg)
	} else {
		r = vstack.Call(func(arg int) int { entered = true; return fn(arg) }, arg)
	}
	return r
}

type valueKey struct{}

// run is Stack.Run.
func (w *world) run(ctx context.Context, fn func(context.Context) error) (err error) {
	number := w.frames
	ctx = context.WithValue(ctx, valueKey{}, number)
	var inner error
	entered, returned := false, false
	frame := func(ctx context.Context) error {
		entered = true
		if ctx.Value(valueKey{}) != number {
			w.violation("a frame's context lost a value")
		}
		outer := w.in
		w.in = ctx
		defer func() { w.in = outer }()
		inner = fn(ctx)
		returned = true
		return inner
	}
	switch {
	case w.plain && w.closed:
		return vstack.ErrClosed
	case w.plain && ctx.Err() != nil:
		return context.Cause(ctx)
	case w.plain && w.record.overflows[w.calls]:
		return &thrown{w, nil}
	case w.plain:
		defer func() {
			if !returned { // not for Goexit, where recover returns nil
				v := recover()
				if t, ok := v.(*thrown); ok && t.by == w {
					if err = t; t.cause != nil {
						err = t.cause
					}
				} else if v != nil {
					panic(v)
				}
			}
		}()
		return frame(ctx)
	}
	call := w.calls
	err = w.stack.Run(ctx, func(ctx context.Context) error {
		if s, _ := vstack.FromContext(ctx); s != w.stack {
			w.violation("a frame's context does not know its stack")
		}
		return frame(ctx)
	})
	if returned && err != inner {
		w.violation("Run returned %v, its function %v", err, inner)
	}
	var overflow *vstack.OverflowError
	if errors.As(err, &overflow) {
		if overflow.Limit == 0 || overflow.Bytes > overflow.Limit {
			w.violation("a false overflow: %+v", overflow)
		}
		if !entered {
			w.record.overflows[call] = true
		}
	}
	return err
}

// cancel cancels one of the contexts around the current frame. The plain run
// and the stack then go on at the same point: past the moment at which the
// stack's guard has been poisoned, which happens on another goroutine.
func (w *world) cancel(which byte) {
	if len(w.cancels) == 0 {
		return
	}
	which %= byte(len(w.cancels))
	w.note("cancel", int(which))
	w.cancels[which](&cause{int(which)})
	w.settle()
}

type cause struct{ n int }

func (c *cause) Error() string { return "the cause" }

// settle waits until the guard throws, if the innermost frame's context is done.
func (w *world) settle() {
	for !w.plain && w.in != nil && w.in.Err() != nil && !w.throws() {
		runtime.Gosched()
	}
}

func (w *world) throws() (canceled bool) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *vstack.CanceledError:
			canceled = true
		case *vstack.OverflowError:
		default:
			panic(v)
		}
	}()
	w.stack.Do(func() {})
	return false
}

// capacity returns how many hops take the stack to its limit, and how many bytes
// it is charged with then. It tells whether what it is charged with is back
// where it was.
func (w *world) capacity() (hops, bytes int64) {
	before, _ := w.fill()
	after, bytes := w.fill()
	return after - before, bytes
}

// fill overflows the stack and returns the hops it has made so far. (A count of
// its calls would not do: one on a segment that the collector has moved stays.)
func (w *world) fill() (hops, bytes int64) {
	defer func() {
		v := recover()
		if overflow, ok := v.(*vstack.OverflowError); ok {
			hops, bytes = overflow.Hops, overflow.Bytes
		} else {
			w.violation("at a limit of %d no overflow, but %v", w.limit, v)
		}
	}()
	depth := 0
	var deeper func()
	deeper = func() {
		if depth++; depth < 10_000 {
			w.stack.Do(deeper)
		}
	}
	w.stack.Do(deeper)
	return 0, 0
}
