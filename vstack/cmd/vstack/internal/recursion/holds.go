package recursion

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// What a parameter may be is what the calls of its function give it, and what a field may
// hold is what is stored in it, if all of that is known: the function is not exported nor
// handed on, and neither is the field. goja's number objects have a field for their value,
// which only a constructor sets, and no object is ever given to that:
//
//	case *primitiveValueObject:
//		return r.toNumber(t.pValue)

// param reports whether the parameter may be a typ.
func (k *kinds) param(p *ssa.Parameter, typ types.Type) bool {
	fn := k.graph.Func(p.Parent())
	if fn == nil || callable(fn) || fn.SSA != p.Parent() || fn.SSA.TypeParams().Len() > 0 || len(fn.Ins) == 0 {
		return true
	}
	index := slices.Index(p.Parent().Params, p)
	return k.ask(kindOf{p, 0, typ}, func() bool {
		return slices.ContainsFunc(fn.Ins, func(c *program.Call) bool { return k.gives(c, index, typ) })
	})
}

// never returns the type that the callee of a call through an interface is a method of, if
// what is called on comes in by a parameter and is never of that type on the cycle: nil if it
// may be. goja's compiler calls emitNamed on a pattern's initializer, which goes on with an
// expression: that is no initializer again.
func (k *kinds) never(c *program.Call, calls []*program.Call) types.Type {
	common := c.Site.Common()
	recv := c.Callee.Signature.Recv()
	if !common.IsInvoke() || recv == nil || types.IsInterface(recv.Type()) || c.Guess {
		return nil
	}
	p := asked(common.Value)
	if p == nil {
		return nil
	}
	may := k.comes(c, p, calls, func(arg ssa.Value, b *ssa.BasicBlock) (*ssa.Parameter, bool) {
		if q := asked(arg); q != nil && types.IsInterface(q.Type()) {
			if excluded(q, recv.Type(), b) {
				return nil, false
			}
			return q, false
		}
		return nil, k.may(arg, recv.Type(), b, map[*ssa.Phi]bool{})
	})
	if may {
		return nil
	}
	return recv.Type()
}

// comes reports whether, when the call c is made for the second time on the cycle, the
// parameter of its caller may be what is asked about. look says of an argument that it may be,
// or that it is a parameter in its turn, which then counts: handed on through c itself it may
// be whatever it was the first time.
func (k *kinds) comes(c *program.Call, p *ssa.Parameter, calls []*program.Call, look func(ssa.Value, *ssa.BasicBlock) (*ssa.Parameter, bool)) bool {
	todo := []*ssa.Parameter{p}
	for i := 0; i < len(todo); i++ {
		p := todo[i]
		fn := k.graph.Func(p.Parent())
		if fn == nil || fn.SSA != p.Parent() || fn.SSA.TypeParams().Len() > 0 {
			return true
		}
		index := slices.Index(p.Parent().Params, p)
		for in := range callsOf(calls, fn) {
			arg := given(in, index)
			if arg == nil {
				return true
			}
			q, may := look(arg, in.Site.Block())
			if may || q != nil && in == c {
				return true
			}
			if q != nil && !slices.Contains(todo, q) {
				todo = append(todo, q)
			}
		}
	}
	return false
}

// asked returns the parameter that v is, asked for other methods perhaps; nil if it is none.
func asked(v ssa.Value) *ssa.Parameter {
	p, _ := ssax.Unasserted(v).(*ssa.Parameter)
	return p
}

// gives reports whether the call may give its function a typ as parameter index.
func (k *kinds) gives(c *program.Call, index int, typ types.Type) bool {
	arg := given(c, index)
	return arg == nil || k.may(arg, typ, c.Site.Block(), map[*ssa.Phi]bool{})
}

// given returns what the call gives its function as parameter index; nil if that is not known.
func given(c *program.Call, index int) ssa.Value {
	if c.Site.Parent().Origin() != nil {
		return nil // one call stands for those of all instances
	}
	args := ssax.Arguments(c.Site)
	if c.How != program.Static && c.How != program.Interface || index >= len(args) {
		return nil
	}
	return args[index]
}

// variable reports whether the field or variable of a package may hold a typ.
func (k *kinds) variable(v *types.Var, typ types.Type) bool {
	if v == nil || v.Exported() {
		return true
	}
	if k.holdings == nil {
		k.holdings = newHoldings(k.graph)
	}
	stores, all := k.holdings.stores(v)
	if !all || len(stores) == 0 { // somebody else fills what nobody here does
		return true
	}
	return k.ask(kindOf{v.Origin(), 0, typ}, func() bool {
		return slices.ContainsFunc(stores, func(store *ssa.Store) bool {
			return k.may(store.Val, typ, store.Block(), map[*ssa.Phi]bool{})
		})
	})
}
