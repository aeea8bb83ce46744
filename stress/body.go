package stress

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"

	"github.com/vstack-go/vstack/vstack"
)

// What a frame of a program does, beside running operations. A bit each.
const (
	hasDefer   = 1 << 0 // a deferred call that logs
	hasWork    = 1 << 1 // a deferred call that runs operations
	recovers   = 3 << 2 // 0: no. 1: swallows. 2: panics again with the value. 3: with another
	rare       = 3 << 4 // the two above only if both of these are set
	recoverBit = 1 << 2
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
				panic(v)
			case how == 3 && shape&rare != 0:
				panic(fmt.Errorf("instead of: %s", describe(v)))
			case how == 3:
				err = errors.New("from a panic")
			}
		}()
	}
	if shape&hasWork != 0 && shape&rare == rare {
		defer func() {
			w.note("deferred work", id)
			r2, err2 := w.operations()
			w.noteResult("deferred work", r2, err2)
		}()
	}
	r, err = w.operations()
	w.noteResult("exit", r+id, err)
	return r, err
}

// operations runs operations until one ends the frame.
func (w *world) operations() (r int, err error) {
	for w.fuel > 0 {
		w.fuel--
		op := w.next()
		switch op & 63 {
		case 0, 1, 2, 3:
			return r + int(op), nil
		case 4, 5:
			return r, fmt.Errorf("error %d", op)
		case 6, 7, 8:
			w.note("panic", int(op))
			w.crash(w.next())
		case 9:
			if w.next()&3 == 0 {
				w.note("goexit")
				runtime.Goexit()
			}
		case 10:
			if w.next()&7 == 0 {
				w.gc()
			}
		case 11:
			runtime.Gosched()
		case 12, 13, 14:
			w.cancel(w.next())
		case 15:
			if w.next()&3 == 0 {
				w.misuse()
			}
		case 16, 17:
			n, err2 := w.nested(w.next())
			w.noteResult("nested", n, err2)
			r += n
		case 18:
			w.parallel(w.next())
		case 19, 20, 21:
			loop := w.iterate(w.next(), w.next())
			if r += loop.r; loop.done {
				return r, loop.err
			}
		case 22:
			w.pull(int(w.next()))
		case 23, 24:
			r += w.closure(w.next())
		default:
			n, err2 := w.descend(op)
			r += n
			if err2 != nil && op&64 == 0 {
				return r, err2
			}
			w.noteResult("called", n, err2)
		}
	}
	return r, nil
}

// descend runs a body further down, by one of the ways down.
func (w *world) descend(op byte) (r int, err error) {
	w.calls++
	switch op & 63 {
	case 25, 26, 27:
		return w.body()
	case 28, 29, 30:
		return w.grow2(w.body)
	case 31:
		w.grow(func() { r, err = w.body() })
		return r, err
	case 32, 33, 34:
		r = w.call(op&128 != 0, func(n int) int {
			var r int
			r, err = w.body()
			return r + n
		}, int(op))
		return r, err
	case 35, 36, 37, 38, 39, 40:
		return w.frame(w.next())
	case 41, 42:
		return w.shallow(op) // the guard at the head of a frame
	default:
		kind, n := w.next(), int(w.next())
		if n > 200 {
			n = (n - 195) * 40
		}
		return w.down(kind, n, w.body)
	}
}

func (w *world) shallow(op byte) (int, error) {
	if w.stack.Low() || w.due() {
		return w.grow2(func() (int, error) { return w.shallow(op) })
	}
	return w.body()
}

// frame is a Run, under one of the contexts that a frame can have.
func (w *world) frame(kind byte) (r int, err error) {
	ctx := w.in
	if ctx == nil || kind&7 == 1 {
		ctx = context.Background()
	}
	switch kind & 7 {
	case 2:
		ctx = context.WithoutCancel(ctx)
	case 3, 4, 5, 6:
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		w.cancels = append(w.cancels, cancel)
		defer func(n int) {
			cancel(nil)
			w.cancels = w.cancels[:n]
		}(len(w.cancels) - 1)
	}
	err = w.run(ctx, func(context.Context) (err error) {
		r, err = w.body()
		return err
	})
	return r, err
}

// looped is what a loop has come to: whether it ends the frame, with what.
type looped struct {
	r    int
	done bool
	err  error
}

// iterate is a loop over a function whose body is called from further down.
//
// It has one result, since the compiler (Go 1.25 on) loses two: results that closures
// share are moved to the heap together, and after a panic that a deferred call of the
// same function recovers they are returned from memory that the collector may have
// given to something else.
func (w *world) iterate(kind, n byte) (l looped) {
	times, depth := int(kind&3)+1, int(n)
	way := n % 7
	seq := func(yield func(int) bool) {
		defer w.note("iterator ends")
		if kind&192 == 192 {
			defer func() { w.note("iterator recovers: " + describe(recover())) }()
		}
		for i := range times {
			more := true
			w.down(way, depth, func() (int, error) {
				more = yield(i)
				return 0, nil
			})
			if !more {
				w.note("broken off", i)
				return
			}
		}
	}
body:
	for i := range seq {
		w.note("yields", i)
		switch kind >> 2 & 7 {
		case 0:
			if i == 1 {
				l.done, l.err = true, errors.New("out of the loop")
				return l
			}
		case 1:
			defer w.note("defer in a loop's body", i)
			defer func() {
				if kind&32 != 0 {
					w.note("recovers in a loop's body: " + describe(recover()))
				}
			}()
		case 2:
			if i == 2 {
				break body
			}
		case 3:
			continue
		}
		n, err := w.body()
		w.noteResult("body", n, err)
		l.r += n
	}
	return l
}

// pull takes values from an iterator, which runs on a goroutine of its own,
// here and from further down.
func (w *world) pull(n int) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	})
	defer stop()
	a, _ := next()
	b, _ := w.down(byte(n%5), n, func() (int, error) { return next2(next), nil })
	c, _ := next()
	w.note("pulled", a, b, c)
}

func next2(next func() (int, bool)) int {
	a, _ := next()
	b, _ := next()
	return a + b
}

// closure changes a variable of this frame from further down.
func (w *world) closure(kind byte) int {
	x := 0
	set := func(n int) { x = x*3 + n }
	r, err := w.down(kind, int(w.next()), func() (int, error) {
		set(1)
		defer set(2)
		return w.body()
	})
	w.noteResult("closure", x, err)
	return r + x
}

// misuse does what is told off: closes the running stack, uses it from another
// goroutine. That one is not always seen: a segment that has moved since its last
// guard has left memory behind, and a goroutine that now runs there cannot be
// told from its own (see docs/reliability.md). But it must do no harm here,
// where the frame waits for it.
func (w *world) misuse() {
	if w.plain {
		w.note("misuse")
		return
	}
	try := func(fn func() error) (what string) {
		defer func() {
			if v := recover(); v != nil {
				what = describe(v)
			}
		}()
		return describe(fn())
	}
	w.note(try(func() error { w.stack.Close(); return nil }))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, what := range []string{
			try(func() error { w.stack.Do(func() {}); return nil }),
			try(func() error {
				return w.stack.Run(context.Background(), func(context.Context) error { return nil })
			}),
		} {
			w.foreign++
			if what != "misuse" {
				w.missed++
			}
		}
	}()
	<-done
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
	return &world{execution: w.execution, plain: w.plain, limit: limit, record: w.record.child(w.plain)}, opts
}

// nested runs a body on a stack of its own, inside this one.
func (w *world) nested(kind byte) (r int, err error) {
	w2, opts := w.child(kind)
	ctx := w.in
	if ctx == nil || kind&8 != 0 {
		ctx = context.Background()
	}
	entered := false
	defer w.settle() // the inner stack may have canceled an outer context
	defer func() {
		if entered && kind&48 == 48 {
			w2.afterClose()
		}
	}()
	w2.calls++
	if kind&64 != 0 {
		if !w.plain {
			w2.stack = vstack.New(opts...)
			defer w2.stack.Close()
		}
		defer func() { w2.closed = true }()
		entered = true
		if kind&128 != 0 {
			return w2.grow2(w2.body)
		}
		err = w2.run(ctx, func(context.Context) (err error) { r, err = w2.body(); return err })
		return r, err
	}
	if w.plain {
		defer func() { w2.closed = true }()
		err = w2.run(ctx, func(context.Context) (err error) {
			entered = true
			r, err = w2.body()
			return err
		})
		return r, err
	}
	defer func() { w2.closed = true }()
	return vstack.Run(ctx, func(ctx context.Context, stack *vstack.Stack) (int, error) {
		entered = true
		w2.stack, w2.in = stack, ctx
		defer func() { w2.in = nil }()
		return w2.body()
	}, opts...)
}

// afterClose uses a stack that has been closed.
func (w *world) afterClose() {
	w.calls++
	err := w.run(context.Background(), func(context.Context) error { return nil })
	w.note("Run after Close: " + describe(err))
	defer func() { w.note("Grow after Close: " + describe(recover())) }()
	w.calls++
	w.grow(func() {})
}

// parallel runs programs at the same time as each other, on stacks of their own.
func (w *world) parallel(kind byte) {
	if w.nesting > 1 {
		return
	}
	children := make([]*execution, 2+kind&1)
	done := make(chan struct{})
	for i := range children {
		n := min(int(w.next()), len(w.data)-w.at)
		children[i] = newExecution(w.data[w.at:w.at+n], w.nesting+1)
		w.at += n
		r := w.record.child(w.plain)
		go func() {
			defer func() { done <- struct{}{} }()
			children[i].main(r, w.plain)
		}()
	}
	for range children {
		<-done
	}
	for _, x := range children {
		w.log = append(w.log, x.log...)
		w.broken = append(w.broken, x.broken...)
		w.deepest = max(w.deepest, w.depth+x.deepest)
		w.foreign += x.foreign
		w.missed += x.missed
	}
}

// main runs a program: a few root calls on one stack, each from a goroutine of
// its own, so that one that ends with a panic or Goexit is followed by another.
func (x *execution) main(r *record, plain bool) {
	kind := x.next()
	limit, opts := options(kind)
	w := &world{execution: x, plain: plain, limit: limit, record: r}
	var hops, bytes int64
	if !plain {
		w.stack = vstack.New(opts...)
		defer w.stack.Close()
		if limit != 0 {
			hops, bytes = w.capacity()
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
				r, err = w.grow2(w.body)
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
		if plain {
			continue
		}
		if limit != 0 {
			if h, b := w.capacity(); h != hops || b != bytes {
				w.violation("after root call %d the stack overflows after %d hops with %d bytes, before after %d with %d", i, h, b, hops, bytes)
			}
		} else if n, _ := guarded[[16]byte](w, 100, func() (int, error) { return 0, nil }); n != 100 {
			w.violation("after root call %d a recursion of 100 levels counts %d", i, n)
		}
	}
}
