package recursion

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// ANTLR's generated parsers have no limit, but a program may keep one in a parse
// listener, which the runtime calls as each rule is entered: cel-go's panics past a
// depth of 250. It is two calls through interfaces away from the recursion.

// listener returns the limit that a listener of the program keeps; nil if it has none.
func (l *limits) listener() *limit {
	if l.listened {
		return l.rules
	}
	l.listened = true
	for _, fn := range l.graph.Funcs {
		if fn.SSA.Name() != "EnterEveryRule" || fn.SSA.Signature.Recv() == nil {
			continue
		}
		for _, b := range fn.SSA.Blocks {
			cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
			if !ok || !l.stops(b.Succs[0]) && !l.stops(b.Succs[1]) {
				continue
			}
			cmp, ok := cond.Cond.(*ssa.BinOp)
			if !ok {
				continue
			}
			if expr := l.expr(fn.SSA, cmp.Pos()); expr != nil && slices.ContainsFunc(identifiers(expr), depthName.MatchString) {
				l.rules = &limit{expr.Pos(), types.ExprString(expr)}
			}
		}
	}
	return l.rules
}

// inRule returns the listener's limit if the call is in a rule of a generated parser,
// after its entry.
func (l *limits) inRule(c *program.Call) *limit {
	rules := l.listener()
	if rules == nil {
		return nil
	}
	site := c.Site.(ssa.Instruction)
	for instr := range ssax.Instrs(site.Parent()) {
		call, ok := instr.(ssa.CallInstruction)
		if !ok {
			continue
		}
		if name := methodName(call.Common()); (name == "EnterRule" || name == "EnterRecursionRule") && ssax.Before(instr.Block(), site.Block()) {
			return rules
		}
	}
	return nil
}

func methodName(c *ssa.CallCommon) string {
	if c.IsInvoke() {
		return c.Method.Name()
	}
	if callee := c.StaticCallee(); callee != nil {
		return callee.Name()
	}
	return ""
}

// isParseTree reports whether t is a node of a parse tree of ANTLR's.
func isParseTree(t types.Type) bool {
	named, ok := types.Unalias(ssax.Deref(t)).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return false
	}
	return strings.Contains(named.Obj().Pkg().Path(), "antlr") ||
		types.NewMethodSet(t).Lookup(nil, "GetRuleContext") != nil
}
