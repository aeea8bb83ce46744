package recursion

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// What a function with a limit builds is as deep as the limit, but for what it builds in a
// loop: a parser of expressions makes as many of these as there are operators, each in the
// next, on one level:
//
//	left = &binary{left, right}
//	p.left = &binary{p.left, right}
//	last.next = &node{}; last = last.next

// chains reports whether a loop of fn may put values of the types, which it makes, into each
// other. It goes over the function a few times, however long that is: a generated one had
// 2,500 cases.
func chains(fn *ssa.Function, all map[*types.Named]bool) bool {
	made := flow(madeIn(fn, all), all)
	if len(made) == 0 {
		return false
	}
	var heads []ssa.Value   // the variables of loops
	var stores []*ssa.Store // into fields of the types
	kept := map[*types.Var]bool{}
	loops := inLoops(fn)
	for instr := range ssax.Instrs(fn) {
		store, ok := instr.(*ssa.Store)
		if ok && made[store.Val] {
			kept[fieldBehind(store.Addr)] = true
		}
		if !loops[instr.Block()] {
			continue
		}
		switch instr := instr.(type) {
		case *ssa.Phi:
			if comesRound(instr) {
				heads = append(heads, instr)
			}
		case *ssa.Store:
			if insideAny(instr.Addr, all) {
				stores = append(stores, instr)
			}
		}
	}
	delete(kept, nil)
	places := flow(heads, all)
	if slices.ContainsFunc(stores, func(store *ssa.Store) bool {
		fresh := allocBehind(store.Addr) != nil // so it is not where the last one is
		return places[store.Addr] && made[store.Val] && !fresh || kept[fieldBehind(store.Val)]
	}) {
		return true
	}
	return slices.ContainsFunc(heads, func(head ssa.Value) bool { return made[head] && comesInto(head, stores, all) })
}

// comesRound reports whether the variable is one of a loop, and not of two branches in it.
func comesRound(p *ssa.Phi) bool {
	return slices.ContainsFunc(p.Block().Preds, p.Block().Dominates)
}

// comesInto reports whether what is in the variable of a loop is put into a new value, and
// that into the variable.
func comesInto(head ssa.Value, stores []*ssa.Store, all map[*types.Named]bool) bool {
	behind := flow([]ssa.Value{head}, all)
	var into []ssa.Value
	for _, store := range stores {
		if alloc := allocBehind(store.Addr); behind[store.Val] && alloc != nil {
			into = append(into, alloc)
		}
	}
	return flow(into, all)[head]
}

// inLoops returns the blocks of the function that are in loops.
func inLoops(fn *ssa.Function) map[*ssa.BasicBlock]bool {
	g := make(graph.Digraph, len(fn.Blocks))
	for i, b := range fn.Blocks {
		for _, next := range b.Succs {
			g[i] = append(g[i], next.Index)
		}
	}
	in := map[*ssa.BasicBlock]bool{}
	for _, component := range g.Components(nil) {
		for _, i := range component {
			in[fn.Blocks[i]] = true
		}
	}
	return in
}

// madeIn returns where the function makes values of the types.
func madeIn(fn *ssa.Function, all map[*types.Named]bool) (made []ssa.Value) {
	for instr := range ssax.Instrs(fn) {
		if alloc, ok := instr.(*ssa.Alloc); ok && filled(alloc) {
			if t := namedType(alloc.Type()); t != nil && all[t] {
				made = append(made, alloc)
			}
		}
	}
	return made
}

// flow returns the values of the function that are from the given ones, in whatever way, and
// these. What is read from a field of one of the types is not from the value, but in it.
func flow(from []ssa.Value, types map[*types.Named]bool) map[ssa.Value]bool {
	next := func(v ssa.Value, use ssa.Instruction) ssa.Value {
		switch field := v.(type) {
		case *ssa.FieldAddr:
			if types[namedType(field.X.Type())] {
				return nil
			}
		case *ssa.Field:
			if types[namedType(field.X.Type())] {
				return nil
			}
		}
		if store, ok := use.(*ssa.Store); ok && store.Val == v {
			if alloc := allocBehind(store.Addr); alloc != nil {
				return alloc
			}
		}
		made, _ := use.(ssa.Value)
		return made
	}
	to := map[ssa.Value]bool{}
	for v := range ssax.Uses(from, next) { // those that nobody uses do not matter
		to[v] = true
	}
	return to
}

// allocBehind returns the variable that the address is in; nil if it is in none.
func allocBehind(addr ssa.Value) *ssa.Alloc {
	for {
		switch x := addr.(type) {
		case *ssa.Alloc:
			return x
		case *ssa.FieldAddr:
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
		default:
			return nil
		}
	}
}

// insideAny reports whether the address is of a field of one of the types, or of a part of one.
func insideAny(addr ssa.Value, all map[*types.Named]bool) bool {
	for t := range all {
		if inside(addr, t) {
			return true
		}
	}
	return false
}

// inside reports whether the address is of a field of a t, or of a part of one.
func inside(addr ssa.Value, t *types.Named) bool {
	for {
		switch x := addr.(type) {
		case *ssa.FieldAddr:
			if namedType(x.X.Type()) == t.Origin() {
				return true
			}
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
		default:
			return false
		}
	}
}

// fieldBehind returns the field that v is read from, or that has it as an element.
func fieldBehind(v ssa.Value) *types.Var {
	for {
		switch x := v.(type) {
		case *ssa.UnOp:
			v = x.X
		case *ssa.IndexAddr:
			v = x.X
		case *ssa.FieldAddr:
			return ssax.Field(x)
		default:
			return nil
		}
	}
}
