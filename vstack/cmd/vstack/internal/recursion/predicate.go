package recursion

import (
	"go/token"
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"golang.org/x/tools/go/ssa"
)

// A limit may be asked of a helper:
//
//	func (d *Decoder) isExceededMaxDepth() bool { return d.depth > maxDepth }
//
//	if d.isExceededMaxDepth() { return ErrExceededMaxDepth }
//
// go-yaml's decoder has it so. It is as if the comparison stood where the question does.

// asked returns the check that an If makes with such a helper.
func (l *limits) asked(b *ssa.BasicBlock, cond ssa.Value) (check, bool) {
	over, under := b.Succs[0], b.Succs[1]
	if not, ok := cond.(*ssa.UnOp); ok {
		cond, over, under = not.X, under, over
	}
	call, ok := cond.(*ssa.Call)
	if !ok {
		return check{}, false
	}
	helper := call.Call.StaticCallee()
	if helper == nil || helper.Pkg != b.Parent().Pkg || helper.Parent() != nil { // a closure's variables may be new
		return check{}, false
	}
	k, past, ok := l.predicate(helper)
	if !ok {
		return check{}, false
	}
	if !past {
		over = under
	}
	k.block, k.over = b, over
	if p, ok := strip(k.bound).(*ssa.Parameter); ok {
		k.bound = call.Call.Args[slices.Index(helper.Params, p)]
		if c, ok := k.bound.(*ssa.Const); ok && c.Int64() <= 1 {
			return check{}, false
		}
	}
	if p, ok := strip(k.counter).(*ssa.Parameter); ok {
		// What it is called there says nothing of what is given.
		k.counter = call.Call.Args[slices.Index(helper.Params, p)]
		_, param := strip(k.counter).(*ssa.Parameter)
		k.depth = depthName.MatchString(nameOf(k.counter)) && (param || !k.zero) // see isDepth
	}
	if held, ok := field(k.counter); ok && held != nil && !l.steps(held) {
		return check{}, false // the level of a heading, or of a log
	}
	return k, isCounter(k.counter) && isBound(k.bound)
}

// steps reports whether anything in the field's package counts with it.
func (l *limits) steps(v *types.Var) bool {
	known, ok := l.stepped[v]
	if !ok {
		known = slices.ContainsFunc(l.graph.Funcs, func(fn *program.Func) bool {
			return fn.Pkg == v.Pkg() && (steps(fn.SSA, v, token.ADD) || steps(fn.SSA, v, token.SUB))
		})
		l.stepped[v] = known
	}
	return known
}

// nameOf returns the name of the parameter or field that v is read from.
func nameOf(v ssa.Value) string {
	if p, ok := strip(v).(*ssa.Parameter); ok {
		return p.Name()
	}
	if held, ok := field(v); ok && held != nil {
		return held.Name()
	}
	return ""
}

// predicate returns the comparison whose outcome is all that fn returns, and what fn
// returns past the bound.
func (l *limits) predicate(fn *ssa.Function) (k check, past, ok bool) {
	if results := fn.Signature.Results(); results.Len() != 1 || !types.Identical(results.At(0).Type().Underlying(), types.Typ[types.Bool]) || len(fn.Blocks) != 1 {
		return check{}, false, false
	}
	ret, ok := fn.Blocks[0].Instrs[len(fn.Blocks[0].Instrs)-1].(*ssa.Return)
	if !ok {
		return check{}, false, false
	}
	cmp, ok := ret.Results[0].(*ssa.BinOp)
	if !ok {
		return check{}, false, false
	}
	// Two blocks for the outcomes: comparison tells which of them is past the bound.
	yes, no := new(ssa.BasicBlock), new(ssa.BasicBlock)
	k, ok = l.compare(fn, &ssa.BasicBlock{Succs: []*ssa.BasicBlock{yes, no}}, cmp)
	return k, k.over == yes, ok
}
