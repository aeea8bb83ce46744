package recursion

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// What a guard hands on to another goroutine is on the heap. A pointer that it captures
// makes the compiler put there what the pointer points at: a local variable of a caller
// that was on the stack before. In msgpack's Query that cost 5.6%.

// escapes reports pointers that the guard captures and that callers take of their
// local variables: direct callers, and those whose callees hand the pointer on. In cbor
// the decoder is a variable of Unmarshal, and the guard is two calls further down: one
// allocation more for each document.
func (f *finder) escapes(fn *program.Func, info *types.Info, g guard.Guard) {
	captured := map[types.Object]bool{}
	ast.Inspect(g.Stmt.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] != nil {
			captured[info.Uses[id]] = true
		}
		return true
	})
	for i, p := range fn.SSA.Params {
		if captured[p.Object()] && f.mayStay(p) {
			f.localsOf(fn, i, map[*ssa.Parameter]bool{p: true}, func(v *ssa.Alloc, c *program.Call) {
				f.cost(g.Stmt.Pos(), fn, "the guard captures %s, a pointer, and so %s of %s moves to the heap, of which that takes the address (%s); guard another function of the cycle, or let the caller keep it where it is on the heap already",
					p.Name(), v.Comment, c.From.Name(), f.short(c.Site.Pos()))
			})
		}
	}
}

// localsOf calls found for the first local variable whose address a caller gives to
// parameter i of fn, in each of the ways up.
func (f *finder) localsOf(fn *program.Func, i int, seen map[*ssa.Parameter]bool, found func(*ssa.Alloc, *program.Call)) {
	direct := false
	for _, c := range fn.Ins {
		args := c.Site.Common().Args
		if c.How != program.Static || i >= len(args) || c.From == fn {
			continue
		}
		switch v := spilled(args[i]).(type) {
		case *ssa.Alloc:
			if !direct && isLocal(v) && f.staysIn(v) {
				direct = true
				found(v, c)
			}
		case *ssa.Parameter:
			if seen[v] || !f.mayStay(v) {
				continue
			}
			seen[v] = true
			f.localsOf(c.From, slices.Index(c.From.SSA.Params, v), seen, found)
		}
	}
}

// mayStay reports whether what p points at may be on its function's caller's stack, for
// all that the functions do besides guards.
func (f *finder) mayStay(p *ssa.Parameter) bool {
	_, pointer := p.Type().Underlying().(*types.Pointer)
	return pointer && !f.leaks(p, map[*ssa.Parameter]bool{})
}

// isLocal reports whether the program declares a variable there: new(T) and &T{} say
// themselves what they want.
func isLocal(v *ssa.Alloc) bool {
	switch v.Comment {
	case "", "new", "complit", "slicelit", "varargs", "makeslice":
		return false
	}
	return true
}

// leaks reports whether a function hands a pointer on in a way that puts what it points
// at on the heap, guard or not. It is of v, a parameter or the address of a variable.
// Who is asked already is taken not to.
func (f *finder) leaks(v ssa.Value, asked map[*ssa.Parameter]bool) bool {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val == v && !isSpill(ref) {
				return true
			}
			if ref.Val == v && f.leaksFrom(ref.Addr.(*ssa.Alloc), asked) {
				return true
			}
		case *ssa.MakeInterface, *ssa.Return, *ssa.Send, *ssa.MapUpdate, *ssa.Phi, *ssa.Defer, *ssa.Go:
			return true
		case *ssa.MakeClosure:
			if _, local := v.(*ssa.Alloc); local {
				return true // who knows what that does with it
			}
		case *ssa.Call:
			if f.leaksTo(ref.Common(), v, asked) {
				return true
			}
		}
	}
	return false
}

// leaksFrom is leaks for what is loaded from the variable that closures share.
func (f *finder) leaksFrom(spill *ssa.Alloc, asked map[*ssa.Parameter]bool) bool {
	for _, ref := range *spill.Referrers() {
		if load, ok := ref.(*ssa.UnOp); ok && f.leaks(load, asked) {
			return true
		}
	}
	return false
}

// spilled returns the parameter that is loaded from the variable that closures share with
// its function, or v.
func spilled(v ssa.Value) ssa.Value {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return v
	}
	spill, ok := load.X.(*ssa.Alloc)
	if !ok {
		return v
	}
	for _, ref := range *spill.Referrers() {
		if store, ok := ref.(*ssa.Store); ok && store.Addr == ssa.Value(spill) {
			if p, ok := store.Val.(*ssa.Parameter); ok {
				return p
			}
		}
	}
	return v
}

// leaksTo is leaks for what a call does with v, which is among its arguments.
func (f *finder) leaksTo(call *ssa.CallCommon, v ssa.Value, asked map[*ssa.Parameter]bool) bool {
	callee := call.StaticCallee()
	if callee == nil || callee.Blocks == nil {
		return true
	}
	for i, arg := range call.Args {
		if arg != v || i >= len(callee.Params) {
			continue
		}
		p := callee.Params[i]
		if asked[p] {
			continue
		}
		asked[p] = true
		if f.leaks(p, asked) {
			return true
		}
	}
	return false
}

// isSpill reports whether a store puts a parameter into the variable that closures
// share with its function.
func isSpill(s *ssa.Store) bool {
	_, ok := s.Addr.(*ssa.Alloc)
	return ok
}

// staysIn reports whether the variable would be on its function's stack without guards.
func (f *finder) staysIn(v *ssa.Alloc) bool { return !f.leaks(v, map[*ssa.Parameter]bool{}) }
