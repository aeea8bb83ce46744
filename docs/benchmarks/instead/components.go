package instead

import "github.com/vstack-go/vstack/vstack"

// Tarjan's strongly connected components, by depth-first search.

var components = Work{
	Name: "components", What: "Tarjan's components, 10,000,000 edges", Unit: "edge",
	N: 10_000_000, Less: 500_000,
	Make: func(n int) Input {
		g := randomGraph(n/5*2, n)
		run := func(t *tarjan, visit func(v int32)) (int, error) {
			for v := range t.index {
				if t.index[v] == 0 {
					visit(int32(v))
				}
			}
			sum := int(t.components)
			for _, c := range t.component {
				sum = mix(sum, int(c))
			}
			return sum, nil
		}
		plain := func(*vstack.Stack) (int, error) {
			t := &tarjanPlain{newTarjan(g)}
			return run(&t.tarjan, t.visit)
		}
		return Input{Count: n, Forms: map[string]Form{
			"plain": plain, "setmaxstack": plain,
			"counter": func(*vstack.Stack) (int, error) {
				t := &tarjanCounter{newTarjan(g), false}
				sum, err := run(&t.tarjan, func(v int32) { t.visit(v, 0) })
				if t.tooDeep {
					err = ErrTooDeep
				}
				return sum, err
			},
			"handle": func(s *vstack.Stack) (int, error) {
				t := &tarjanHandle{newTarjan(g), s}
				return run(&t.tarjan, t.visit)
			},
			"free": func(*vstack.Stack) (int, error) {
				t := &tarjanFree{newTarjan(g)}
				return run(&t.tarjan, t.visit)
			},
			"explicit": func(*vstack.Stack) (int, error) {
				t := &tarjanExplicit{newTarjan(g), nil}
				return run(&t.tarjan, t.visit)
			},
			"goroutine": func(*vstack.Stack) (int, error) {
				t := &tarjanGoroutine{newTarjan(g)}
				return run(&t.tarjan, t.visit)
			},
		}}
	},
	Source: map[string][]string{
		"plain": {"tarjanPlain"}, "counter": {"tarjanCounter"}, "handle": {"tarjanHandle"}, "free": {"tarjanFree"},
		"explicit": {"tarjanFrame", "tarjanExplicit"}, "goroutine": {"tarjanGoroutine"},
	},
}

// A graph has the edges of node v at edges[start[v]:start[v+1]].
type graph struct{ start, edges []int32 }

func randomGraph(nodes, edges int) *graph {
	r := random(88172645463325252)
	g := &graph{make([]int32, nodes+1), make([]int32, edges)}
	for range edges {
		g.start[r.next(nodes)+1]++
	}
	for v := range nodes {
		g.start[v+1] += g.start[v]
	}
	for i := range edges {
		g.edges[i] = int32(r.next(nodes))
	}
	return g
}

// tarjan is what the forms share.
type tarjan struct {
	*graph
	index, low, component []int32 // 0: none yet
	open                  []int32 // nodes without a component, in the order of index
	next, components      int32
}

func newTarjan(g *graph) tarjan {
	n := len(g.start) - 1
	return tarjan{graph: g, index: make([]int32, n), low: make([]int32, n), component: make([]int32, n), open: make([]int32, 0, n)}
}

func (t *tarjan) enter(v int32) {
	t.next++
	t.index[v], t.low[v] = t.next, t.next
	t.open = append(t.open, v)
}

// leave makes a component of the nodes from v on.
func (t *tarjan) leave(v int32) {
	t.components++
	for {
		w := t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.component[w] = t.components
		if w == v {
			return
		}
	}
}

type tarjanPlain struct {
	tarjan
}

func (t *tarjanPlain) visit(v int32) {
	t.enter(v)
	for _, w := range t.edges[t.start[v]:t.start[v+1]] {
		if t.index[w] == 0 {
			t.visit(w)
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.component[w] == 0 {
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] == t.index[v] {
		t.leave(v)
	}
}

type tarjanCounter struct {
	tarjan
	tooDeep bool
}

func (t *tarjanCounter) visit(v int32, depth int) {
	if depth > limit || t.tooDeep {
		t.tooDeep = true
		return
	}
	t.enter(v)
	for _, w := range t.edges[t.start[v]:t.start[v+1]] {
		if t.index[w] == 0 {
			t.visit(w, depth+1)
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.component[w] == 0 {
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] == t.index[v] {
		t.leave(v)
	}
}

type tarjanHandle struct {
	tarjan
	stack *vstack.Stack
}

func (t *tarjanHandle) visit(v int32) {
	if t.stack.Low() {
		t.stack.Do(func() { t.visit(v) })
		return
	}
	t.enter(v)
	for _, w := range t.edges[t.start[v]:t.start[v+1]] {
		if t.index[w] == 0 {
			t.visit(w)
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.component[w] == 0 {
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] == t.index[v] {
		t.leave(v)
	}
}

type tarjanFree struct {
	tarjan
}

func (t *tarjanFree) visit(v int32) {
	if vstack.Low() {
		vstack.Do(func() { t.visit(v) })
		return
	}
	t.enter(v)
	for _, w := range t.edges[t.start[v]:t.start[v+1]] {
		if t.index[w] == 0 {
			t.visit(w)
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.component[w] == 0 {
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] == t.index[v] {
		t.leave(v)
	}
}

type tarjanGoroutine struct {
	tarjan
}

func (t *tarjanGoroutine) visit(v int32) {
	t.enter(v)
	for _, w := range t.edges[t.start[v]:t.start[v+1]] {
		if t.index[w] == 0 {
			spawn(func() struct{} { t.visit(w); return struct{}{} })
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.component[w] == 0 {
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] == t.index[v] {
		t.leave(v)
	}
}

type tarjanFrame struct{ v, edge int32 }

type tarjanExplicit struct {
	tarjan
	frames []tarjanFrame
}

func (t *tarjanExplicit) visit(v int32) {
	t.enter(v)
	frames := append(t.frames[:0], tarjanFrame{v, t.start[v]})
next:
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		v := f.v
		for f.edge < t.start[v+1] {
			w := t.edges[f.edge]
			f.edge++
			if t.index[w] == 0 {
				t.enter(w)
				frames = append(frames, tarjanFrame{w, t.start[w]})
				continue next
			}
			if t.component[w] == 0 {
				t.low[v] = min(t.low[v], t.index[w])
			}
		}
		if t.low[v] == t.index[v] {
			t.leave(v)
		}
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			up := frames[len(frames)-1].v
			t.low[up] = min(t.low[up], t.low[v])
		}
	}
	t.frames = frames
}
