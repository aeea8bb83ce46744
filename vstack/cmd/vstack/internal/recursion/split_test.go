package recursion

import (
	"slices"
	"testing"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// TestEveryGuardPoint looks at components of packages that have large ones: the
// findings have all guard points, these leave no way round that nothing stops, and each
// is needed and is on its own chain.
func TestEveryGuardPoint(t *testing.T) {
	p, err := program.Load(program.Config{}, "go/types", "go/printer", "text/template/...", "encoding/gob", "net/http")
	if err != nil {
		t.Fatal(err)
	}
	f := newFinder(program.NewGraph(p))
	total, largest := 0, 0
	for _, set := range components(f.graph.Funcs, nil) {
		c := &component{f: f, funcs: set, out: map[*program.Call]bool{}}
		for _, pass := range passes {
			pass(c)
		}
		for _, left := range c.left() {
			largest = max(largest, len(left))
			cycles, _ := c.split(left)
			points := map[*program.Func]bool{}
			for _, cycle := range cycles {
				if cycle.Status == Unguarded {
					points[cycle.Point] = true
					chainHolds(t, cycle)
				}
			}
			total += len(points)
			pointsDo(t, c, left, points)
		}
	}
	if total < 20 || largest < 50 {
		t.Errorf("%d guard points, the largest component has %d functions: this tests too little", total, largest)
	}
	t.Logf("%d guard points, the largest component has %d functions", total, largest)
}

// chainHolds looks at the chain of a finding: it goes round, and through the guard point.
func chainHolds(t *testing.T, cycle *Cycle) {
	on := func(call *program.Call) bool { return call.From == cycle.Point }
	if !slices.ContainsFunc(cycle.Chain, on) {
		t.Errorf("the chain of %s does not go through its guard point", cycle.Point.Name())
	}
	for i, call := range cycle.Chain {
		if next := cycle.Chain[(i+1)%len(cycle.Chain)]; call.To != next.From {
			t.Errorf("%s: the chain is broken after %s", cycle.Point.Name(), call.From.Name())
		}
	}
}

// pointsDo looks at the guard points of a set: all together they end what is in it, and all
// but one do not.
func pointsDo(t *testing.T, c *component, set []*program.Func, points map[*program.Func]bool) {
	without := func(leave *program.Func) [][]*program.Func {
		return components(slices.DeleteFunc(slices.Clone(set), func(fn *program.Func) bool { return points[fn] && fn != leave }), c.keep)
	}
	for _, rest := range without(nil) {
		if v := c.f.depends(rest, within(rest, c.keep)); hasSource(rest) && v.status == Unguarded {
			t.Errorf("with all guards there is still a way round %s: %s", rest[0].Name(), v.reason)
		}
	}
	for point := range points {
		if len(without(point)) == 0 {
			t.Errorf("a guard in %s is not needed", point.Name())
		}
	}
}
