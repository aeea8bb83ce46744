package recursion

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// Leaving returns how many statements at the start of fn only leave it, and call nothing
// that comes back to it. A guard that stands behind them guards all that one before them
// does, and costs nothing where they leave.
func Leaving(fn *program.Func, info *types.Info) (n int) {
	var back map[*program.Func]bool
	for _, stmt := range fn.Body().List {
		if !guard.Leaves(info, stmt) {
			break
		}
		if back == nil {
			back = map[*program.Func]bool{}
			for _, f := range fn.Above() {
				back[f] = true
			}
		}
		if slices.ContainsFunc(fn.Out, func(c *program.Call) bool {
			return back[c.To] && (c.Site == nil || stmt.Pos() <= c.Site.Pos() && c.Site.Pos() < stmt.End())
		}) {
			break
		}
		n++
	}
	return n
}
