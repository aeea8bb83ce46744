package recursion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"golang.org/x/tools/go/ssa"
)

// A component is a strongly connected component of the call graph. One pass after
// the other takes calls out of it that cannot deepen it without bound; the pass after
// which no cycle is left names the status.
type component struct {
	f      *finder
	funcs  []*program.Func
	out    map[*program.Call]bool // taken out
	guards []*program.Func
	stops  []stop // guards and limits that stop some ways round
}

// A stop is what stops one call.
type stop struct {
	call *program.Call
	by   string
}

// A verdict is what a pass says of the calls that it has taken out.
type verdict struct {
	status Status
	reason string
	// closures are the functions, which have captured each other, that are all that is
	// walked; see nested.go.
	closures []*ssa.Function
	declared bool // all that is read is the declaration of a Go type
}

// passes in their order: what the author says counts before what the tool finds, and
// a bound before a guard that stands on it for nothing.
var passes = []func(*component) verdict{
	(*component).silence,
	(*component).wrappers,
	(*component).lazy,
	(*component).kinds,
	(*component).guard,
	(*component).limit,
	(*component).bound,
}

// component reports the cycles in one component of the whole graph: those that
// nothing stops, or one that says what does.
func (f *finder) component(funcs []*program.Func) []*Cycle {
	if !hasSource(funcs) {
		return nil
	}
	c := &component{f: f, funcs: funcs, out: map[*program.Call]bool{}}
	for _, fn := range funcs {
		if f.guarded[fn] {
			c.guards = append(c.guards, fn)
		}
	}
	f.extraGuards(funcs, c.guards)
	for _, pass := range passes {
		v := pass(c)
		if len(c.left()) == 0 {
			return c.whole(v)
		}
	}
	var cycles []*Cycle
	var reasons []string
	for _, set := range c.left() {
		if hasSource(set) {
			found, bounds := c.split(set)
			for _, cycle := range found {
				if cycle.Status == Unguarded {
					c.f.lateGuards(cycle.Calls)
				}
			}
			cycles = append(cycles, found...)
			reasons = append(reasons, bounds...)
		}
	}
	if len(cycles) == 0 {
		return c.whole(verdict{status: Bounded, reason: strings.Join(distinct(reasons), "; ")})
	}
	return cycles
}

// hasSource reports whether one of the functions is not made by the compiler. A cycle
// of promoted methods alone has a value that embeds itself: nobody makes one.
func hasSource(funcs []*program.Func) bool {
	return slices.ContainsFunc(funcs, func(fn *program.Func) bool { return !fn.Wrapper() })
}

func distinct(all []string) (once []string) {
	for _, s := range all {
		if s != "" && !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

func (c *component) keep(call *program.Call) bool { return !c.out[call] }

func (c *component) calls() []*program.Call { return within(c.funcs, c.keep) }

func (c *component) left() [][]*program.Func { return components(c.funcs, c.keep) }

// whole reports a component without a cycle that can get deep.
func (c *component) whole(v verdict) []*Cycle {
	cycle := c.f.cycle(c.funcs, within(c.funcs, nil), nil, v)
	cycle.Guards = c.guards
	return []*Cycle{cycle}
}

// silence takes out what a comment silences.
func (c *component) silence() verdict {
	v := verdict{status: Silenced}
	for _, call := range c.calls() {
		if reason, ok := c.f.ok.call(c.f.fset, call); ok {
			c.out[call] = true
			v.reason = reason
		}
	}
	return v
}

// wrappers takes out calls along values that wrap each other.
func (c *component) wrappers() verdict {
	v := verdict{status: Bounded}
	inside := c.calls()
	from := map[*program.Func][]*program.Call{}
	for _, call := range inside {
		from[call.From] = append(from[call.From], call)
	}
	for _, call := range inside {
		reason := cmp.Or(c.f.wrapper(call), c.f.decorator(call), c.f.chain(call, from[call.From]))
		if reason != "" {
			c.out[call] = true
			v.reason = reason
		}
	}
	return v
}

// lazy takes out calls that are made once.
func (c *component) lazy() verdict {
	v := verdict{status: Bounded}
	for _, call := range c.calls() {
		if reason := c.f.lazy(call); reason != "" {
			c.out[call] = true
			v.reason = reason
		}
	}
	return v
}

// kinds takes out calls through an interface that the value cannot take.
func (c *component) kinds() verdict {
	v := verdict{status: Bounded}
	for _, call := range c.calls() {
		if reason := c.f.kinds.excludes(call); reason != "" {
			c.out[call] = true
			v.reason = reason
		}
	}
	return v
}

// guard takes out calls that a guard stands before, and those that go through the library.
func (c *component) guard() verdict {
	for _, call := range c.calls() {
		if c.f.covered(call) || throughLibrary(call) {
			c.out[call] = true
		}
		if c.f.guarded[call.To] {
			c.stops = append(c.stops, stop{call, guardNames([]*program.Func{call.To})})
		}
	}
	return verdict{status: Guarded, reason: guardNames(c.guards)}
}

// limit takes out calls that a depth limit stands before.
func (c *component) limit() verdict {
	for _, set := range c.left() {
		in := members(set)
		counters := c.f.counters(set, c.keep)
		for _, call := range within(set, c.keep) {
			l := c.f.limits.find(call, func(fn *program.Func) bool { return in[fn] }, counters)
			if l == nil {
				l = c.f.limits.inRule(call)
			}
			if l == nil {
				continue
			}
			c.out[call] = true
			c.stops = append(c.stops, stop{call, fmt.Sprintf("the limit %s (%s)", l.text, c.f.short(l.pos))})
		}
	}
	return verdict{status: Limited, reason: strings.Join(c.stopped(c.funcs), ", ")}
}

// stopped returns what stops calls of the functions.
func (c *component) stopped(funcs []*program.Func) []string {
	in := members(funcs)
	var by []string
	for _, s := range c.stops {
		if in[s.call.From] {
			by = append(by, s.by)
		}
	}
	return distinct(by)
}

// bound takes out calls that cannot get deep.
func (c *component) bound() verdict {
	var reasons []string
	for _, set := range c.left() {
		reasons = append(reasons, c.f.bounded(set, c.out)...)
	}
	return verdict{status: Bounded, reason: strings.Join(distinct(reasons), "; ")}
}

func guardNames(guards []*program.Func) string {
	names := make([]string, len(guards))
	for i, g := range guards {
		names[i] = g.Name()
	}
	if len(names) == 0 {
		return "the calls go through vstack"
	}
	return "guard in " + strings.Join(names, ", ")
}

// throughLibrary reports whether vstack makes the call, on a fresh segment if need be.
func throughLibrary(c *program.Call) bool {
	return c.How == program.Callback && strings.Contains(c.Via, guard.Path+".")
}
