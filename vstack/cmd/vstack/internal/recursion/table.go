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
	load, ok := call.Call.Args[0].(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return false
	}
	table, ok := load.X.(*ssa.Global)
	return ok && !token.IsExported(table.Name()) && !f.assigns(table)
}

// downTable says that a recursion goes down such a table, which it is given from
// elsewhere and hands on without its first rows: hclsyntax has its binary operators so.
func (f *finder) downTable(g []sizechange.Link) string {
	handed := map[*program.Call]bool{}
	for _, l := range g {
		v := l.To.Param()
		args := l.Call.Site.Common().Args
		if v == nil || l.Call.How != program.Static || l.To.Index >= len(args) {
			return ""
		}
		if _, ok := v.Type().Underlying().(*types.Slice); !ok {
			return ""
		}
		switch args[l.To.Index].(type) {
		case *ssa.Slice:
		case *ssa.Parameter:
			if l.Rel.Change != sizechange.Same {
				return ""
			}
		default:
			return ""
		}
		handed[l.Call] = true
	}
	name := ""
	for _, l := range g {
		fn := l.To.Func
		if obj := fn.Object(); obj == nil || obj.Exported() {
			return ""
		}
		for _, c := range fn.Ins {
			if handed[c] {
				continue
			}
			args := c.Site.Common().Args
			if c.How != program.Static || l.To.Index >= len(args) {
				return ""
			}
			load, ok := args[l.To.Index].(*ssa.UnOp)
			if !ok || load.Op != token.MUL {
				return ""
			}
			table, ok := load.X.(*ssa.Global)
			if !ok || token.IsExported(table.Name()) || f.assigns(table) {
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
	return fn.Signature.Recv() == nil && (fn.Synthetic != "" && fn.Name() == "init" || strings.HasPrefix(fn.Name(), "init#"))
}
