package workload

import (
	"errors"

	"github.com/vstack-go/vstack/vstack"
)

// A Node is one of an expression.
type Node struct {
	Op          byte // '0': value, 'x': name, else the operator
	Left, Right *Node
	Value       int
	Name        string
}

// An Env binds names to values.
type Env struct {
	Name  string
	Value int
	Next  *Env
}

// ErrUnknown is for a name that the environment does not have.
var ErrUnknown = errors.New("unknown name")

// Lookup returns the value of the name.
func (e *Env) Lookup(name string) (int, error) {
	for ; e != nil; e = e.Next {
		if e.Name == name {
			return e.Value, nil
		}
	}
	return 0, ErrUnknown
}

// Apply computes l op r.
func Apply(op byte, l, r int) int {
	switch op {
	case '+':
		return l + r
	case '-':
		return l - r
	}
	return l * r
}

// Names is what the names of [Balanced] and [Leaning] stand for.
var Names = &Env{"x", 1, &Env{"y", 2, nil}}

// Balanced makes an expression of 2^(depth+1)-1 nodes.
func Balanced(depth int) *Node {
	leaves := 0
	var grow func(depth int) *Node
	grow = func(depth int) *Node {
		if depth == 0 {
			return leaf(&leaves)
		}
		op := "+-*"[leaves%3]
		left := grow(depth - 1)
		return &Node{Op: op, Left: left, Right: grow(depth - 1)}
	}
	return grow(depth)
}

// Leaning makes an expression of 2*depth+1 nodes in which each operator has the next one on
// its left, as in ((a+b)+c)+d.
func Leaning(depth int) *Node {
	leaves := 0
	n := leaf(&leaves)
	for range depth {
		n = &Node{Op: "+-*"[leaves%3], Left: n, Right: leaf(&leaves)}
	}
	return n
}

func leaf(leaves *int) *Node {
	*leaves++
	if *leaves%3 == 0 {
		return &Node{Op: 'x', Name: "y"}
	}
	return &Node{Op: '0', Value: *leaves}
}

// Eval evaluates an expression: (node, environment) to (value, error).
type Eval struct{ Stack *vstack.Stack }

func (e *Eval) Plain(n *Node, env *Env) (int, error) {
	switch n.Op {
	case '0':
		return n.Value, nil
	case 'x':
		return env.Lookup(n.Name)
	}
	l, err := e.Plain(n.Left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.Plain(n.Right, env)
	if err != nil {
		return 0, err
	}
	return Apply(n.Op, l, r), nil
}

func (e *Eval) Handle(n *Node, env *Env) (int, error) {
	if e.Stack.Low() {
		return vstack.GrowOn2(e.Stack, func() (int, error) { return e.Handle(n, env) })
	}
	switch n.Op {
	case '0':
		return n.Value, nil
	case 'x':
		return env.Lookup(n.Name)
	}
	l, err := e.Handle(n.Left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.Handle(n.Right, env)
	if err != nil {
		return 0, err
	}
	return Apply(n.Op, l, r), nil
}

func (e *Eval) Free(n *Node, env *Env) (int, error) {
	if vstack.Low() {
		return vstack.Grow2(func() (int, error) { return e.Free(n, env) })
	}
	switch n.Op {
	case '0':
		return n.Value, nil
	case 'x':
		return env.Lookup(n.Name)
	}
	l, err := e.Free(n.Left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.Free(n.Right, env)
	if err != nil {
		return 0, err
	}
	return Apply(n.Op, l, r), nil
}

// A Tree is a binary tree of numbers.
type Tree struct {
	Left, Right *Tree
	Value       int
}

// Spine makes a tree with depth nodes below each other, each of which has a balanced
// subtree of so many nodes beside it, on the left and right in turn.
func Spine(depth, beside int) *Tree {
	var balanced func(n int) *Tree
	balanced = func(n int) *Tree {
		if n == 0 {
			return nil
		}
		return &Tree{balanced((n - 1) / 2), balanced(n / 2), 1}
	}
	var t *Tree
	for i := range depth {
		side := balanced(beside)
		if i%2 == 0 {
			t = &Tree{t, side, 1}
		} else {
			t = &Tree{side, t, 1}
		}
	}
	return t
}

// Sum adds up a tree.
type Sum struct{ Stack *vstack.Stack }

func (s *Sum) Plain(t *Tree) int {
	if t == nil {
		return 0
	}
	return s.Plain(t.Left) + s.Plain(t.Right) + t.Value
}

func (s *Sum) Handle(t *Tree) int {
	if s.Stack.Low() {
		return vstack.GrowOn(s.Stack, func() int { return s.Handle(t) })
	}
	if t == nil {
		return 0
	}
	return s.Handle(t.Left) + s.Handle(t.Right) + t.Value
}

func (s *Sum) HandleSplit(t *Tree) int {
	if s.Stack.Low() {
		return s.handleLow(t)
	}
	if t == nil {
		return 0
	}
	return s.HandleSplit(t.Left) + s.HandleSplit(t.Right) + t.Value
}

//go:noinline
func (s *Sum) handleLow(t *Tree) int {
	return vstack.GrowOn(s.Stack, func() int { return s.HandleSplit(t) })
}

func (s *Sum) Free(t *Tree) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return s.Free(t) })
	}
	if t == nil {
		return 0
	}
	return s.Free(t.Left) + s.Free(t.Right) + t.Value
}

func (s *Sum) FreeSplit(t *Tree) int {
	if vstack.Low() {
		return s.freeLow(t)
	}
	if t == nil {
		return 0
	}
	return s.FreeSplit(t.Left) + s.FreeSplit(t.Right) + t.Value
}

//go:noinline
func (s *Sum) freeLow(t *Tree) int {
	return vstack.Grow(func() int { return s.FreeSplit(t) })
}
