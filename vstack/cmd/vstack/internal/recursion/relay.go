package recursion

import (
	"go/types"

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
		if wrapsItself(fn.SSA, t) {
			return false
		}
		if ok, _ := f.relayed(fn, iface, 4); !ok {
			return false
		}
	}
	return true
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

// wrapsItself reports whether fn may put a t into a field of a new t, in whatever wrapping, or
// something that a loop has put together.
func wrapsItself(fn *ssa.Function, t *types.Named) bool {
	own := map[*types.Named]bool{t.Origin(): true}
	from := madeIn(fn, own)
	for _, p := range fn.Params { // s = s.With(name, value)
		if namedType(p.Type()) == t.Origin() {
			from = append(from, p)
		}
	}
	made := flow(from, own)
	for instr := range ssax.Instrs(fn) {
		store, ok := instr.(*ssa.Store)
		if !ok || !inside(store.Addr, t) || !mayBeOf(store.Val, t) {
			continue
		}
		if _, ok := store.Val.(*ssa.Phi); ok && types.IsInterface(store.Val.Type()) || made[store.Val] {
			return true
		}
	}
	return false
}

// mayBeOf reports whether v may be a t, or a struct with one in it. gRPC's lazy balancer makes
// a logger with its own address as the name: that is no wrapping.
func mayBeOf(v ssa.Value, t *types.Named) bool {
	switch v.Type().Underlying().(type) {
	case *types.Interface, *types.Struct:
		return true
	}
	return namedType(v.Type()) == t.Origin()
}
