package fix

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// mayBeNil reports whether fn may be called with nil for v, a pointer, and return
// all the same: then a guard must not look for a field of it. What is not known is
// taken as yes, with one exception: a receiver that fn uses is no nil, unless a
// method of its type compares its receiver with nil, so that a nil one means
// something.
func mayBeNil(p *program.Program, fn *program.Func, v variable) bool {
	if comparedWithNil(fn.Body(), v.name) {
		return true
	}
	if v.receiver {
		return !followed(fn, v.name) || nilReceivers(p, v.obj)
	}
	for i, param := range fn.SSA.Params {
		if object, _ := param.Object().(*types.Var); object != nil && object.Pos() == v.obj.Pos() {
			return !followsAlways(fn.SSA, i, map[*ssa.Parameter]bool{})
		}
	}
	return true // of a function around fn
}

// comparedWithNil reports whether body expects that name may be nil.
func comparedWithNil(body *ast.BlockStmt, name string) (found bool) {
	is := func(e ast.Expr, name string) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && id.Name == name
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if e, ok := n.(*ast.BinaryExpr); ok && (e.Op == token.EQL || e.Op == token.NEQ) {
			found = found || is(e.X, name) && is(e.Y, "nil") || is(e.X, "nil") && is(e.Y, name)
		}
		return !found
	})
	return found
}

// followed reports whether the function uses a field or method of name itself. One
// that only hands it on may be called with nil.
func followed(fn *program.Func, name string) (found bool) {
	ast.Inspect(fn.Body(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			id, ok := ast.Unparen(n.X).(*ast.Ident)
			found = found || ok && id.Name == name
		case *ast.StarExpr:
			id, ok := ast.Unparen(n.X).(*ast.Ident)
			found = found || ok && id.Name == name
		}
		return !found
	})
	return found
}

// nilReceivers reports whether a method of the receiver's type compares its
// receiver with nil.
func nilReceivers(p *program.Program, receiver *types.Var) bool {
	origin := func(v *types.Var) *types.Named {
		if named, ok := types.Unalias(ssax.Deref(v.Type())).(*types.Named); ok {
			return named.Origin()
		}
		return nil
	}
	of, pkg := origin(receiver), p.Source[receiver.Pkg()]
	if of == nil || pkg == nil {
		return false
	}
	for _, file := range pkg.Syntax {
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok || d.Recv == nil || d.Body == nil || len(d.Recv.List[0].Names) == 0 {
				continue
			}
			name := d.Recv.List[0].Names[0]
			if own, ok := pkg.TypesInfo.Defs[name].(*types.Var); ok && origin(own) == of && comparedWithNil(d.Body, name.Name) {
				return true
			}
		}
	}
	return false
}

// followsAlways reports whether each way through f, from its start to a return,
// follows the pointer that is parameter i: with nil it would panic. known has what
// was found; a function that is being looked at is in it as one that does not, for
// a recursive call shows nothing.
func followsAlways(f *ssa.Function, i int, known map[*ssa.Parameter]bool) (always bool) {
	if len(f.Blocks) == 0 {
		return false // not Go, or not here
	}
	if always, ok := known[f.Params[i]]; ok {
		return always
	}
	known[f.Params[i]] = false
	defer func() { known[f.Params[i]] = always }()

	same := copies(f.Params[i])
	stays := func(b *ssa.BasicBlock) bool { return !follows(b, same, known) }
	// Is there a way to a return past all blocks that follow it?
	for b := range ssax.Blocks(f.Blocks[:1], stays) {
		if _, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && stays(b) {
			return false
		}
	}
	return true
}

// follows reports whether the block follows one of the pointers that are the same, itself
// or in a function that it calls and that always does.
func follows(b *ssa.BasicBlock, same map[ssa.Value]bool, known map[*ssa.Parameter]bool) bool {
	for _, instr := range b.Instrs {
		switch instr := instr.(type) {
		case *ssa.FieldAddr:
			if same[instr.X] {
				return true
			}
		case *ssa.UnOp:
			if instr.Op == token.MUL && same[instr.X] {
				return true
			}
		case *ssa.Call:
			callee := instr.Call.StaticCallee()
			if callee == nil {
				continue
			}
			for k, arg := range instr.Call.Args {
				if same[arg] && followsAlways(callee, k, known) {
					return true
				}
			}
		}
	}
	return false
}

// copies returns the values that are p: itself, and what is loaded from a variable
// that holds p and nothing else, as one that a literal captures.
func copies(p *ssa.Parameter) map[ssa.Value]bool {
	same := map[ssa.Value]bool{p: true}
	for _, user := range *p.Referrers() {
		store, ok := user.(*ssa.Store)
		if !ok || store.Val != ssa.Value(p) {
			continue
		}
		if cell, ok := store.Addr.(*ssa.Alloc); ok && onlyStore(cell, store) {
			for _, user := range *cell.Referrers() {
				if load, ok := user.(*ssa.UnOp); ok && load.Op == token.MUL {
					same[load] = true
				}
			}
		}
	}
	return same
}

// onlyStore reports whether nothing else is stored in cell, neither by the function
// itself nor by a literal in it, as far as it is plain to see.
func onlyStore(cell *ssa.Alloc, store *ssa.Store) bool {
	for _, user := range *cell.Referrers() {
		switch user := user.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.Store:
			if user != store {
				return false
			}
		case *ssa.MakeClosure:
			literal := user.Fn.(*ssa.Function)
			for i, bound := range user.Bindings {
				if bound != ssa.Value(cell) {
					continue
				}
				for _, inner := range *literal.FreeVars[i].Referrers() {
					if load, ok := inner.(*ssa.UnOp); !ok || load.Op != token.MUL {
						return false
					}
				}
			}
		default:
			return false
		}
	}
	return true
}
