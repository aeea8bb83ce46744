// Package x has a function of every shape.
package x

import (
	"errors"
	"sort"
	str "strings"
)

type node struct{ l, r *node }

func plain(n *node) int {
	if n == nil {
		return 0
	}
	return plain(n.l) + plain(n.r)
}

func hidden(node *node) (n *node) { return hidden(node.l) }

func blank(_ int, _, b string, _ ...int) (int, error) { return blank(1, b, b) }

func unnamed(int, *node) { unnamed(1, nil) }

func none() { none() }

func variadic(a int, rest ...*node) (err error) {
	a++
	rest = rest[1:]
	defer func() { err = errors.New("x") }()
	return variadic(a, rest...)
}

func (n *node) method(a, b int) (x, y int) { return n.l.method(b, a) }

func (node) value() { (node{}).value() }

func (n node) shadow(string int) (s []byte) {
	str.ToUpper("")
	return n.shadow(string)
}

type list[K comparable, V any] struct{ next *list[K, V] }

func (l *list[K, V]) walk(f func(K, V) bool) bool { return l.next.walk(f) }

func (list[_, V]) nameless() {} // left: a type parameter has no name

func generic[T any, U ~[]T](u U, f func(T) U) (U, error) {
	return generic(f(u[0]), f)
}

func structs(
	a struct {
		x, y int // of it
	},
	f func(
		int,
		string,
	) bool,
) interface {
	M() int
} {
	return structs(a, f)
}

func recovering() { // left: it calls recover, which only the function that was deferred itself may do
	recover()
	recovering()
}

//go:nosplit
func small() { small() } // left: it is marked //go:nosplit

func body(int) // left: it has no body in Go

func init() { // left: nothing can call it
	plain(nil)
}

func deferred(n *node) {
	defer func() {
		deferred(n.l)
	}()
	go func() { deferred(n.r) }()
	func(n *node) { deferred(n) }(n)
}

// no result hides anything here
func literals(n *node) int {
	var walk func(n *node, _ ...int) (int, error)
	walk = func(n *node, _ ...int) (int, error) {
		type local struct{ n *node }
		var f func(local, *node) local
		f = func(x local, node *node) local {
			return f(x, node.l)
		}
		f(local{n}, n)
		return walk(n.l)
	}
	sort.Slice(nil, func(i, j int) bool { return literals(n) > 0 })
	walk(n)
	return 0
}

var table = map[string]func(*node){
	"a": func(n *node) {
		lookup(n)
	},
}

var other map[string]func(*node)

func lookup(n *node)    { other["a"](n) }
func twice(n *node) int { return twice(n.l) }

// thrice is on one line with nothing else.
func thrice(n *node) int { return thrice(n.l) }

// A guard behind what leaves, on one line and on several.
var oneLine = func(n int) int { if n == 0 { return 0 }; return n }

func leavesTwice(n int, more ...int) (all int) {
	if n == 0 {
		return 0 // nothing
	} // a comment
	if n := len(more); n > 3 {
		return n
	}

	return n + leavesTwice(n-1, more...)
}
