package vstack

// Grow runs fn on a fresh segment and returns when fn has; the caller's
// goroutine parks meanwhile. A panic in fn or [runtime.Goexit] continues in the
// caller as from a plain call. For a nil stack it calls fn.
//
// Past the memory limit Grow panics with an [*OverflowError], and once the
// context of the enclosing [Stack.Run] is done with a [*CanceledError]; the
// nearest enclosing Run turns either into the error it returns, and any frame
// between may recover it. After Close, Grow panics with [ErrClosed]; if fn is nil,
// or if the caller is not on the goroutine that the stack runs on, with
// [ErrMisuse].
//
// It costs about 0.5 us if a worker is idle and a few microseconds if one has to
// be started. A segment that has moved, or that hops again and again from one
// place, runs fn in place.
func (s *Stack) Grow(fn func()) {
	if fn == nil {
		panic(misuse("Grow: fn is nil"))
	}
	if s.stay() {
		fn()
		return
	}
	s.grow(fn)
}

func (s *Stack) grow(fn func()) {
	if s.top == nil {
		defer s.release()
	}
	g, err := s.segment(s.next())
	if err != nil {
		panic(err)
	}
	g.fn = fn
	s.repeat(s.hop(g))
	s.discard(g)
}

// Grow is [Stack.Grow] for a function with a result: the second line of the
// guard. It panics as that does and costs the same; for a nil stack it calls fn.
//
//	func (p *parser) value() Node {
//		if p.stack.Low() {
//			return vstack.Grow(p.stack, p.value)
//		}
//		...
//	}
//
// Keep closures in this branch, where they cost nothing until it is taken, and
// let them capture only variables that are never assigned again: Go moves the
// others to the heap on every call. What a captured pointer points to is on the heap
// too, since fn may run on another goroutine. Where every nanosecond counts, put the
// call of Grow into a function of its own that is not inlined.
//
//go:noinline
func Grow[R any](s *Stack, fn func() R) R {
	if s.stay() {
		return fn()
	}
	return grow1(s, fn)
}

func grow1[R any](s *Stack, fn func() R) (r R) {
	s.grow(func() { r = fn() })
	return r
}

// Grow2 is [Grow] for a function with two results, as a value and an error.
//
//go:noinline
func Grow2[R1, R2 any](s *Stack, fn func() (R1, R2)) (R1, R2) {
	if s.stay() {
		return fn()
	}
	return grow2(s, fn)
}

func grow2[R1, R2 any](s *Stack, fn func() (R1, R2)) (r1 R1, r2 R2) {
	s.grow(func() { r1, r2 = fn() })
	return r1, r2
}

// Call calls fn(arg), on a fresh segment if the guard is low: a guard at the
// call instead of in the function. It costs more than [Stack.Low] at the head
// of fn, about twice a plain call. When it is low it panics as [Stack.Grow] does;
// for a nil stack it calls fn.
func Call[A, R any](s *Stack, fn func(A) R, arg A) R {
	if s.Low() {
		return Grow(s, func() R { return fn(arg) })
	}
	return fn(arg)
}

// Call2 is [Call] for a function with two results, as a value and an error.
func Call2[A, R1, R2 any](s *Stack, fn func(A) (R1, R2), arg A) (R1, R2) {
	if s.Low() {
		return Grow2(s, func() (R1, R2) { return fn(arg) })
	}
	return fn(arg)
}
