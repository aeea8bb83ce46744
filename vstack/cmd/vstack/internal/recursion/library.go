package recursion

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// The standard library recurses on what it is given: json.Marshal of a list is as
// deep as the list is long. That is reported where a value of a type of the program
// that contains itself is handed over, once for each function of the library and type.

// library returns these calls.
func (f *finder) library() (cycles []*Cycle) {
	type key struct{ callee, typ string }
	seen := map[key]bool{}
	r := &recursive{program: f.graph.Program, made: f.graph.Made}
	for _, fn := range f.graph.Funcs {
		if !f.named(fn) || fn.Wrapper() {
			continue
		}
		for instr := range ssax.Instrs(fn.SSA) {
			if f.withFixed(instr) {
				continue
			}
			name, walker, values := walked(instr)
			for _, v := range values {
				t := r.find(v, walker, compared(instr))
				if t == nil {
					continue
				}
				k := key{name, t.String()}
				if _, ok := f.ok.at(f.fset, instr.Pos()); ok || seen[k] {
					continue
				}
				seen[k] = true
				cycles = append(cycles, f.call(fn, instr, name, walker, t))
			}
		}
	}
	return cycles
}

func (f *finder) call(fn *program.Func, instr ssa.Instruction, name string, w knowledge.Walker, t types.Type) *Cycle {
	typ := types.TypeString(t, func(p *types.Package) string {
		if p == fn.Pkg {
			return ""
		}
		return p.Name()
	})
	c := &Cycle{
		Status: Unguarded, Funcs: []*program.Func{fn}, Library: name, Site: instr.Pos(), Rank: Internal,
		Reason: fmt.Sprintf("%s goes as deep as values of type %s do, which contain values of their own type", name, typ),
		Help:   "limit the depth where the value is built, or build with vstack build, which guards the standard library too",
	}
	if !c.Site.IsValid() {
		c.Site = fn.Pos()
	}
	if len(w.Methods) > 0 && w.Pointers {
		c.Help = fmt.Sprintf("give %s a method %s that does without recursion, limit the depth where the value is built, or build with vstack build, which guards the standard library too", typ, w.Methods[0])
	}
	if w.Limit != "" {
		c.Status, c.Reason = Limited, w.Limit
	}
	c.Rank, c.Path = f.entries.way(fn)
	if c.Rank != Internal {
		c.Root = fn
		if len(c.Path) > 0 {
			c.Root = c.Path[0].From
		}
	}
	return c
}

// walked returns the function of the library that the instruction calls and that
// walks the values, or what else of the language does.
func walked(instr ssa.Instruction) (name string, w knowledge.Walker, values []ssa.Value) {
	switch instr := instr.(type) {
	case ssa.CallInstruction:
		callee := instr.Common().StaticCallee()
		if callee == nil {
			return "", w, nil
		}
		name = callee.String()
		w, ok := knowledge.Walkers[name]
		args := instr.Common().Args
		if !ok || w.Arg >= len(args) {
			return "", w, nil
		}
		if w.Arg == len(args)-1 && callee.Signature.Variadic() {
			values = program.Printed(instr.Common(), callee)
		} else {
			values = args[w.Arg : w.Arg+1]
		}
		return name, w, values
	case *ssa.BinOp:
		if (instr.Op == token.EQL || instr.Op == token.NEQ) && !isNil(instr.X) && !isNil(instr.Y) {
			return instr.Op.String(), knowledge.Equality, []ssa.Value{instr.X}
		}
	case *ssa.MapUpdate:
		return "a key of a map", knowledge.Equality, []ssa.Value{instr.Key}
	case *ssa.Lookup:
		if _, ok := instr.X.Type().Underlying().(*types.Map); ok {
			return "a key of a map", knowledge.Equality, []ssa.Value{instr.Index}
		}
	}
	return "", w, nil
}

// withFixed reports whether the instruction compares with a variable that only the
// initialization of its package sets: it goes no deeper than what is in that. hcl asks so
// whether a type is cty.Bool.
func (f *finder) withFixed(instr ssa.Instruction) bool {
	cmp, ok := instr.(*ssa.BinOp)
	if !ok {
		return false
	}
	return slices.ContainsFunc([]ssa.Value{cmp.X, cmp.Y}, func(v ssa.Value) bool {
		load, ok := v.(*ssa.UnOp)
		if !ok || load.Op != token.MUL {
			return false
		}
		variable, ok := load.X.(*ssa.Global)
		if !ok || variable.Object() == nil || variable.Object().Exported() && f.graph.Program.Named(variable.Pkg.Pkg.Path()) {
			return false // whoever imports the package may set it
		}
		return !f.assigns(variable)
	})
}

// compared returns the interfaces of both sides of a comparison: it goes into values of one
// type only, which both can hold.
func compared(instr ssa.Instruction) (both []*types.Interface) {
	if cmp, ok := instr.(*ssa.BinOp); ok {
		for _, v := range []ssa.Value{cmp.X, cmp.Y} {
			if i, ok := before(v).Underlying().(*types.Interface); ok {
				both = append(both, i)
			}
		}
	}
	return both
}

// before returns the type that v had before it was made an interface, or another one.
func before(v ssa.Value) types.Type {
	switch v := v.(type) {
	case *ssa.MakeInterface:
		return v.X.Type()
	case *ssa.ChangeInterface:
		return v.X.Type()
	}
	return v.Type()
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value == nil
}

// A recursive finds types that contain themselves.
type recursive struct {
	program *program.Program
	made    map[string]bool // types of which values are put into interfaces
	impls   map[*types.Named][]types.Type
}

// find returns the type in v that the walker comes to again on its way down; nil if
// there is none. What is in v is of a type that has all the interfaces.
func (r *recursive) find(v ssa.Value, w knowledge.Walker, all []*types.Interface) types.Type {
	t := before(v)
	if ptr, ok := t.Underlying().(*types.Pointer); ok && w.Slices {
		t = ptr.Elem() // fmt follows the first pointer
	}
	s := &descent{r: r, w: w, all: all, on: map[types.Type]bool{}, done: map[types.Type]bool{}}
	return s.walk(t)
}

// A descent is one walk over types. Types nest as deep as they were written.
type descent struct {
	r        *recursive
	w        knowledge.Walker
	all      []*types.Interface // of the first value
	on, done map[types.Type]bool
}

func (d *descent) walk(t types.Type) types.Type {
	t = types.Unalias(t)
	if d.on[t] {
		return t
	}
	if d.done[t] || d.stops(t) {
		return nil
	}
	named, ok := t.(*types.Named)
	if ok { // every way back goes through a type with a name
		d.done[t], d.on[t] = true, true
		defer delete(d.on, t)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if d.w.Pointers {
			return d.walk(u.Elem())
		}
	case *types.Slice:
		if d.w.Pointers || d.w.Slices {
			return d.walk(u.Elem())
		}
	case *types.Map:
		if d.w.Pointers || d.w.Slices {
			return d.walk(u.Elem())
		}
	case *types.Array:
		return d.walk(u.Elem())
	case *types.Struct:
		return d.fields(u)
	case *types.Interface:
		// A Reader in a Reader is as deep as the program puts it together.
		if name := ssax.TypeName(t); named != nil && !knowledge.Wrapped[name] && !knowledge.Descriptions[name] {
			impls := d.r.implementations(named, u)
			if len(d.on) == 1 {
				impls = slices.DeleteFunc(slices.Clone(impls), func(t types.Type) bool { return !d.has(t) })
			}
			return d.first(impls)
		}
	}
	return nil
}

// has reports whether t has all the interfaces of the first value.
func (d *descent) has(t types.Type) bool {
	return !slices.ContainsFunc(d.all, func(i *types.Interface) bool { return !types.Implements(t, i) })
}

// fields walks the fields that the walker looks at: encoders leave out what is not
// exported, and what a tag tells them to.
func (d *descent) fields(s *types.Struct) types.Type {
	var looked []types.Type
	for i := range s.NumFields() {
		field := s.Field(i)
		hidden := !field.Exported() && !field.Embedded() || strings.HasPrefix(tag(s.Tag(i)), "-")
		if !d.w.Exported || !hidden {
			looked = append(looked, field.Type())
		}
	}
	return d.first(looked)
}

// first walks one type after the other, until one is found.
func (d *descent) first(all []types.Type) types.Type {
	for _, t := range all {
		if found := d.walk(t); found != nil {
			return found
		}
	}
	return nil
}

// tag returns the name that a struct tag gives a field in JSON or XML.
func tag(s string) string {
	for _, key := range []string{`json:"`, `xml:"`} {
		if _, after, ok := strings.Cut(s, key); ok {
			return after
		}
	}
	return ""
}

// stops reports whether the walker asks a method of the type instead.
func (d *descent) stops(t types.Type) bool {
	if types.IsInterface(t) {
		return false
	}
	set := d.r.program.SSA.MethodSets.MethodSet(t)
	if _, ok := t.(*types.Pointer); !ok && d.w.Pointers {
		set = d.r.program.SSA.MethodSets.MethodSet(types.NewPointer(t))
	}
	return slices.ContainsFunc(d.w.Methods, func(name string) bool { return set.Lookup(nil, name) != nil })
}

// values returns t and the pointer to it, if they implement the interface and values of
// them are put into interfaces. If neither is, by what is here, somebody else may do so.
func (r *recursive) values(t types.Type, i *types.Interface) (made []types.Type) {
	var can []types.Type
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		if types.Implements(t, i) {
			can = append(can, t)
			if r.made[t.String()] {
				made = append(made, t)
			}
		}
	}
	if len(made) == 0 && len(can) > 0 {
		return can[:1]
	}
	return made
}

// implementations returns the types of the program that are in values of its own
// interface.
func (r *recursive) implementations(named *types.Named, i *types.Interface) []types.Type {
	pkg := named.Obj().Pkg()
	if pkg == nil || r.program.Source[pkg] == nil || r.program.Std(pkg) || i.NumMethods() == 0 {
		return nil
	}
	if impls, ok := r.impls[named]; ok {
		return impls
	}
	var impls []types.Type
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || obj.IsAlias() || types.IsInterface(obj.Type()) {
			continue
		}
		if t, ok := obj.Type().(*types.Named); !ok || t.TypeParams().Len() > 0 {
			continue
		}
		impls = append(impls, r.values(obj.Type(), i)...)
	}
	if r.impls == nil {
		r.impls = map[*types.Named][]types.Type{}
	}
	r.impls[named] = impls
	return impls
}
