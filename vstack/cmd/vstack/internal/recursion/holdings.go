package recursion

import (
	"go/token"
	"go/types"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// holdings are what the program stores in the fields and variables of packages that are not
// exported and hold an interface, or an array of them. A copy of a struct holds what the
// struct does.
type holdings struct {
	known map[*types.Var]*holding
	open  map[string]bool // names of fields of structs that are type parameters
}

// A holding is what the program stores in a field or variable.
type holding struct {
	stores []*ssa.Store
	others bool // something else may be stored: its address goes elsewhere
}

func newHoldings(g *program.Graph) *holdings {
	h := &holdings{map[*types.Var]*holding{}, map[string]bool{}}
	var operands [8]*ssa.Value
	for _, fn := range g.Funcs {
		for instr := range ssax.Instrs(fn.SSA) {
			h.opens(instr)
			for _, op := range instr.Operands(operands[:0]) {
				if v := heldAt(*op); v != nil && !v.Exported() && holdsInterfaces(v.Type()) {
					h.of(v).add(*op, instr)
				}
			}
		}
	}
	return h
}

// stores returns what is stored in the field or variable, and whether that is all.
func (h *holdings) stores(v *types.Var) (stores []*ssa.Store, all bool) {
	s := h.known[v.Origin()]
	if s == nil {
		return nil, false
	}
	return s.stores, !s.others && !h.open[v.Name()]
}

func (h *holdings) of(v *types.Var) *holding {
	v = v.Origin()
	if h.known[v] == nil {
		h.known[v] = new(holding)
	}
	return h.known[v]
}

// opens notes fields that the instruction may set without their names.
func (h *holdings) opens(instr ssa.Instruction) {
	switch instr := instr.(type) {
	case *ssa.FieldAddr: // of a struct that is a type parameter: of any with such a field
		if p, ok := types.Unalias(ssax.Deref(instr.X.Type())).(*types.TypeParam); ok {
			for _, v := range fieldsOf(terms(p)...) {
				h.open[v.Name()] = true
			}
		}
	case *ssa.ChangeType: // to a struct of other fields
		h.others(instr.Type())
	case *ssa.Convert:
		h.others(instr.Type())
	}
}

func (h *holdings) others(t types.Type) {
	for _, v := range fieldsOf(ssax.Deref(t)) {
		h.of(v).others = true
	}
}

// add adds what the instruction does with the address.
func (s *holding) add(addr ssa.Value, user ssa.Instruction) {
	switch user := user.(type) {
	case *ssa.Store:
		if user.Addr == addr {
			s.stores = append(s.stores, user)
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

// terms returns the types that the type parameter may be of, as far as its constraint lists
// them.
func terms(p *types.TypeParam) (all []types.Type) {
	constraint := p.Constraint().Underlying().(*types.Interface)
	for i := range constraint.NumEmbeddeds() {
		switch e := constraint.EmbeddedType(i).(type) {
		case *types.Union:
			for j := range e.Len() {
				all = append(all, e.Term(j).Type())
			}
		default:
			all = append(all, e)
		}
	}
	return all
}

// fieldsOf returns the fields of those of the types that are structs.
func fieldsOf(all ...types.Type) (fields []*types.Var) {
	for _, t := range all {
		if s, ok := t.Underlying().(*types.Struct); ok {
			for v := range s.Fields() {
				fields = append(fields, v)
			}
		}
	}
	return fields
}

// holdsInterfaces reports whether t is an interface or an array of them.
func holdsInterfaces(t types.Type) bool {
	if array, ok := t.Underlying().(*types.Array); ok {
		t = array.Elem()
	}
	return types.IsInterface(t)
}
