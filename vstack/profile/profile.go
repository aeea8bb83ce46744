// Package profile writes the live virtual stacks of a program in the form of go
// tool pprof, so that its lists and flame graph show which recursion is deep and
// what it holds. It is a module of its own, for the library depends on nothing.
//
// A program that imports it and package debug also has it on the debug page:
//
//	import _ "github.com/vstack-go/vstack/vstack/profile"
//
// and then
//
//	go tool pprof -top 'http://localhost:8080/debug/vstack/?as=pprof'
package profile

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/form"
)

func init() {
	write := Write
	form.Write.Store(&write)
}

// The bounds of a profile.
const (
	segments = 64 // that are read of each stack
	patience = 500 * time.Millisecond
	deepest  = 512 // locations of a sample
)

// Write writes a compressed profile of all live stacks to w; see [Profile]. It
// returns the errors of w.
func Write(w io.Writer) error { return Profile().Write(w) }

// Profile returns a profile of all live stacks that run. It may be called from
// any goroutine.
//
// Each sample is a chain of calls from the goroutine that made the root call over
// all segments to one frame. A recursion is folded: a cycle is in the chain once,
// and the sample's values say how many frames there are in it. The sample types
// are depth, in frames, and bytes, which is what the segments are charged with,
// spread over their frames; the label "vstack" is the stack's name.
//
// Every stack is asked as by [vstack.Stack.TraceContext] for 64 of its segments,
// which holds it up for some milliseconds; the values of a deeper stack are
// scaled up from these. One that does not come to a guard within half a second is a
// sample of one location, "[vstack: no answer]", with all its bytes, and the profile's
// comments say how many there are.
func Profile() *profile.Profile {
	b := &builder{
		functions: map[string]*profile.Function{},
		locations: map[place]*profile.Location{},
		profile: &profile.Profile{
			SampleType:        []*profile.ValueType{{Type: "depth", Unit: "count"}, {Type: "bytes", Unit: "bytes"}},
			DefaultSampleType: "depth",
			PeriodType:        &profile.ValueType{Type: "depth", Unit: "count"},
			Period:            1,
			TimeNanos:         time.Now().UnixNano(),
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stacks := vstack.Stacks()
	traces := make([]*vstack.Trace, len(stacks))
	var asked sync.WaitGroup
	running, silent := 0, 0
	for i, s := range stacks {
		if s.Stats().Running {
			asked.Go(func() { traces[i], _ = s.TraceContext(ctx, segments) })
			running++
		}
	}
	asked.Wait()
	for i, t := range traces {
		stats := stacks[i].Stats()
		switch {
		case t != nil:
			b.add(t.RootFirst())
		case stats.Running:
			silent++
			b.addSilent(stacks[i].Name(), stats)
		}
	}
	b.profile.Comments = append(b.profile.Comments, fmt.Sprintf("%d of %d running stacks did not come to a guard within %v", silent, running, patience))
	return b.profile
}

type builder struct {
	profile   *profile.Profile
	functions map[string]*profile.Function
	locations map[place]*profile.Location
}

// A place is what a location stands for.
type place struct {
	function, file string
	line           int
}

// addSilent adds a sample for a stack that has not answered.
func (b *builder) addSilent(name string, stats vstack.Stats) {
	labels := map[string][]string{}
	if name != "" {
		labels["vstack"] = []string{name}
	}
	b.profile.Sample = append(b.profile.Sample, &profile.Sample{
		Location: []*profile.Location{b.location(vstack.Frame{Function: "[vstack: no answer]"})},
		Label:    labels,
		Value:    []int64{int64(stats.Segments), stats.Bytes},
	})
}

// add adds a sample for each distinct frame of a trace with its root first.
func (b *builder) add(t *vstack.Trace) {
	scale := func(n int64) int64 { return n }
	if t.Walked > 0 && t.Walked < t.Segments {
		scale = func(n int64) int64 { return int64(float64(n) * float64(t.Segments) / float64(t.Walked)) }
	}
	labels := map[string][]string{}
	if t.Name != "" {
		labels["vstack"] = []string{t.Name}
	}
	// below are the frames that called those of the part at hand, the oldest
	// first: of each recursion on the way the most frequent path.
	var below []*profile.Location
	for _, part := range t.Parts {
		for _, path := range part.Paths {
			chain := below
			for _, frame := range path.Frames {
				chain = append(chain[:len(chain):len(chain)], b.location(frame))
				locations := make([]*profile.Location, 0, min(len(chain), deepest))
				for i := len(chain) - 1; i >= 0 && len(locations) < deepest; i-- {
					locations = append(locations, chain[i])
				}
				b.profile.Sample = append(b.profile.Sample, &profile.Sample{
					Location: locations,
					Label:    labels,
					Value:    []int64{scale(path.Count), scale(int64(float64(part.Bytes) * float64(path.Count) / float64(part.Depth)))},
				})
			}
		}
		if len(part.Paths) > 0 && !part.Mixed {
			for _, frame := range part.Paths[0].Frames {
				below = append(below, b.location(frame))
			}
		}
	}
}

func (b *builder) location(f vstack.Frame) *profile.Location {
	at := place{f.Function, f.File, f.Line}
	l := b.locations[at]
	if l != nil {
		return l
	}
	fn := b.functions[f.Function]
	if fn == nil {
		fn = &profile.Function{ID: uint64(len(b.functions) + 1), Name: f.Function, SystemName: f.Function, Filename: f.File}
		b.functions[f.Function] = fn
		b.profile.Function = append(b.profile.Function, fn)
	}
	l = &profile.Location{ID: uint64(len(b.locations) + 1), Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}}
	b.locations[at] = l
	b.profile.Location = append(b.profile.Location, l)
	return l
}
