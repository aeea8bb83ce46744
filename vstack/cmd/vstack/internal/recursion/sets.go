package recursion

import (
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// components returns the sets of functions that reach each other by calls that
// keep accepts; nil accepts all.
func components(funcs []*program.Func, keep func(*program.Call) bool) (sets [][]*program.Func) {
	g, _ := digraph(funcs, within(funcs, keep))
	for _, c := range g.Components(nil) {
		set := make([]*program.Func, len(c))
		for i, v := range c {
			set[i] = funcs[v]
		}
		slices.SortFunc(set, func(a, b *program.Func) int { return a.ID - b.ID })
		sets = append(sets, set)
	}
	return sets
}

// digraph returns the calls, which are among funcs, as a graph: node i is funcs[i],
// which the map has too.
func digraph(funcs []*program.Func, calls []*program.Call) (graph.Digraph, map[*program.Func]int) {
	ids := make(map[*program.Func]int, len(funcs))
	for i, fn := range funcs {
		ids[fn] = i
	}
	g := make(graph.Digraph, len(funcs))
	for _, c := range calls {
		if from, to := ids[c.From], ids[c.To]; !slices.Contains(g[from], to) {
			g[from] = append(g[from], to)
		}
	}
	return g, ids
}

// within returns the calls among funcs that keep accepts.
func within(funcs []*program.Func, keep func(*program.Call) bool) (calls []*program.Call) {
	in := members(funcs)
	for _, fn := range funcs {
		for _, c := range fn.Out {
			if in[c.To] && (keep == nil || keep(c)) {
				calls = append(calls, c)
			}
		}
	}
	return calls
}

func members(funcs []*program.Func) map[*program.Func]bool {
	in := make(map[*program.Func]bool, len(funcs))
	for _, fn := range funcs {
		in[fn] = true
	}
	return in
}
