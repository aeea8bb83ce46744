package recursion

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A component of a large program is large: a parser, an evaluator and a printer that
// are joined by an interface that all of them use. In cuelang.org/go one had 1,211
// functions, and the recursion of the parser, which goes round the parser's own depth
// limit, was one of them. So what is left of a component is split into findings, one
// for each guard that it needs:
//
//   - The guard points are a feedback vertex set: functions of which every cycle has
//     one. They are looked for in the calls that are certain and within one package
//     first, then in those across packages, then in those that are a guess. So a
//     recursion that somebody wrote as one comes out as one.
//   - A finding is a guard point with all that only a guard there ends: the functions
//     that it is on a cycle with when all other guard points are taken out.
//   - Its chain is the likeliest cycle through the point.
//
// Together the findings have every guard point, and so every cycle.
//
// What bounds a part may not bound the whole: a flag may be constant within the part, and
// not on a way through two of them. So what has no guard point in the end is looked at once
// more, together. raymond has three visitors, which share the nodes' Accept, and within each
// part but one two of them are never given.

// small is the number of functions up to which one search over all calls is exact and
// makes findings that are easy to tell apart.
const small = 30

// likelihood of a call, as a cost: a chain is made of the calls with the least sum.
// A dynamic call that may go many ways is less likely than a few that are certain.
func cost(c *program.Call) int {
	n := 10
	if c.From.Wrapper() {
		n = 1 // not a step for whoever reads it
	}
	n += 6 * bits.Len(uint(c.Fan-1))
	switch {
	case c.Guess, c.How == program.Given:
		n += 60
	case c.How == program.Callback:
		n += 30
	case c.How == program.Value:
		n += 5
	}
	if c.From.Pkg != c.To.Pkg {
		n += 5
	}
	return n
}

// layer says in which search for guard points a call counts first.
func layer(c *program.Call) int {
	switch {
	case c.Guess:
		return 3
	case c.From.Pkg != c.To.Pkg:
		return 2
	case c.How == program.Callback || c.Fan > 8:
		return 1
	}
	return 0
}

const layers = 4

// A part is a guard point and what only a guard there ends.
type part struct {
	point *program.Func
	funcs []*program.Func
	calls []*program.Call
}

// split reports the findings in a set of functions that reach each other, and why
// others are bounded.
func (c *component) split(set []*program.Func) (cycles []*Cycle, reasons []string) {
	before := maps.Clone(c.out)
	cycles, reasons = c.findings(set, true)
	points := map[*program.Func]bool{}
	for _, cycle := range cycles {
		if cycle.Status == Unguarded {
			points[cycle.Point] = true
		}
	}
	rest := slices.DeleteFunc(slices.Clone(set), func(fn *program.Func) bool { return points[fn] })
	whole := &component{f: c.f, funcs: c.funcs, out: before, guards: c.guards, stops: c.stops}
	for _, s := range components(rest, whole.keep) {
		c.f.bounded(s, whole.out)
	}
	for _, s := range components(rest, whole.keep) {
		if !hasSource(s) {
			continue
		}
		found, _ := whole.findings(s, false)
		for _, cycle := range found {
			if cycle.Status == Unguarded {
				cycles = append(cycles, cycle)
			}
		}
	}
	return cycles, reasons
}

// findings is one search of [component.split]: with bounds of the parts, or without.
func (c *component) findings(set []*program.Func, bounds bool) (cycles []*Cycle, reasons []string) {
	parts := c.parts(set)
	for bounds {
		// Smaller sets show bounds that the whole hides. They change the cycles.
		small, why, changed := c.bounds(parts)
		reasons = append(reasons, why...)
		if !changed {
			parts = small
			break
		}
		parts = c.parts(set)
	}
	var unclear []part
	around := within(set, c.keep)
	taken := map[*program.Func]bool{}
	add := func(p part, v verdict) {
		cycle := c.f.cycle(p.funcs, p.calls, p.point, v)
		cycle.Others = c.stopped(p.funcs)
		if v.status == Unguarded {
			cycle.Calls, cycle.Around = p.calls, around
			cycle.Point = p.point
			cycle.closures = v.closures
			taken[p.point] = true
		}
		cycles = append(cycles, cycle)
	}
	for _, p := range parts {
		if v := c.f.depends(p.funcs, p.calls); v.status == Unguarded {
			add(p, v)
		} else {
			unclear = append(unclear, p)
		}
	}
	// What depends on nothing by itself may do so together: a slot that is walked in
	// a cycle through several of them.
	for _, p := range unclear {
		funcs, calls := c.round(set, p.point, taken)
		v := c.f.depends(funcs, calls)
		if v.status == Unguarded {
			p = part{p.point, funcs, calls}
		}
		add(p, v)
	}
	return cycles, reasons
}

// bounds returns the parts without the calls that are bounded in them, and why. It takes
// calls out, and reports that it has, which are bounded in each part that has them.
func (c *component) bounds(parts []part) (left []part, reasons []string, changed bool) {
	in, bounded := map[*program.Call]int{}, map[*program.Call]int{}
	for _, p := range parts {
		local := &component{f: c.f, out: maps.Clone(c.out)}
		reasons = append(reasons, c.f.bounded(p.funcs, local.out)...)
		for _, call := range p.calls {
			in[call]++
			if local.out[call] {
				bounded[call]++
			}
		}
		if funcs, calls := local.round(p.funcs, p.point, nil); hasSource(funcs) {
			left = append(left, part{p.point, funcs, calls})
		}
	}
	for call, n := range bounded {
		if n == in[call] {
			c.out[call] = true
			changed = true
		}
	}
	return left, reasons, changed
}

// parts returns the guard points of the set with what each ends.
func (c *component) parts(set []*program.Func) (parts []part) {
	points := c.f.points(set, within(set, c.keep))
	all := members(points)
	for _, p := range points {
		delete(all, p)
		funcs, calls := c.round(set, p, all)
		all[p] = true
		if hasSource(funcs) {
			parts = append(parts, part{p, funcs, calls})
		}
	}
	return parts
}

// round returns the functions that are on a cycle with point, without those of
// without, and the calls among them.
func (c *component) round(set []*program.Func, point *program.Func, without map[*program.Func]bool) ([]*program.Func, []*program.Call) {
	kept := slices.DeleteFunc(slices.Clone(set), func(fn *program.Func) bool { return without[fn] && fn != point })
	for _, s := range components(kept, c.keep) {
		if slices.Contains(s, point) {
			return s, within(s, c.keep)
		}
	}
	return nil, nil
}

// points returns functions of which every cycle of the calls has one.
func (f *finder) points(set []*program.Func, calls []*program.Call) []*program.Func {
	weight := func(v int) int { return f.weight(set[v]) }
	taken := make([]bool, len(set))
	first := 0
	if len(set) <= small {
		first = layers - 1
	}
	whole, ids := digraph(set, calls)
	for n := first; n < layers; n++ {
		g := make(graph.Digraph, len(set))
		for _, call := range calls {
			from, to := ids[call.From], ids[call.To]
			if layer(call) <= n && !taken[from] && !taken[to] && !slices.Contains(g[from], to) {
				g[from] = append(g[from], to)
			}
		}
		found, _ := g.FeedbackVertexSet(weight)
		for _, v := range found {
			taken[v] = true
		}
	}
	// A later search may have made an earlier point needless. The heaviest go first.
	var all []int
	for v := range taken {
		if taken[v] {
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return weight(b) - weight(a) })
	for _, v := range all {
		taken[v] = false
		if whole.Cycle(v, func(w int) bool { return !taken[w] }) != nil {
			taken[v] = true
		}
	}
	var points []*program.Func
	for v, fn := range set {
		if taken[v] {
			points = append(points, fn)
		}
	}
	return points
}

// weight says how much a guard in fn is to be avoided: there is no place for one in
// a wrapper, and a copy of a dependency is harder to change than one's own code.
func (f *finder) weight(fn *program.Func) int {
	switch {
	case fn.Wrapper() || fn.Body() == nil:
		return 1_000_000
	case f.named(fn):
		w := 1000
		if fn.Object() == nil {
			w += 100 // a function literal has no name to call itself by
		}
		if f.generated(fn) {
			w += 300 // a guard there is gone when the generator runs again
		}
		return w
	case f.graph.Program.Std(fn.Pkg):
		return 20_000
	}
	return 5_000
}
