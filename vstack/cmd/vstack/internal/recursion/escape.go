package recursion

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// What a guard hands on to another goroutine is on the heap. A pointer that it captures
// makes the compiler put there what the pointer points at: a local variable of a caller
// that was on the stack before. In msgpack's Query that cost 5.6%.

// escapes reports pointers that the guard captures and that callers take of their
// local variables.
func (f *finder) escapes(fn *program.Func, info *types.Info, g guard.Guard) {
	captured := map[types.Object]bool{}
	ast.Inspect(g.Stmt.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] != nil {
			captured[info.Uses[id]] = true
		}
		return true
	})
	for i, p := range fn.SSA.Params {
		if _, ok := p.Type().Underlying().(*types.Pointer); !ok || !captured[p.Object()] || keeps(p) {
			continue
		}
		for _, c := range fn.Ins {
			args := c.Site.Common().Args
			if c.How != program.Static || i >= len(args) || c.From == fn {
				continue
			}
			if v, ok := args[i].(*ssa.Alloc); ok && isLocal(v) && !f.escapesAnyway(v, fn) {
				f.cost(g.Stmt.Pos(), fn, "the guard captures %s, a pointer, and so %s of %s moves to the heap, of which that takes the address (%s); guard another function of the cycle, or let the caller keep it where it is on the heap already",
					p.Name(), v.Comment, c.From.Name(), f.short(c.Site.Pos()))
				break
			}
		}
	}
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

// keeps reports whether the parameter's function hands the pointer on in a way that puts what it points at
// on the heap without the guard.
func keeps(p *ssa.Parameter) bool {
	for _, ref := range *p.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val == ssa.Value(p) && !isSpill(ref) {
				return true
			}
		case *ssa.MakeInterface, *ssa.Return, *ssa.Send, *ssa.MapUpdate, *ssa.Phi:
			return true
		case ssa.CallInstruction:
			if ref.Common().IsInvoke() || ref.Common().StaticCallee() == nil {
				return true
			}
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

// escapesAnyway reports whether the variable is handed on otherwise too, or captured.
func (f *finder) escapesAnyway(v *ssa.Alloc, fn *program.Func) bool {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val == ssa.Value(v) {
				return true
			}
		case *ssa.MakeInterface, *ssa.Return, *ssa.Send, *ssa.MapUpdate, *ssa.Phi, *ssa.MakeClosure, *ssa.Defer, *ssa.Go:
			return true
		case *ssa.Call:
			if callee := ref.Common().StaticCallee(); callee == nil || f.graph.Func(callee) != fn {
				return true // who knows what that does with it
			}
		}
	}
	return false
}
