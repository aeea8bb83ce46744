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
		s := search{g: g, weight: weight, in: map[int]bool{}, steps: 2 + budget/len(component)}
		for _, v := range component {
			s.in[v] = true
		}
		s.best = s.greedy(component)
		s.cost = s.sum(s.best)
		s.branch(nil, map[int]bool{})
		if s.steps <= 0 {
			exact = false
		}
		set = append(set, s.best...)
	}
	slices.Sort(set)
	return set, exact
}

// A search looks for the lightest feedback vertex set of one component.
type search struct {
	g      Digraph
	weight func(int) int
	in     map[int]bool // nodes that are left
	best   []int
	cost   int
	steps  int
}

func (s *search) sum(set []int) (n int) {
	for _, v := range set {
		n += s.weight(v)
	}
	return n
}

func (s *search) keep(v int) bool { return s.in[v] }

// branch extends the set taken by every way to break one shortest cycle. A
// node in kept must stay in the graph: sets with it have been tried. Its depth
// is the size of the best set known at most.
func (s *search) branch(taken []int, kept map[int]bool) {
	if s.steps--; s.steps <= 0 {
		return
	}
	cycle := s.shortest(kept)
	if cycle == nil {
		if cost := s.sum(taken); cost < s.cost {
			s.best, s.cost = slices.Clone(taken), cost
		}
		return
	}
	if s.sum(taken)+s.lightest(cycle, kept) >= s.cost {
		return
	}
	var added []int
	for _, v := range cycle {
		if kept[v] {
			continue
		}
		delete(s.in, v)
		s.branch(append(slices.Clone(taken), v), kept)
		s.in[v] = true
		kept[v] = true
		added = append(added, v)
	}
	for _, v := range added {
		delete(kept, v)
	}
}

// lightest is the least weight that breaks the cycle.
func (s *search) lightest(cycle []int, kept map[int]bool) int {
	least := -1
	for _, v := range cycle {
		if w := s.weight(v); !kept[v] && (least < 0 || w < least) {
			least = w
		}
	}
	if least < 0 {
		return s.cost // no node of it may be taken
	}
	return least
}

// shortest returns the cycle that leaves the fewest ways to break it.
func (s *search) shortest(kept map[int]bool) []int {
	var best []int
	for _, component := range s.g.Components(s.keep) {
		for i, v := range component {
			if i == 32 && best != nil {
				break // short enough; looking at each node of a large component is dear
			}
			if c := s.g.Cycle(v, s.keep); best == nil || len(c) < len(best) {
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
func (s *search) greedy(component []int) (set []int) {
	left := [][]int{component}
	in := map[int]bool{}
	for _, v := range component {
		in[v] = true
	}
	keep := func(v int) bool { return in[v] }
	for len(left) > 0 {
		// Only within its own component does an edge matter.
		for _, c := range left {
			member := map[int]bool{}
			for _, v := range c {
				member[v] = true
			}
			ins, outs := map[int]int{}, map[int]int{}
			loop := -1
			for _, v := range c {
				for _, w := range s.g[v] {
					if w == v {
						loop = v
					}
					if member[w] {
						outs[v]++
						ins[w]++
					}
				}
			}
			pick, score := -1, -1.0
			for _, v := range c {
				if n := float64(ins[v]*outs[v]) / float64(s.weight(v)); n > score {
					pick, score = v, n
				}
			}
			if loop >= 0 {
				pick = loop // it must be taken in any case
			}
			in[pick] = false
			set = append(set, pick)
		}
		left = s.g.Components(keep)
	}
	// The heaviest go back first.
	slices.SortStableFunc(set, func(a, b int) int { return s.weight(b) - s.weight(a) })
	needed := set[:0:0]
	for _, v := range set {
		in[v] = true
		if s.g.Cyclic(keep) {
			in[v] = false
			needed = append(needed, v)
		}
	}
	return needed
}
