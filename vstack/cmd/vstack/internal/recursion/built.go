package recursion

import (
	"cmp"
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/nesting"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A making says how the program makes values of a type.
type making int

const (
	nowhere  making = iota // not at all: others do
	atRest                 // once for each call from outside
	repeated               // in a loop, or on a cycle of calls
)

// makes returns how values of type t are made, by functions or by those that
// call them, two levels up.
func (f *finder) makes(t *types.Named) making {
	if f.made == nil {
		f.made = map[*types.Named]making{}
		f.makers = map[*types.Named][]*program.Func{}
		for _, fn := range f.graph.Funcs {
			for _, b := range fn.SSA.Blocks {
				for _, instr := range b.Instrs {
					alloc, ok := instr.(*ssa.Alloc)
					if !ok {
						continue
					}
					named, ok := types.Unalias(ssax.Deref(alloc.Type())).(*types.Named)
					if !ok || !filled(alloc) {
						continue
					}
					named = named.Origin()
					f.made[named] = max(f.made[named], f.howOften(fn, b))
					if all := f.makers[named]; len(all) == 0 || all[len(all)-1] != fn {
						f.makers[named] = append(all, fn)
					}
				}
			}
		}
	}
	return f.made[t.Origin()]
}

// howOften says how often the block of fn makes a value.
func (f *finder) howOften(fn *program.Func, b *ssa.BasicBlock) making {
	if f.cyclic[fn] || ssax.Loops(b) || f.calledAgain(fn, 2) {
		return repeated
	}
	return atRest
}

// built calls cycles limited that walk what only recursion with a limit of its own
// builds. A guard of vstack is no such limit: what it lets be built is as deep as
// memory allows. After an interpreter had been guarded, a walker of its objects was
// called limited for that, and the program died in it.
func (f *finder) built(cycles []*Cycle) {
	for _, c := range cycles {
		if len(c.Guards) == 0 && (c.Status == Limited || c.Status == Bounded) {
			for _, fn := range c.Funcs {
				f.limited[fn] = true
				f.declared[fn] = f.declared[fn] || c.declared
			}
		}
	}
	for _, c := range cycles {
		if c.Status != Unguarded {
			continue
		}
		reason := f.known(c)
		if by := f.builtUnderLimit(f.walked(c)); reason == "" && by != nil {
			reason = fmt.Sprintf("what it walks is built by %s, whose recursion has a limit", by.Name())
		}
		if reason != "" {
			c.Status, c.Point, c.Calls = Limited, nil, nil
			c.Reason = reason
		}
	}
}

// known returns the limit that packages are known to keep that the cycle is of, or
// whose data it walks.
func (f *finder) known(c *Cycle) string {
	reason, all := "", true
	for _, call := range c.Chain {
		pkg := call.From.Pkg
		if call.From.Wrapper() || pkg == nil {
			continue
		}
		why := cmp.Or(knowledge.Limited(pkg.Path(), call.From.Name()), f.shallow(pkg.Path()))
		if why == "" && !f.named(call.From) {
			why = knowledge.Dependency(pkg.Path(), call.From.Name())
		}
		reason = cmp.Or(why, reason)
		// Within the standard library one limit on the way round is enough.
		all = all && (why != "" || f.graph.Program.Std(pkg))
	}
	if reason != "" && all {
		return reason
	}
	return cmp.Or(f.knownData(c), f.decoded(c))
}

// shallow returns why recursion of a package of the standard library is not deep here, where
// only certain others use it; "" if there are more.
func (f *finder) shallow(path string) string {
	known, ok := knowledge.Shallow[path]
	if !ok {
		return ""
	}
	for _, p := range f.graph.Program.Source {
		if p.Imports[path] != nil && !slices.Contains(known.For, p.PkgPath) {
			return ""
		}
	}
	return known.Reason
}

// knownData returns the limit of what the cycle walks, if all of that has one.
func (f *finder) knownData(c *Cycle) string {
	reason := ""
	listener := f.limits.listener()
	for _, g := range f.sizes.Groups(c.Calls) {
		for _, l := range g {
			v := l.To.Value()
			if v == nil || l.Rel.Change != sizechange.Part || l.To.Func.Wrapper() {
				continue
			}
			if listener != nil && isParseTree(v.Type()) {
				reason = fmt.Sprintf("what it walks is a parse tree, with the limit %s (%s)", listener.text, f.short(listener.pos))
				continue
			}
			named, ok := types.Unalias(ssax.Deref(v.Type())).(*types.Named)
			if !ok || named.Obj().Pkg() == nil {
				return ""
			}
			why := knowledge.LimitedData(named.Obj().Pkg().Path())
			if why == "" {
				return ""
			}
			reason = why
		}
	}
	return reason
}

// walked returns the types of what the cycle walks, if all of them are the package's
// own; nil if not, or if input may drive it round and round the same values. For an
// interface that are the types that implement it.
func (f *finder) walked(c *Cycle) map[*types.Named]bool {
	walked := map[*types.Named]bool{}
	groups := f.sizes.Groups(c.Calls)
	for _, l := range slices.Concat(groups...) {
		v := l.To.Value()
		if v == nil || l.Rel.Change != sizechange.Part || l.Rel.Inside || l.To.Func.Wrapper() {
			continue
		}
		own := f.own(v.Type())
		if len(own) == 0 {
			return nil
		}
		for _, t := range own {
			walked[t] = true
		}
	}
	for t := range walked {
		if f.isKept(t) {
			if reads, _ := f.reader(c.Funcs, groups); reads != "" {
				return nil
			}
		}
	}
	return walked
}

// own returns the types that a value of type t, which is not exported, may have, and that
// the program makes values of; none if t is exported or has no name.
func (f *finder) own(t types.Type) []*types.Named {
	named, ok := types.Unalias(ssax.Deref(t)).(*types.Named)
	if !ok || named.Obj().Exported() {
		return nil
	}
	own := []*types.Named{named.Origin()}
	if types.IsInterface(named) {
		own = f.implementers(named)
	}
	return slices.DeleteFunc(own, func(t *types.Named) bool { return f.makes(t) == nowhere })
}

// implementers returns the types of the interface's package that implement it.
func (f *finder) implementers(iface *types.Named) (all []*types.Named) {
	i := iface.Underlying().(*types.Interface)
	scope := iface.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || types.IsInterface(obj.Type()) {
			continue
		}
		if t, ok := obj.Type().(*types.Named); ok && t.TypeParams().Len() == 0 && types.Implements(types.NewPointer(t), i) {
			all = append(all, t)
		}
	}
	return all
}

// isKept reports whether values of the type, or pointers to them, are put into a map or
// a variable of the package, where what is built later may find them: so values may be
// in a cycle. In participle's grammar structs and unions are kept so; the nodes
// between two of these are as deep as somebody wrote them, however often the input
// goes round.
func (f *finder) isKept(t *types.Named) bool {
	if f.kept == nil {
		f.kept = map[*types.Named]bool{}
		keep := func(v ssa.Value) {
			if m, ok := v.(*ssa.MakeInterface); ok {
				v = m.X
			}
			if named, ok := types.Unalias(ssax.Deref(v.Type())).(*types.Named); ok {
				f.kept[named.Origin()] = true
			}
		}
		for _, fn := range f.graph.Funcs {
			for instr := range ssax.Instrs(fn.SSA) {
				switch instr := instr.(type) {
				case *ssa.MapUpdate:
					keep(instr.Value)
				case *ssa.Store:
					if _, ok := instr.Addr.(*ssa.Global); ok {
						keep(instr.Val)
					}
				}
			}
		}
	}
	return f.kept[t]
}

// builtUnderLimit returns a function that builds values of the types, if all of them
// come from recursion with a limit; nil if not, or if there are no types.
func (f *finder) builtUnderLimit(walked map[*types.Named]bool) (by *program.Func) {
	known := map[*program.Func]bool{}
	var under func(fn *program.Func) bool
	under = func(fn *program.Func) bool {
		if f.limited[fn] {
			by = fn
			return true
		}
		if f.cyclic[fn] {
			return false // so this does not go round either
		}
		if ok, seen := known[fn]; seen {
			return ok
		}
		known[fn] = !slices.ContainsFunc(fn.Ins, func(in *program.Call) bool {
			return in.How == program.Callback || ssax.Loops(in.Site.Block()) || !under(in.From) // the body of a loop may be called back
		})
		return known[fn]
	}
	// In the order of their names, so that the same function is named each time.
	for _, t := range slices.SortedFunc(maps.Keys(walked), func(a, b *types.Named) int {
		return strings.Compare(ssax.TypeName(a), ssax.TypeName(b))
	}) {
		for _, fn := range f.makers[t] {
			// A method of the type makes a copy of what is there.
			if recv := fn.SSA.Signature.Recv(); recv != nil && types.Unalias(ssax.Deref(recv.Type())) == types.Type(t) {
				continue
			}
			if !under(fn) {
				return nil
			}
		}
	}
	if by == nil || f.nest(walked) {
		return nil
	}
	return by
}

// nest reports whether a function puts values of the types into each other again and again. The
// cycles that walk the same types ask the same.
func (f *finder) nest(all map[*types.Named]bool) bool {
	names := make([]string, 0, len(all))
	for t := range all {
		names = append(names, typeKey(t))
	}
	slices.Sort(names)
	key := strings.Join(names, " ")
	nests, ok := f.nests[key]
	if !ok {
		a := f.nesting(nesting.Between(all))
		a.LinkRead()
		nests = slices.ContainsFunc(a.Funcs(), func(fn *program.Func) bool {
			open := !f.cyclic[fn] && fn.SSA.Signature.Recv() != nil && callable(fn)
			return !f.declared[fn] && a.Chains(fn, open)
		})
		f.nests[key] = nests
	}
	return nests
}

// typeKey returns a text that no other type has: functions may have types of one name.
func typeKey(t *types.Named) string { return fmt.Sprint(ssax.TypeName(t), "@", t.Obj().Pos()) }

// nesting returns an analysis of how values of the types get into each other.
func (f *finder) nesting(of map[*types.Named]bool) *nesting.Analysis {
	if f.index == nil {
		f.index = nesting.NewIndex(f.graph, f.cyclic)
	}
	return f.index.New(of)
}

// filled reports whether a field of the new value is set: the copy of a receiver
// or parameter, or a variable without a value, is no making.
func filled(alloc *ssa.Alloc) bool {
	for _, ref := range *alloc.Referrers() {
		if field, ok := ref.(*ssa.FieldAddr); ok {
			for _, use := range *field.Referrers() {
				if store, ok := use.(*ssa.Store); ok && store.Addr == field {
					return true
				}
			}
		}
	}
	return false
}

// calledAgain reports whether fn is called on a cycle or in a loop. A call at the first
// use of something is neither: goja's compiler makes a runtime of its own so.
func (f *finder) calledAgain(fn *program.Func, levels int) bool {
	for _, c := range fn.Ins {
		if atFirstUse(c.Site) {
			continue
		}
		if f.cyclic[c.From] || ssax.Loops(c.Site.Block()) || levels > 1 && f.calledAgain(c.From, levels-1) {
			return true
		}
	}
	return false
}
