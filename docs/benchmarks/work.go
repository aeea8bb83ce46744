package main

import (
	"errors"

	"github.com/vstack-go/vstack/vstack"
)

// The recursions, in pairs that differ in the guard alone.

// Linear recursion: nothing but calls. It is the worst case for a guard.

type linear struct{ stack *vstack.Stack }

func (l *linear) down(n int) int {
	if n == 0 {
		return 0
	}
	return l.down(n-1) + 1
}

func (l *linear) downGuarded(n int) int {
	if l.stack.Low() {
		return vstack.GrowOn(l.stack, func() int { return l.downGuarded(n) })
	}
	if n == 0 {
		return 0
	}
	return l.downGuarded(n-1) + 1
}

// downLeaf is down with a leaf that calls something, as leaves do: a chain of
// so many calls. It shows what a full buffer of return addresses costs on the
// way back; see docs/performance.md.
func (l *linear) downLeaf(n, chain int) int {
	if n == 0 {
		if chain > 0 {
			return bareDown(chain-1) - (chain - 1)
		}
		return 0
	}
	return l.downLeaf(n-1, chain) + 1
}

// bareDown has neither a receiver nor a stack.
func bareDown(n int) int {
	if n == 0 {
		return 0
	}
	return bareDown(n-1) + 1
}

// With a frame of 256 bytes.

func (l *linear) wide(n int) int {
	var local [28]int
	local[n&15] = n
	if n == 0 {
		return 0
	}
	return l.wide(n-1) + 1 + local[(n+1)&15]
}

func (l *linear) wideGuarded(n int) int {
	if l.stack.Low() {
		return vstack.GrowOn(l.stack, func() int { return l.wideGuarded(n) })
	}
	var local [28]int
	local[n&15] = n
	if n == 0 {
		return 0
	}
	return l.wideGuarded(n-1) + 1 + local[(n+1)&15]
}

// hot runs loop n frames further down.
func (l *linear) hot(n int, loop func()) int {
	if n == 0 {
		loop()
		return 0
	}
	return l.hot(n-1, loop) + 1
}

func (l *linear) hotGuarded(n int, loop func()) int {
	if l.stack.Low() {
		return vstack.GrowOn(l.stack, func() int { return l.hotGuarded(n, loop) })
	}
	if n == 0 {
		loop()
		return 0
	}
	return l.hotGuarded(n-1, loop) + 1
}

// The stack as a parameter.

func paramDown(s *vstack.Stack, n int) int {
	if n == 0 {
		return 0
	}
	return paramDown(s, n-1) + 1
}

func paramDownGuarded(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return paramDownGuarded(s, n) })
	}
	if n == 0 {
		return 0
	}
	return paramDownGuarded(s, n-1) + 1
}

// The tree evaluator: (node, environment) to (value, error).

type node struct {
	op          byte // '0': value, 'x': name, else the operator
	left, right *node
	value       int
	name        string
}

type env struct {
	name  string
	value int
	next  *env
}

var errUnknown = errors.New("unknown name")

func (e *env) lookup(name string) (int, error) {
	for ; e != nil; e = e.next {
		if e.name == name {
			return e.value, nil
		}
	}
	return 0, errUnknown
}

func apply(op byte, l, r int) int {
	switch op {
	case '+':
		return l + r
	case '-':
		return l - r
	}
	return l * r
}

type evaluator struct{ stack *vstack.Stack }

func (e *evaluator) eval(n *node, env *env) (int, error) {
	switch n.op {
	case '0':
		return n.value, nil
	case 'x':
		return env.lookup(n.name)
	}
	l, err := e.eval(n.left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.eval(n.right, env)
	if err != nil {
		return 0, err
	}
	return apply(n.op, l, r), nil
}

func (e *evaluator) evalGuarded(n *node, env *env) (int, error) {
	if e.stack.Low() {
		return vstack.GrowOn2(e.stack, func() (int, error) { return e.evalGuarded(n, env) })
	}
	switch n.op {
	case '0':
		return n.value, nil
	case 'x':
		return env.lookup(n.name)
	}
	l, err := e.evalGuarded(n.left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.evalGuarded(n.right, env)
	if err != nil {
		return 0, err
	}
	return apply(n.op, l, r), nil
}

var names = &env{"x", 1, &env{"y", 2, nil}}

// balanced makes an expression of 2^(depth+1)-1 nodes.
func balanced(depth int) *node {
	leaves := 0
	var grow func(depth int) *node
	grow = func(depth int) *node {
		if depth == 0 {
			leaves++
			if leaves%3 == 0 {
				return &node{op: 'x', name: "y"}
			}
			return &node{op: '0', value: leaves}
		}
		op := "+-*"[leaves%3]
		left := grow(depth - 1)
		return &node{op: op, left: left, right: grow(depth - 1)}
	}
	return grow(depth)
}

// Trees that are deep.

type tree struct {
	left, right *tree
	value       int
}

type summer struct{ stack *vstack.Stack }

func (s *summer) sum(t *tree) int {
	if t == nil {
		return 0
	}
	return s.sum(t.left) + s.sum(t.right) + t.value
}

func (s *summer) sumGuarded(t *tree) int {
	if s.stack.Low() {
		return vstack.GrowOn(s.stack, func() int { return s.sumGuarded(t) })
	}
	if t == nil {
		return 0
	}
	return s.sumGuarded(t.left) + s.sumGuarded(t.right) + t.value
}

// spine makes a tree with depth nodes below each other, each of which has a
// balanced subtree of so many nodes beside it, on the left and right in turn.
func spine(depth, beside int) *tree {
	var balanced func(n int) *tree
	balanced = func(n int) *tree {
		if n == 0 {
			return nil
		}
		return &tree{balanced((n - 1) / 2), balanced(n / 2), 1}
	}
	var t *tree
	for i := range depth {
		side := balanced(beside)
		if i%2 == 0 {
			t = &tree{t, side, 1}
		} else {
			t = &tree{side, t, 1}
		}
	}
	return t
}

type ackermann struct{ stack *vstack.Stack }

func (a *ackermann) of(m, n int) int {
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.of(m-1, 1)
	}
	return a.of(m-1, a.of(m, n-1))
}

func (a *ackermann) ofGuarded(m, n int) int {
	if a.stack.Low() {
		return vstack.GrowOn(a.stack, func() int { return a.ofGuarded(m, n) })
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.ofGuarded(m-1, 1)
	}
	return a.ofGuarded(m-1, a.ofGuarded(m, n-1))
}

// Mutual recursion of four functions, the guard in one of them.

type four struct{ stack *vstack.Stack }

func (f *four) a(n int) int {
	if n == 0 {
		return 0
	}
	return f.b(n-1) + 1
}

func (f *four) b(n int) int {
	if n == 0 {
		return 0
	}
	return f.c(n-1) + 1
}

func (f *four) c(n int) int {
	if n == 0 {
		return 0
	}
	return f.d(n-1) + 1
}

func (f *four) d(n int) int {
	if n == 0 {
		return 0
	}
	return f.a(n-1) + 1
}

func (f *four) aGuarded(n int) int {
	if f.stack.Low() {
		return vstack.GrowOn(f.stack, func() int { return f.aGuarded(n) })
	}
	if n == 0 {
		return 0
	}
	return f.bGuarded(n-1) + 1
}

func (f *four) bGuarded(n int) int {
	if n == 0 {
		return 0
	}
	return f.cGuarded(n-1) + 1
}

func (f *four) cGuarded(n int) int {
	if n == 0 {
		return 0
	}
	return f.dGuarded(n-1) + 1
}

func (f *four) dGuarded(n int) int {
	if n == 0 {
		return 0
	}
	return f.aGuarded(n-1) + 1
}
