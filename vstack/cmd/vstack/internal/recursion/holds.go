package recursion

import (
	"go/token"
	"go/types"
	"iter"
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

// stored is what the program stores in a field or variable.
type stored struct {
	values []*ssa.Store
	others bool // something else may be stored: its address goes elsewhere
}

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
	for {
		switch x := v.(type) {
		case *ssa.Parameter:
			return x
		case *ssa.ChangeInterface:
			v = x.X
		case *ssa.TypeAssert:
			v = x.X
		case *ssa.Extract:
			assert, ok := x.Tuple.(*ssa.TypeAssert)
			if !ok || x.Index != 0 {
				return nil
			}
			v = assert.X
		default:
			return nil
		}
	}
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
	common := c.Site.Common()
	args := common.Args
	if common.IsInvoke() {
		args = slices.Concat([]ssa.Value{common.Value}, args)
	}
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
	if k.held == nil {
		k.held, k.open = held(k.graph)
	}
	s := k.held[v.Origin()]
	if s == nil || k.open[v.Name()] || s.others || len(s.values) == 0 { // somebody else fills what nobody here does
		return true
	}
	return k.ask(kindOf{v.Origin(), 0, typ}, func() bool {
		return slices.ContainsFunc(s.values, func(store *ssa.Store) bool {
			return k.may(store.Val, typ, store.Block(), map[*ssa.Phi]bool{})
		})
	})
}

// heldAt returns the field or variable of a package at the address, or of the array that
// has an element there; nil if it is none.
func heldAt(addr ssa.Value) *types.Var {
	switch addr := addr.(type) {
	case *ssa.FieldAddr:
		// Structs without a name are of one type wherever they are written down, and have
		// fields of their own there.
		if _, ok := types.Unalias(ssax.Deref(addr.X.Type())).(*types.Named); ok {
			return ssax.Field(addr)
		}
	case *ssa.Global:
		v, _ := addr.Object().(*types.Var)
		return v
	case *ssa.IndexAddr:
		if _, ok := ssax.Deref(addr.X.Type()).Underlying().(*types.Array); ok {
			return heldAt(addr.X)
		}
	}
	return nil
}

// held returns what the program stores in the fields and variables that are not exported and
// hold an interface, and the names of those in which something else may be. A copy of a
// struct holds what the struct does.
func held(g *program.Graph) (all map[*types.Var]*stored, open map[string]bool) {
	all, open = map[*types.Var]*stored{}, map[string]bool{}
	of := func(v *types.Var) *stored {
		v = v.Origin()
		if all[v] == nil {
			all[v] = new(stored)
		}
		return all[v]
	}
	for _, fn := range g.Funcs {
		var operands [8]*ssa.Value
		for instr := range ssax.Instrs(fn.SSA) {
			switch change := instr.(type) {
			case *ssa.FieldAddr: // of a struct that is a type parameter: of any with such a field
				if p, ok := types.Unalias(ssax.Deref(change.X.Type())).(*types.TypeParam); ok {
					for name := range fieldNames(p) {
						open[name] = true
					}
				}
			case *ssa.ChangeType, *ssa.Convert: // to a struct of other fields
				if s, ok := ssax.Deref(change.(ssa.Value).Type()).Underlying().(*types.Struct); ok {
					for i := range s.NumFields() {
						of(s.Field(i)).others = true
					}
				}
			}
			for _, op := range instr.Operands(operands[:0]) {
				if v := heldAt(*op); v != nil && !v.Exported() && holdsInterfaces(v.Type()) {
					of(v).add(*op, instr)
				}
			}
		}
	}
	return all, open
}

// fieldNames yields the names of the fields of the structs that the type parameter may be.
func fieldNames(p *types.TypeParam) iter.Seq[string] {
	return func(yield func(string) bool) {
		var terms []types.Type
		constraint := p.Constraint().Underlying().(*types.Interface)
		for i := range constraint.NumEmbeddeds() {
			switch e := constraint.EmbeddedType(i).(type) {
			case *types.Union:
				for j := range e.Len() {
					terms = append(terms, e.Term(j).Type())
				}
			default:
				terms = append(terms, e)
			}
		}
		for _, t := range terms {
			s, ok := t.Underlying().(*types.Struct)
			for i := 0; ok && i < s.NumFields(); i++ {
				if !yield(s.Field(i).Name()) {
					return
				}
			}
		}
	}
}

// holdsInterfaces reports whether t is an interface or an array of them.
func holdsInterfaces(t types.Type) bool {
	if array, ok := t.Underlying().(*types.Array); ok {
		t = array.Elem()
	}
	return types.IsInterface(t)
}

// add adds what the instruction does with the address.
func (s *stored) add(addr ssa.Value, user ssa.Instruction) {
	switch user := user.(type) {
	case *ssa.Store:
		if user.Addr == addr {
			s.values = append(s.values, user)
		} else {
			s.others = true
		}
	case *ssa.UnOp:
		s.others = s.others || user.Op != token.MUL
	case *ssa.DebugRef, *ssa.IndexAddr: // the address of an element is looked at by itself
	default:
		s.others = true
	}
}
