package vstack

import (
	"fmt"
	"io"
)

// overflowSegments bounds the trace of an overflow, and so its cost: input that
// is meant to overflow the stack must not find a way to make that slow.
const overflowSegments = 8

// overflow makes the error for a stack that is out of memory; budget is not 0 if
// the budget is what is used up. Deferred calls that overflow again while the stack
// unwinds are told of the first place: every one of them might read the same frames.
func (s *Stack) overflow(budget int64) error {
	a := s.account
	if s.overflowed == nil || !s.unwinding() {
		s.overflowed = s.walk(s.top, overflowSegments)
	}
	return &OverflowError{
		Bytes:  a.used,
		Limit:  a.limit(),
		Budget: budget,
		Hops:   s.hops,
		Trace:  s.overflowed,
		stack:  s,
	}
}

// Cycle returns the recursion that made the stack deep, folded, and whether one
// was found: [Trace.Cycle] of the error's trace.
func (e *OverflowError) Cycle() (cycle Part, ok bool) {
	if e.Trace == nil {
		return Part{}, false
	}
	return e.Trace.Cycle()
}

// Format prints the one line of Error, quoted for %q, and for %+v the whole
// report: the cycle, and the frames at either end in the form of Go's tracebacks.
// The report does not grow with the depth. Package fmt calls Format.
func (e *OverflowError) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('+'):
		e.report(f)
	case verb == 'q':
		fmt.Fprintf(f, "%q", e.Error())
	default:
		_, _ = io.WriteString(f, e.Error())
	}
}

func (e *OverflowError) report(w io.Writer) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("%s\n", e.Error())
	t := e.Trace
	if t == nil {
		return
	}
	if t.Name != "" {
		p("stack: %q\n", t.Name)
	}
	p("%s bytes in use, limit %s, %s, %s\n", commas(e.Bytes), commas(e.Limit), count(e.Hops, "hop"), count(int64(t.Segments), "segment"))
	if cycle, ok := t.Cycle(); ok {
		p("the recursion: %s\n", cycle)
	}
	p("in one line: %s\n", t.Summary())
	p("\nthe last %s, the newest first:\n", count(int64(len(t.Top)), "frame"))
	printFrames(w, t.Top)
	p("\nthe first %s, the oldest last:\n", count(int64(len(t.Root)), "frame"))
	printFrames(w, t.Root)
	p("\n%s", t)
}
