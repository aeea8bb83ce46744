package debug

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/fold"
)

// mostStuck is how many of the different places where the stacks of one name are, by the
// goroutine profile, are shown.
const mostStuck = 5

// A stuck is a place where goroutines of the stacks of one name are: what the goroutine
// profile knows of them, which is their newest frames.
type stuck struct {
	Count int
	What  string // they do
	Text  string // the frames in the form of Go's tracebacks

	summary string
}

// newStuck folds the frames at these addresses.
func newStuck(count int, does activity, pcs []uintptr) stuck {
	f := fold.New()
	f.Segment(pcs, 1, 0)
	if len(pcs) >= mostFrames {
		f.Cut()
	}
	t := &vstack.Trace{Segments: 1, Walked: 1}
	for _, p := range f.Result().Parts {
		part := vstack.Part{Others: p.Others, Depth: p.Depth, Cut: p.Cut, Mixed: p.Mixed}
		for _, q := range p.Paths {
			path := vstack.Path{Count: q.Count}
			for _, frame := range q.Frames {
				path.Frames = append(path.Frames, vstack.Frame(frame))
			}
			part.Paths = append(part.Paths, path)
		}
		t.Parts = append(t.Parts, part)
	}
	_, text, _ := strings.Cut(t.String(), "\n") // without its heading, which is that of a stack
	return stuck{count, does.String(), text, t.Summary()}
}

// places puts those that have frames in order, the most frequent first.
func places(all []stuck) []stuck {
	all = slices.DeleteFunc(all, func(s stuck) bool { return s.summary == "" })
	slices.SortStableFunc(all, func(a, b stuck) int { return cmp.Compare(b.Count, a.Count) })
	return all[:min(len(all), mostStuck)]
}

// summary is where they are in one line for each, which is a piece of the page's.
func (d doings) summary() string {
	if len(d.places) == 1 && d.places[0].Count == 1 {
		return d.places[0].summary
	}
	var lines []string
	for _, s := range d.places {
		lines = append(lines, fmt.Sprintf("%d × %s", s.Count, strings.ReplaceAll(s.summary, "; ", " -> ")))
	}
	return strings.Join(lines, "; ")
}
