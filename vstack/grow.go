package vstack

// Do runs fn on a fresh segment and returns when fn has; the caller's goroutine parks
// meanwhile. It is the second line of the guard for a function without results. A
// panic in fn or [runtime.Goexit] continues in the caller as from a plain call.
//
// On a goroutine that runs on a [Stack], the segment is that stack's. On any other it
// is the first segment of an ambient stack: a warm one of the default pool, which goes
// back there when Do returns. Ambient stacks have no context and no limit of their
// own; all stacks without a limit share the default one, see [SetDefaultLimit].
//
// Past the memory limit Do panics with an [*OverflowError], and once the context of
// the enclosing [Stack.Run] is done with a [*CanceledError]; the nearest enclosing Run
// turns either into the error it returns, so does [Catch], and any frame between may
// recover it. While such a panic unwinds frames, their deferred calls may use guards:
// those do not panic again. Do panics with [ErrMisuse] if fn is nil.
//
// It costs about 0.5 us if a worker is idle and a few microseconds if one has to be
// started. Where the guard was low for another reason than depth, and in a segment
// that hops again and again from one place, fn runs right here.
func Do(fn func()) {
	if fn == nil {
		panic(misuse("Do: fn is nil"))
	}
	if s := target(); s != nil {
		s.grow(fn)
		return
	}
	fn()
}

// Do is [Do] on the stack: the second line of the guard [Stack.Low].
//
// A stack that is idle runs fn as a root call. On a goroutine that the stack does not
// run on, while it is in use or closed, it is [Do]. For a nil stack it calls fn.
func (s *Stack) Do(fn func()) {
	if fn == nil {
		panic(misuse("Do: fn is nil"))
	}
	if s := s.target(); s != nil {
		s.grow(fn)
		return
	}
	fn()
}

// Grow is [Do] for a function with a result. It panics as that does and costs the
// same.
//
//	func depth(n *Node) int {
//		if vstack.Low() {
//			return vstack.Grow(func() int { return depth(n) })
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
func Grow[R any](fn func() R) R { return grow1(target(), fn) }

// Grow2 is [Grow] for a function with two results, as a value and an error.
//
//go:noinline
func Grow2[R1, R2 any](fn func() (R1, R2)) (R1, R2) { return grow2(target(), fn) }

// GrowOn is [Grow] on the stack s: the second line of the guard [Stack.Low]. See
// [Stack.Do] for an idle stack, a nil one, and other goroutines than the stack's.
//
//go:noinline
func GrowOn[R any](s *Stack, fn func() R) R { return grow1(s.target(), fn) }

// GrowOn2 is [GrowOn] for a function with two results, as a value and an error.
//
//go:noinline
func GrowOn2[R1, R2 any](s *Stack, fn func() (R1, R2)) (R1, R2) { return grow2(s.target(), fn) }

func grow1[R any](s *Stack, fn func() R) R {
	if s == nil {
		return fn()
	}
	return hop1(s, fn)
}

// hop1 is a function of its own because the closure moves its result to the heap: so that
// is done only for a hop.
func hop1[R any](s *Stack, fn func() R) (r R) {
	s.grow(func() { r = fn() })
	return r
}

func grow2[R1, R2 any](s *Stack, fn func() (R1, R2)) (R1, R2) {
	if s == nil {
		return fn()
	}
	return hop2(s, fn)
}

func hop2[R1, R2 any](s *Stack, fn func() (R1, R2)) (r1 R1, r2 R2) {
	s.grow(func() { r1, r2 = fn() })
	return r1, r2
}

// Call calls fn(arg), on a fresh segment if the guard is low: a guard at the
// call instead of in the function. It costs more than [Low] at the head of fn. When
// the guard is low it panics as [Do] does.
func Call[A, R any](fn func(A) R, arg A) R {
	if Low() {
		return Grow(func() R { return fn(arg) })
	}
	return fn(arg)
}

// Call2 is [Call] for a function with two results, as a value and an error.
func Call2[A, R1, R2 any](fn func(A) (R1, R2), arg A) (R1, R2) {
	if Low() {
		return Grow2(func() (R1, R2) { return fn(arg) })
	}
	return fn(arg)
}

// Catch turns the panic of an overflow or of a cancellation into an error. Defer it
// in the functions by which others enter a guarded library, so that too deep an input
// is an error like any other:
//
//	func Parse(text string) (tree *Tree, err error) {
//		defer vstack.Catch(&err)
//		...
//	}
//
// *err becomes the [*OverflowError], or for a [*CanceledError] the [context.Cause]
// that it unwraps to, as from [Stack.Run]. Other panics go on with their value, and so
// does [runtime.Goexit]. Unlike Run, Catch leaves shallow calls what they were: the
// same goroutine, no allocation, some nanoseconds for the deferred call. The limits
// are those of the stack that the caller runs on, so that the caller sets them.
//
// Catch must be deferred itself, and not called by a deferred function. It panics with
// [ErrMisuse] if err is nil and there is an error to store.
func Catch(err *error) {
	value := recover()
	if value == nil {
		return
	}
	caught := caught(value)
	if caught == nil {
		panic(value)
	}
	if err == nil {
		panic(misuse("Catch: the pointer is nil; defer vstack.Catch(&err) with err a named result"))
	}
	*err = caught
}

// caught returns the error for the panic of an overflow or a cancellation, nil for
// another panic.
func caught(value any) error {
	switch v := value.(type) {
	case *OverflowError:
		return v
	case *CanceledError:
		return v.cause
	}
	return nil
}
