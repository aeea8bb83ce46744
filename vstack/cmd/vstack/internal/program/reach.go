package program

import (
	"go/token"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
)

// A reacher finds the functions that the named packages can reach, and builds the
// SSA form of no package before one of its functions is reached: a program of a
// hundred files has half of the standard library below it, and calls little of it.
//
// It is rapid type analysis by the names of methods: a method is reached if its type
// is made into an interface and a method of its name is called through one.
type reacher struct {
	program *Program
	found   map[*ssa.Function]bool
	work    []*ssa.Function
	built   map[*ssa.Package]bool
	made    map[types.Type]bool
	types   []types.Type // the keys of made
	called  map[string]bool
	looked  map[types.Type]bool // types in which somebody may have looked for methods
}

// reached returns the functions with bodies that the named packages reach, these
// packages' own all, and the types of which values are put into interfaces.
func reached(p *Program) (funcs map[*ssa.Function]bool, made map[string]bool) {
	r := &reacher{
		program: p,
		found:   map[*ssa.Function]bool{},
		built:   map[*ssa.Package]bool{},
		made:    map[types.Type]bool{},
		called:  map[string]bool{},
		looked:  map[types.Type]bool{},
	}
	for _, pkg := range p.Packages {
		r.add(p.SSA.Package(pkg.Types).Func("init"))
		for _, obj := range pkg.TypesInfo.Defs {
			switch obj := obj.(type) {
			case *types.Func:
				r.add(p.SSA.FuncValue(obj))
			case *types.TypeName:
				r.declared(obj)
			}
		}
	}
	for len(r.work) > 0 {
		fn := r.work[len(r.work)-1]
		r.work = r.work[:len(r.work)-1]
		r.visit(fn)
	}
	maps.DeleteFunc(r.found, func(fn *ssa.Function, _ bool) bool { return fn.Blocks == nil })
	made = make(map[string]bool, len(r.made))
	for t := range r.made {
		made[t.String()] = true
	}
	return r.found, made
}

// declared adds the methods of a type of a named package, those that it has by
// embedding too: whoever imports the package may call them.
func (r *reacher) declared(obj *types.TypeName) {
	named, ok := obj.Type().(*types.Named)
	if !ok || obj.IsAlias() || named.TypeParams().Len() > 0 || types.IsInterface(named) || obj.Parent() != obj.Pkg().Scope() {
		return
	}
	for _, t := range []types.Type{named, types.NewPointer(named)} {
		for sel := range r.program.SSA.MethodSets.MethodSet(t).Methods() {
			r.add(r.program.SSA.MethodValue(sel))
		}
	}
}

func (r *reacher) add(fn *ssa.Function) {
	if fn == nil || r.found[fn] {
		return
	}
	// The runtime runs its own functions on stacks of its own. What the opaque
	// packages do inside is known, see knowledge.Opaque. So is what vstack does: a guard
	// returns what its function returns without it. If all guards of one result type had
	// to go through the one function Grow, each would seem to return what any does, and
	// in tengo a recursion appeared that was not there before the guards.
	if path := packagePath(fn); isRuntime(path) || path == guard.Path || knowledge.Opaque(path) && !r.program.Named(path) {
		return
	}
	r.found[fn] = true
	r.build(fn)
	r.work = append(r.work, fn)
}

// build builds the package that fn, or what it is an instance of, is of.
func (r *reacher) build(fn *ssa.Function) {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	if pkg := fn.Pkg; pkg != nil && !r.built[pkg] {
		r.built[pkg] = true
		pkg.Build()
	}
}

func (r *reacher) visit(fn *ssa.Function) {
	var operands [10]*ssa.Value
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.MakeInterface:
				r.make(instr.X.Type())
			case ssa.CallInstruction:
				common := instr.Common()
				if common.IsInvoke() {
					r.call(common.Method.Name())
				}
				if data := templateData(common); data != nil {
					r.look(data, token.IsExported)
				}
			}
			for _, v := range instr.Operands(operands[:0]) {
				if callee, ok := (*v).(*ssa.Function); ok {
					r.add(callee)
				}
			}
		}
	}
	for _, lit := range fn.AnonFuncs {
		r.add(lit)
	}
}

// make notes that values of type t are in interfaces.
func (r *reacher) make(t types.Type) {
	if r.made[t] || types.IsInterface(t) {
		return
	}
	r.made[t] = true
	r.types = append(r.types, t)
	if !r.looked[t] {
		r.looked[t] = true
		r.look(t, knowledge.ByName)
	}
	for sel := range r.program.SSA.MethodSets.MethodSet(t).Methods() {
		if r.called[sel.Obj().Name()] {
			r.add(r.program.SSA.MethodValue(sel))
		}
	}
}

// look notes that somebody who is not looked into calls methods with such names, of t and of
// what reflection finds in it.
func (r *reacher) look(t types.Type, named func(string) bool) {
	for fn := range methods(r.program, t, named) {
		r.add(fn)
	}
}

// call notes that methods of this name are called through interfaces.
func (r *reacher) call(name string) {
	if r.called[name] {
		return
	}
	r.called[name] = true
	for _, t := range slices.Clone(r.types) {
		set := r.program.SSA.MethodSets.MethodSet(t)
		for sel := range set.Methods() {
			if sel.Obj().Name() == name {
				r.add(r.program.SSA.MethodValue(sel))
			}
		}
	}
}
