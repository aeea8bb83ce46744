package recursion

import (
	"fmt"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// Closures that have captured each other are in each other as deep as something has made
// them so. Most do that once or twice: old := r.Done; r.Done = func() { old(); ... }. gRPC
// has twenty of these, wrappers of callbacks and of interceptors, and nothing makes them
// again and again. What can is
//
//   - a loop that makes the closure itself, or calls who does: goyacc's parser of liquid's
//     expressions, a selector for each segment of a path;
//   - recursion that is deep: gval's parser makes a closure for each operator.

// nested decides on the cycles that walk nothing but closures, when it is known of all
// others how deep they can get: without such a loop or recursion it is unclear what they
// depend on, and if the recursion has a limit so have they.
func (f *finder) nested(cycles []*Cycle) {
	status := map[*program.Func]Status{}
	for _, c := range cycles {
		if len(c.closures) > 0 {
			continue
		}
		for _, fn := range c.Funcs {
			if old, ok := status[fn]; !ok || order[c.Status] < order[old] {
				status[fn] = c.Status
			}
		}
	}
	for _, c := range cycles {
		if len(c.closures) == 0 {
			continue
		}
		s := Unclear
		var by *program.Func
		for _, lit := range c.closures {
			if made, maker := f.repeats(lit, status); order[made] < order[s] || made == Limited && s == Unclear {
				s, by = made, maker
			}
		}
		switch s {
		case Unclear:
			c.Status, c.Reason = Unclear, nothing
		case Limited:
			c.Status, c.Reason = Limited, fmt.Sprintf("the closures that it calls are made by %s, whose recursion has a limit", by.Name())
		default:
			continue
		}
		c.Point, c.Calls, c.Around = nil, nil, nil
	}
}

// repeats says how the closure is made: Unguarded if in a loop or by recursion that can get
// deep, Limited if by recursion with a limit of its own, Unclear if once for each time that
// it is asked for.
func (f *finder) repeats(lit *ssa.Function, status map[*program.Func]Status) (s Status, by *program.Func) {
	maker := f.graph.Func(lit.Parent())
	if maker == nil {
		return Unclear, nil
	}
	for instr := range ssax.Instrs(lit.Parent()) {
		m, ok := instr.(*ssa.MakeClosure)
		if !ok || m.Fn != ssa.Value(lit) {
			continue
		}
		if wrapsCallback(m, lit) {
			return Unclear, nil
		}
		if ssax.Loops(m.Block()) {
			return Unguarded, maker
		}
	}
	if slices.ContainsFunc(maker.Ins, func(in *program.Call) bool { return in.How == program.Static && ssax.Loops(in.Site.Block()) }) {
		return Unguarded, maker
	}
	s = Unclear
	seen := map[*program.Func]bool{maker: true}
	work := []*program.Func{maker}
	for range makerLevels {
		var next []*program.Func
		for _, fn := range work {
			switch status[fn] {
			case Unguarded, Guarded: // memory is all that stops what is guarded
				return Unguarded, fn
			case Limited:
				s, by = Limited, fn
			}
			for _, in := range fn.Ins {
				if !seen[in.From] {
					seen[in.From] = true
					next = append(next, in.From)
				}
			}
		}
		work = next
	}
	return s, by
}

// wrapsCallback reports whether the closure takes the place of the function that it calls in
// a field of the same name: old := r.Done; r.Done = func() { old() }.
func wrapsCallback(m *ssa.MakeClosure, lit *ssa.Function) bool {
	for _, ref := range *m.Referrers() {
		store, ok := ref.(*ssa.Store)
		if named, isNamed := ref.(*ssa.ChangeType); isNamed && len(*named.Referrers()) == 1 {
			store, ok = (*named.Referrers())[0].(*ssa.Store)
		}
		if !ok {
			continue
		}
		if to, ok := store.Addr.(*ssa.FieldAddr); ok && callsField(lit, to) {
			return true
		}
	}
	return false
}

// callsField reports whether the literal calls what was in the field, of the same struct or
// of one that it has captured. A parser that goyacc has made takes it from another.
func callsField(lit *ssa.Function, to *ssa.FieldAddr) bool {
	field := ssax.Field(to)
	for instr := range ssax.Instrs(lit) {
		call, ok := instr.(ssa.CallInstruction)
		if !ok || call.Common().IsInvoke() {
			continue
		}
		load, ok := call.Common().Value.(*ssa.UnOp)
		if !ok {
			continue
		}
		if linkOf(load) == field {
			return true
		}
		captured, ok := load.X.(*ssa.FreeVar)
		if !ok {
			continue
		}
		if variable, ok := ssax.Binding(captured).(*ssa.Alloc); ok {
			for v := range ssax.Stored(variable) {
				if from, ok := v.(*ssa.UnOp); ok && linkOf(v) == field && from.X.(*ssa.FieldAddr).X == to.X {
					return true
				}
			}
		}
	}
	return false
}

// makerLevels is how far it is looked for the recursion: the parser that calls a function
// for the kind of node, which calls one that makes the closure.
const makerLevels = 3
