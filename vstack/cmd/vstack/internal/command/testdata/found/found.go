// Package found has recursion.
package found

type node struct{ left, right *node }

func Walk(n *node) {
	if n != nil {
		Walk(n.left)
		Walk(n.right)
	}
}
