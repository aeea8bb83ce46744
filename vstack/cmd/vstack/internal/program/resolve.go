package program

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A hierarchy finds the methods that implement an interface in the program.
type hierarchy struct {
	program *Program
	all     map[*ssa.Function]bool
	named   []types.Type // the types that the program declares, and pointers to them
	found   map[*types.Func][]*ssa.Function
}

func newHierarchy(p *Program, all map[*ssa.Function]bool) *hierarchy {
	h := &hierarchy{program: p, all: all, found: map[*types.Func][]*ssa.Function{}}
	for pkg := range p.Source {
		if p.Std(pkg) {
			continue
		}
		scope := pkg.Scope()
		for _, name := range scope.Names() {
			obj, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || obj.IsAlias() {
				continue
			}
			named, ok := obj.Type().(*types.Named)
			if !ok || named.TypeParams().Len() > 0 || types.IsInterface(named) {
				continue
			}
			h.named = append(h.named, named, types.NewPointer(named))
		}
	}
	slices.SortFunc(h.named, func(a, b types.Type) int {
		return strings.Compare(a.String(), b.String())
	})
	return h
}

// methods returns what a call through an interface of the program may call. Through
// io.Reader and the like everything would seem to wrap everything.
func (h *hierarchy) methods(call *ssa.CallCommon) []*ssa.Function {
	iface, ok := types.Unalias(call.Value.Type()).(*types.Named)
	if !ok || iface.Obj().Pkg() == nil || h.program.Source[iface.Obj().Pkg()] == nil || h.program.Std(iface.Obj().Pkg()) {
		return nil
	}
	m := call.Method
	if fns, ok := h.found[m]; ok {
		return slices.Clone(fns)
	}
	var fns []*ssa.Function
	if i, ok := iface.Underlying().(*types.Interface); ok {
		for _, t := range h.named {
			if types.Implements(t, i) {
				if fn := h.method(t, m); fn != nil && h.all[fn] && !slices.Contains(fns, fn) {
					fns = append(fns, fn)
				}
			}
		}
	}
	h.found[m] = fns
	return slices.Clone(fns)
}

// method returns t's method with the name of m if it has a body: the declared
// method, not a wrapper of it for a pointer or an embedding.
func (h *hierarchy) method(t types.Type, m *types.Func) *ssa.Function {
	sel := h.program.SSA.MethodSets.MethodSet(t).Lookup(m.Pkg(), m.Name())
	if sel == nil {
		return nil
	}
	fn := h.program.SSA.FuncValue(sel.Obj().(*types.Func))
	if fn == nil || fn.Blocks == nil {
		return nil
	}
	return fn
}
