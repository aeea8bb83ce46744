// Package cycles has a cycle of every kind of call.
package cycles

import (
	"fmt"
	"sort"
)

type Tree struct {
	Left, Right *Tree
	Kids        []*Tree
	Value       int
}

// Direct.
func sum(t *Tree) int { // want unguarded "sum → sum | t \*cycles.Tree of sum walks a structure"
	if t == nil {
		return 0
	}
	return sum(t.Left) + t.Value + sum(t.Right)
}

// Mutual, with a function in the middle that is not entered from outside.
func even(t *Tree) bool { return t == nil || odd(t.Left) } // want unguarded "even → odd → even"

func odd(t *Tree) bool { return t != nil && even(t.Left) }

// Through interface methods.
type Expr interface{ Eval() int }

type Num int

type Add struct{ X, Y Expr }

type Neg struct{ X Expr }

func (n Num) Eval() int  { return int(n) }
func (a *Add) Eval() int { return a.X.Eval() + a.Y.Eval() } // want unguarded decoder "^\(\*Add\).Eval → \(\*Add\).Eval | a \*cycles.Add"
func (n *Neg) Eval() int { return -n.X.Eval() }             // want unguarded "^\(\*Neg\).Eval → \(\*Neg\).Eval |"

// Through function values in a table.
var table map[string]func(t *Tree) int

func init() {
	table = map[string]func(t *Tree) int{"left": left, "value": value}
}

func left(t *Tree) int { // want unguarded "left → left"
	if t.Left == nil {
		return 0
	}
	return table["left"](t.Left)
}

func value(t *Tree) int { return t.Value }

// A closure in a variable.
func depth(t *Tree) int {
	var walk func(t *Tree) int
	walk = func(t *Tree) int { // want unguarded "depth.func1 → depth.func1"
		if t == nil {
			return 0
		}
		return 1 + max(walk(t.Left), walk(t.Right))
	}
	return walk(t)
}

// A method value.
type visitor struct{ seen int }

func each(ts []*Tree, f func(*Tree)) { // want unguarded "each → \(\*visitor\).visit → each"
	for _, t := range ts {
		f(t)
	}
}

func (v *visitor) visit(t *Tree) {
	v.seen++
	each(t.Kids, v.visit)
}

// Generics.
type List[T any] struct {
	Head T
	Tail *List[T]
}

func length[T any](l *List[T]) int { // want unguarded "length → length"
	if l == nil {
		return 0
	}
	return 1 + length(l.Tail)
}

func lengths() int { return length(&List[int]{}) + length(&List[string]{}) }

func (l *List[T]) Last() T { // want unguarded "\(\*List\[T\]\).Last → \(\*List\[T\]\).Last"
	if l.Tail == nil {
		return l.Head
	}
	return l.Tail.Last()
}

// An embedded method.
type base struct{ kids []node }

type node interface{ count() int }

func (b *base) count() int { // want unguarded "\(\*base\).count → \(\*base\).count"
	n := 1
	for _, k := range b.kids {
		n += k.count()
	}
	return n
}

type leaf struct{ base }

var nodes = []node{&leaf{}, &base{}}

// A function without source here that calls what it is given.
func order(ts []*Tree) { // want unguarded "order → order.func1 → order"
	sort.Slice(ts, func(i, j int) bool {
		order(ts[i].Kids)
		return ts[i].Value < ts[j].Value
	})
}

// fmt looks for String.
type Pair struct{ A, B *Pair }

func (p *Pair) String() string { // want unguarded "\(\*Pair\).String → \(\*Pair\).String"
	if p == nil {
		return "()"
	}
	return fmt.Sprintf("(%v . %v)", p.A, p.B)
}

type Kind int

// %d calls no method: no recursion.
func (k Kind) String() string { return fmt.Sprintf("Kind(%d)", k) }

// A goroutine has a stack of its own: no recursion.
func spawn(t *Tree) {
	if t != nil {
		go spawn(t.Left)
	}
}

// A method expression: what the compiler puts between is not shown.
type walker struct{}

func (w walker) walk(t *Tree) { // want unguarded "^\(walker\).walk → \(walker\).walk | t \*cycles.Tree of \(walker\).walk walks a structure"
	f := walker.walk
	for _, k := range t.Kids {
		f(w, k)
	}
}

// A method of an embedded struct, through the interface that the outer one has.
type visits interface{ enter(t *Tree) }

type embedded struct{ next visits }

func (e *embedded) enter(t *Tree) { // want unguarded "^\(\*embedded\).enter → \(\*embedded\).enter | t \*cycles.Tree of \(\*embedded\).enter walks"
	for _, k := range t.Kids {
		e.next.enter(k)
	}
}

type outer struct{ *embedded }

func newOuter() visits {
	o := &outer{&embedded{}}
	o.next = o
	return o
}

// An iterator over a tree: a range over a function, which the tree's children
// make.
func (t *Tree) All() func(yield func(int) bool) {
	return func(yield func(int) bool) { // want unguarded exported "\(\*Tree\).All.func1 → \(\*Tree\).All.func1 | t \*cycles.Tree of \(\*Tree\).All.func1 walks a structure"
		for _, k := range t.Kids {
			for v := range k.All() {
				if !yield(v) {
					return
				}
			}
		}
		yield(t.Value)
	}
}
