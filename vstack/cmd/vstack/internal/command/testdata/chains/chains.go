// Package chains has calls that the compiler puts something between.
package chains

type Node struct {
	Kids  []*Node
	Value int
}

type visitor interface{ visit(n *Node) }

// Its method is promoted.
type embedded struct{ next visitor }

func (e *embedded) visit(n *Node) {
	for _, k := range n.Kids {
		e.next.visit(k)
	}
}

type outer struct{ *embedded }

func New() visitor {
	o := &outer{&embedded{}}
	o.next = o
	return o
}

// All is called by a range statement.
func (n *Node) All() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for _, k := range n.Kids {
			for v := range k.All() {
				if !yield(v) {
					return
				}
			}
		}
		yield(n.Value)
	}
}
