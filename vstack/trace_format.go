package vstack

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
)

// Traces as text and as JSON.

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
