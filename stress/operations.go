package stress

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"

	"github.com/vstack-go/vstack/vstack"
)

// An operation is what a frame of a program does next. Its weight is how many of the
// 256 values of a byte stand for it. The byte is what it is told.
type operation struct {
	name   string
	weight int
	run    func(w *world, b byte) end
}

// table has the operation of each byte. Past its end a program reads zeros, so 0 has
// to end a frame.
var table [256]operation

func init() {
	table = spread(operations())
}

func operations() []operation {
	return []operation{
		{"return", 14, func(w *world, b byte) end { return end{int(b), nil, true} }},
		{"error", 8, func(w *world, b byte) end { return end{0, fmt.Errorf("error %d", b), true} }},
		{"panic", 12, func(w *world, b byte) end {
			w.note("panic", int(b))
			w.crash(w.next())
			return end{}
		}},
		{"goexit", 1, func(w *world, b byte) end {
			w.note("goexit")
			w.exits = true
			runtime.Goexit()
			return end{}
		}},
		{"collect", 1, func(w *world, b byte) end { w.gc(); return end{} }},
		{"gosched", 3, func(w *world, b byte) end { runtime.Gosched(); return end{} }},
		{"cancel", 14, func(w *world, b byte) end { w.cancel(w.next()); return end{} }},
		{"misuse", 1, func(w *world, b byte) end { w.misuse(); return end{} }},

		{"call", 12, func(w *world, b byte) end { r, err := w.body(); return w.called(b, r, err) }},
		{"grow", 12, counted2((*world).grow2)},
		{"do", 4, counted2(func(w *world, fn func() (int, error)) (r int, err error) {
			w.do(func() { r, err = fn() })
			return r, err
		})},
		{"call by guard", 10, func(w *world, b byte) end {
			var err error
			w.calls++
			r := w.call(b&2 == 2, func(n int) (r int) {
				r, err = w.body()
				return r + n
			}, int(b))
			return w.called(b, r, err)
		}},
		{"guarded", 10, counted2(guardedBody)},
		{"run", 22, func(w *world, b byte) end { r, err := w.frame(w.next(), (*world).run); return w.called(b, r, err) }},
		{"run from a fat frame", 4, func(w *world, b byte) end {
			r, err := w.fatFrame(w.next())
			return w.called(b, r, err)
		}},
		{"down", 70, func(w *world, b byte) end {
			kind, n := w.next(), int(w.next())
			if n > 200 {
				n = (n - 195) * 40
			}
			r, err := w.down(kind, n, w.body)
			return w.called(b, r, err)
		}},
		{"catch", 8, func(w *world, b byte) end { r, err := w.catch(w.next()); return w.called(b, r, err) }},

		{"probe", 8, func(w *world, b byte) end {
			w.calls++
			w.do(func() {})
			return end{}
		}},
		{"yield", 4, func(w *world, b byte) end { w.yield(); return end{} }},
		{"await", 3, func(w *world, b byte) end { w.await(runtime.Gosched); return end{} }},

		{"nested", 9, func(w *world, b byte) end {
			r, err := w.nested(w.next())
			w.noteResult("nested", r, err)
			return end{r: r}
		}},
		{"goroutine", 3, func(w *world, b byte) end { return end{r: w.goroutine()} }},
		{"parallel", 3, func(w *world, b byte) end { w.parallel(w.next()); return end{} }},
		{"iterate", 9, func(w *world, b byte) end { return w.iterate(w.next(), w.next()) }},
		{"pull", 3, func(w *world, b byte) end { w.pull(int(w.next())); return end{} }},
		{"closure", 8, func(w *world, b byte) end { return end{r: w.closure(w.next())} }},
	}
}

// spread gives each operation its bytes. They are not next to each other, so that a
// changed bit is another operation for the fuzzer.
func spread(operations []operation) (table [256]operation) {
	at := 0
	for _, op := range operations {
		for range op.weight {
			table[byte(at)*167] = op // 167 is odd, so it comes by all
			at++
		}
	}
	if at != len(table) {
		panic(fmt.Sprintf("stress: the weights of the operations are %d together, want %d", at, len(table)))
	}
	return table
}

// counted2 makes an operation of a function that calls a body further down.
func counted2(fn func(w *world, body func() (int, error)) (int, error)) func(*world, byte) end {
	return func(w *world, b byte) end {
		w.calls++
		r, err := fn(w, w.body)
		return w.called(b, r, err)
	}
}

// guardedBody is the guard at the head of a frame.
func guardedBody(w *world, fn func() (int, error)) (int, error) {
	if w.low() {
		return w.grow2(func() (int, error) { return guardedBody(w, fn) })
	}
	return fn()
}

// frame is a Run, under one of the contexts that a frame can have.
func (w *world) frame(kind byte, run func(*world, context.Context, func(context.Context) error) error) (r int, err error) {
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
		defer cancel(nil)
		w.cancels = append(w.cancels, cancel)
		defer func() { w.cancels = w.cancels[:len(w.cancels)-1] }()
	}
	for i := range int(kind >> 5) { // a context may have many values
		ctx = context.WithValue(ctx, valueKey{}, i)
	}
	w.calls++
	err = run(w, ctx, func(context.Context) (err error) { r, err = w.body(); return err })
	return r, err
}

// fatFrame is a Run from a frame of up to 200 KiB.
func (w *world) fatFrame(kind byte) (r int, err error) {
	sizes := []struct {
		bytes int
		run   func(*world, context.Context, func(context.Context) error) error
	}{
		{16 << 10, fat[[16 << 10]byte]},
		{60 << 10, fat[[60 << 10]byte]},
		{100 << 10, fat[[100 << 10]byte]},
		{200 << 10, fatter},
	}
	size := sizes[kind>>3&3]
	if w.spend(1, size.bytes) == 0 {
		return 0, nil
	}
	return w.deeper(1, size.bytes, func() (int, error) { return w.frame(kind, size.run) })
}

// catch calls a body with Catch.
func (w *world) catch(kind byte) (r int, err error) {
	defer w.note("caught")
	if w.plain {
		defer func() {
			switch v := recover().(type) {
			case nil:
			case *thrown:
				if err = v; v.cause != nil {
					err = v.cause
				}
			default:
				panic(v)
			}
		}()
	} else {
		defer func() {
			if err != nil {
				w.recovered() // or the body returned it, and no panic is on
			}
		}()
		defer vstack.Catch(&err)
	}
	if kind&1 == 0 {
		return w.body()
	}
	return w.down(kind>>1, int(kind), w.body)
}

// iterate runs the body of a range loop in a function that calls it from further down,
// on another segment maybe. It has one result, and not four, because of a bug in Go's
// compiler: it moves several results that closures share to the heap together. When a
// deferred call of the function recovers a panic, it returns them from there, where the
// collector may have put something else.
func (w *world) iterate(kind, n byte) (l end) {
	times, depth := int(kind&3)+1, int(n)
	way := n % 7
	swallow := func(what string) {
		v := recover()
		if v != nil {
			w.recovered()
		}
		w.note(what + describe(v))
	}
	seq := func(yield func(int) bool) {
		defer w.note("iterator ends")
		if kind&192 == 192 {
			defer swallow("iterator recovers: ")
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
			if kind&32 != 0 {
				defer swallow("recovers in a loop's body: ")
			}
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

// misuse does what is told off: closes the running stack, runs something on it from
// another goroutine. A guard with its handle there goes on as one without.
func (w *world) misuse() {
	if w.plain || w.ambient {
		w.note("misuse; nil; misuse")
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
	closes := try(func() error { w.stack.Close(); return nil })
	var does, runs string
	done := make(chan struct{})
	go func() {
		defer close(done)
		does = try(func() error { w.stack.Do(func() {}); return nil })
		runs = try(func() error {
			return w.stack.Run(context.Background(), func(context.Context) error { return nil })
		})
	}()
	<-done
	w.note(closes + "; " + does + "; " + runs)
}

// nested runs a body on a stack of its own, inside this one.
func (w *world) nested(kind byte) (r int, err error) {
	w2, opts := w.child(kind)
	ctx := w.in
	if ctx == nil || kind&8 != 0 {
		ctx = context.Background()
	}
	entered := false
	defer w.settle()() // the inner stack may cancel an outer context
	defer func() {
		if entered && kind&48 == 48 {
			w2.afterClose()
		}
	}()
	defer w2.balanced("after a root call")
	w2.calls++
	if kind&64 != 0 {
		if !w.plain {
			w2.stack = vstack.New(opts...)
			defer w2.stack.Close()
		}
		defer func() { w2.closed = true }()
		entered = true
		if kind&128 != 0 {
			return w2.root()
		}
		err = w2.run(ctx, func(context.Context) (err error) { r, err = w2.body(); return err })
		return r, err
	}
	defer func() { w2.closed = true }()
	if w.plain {
		err = w2.run(ctx, func(context.Context) (err error) {
			entered = true
			r, err = w2.body()
			return err
		})
		return r, err
	}
	return vstack.Run(ctx, func(ctx context.Context, stack *vstack.Stack) (int, error) {
		entered = true
		w2.stack, w2.in = stack, ctx
		defer func() { w2.in = nil }()
		return w2.body()
	}, opts...)
}

// root is a root call by a guard with the handle of the idle stack.
func (w *world) root() (r int, err error) {
	if w.plain || w.ambient {
		return w.grow2(w.body)
	}
	if !w.stack.Low() {
		w.violation("the guard with an idle stack's handle is not low")
	}
	entered := false
	defer w.watch(w.calls, &entered)
	return vstack.GrowOn2(w.stack, func() (int, error) {
		w.enters(&entered)
		if vstack.Current() != w.stack {
			w.violation("a root call by a handle is not on its stack")
		}
		return w.body()
	})
}

// afterClose uses a stack that has been closed. (Guards with its handle are those of the
// form strange.)
func (w *world) afterClose() {
	w.calls++
	err := w.run(context.Background(), func(context.Context) error { return nil })
	w.note("Run after Close: " + describe(err))
}

// goroutine starts one that runs on no stack, and waits for it. It has the handle of
// this one.
func (w *world) goroutine() (r int) {
	w2, _ := w.child(1)
	w2.ambient = true
	defer w.settle()()
	exits := w.exits
	defer func() { w.exits = exits }()
	how, v := outcome(func() {
		var err error
		w2.calls++
		r, err = guardedBody(w2, w2.body)
		w.noteResult("goroutine", r, err)
	})
	w.noteValue("goroutine "+how, v)
	return r
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
	}
}
