package vstack

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

var (
	// ErrOverflow is what an [*OverflowError] is, for [errors.Is]: the recursion
	// was deeper than the memory limit or the shared budget allows.
	ErrOverflow = errors.New("vstack: stack overflow")

	// ErrClosed is returned by [Stack.Run] and [Pool.Run] after the stack or the
	// pool was closed; [Stack.Start] panics with it.
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
// it; inside the recursion the guard panics with it, and a frame may recover
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

	stack     *Stack
	byDefault bool // the limit, or the budget, is the default limit
}

// Error says in one line which stack overflowed, how deep it was, how many bytes a level
// took, and whether this recursion or the load did it. Format prints more.
func (e *OverflowError) Error() string {
	var b strings.Builder
	b.WriteString("vstack: stack overflow: ")
	if e.Trace != nil && e.Trace.Name != "" {
		fmt.Fprintf(&b, "%q is ", e.Trace.Name)
	}
	if n, each, about := e.levels(); n > 0 {
		if about {
			b.WriteString("about ")
		}
		fmt.Fprintf(&b, "%s deep, %s a level: ", count(n, "level"), count(each, "byte"))
	}
	fmt.Fprintf(&b, "%s bytes of stack", commas(e.Bytes))
	switch {
	case e.Budget == 0:
		fmt.Fprintf(&b, ", and its limit is %s; the input is nested too deep for that", commas(e.Limit))
	case e.ByLoad():
		fmt.Fprintf(&b, "; others have used up the rest of the %s bytes that they share: the load did it, not this input", commas(e.Budget))
	default:
		fmt.Fprintf(&b, ", most of the %s bytes that it shares with others: the input is nested too deep for that", commas(e.Budget))
	}
	if e.byDefault {
		b.WriteString(" (the default limit, of all stacks without one of their own: SetDefaultLimit or " + maxMemoryVariable + " changes it)")
	}
	return b.String()
}

// ByLoad reports whether others than this stack used most of the shared budget: the same
// input might succeed later. Otherwise the input is too deep for the limits that there are.
func (e *OverflowError) ByLoad() bool { return e.Budget > 0 && e.Bytes < e.Budget/2 }

// Levels returns how many levels deep the recursion was, a level being one turn of its
// cycle of calls, and how many bytes of stack each took. It is counted in the segments
// that the trace shows, and about right for the whole. Without a cycle that repeats it
// counts frames.
func (e *OverflowError) Levels() (levels, bytesEach int64) {
	levels, bytesEach, _ = e.levels()
	return levels, bytesEach
}

func (e *OverflowError) levels() (levels, bytesEach int64, about bool) {
	t := e.Trace
	if t == nil || t.Depth == 0 {
		return 0, 0, false
	}
	levels = t.Depth
	if cycle, ok := t.Cycle(); ok {
		levels = 0
		for _, part := range t.Parts {
			if part.repeats() {
				levels += part.turns(cycle)
			}
		}
	}
	if about = t.Walked > 0 && t.Walked < t.Segments; about {
		levels = int64(float64(levels) / float64(t.Walked) * float64(t.Segments))
	}
	if levels == 0 {
		return 0, 0, false
	}
	return levels, e.Bytes / levels, about
}

// turns returns how many turns of the cycle the part has, if it is the same recursion.
func (p Part) turns(cycle Part) (n int64) {
	if len(p.Paths) == 0 || len(cycle.Paths) == 0 || p.Paths[0].Frames[0].Function != cycle.Paths[0].Frames[0].Function {
		return 0
	}
	for _, path := range p.Paths {
		n += path.Count
	}
	return n
}

// Cycle returns the recursion that made the stack deep, folded, and whether one
// was found: [Trace.Cycle] of the error's trace.
func (e *OverflowError) Cycle() (cycle Part, ok bool) {
	if e.Trace == nil {
		return Part{}, false
	}
	return e.Trace.Cycle()
}

// LogValue is for package log/slog: the line of Error, and its numbers for machines.
func (e *OverflowError) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("msg", e.Error()), slog.Int64("bytes", e.Bytes), slog.Int64("limit", e.Limit)}
	if e.Budget > 0 {
		attrs = append(attrs, slog.Int64("budget", e.Budget), slog.Bool("by_load", e.ByLoad()))
	}
	if n, each := e.Levels(); n > 0 {
		attrs = append(attrs, slog.Int64("levels", n), slog.Int64("bytes_a_level", each))
	}
	if cycle, ok := e.Cycle(); ok {
		attrs = append(attrs, slog.String("cycle", cycle.String()))
	}
	if e.Trace != nil {
		attrs = append(attrs, slog.Any("stack", e.Trace))
	}
	return slog.GroupValue(attrs...)
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
