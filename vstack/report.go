package vstack

import (
	"fmt"
	"io"
	"slices"
)

// Format prints the one line of Error, quoted for %q, and for %+v a report of at most 40
// lines: the cycle of calls that made the stack deep, once, and what called it, in the
// form of Go's tracebacks. Package fmt calls Format.
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

// The frames in a report; each takes two lines.
const (
	reportCycle = 12
	reportRoot  = 4
)

func (e *OverflowError) report(w io.Writer) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("%s\n", e.Error())
	t := e.Trace
	if t == nil {
		return
	}
	r := *t
	if t.rootFirst {
		r.Root = slices.Clone(t.Root)
		slices.Reverse(r.Root)
	}
	if cycle, ok := t.Cycle(); ok {
		path := cycle.Paths[0]
		p("\nthe recursion, %s of it in %d of %s:\n", count(path.Count, "turn"), t.Walked, count(int64(t.Segments), "segment"))
		frames := path.Frames
		more := len(frames) - reportCycle
		if more > 0 {
			frames = frames[:reportCycle]
		}
		printFrames(w, frames)
		if more > 0 {
			p("...and %d frames more to the turn...\n", more)
		}
		if others := cycle.unprinted(1); others > 0 {
			p("...and %s on other ways through it...\n", count(others, "frame"))
		}
	} else {
		p("\nthe newest frames; none repeats:\n")
		printFrames(w, t.Top[:min(len(t.Top), reportCycle)])
	}
	root := r.Root[max(0, len(r.Root)-reportRoot):]
	p("\nwhere it began, the oldest last:\n")
	printFrames(w, root)
}
