package nesting

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// An Index knows which functions have to do with values of a type, and what analyses of
// several types need of a function. Without it 600 types in one function took minutes.
type Index struct {
	graph      *program.Graph
	cyclic     map[*program.Func]bool
	named      map[*types.Named][]*program.Func // with a value of that type, or of one made of it
	interfaces []*types.Named                   // among these
	any        []*program.Func                  // with one of an interface without a name, or of a type parameter
	importers  map[*types.Package]map[*types.Package]bool
	loops      map[*ssa.Function]map[*ssa.BasicBlock]bool
	callees    map[*program.Func]map[ssa.CallInstruction][]*program.Func
}

// NewIndex makes an index of the functions of the graph. cyclic has those that are on cycles of
// calls.
func NewIndex(g *program.Graph, cyclic map[*program.Func]bool) *Index {
	x := &Index{
		graph:     g,
		cyclic:    cyclic,
		named:     map[*types.Named][]*program.Func{},
		importers: map[*types.Package]map[*types.Package]bool{},
		loops:     map[*ssa.Function]map[*ssa.BasicBlock]bool{},
		callees:   map[*program.Func]map[ssa.CallInstruction][]*program.Func{},
	}
	for _, fn := range g.Funcs {
		x.add(fn)
	}
	for t := range x.named {
		if types.IsInterface(t) {
			x.interfaces = append(x.interfaces, t)
		}
	}
	return x
}

// add adds the types of the values of fn.
func (x *Index) add(fn *program.Func) {
	seen := map[types.Type]bool{}
	anything := false
	see := func(v ssa.Value) {
		if !seen[v.Type()] {
			seen[v.Type()] = true
			parts(v.Type(), func(t types.Type) {
				if named, ok := t.(*types.Named); ok {
					if all := x.named[named]; len(all) == 0 || all[len(all)-1] != fn {
						x.named[named] = append(all, fn)
					}
				} else {
					anything = true
				}
			})
		}
	}
	for _, p := range fn.SSA.Params {
		see(p)
	}
	for _, v := range fn.SSA.FreeVars {
		see(v)
	}
	for instr := range ssax.Instrs(fn.SSA) {
		if v, ok := instr.(ssa.Value); ok {
			see(v)
		}
	}
	if anything {
		x.any = append(x.any, fn)
	}
}

// parts calls see with the named types that t is made of, the generic ones of instances, and
// with interfaces that have no name.
func parts(t types.Type, see func(types.Type)) {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		see(t.Origin())
		if s, ok := t.Underlying().(*types.Struct); ok { // by value, or the object that has them
			for field := range s.Fields() {
				fieldParts(field.Type(), see, 4)
			}
		} else if !types.IsInterface(t) {
			fieldParts(t.Underlying(), see, 4) // not parts: it may be made of itself
		}
	case *types.TypeParam, *types.Interface:
		see(types.NewInterfaceType(nil, nil))
	case *types.Tuple:
		for v := range t.Variables() {
			parts(v.Type(), see)
		}
	case *types.Map:
		parts(t.Key(), see)
		parts(t.Elem(), see)
	case interface{ Elem() types.Type }:
		parts(t.Elem(), see)
	case *types.Struct:
		for field := range t.Fields() {
			parts(field.Type(), see)
		}
	}
}

// fieldParts calls see with the named types that a field has values of.
func fieldParts(t types.Type, see func(types.Type), levels int) {
	if named, ok := types.Unalias(t).(*types.Named); ok {
		see(named.Origin())
		return
	}
	if u, ok := types.Unalias(t).(interface{ Elem() types.Type }); ok && levels > 0 {
		fieldParts(u.Elem(), see, levels-1)
	}
}

// funcs returns the functions in which values of the types may be, in the order of the graph.
func (x *Index) funcs(of map[*types.Named]bool) []*program.Func {
	in := map[*program.Func]bool{}
	for t := range of {
		may := x.mayName(t.Obj().Pkg())
		add := func(fns []*program.Func) {
			for _, fn := range fns {
				if may[fn.Pkg] {
					in[fn] = true
				}
			}
		}
		add(x.named[t])
		add(x.any)
		for _, other := range x.interfaces {
			if types.Implements(types.NewPointer(t), other.Underlying().(*types.Interface)) {
				add(x.named[other])
			}
		}
	}
	all := make([]*program.Func, 0, len(in))
	for fn := range in {
		all = append(all, fn)
	}
	slices.SortFunc(all, func(a, b *program.Func) int { return a.ID - b.ID })
	return all
}

// mayName returns the packages that may get values of the package's types: itself, and those
// that import it, whoever else they do it by.
func (x *Index) mayName(pkg *types.Package) map[*types.Package]bool {
	if all, ok := x.importers[pkg]; ok {
		return all
	}
	all := map[*types.Package]bool{pkg: true}
	for grown := true; grown; {
		grown = false
		for p := range x.graph.Program.Source {
			if !all[p] && slices.ContainsFunc(p.Imports(), func(i *types.Package) bool { return all[i] }) {
				all[p] = true
				grown = true
			}
		}
	}
	x.importers[pkg] = all
	return all
}

// inLoops returns the blocks of the function that are in loops, see [ssax.InLoops].
func (x *Index) inLoops(fn *ssa.Function) map[*ssa.BasicBlock]bool {
	in, ok := x.loops[fn]
	if !ok {
		in = ssax.InLoops(fn)
		x.loops[fn] = in
	}
	return in
}

// called returns the functions that a call goes to.
func (x *Index) called(fn *program.Func, call ssa.CallInstruction) []*program.Func {
	all, ok := x.callees[fn]
	if !ok {
		all = map[ssa.CallInstruction][]*program.Func{}
		for _, c := range fn.Out {
			if c.How != program.Callback && len(c.To.SSA.Params) == len(ssax.Arguments(c.Site)) {
				all[c.Site] = append(all[c.Site], c.To)
			}
		}
		x.callees[fn] = all
	}
	return all[call]
}
