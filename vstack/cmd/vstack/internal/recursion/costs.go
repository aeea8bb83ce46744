package recursion

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// findGuards finds the guards of all functions and what they cost.
func (f *finder) findGuards() {
	named := map[*types.Func]*program.Func{}
	for _, fn := range f.graph.Funcs {
		if obj := fn.Object(); obj != nil {
			named[obj] = fn
		}
	}
	for _, fn := range f.graph.Funcs {
		body := fn.Body()
		pkg := f.graph.Program.Source[fn.Pkg]
		if body == nil || pkg == nil || pkg.Types.Path() == guard.Path {
			continue
		}
		guards := guard.Find(pkg.TypesInfo, body, func(callee *types.Func) *ast.BlockStmt {
			if other := named[callee]; other != nil && other.Pkg == fn.Pkg {
				return other.Body()
			}
			return nil
		})
		if len(guards) == 0 {
			continue
		}
		f.guards[fn] = guards
		if why := f.unset(fn, pkg.TypesInfo, guards[0]); why != "" {
			f.cost(guards[0].Stmt.Pos(), fn, "the guard of %s guards nothing: %s", fn.Name(), why)
			continue
		}
		f.guarded[fn] = true
		f.unkeyed(fn, pkg.TypesInfo, guards[0])
		f.freeOf(fn, pkg.TypesInfo, guards[0])
		f.escapes(fn, pkg.TypesInfo, guards[0])
		for i, g := range guards {
			f.guardCosts(fn, pkg.TypesInfo, pkg.TypesSizes, g)
			if i > 0 {
				f.cost(g.Stmt.Pos(), fn, "a second guard in %s; one is enough", fn.Name())
			}
		}
	}
}

// covered reports whether a guard stands before the call in the function that makes it.
// The guard's own call of the function is one that the library makes.
func (f *finder) covered(c *program.Call) bool {
	return f.guarded[c.From] && !f.early(c)
}

// early reports whether c.From makes the call before it comes to its guard.
func (f *finder) early(c *program.Call) bool {
	if c.Site == nil {
		return false
	}
	pos := c.Site.Pos()
	return c.From.Body().Lbrace < pos && pos < f.guards[c.From][0].Stmt.Pos()
}

// lateGuards reports guards of functions that come to them after calls that can get deep.
func (f *finder) lateGuards(calls []*program.Call) {
	said := map[*program.Func]bool{}
	for _, c := range calls {
		if f.guarded[c.From] && !said[c.From] {
			said[c.From] = true
			f.cost(f.guards[c.From][0].Stmt.Pos(), c.From, "the guard of %s stands behind the call at %s, which it does not guard; move it to the top", c.From.Name(), f.short(c.Site.Pos()))
		}
	}
}

func (f *finder) cost(pos token.Pos, fn *program.Func, format string, args ...any) {
	f.addCost(Cost{Pos: pos, Func: fn, Message: fmt.Sprintf(format, args...)})
}

func (f *finder) note(pos token.Pos, fn *program.Func, format string, args ...any) {
	f.addCost(Cost{Pos: pos, Func: fn, Message: fmt.Sprintf(format, args...), Note: true})
}

func (f *finder) addCost(c Cost) {
	if _, ok := f.ok.at(f.fset, c.Pos); !ok {
		f.costs = append(f.costs, c)
	}
}

func (f *finder) guardCosts(fn *program.Func, info *types.Info, sizes types.Sizes, g guard.Guard) {
	if len(g.Before) > 0 {
		f.cost(g.Stmt.Pos(), fn, "the guard is not the first statement of %s: what stands before it runs again on the fresh segment; move it to the top", fn.Name())
	}
	var typ *ast.FuncType
	var recv *ast.FieldList
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		typ, recv = d.Type, d.Recv
	case *ast.FuncLit:
		typ = d.Type
	}
	seen := map[types.Object]bool{}
	for _, lit := range g.Closure {
		ast.Inspect(lit.Body, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			v, ok := info.Uses[id].(*types.Var)
			if !ok || seen[v] || v.IsField() {
				return true
			}
			result := declares(typ.Results, v)
			if !result && !declares(typ.Params, v) && (recv == nil || !declares(recv, v)) {
				return true
			}
			seen[v] = true
			cost := guard.Capture(info, sizes, fn.Body(), v, result)
			advice := fmt.Sprintf("copy it in the guard first: %s := %[1]s", v.Name())
			if cost == guard.Result {
				advice = "let the closure have results of its own"
			}
			if cost != guard.Free {
				f.cost(id.Pos(), fn, "the guard's closure captures %s, %s: that moves it to the heap on every call of %s; %s", v.Name(), cost, fn.Name(), advice)
			}
			return true
		})
	}
}

func declares(list *ast.FieldList, v *types.Var) bool {
	return list != nil && list.Pos() <= v.Pos() && v.Pos() < list.End()
}

// extraGuards reports guards that could go: every cycle through them passes
// another one.
func (f *finder) extraGuards(funcs, guards []*program.Func) {
	if len(guards) < 2 {
		return
	}
	removed := map[*program.Func]bool{}
	cyclic := func(without func(*program.Func) bool) (n int) {
		for _, c := range components(funcs, func(c *program.Call) bool {
			return !(without(c.From) && !f.early(c)) && !throughLibrary(c)
		}) {
			n += len(c)
		}
		return n
	}
	before := cyclic(func(fn *program.Func) bool { return f.guarded[fn] })
	for _, g := range slices.Backward(guards) {
		removed[g] = true
		if cyclic(func(fn *program.Func) bool { return f.guarded[fn] && !removed[fn] }) != before {
			removed[g] = false
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(guards), func(other *program.Func) bool { return removed[other] })
		f.cost(f.guards[g][0].Stmt.Pos(), g, "this guard is not needed: every cycle through %s passes another one (%s)", g.Name(), guardNames(rest))
	}
}
