package recursion

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A wrapper of one thing may wrap the parts of that too, when it is asked for them:
//
//	func (w deep) Blocks() []Body {
//		blocks := w.wrapped.Blocks()
//		for i, b := range blocks {
//			blocks[i] = deep{b}
//		}
//		return blocks
//	}
//
// The program makes such wrappers in a loop, and yet they are not in each other: a part
// is wrapped as often as the whole is. hcl has four of these, which expand and transform
// bodies; each method of them was called a cycle.
//
// Nodes of a syntax tree look the same, but for who makes them: a parser.

// relays reports whether values of type t, which wrap one of the interface, are made by
// methods of that interface only, or once for each call from outside.
func (f *finder) relays(t, iface *types.Named) bool {
	if f.makes(t) == nowhere {
		return false
	}
	for _, fn := range f.makers[t.Origin()] {
		if ok, _ := f.relayed(fn, iface, 4); !ok {
			return false
		}
	}
	return !f.wrapsItself(t, iface)
}

// relayed reports whether fn runs in a method of the interface only, or once for each call
// from outside, and whether it is always the first.
func (f *finder) relayed(fn *program.Func, iface *types.Named, levels int) (ok, method bool) {
	if implements(fn.SSA, iface) {
		return true, true
	}
	if levels == 0 {
		return false, false // or it calls itself
	}
	method = len(fn.Ins) > 0
	for _, c := range fn.Ins {
		if c.From.Wrapper() && len(c.From.Ins) == 0 {
			continue // the compiler made it, and nobody calls it
		}
		ok, in := f.relayed(c.From, iface, levels-1)
		if !ok || !in && ssax.Loops(c.Site.Block()) {
			return false, false
		}
		method = method && in
	}
	return true, method
}

// implements reports whether fn is a method that the interface asks for.
func implements(fn *ssa.Function, iface *types.Named) bool {
	recv := fn.Signature.Recv()
	if recv == nil {
		return false
	}
	i := iface.Underlying().(*types.Interface)
	if obj, _, _ := types.LookupFieldOrMethod(iface, false, iface.Obj().Pkg(), fn.Name()); obj == nil {
		return false
	}
	return types.Implements(recv.Type(), i)
}

// wrapsItself reports whether a function puts a t, or another type of its package that wraps
// one of the interface, into a new one of these, or a loop does: s = s.With(name, value).
func (f *finder) wrapsItself(t, iface *types.Named) bool {
	key := typeKey(t) + " in " + typeKey(iface)
	wraps, ok := f.nests[key]
	if !ok {
		wraps = f.findWrapping(t, iface)
		f.nests[key] = wraps
	}
	return wraps
}

func (f *finder) findWrapping(t, iface *types.Named) bool {
	all := map[*types.Named]bool{t.Origin(): true}
	scope := t.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		other, ok := obj.Type().(*types.Named)
		if ok && other.TypeParams().Len() == 0 && wraps(other, iface) {
			all[other] = true
		}
	}
	a := f.nesting(all)
	a.LinkFields(t)
	return slices.ContainsFunc(a.Funcs(), func(fn *program.Func) bool { return a.Wraps(fn) || a.Chains(fn, false) })
}

// wraps reports whether a t is one of the interface and has one in a field.
func wraps(t, iface *types.Named) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || !types.Implements(types.NewPointer(t), iface.Underlying().(*types.Interface)) {
		return false
	}
	for field := range s.Fields() {
		if types.Identical(field.Type(), iface) {
			return true
		}
	}
	return false
}
