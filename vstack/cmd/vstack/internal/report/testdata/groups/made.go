// Code generated from grammar.y by a tool. DO NOT EDIT.

package groups

type Node struct{ Kids []*Node }

func ReadFirst(n *Node) {
	for _, k := range n.Kids {
		ReadFirst(k)
	}
}

func ReadSecond(n *Node) {
	for _, k := range n.Kids {
		ReadSecond(k)
	}
}
