package main

import (
	"context"
	"math"

	"github.com/vstack-go/vstack/vstack"
)

// A partition is a graph's strongly connected components: in each, every node
// can be reached from every other.
type partition struct {
	members []int32 // of all the components, one component after the other
	starts  []int32 // where in members each begins

	// deepest is how many calls deep the search went.
	deepest int
}

func (p *partition) count() int { return len(p.starts) }

// component returns the nodes of a component. Edges between components lead from
// higher to lower numbers, so counting down is a topological order.
func (p *partition) component(i int) []int32 {
	end := len(p.members)
	if i+1 < len(p.starts) {
		end = int(p.starts[i+1])
	}
	return p.members[p.starts[i]:end]
}

// components finds the strongly connected components of g.
func components(ctx context.Context, g *graph, opts ...vstack.Option) (*partition, error) {
	return vstack.Run(ctx, func(context.Context, *vstack.Stack) (*partition, error) {
		t := &tarjan{graph: g, index: make([]int32, g.nodes())}
		for v := range g.nodes() {
			if t.index[v] == 0 {
				t.visit(v)
			}
		}
		return &t.found, nil
	}, opts...)
}

// A tarjan is Tarjan's search for strongly connected components, as the paper has
// it: a recursive depth-first search.
//
// R. Tarjan, Depth-first search and linear graph algorithms, 1972.
type tarjan struct {
	graph *graph

	last  int32   // index given
	index []int32 // in which order the nodes were visited, from 1; 0: not yet
	open  []int32 // nodes that were visited and whose component is not known yet
	depth int
	found partition
}

// closed is the index of a node whose component is known.
const closed = math.MaxInt32

// visit goes to v and on to what can be reached from it. It returns the lowest
// index of an open node that it has seen.
//
// The search is as deep as the longest path that it happens to take. In a long chain,
// as generated code has them, that is the whole graph.
func (t *tarjan) visit(v int32) int32 {
	if vstack.Low() {
		return vstack.Grow(func() int32 { return t.visit(v) })
	}
	t.depth++
	t.found.deepest = max(t.found.deepest, t.depth)
	t.last++
	index := t.last
	t.index[v] = index
	place := len(t.open)
	t.open = append(t.open, v)

	low := index
	for _, w := range t.graph.out(v) {
		if t.index[w] == 0 {
			low = min(low, t.visit(w))
		} else {
			low = min(low, t.index[w])
		}
	}
	if low == index { // nothing from v on leads back to before it
		t.close(place)
	}
	t.depth--
	return low
}

// close makes a component of the open nodes from that place on.
func (t *tarjan) close(place int) {
	t.found.starts = append(t.found.starts, int32(len(t.found.members)))
	t.found.members = append(t.found.members, t.open[place:]...)
	for _, v := range t.open[place:] {
		t.index[v] = closed
	}
	t.open = t.open[:place]
}
