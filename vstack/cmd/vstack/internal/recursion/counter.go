package recursion

import (
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A counting says how a parameter counts the levels of a recursion.
type counting struct {
	counts, down bool
	walks        bool // something else is walked meanwhile
}

// counters returns how parameters count in the set. A counter bounds the
// recursion by design if something else is walked meanwhile; alone it is the data.
func (f *finder) counters(set []*program.Func, keep func(*program.Call) bool) func(*ssa.Parameter) counting {
	counts, up := map[*ssa.Parameter]bool{}, map[*ssa.Parameter]bool{}
	walks := false
	for _, g := range f.sizes.Groups(within(set, keep)) {
		steps, rises := false, false
		for _, l := range g {
			if v := l.To.Value(); v != nil && sizechange.Walkable(v.Type()) && l.Rel.Change == sizechange.Part {
				walks = true
			}
			steps = steps || l.Rel.Change == sizechange.Counted
			rises = rises || l.Rel.Up
		}
		if !steps {
			continue
		}
		for _, l := range g {
			if p := l.To.Param(); p != nil && ssax.IsInteger(p.Type()) {
				counts[p], up[p] = true, rises
			}
		}
	}
	return func(p *ssa.Parameter) counting {
		return counting{counts[p], counts[p] && !up[p], walks}
	}
}
