package recursion

import (
	"fmt"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A closure may call the one that it has wrapped:
//
//	func boolOp(o func(a, b bool) any, next op) op {
//		return func(a, b any) any {
//			...
//			return next(a, b)
//		}
//	}
//
// They are in each other as often as the program wraps them. gval's operators try one
// kind of operand after the other so, as its language is put together; what it makes of
// an expression are closures too, but these a parser makes, which is recursive.

// stacks takes out the calls among closures that do nothing on the way round but call what
// they have wrapped, which is one of them again, and says why they go down few steps.
func (c *component) stacks(inside []*program.Call) (reason string) {
	from := map[*program.Func][]*program.Call{}
	why := map[*program.Call]string{}
	for _, call := range inside {
		from[call.From] = append(from[call.From], call)
		why[call] = c.f.stacked(call)
	}
	none := map[*program.Func]bool{}
	for changed := true; changed; {
		changed = false
		for fn, calls := range from {
			if !none[fn] && slices.ContainsFunc(calls, func(call *program.Call) bool { return why[call] == "" || none[call.To] }) {
				none[fn] = true
				changed = true
			}
		}
	}
	for _, call := range inside {
		if !none[call.From] {
			c.out[call] = true
			reason = why[call]
		}
	}
	return reason
}

// stacked says why calls of a function that a closure has wrapped go down few steps, as
// long as what is wrapped does the same; "" if that cannot be told. It must have been there
// before: it is a parameter of the function that makes the closure, and never set again.
func (f *finder) stacked(c *program.Call) string {
	if c.How != program.Value {
		return ""
	}
	load, ok := c.Site.Common().Value.(*ssa.UnOp)
	if !ok {
		return ""
	}
	captured, ok := load.X.(*ssa.FreeVar)
	if !ok {
		return ""
	}
	wrapped, ok := ssax.Binding(captured).(*ssa.Alloc)
	if !ok || onlyParameter(wrapped) == nil {
		return ""
	}
	lit := captured.Parent()
	maker := f.graph.Func(lit.Parent())
	if maker == nil || f.cyclic[maker] {
		return ""
	}
	for instr := range ssax.Instrs(lit.Parent()) {
		if m, ok := instr.(*ssa.MakeClosure); ok && m.Fn == ssa.Value(lit) && ssax.Loops(m.Block()) {
			return ""
		}
	}
	if !f.wrapsOnce(maker, 3) {
		return ""
	}
	return fmt.Sprintf("closures of %s wrap each other, and the program puts them together", maker.Name())
}

// wrapsOnce reports whether the program calls a function that wraps another once each time
// that it is put together: not on a cycle, and in a loop only if that goes through a list of
// such functions, as through middleware; and who calls it keeps the result to itself, or
// returns it and is called so.
func (f *finder) wrapsOnce(maker *program.Func, levels int) bool {
	for _, in := range maker.Ins {
		site, ok := in.Site.(*ssa.Call)
		if !ok || levels == 0 || f.cyclic[in.From] || in.How != program.Value && ssax.Loops(site.Block()) {
			return false
		}
		stays, returned := flow(site)
		if !stays || returned && !f.wrapsOnce(in.From, levels-1) {
			return false
		}
	}
	return true
}

// flow says whether a value stays in the function, which may call it, hand it to others and
// capture it, and whether the function returns it.
func flow(v ssa.Value) (stays, returned bool) {
	seen := map[ssa.Value]bool{}
	work := []ssa.Value{v}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[v] || v.Referrers() == nil {
			continue
		}
		seen[v] = true
		for _, ref := range *v.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Call, *ssa.Defer, *ssa.MakeClosure, *ssa.DebugRef:
			case *ssa.Return:
				returned = true
			case *ssa.Phi:
				work = append(work, ref)
			case *ssa.ChangeType:
				work = append(work, ref)
			case *ssa.UnOp: // the variable that it is in
				work = append(work, ref)
			case *ssa.Store:
				variable, local := ref.Addr.(*ssa.Alloc)
				if !local {
					return false, returned
				}
				work = append(work, variable)
			default:
				return false, returned
			}
		}
	}
	return true, returned
}
