package fix

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A guard costs each time its function runs. What runs less is estimated as compilers
// do that have no profile: a branch goes either way as often, a loop goes round some
// times, a call through an interface goes to each of its callees as often.

const (
	rounds = 8   // of a loop
	most   = 512 // of loops in loops
	passes = 24  // over the calls of a region; what they find changes little after some
)

// runs estimates how often the functions of the region run, as shares of 1: half of it by
// calls from outside, which come whether or not anything nests, and half by the levels
// that nest.
func (r *region) runs(calls []*program.Call) []float64 {
	type edge struct {
		from, to int
		times    float64
	}
	id := map[*program.Func]int{}
	for i, fn := range r.funcs {
		id[fn] = i
	}
	var edges []edge
	blocks := map[*ssa.Function]map[*ssa.BasicBlock]float64{}
	for _, c := range calls {
		times := 1.0
		if c.Site != nil {
			in := c.Site.Parent()
			if blocks[in] == nil {
				blocks[in] = frequencies(in)
			}
			times = blocks[in][c.Site.Block()]
		}
		edges = append(edges, edge{id[c.From], id[c.To], times / float64(max(1, c.Fan))})
	}
	entered := make([]float64, len(r.funcs))
	for i, fn := range r.funcs {
		for _, c := range fn.Ins {
			if _, inside := id[c.From]; !inside {
				entered[i] = 1
			}
		}
	}
	share(entered)
	now := make([]float64, len(r.funcs))
	for i := range now {
		now[i] = 1 / float64(len(now))
	}
	for range passes {
		next := make([]float64, len(now))
		for _, e := range edges {
			next[e.to] += float64(now[e.from] * e.times)
		}
		share(next)
		for i := range next {
			now[i] = float64(next[i]/2) + float64(entered[i]/2)
		}
	}
	share(now)
	return now
}

// share scales values to a sum of 1; those that are all 0 stay so.
func share(values []float64) {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if sum == 0 {
		return
	}
	for i := range values {
		values[i] /= sum
	}
}

// frequencies estimates how often a call of fn runs its blocks: how likely it comes to one,
// times the rounds of the loops around it.
func frequencies(fn *ssa.Function) map[*ssa.BasicBlock]float64 {
	times := map[*ssa.BasicBlock]float64{}
	if len(fn.Blocks) == 0 {
		return times
	}
	order := forward(fn)
	times[fn.Blocks[0]] = 1
	around := map[*ssa.BasicBlock]float64{}
	for _, b := range order {
		in := loop(b)
		for other := range in {
			around[other] = min(max(1, around[other])*rounds, most)
		}
		on := slices.DeleteFunc(slices.Clone(b.Succs), func(s *ssa.BasicBlock) bool { return s.Dominates(b) || throws(s) })
		ways := float64(len(on))
		if in != nil {
			ways = 1 // it goes into the loop, and behind it later
		}
		for _, s := range on {
			times[s] += times[b] / ways
		}
	}
	for b, n := range around {
		times[b] *= n
	}
	return times
}

// loop returns the blocks of the loop that begins with head; none if none does.
func loop(head *ssa.BasicBlock) (in map[*ssa.BasicBlock]bool) {
	var work []*ssa.BasicBlock
	for _, p := range head.Preds {
		if head.Dominates(p) {
			work = append(work, p)
		}
	}
	if work == nil {
		return nil
	}
	in = map[*ssa.BasicBlock]bool{head: true}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !in[b] {
			in[b] = true
			work = append(work, b.Preds...)
		}
	}
	return in
}

// throws reports whether b ends in a panic, which is not where time is spent.
func throws(b *ssa.BasicBlock) bool {
	if len(b.Instrs) == 0 {
		return false
	}
	_, is := b.Instrs[len(b.Instrs)-1].(*ssa.Panic)
	return is
}

// forward returns the blocks that fn comes to, each behind those before it.
func forward(fn *ssa.Function) (order []*ssa.BasicBlock) {
	seen := map[*ssa.BasicBlock]bool{}
	var visit func(b *ssa.BasicBlock)
	visit = func(b *ssa.BasicBlock) {
		seen[b] = true
		for _, s := range b.Succs {
			if !seen[s] {
				visit(s)
			}
		}
		order = append(order, b)
	}
	visit(fn.Blocks[0])
	slices.Reverse(order)
	return order
}
