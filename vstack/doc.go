// Package vstack lets recursive Go code go as deep as memory allows, and gives an error
// where Go would end the process.
//
// Go ends a program whose goroutine needs more than 1 GB of stack, with a fatal
// error that recover does not catch. Recursion over data from outside is
// therefore a way to kill a server. With vstack the recursion runs over a chain
// of goroutines, each with a small bounded stack; overflow and cancellation
// become errors.
//
// # The guard
//
// Three lines at the head of one function in each cycle of calls are enough:
//
//	func (p *parser) expr() (Node, error) {
//		if vstack.Low() {
//			return vstack.Grow2(p.expr)
//		}
//		... // the body, with plain recursive calls
//	}
//
// [Low] asks how much of its stack the goroutine has used. When that is what it may use,
// [Grow] continues on another goroutine while the current one parks: a hop. Where callers
// enter, a library turns the overflow into an error:
//
//	func Parse(text string) (n Node, err error) {
//		defer vstack.Catch(&err)
//		return newParser(text).expr()
//	}
//
// and a program sets the limit and the deadline:
//
//	n, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (Node, error) {
//		return Parse(text)
//	}, vstack.WithMaxMemory(64<<20))
//	if errors.Is(err, vstack.ErrOverflow) {
//		... // deeper than the memory limit allows
//	}
//
// A guarded recursion does not end the process by stack overflow. Recursion without a
// guard still can, and so can C code, a single frame larger than the stack may get, and a
// heap that is more than the machine has.
//
// # The other ways to call
//
// A [Stack] that Run gives its function may be handed to the guards, as a handle:
// [Stack.Low], [GrowOn] and [Stack.Do] take fewer nanoseconds. [Stack.Run] makes a frame
// with a context and an error of its own. [Call] is a guard at the call, for functions
// that cannot be changed. [Check] notices a deadline where no guard is passed.
// [Stack.Start] runs a recursion in steps, [Stack.Scope] runs several side by side that
// share one baton, [Await] lets others run during blocking work.
//
// # Many stacks
//
// A stack runs one thing at a time. A server keeps warm ones in a [Pool] and
// bounds the memory of all its requests by a [Budget]; a [Group] runs recursive
// functions in parallel, on a stack each, and waits for them.
//
// # Errors
//
// [Run], [Stack.Run] and [Pool.Run] return what their function returns. Besides,
// they return an [*OverflowError] if the recursion needs more memory than
// [WithMaxMemory] or the budget allows, for which errors.Is(err, [ErrOverflow])
// holds; [context.Cause] of the context once that is done; [ErrClosed] after
// Close; and [ErrMisuse] to a goroutine that the stack does not run on. There is a
// memory limit without any option, which all stacks share: see [SetDefaultLimit].
//
// Where there is no error to return, they are panics: those of overflow and
// cancellation pass through Grow on their way to the nearest enclosing Run or [Catch], and
// arguments that cannot be meant, such as a nil function, panic with ErrMisuse.
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
//
// # Stability
//
// Versions follow semantic versioning. Before 1.0.0 a minor version may change
// the API, and the file CHANGELOG.md says how to move; a patch version does not.
// From 1.0.0 on, programs that compile with a version compile with all later
// ones of the same major version and do the same.
//
// Part of that promise are the exported names and what their comments say. Not
// part of it, and free to change in any version, are the times and sizes that
// comments give, the texts of errors, panics and traces, the counts of [Stats] as
// they depend on where a recursion hops, and package internals. New fields may be
// added to structs: write their literals with field names. Package scheduler
// keeps to the same rules. A minor version may ask for a newer Go, which is never
// newer than the older of the two releases that the Go project supports.
package vstack
