// Package names has names that are taken where a guard goes.
package names

type node struct {
	kids []*node
	vals []int
}

// The variable vstack hides the package where the guard goes.
func hidden(st *state, n *node) int {
	vstack := len(n.vals)
	var rec func(n *node) int
	rec = func(n *node) int {
		for _, k := range n.kids {
			vstack += rec(k)
		}
		return vstack
	}
	return rec(n)
}

func parameter(st *state, vstack *node) int {
	for _, k := range vstack.kids {
		parameter(st, k)
	}
	return len(vstack.vals)
}

// No field can be added to a type of a function, so none is suggested.
func local(n *node) {
	type seen struct{ n int }
	var rec func(s *seen, kids [][]any)
	rec = func(s *seen, kids [][]any) {
		for _, k := range kids {
			rec(s, k[0].([][]any))
		}
	}
	rec(&seen{}, nil)
}
