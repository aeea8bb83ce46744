package vstack

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
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

// String prints the trace in the form of Go's tracebacks, so that what links
// their lines to the source links these. However deep the stack, the text is of
// bounded size; [Trace.Summary] is one line.
func (t *Trace) String() string {
	var b strings.Builder
	b.WriteString("virtual stack ")
	if t.Name != "" {
		fmt.Fprintf(&b, "%q ", t.Name)
	}
	separator := ", "
	if t.Walked < t.Segments {
		separator = fmt.Sprintf(" in %d of ", t.Walked)
	}
	fmt.Fprintf(&b, "[%s%s%s, %s bytes]:\n", count(t.Depth, "frame"), separator, count(int64(t.Segments), "segment"), commas(t.Bytes))
	for _, part := range t.Parts {
		part.print(&b)
	}
	return b.String()
}

// printedPaths is how many ways through one recursion are printed.
const printedPaths = 8

func (p Part) print(b *strings.Builder) {
	for i, path := range p.Paths {
		if i == printedPaths {
			break
		}
		printFrames(b, path.Frames)
		switch {
		case !p.repeats():
		case i == 0 && !p.Mixed:
			fmt.Fprintf(b, "...the %s above %s...\n", count(int64(len(path.Frames)), "frame"), count(path.Count, "time"))
		default:
			fmt.Fprintf(b, "...the %s above %s, in between...\n", count(int64(len(path.Frames)), "frame"), count(path.Count, "time"))
		}
	}
	if n := p.unprinted(printedPaths); n > 0 {
		fmt.Fprintf(b, "...%s on other paths...\n", count(n, "frame"))
	}
	if p.Skipped > 0 {
		fmt.Fprintf(b, "...%s not walked...\n", count(int64(p.Skipped), "segment"))
	}
	if p.Cut {
		b.WriteString("...additional frames elided...\n")
	}
}

// unprinted counts the frames that are not on the first n paths.
func (p Part) unprinted(n int) int64 {
	frames := p.Others
	for i := n; i < len(p.Paths); i++ {
		frames += p.Paths[i].Count * int64(len(p.Paths[i].Frames))
	}
	return frames
}

func printFrames(b io.Writer, frames []Frame) {
	for _, f := range frames {
		fmt.Fprintf(b, "%s(...)\n\t%s:%d +%#x\n", f.Function, f.File, f.Line, f.Offset)
	}
}

// Summary is the folded trace in one line, by function names without their
// packages, the oldest first, whatever the trace's order:
//
//	main -> run; eval -> evalBinary -> eval x 1,234,567; lookup
func (t *Trace) Summary() string {
	r := t.RootFirst()
	var pieces []string
	for _, part := range r.Parts {
		if piece := part.summary(true); piece != "" {
			pieces = append(pieces, piece)
		}
	}
	return strings.Join(pieces, "; ")
}

// String is the part's piece of [Trace.Summary]. It is for a part of a trace
// that has the newest frames first.
func (p Part) String() string { return p.summary(false) }

func (p Part) summary(rootFirst bool) string {
	const most = 3 // paths
	type way struct {
		names string
		turns int64
	}
	var ways []way
	var pieces []string
	shown := int64(0)
	for _, path := range p.Paths {
		names := make([]string, len(path.Frames))
		for i, f := range path.Frames {
			names[i] = shortName(f.Function)
		}
		if !rootFirst {
			slices.Reverse(names)
		}
		if p.repeats() && !p.Mixed {
			// The last of a turn is the first of the next: close the circle.
			names = append([]string{names[len(names)-1]}, names...)
		} else if n := len(names); n > 12 {
			names = append(append(names[:5:5], fmt.Sprintf("(%d more)", n-10)), names[n-5:]...)
		}
		line := strings.Join(names, " -> ")
		i := slices.IndexFunc(ways, func(w way) bool { return w.names == line })
		if i < 0 {
			if len(ways) == most {
				continue
			}
			i = len(ways)
			ways = append(ways, way{names: line})
		}
		ways[i].turns += path.Count
		shown += path.Count * int64(len(path.Frames))
	}
	for _, w := range ways {
		if p.repeats() {
			w.names += " x " + commas(w.turns)
		}
		pieces = append(pieces, w.names)
	}
	if rest := p.Depth - shown; rest > 0 && len(pieces) > 0 {
		pieces = append(pieces, count(rest, "frame")+" on other paths")
	}
	if p.Skipped > 0 {
		pieces = append(pieces, count(int64(p.Skipped), "segment")+" not walked")
	}
	if p.Cut {
		pieces = append(pieces, "more frames")
	}
	return strings.Join(pieces, " | ")
}

// shortName is a function's name without its package and pointer receiver.
func shortName(function string) string {
	name := function[strings.LastIndexByte(function, '/')+1:]
	if i := strings.IndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	if strings.HasPrefix(name, "(") {
		if i := strings.Index(name, ")."); i >= 0 {
			name = name[i+2:]
		}
	}
	return strings.ReplaceAll(name, "[...]", "")
}

// count returns "1 frame" or "1,234 frames".
func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return commas(n) + " " + what
}

func commas(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// LogValue is for package log/slog: the stack's name, its numbers and [Trace.Summary].
func (t *Trace) LogValue() slog.Value {
	if t == nil {
		return slog.Value{}
	}
	attrs := []slog.Attr{
		slog.Int("segments", t.Segments), slog.Int64("bytes", t.Bytes),
		slog.Int64("frames", t.Depth), slog.String("summary", t.Summary()),
	}
	if t.Name != "" {
		attrs = append([]slog.Attr{slog.String("name", t.Name)}, attrs...)
	}
	return slog.GroupValue(attrs...)
}

// MarshalJSON writes the trace as an object with its numbers, its summary, and
// its parts in their order, which the member "order" names: "top first" or, after
// [Trace.RootFirst], "root first". It returns no error.
func (t *Trace) MarshalJSON() ([]byte, error) {
	type path struct {
		Count  int64   `json:"count"`
		Frames []Frame `json:"frames"`
	}
	type part struct {
		Depth   int64  `json:"depth"`
		Bytes   int64  `json:"bytes"`
		Paths   []path `json:"paths,omitempty"`
		Others  int64  `json:"otherFrames,omitempty"`
		Skipped int    `json:"skippedSegments,omitempty"`
		Cut     bool   `json:"cut,omitempty"`
		Mixed   bool   `json:"mixed,omitempty"`
	}
	out := struct {
		Name     string  `json:"name,omitempty"`
		Segments int     `json:"segments"`
		Walked   int     `json:"walked"`
		Bytes    int64   `json:"bytes"`
		Depth    int64   `json:"depth"`
		Order    string  `json:"order"`
		Summary  string  `json:"summary"`
		Parts    []part  `json:"parts"`
		Top      []Frame `json:"top"`
		Root     []Frame `json:"root"`
	}{t.Name, t.Segments, t.Walked, t.Bytes, t.Depth, "top first", t.Summary(), []part{}, t.Top, t.Root}
	if t.rootFirst {
		out.Order = "root first"
	}
	for _, p := range t.Parts {
		to := part{p.Depth, p.Bytes, nil, p.Others, p.Skipped, p.Cut, p.Mixed}
		for _, q := range p.Paths {
			to.Paths = append(to.Paths, path(q))
		}
		out.Parts = append(out.Parts, to)
	}
	return json.Marshal(out)
}
