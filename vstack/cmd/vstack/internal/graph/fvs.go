package graph

import "slices"

// budget bounds the work of FeedbackVertexSet before it settles for the greedy
// answer: the nodes of the search tree times those of the component.
const budget = 200_000

// FeedbackVertexSet returns nodes whose removal leaves g without a cycle, with
// the smallest sum of weights that it finds. exact is true if there is no
// smaller one; that is so for all but large and tangled components. Weights are
// positive.
func (g Digraph) FeedbackVertexSet(weight func(v int) int) (set []int, exact bool) {
	exact = true
	for _, component := range g.Components(nil) {
		s, nodes := newSearch(g, component, weight)
		s.best = s.greedy()
		s.cost = s.sum(s.best)
		s.branch(nil)
		if s.steps <= 0 {
			exact = false
		}
		for _, v := range s.best {
			set = append(set, nodes[v])
		}
	}
	slices.Sort(set)
	return set, exact
}

// A search looks for the lightest feedback vertex set of one component, as a graph
// of its own: a small one in a large program must not cost what the program does.
type search struct {
	g         Digraph
	component []int // its nodes, in the order in which Components found them
	weight    []int
	in        []bool // nodes that are left
	kept      []bool // nodes that must stay: sets with them have been tried
	best      []int
	cost      int
	steps     int
}

// newSearch returns the search, and the nodes of g that its nodes stand for, in
// their order.
func newSearch(g Digraph, component []int, weight func(v int) int) (s *search, nodes []int) {
	n := len(component)
	nodes = slices.Sorted(slices.Values(component))
	s = &search{g: make(Digraph, n), component: make([]int, n), weight: make([]int, n),
		in: make([]bool, n), kept: make([]bool, n), steps: 2 + budget/n}
	for i, v := range component {
		s.component[i], _ = slices.BinarySearch(nodes, v)
	}
	for i, v := range nodes {
		s.weight[i], s.in[i] = weight(v), true
		for _, w := range g[v] {
			if j, ok := slices.BinarySearch(nodes, w); ok {
				s.g[i] = append(s.g[i], j)
			}
		}
	}
	return s, nodes
}

func (s *search) sum(set []int) (n int) {
	for _, v := range set {
		n += s.weight[v]
	}
	return n
}

func (s *search) isIn(v int) bool { return s.in[v] }

// branch extends the set taken by every way to break one shortest cycle. Its depth
// is the size of the best set known at most.
func (s *search) branch(taken []int) {
	if s.steps--; s.steps <= 0 {
		return
	}
	cycle := s.shortest()
	if cycle == nil {
		if cost := s.sum(taken); cost < s.cost {
			s.best, s.cost = slices.Clone(taken), cost
		}
		return
	}
	if s.sum(taken)+s.lightest(cycle) >= s.cost {
		return
	}
	var added []int
	for _, v := range cycle {
		if s.kept[v] {
			continue
		}
		s.in[v] = false
		s.branch(append(slices.Clone(taken), v))
		s.in[v] = true
		s.kept[v] = true
		added = append(added, v)
	}
	for _, v := range added {
		s.kept[v] = false
	}
}

// lightest is the least weight that breaks the cycle.
func (s *search) lightest(cycle []int) int {
	least := -1
	for _, v := range cycle {
		if w := s.weight[v]; !s.kept[v] && (least < 0 || w < least) {
			least = w
		}
	}
	if least < 0 {
		return s.cost // no node of it may be taken
	}
	return least
}

// shortest returns the cycle that leaves the fewest ways to break it.
func (s *search) shortest() []int {
	var best []int
	for _, component := range s.g.Components(s.isIn) {
		for i, v := range component {
			if i == 32 && best != nil {
				break // short enough; looking at each node of a large component is dear
			}
			if c := s.g.Cycle(v, s.isIn); best == nil || len(c) < len(best) {
				best = c
			}
			if len(best) == 1 {
				return best
			}
		}
	}
	return best
}

// greedy takes the node on the most paths for its weight until no cycle is
// left, then puts back what was not needed.
func (s *search) greedy() []int {
	r := &remover{
		s: s, in: slices.Clone(s.in),
		of: make([]int, len(s.in)), ins: make([]int, len(s.in)), outs: make([]int, len(s.in)),
	}
	var set []int
	for left := [][]int{s.component}; len(left) > 0; left = s.g.Components(r.isIn) {
		for _, c := range left {
			v := r.pick(c)
			r.in[v] = false
			set = append(set, v)
		}
	}
	return r.needed(set)
}

// A remover takes nodes out of the component of a search.
type remover struct {
	s         *search
	in        []bool
	of        []int // the number of the component that a node was last in
	ins, outs []int // edges of a node within it: no others matter
	number    int
}

func (r *remover) isIn(v int) bool { return r.in[v] }

// pick returns the node of a component to take: one with an edge to itself, which must go
// in any case, or that on the most paths for its weight.
func (r *remover) pick(component []int) int {
	r.number++
	for _, v := range component {
		r.of[v], r.ins[v], r.outs[v] = r.number, 0, 0
	}
	loop := -1
	for _, v := range component {
		for _, w := range r.s.g[v] {
			if w == v {
				loop = v
			}
			if r.of[w] == r.number {
				r.outs[v]++
				r.ins[w]++
			}
		}
	}
	if loop >= 0 {
		return loop
	}
	pick, score := -1, -1.0
	for _, v := range component {
		if n := float64(r.ins[v]*r.outs[v]) / float64(r.s.weight[v]); n > score {
			pick, score = v, n
		}
	}
	return pick
}

// needed puts back, the heaviest first, what no cycle needs. Without the set there is no
// cycle, so a new one goes through the node that is back.
func (r *remover) needed(set []int) []int {
	slices.SortStableFunc(set, func(a, b int) int { return r.s.weight[b] - r.s.weight[a] })
	needed := set[:0:0]
	for _, v := range set {
		r.in[v] = true
		if r.s.g.Cycle(v, r.isIn) != nil {
			r.in[v] = false
			needed = append(needed, v)
		}
	}
	return needed
}
