package nesting

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// pop returns the field that the instruction takes something off: such a one is a stack by
// itself, as the scopes of a compiler are.
//
//	c.scope = &scope{outer: c.scope}; c.block(); c.scope = c.scope.outer
func (a *Analysis) pop(instr ssa.Instruction) place {
	store, ok := instr.(*ssa.Store)
	if !ok || !a.mayHold(store.Val.Type()) {
		return nil
	}
	load, ok := store.Val.(*ssa.UnOp)
	if !ok {
		return nil
	}
	root, _ := a.root(store.Addr)
	p, ok := root.(*types.Var)
	if !ok {
		return nil
	}
	if field, ok := load.X.(*ssa.FieldAddr); ok && a.types[ssax.Named(field.X.Type())] || a.before(load) == place(p) {
		return p
	}
	return nil
}

// before returns the place that a value was read from, maybe some time ago.
func (a *Analysis) before(load *ssa.UnOp) place {
	cell := load.X
	if captured, ok := cell.(*ssa.FreeVar); ok {
		cell = ssax.Binding(captured)
	}
	if alloc, ok := cell.(*ssa.Alloc); ok {
		for v := range ssax.Stored(alloc) {
			return a.read(v)
		}
		return nil
	}
	return a.read(load)
}

// pops returns where fn takes something off p.
func (a *Analysis) pops(fn *ssa.Function, p place) (all []*ssa.BasicBlock) {
	for instr := range ssax.Instrs(fn) {
		if a.pop(instr) == p {
			all = append(all, instr.Block())
		}
	}
	return all
}

// balanced reports whether no way leads from the block back to it but by one of the pops. If
// there are none here, others do that.
func balanced(b *ssa.BasicBlock, pops []*ssa.BasicBlock) bool {
	return len(pops) == 0 || slices.ContainsFunc(pops, func(pop *ssa.BasicBlock) bool {
		return b == pop || !slices.ContainsFunc(b.Succs, func(next *ssa.BasicBlock) bool { return ssax.Reaches(next, b, pop) })
	})
}
