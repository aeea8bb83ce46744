package main

import (
	"iter"

	"github.com/vstack-go/vstack/vstack"
)

// A node is a binary search tree, nil the empty one.
type node struct {
	left, right *node
	key         int
}

// all iterates over the keys in order.
func (n *node) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		n.walk(yield)
	}
}

// walk yields the keys of the tree n and reports whether the loop goes on.
func (n *node) walk(yield func(int) bool) bool {
	if vstack.Low() {
		return vstack.Grow(func() bool { return n.walk(yield) })
	}
	return n == nil || n.left.walk(yield) && yield(n.key) && n.right.walk(yield)
}

// sameKeys reports whether two trees have the same keys, however they are shaped.
func sameKeys(a, b *node) bool {
	// Two recursions that go on by turns: each has a goroutine, and so a stack, of its own.
	nextA, stopA := iter.Pull(a.all())
	defer stopA()
	nextB, stopB := iter.Pull(b.all())
	defer stopB()
	for {
		keyA, okA := nextA()
		keyB, okB := nextB()
		if keyA != keyB || okA != okB {
			return false
		}
		if !okA {
			return true
		}
	}
}

// insert adds a key. It is a loop: one that puts ascending keys into a tree takes
// the square of their number, so ascending and descending build theirs directly.
func (n *node) insert(key int) *node {
	place := &n
	for *place != nil {
		if key < (*place).key {
			place = &(*place).left
		} else {
			place = &(*place).right
		}
	}
	*place = &node{key: key}
	return n
}

// ascending makes the tree that results from inserting 1, 2, ... n.
func ascending(n int) (tree *node) {
	for ; n > 0; n-- {
		tree = &node{key: n, right: tree}
	}
	return tree
}

// descending makes the tree that results from inserting n, ... 2, 1.
func descending(n int) (tree *node) {
	for key := 1; key <= n; key++ {
		tree = &node{key: key, left: tree}
	}
	return tree
}
