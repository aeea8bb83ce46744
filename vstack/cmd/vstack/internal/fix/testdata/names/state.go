package names

import "github.com/vstack-go/vstack/vstack"

type state struct{ stack *vstack.Stack }

// Here the file has the import already.
func imported(st *state, n *node) {
	vstack := len(n.vals)
	var rec func(n *node) int
	rec = func(n *node) int {
		for _, k := range n.kids {
			vstack += rec(k)
		}
		return vstack
	}
	rec(n)
}

// set sets the handle, as a guard whose handle nobody sets guards nothing.
func set(s *vstack.Stack, st *state) { st.stack = s }
