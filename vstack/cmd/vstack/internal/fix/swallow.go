package fix

import (
	"go/ast"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A Swallow is a function that recovers from every panic on the way from an entry
// to a guard: it takes the overflow of the stack too, and what it makes of it is all
// that the caller sees.
type Swallow struct {
	Func   *program.Func // has the deferred call
	Defer  *ssa.Defer
	Guards []*program.Func // that it stands above
}

// swallows looks for such functions above the guarded ones.
func (f *fixer) swallows(guarded []*program.Func) (found []Swallow) {
	index := map[*program.Func]int{} // -1 for one that does not
	for _, g := range guarded {
		for _, fn := range g.Above() {
			i, ok := index[fn]
			if !ok {
				i = -1
				if d := swallowing(fn); d != nil && f.named(fn) {
					i = len(found)
					found = append(found, Swallow{Func: fn, Defer: d})
				}
				index[fn] = i
			}
			if i >= 0 {
				found[i].Guards = append(found[i].Guards, g)
			}
		}
	}
	slices.SortFunc(found, func(a, b Swallow) int { return a.Func.ID - b.Func.ID })
	return found
}

// swallowing returns the deferred call of fn that recovers and never panics again.
func swallowing(fn *program.Func) *ssa.Defer {
	for _, b := range fn.SSA.Blocks {
		for _, instr := range b.Instrs {
			d, ok := instr.(*ssa.Defer)
			if !ok {
				continue
			}
			callee := d.Call.StaticCallee()
			if callee == nil {
				continue
			}
			var body *ast.BlockStmt
			switch decl := callee.Syntax().(type) {
			case *ast.FuncDecl:
				body = decl.Body
			case *ast.FuncLit:
				body = decl.Body
			}
			if recovers(body) && !panics(body) {
				return d
			}
		}
	}
	return nil
}

func panics(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
				found = true
			}
		}
		return !found
	})
	return found
}
