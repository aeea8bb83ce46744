package a

import "github.com/vstack-go/vstack/vstack"

type Node struct{ Left, Right *Node }

type walker struct {
	stack *vstack.Stack
	n     int
}

func newWalker(stack *vstack.Stack) *walker { return &walker{stack: stack} }

func (w *walker) walk(n *Node) { // want `unguarded recursion: \(\*walker\).walk → \(\*walker\).walk; depth depends on data: n \*a.Node`
	if n != nil {
		w.walk(n.Left)
		w.walk(n.Right)
	}
}

func (w *walker) count(n *Node) int {
	if w.stack.Low() {
		return vstack.GrowOn(w.stack, func() int { return w.count(n) })
	}
	if n == nil {
		return 0
	}
	return w.count(n.Left) + w.count(n.Right)
}

func (w *walker) late(n *Node) {
	w.n++
	if w.stack.Low() { // want `the guard is not the first statement`
		w.stack.Do(func() { w.late(n) })
		return
	}
	w.late(n.Left)
}

//vstack:ok built by hand
func fine(n *Node) {
	fine(n.Left)
}

type parser struct{ in string }

// What main's literal costs with this guard is a note of vstack check, not a finding.
func (p *parser) list() int {
	if vstack.Low() {
		return vstack.Grow(p.list)
	}
	if p.in == "" {
		return 0
	}
	p.in = p.in[1:]
	return 1 + p.list()
}

func parse(in string) int { return (&parser{in}).list() }
