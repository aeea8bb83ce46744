package recursion

import (
	"go/types"
	"iter"

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
	for instr := range ssax.Instrs(fn) {
		store, ok := instr.(*ssa.Store)
		if !ok || !inside(store.Addr, t) {
			continue
		}
		if _, ok := store.Val.(*ssa.Phi); ok && types.IsInterface(store.Val.Type()) || madeOf(store.Val, t) {
			return true
		}
	}
	return false
}

// inside reports whether the address is of a field of a t, or of a part of one.
func inside(addr ssa.Value, t *types.Named) bool {
	for {
		switch x := addr.(type) {
		case *ssa.FieldAddr:
			if namedType(x.X.Type()) == t.Origin() {
				return true
			}
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
		default:
			return false
		}
	}
}

// madeOf reports whether a t that the function makes is one of the things from which v is.
func madeOf(v ssa.Value, t *types.Named) bool {
	for v := range sources(v) {
		if alloc, ok := v.(*ssa.Alloc); ok && namedType(alloc.Type()) == t.Origin() && filled(alloc) {
			return true
		}
	}
	return false
}

// phis returns the variables of loops and branches from which v is.
func phis(v ssa.Value) (all []*ssa.Phi) {
	for v := range sources(v) {
		if p, ok := v.(*ssa.Phi); ok {
			all = append(all, p)
		}
	}
	return all
}

// sources yields the values of the function from which v is, in whatever way, v too.
func sources(v ssa.Value) iter.Seq[ssa.Value] {
	return func(yield func(ssa.Value) bool) {
		seen := map[ssa.Value]bool{v: true}
		work := []ssa.Value{v}
		add := func(v ssa.Value) {
			if v != nil && !seen[v] {
				seen[v] = true
				work = append(work, v)
			}
		}
		for len(work) > 0 {
			v := work[len(work)-1]
			work = work[:len(work)-1]
			if !yield(v) {
				return
			}
			if alloc, ok := v.(*ssa.Alloc); ok {
				for stored := range storedIn(alloc) {
					add(stored)
				}
			}
			if instr, ok := v.(ssa.Instruction); ok {
				for _, op := range instr.Operands(nil) {
					add(*op)
				}
			}
		}
	}
}

// storedIn yields what the function stores in the variable and in its parts.
func storedIn(alloc *ssa.Alloc) iter.Seq[ssa.Value] {
	return func(yield func(ssa.Value) bool) {
		addrs := []ssa.Value{alloc}
		for i := 0; i < len(addrs); i++ {
			for _, ref := range *addrs[i].Referrers() {
				switch ref := ref.(type) {
				case *ssa.Store:
					if ref.Addr == addrs[i] && !yield(ref.Val) {
						return
					}
				case *ssa.FieldAddr:
					addrs = append(addrs, ref)
				case *ssa.IndexAddr:
					addrs = append(addrs, ref)
				}
			}
		}
	}
}
