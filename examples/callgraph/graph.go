package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A graph is a directed graph of the nodes 0, 1, ... in two slices, which take
// four bytes for a node and four for an edge.
type graph struct {
	first []int32  // the edges of v are to[first[v]:first[v+1]]
	to    []int32  // in the order of the input
	names []string // nil: the nodes' numbers are their names
}

func (g *graph) nodes() int32 { return int32(len(g.first) - 1) }

func (g *graph) out(v int32) []int32 { return g.to[g.first[v]:g.first[v+1]] }

func (g *graph) name(v int32) string {
	if g.names == nil {
		return strconv.Itoa(int(v))
	}
	return g.names[v]
}

// An edge leads from one node to another.
type edge struct{ from, to int32 }

// newGraph makes a graph of n nodes.
func newGraph(n int, edges []edge) *graph {
	g := &graph{first: make([]int32, n+1), to: make([]int32, len(edges))}
	for _, e := range edges {
		g.first[e.from]++ // for now, how many edges there are
	}
	end := int32(0)
	for v := range g.first {
		end += g.first[v]
		g.first[v] = end
	}
	for i := len(edges) - 1; i >= 0; i-- {
		e := edges[i]
		g.first[e.from]--
		g.to[g.first[e.from]] = e.to
	}
	return g
}

// chain makes the graph 0 -> 1 -> ... -> n, of n edges.
func chain(n int) *graph {
	g := &graph{first: make([]int32, n+2), to: make([]int32, n)}
	for v := range g.to {
		g.to[v] = int32(v + 1)
		g.first[v+1] = int32(v + 1)
	}
	g.first[n+1] = int32(n)
	return g
}

// maxEdges is what the graph's numbers have room for.
const maxEdges = math.MaxInt32 - 2

// readGraph reads a list of edges: two names in a line, as go mod graph prints
// them. Empty lines and what follows a # at the start of a line are skipped.
func readGraph(in io.Reader) (*graph, error) {
	var edges []edge
	var names []string
	ids := make(map[string]int32)
	id := func(name string) int32 {
		v, ok := ids[name]
		if !ok {
			name = strings.Clone(name) // not the whole line
			v = int32(len(names))
			ids[name] = v
			names = append(names, name)
		}
		return v
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		n++
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("line %d: want two names, such as go mod graph prints, got %d: %.100q", n, len(fields), lines.Text())
		}
		if len(edges) == maxEdges {
			return nil, fmt.Errorf("line %d: more than %d edges", n, maxEdges)
		}
		edges = append(edges, edge{id(fields[0]), id(fields[1])})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after line %d: %w", n, err)
	}
	g := newGraph(len(names), edges)
	g.names = names
	return g, nil
}
