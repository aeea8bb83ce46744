package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A group is a thing that is measured in several ways, which take turns.
type group struct {
	name    string
	work    string // what the child does
	n       int    // for so many levels or so
	repeats int    // in one child
	ways    []string
	turns   int                                                      // at most; 0: as many as are asked for
	memory  int                                                      // GiB that have to be free for it
	env     map[string][]string                                      // for a way: more of the environment
	size    map[string]int                                           // for a way: another n
	same    bool                                                     // all ways have the same sum
	command func(ctx context.Context, g group, way string) *exec.Cmd // nil: a child of this program
	units   int                                                      // it prints nothing to read, and does so many units of work: its CPU time counts
}

// The ways of a group that other programs run, with the form of this one after it.
const (
	beforeWay = "before: " // the library as it was
	builtWay  = "built: "  // plain recursion, built by vstack build
)

// A measurer runs children.
type measurer struct {
	ctx           context.Context
	turns         int
	exe           string
	before, built string // other programs like this one; "": not here
	build         string // a directory for what is built on the way
}

func newMeasurer(ctx context.Context, turns int) (*measurer, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	build, err := os.MkdirTemp("", "vstack-benchmarks")
	if err != nil {
		return nil, err
	}
	return &measurer{ctx: ctx, turns: turns, exe: exe, build: build}, nil
}

func (m *measurer) close() { os.RemoveAll(m.build) }

// measureAll measures the groups, as far as it can, shows how far it is, and calls done with
// the results of each.
func (m *measurer) measureAll(groups []group, date string, done func(r *results)) {
	children := 0
	for i := range groups {
		g := &groups[i]
		if g.turns == 0 || m.turns < g.turns {
			g.turns = m.turns
		}
		var ways []string
		for _, way := range g.ways {
			if strings.HasPrefix(way, beforeWay) && m.before == "" || strings.HasPrefix(way, builtWay) && m.built == "" {
				continue
			}
			ways = append(ways, way)
		}
		g.ways = ways
		children += g.turns * len(ways)
	}
	bar := progressbar.NewOptions(children, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(time.Second))
	for _, g := range groups {
		bar.Describe(g.name)
		r := newResults()
		err := m.measure(r, g, date, func() { _ = bar.Add(1) })
		if m.ctx.Err() != nil {
			return
		}
		done(r)
		if err != nil {
			// The others are worth having all the same.
			fmt.Fprintf(os.Stderr, "\n%s: %v\n", g.name, err)
		}
	}
	_ = bar.Finish()
}

// measure runs every way of g, in turn. A way that fails is left out from then on: what is
// recorded of it is that it failed.
func (m *measurer) measure(results *results, g group, date string, progress func()) error {
	if err := m.waitForMemory(g.memory); err != nil {
		return err
	}
	failed := map[string]bool{}
	sum := map[int]float64{}
	for turn := range g.turns {
		for i := range g.ways {
			progress()
			// Another one begins each time.
			way := g.ways[(i+turn)%len(g.ways)]
			if failed[way] {
				continue
			}
			s, err := m.child(g, way)
			if m.ctx.Err() != nil {
				return nil
			}
			if err != nil {
				fmt.Fprintf(os.Stderr, "\n%s, %s: %v\n", g.name, way, err)
				failed[way] = true
				s = sample{"failed": 1}
				if strings.Contains(err.Error(), "stack overflow") {
					s = sample{"crashed": 1}
				}
			}
			if x, ok := s["sum"]; ok && g.same {
				n := g.sizeOf(way)
				if y, ok := sum[n]; ok && y != x {
					return fmt.Errorf("%s computes %v where another computes %v", way, x, y)
				}
				sum[n] = x
			}
			results.add(record{Group: g.name, Way: way, Run: date, Turn: turn, Sample: s})
		}
	}
	return nil
}

// waitForMemory waits until so many GiB are free, and 4 more: a machine that swaps or kills
// measures nothing.
func (m *measurer) waitForMemory(gib int) error {
	if gib == 0 {
		return nil
	}
	for range 60 {
		var kib int64
		fmt.Sscan(field("/proc/meminfo", "MemAvailable"), &kib)
		if kib == 0 || kib>>20 >= int64(gib+4) {
			return nil
		}
		select {
		case <-time.After(2 * time.Second):
		case <-m.ctx.Done():
			return nil
		}
	}
	return fmt.Errorf("there are no %d GiB free", gib+4)
}

func (g group) sizeOf(way string) int {
	if n := g.size[way]; n > 0 {
		return n
	}
	return g.n
}

// child runs one.
func (m *measurer) child(g group, way string) (sample, error) {
	ctx, cancel := context.WithTimeout(m.ctx, 5*time.Minute)
	defer cancel()
	var cmd *exec.Cmd
	exe, form := m.exe, way
	if rest, ok := strings.CutPrefix(way, beforeWay); ok {
		exe, form = m.before, rest
	}
	if rest, ok := strings.CutPrefix(way, builtWay); ok {
		exe, form = m.built, rest
	}
	if g.command != nil {
		cmd = g.command(ctx, g, way)
	}
	if cmd == nil {
		form, _, _ := strings.Cut(form, ", ")
		cmd = exec.CommandContext(ctx, exe, "child", g.work, form, strconv.Itoa(g.sizeOf(way)), strconv.Itoa(g.repeats))
	}
	if env := g.env[way]; env != nil {
		cmd.Env = append(os.Environ(), env...)
	}
	var errors tail
	cmd.Stderr = &errors
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, errors)
	}
	s := sample{}
	if g.units > 0 {
		s["cpu"] = float64(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()) / float64(g.units)
	} else if s, err = parsePeer(string(text)); err != nil {
		return nil, err
	}
	if peak := maxResident(cmd.ProcessState); peak > 0 && s["peak"] == 0 {
		s["peak"] = peak
	}
	return s, nil
}

// A tail keeps the start of what a child says that went wrong: a traceback of deep recursion
// is long.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	if room := 2000 - len(*t); room > 0 {
		*t = append(*t, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// parsePeer parses what a child of this program or a peer prints: a sample, or lines of one
// number each, of which the first is that of the first call.
func parsePeer(out string) (sample, error) {
	if strings.HasPrefix(out, "{") {
		s := sample{}
		return s, json.Unmarshal([]byte(out), &s)
	}
	var v []float64
	for line := range strings.Lines(out) {
		x, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			return nil, err
		}
		v = append(v, x)
	}
	if len(v) < 2 {
		return nil, fmt.Errorf("%d numbers", len(v))
	}
	return sample{"first": v[0], "cpu": median(v[1:])}, nil
}

// keysOf returns the keys of m, sorted.
func keysOf[V any](m map[string]V) []string {
	return sorted(maps.Keys(m))
}
