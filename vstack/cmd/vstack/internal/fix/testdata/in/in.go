// Package in has functions of all shapes, and a stack in reach of most.
package in

import (
	"context"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

type Node struct {
	Kids  []*Node
	Value int
}

// eval has a stack.
type eval struct {
	stack *vstack.Stack
	n     int
}

// The fields are set, or a guard that uses them would guard nothing.
func set(s *vstack.Stack) (*eval, *lazy, *outer, *list[int], large) {
	o := &outer{}
	o.in.vs = s
	return &eval{stack: s}, &lazy{s, 1}, o, &list[int]{stack: s}, large{stack: s}
}

// none has no result.
func (e *eval) none(n *Node) { // a comment stays here
	// and here
	for _, k := range n.Kids {
		e.none(k)
	}
}

func (e *eval) one(n *Node) int {
	sum := n.Value
	for _, k := range n.Kids {
		sum += e.one(k)
	}
	return sum
}

func (e *eval) two(n *Node, depth int) (sum int, err error) {
	for _, k := range n.Kids {
		v, err := e.two(k, depth+1)
		if err != nil {
			return 0, fmt.Errorf("at %d: %w", depth, err)
		}
		sum += v
	}
	return
}

func (e *eval) three(n *Node) (a, b int, err error) {
	for _, k := range n.Kids {
		a, b, err = e.three(k)
	}
	return a, b, err
}

// The fewest guards: one of these.
func (e *eval) ping(n *Node) {
	for _, k := range n.Kids {
		e.pong(k)
	}
}

func (e *eval) pong(n *Node) { e.ping(n) }

func variadic(s *vstack.Stack, ns ...*Node) int {
	sum := 0
	for _, n := range ns {
		sum += variadic(s, n.Kids...)
	}
	return sum
}

func unnamed(s *vstack.Stack, n *Node, _ int, _, _ string) {
	for _, k := range n.Kids {
		unnamed(s, k, 1, "", "")
	}
}

type handler func(*Node, int) error

func (h handler) each(*eval, *Node) error { return nil }

func (*eval) receiver(e *eval, n *Node) {
	for _, k := range n.Kids {
		e.receiver(e, k)
	}
}

func generic[K comparable, V any](s *vstack.Stack, m map[K][]V, n *Node) (V, error) {
	var zero V
	for _, k := range n.Kids {
		if v, err := generic[K, V](s, m, k); err == nil {
			return v, nil
		}
	}
	return zero, nil
}

type Tree[T any] struct {
	Left, Right *Tree[T]
	Value       T
}

func (t *Tree[T]) walk(s *vstack.Stack, f func(T)) {
	if t == nil {
		return
	}
	t.Left.walk(s, f)
	f(t.Value)
	t.Right.walk(s, f)
}

// The copy keeps n from moving to the heap on every call.
func assigned(s *vstack.Stack, n *Node) {
	for n != nil && len(n.Kids) == 2 {
		assigned(s, n.Kids[0])
		n = n.Kids[1]
	}
}

// lazy may be nil.
type lazy struct {
	stack *vstack.Stack
	n     int
}

// A nil receiver is fine here.
func (e *lazy) nilOK(n *Node) int {
	if e == nil {
		return 0
	}
	for _, k := range n.Kids {
		e.nilOK(k)
	}
	return e.n
}

// In a method of the same type, too.
func (e *lazy) also(n *Node) (sum int) {
	for _, k := range n.Kids {
		sum += e.also(k)
	}
	return sum
}

// It needs e for the leaves only.
func sometimes(e *eval, n *Node) (sum int) {
	if len(n.Kids) == 0 {
		return e.n
	}
	for _, k := range n.Kids {
		sum += sometimes(e, k)
	}
	return sum
}

// Whichever way it goes, e is not nil.
func always(e *eval, n *Node) (sum int) {
	for _, k := range n.Kids {
		sum += always(e, k)
	}
	if sum > 0 {
		return sum + e.value()
	}
	return func() int { return -e.n }() + e.n
}

func (e *eval) value() int { return e.n }

// The method that it calls is fine with nil.
func tolerated(e *lazy, n *Node) (sum int) {
	for _, k := range n.Kids {
		sum += tolerated(e, k)
	}
	return sum + e.count()
}

func (e *lazy) count() int {
	if e == nil {
		return 0
	}
	return e.n
}

// A context costs a look-up on every call, so -handle does not use it.
func inContext(ctx context.Context, n *Node) error {
	for _, k := range n.Kids {
		if err := inContext(ctx, k); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func literal(s *vstack.Stack, n *Node) int {
	var sum func(n *Node) int
	sum = func(n *Node) int {
		v := n.Value
		for _, k := range n.Kids {
			v += sum(k)
		}
		return v
	}
	return sum(n)
}

type inner struct{ vs *vstack.Stack }

type outer struct {
	in inner
}

func (o *outer) steps(n *Node) {
	for _, k := range n.Kids {
		o.steps(k)
	}
}

func (e *eval) line(n *Node) int { return e.line(n.Kids[0]) }

// Both need one.
func (e *eval) both(n *Node) {
	for _, k := range n.Kids {
		e.both(k)
		e.other(k)
	}
}

func (e *eval) other(n *Node) {
	for _, k := range n.Kids {
		e.other(k)
		e.both(k)
	}
}

// A deferred function that recovers cannot have one; the other can.
func (e *eval) try(n *Node) {
	defer e.rescue(n)
	for _, k := range n.Kids {
		e.try(k)
	}
}

func (e *eval) rescue(n *Node) {
	if recover() != nil {
		for _, k := range n.Kids {
			e.try(k)
		}
	}
}

//vstack:ok not deep
func fine(s *vstack.Stack, n *Node) {
	for _, k := range n.Kids {
		fine(s, k)
	}
}

func (e *eval) four(n *Node, more ...int) (a, b int, _ string, err error) {
	more = append(more, n.Value)
	for _, k := range n.Kids {
		a, b, _, err = e.four(k, more...)
	}
	return
}

type list[T any] struct {
	stack *vstack.Stack
	kids  []*list[T]
}

func (l *list[_]) three() (int, int, int) {
	for _, k := range l.kids {
		k.three()
	}
	return 1, 2, 3
}

// The receiver is larger than a closure captures by value.
type large struct {
	stack *vstack.Stack
	data  [40]int
	kids  []large
}

func (l large) sum() (sum int) {
	for _, k := range l.kids {
		sum += k.sum()
	}
	return sum
}

func label(s *vstack.Stack, n *Node) int {
again:
	for _, k := range n.Kids {
		if k == nil {
			continue again
		}
		label(s, k)
	}
	return 1
}

// It hands e on and no more, so that e may be nil.
func handOn(e *eval, n *Node) int { return handBack(e, n) + 1 }

func handBack(e *eval, n *Node) (sum int) {
	for _, k := range n.Kids {
		sum += handOn(e, k)
	}
	return sum
}

type result int

// In these a name is taken that the guard needs.
func hides(s *vstack.Stack, result *Node) result {
	for _, k := range result.Kids {
		hides(s, k)
	}
	return 0
}

func own(s *vstack.Stack, n *Node) (own int) {
	return 1 + next(s, n)
}

func next(s *vstack.Stack, n *Node) (next int) {
	for _, k := range n.Kids {
		next += own(s, k)
	}
	return next
}

func library(vstack *vstack.Stack, n *Node) int {
	for _, k := range n.Kids {
		library(vstack, k)
	}
	return 0
}

func (e *eval) made() func(n *Node) {
	return func(n *Node) {
		for _, k := range n.Kids {
			e.made()(k)
		}
	}
}

// Nobody sets this one, so -handle does not use it, and the guard is another one.
type unset struct {
	stack *vstack.Stack
	kids  []*unset
}

func (u *unset) walk() {
	for _, k := range u.kids {
		k.walk()
	}
}

func (u *unset) guarded() int {
	if u.stack.Low() {
		return vstack.GrowOn(u.stack, u.guarded)
	}
	for _, k := range u.kids {
		k.guarded()
	}
	return len(u.kids)
}

func (u *unset) late() int {
	n := len(u.kids) // a comment
	if u.stack.Low() {
		return vstack.GrowOn(u.stack, u.late)
	}
	for _, k := range u.kids {
		n += k.late()
	}
	return n
}

// The results have types of all kinds.
func results(n *Node) (func(int) error, <-chan struct{ a, b int }) {
	for _, k := range n.Kids {
		results(k)
	}
	return nil, nil
}

func manyLines(
	n *Node,
	more ...func(*Node), // of these many
) struct {
	a int // and here
	b int
} {
	for _, k := range n.Kids {
		manyLines(k, more...)
	}
	return struct {
		a int
		b int
	}{}
}

// A parameter of a type has no name, so that it cannot be passed on.
func typed[_ any, T any](n *Node) (t T) {
	for _, k := range n.Kids {
		typed[int, T](k)
	}
	return t
}

// No arguments, but of a type.
func source[T any]() *list[T] {
	for l := source[T](); l != nil; l = source[T]() {
		return l
	}
	return nil
}

// The receiver changes, which the method value does not see.
func (n *Node) moves() int {
	sum := 0
	for ; n != nil && len(n.Kids) > 0; n = n.Kids[0] {
		sum += n.Kids[0].moves()
	}
	return sum
}

// Embedded pointers: the method is of Node.
type embeds struct{ *Node }

func (e embeds) count() int {
	n := 1
	for _, k := range e.Kids {
		n += embeds{k}.count()
	}
	return n
}

// A deferred literal, and one that is called at once.
func deferred(n *Node, next []func(*Node)) {
	defer func(n *Node) {
		for _, k := range n.Kids {
			next[0](k)
		}
	}(n)
	next = append(next, func(n *Node) { deferred(n, next) })
}
