// Package literals has function literals that cannot call themselves yet.
package literals

import "sort"

type Node struct {
	Kids  []*Node
	Value int
	visit func(*Node) int
}

type visitor func(*Node) error

var visitors = map[string]visitor{}

// It is returned.
func returned(name string) visitor {
	// A comment stays in front.
	return func(n *Node) error { // and one here
		for _, k := range n.Kids {
			if err := visitors[name](k); err != nil {
				return err
			}
		}
		return nil
	}
}

func register() {
	visitors["a"] = returned("a")
}

// It is in a field.
func field(n *Node) {
	n.visit = func(n *Node) (sum int) {
		for _, k := range n.Kids {
			sum += k.visit(k)
		}
		return sum + n.Value
	}
}

var fields = []func(*Node) (int, error){}

// It has a name, which it cannot see.
func defined() {
	walk := func(n *Node) (int, error) {
		for _, k := range n.Kids {
			if _, err := fields[0](k); err != nil {
				return 0, err
			}
		}
		return n.Value, nil
	}
	fields = append(fields, walk)
}

type pass struct{ run func(p *pass, n *Node) }

// It is an argument, and a condition declares what it uses.
func argument(p *pass, n *Node) bool {
	if kids := n.Kids; use(func(p *pass, n *Node) {
		for range kids {
			p.run(p, n.Kids[0])
		}
	}) {
		return true
	}
	return false
}

var passes []*pass

func use(run func(*pass, *Node)) bool {
	passes = append(passes, &pass{run})
	for _, p := range passes {
		p.run(p, nil)
	}
	return true
}

// Two in one statement.
func two(nodes []*Node) {
	all, more := func(n *Node) int {
		sort.Slice(n.Kids, func(i, j int) bool { return n.Kids[i].Value < n.Kids[j].Value })
		return pair[0](n.Kids[0]) + 1
	}, func(n *Node) int {
		return pair[1](n.Kids[0]) + 2
	}
	pair = [2]func(*Node) int{all, more}
}

var pair [2]func(*Node) int

// It is a variable of the package.
var table = map[string]func(*Node){
	"all": func(n *Node) {
		for _, k := range n.Kids {
			byName("all")(k)
		}
	},
}

var byName func(string) func(*Node)

func init() {
	byName = func(name string) func(*Node) { return table[name] }
}

// No arguments.
func none(next func() func()) func() {
	return func() {
		if f := next(); f != nil {
			thunks[0]()
		}
	}
}

var thunks []func()

func fill() { thunks = append(thunks, none(nil)) }
