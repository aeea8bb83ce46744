// Package vstack runs recursive Go code on a virtual call stack, so that it can
// go as deep as memory allows and cannot crash the process.
//
// Go ends a program whose goroutine needs more than 1 GB of stack, with a fatal
// error that recover does not catch. Recursion over data from outside is
// therefore a way to kill a server. With vstack the recursion runs over a chain
// of goroutines, each with a small bounded stack; overflow and cancellation
// become errors.
//
// # The guard
//
// One line at the head of one function in each cycle of calls is enough:
//
//	func (e *evaluator) eval(n Node, env *Env) (Value, error) {
//		if e.stack.Low() {
//			return vstack.Grow2(e.stack, func() (Value, error) { return e.eval(n, env) })
//		}
//		... // the body, with plain recursive calls
//	}
//
// and one call at the top:
//
//	value, err := vstack.Run(ctx, func(ctx context.Context, stack *vstack.Stack) (Value, error) {
//		e := &evaluator{stack: stack}
//		return e.eval(root, env)
//	})
//	if errors.Is(err, vstack.ErrOverflow) {
//		... // deeper than the memory limit allows
//	}
//
// [Stack.Low] compares the address of a local variable with the bound of the
// segment, the part of the recursion that is on the current goroutine. When that
// is used up, [Grow] continues on another goroutine while the current one parks:
// a hop. A nil *Stack never is low, so a library can make the stack optional.
//
// # The other ways to call
//
// [Stack.Run] makes every call a frame of its own, with a context and an error;
// use it where a recursion is entered and where a part of it has a context of
// its own. [Call] is a guard at the call, for functions that cannot be changed.
// [Stack.Start] runs a recursion in steps, [Stack.Scope] runs several side by
// side that share one baton, [Await] lets others run during blocking work.
//
// # Panics, Goexit, deferred calls
//
// They do what they do in plain recursion: the same panic value reaches the same
// recover, deferred calls run in the same order, [runtime.Goexit] ends the
// goroutine that called the outermost Run or Grow. A deferred call runs on the
// goroutine of the function that deferred it.
//
// # Looking inside
//
// [Stack.Trace] and [Stack.TraceContext] show every frame of a stack, folded, and
// [Stack.Stats] its counts; [Stacks] finds the live ones. An [OverflowError]
// prints where it happened with %+v. Package vstack/debug serves all that as a
// page, and vstack/profile, a module of its own, writes it for go tool pprof.
//
// A panic that nobody recovers ends the program, and Go prints the goroutine that
// made the root call: the one where the panic began has unwound by then. So Go
// prints one more panic before the caller's own, whose text is the frames where
// it began. recover returns the caller's value, as from a plain call. With
// [WithPanicHook] a function sees every panic where it begins.
//
// # What differs from plain recursion
//
// Goroutine ids differ between frames, and a locked thread
// ([runtime.LockOSThread]) is not taken along. A stack must be used by the
// functions that run on it and by no other goroutine. Functions without a guard
// still use native stack: a segment grows natively as far as it must, up to Go's
// own limit. A stack that was made in a testing/synctest bubble belongs to it.
//
// pprof labels: a new worker has the labels of the goroutine that started it, one
// that is used again those of the innermost Run's context.
package vstack
