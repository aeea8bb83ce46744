package stress

import (
	"context"
	"errors"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

// What a frame of a program does, beside running operations: bits of its shape.
const (
	hasDefer   = 1 << 0 // a deferred call that logs
	hasWork    = 1 << 1 // a deferred call that runs operations
	recovers   = 3 << 2 // 0: no. 1: swallows. 2: panics again with the value. 3: with another
	rare       = 3 << 4 // the two above only if both of these are set
	recoverBit = 1 << 2
	tidies     = 3 << 6 // a deferred call with guards. 0, 3: no. 1: hops. 2: recurses
	tidyBit    = 1 << 6
)

// body is a frame of the program.
func (w *world) body() (r int, err error) {
	if w.fuel <= 0 || w.live > w.most {
		return 0, nil
	}
	id := w.frames
	w.frames++
	w.depth++
	w.live += 1 << 10
	w.deepest = max(w.deepest, w.depth)
	shape := w.next()
	w.note("enter", id)
	defer func() {
		w.depth--
		w.live -= 1 << 10
	}()
	if shape&hasDefer != 0 {
		defer func() { w.note("defer", id, r) }()
	}
	if how := shape & recovers / recoverBit; how != 0 {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			w.noteValue("recovered", v)
			switch {
			case how == 2:
				panic(v) // for the guards the first panic goes on
			case how == 3 && shape&rare != 0:
				panic(fmt.Errorf("instead of: %s", describe(v)))
			case how == 3:
				err = errors.New("from a panic")
			}
			w.recovered()
		}()
	}
	if shape&hasWork != 0 && shape&rare == rare {
		defer w.deferred(func() {
			w.note("deferred work", id)
			r2, err2 := w.operations()
			w.noteResult("deferred work", r2, err2)
		})
	}
	if how := shape & tidies / tidyBit; how == 1 || how == 2 {
		defer w.deferred(func() { w.tidy(how == 2, id) })
	}
	r, err = w.operations()
	w.noteResult("exit", r+id, err)
	return r, err
}

// tidy is a deferred call that uses the stack, as one that frees a tree does. A
// program with one at every level panics at every level when it overflows there, so
// most need little.
func (w *world) tidy(recurse bool, id int) {
	if !recurse {
		w.calls++
		w.do(func() { w.note("tidies", id) })
		return
	}
	if w.fuel <= 0 {
		w.calls++
		w.note("tidies", w.up(3))
		return
	}
	switch how := w.next(); how % 8 {
	case 0:
		// With a context of its own, which is not done.
		ctx := context.Background()
		if w.in != nil {
			ctx = context.WithoutCancel(w.in)
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		w.cancels = append(w.cancels, cancel)
		defer func() { w.cancels = w.cancels[:len(w.cancels)-1] }()
		w.calls++
		r := 0
		err := w.run(ctx, func(context.Context) (err error) { r, err = w.operations(); return err })
		w.noteResult("tidied in a frame", r, err)
	case 1:
		r, err := w.down(how>>3, int(how)*4, w.leaf)
		w.noteResult("tidied", r, err)
	default:
		r, err := w.down(how>>3, int(how&15), w.leaf)
		w.noteResult("tidied", r, err)
	}
}

func (w *world) leaf() (int, error) { return 0, nil }

// An end is how an operation ended.
type end struct {
	r    int
	err  error
	done bool // the frame is to return
}

// operations runs operations until one ends the frame.
func (w *world) operations() (r int, err error) {
	for w.fuel > 0 {
		w.fuel--
		b := w.next()
		op := &table[b]
		w.did[op.name]++
		w.trace(op.name, w.calls)
		e := op.run(w, b)
		r += e.r
		if e.done {
			return r, e.err
		}
	}
	return r, nil
}

// called is the end of an operation that has called further down.
func (w *world) called(b byte, r int, err error) end {
	if err != nil && b&1 == 0 {
		return end{r, err, true}
	}
	w.noteResult("called", r, err)
	return end{r: r}
}

// options returns a stack's options from one byte.
func options(kind byte) (limit int64, opts []vstack.Option) {
	switch kind & 3 {
	case 0:
		limit = 256<<10 + int64(kind>>2)*16<<10
		opts = append(opts, vstack.WithMaxMemory(limit))
	case 1:
		opts = append(opts, vstack.WithMaxMemory(0))
	}
	if kind&4 != 0 {
		opts = append(opts, vstack.WithIdleMemory(int64(kind)<<10))
	}
	return limit, opts
}

// child returns a world with a stack of its own, on the same execution.
func (w *world) child(kind byte) (*world, []vstack.Option) {
	limit, opts := options(kind)
	other := w.stack
	if other == nil {
		other = w.other
	}
	return &world{execution: w.execution, plain: w.plain, limit: limit, other: other, record: w.record.child(w.plain)}, opts
}

// main runs a program: a few root calls on one stack, each from a goroutine of
// its own, so that one that ends with a panic or Goexit is followed by another.
func (x *execution) main(r *record, plain bool) {
	kind := x.next()
	limit, opts := options(kind)
	w := &world{execution: x, plain: plain, limit: limit, record: r}
	if kind>>5 == 7 {
		w.ambient, w.limit = true, 0
	}
	if !plain {
		w.other = vstack.New()
		w.other.Close()
		if !w.ambient {
			w.stack = vstack.New(opts...)
			defer w.stack.Close()
		}
	}
	defer func() { w.closed = true }()
	for i := range 1 + int(kind>>3&3) {
		depth, live, cancels := w.depth, w.live, len(w.cancels)
		how, v := outcome(func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			w.cancels = append(w.cancels, cancel)
			var r int
			var err error
			w.calls++
			if w.next()&3 == 0 {
				r, err = w.root()
			} else {
				err = w.run(ctx, func(context.Context) (err error) { r, err = w.body(); return err })
			}
			w.noteResult("root", r, err)
		})
		w.noteValue("root call "+how, v)
		if w.depth != depth || w.live != live || w.in != nil {
			w.violation("root call %d: a deferred call did not run: depth %d, live %d", i, w.depth, w.live)
		}
		w.cancels = w.cancels[:cancels]
		w.flight, w.exits = fresh, false
		w.balanced(fmt.Sprintf("after root call %d", i))
		if plain || w.ambient {
			continue
		}
		if limit != 0 {
			w.full()
			w.balanced("after an overflow")
			continue
		}
		calls := w.calls
		w.stack.Do(func() {
			if n, _ := guarded[withHandle, [16]byte](w, 100, w.leaf); n != 100 {
				w.violation("after root call %d a recursion of 100 levels counts %d", i, n)
			}
		})
		w.calls = calls // the plain run does not do that
	}
}
