package stress

import "github.com/vstack-go/vstack/vstack"

// The forms of the guard. A program uses all of them, mixed: they mean the same on a
// goroutine that runs a stack.

type form uint8

const (
	byHandle form = iota // the handle of the program's stack
	free                 // without one
	strange              // the handle of another stack, which is in use or closed
)

// form chooses one, by the number of the operation.
func (w *world) form() form {
	switch uint32(w.calls) * 2654435761 >> 29 {
	case 0, 1, 2:
		if w.ambient {
			return free // its handle is nil, which is no guard
		}
		return byHandle
	case 3:
		return strange
	}
	return free
}

// handle returns the stack whose methods the operation is to use; nil for none.
func (w *world) handle(f form) *vstack.Stack {
	switch f {
	case byHandle:
		return w.stack
	case strange:
		return w.other
	}
	return nil
}

// low is the first line of the guard.
func (w *world) low() bool {
	if w.plain {
		return w.due()
	}
	low := false
	if f := w.form(); f == free {
		low = vstack.Low()
	} else {
		low = w.handle(f).Low()
	}
	if !low {
		w.passed()
	}
	return low
}

// passed is for where a guard was not low.
func (w *world) passed() {
	if w.must() {
		w.violation("a guard is not low, and the context is done")
	}
}

// watch is deferred around a stack operation: if the function it was given has
// not been entered, the operation has thrown.
func (w *world) watch(call int, entered *bool) {
	if *entered {
		return
	}
	switch {
	case w.limit == 0:
		w.threw(call, false)
	case !w.done():
		w.threw(call, true)
	default: // either
		v := recover()
		_, overflow := v.(*vstack.OverflowError)
		w.threw(call, overflow)
		panic(v)
	}
}

// enters wraps the function that an operation is given.
func (w *world) enters(entered *bool) {
	*entered = true
	if w.must() {
		w.violation("Grow has called its function, and the context is done: %+v", w.flight)
	}
}

// do is Do. Like every operation on a stack it is counted by its caller,
// before: a guard that is low calls the same function again.
func (w *world) do(fn func()) {
	if w.plain {
		w.replay()
		fn()
		return
	}
	entered := false
	defer w.watch(w.calls, &entered)
	enter := func() {
		w.enters(&entered)
		fn()
	}
	if f := w.form(); f == free {
		vstack.Do(enter)
	} else {
		w.handle(f).Do(enter)
	}
}

// grow2 is Grow2 or GrowOn2, or one of those for one result.
func (w *world) grow2(fn func() (int, error)) (r int, err error) {
	if w.plain {
		w.replay()
		return fn()
	}
	entered := false
	defer w.watch(w.calls, &entered)
	enter2 := func() (int, error) {
		w.enters(&entered)
		return fn()
	}
	enter := func() int {
		var r int
		r, err = enter2()
		return r
	}
	f, single := w.form(), w.calls&8 == 8
	switch {
	case f == free && single:
		r = vstack.Grow(enter)
		return r, err
	case f == free:
		return vstack.Grow2(enter2)
	case single:
		r = vstack.GrowOn(w.handle(f), enter)
		return r, err
	default:
		return vstack.GrowOn2(w.handle(f), enter2)
	}
}

// call is Call, or Call2.
func (w *world) call(two bool, fn func(int) int, arg int) (r int) {
	entered := w.plain
	if w.plain {
		w.replay()
	} else {
		defer w.watch(w.calls, &entered)
	}
	if two {
		r, _ = vstack.Call2(func(arg int) (int, bool) { w.enters(&entered); return fn(arg), true }, arg)
	} else {
		r = vstack.Call(func(arg int) int { w.enters(&entered); return fn(arg) }, arg)
	}
	return r
}

// yield is Yield, which asks the context itself.
func (w *world) yield() {
	w.calls++
	if w.plain {
		w.replay()
		return
	}
	entered := false
	defer w.watch(w.calls, &entered)
	w.stack.Yield()
	entered = true
	w.asked("Yield")
}

// await is Await, which does so too.
func (w *world) await(fn func()) {
	w.calls++
	if w.plain {
		w.replay()
		fn()
		return
	}
	entered := false
	defer w.watch(w.calls, &entered)
	_, _ = vstack.Await(w.stack, func() (int, error) {
		entered = true
		w.asked("Await")
		fn()
		return 0, nil
	})
}

// asked is called where something that asks the context has gone on.
func (w *world) asked(name string) {
	if w.mustAsk() {
		w.violation("%s goes on, and the context is done: %+v", name, w.flight)
	}
}
