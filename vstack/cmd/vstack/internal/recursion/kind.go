package recursion

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// An interpreter that is given an object where it needs a number asks the object for one,
// and calls itself:
//
//	case *Object:
//		return n.Equals(v.toPrimitive())
//
// The second level is of another kind, and does not come here. goja has ten of these. So a
// call is not made on a cycle if it stands behind a parameter's being of a type that it
// is never given on the cycle: what toPrimitive returns is no *Object in any of its ways.

// kinds knows what functions may return, and what parameters, fields and variables may hold.
type kinds struct {
	graph    *program.Graph
	known    map[kindOf]bool
	doing    []kindOf // since the question from outside
	level    int
	steps    int       // since the question from outside
	holdings *holdings // made when asked for
}

// How far calls are followed for what functions return, and how many questions one leads to.
const (
	mostLevels = 100
	mostSteps  = 2000
)

// A kindOf asks whether something may be a typ: result number index of a function, a
// parameter, a field or a variable of a package.
type kindOf struct {
	what  any // *ssa.Function, *ssa.Parameter or *types.Var
	index int
	typ   types.Type
}

// excludes says why a call through an interface does not go to the callee: what it is
// called on is never of its type. "" if it may be.
func (k *kinds) excludes(c *program.Call) string {
	common := c.Site.Common()
	recv := c.Callee.Signature.Recv()
	if !common.IsInvoke() || recv == nil || types.IsInterface(recv.Type()) {
		return ""
	}
	if c.Guess && implementsAll(common.Value, recv.Type()) { // or it is of a type that embeds it
		return ""
	}
	if k.may(common.Value, recv.Type(), c.Site.Block(), map[*ssa.Phi]bool{}) {
		return ""
	}
	return fmt.Sprintf("what %s calls %s on is no %s", c.From.Name(), common.Method.Name(), types.TypeString(recv.Type(), (*types.Package).Name))
}

// implementsAll reports whether values of type t, or pointers to them, have all the
// interfaces that v was of.
func implementsAll(v ssa.Value, t types.Type) bool {
	t = ssax.Deref(t)
	for ; v != nil; v = ssax.Asserted(v) {
		i, ok := v.Type().Underlying().(*types.Interface)
		if ok && !types.Implements(t, i) && !types.Implements(types.NewPointer(t), i) {
			return false
		}
	}
	return true
}

// asserted returns the parameter that the condition finds to be of a type, and the type;
// nil if it asks for something else, or for an interface.
func asserted(cond ssa.Value) (*ssa.Parameter, types.Type) {
	ok, isExtract := cond.(*ssa.Extract)
	if !isExtract || ok.Index != 1 {
		return nil, nil
	}
	assert, isAssert := ok.Tuple.(*ssa.TypeAssert)
	if !isAssert || types.IsInterface(assert.AssertedType) {
		return nil, nil
	}
	p, _ := assert.X.(*ssa.Parameter)
	return p, assert.AssertedType
}

// may reports whether v may be a typ, which is no interface, where block b uses it.
func (k *kinds) may(v ssa.Value, typ types.Type, b *ssa.BasicBlock, seen map[*ssa.Phi]bool) bool {
	iface, isInterface := v.Type().Underlying().(*types.Interface)
	switch {
	case excluded(v, typ, b):
		return false
	case isInterface && !types.Implements(typ, iface):
		return false
	}
	switch v := v.(type) {
	case *ssa.Const:
		return false // nil
	case *ssa.MakeInterface:
		return same(v.X.Type(), typ)
	case *ssa.ChangeInterface:
		return k.may(v.X, typ, b, seen)
	case *ssa.TypeAssert:
		if !isInterface {
			return same(v.AssertedType, typ)
		}
		return k.may(v.X, typ, b, seen)
	case *ssa.Phi:
		if seen[v] {
			return false // what comes round a loop came into it before
		}
		seen[v] = true
		for i, e := range v.Edges {
			if k.may(e, typ, v.Block().Preds[i], seen) {
				return true
			}
		}
		return false
	case *ssa.Call:
		return k.returns(v, 0, typ)
	case *ssa.Parameter:
		return k.param(v, typ)
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return true
		}
		return k.variable(heldAt(v.X), typ)
	case *ssa.Extract:
		switch tuple := v.Tuple.(type) {
		case *ssa.Call:
			return k.returns(tuple, v.Index, typ)
		case *ssa.TypeAssert:
			if v.Index == 0 && isInterface {
				return k.may(tuple.X, typ, b, seen)
			}
		}
	}
	return true
}

// same reports whether both types may be the same one: of a generic function there is one
// body here, with the types of its own parameters.
func same(a, b types.Type) bool {
	if types.Identical(a, b) {
		return true
	}
	if _, ok := types.Unalias(ssax.Deref(a)).(*types.TypeParam); ok {
		return true
	}
	x, ok := types.Unalias(ssax.Deref(a)).(*types.Named)
	y, ok2 := types.Unalias(ssax.Deref(b)).(*types.Named)
	return ok && ok2 && x.TypeArgs().Len()+y.TypeArgs().Len()+x.TypeParams().Len() > 0 && x.Origin() == y.Origin()
}

// returns reports whether result number index of the call may be a typ.
func (k *kinds) returns(call *ssa.Call, index int, typ types.Type) bool {
	if goesOn := goesOnWith(call.Common()); goesOn != nil {
		return k.fn(goesOn, index, typ)
	}
	from := k.graph.Func(call.Parent())
	if from == nil {
		return true
	}
	found := false
	for _, c := range from.Out {
		if c.Site != ssa.CallInstruction(call) {
			continue
		}
		found = true
		if c.How != program.Static && c.How != program.Interface || k.fn(c.Callee, index, typ) {
			return true
		}
	}
	return !found
}

// goesOnWith returns the function literal that a guard goes on with, whose results are its
// own; nil for other calls. Without that, a second fix would guard what the first had told
// to be bounded.
func goesOnWith(common *ssa.CallCommon) *ssa.Function {
	callee := common.StaticCallee()
	if callee == nil || len(common.Args) == 0 {
		return nil
	}
	if origin := callee.Origin(); origin != nil {
		callee = origin
	}
	if callee.Pkg == nil || callee.Pkg.Pkg.Path() != guard.Path || !strings.HasPrefix(callee.Name(), "Grow") {
		return nil
	}
	closure, ok := common.Args[len(common.Args)-1].(*ssa.MakeClosure)
	if !ok {
		return nil
	}
	fn, _ := closure.Fn.(*ssa.Function)
	return fn
}

// fn reports whether result number index of fn may be a typ.
func (k *kinds) fn(fn *ssa.Function, index int, typ types.Type) bool {
	if len(fn.Blocks) == 0 || fn.Recover != nil {
		return true
	}
	return k.ask(kindOf{fn, index, typ}, func() bool {
		for _, b := range fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if ok && index < len(ret.Results) && k.may(ret.Results[index], typ, b, map[*ssa.Phi]bool{}) {
				return true
			}
		}
		return false
	})
}

// ask answers a question once. One that comes up again while it is answered adds nothing:
// what a function returns of itself is what it returns otherwise.
func (k *kinds) ask(key kindOf, answer func() bool) (may bool) {
	if may, ok := k.known[key]; ok {
		return may
	}
	if k.level == mostLevels || k.steps == mostSteps {
		return true
	}
	k.known[key] = false
	k.doing = append(k.doing, key)
	k.level++
	k.steps++
	defer func() {
		k.known[key] = may
		if k.level--; k.level > 0 {
			return
		}
		if may { // some were answered while others were taken to be false
			for _, key := range k.doing {
				if !k.known[key] {
					delete(k.known, key)
				}
			}
		}
		k.doing, k.steps = k.doing[:0], 0
	}()
	return answer()
}

// excluded reports whether a branch before b has found that v is no typ.
func excluded(v ssa.Value, typ types.Type, b *ssa.BasicBlock) bool {
	refs := v.Referrers()
	if refs == nil {
		return false
	}
	for _, ref := range *refs {
		assert, ok := ref.(*ssa.TypeAssert)
		if !ok || !assert.CommaOk || !types.Identical(assert.AssertedType, typ) {
			continue
		}
		for _, use := range *assert.Referrers() {
			extract, ok := use.(*ssa.Extract)
			if !ok || extract.Index != 1 {
				continue
			}
			if notTaken(extract, b) {
				return true
			}
		}
	}
	return false
}

// notTaken reports whether b is behind a branch that found the condition false.
func notTaken(cond ssa.Value, b *ssa.BasicBlock) bool {
	for _, use := range *cond.Referrers() {
		switch use := use.(type) {
		case *ssa.If:
			if no := use.Block().Succs[1]; len(no.Preds) == 1 && ssax.Before(no, b) {
				return true
			}
		case *ssa.UnOp:
			if use.Op != token.NOT {
				continue
			}
			for _, branch := range *use.Referrers() {
				if i, ok := branch.(*ssa.If); ok {
					if no := i.Block().Succs[0]; len(no.Preds) == 1 && ssax.Before(no, b) {
						return true
					}
				}
			}
		}
	}
	return false
}
