package vstack

import (
	"iter"
	"slices"

	"github.com/vstack-go/vstack/vstack/internal/fold"
)

// A Trace is the frames of a virtual stack, of all its segments, as they were at
// one moment. It is folded: frames that repeat, as they do in a deep recursion,
// are there once, with a count. vstack's own frames are left out, and those of
// the Go runtime as Go's tracebacks do; the goroutine that made the root call is
// at the root end. A trace is plain data and does not keep the stack alive; its
// methods may be called from any goroutine. [Stack.Trace] and
// [Stack.TraceContext] take one, and an [OverflowError] and a [Panic] have one.
type Trace struct {
	Name     string // of the stack; see [WithName]
	Segments int    // the stack's segments
	Walked   int    // how many of them the trace shows; see [Stack.TraceContext]
	Bytes    int64  // that all segments are charged with
	Depth    int64  // frames in those shown

	Parts []Part  // the folded frames, the newest first
	Top   []Frame // the newest 10 as they are, the newest first
	Root  []Frame // the oldest 10 as they are, the oldest last

	rootFirst bool
}

// A Part is a piece of a [Trace]: frames that stand there once, or a recursion.
type Part struct {
	// Paths are the ways through the part, the most frequent first. A plain
	// piece has one with a count of 1. A recursion in which all turns are alike
	// has one as well; in others every turn took one of the paths, in an order
	// that is not known any more.
	Paths []Path
	// Others is how many frames are on further paths, which were only counted.
	Others int64
	// Depth is how many frames the part has, and Bytes is their share of what
	// the segments are charged with.
	Depth int64
	Bytes int64
	// Skipped is how many segments stand here without their frames being known.
	Skipped int
	// Cut says that a goroutine had more frames here than are ever read.
	Cut bool
	// Mixed says that the part is several recursions and pieces that took turns
	// too often to be listed one by one.
	Mixed bool
}

// A Path is one way through a recursion, a cycle of calls, or the frames of a
// [Part] that does not repeat.
type Path struct {
	Count  int64   // how many turns took it
	Frames []Frame // of one turn, the newest first
}

// A Frame is a call of a function that has not returned. Of its arguments nothing
// is known.
type Frame struct {
	Function string  `json:"function"` // with its package, as in Go's tracebacks
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Offset   uintptr `json:"offset"` // of the call in the function's code
	// Segment is the number of the segment that the frame is in, counted from
	// the root, which is 1; 0 is the goroutine that made the root call. For a
	// frame that repeats it is the newest.
	Segment int `json:"segment"`
	// SegmentBytes is what that segment is charged with.
	SegmentBytes int64 `json:"segmentBytes"`
}

// RootFirst returns the same trace with the oldest frames first everywhere, in
// Parts, Top and Root. It leaves t as it is: what it turns round it copies. For a
// trace that is so already it returns t.
func (t *Trace) RootFirst() *Trace {
	if t.rootFirst {
		return t
	}
	r := *t
	r.rootFirst = true
	reversed := func(frames []Frame) []Frame {
		frames = slices.Clone(frames)
		slices.Reverse(frames)
		return frames
	}
	r.Top, r.Root = reversed(t.Top), reversed(t.Root)
	r.Parts = slices.Clone(t.Parts)
	slices.Reverse(r.Parts)
	for i := range r.Parts {
		p := &r.Parts[i]
		p.Paths = slices.Clone(p.Paths)
		for j := range p.Paths {
			p.Paths[j].Frames = reversed(p.Paths[j].Frames)
		}
	}
	return &r
}

// All yields every distinct frame of the trace in its order, with how often it
// is there; frames on the paths that [Part] only counts are left out. The same
// function may come more than once, at other lines or in other parts.
func (t *Trace) All() iter.Seq2[Frame, int64] {
	return func(yield func(Frame, int64) bool) {
		for _, part := range t.Parts {
			for _, path := range part.Paths {
				for _, frame := range path.Frames {
					if !yield(frame, path.Count) {
						return
					}
				}
			}
		}
	}
}

// Cycle returns the part with the most frames of those that repeat: the
// recursion that made the stack deep. It reports false, with an empty part, if
// none does.
func (t *Trace) Cycle() (cycle Part, ok bool) {
	for _, part := range t.Parts {
		if part.repeats() && part.Depth > cycle.Depth {
			cycle, ok = part, true
		}
	}
	return cycle, ok
}

func (p Part) repeats() bool {
	return len(p.Paths) > 1 || len(p.Paths) == 1 && p.Paths[0].Count > 1
}

// traceOf returns a trace with what was folded.
func traceOf(r *fold.Result) *Trace {
	frames := func(in []fold.Frame) []Frame {
		out := make([]Frame, len(in))
		for i, f := range in {
			out[i] = Frame(f)
		}
		return out
	}
	t := &Trace{Depth: r.Depth, Top: frames(r.Top), Root: frames(r.Root)}
	for _, p := range r.Parts {
		part := Part{Others: p.Others, Depth: p.Depth, Bytes: p.Bytes, Skipped: p.Skipped, Cut: p.Cut, Mixed: p.Mixed}
		for _, q := range p.Paths {
			part.Paths = append(part.Paths, Path{q.Count, frames(q.Frames)})
		}
		t.Parts = append(t.Parts, part)
	}
	return t
}
