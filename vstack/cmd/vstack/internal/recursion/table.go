package recursion

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A parser may go down a table of operators, a level for each precedence:
//
//	if level == len(operators) { return p.unary() }
//	left := p.binary(level + 1)
//
// That is as deep as the table is long, and the table is the program's. So a length
// counts as a constant if it is that of a variable of the package that only its
// declaration sets.

// fixedLength reports whether v is such a length.
func (f *finder) fixedLength(v ssa.Value) bool {
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	if !ok || b.Name() != "len" {
		return false
	}
	load, ok := call.Call.Args[0].(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return false
	}
	table, ok := load.X.(*ssa.Global)
	return ok && !token.IsExported(table.Name()) && !f.assigns(table)
}

// tables knows which variables of packages more than their declaration sets.
type tables struct{ assigned map[*ssa.Global]bool }

// assigns reports whether anything but its declaration may set the variable.
func (f *finder) assigns(v *ssa.Global) bool {
	if f.tables == nil {
		f.tables = &tables{map[*ssa.Global]bool{}}
		for _, fn := range f.graph.Funcs {
			if fn.SSA.Synthetic != "" && fn.SSA.Name() == "init" {
				continue
			}
			for instr := range ssax.Instrs(fn.SSA) {
				if load, ok := instr.(*ssa.UnOp); ok && load.Op == token.MUL {
					continue
				}
				var operands [8]*ssa.Value
				for _, op := range instr.Operands(operands[:0]) {
					if g, ok := (*op).(*ssa.Global); ok {
						f.tables.assigned[g] = true // or its address goes where something may
					}
				}
			}
		}
	}
	return f.tables.assigned[v]
}
