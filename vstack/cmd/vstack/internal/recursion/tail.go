package recursion

import (
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"golang.org/x/tools/go/ssa"
)

// tail reports whether nothing is left to do in the caller after the call. Go
// keeps the caller's frame all the same.
func tail(c *program.Call) bool {
	v, ok := c.Site.(*ssa.Call)
	if !ok || c.How == program.Callback {
		return false
	}
	b := v.Block()
	i := slices.Index(b.Instrs, ssa.Instruction(v))
	for _, instr := range b.Instrs[i+1:] {
		switch instr := instr.(type) {
		case *ssa.Extract:
			if instr.Tuple != ssa.Value(v) {
				return false
			}
		case *ssa.Jump:
			// To a block that does nothing but return.
			return len(b.Succs[0].Instrs) == 1 && isReturn(b.Succs[0].Instrs[0])
		case *ssa.Return:
			return true
		case *ssa.DebugRef:
		default:
			return false
		}
	}
	return false
}

func isReturn(instr ssa.Instruction) bool {
	_, ok := instr.(*ssa.Return)
	return ok
}
