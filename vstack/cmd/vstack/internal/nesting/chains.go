package nesting

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// Chains reports whether fn puts values of the types into each other again and again: a loop
// does, or, if it is open, the whole function, which somebody else may call as often as he
// likes for one object.
func (a *Analysis) Chains(fn *program.Func, open bool) bool {
	loops := a.x.inLoops(fn.SSA)
	if !open && len(loops) == 0 || !a.deepens(fn) {
		return false
	}
	t := &turns{a: a, fn: fn, open: open, loops: loops, pops: map[any][]*ssa.BasicBlock{}}
	keepers := t.keepers()
	links := t.called()
	for k, from := range keepers {
		to, ends := a.spread(fn, from, t.at)
		for v, d := range to {
			if head, ok := v.(*ssa.Phi); ok && keepers[head] != nil {
				links[transfer{k, head}] |= d
			}
		}
		for end, d := range ends {
			if keepers[end] != nil {
				links[transfer{k, end}] |= d
			}
		}
		for v, d := range from {
			to[v] |= d
		}
		if a.hangs(fn, to, t.again, func(v ssa.Value) bool { return t.comesTo(v, k) }) {
			return true
		}
	}
	return nested(links)
}

// A turns is what is looked at of one function's loops.
type turns struct {
	a     *Analysis
	fn    *program.Func
	open  bool
	loops map[*ssa.BasicBlock]bool
	pops  map[any][]*ssa.BasicBlock // see balanced
}

// again reports whether the instruction runs in more than one turn, on the same variable.
func (t *turns) again(instr ssa.Instruction) bool {
	return (t.open || t.loops[instr.Block()]) && t.steady(instr)
}

// keepers returns what keeps a value from one turn to the next, a variable or a place, with
// the values that are read from it.
func (t *turns) keepers() map[any]map[ssa.Value]depth {
	all := map[any]map[ssa.Value]depth{}
	for instr := range ssax.Instrs(t.fn.SSA) {
		if !t.again(instr) {
			continue
		}
		if head, ok := instr.(*ssa.Phi); ok && comesRound(head) && t.a.mayHold(head.Type()) {
			all[head] = map[ssa.Value]depth{head: plain}
		}
		t.a.readsOf(t.fn, instr, all, func(*program.Func) bool { return true })
	}
	for k := range all {
		if alloc, ok := k.(*ssa.Alloc); ok && t.loops[alloc.Block()] {
			delete(all, k) // a new one each time
		}
	}
	return all
}

// called returns how places come into each other in the functions that are called.
func (t *turns) called() map[transfer]depth {
	links := map[transfer]depth{}
	for instr := range ssax.Instrs(t.fn.SSA) {
		call, ok := instr.(ssa.CallInstruction)
		if !ok || !t.again(instr) {
			continue
		}
		for _, callee := range t.a.called(t.fn, call) {
			for way, d := range t.a.summary(callee) {
				if isPlace(way.from) && isPlace(way.to) && t.at(way.to, instr) {
					links[way] |= d
				}
			}
		}
	}
	return links
}

// comesTo reports whether a keeper has v in its next turn.
func (t *turns) comesTo(v ssa.Value, keeper any) bool {
	to, ends := t.a.spread(t.fn, map[ssa.Value]depth{v: plain}, t.at)
	head, _ := keeper.(*ssa.Phi)
	return to[head]&plain != 0 || ends[keeper]&plain != 0
}

// at reports whether the instruction, which puts something into a place, does so in every turn
// and for good.
func (t *turns) at(end any, instr ssa.Instruction) bool {
	if !t.again(instr) {
		return false
	}
	if !t.a.stacks[end] {
		return true
	}
	pops, ok := t.pops[end]
	if !ok {
		pops = t.a.pops(t.fn.SSA, end)
		t.pops[end] = pops
	}
	return !balanced(instr.Block(), pops)
}

// steady reports whether the instruction reads or writes the same variable in all turns. The
// parts of something that a loop goes over are others each time:
//
//	for _, block := range blocks { block.Body = deep{block.Body} }
func (t *turns) steady(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.UnOp:
		return t.same(instr.X)
	case *ssa.Store:
		return local(instr.Addr) || t.same(instr.Addr)
	case *ssa.MapUpdate:
		return t.same(instr.Map)
	case *ssa.Lookup:
		return t.same(instr.X)
	case ssa.CallInstruction:
		args := ssax.Arguments(instr)
		return len(args) == 0 || slices.ContainsFunc(args, t.object)
	}
	return true
}

// object reports whether the argument is an object, the same in all turns.
func (t *turns) object(arg ssa.Value) bool {
	_, ok := arg.Type().Underlying().(*types.Pointer)
	return ok && t.same(arg)
}

// same reports whether v is the same in all turns, as far as what it is read from is. A number
// in brackets does not matter, but for one that counts the turns.
func (t *turns) same(v ssa.Value) bool {
	for {
		instr, ok := v.(ssa.Instruction)
		if !ok || !t.loops[instr.Block()] {
			return true
		}
		switch x := v.(type) {
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.IndexAddr:
			if ssax.Counts(x.Index) {
				return false // another one each time
			}
			v = x.X
		case *ssa.UnOp:
			v = x.X
		case *ssa.Slice:
			v = x.X
		case *ssa.Call: // of append
			if _, ok := x.Call.Value.(*ssa.Builtin); !ok || len(x.Call.Args) == 0 {
				return false
			}
			v = x.Call.Args[0]
		case *ssa.Phi:
			return grows(x)
		default:
			return false
		}
	}
}

// grows reports whether the variable of a loop becomes what a call returns, append or a
// builder's method, or a part of itself, or stays: it is the same thing, as it is by then.
func grows(head *ssa.Phi) bool {
	for i, edge := range head.Edges {
		if !head.Block().Dominates(head.Block().Preds[i]) || edge == head {
			continue
		}
		switch edge.(type) {
		case *ssa.Call, *ssa.Slice, *ssa.Alloc, *ssa.Phi:
		default:
			return false
		}
	}
	return comesRound(head)
}

// nested reports whether a way leads from something round to itself, and within something on
// the way.
func nested(links map[transfer]depth) bool {
	ids := map[any]int{}
	id := func(end any) int {
		if _, ok := ids[end]; !ok {
			ids[end] = len(ids)
		}
		return ids[end]
	}
	for t := range links {
		id(t.from)
		id(t.to)
	}
	g := make(graph.Digraph, len(ids))
	for t, d := range links {
		if d != 0 {
			g[id(t.from)] = append(g[id(t.from)], id(t.to))
		}
	}
	component := map[int]int{}
	for i, all := range g.Components(nil) {
		for _, v := range all {
			component[v] = i + 1
		}
	}
	for t, d := range links {
		if from := component[id(t.from)]; d&within != 0 && from != 0 && from == component[id(t.to)] {
			return true
		}
	}
	return false
}
