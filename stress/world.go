package stress

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// A world is a stack and what the program does with it. In the plain run there
// is none: a nil *vstack.Stack makes every operation a plain call, and the
// methods here add the little that a nil stack does not do: throw where the stack
// threw (see oracle.go), return the cause from Run once the context is done, refuse
// after Close.
type world struct {
	*execution
	stack   *vstack.Stack
	other   *vstack.Stack // one that the program's goroutine does not run: in use, or closed
	plain   bool
	ambient bool  // no stack: it runs on a plain goroutine, with guards without a handle
	limit   int64 // of the stack; 0: none

	in     context.Context // of the innermost Run frame
	closed bool
	calls  int // of stack operations so far
	record *record
	flight flight
}

type valueKey struct{}

// fresh is the flight of a Run frame that begins.
var fresh flight

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
		outer, flight := w.in, w.flight
		w.in, w.flight = ctx, fresh
		defer func() {
			// A panic of the stack's own that a deferred call has replaced by another
			// goes on as that, for the guards of the frames around.
			if f := w.flight; !returned && (f.on || f.since > 0 || f.unsure) {
				flight.unsure = true
			}
			w.in, w.flight = outer, flight
		}()
		inner = fn(ctx)
		returned = true
		return inner
	}
	switch {
	case w.plain && w.closed:
		return vstack.ErrClosed
	case w.plain && !w.ambient && ctx.Err() != nil:
		return context.Cause(ctx)
	case w.plain && w.due():
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
	was, flight := ctx.Err(), w.flight
	err = w.stack.Run(ctx, func(ctx context.Context) error {
		if s, _ := vstack.FromContext(ctx); s != w.stack && !w.ambient {
			w.violation("a frame's context does not know its stack")
		}
		if s := vstack.Current(); s != w.stack && !w.ambient {
			w.violation("a frame's goroutine does not know its stack")
		}
		return frame(ctx)
	})
	w.flight = flight
	if returned && err != inner {
		w.violation("Run returned %v, its function %v", err, inner)
	}
	if entered && was != nil && !w.ambient {
		w.violation("Run has called its function under a context that was done before")
	}
	var overflow *vstack.OverflowError
	if errors.As(err, &overflow) {
		if overflow.Limit == 0 || !within(overflow.Bytes, overflow.Limit) {
			w.violation("a false overflow: %v", overflow)
		}
		if !entered {
			w.record.throws[call] = true
		}
	}
	return err
}

// cancel cancels one of the contexts around the current frame, and waits until the
// guard is low if it has to be now: that comes from another goroutine.
func (w *world) cancel(which byte) {
	if len(w.cancels) == 0 {
		return
	}
	which %= byte(len(w.cancels))
	w.note("cancel", int(which))
	defer w.settle()()
	w.cancels[which](&cause{int(which)})
}

type cause struct{ n int }

func (c *cause) Error() string { return "the cause" }

// settle is called before something that may cancel the innermost frame's context;
// what it returns, after that: it waits for the guards to notice, of both forms.
func (w *world) settle() func() {
	if w.plain || w.stack == nil || w.in == nil || w.done() {
		return func() {}
	}
	in := w.in
	low := w.lowBelow()
	return func() {
		if w.in != in || !w.done() {
			return
		}
		if low {
			w.flight.late = true
			return
		}
		begun := time.Now()
		for turns := 0; !w.stack.Low() || !vstack.Low(); turns++ {
			if runtime.Gosched(); turns < 20 {
				continue
			}
			// The goroutine that interrupts the stack is on another thread, and on a busy
			// machine that may have lost its processor to this one.
			time.Sleep(10 * time.Microsecond)
			if time.Since(begun) > time.Minute {
				w.violation("the context has been done for a minute, and the guards do not notice: %v %v", w.stack.Low(), vstack.Low())
				w.flight.late = true
				return
			}
		}
	}
}

// lowBelow reports whether the guards are low here or a little deeper.
//
//go:noinline
func (w *world) lowBelow() bool {
	var frame [1 << 10]byte
	frame[w.calls&1] = 1
	low := w.stack.Low() || vstack.Low()
	return low && frame[w.calls&1] == 1
}

// balanced looks at an idle stack: nothing of it may be charged any more.
func (w *world) balanced(after string) {
	if w.plain || w.stack == nil {
		return
	}
	if s := w.stack.Stats(); s.Running || s.Segments != 0 || s.Bytes != 0 || s.Awaiting != 0 {
		w.violation("%s the stack is not idle: %+v", after, s)
	}
}

// full overflows the stack, which must come near its limit and not pass it.
func (w *world) full() {
	defer func() {
		v := recover()
		overflow, ok := v.(*vstack.OverflowError)
		if !ok {
			w.violation("at a limit of %d no overflow, but %v", w.limit, v)
		} else if !within(overflow.Bytes, w.limit) || overflow.Bytes < w.limit/2 {
			w.violation("at a limit of %d an overflow with %d bytes", w.limit, overflow.Bytes)
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
}

// within reports whether a stack that is charged with so many bytes keeps its limit. It may
// be some over: the segment that runs may have grown since it was weighed, and Go begins a
// new goroutine with the average size of the stacks that the collector has seen, up to
// 1 MiB here.
func within(bytes, limit int64) bool { return bytes <= limit+max(limit/4, 1<<20) }
