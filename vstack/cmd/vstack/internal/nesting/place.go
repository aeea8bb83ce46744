package nesting

import (
	"go/token"
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A place is where a value is while no function has it in hand: a field of something that is
// not of the types (*types.Var), a variable of the package (*ssa.Global), one that function
// literals share or that has its address taken (*ssa.Alloc), or a map (ssa.Value).
type place any

func isPlace(end any) bool {
	switch end.(type) {
	case param, result:
		return false
	}
	return true
}

func number(p *ssa.Parameter) param { return param(slices.Index(p.Parent().Params, p)) }

// root returns what the address is in, a place or a value, nil if that is not known, and
// whether in a link of it.
func (a *Analysis) root(addr ssa.Value) (root any, d depth) {
	d = plain
	for {
		switch x := addr.(type) {
		case *ssa.FieldAddr:
			switch {
			case a.types[ssax.Named(x.X.Type())]:
				if a.isLink(x) {
					d = within
				}
			case !local(x):
				if field := ssax.Field(x); field != nil {
					return field.Origin(), d
				}
				return nil, d
			}
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
			if load, ok := addr.(*ssa.UnOp); ok {
				addr = load.X // the slice is read from there
			}
		case *ssa.FreeVar:
			if bound := ssax.Binding(x); bound != nil {
				return bound, d
			}
			return nil, d
		default:
			return addr, d
		}
	}
}

// isLink reports whether the field of one of the types is a link.
func (a *Analysis) isLink(addr *ssa.FieldAddr) bool {
	if !a.types[ssax.Named(addr.X.Type())] {
		return false
	}
	field := ssax.Field(addr)
	return field == nil || a.links[field.Origin()]
}

// linkOf returns the link that the address is in.
func (a *Analysis) linkOf(addr ssa.Value) place {
	for {
		switch x := addr.(type) {
		case *ssa.FieldAddr:
			if field := ssax.Field(x); field != nil && a.isLink(x) {
				return field.Origin()
			}
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
			if load, ok := addr.(*ssa.UnOp); ok {
				addr = load.X
			}
		default:
			return nil
		}
	}
}

// fieldOf returns the field of something new that is not of the types that the address is of.
func (a *Analysis) fieldOf(addr ssa.Value) place {
	if x, ok := addr.(*ssa.FieldAddr); ok && !a.types[ssax.Named(x.X.Type())] {
		if field := ssax.Field(x); field != nil {
			return field.Origin()
		}
	}
	return nil
}

// local reports whether the address is in a variable of the function.
func local(addr ssa.Value) bool {
	for {
		switch x := addr.(type) {
		case *ssa.Alloc:
			return true
		case *ssa.FieldAddr:
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
		default:
			return false
		}
	}
}

// read returns the place that v is read from; nil if from none.
func (a *Analysis) read(v ssa.Value) place {
	if !a.mayHold(v.Type()) {
		return nil
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return nil
		}
		root, d := a.root(v.X)
		if d == within {
			return a.linkOf(v.X)
		}
		switch root := root.(type) {
		case *types.Var, *ssa.Global:
			return root
		case *ssa.Alloc:
			if root == v.X || !a.types[ssax.Named(root.Type())] {
				return root
			}
		case ssa.Value: // an element of a slice, or old := *n
			if _, ok := v.X.(*ssa.IndexAddr); ok || root == v.X && a.types[ssax.Named(root.Type())] {
				return root
			}
		}
	case *ssa.Lookup:
		if _, ok := v.X.(*ssa.UnOp); !ok {
			return v.X
		}
	}
	return nil
}

// receiver returns what a call of a method is on, if nothing is known of that: a stack in a
// package of its own, or container/list. What it is given may come back from it.
func (a *Analysis) receiver(fn *program.Func, call ssa.CallInstruction) place {
	common := call.Common()
	callee := common.StaticCallee()
	if len(a.called(fn, call)) > 0 || callee == nil || callee.Signature.Recv() == nil {
		return nil
	}
	recv := common.Args[0]
	if load, ok := recv.(*ssa.UnOp); ok {
		recv = load.X
	}
	switch root, _ := a.root(recv); root := root.(type) {
	case *ssa.Parameter:
		return number(root)
	case *types.Var, *ssa.Global, ssa.Value:
		return root
	}
	return nil
}

// put returns what the instruction stores, and where: the address, or the map.
func put(instr ssa.Instruction) (where, what ssa.Value) {
	switch instr := instr.(type) {
	case *ssa.Store:
		return instr.Addr, instr.Val
	case *ssa.MapUpdate:
		if load, ok := instr.Map.(*ssa.UnOp); ok {
			return load.X, instr.Value
		}
		return instr.Map, instr.Value
	}
	return nil, nil
}

// addReads adds what the instruction reads from places: itself, by the address that it gives a
// call, or by what the call returns.
func (a *Analysis) addReads(fn *program.Func, instr ssa.Instruction, reads map[any]map[ssa.Value]depth) {
	a.readsOf(fn, instr, reads, func(callee *program.Func) bool { return !a.keeps(fn, callee) })
}

// readsOf adds what the instruction reads, by the callees that counts says it of.
func (a *Analysis) readsOf(fn *program.Func, instr ssa.Instruction, reads map[any]map[ssa.Value]depth, counts func(*program.Func) bool) {
	add := func(p any, v ssa.Value, d depth) {
		if reads[p] == nil {
			reads[p] = map[ssa.Value]depth{}
		}
		reads[p][v] |= d
	}
	v, ok := instr.(ssa.Value)
	if ok {
		if p := a.read(v); p != nil {
			add(p, v, plain)
		}
	}
	call, is := instr.(ssa.CallInstruction)
	if !is {
		return
	}
	for _, arg := range ssax.Arguments(call) {
		if _, ok := arg.Type().Underlying().(*types.Pointer); !ok || a.types[ssax.Named(arg.Type())] || !a.mayHold(arg.Type()) {
			continue
		}
		switch root, _ := a.root(arg); root := root.(type) {
		case *ssa.Parameter:
			add(number(root), arg, plain)
		case *types.Var, *ssa.Global, *ssa.Alloc:
			add(root, arg, plain)
		}
	}
	if !ok {
		return
	}
	if p := a.receiver(fn, call); p != nil && a.mayHold(v.Type()) {
		add(p, v, plain)
	}
	for _, callee := range a.called(fn, call) {
		if !counts(callee) {
			continue
		}
		for t, d := range a.summary(callee) {
			if isPlace(t.from) && t.to == any(result{}) {
				add(t.from, v, d)
			}
		}
	}
}
