package recursion

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"iter"
	"regexp"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// bounded takes calls of the set that cannot get deep out of the graph, until
// there are no more of them, and says why.
func (f *finder) bounded(set []*program.Func, out map[*program.Call]bool) (reasons []string) {
	keep := func(c *program.Call) bool { return !out[c] }
	for {
		n := len(reasons)
		for _, s := range components(set, keep) {
			reasons = append(reasons, f.boundedOnce(s, within(s, keep), out)...)
		}
		if len(reasons) == n {
			return reasons
		}
	}
}

// boundedOnce takes out what can be told to be bounded while the calls are all there.
func (f *finder) boundedOnce(set []*program.Func, calls []*program.Call, out map[*program.Call]bool) (reasons []string) {
	for _, c := range calls {
		if why := f.lazyRound(c, calls); why != "" {
			out[c] = true
			reasons = append(reasons, why)
		} else if why := f.once(c, calls); why != "" {
			out[c] = true
			reasons = append(reasons, fmt.Sprintf("%s calls itself at most once again, %s", c.From.Name(), why))
		}
	}
	if len(reasons) > 0 {
		return reasons
	}
	for _, g := range f.sizes.Groups(calls) {
		why := f.groupBound(set, g)
		if why == "" {
			why = goTypes(calls, g)
		}
		if why == "" {
			continue
		}
		for _, l := range g {
			if l.Rel.Change >= sizechange.Counted && !out[l.Call] {
				out[l.Call] = true
				reasons = append(reasons, why)
			}
		}
	}
	return distinct(reasons)
}

// groupBound says why a cycle of slots cannot be gone round often.
func (f *finder) groupBound(set []*program.Func, g []sizechange.Link) string {
	var has [sizechange.Part + 1]bool
	up := false
	for _, l := range g {
		has[l.Rel.Change] = true
		up = up || l.Rel.Up
	}
	v := g[0].To.Value()
	if v != nil && has[sizechange.Part] && arePaths(g) && callsOS(set) {
		has[sizechange.Part], has[sizechange.Joined] = false, true
	}
	switch {
	case v == nil:
		return ""
	case has[sizechange.Part]:
		return f.downTable(g)
	case has[sizechange.Half] && !has[sizechange.Counted]:
		return fmt.Sprintf("%s halves: the depth is the logarithm of it", v.Name())
	case has[sizechange.Half]:
		return fmt.Sprintf("%s is divided: the depth is the logarithm of it", v.Name())
	case has[sizechange.Joined]:
		return fmt.Sprintf("%s is a path in a file system, whose length is limited", v.Name())
	case has[sizechange.Counted]:
		b, ok := v.Type().Underlying().(*types.Basic)
		if !ok {
			return ""
		}
		if !slices.ContainsFunc(g, func(l sizechange.Link) bool { return l.To.Value() == nil || !isSmall(l.To.Value().Type()) }) {
			return fmt.Sprintf("%s is a small integer (%s) that counts", v.Name(), b.Name())
		}
		if n, ok := f.constantCallers(set, g, up); ok {
			return fmt.Sprintf("%s counts from a constant (%d)", v.Name(), n)
		}
	}
	return ""
}

func isSmall(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	switch b.Kind() {
	case types.Int8, types.Uint8, types.Int16, types.Uint16:
		return true
	}
	return false
}

// goTypes says that a recursion follows a Go type: every call hands on one that it
// was given, or a part of that. A type is as deep as the program declares it.
func goTypes(calls []*program.Call, g []sizechange.Link) string {
	handed := map[*program.Call]bool{}
	for _, l := range g {
		v := l.To.Value()
		if v == nil || !sizechange.DescribesType(v.Type()) {
			return ""
		}
		handed[l.Call] = true
	}
	for _, c := range calls {
		if !handed[c] {
			return ""
		}
	}
	return fmt.Sprintf("%s is a Go type, as deep as it is declared", g[0].To.Value().Name())
}

var pathName = regexp.MustCompile(`(?i)path|dir|file|^base$|^root$|^name$`)

// arePaths reports whether all that the links hand on are strings and paths by their names.
// In cue one group has slots of hundreds of functions, and one of them is a file name.
func arePaths(g []sizechange.Link) bool {
	return !slices.ContainsFunc(g, func(l sizechange.Link) bool {
		v := l.To.Value()
		return v == nil || !ssax.IsString(v.Type()) || !pathName.MatchString(v.Name())
	})
}

// callsOS reports whether the functions use the file system.
func callsOS(set []*program.Func) bool {
	for _, fn := range set {
		for _, b := range fn.SSA.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(ssa.CallInstruction)
				if !ok {
					continue
				}
				callee := call.Common().StaticCallee()
				if callee == nil || callee.Object() == nil || callee.Object().Pkg() == nil {
					continue
				}
				switch callee.Object().Pkg().Path() {
				case "os", "io/fs", "syscall", "io/ioutil", "golang.org/x/sys/unix", "internal/syscall/unix":
					return true
				}
			}
		}
	}
	return false
}

// constantCallers reports whether the counter of g gets nothing but constants
// from outside the set, and the largest.
func (f *finder) constantCallers(set []*program.Func, g []sizechange.Link, up bool) (largest int64, ok bool) {
	in := members(set)
	for _, l := range g {
		p := l.To.Param()
		if p == nil {
			return 0, false
		}
		fn := l.To.Func
		if callable(fn) {
			return 0, false
		}
		for _, c := range fn.Ins {
			if in[c.From] {
				continue
			}
			args := c.Site.Common().Args
			if c.How != program.Static || l.To.Index >= len(args) {
				return 0, false
			}
			n, isConst := f.constant(args[l.To.Index], 3)
			if !isConst || n > 10_000 {
				return 0, false
			}
			largest = max(largest, n)
			ok = true
		}
		if up {
			// It counts up to something: that must be constant too.
			if !f.comparedWithConstant(p) {
				return 0, false
			}
		}
	}
	return largest, ok
}

// callable reports whether anybody may call fn, so that its callers are not all known.
func callable(fn *program.Func) bool {
	obj := fn.Object()
	return obj == nil || obj.Exported() || fn.Handed
}

// constant returns the largest value that v can have, if it is a constant, is
// masked with one, or is a parameter of an unexported function that gets nothing
// else.
func (f *finder) constant(v ssa.Value, levels int) (largest int64, ok bool) {
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value == nil || !ssax.IsInteger(v.Type()) {
			return 0, false
		}
		return v.Int64(), true
	case *ssa.BinOp:
		c, isConst := v.Y.(*ssa.Const)
		if !isConst || c.Value == nil || !ssax.IsInteger(c.Type()) || c.Int64() <= 0 {
			return 0, false
		}
		switch v.Op {
		case token.AND, token.REM: // at most the mask, less than the divisor
			return c.Int64(), true
		}
	case *ssa.Convert:
		if b, ok := v.X.Type().Underlying().(*types.Basic); ok {
			switch b.Kind() {
			case types.Int8, types.Uint8:
				return 255, true
			}
		}
		return f.constant(v.X, levels)
	case *ssa.Parameter:
		return f.passed(v, levels)
	}
	return 0, false
}

// passed returns the largest value that the calls of an unexported function give a
// parameter, if all of them give it constants.
func (f *finder) passed(p *ssa.Parameter, levels int) (largest int64, ok bool) {
	fn := f.graph.Func(p.Parent())
	if levels == 0 || fn == nil {
		return 0, false
	}
	if callable(fn) {
		return 0, false
	}
	index := slices.Index(p.Parent().Params, p)
	for _, c := range fn.Ins {
		args := c.Site.Common().Args
		if c.How != program.Static || index >= len(args) {
			return 0, false
		}
		n, isConst := f.constant(args[index], levels-1)
		if !isConst {
			return 0, false
		}
		largest, ok = max(largest, n), true
	}
	return largest, ok
}

func (f *finder) comparedWithConstant(p *ssa.Parameter) bool {
	for _, ref := range *p.Referrers() {
		if b, ok := ref.(*ssa.BinOp); ok {
			switch b.Op {
			case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL:
				if _, ok := b.Y.(*ssa.Const); ok || f.fixedLength(b.Y) {
					return true
				}
			}
		}
	}
	return false
}

// once says why the call can be made only by a first activation of its caller: it
// depends on a parameter, and the calls on the cycle give that a constant for which the
// call is not made, or something of another type. "" if that cannot be told.
func (f *finder) once(c *program.Call, calls []*program.Call) string {
	site := c.Site.(ssa.Instruction)
	fn := site.Parent()
	if p, ok := c.Site.Common().Value.(*ssa.Parameter); ok && c.How == program.Value {
		index := slices.Index(fn.Params, p)
		if !slices.ContainsFunc(slices.Collect(callsOf(calls, c.From)), func(in *program.Call) bool { return mayBe(in, index, c.Callee) }) {
			return "with another function to call"
		}
	}
	if typ := f.kinds.never(c, calls); typ != nil {
		return fmt.Sprintf("with what is no %s", types.TypeString(typ, (*types.Package).Name))
	}
	for _, b := range fn.Blocks {
		if len(b.Instrs) == 0 || b == site.Block() || !b.Dominates(site.Block()) {
			continue
		}
		branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		why := "with another flag"
		p, eval := condition(branch.Cond)
		if p == nil {
			var typ types.Type
			if p, typ = asserted(branch.Cond); p == nil {
				continue
			}
			why = fmt.Sprintf("with what is no %s", types.TypeString(typ, (*types.Package).Name))
			eval = func(arg ssa.Value, b *ssa.BasicBlock) (value, known bool) {
				return false, !f.kinds.may(arg, typ, b, map[*ssa.Phi]bool{})
			}
		}
		may := f.kinds.comes(c, p, calls, func(arg ssa.Value, at *ssa.BasicBlock) (*ssa.Parameter, bool) {
			if taken, known := eval(arg, at); known {
				return nil, ssax.Reaches(b.Succs[branchOf(taken)], site.Block(), b)
			}
			q, ok := arg.(*ssa.Parameter) // handed on as it is
			return q, !ok
		})
		if !may {
			return why // whatever the cycle passes, the branch to the call is not taken
		}
	}
	return ""
}

// mayBe reports whether the call may pass the function as argument index. otto's catchPanic
// calls what it is given, and is given a function of its own by each of its callers.
func mayBe(in *program.Call, index int, fn *ssa.Function) bool {
	arg := argument(in, index)
	if closure, ok := arg.(*ssa.MakeClosure); ok {
		arg = closure.Fn
	}
	given, ok := arg.(*ssa.Function)
	return !ok || given == fn || given.Synthetic != "" || fn.Synthetic != "" // a bound method, an instance
}

// callsOf yields the calls of fn.
func callsOf(calls []*program.Call, fn *program.Func) iter.Seq[*program.Call] {
	return func(yield func(*program.Call) bool) {
		for _, c := range calls {
			if c.To == fn && !yield(c) {
				return
			}
		}
	}
}

// branchOf returns the number of the successor of a block that ends with a condition.
func branchOf(taken bool) int {
	if taken {
		return 0
	}
	return 1
}

// An evaluator tells the value of a condition from an argument that a block passes.
type evaluator func(arg ssa.Value, b *ssa.BasicBlock) (value, known bool)

// constantly makes an evaluator of one for constant arguments.
func constantly(eval func(*ssa.Const) (value, known bool)) evaluator {
	return func(arg ssa.Value, _ *ssa.BasicBlock) (value, known bool) {
		c, ok := arg.(*ssa.Const)
		if !ok {
			return false, false
		}
		return eval(c)
	}
}

// condition returns the parameter that cond depends on, and how to tell its
// value from a constant argument.
func condition(cond ssa.Value) (*ssa.Parameter, evaluator) {
	switch v := cond.(type) {
	case *ssa.Parameter:
		return v, constantly(func(c *ssa.Const) (bool, bool) {
			if c.Value == nil || c.Value.Kind() != constant.Bool {
				return false, false
			}
			return constant.BoolVal(c.Value), true
		})
	case *ssa.UnOp:
		if v.Op == token.NOT {
			p, eval := condition(v.X)
			if p == nil {
				return nil, nil
			}
			return p, func(arg ssa.Value, b *ssa.BasicBlock) (bool, bool) {
				value, known := eval(arg, b)
				return !value, known
			}
		}
	case *ssa.BinOp:
		x, y := v.X, v.Y
		if _, ok := x.(*ssa.Const); ok {
			x, y = y, x
		}
		p, ok := x.(*ssa.Parameter)
		c, ok2 := y.(*ssa.Const)
		if !ok || !ok2 || v.Op != token.EQL && v.Op != token.NEQ {
			return nil, nil
		}
		return p, constantly(func(arg *ssa.Const) (bool, bool) {
			equal := false
			switch {
			case arg.Value == nil || c.Value == nil:
				equal = arg.Value == nil && c.Value == nil
			default:
				equal = constant.Compare(arg.Value, token.EQL, c.Value)
			}
			return equal == (v.Op == token.EQL), true
		})
	}
	return nil, nil
}
