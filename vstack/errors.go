package vstack

import (
	"errors"
	"fmt"
)

var (
	// ErrOverflow is what an [*OverflowError] is, for [errors.Is]: the recursion
	// was deeper than the memory limit or the shared budget allows.
	ErrOverflow = errors.New("vstack: stack overflow")

	// ErrClosed is returned by [Stack.Run] and [Pool.Run] after the stack or the
	// pool was closed; [Stack.Grow], [Grow] and [Stack.Start] panic with it.
	ErrClosed = errors.New("vstack: the stack or pool is closed")

	// ErrMisuse is what the errors and panics for a stack used in a way that
	// cannot work are, for [errors.Is]: by a second goroutine, outside its frames,
	// with a nil function, or an option out of its range. It is a mistake in the
	// program; the text says what to do instead.
	ErrMisuse = errors.New("vstack: misuse")
)

// An OverflowError says that a recursion needed more memory than its stack may
// use, or than was left in the budget that it shares with other stacks.
// errors.Is(err, [ErrOverflow]) holds for it.
//
// [Run], [Stack.Run] and [Pool.Run] return it as it is, so that [errors.As] finds
// it; inside the recursion [Stack.Grow] panics with it, and a frame may recover
// it and go on. The stack can be used again afterwards.
type OverflowError struct {
	Bytes int64 // in use by the stack's segments when it overflowed
	Limit int64 // the stack's own limit, in bytes; 0 for none
	Hops  int64 // segments entered since the stack was made

	// Budget is the size in bytes of the shared [Budget] that was used up, or 0
	// if the stack reached its own limit. With the same input and fewer stacks
	// at a time the recursion might not have overflowed.
	Budget int64

	// Trace shows where: 8 segments of the stack, from either end.
	Trace *Trace

	stack *Stack
}

// Error says in one line how much memory was in use, of which limit, and what to
// do about it. Format prints more.
func (e *OverflowError) Error() string {
	if e.Budget > 0 {
		return fmt.Sprintf("vstack: stack overflow: the shared budget of %d bytes is used up, %d of them by this stack, "+
			"which has not reached a limit of its own; run fewer recursions at a time, limit each with vstack.WithMaxMemory, "+
			"or make the budget larger", e.Budget, e.Bytes)
	}
	return fmt.Sprintf("vstack: stack overflow: %d bytes in use of a limit of %d; "+
		"if the recursion is meant to go this deep, raise the limit with vstack.WithMaxMemory", e.Bytes, e.Limit)
}

// Is reports whether target is [ErrOverflow]; [errors.Is] calls it.
func (e *OverflowError) Is(target error) bool { return target == ErrOverflow }

// A CanceledError is what a guarded recursion panics with once its context is
// done. [Stack.Run] returns its cause; only a frame that recovers sees it. A frame
// that recovers it for good is interrupted again at its next guard.
type CanceledError struct {
	cause error
	stack *Stack
}

// Error says in one line that the recursion was canceled, and by what.
func (e *CanceledError) Error() string { return "vstack: canceled: " + e.cause.Error() }

// Unwrap returns the [context.Cause] of the context, for [errors.Is] and
// [errors.As]; it is not nil.
func (e *CanceledError) Unwrap() error { return e.cause }

// misuse makes an error that is ErrMisuse.
func misuse(what string) error { return &misuseError{what} }

type misuseError struct{ what string }

func (e *misuseError) Error() string        { return "vstack: " + e.what }
func (e *misuseError) Is(target error) bool { return target == ErrMisuse }
