// Package graph has the few algorithms on directed graphs that the tool needs:
// strongly connected components, shortest cycles and feedback vertex sets. None
// of them recurses, so that a program of any size can be looked at.
package graph

import "slices"

// A Digraph is a directed graph with the nodes 0 to len(g)-1; g[v] lists the
// successors of v.
type Digraph [][]int

// Components returns the strongly connected components that have a cycle: those
// of two nodes or more, and single nodes with an edge to themselves. Only nodes
// for which keep is true count; nil keeps all. The nodes of a component are in
// the order in which they were found, the components in that of their first node.
func (g Digraph) Components(keep func(v int) bool) [][]int {
	t := &tarjan{
		g: g, keep: keep,
		index: make([]int, len(g)), low: make([]int, len(g)), onStack: make([]bool, len(g)),
	}
	for root := range g {
		if t.index[root] == 0 && t.kept(root) {
			t.from(root)
		}
	}
	return t.found
}

// A tarjan is a run of Tarjan's algorithm, with a stack of its own for the calls: a
// program may have a chain of a million.
type tarjan struct {
	g       Digraph
	keep    func(v int) bool
	found   [][]int
	index   []int // the order in which nodes are reached, from 1; 0 for those that are not yet
	low     []int // the first node that is known to be reached from a node
	stack   []int // of nodes whose component is not known yet
	onStack []bool
	calls   []tarjanCall
	count   int
}

// A tarjanCall looks at the edges of a node, from the next on.
type tarjanCall struct{ v, next int }

func (t *tarjan) kept(v int) bool { return t.keep == nil || t.keep(v) }

func (t *tarjan) from(root int) {
	t.enter(root)
	for len(t.calls) > 0 {
		if w := t.descend(); w >= 0 {
			t.enter(w)
			continue
		}
		v := t.calls[len(t.calls)-1].v
		t.calls = t.calls[:len(t.calls)-1]
		if len(t.calls) > 0 {
			parent := t.calls[len(t.calls)-1].v
			t.low[parent] = min(t.low[parent], t.low[v])
		}
		if t.low[v] == t.index[v] {
			t.component(v)
		}
	}
}

func (t *tarjan) enter(v int) {
	t.count++
	t.index[v], t.low[v] = t.count, t.count
	t.stack = append(t.stack, v)
	t.onStack[v] = true
	t.calls = append(t.calls, tarjanCall{v: v})
}

// descend returns the next node to go to from the innermost call; -1 if there are no more.
func (t *tarjan) descend() int {
	call := &t.calls[len(t.calls)-1]
	for call.next < len(t.g[call.v]) {
		w := t.g[call.v][call.next]
		call.next++
		switch {
		case !t.kept(w):
		case t.index[w] == 0:
			return w
		case t.onStack[w]:
			t.low[call.v] = min(t.low[call.v], t.index[w])
		}
	}
	return -1
}

// component takes the one that v is the first of from the stack.
func (t *tarjan) component(v int) {
	first := len(t.stack) - 1
	for t.stack[first] != v {
		first--
	}
	nodes := slices.Clone(t.stack[first:])
	t.stack = t.stack[:first]
	for _, w := range nodes {
		t.onStack[w] = false
	}
	if len(nodes) > 1 || t.g.loop(v) {
		t.found = append(t.found, nodes)
	}
}

func (g Digraph) loop(v int) bool {
	for _, w := range g[v] {
		if w == v {
			return true
		}
	}
	return false
}

// Cyclic reports whether the nodes that keep accepts have a cycle.
func (g Digraph) Cyclic(keep func(v int) bool) bool {
	return len(g.Components(keep)) > 0
}

// Cycle returns a shortest cycle through v, starting with v, among the nodes
// that keep accepts; nil if there is none.
func (g Digraph) Cycle(v int, keep func(v int) bool) []int {
	from := make([]int, len(g)) // one more than the node before; 0: not reached
	queue := []int{v}
	for at := 0; at < len(queue); at++ {
		u := queue[at]
		for _, w := range g[u] {
			if keep != nil && !keep(w) {
				continue
			}
			if w == v {
				path := []int{u}
				for u != v {
					u = from[u] - 1
					path = append(path, u)
				}
				slices.Reverse(path)
				return path
			}
			if from[w] == 0 {
				from[w] = u + 1
				queue = append(queue, w)
			}
		}
	}
	return nil
}
