package recursion

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
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
	return f.tableOf(call.Call.Args[0]) != nil
}

// downTable says that a recursion goes down such a table, which it is given from
// elsewhere and hands on without its first rows: hclsyntax has its binary operators so.
func (f *finder) downTable(g []sizechange.Link) string {
	handed := map[*program.Call]bool{}
	for _, l := range g {
		if !shortens(l) {
			return ""
		}
		handed[l.Call] = true
	}
	name := ""
	for _, l := range g {
		if callable(l.To.Func) {
			return ""
		}
		for _, c := range l.To.Func.Ins {
			if handed[c] {
				continue
			}
			table := f.tableOf(argument(c, l.To.Index))
			if table == nil {
				return ""
			}
			name = table.Name()
		}
	}
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%s goes down the table %s of the program", g[0].To.Value().Name(), name)
}

// argument returns argument i of a call of a known function; nil if it is another.
func argument(c *program.Call, i int) ssa.Value {
	if c.How != program.Static {
		return nil
	}
	return given(c, i)
}

// shortens reports whether the call hands a slice on, as it is or a part of it.
func shortens(l sizechange.Link) bool {
	p := l.To.Param()
	if p == nil {
		return false
	}
	if _, ok := p.Type().Underlying().(*types.Slice); !ok {
		return false
	}
	switch argument(l.Call, l.To.Index).(type) {
	case *ssa.Slice:
		return true
	case *ssa.Parameter:
		return l.Rel.Change == sizechange.Same
	}
	return false
}

// tableOf returns the variable of the package that v is read from, if only the package's
// initialization sets it; nil if v is something else.
func (f *finder) tableOf(v ssa.Value) *ssa.Global {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return nil
	}
	table, ok := load.X.(*ssa.Global)
	if !ok || token.IsExported(table.Name()) || f.assigns(table) {
		return nil
	}
	return table
}

// tables knows which variables of packages more than their declaration sets.
type tables struct{ assigned map[*ssa.Global]bool }

// assigns reports whether anything but its declaration may set the variable.
func (f *finder) assigns(v *ssa.Global) bool {
	if f.tables == nil {
		f.tables = &tables{map[*ssa.Global]bool{}}
		for _, fn := range f.graph.Funcs {
			if isInit(fn.SSA) {
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

// isInit reports whether fn sets up a package before anything else runs: its
// declarations, or func init.
func isInit(fn *ssa.Function) bool {
	// A function literal in one may run at any time.
	return fn.Parent() == nil && fn.Signature.Recv() == nil && (fn.Synthetic != "" && fn.Name() == "init" || strings.HasPrefix(fn.Name(), "init#"))
}
