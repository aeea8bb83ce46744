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
			if !direct && isLocal(v) && !leaks(v, map[ssa.Value]bool{}) {
				direct = true
				found(v, c)
			}
		case *ssa.Parameter:
			if seen[v] || !f.mayStay(v) {
				continue
			}
			seen[v] = true
			// Of the function that it is in: c.From has the parameters of one instance.
			f.localsOf(c.From, slices.Index(v.Parent().Params, v), seen, found)
		}
	}
}

// mayStay reports whether what p points at may be on its function's caller's stack, for
// all that the functions do besides guards.
func (f *finder) mayStay(p *ssa.Parameter) bool {
	_, pointer := p.Type().Underlying().(*types.Pointer)
	return pointer && !leaks(p, map[ssa.Value]bool{})
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
// at on the heap, guard or not. It is of v, a parameter, the address of a variable, or
// what is loaded from one that closures share. Who is asked already is taken not to:
// functions call each other, and variables are assigned to each other.
func leaks(v ssa.Value, asked map[ssa.Value]bool) bool {
	if asked[v] {
		return false
	}
	asked[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val != v {
				continue
			}
			spill, ok := ref.Addr.(*ssa.Alloc)
			if !ok || slices.ContainsFunc(loads(spill), func(load ssa.Value) bool { return leaks(load, asked) }) {
				return true
			}
		case *ssa.MakeInterface, *ssa.Return, *ssa.Send, *ssa.MapUpdate, *ssa.Phi, *ssa.Defer, *ssa.Go:
			return true
		case *ssa.MakeClosure:
			if _, local := v.(*ssa.Alloc); local {
				return true // who knows what that does with it
			}
		case *ssa.Call:
			if leaksTo(ref.Common(), v, asked) {
				return true
			}
		}
	}
	return false
}

// loads returns what the function loads from a variable that closures share with it.
func loads(spill *ssa.Alloc) (all []ssa.Value) {
	for _, ref := range *spill.Referrers() {
		if load, ok := ref.(*ssa.UnOp); ok {
			all = append(all, load)
		}
	}
	return all
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
func leaksTo(call *ssa.CallCommon, v ssa.Value, asked map[ssa.Value]bool) bool {
	callee := call.StaticCallee()
	if callee == nil || callee.Blocks == nil {
		return true
	}
	for i, arg := range call.Args {
		if arg == v && i < len(callee.Params) && leaks(callee.Params[i], asked) {
			return true
		}
	}
	return false
}
