package program

import (
	"go/token"
	"go/types"
	"iter"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A giver finds what functions hand on, to be called by somebody of whom the graph does not
// know: by reflection, by a package that is not looked into, out of an atomic.Value. These
// are no calls that a way round may consist of, but ways by which a function is reached.
type giver struct {
	*builder
	known map[types.Type][]*ssa.Function // methods of a type that are looked for by name
}

// gives notes what fn hands on.
func (g *giver) gives(fn *ssa.Function) {
	from := g.node(fn)
	had := map[*Func]bool{from: true}
	for _, c := range from.Gives {
		had[c.To] = true // by another instance
	}
	add := func(fns ...*ssa.Function) {
		for _, to := range fns {
			if g.all[to] && !had[g.node(to)] {
				had[g.node(to)] = true
				from.Gives = append(from.Gives, &Call{From: from, To: g.node(to), Callee: to, How: Given, Fan: 1})
			}
		}
	}
	var operands [10]*ssa.Value
	for instr := range ssax.Instrs(fn) {
		called := ssa.Value(nil)
		switch instr := instr.(type) {
		case *ssa.MakeInterface:
			add(g.byName(instr.X.Type())...)
		case ssa.CallInstruction:
			called = instr.Common().Value
			add(g.executed(instr.Common())...)
		}
		for i, v := range instr.Operands(operands[:0]) {
			to, ok := (*v).(*ssa.Function)
			if ok && (i > 0 || to != called) && to.Parent() != fn { // its literals it makes, see Made
				add(to)
				g.node(to).Handed = true
			}
		}
	}
}

// byName returns the methods by which packages that are not looked into call a value of
// type t, or what reflection finds in it.
func (g *giver) byName(t types.Type) []*ssa.Function {
	fns, ok := g.known[t]
	if !ok {
		fns = slices.Collect(methods(g.graph.Program, t, knowledge.ByName))
		g.known[t] = fns
	}
	return fns
}

// executed returns the methods of the data that a template is given: it calls them by the
// names that are in its text.
func (g *giver) executed(call *ssa.CallCommon) []*ssa.Function {
	if data := templateData(call); data != nil {
		return slices.Collect(methods(g.graph.Program, data, token.IsExported))
	}
	return nil
}

// templateData returns the type of what the call gives a template to work on; nil if it is
// another call, or if that cannot be seen here.
func templateData(call *ssa.CallCommon) types.Type {
	callee := call.StaticCallee()
	if callee == nil || !knowledge.Executes[callee.String()] {
		return nil
	}
	if data, ok := call.Args[len(call.Args)-1].(*ssa.MakeInterface); ok {
		return data.X.Type()
	}
	return nil
}

// methods yields the methods with such names of t, and of what reflection finds in a value
// of it, four levels down.
func methods(p *Program, t types.Type, named func(string) bool) iter.Seq[*ssa.Function] {
	return func(yield func(*ssa.Function) bool) {
		for _, t := range reflected(t, 4) {
			for sel := range p.SSA.MethodSets.MethodSet(t).Methods() {
				if !named(sel.Obj().Name()) {
					continue
				}
				if fn := p.SSA.FuncValue(sel.Obj().(*types.Func)); fn != nil && !yield(fn) {
					return
				}
			}
		}
	}
}

// reflected returns t and the types that reflection finds in a value of it, so many levels
// down: elements, and exported fields, whose addresses it may take.
func reflected(t types.Type, levels int) (found []types.Type) {
	seen := map[types.Type]bool{}
	var walk func(t types.Type, levels int)
	walk = func(t types.Type, levels int) {
		if seen[t] {
			return
		}
		seen[t] = true
		found = append(found, t)
		if levels == 0 {
			return
		}
		switch u := t.Underlying().(type) {
		case *types.Slice:
			walk(types.NewPointer(u.Elem()), levels)
		case *types.Array:
			walk(types.NewPointer(u.Elem()), levels)
		case *types.Map:
			walk(u.Elem(), levels-1)
		case *types.Pointer:
			if s, ok := u.Elem().Underlying().(*types.Struct); ok {
				fields(s, func(f types.Type) { walk(types.NewPointer(f), levels-1) })
			} else {
				walk(u.Elem(), levels-1)
			}
		case *types.Struct:
			fields(u, func(f types.Type) { walk(f, levels-1) })
		}
	}
	walk(t, levels)
	return found
}

// fields calls f for the types of the exported fields.
func fields(s *types.Struct, f func(types.Type)) {
	for field := range s.Fields() {
		if field.Exported() {
			f(field.Type())
		}
	}
}
