package recursion

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A decorator is a struct with an embedded interface that it has itself: it hands
// calls on to what it wraps. Type analysis does not know that what it wraps is of
// another type. The getters of cel-go's navigable expressions are 27 such methods, and
// participle's mapping lexer is one.

// decorator says that a call goes from one decorator to another: from a method to the
// method of the same name of what the receiver embeds, or of what a getter of that
// returns.
func (f *finder) decorator(c *program.Call) string {
	common := c.Site.Common()
	if !common.IsInvoke() || c.From.SSA.Name() != c.To.SSA.Name() || c.To.Wrapper() {
		return ""
	}
	fn := c.Site.Parent()
	if fn.Signature.Recv() == nil || len(fn.Params) == 0 {
		return ""
	}
	if from, to := f.proxy(fn), f.proxy(c.Callee); from != nil && to != nil {
		return fmt.Sprintf("a proxy: %s hands all its calls on", types.TypeString(from, (*types.Package).Name))
	}
	if !isDecorator(c.To.SSA.Signature.Recv().Type()) || !embedded(common.Value, fn.Params[0], 4) {
		return ""
	}
	return fmt.Sprintf("a decorator: %s hands the call on to what it wraps", types.TypeString(ssax.Deref(fn.Params[0].Type()), (*types.Package).Name))
}

// delegations is how many methods of a type must do nothing but hand the call on for
// it to be a proxy. Nodes of a syntax tree have two or three of these, Pos and End;
// goja's source of a destructuring has twenty.
const delegations = 5

// proxy returns the type of the method's receiver if most that it does is to hand calls
// on to the methods of the same names of something else; nil if not.
func (f *finder) proxy(fn *ssa.Function) *types.Named {
	if fn.Signature.Recv() == nil {
		return nil
	}
	named := ssax.Named(fn.Signature.Recv().Type())
	if named == nil {
		return nil
	}
	if f.proxies == nil {
		f.proxies = map[*types.Named]int{}
		for _, other := range f.graph.Funcs {
			if recv := other.SSA.Signature.Recv(); recv != nil && !other.Wrapper() && delegates(other.SSA) {
				if t := ssax.Named(recv.Type()); t != nil {
					f.proxies[t]++
				}
			}
		}
	}
	if f.proxies[named] < delegations {
		return nil
	}
	return named
}

// delegates reports whether the method has no branches and calls one method of its
// own name through an interface.
func delegates(fn *ssa.Function) bool {
	if len(fn.Blocks) != 1 {
		return false
	}
	n := 0
	for instr := range ssax.Instrs(fn) {
		if call, ok := instr.(*ssa.Call); ok && call.Common().IsInvoke() && call.Common().Method.Name() == fn.Name() {
			n++
		}
	}
	return n == 1
}

// isDecorator reports whether t is a struct that embeds an interface, itself or in a
// struct that it embeds.
func isDecorator(t types.Type) bool {
	for range 3 {
		s, ok := ssax.Deref(t).Underlying().(*types.Struct)
		if !ok {
			return false
		}
		var next types.Type
		for field := range s.Fields() {
			if !field.Embedded() {
				continue
			}
			if types.IsInterface(field.Type()) {
				return true
			}
			if next == nil {
				next = field.Type()
			}
		}
		if next == nil {
			return false
		}
		t = next
	}
	return false
}

// embedded reports whether v is an embedded interface of recv, or what a method of it
// returns, after some calls at most.
func embedded(v, recv ssa.Value, calls int) bool {
	for {
		v = ssax.Unasserted(v)
		switch x := v.(type) {
		case *ssa.Call:
			if calls == 0 || !x.Call.IsInvoke() {
				return false
			}
			calls--
			v = x.Call.Value
		case *ssa.Field:
			return isEmbedded(x.X.Type(), x.Field) && isField(v, recv)
		case *ssa.UnOp:
			addr, ok := x.X.(*ssa.FieldAddr)
			return ok && isEmbedded(addr.X.Type(), addr.Field) && fieldOf(addr, recv)
		default:
			return false
		}
	}
}

// isEmbedded reports whether field i of the struct t, or of what t points at, is an
// embedded interface.
func isEmbedded(t types.Type, i int) bool {
	s, ok := ssax.Deref(t).Underlying().(*types.Struct)
	return ok && s.Field(i).Embedded() && types.IsInterface(s.Field(i).Type())
}

// fieldOf reports whether addr is a field of recv, or of something that recv embeds.
func fieldOf(addr *ssa.FieldAddr, recv ssa.Value) bool {
	for range 4 {
		switch x := addr.X.(type) {
		case *ssa.FieldAddr: // a field of an embedded struct
			addr = x
			continue
		case *ssa.UnOp: // of an embedded pointer
			if inner, ok := x.X.(*ssa.FieldAddr); ok {
				addr = inner
				continue
			}
		case *ssa.Field: // of an embedded pointer in a receiver that is a value
			return x.X == recv
		case *ssa.Alloc: // a receiver that is a value
			for v := range ssax.Stored(x) {
				if v == recv {
					return true
				}
			}
		}
		return addr.X == recv
	}
	return false
}
