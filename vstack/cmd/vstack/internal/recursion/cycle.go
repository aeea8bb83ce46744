package recursion

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// cycle makes a Cycle of functions and calls. Its chain goes through point; without
// one, through the function where it is entered.
func (f *finder) cycle(set []*program.Func, calls []*program.Call, point *program.Func, v verdict) *Cycle {
	c := &Cycle{Status: v.status, Reason: v.reason, Rank: Internal, declared: v.declared}
	if point == nil {
		point = f.entered(set)
	}
	chain := round(point, calls)
	names := make([]*program.Func, 0, len(chain))
	for _, call := range chain {
		names = append(names, call.From)
	}
	// It starts where the way from outside comes in.
	start := f.entries.first(names)
	i := slices.Index(names, start)
	c.Chain = slices.Concat(chain[i:], chain[:i])
	for _, call := range c.Chain {
		c.Guess = c.Guess || call.Guess
	}
	c.Rank, c.Path = f.entries.way(start)
	if c.Rank != Internal {
		c.Root = start
		if len(c.Path) > 0 {
			c.Root = c.Path[0].From
		}
	}
	on := members(names)
	rest := slices.DeleteFunc(slices.Clone(set), func(fn *program.Func) bool { return on[fn] })
	slices.SortFunc(rest, func(a, b *program.Func) int { return a.ID - b.ID })
	c.Funcs = slices.Concat(names[i:], names[:i], rest)
	c.Tail = true
	for _, call := range calls {
		c.Tail = c.Tail && tail(call)
	}
	return c
}

// entered returns the function at which the way from outside enters the set.
func (f *finder) entered(set []*program.Func) *program.Func {
	source := slices.DeleteFunc(slices.Clone(set), (*program.Func).Wrapper)
	in := members(set)
	outside := func(fn *program.Func) int {
		if slices.ContainsFunc(fn.Ins, func(call *program.Call) bool { return !in[call.From] }) {
			return 0
		}
		return 1
	}
	return slices.MinFunc(source, func(a, b *program.Func) int {
		return cmp.Or(outside(a)-outside(b), f.entries.compare(a, b), strings.Compare(f.position(a), f.position(b)))
	})
}

// round returns the likeliest way round from start.
func round(start *program.Func, calls []*program.Call) []*program.Call {
	out := map[*program.Func][]*program.Call{}
	for _, c := range calls {
		out[c.From] = append(out[c.From], c)
	}
	w := newWays([]*program.Func{start}, func(fn *program.Func) []*program.Call { return out[fn] })
	w.run()
	var last *program.Call
	best := 0
	for _, c := range calls {
		d, ok := w.dist[c.From]
		if c.To != start || !ok {
			continue
		}
		if d += cost(c); last == nil || d < best {
			last, best = c, d
		}
	}
	return append(w.to(last.From), last)
}

// ways finds the likeliest ways from some functions to all others, by Dijkstra's
// algorithm.
type ways struct {
	out  func(*program.Func) []*program.Call
	dist map[*program.Func]int
	last map[*program.Func]*program.Call // by which a function is reached
	heap queue
}

func newWays(from []*program.Func, out func(*program.Func) []*program.Call) *ways {
	w := &ways{out: out, dist: map[*program.Func]int{}, last: map[*program.Func]*program.Call{}}
	for _, fn := range from {
		w.dist[fn] = 0
		w.heap = append(w.heap, reachedAt{fn, 0})
	}
	return w
}

func (w *ways) run() {
	heap.Init(&w.heap)
	for w.heap.Len() > 0 {
		at := heap.Pop(&w.heap).(reachedAt)
		if at.dist > w.dist[at.fn] {
			continue
		}
		for _, c := range w.out(at.fn) {
			d := at.dist + cost(c)
			if old, ok := w.dist[c.To]; !ok || d < old {
				w.dist[c.To], w.last[c.To] = d, c
				heap.Push(&w.heap, reachedAt{c.To, d})
			}
		}
	}
}

// to returns the calls on the way to fn.
func (w *ways) to(fn *program.Func) (path []*program.Call) {
	for c := w.last[fn]; c != nil; c = w.last[c.From] {
		path = append(path, c)
	}
	slices.Reverse(path)
	return path
}

type reachedAt struct {
	fn   *program.Func
	dist int
}

// A queue is a heap of functions, the nearest first; of two that are as near, the
// first in the source.
type queue []reachedAt

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].dist < q[j].dist || q[i].dist == q[j].dist && q[i].fn.ID < q[j].fn.ID
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(reachedAt)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
