package main

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"unsafe"
)

// Ways to call.

func init() {
	ways["closure"] = func() error {
		var f func(n int) int
		f = func(n int) int {
			if n == 0 {
				return 0
			}
			return f(n-1) + 1
		}
		return overflow(func() { f(forever) })
	}
	ways["closurechain"] = func() error {
		// Each closure captures, on its stack, what the next one calls.
		var f func(n int, k func() int) int
		f = func(n int, k func() int) int {
			x := n
			return f(n-1, func() int { return k() + x })
		}
		return overflow(func() { f(forever, func() int { return 1 }) })
	}
	ways["methodvalue"] = func() error { return overflow(func() { f := (&walker{}).walk; f(forever) }) }
	ways["interface"] = func() error { return overflow(func() { add{add{nil}}.eval(forever) }) }
	ways["embedded"] = func() error {
		return overflow(func() { var w wrapped; w.walker = &walker{}; w.walker.other = w; w.cross(forever) })
	}
	ways["generic"] = func() error { return overflow(func() { generic[int, string](forever, 1, "x") }) }
	ways["genericmethod"] = func() error { return overflow(func() { (&tree[string]{}).depth(forever) }) }
	ways["mutual"] = func() error { return overflow(func() { even(forever) }) }
	ways["helpers"] = func() error { return overflow(func() { helpers(forever) }) }
	ways["alloc"] = func() error { return overflow(func() { alloc(forever) }) }
	ways["mapper"] = func() error { return overflow(func() { mapper(forever, map[string]any{}) }) }
	ways["variadic"] = func() error { return overflow(func() { variadic(forever) }) }
	ways["rangefunc"] = func() error { return overflow(func() { rangeFunc(forever) }) }
	ways["pull"] = func() error { return overflow(func() { pull(forever) }) }
	ways["stackpointers"] = func() error { return overflow(func() { x := 1; pointers(forever, &x) }) }
	ways["trace"] = trace
}

type walker struct {
	n     int
	other interface{ cross(n int) int }
}

func (w *walker) walk(n int) int {
	if n == 0 {
		return w.n
	}
	f := w.walk
	return f(n-1) + 1
}

func (w *walker) cross(n int) int { return w.other.cross(n-1) + 1 }

type wrapped struct{ *walker }

type node interface{ eval(n int) int }

type add struct{ left node }

func (a add) eval(n int) int {
	if n == 0 {
		return a.left.eval(n)
	}
	return node(a).eval(n-1) + 1
}

//go:noinline
func generic[A, B any](n int, a A, b B) (A, B) {
	if n == 0 {
		return a, b
	}
	x, y := generic(n-1, b, a)
	return y, x
}

type tree[T any] struct{ value T }

func (t *tree[T]) depth(n int) (T, int) {
	if n == 0 {
		return t.value, 0
	}
	v, d := t.depth(n - 1)
	return v, d + 1
}

func even(n int) bool { return n == 0 || odd(n-1) && n > 0 }
func odd(n int) bool  { return n != 0 && even(n-1) || n < 0 }

// helpers has a helper with a larger frame: it is the helper that finds no room.
func helpers(n int) int {
	if n == 0 {
		return 0
	}
	return helper(n) + helpers(n-1)
}

//go:noinline
func helper(n int) int {
	var a [600]byte
	a[n%600] = 1
	return int(a[(n+1)%600])
}

// alloc spends its time in the runtime.
func alloc(n int) *int {
	s := make([]*int, 3)
	s[0] = new(int)
	s = append(s, s...)
	m := map[int]*int{n: s[0]}
	return alloc(n - len(m) - len(fmt.Sprint(n)))
}

func mapper(n int, m map[string]any) int {
	k := "k" + strings.Repeat("x", n%20)
	m[k] = n
	delete(m, k+"y")
	return mapper(n-1, m) + len(m)
}

func variadic(n int, a ...any) int { return variadic(n-1, n, "x", a) + 1 }

func seq(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range seq(n - 1) {
			if !yield(i) {
				return
			}
		}
	}
}

func rangeFunc(n int) int {
	for i := range seq(n) {
		defer func() { sink++ }()
		return i
	}
	return 0
}

func pull(n int) int {
	next, stop := iter.Pull(func(yield func(int) bool) { yield(plain(n)) })
	defer stop()
	i, _ := next()
	return i
}

// pointers has pointers into the stack in every frame, and checks them as it goes: the last one panics with the net's
// panic if all was well, for its deferred call looks at the frames below.
func pointers(n int, p *int) int {
	x := *p + 1
	r := 0
	if n%1000 == 0 {
		defer func() {
			if x != *p+1 {
				panic("a pointer into the stack went wrong")
			}
		}()
	}
	r = pointers(n-1, &x)
	return r + x
}

// trace looks at what the panic says.
func trace() error {
	var r any
	func() {
		defer func() { r = recover() }()
		even(forever)
	}()
	if err := isOverflow(r); err != nil {
		return err
	}
	text := r.(error).Error()
	for _, want := range []string{"main.even", "main.odd", "main.trace", "main.main", "times", "goroutine 1 ", " frames ..."} {
		if !strings.Contains(text, want) {
			return fmt.Errorf("no %q in %s", want, text)
		}
	}
	inner, outer, between := r.(interface {
		Callers() (inner, outer []uintptr, between int64)
	}).Callers()
	if between < 1000 || len(inner) == 0 || len(outer) == 0 {
		return fmt.Errorf("Callers: %d, %d and %d between", len(inner), len(outer), between)
	}
	f, _ := runtime.CallersFrames(inner).Next()
	if f.Function != "main.even" && f.Function != "main.odd" {
		return errors.New("the innermost frame is " + f.Function)
	}
	return nil
}

var _ unsafe.Pointer
