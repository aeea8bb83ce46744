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
	// Tarjan's algorithm with a stack of its own.
	type frame struct{ v, next int }
	var (
		found   [][]int
		index   = make([]int, len(g)) // 0: not visited
		low     = make([]int, len(g))
		onStack = make([]bool, len(g))
		stack   []int
		calls   []frame
		count   int
	)
	for root := range g {
		if index[root] != 0 || keep != nil && !keep(root) {
			continue
		}
		calls = append(calls[:0], frame{v: root})
		for len(calls) > 0 {
			f := &calls[len(calls)-1]
			v := f.v
			if f.next == 0 {
				count++
				index[v], low[v] = count, count
				stack = append(stack, v)
				onStack[v] = true
			}
			descended := false
			for f.next < len(g[v]) {
				w := g[v][f.next]
				f.next++
				if keep != nil && !keep(w) {
					continue
				}
				if index[w] == 0 {
					calls = append(calls, frame{v: w})
					descended = true
					break
				}
				if onStack[w] {
					low[v] = min(low[v], index[w])
				}
			}
			if descended {
				continue
			}
			if f.next == 0 {
				f.next = 1 // a node without successors is not to be entered twice
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				parent := calls[len(calls)-1].v
				low[parent] = min(low[parent], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			first := len(stack) - 1
			for stack[first] != v {
				first--
			}
			component := append([]int(nil), stack[first:]...)
			stack = stack[:first]
			for _, w := range component {
				onStack[w] = false
			}
			if len(component) > 1 || g.loop(v) {
				found = append(found, component)
			}
		}
	}
	return found
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
