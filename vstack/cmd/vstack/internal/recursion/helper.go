package recursion

import (
	"go/token"
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A parser may leave the counting to a helper, which it calls before anything else:
//
//	if err := p.enter(); err != nil { return err }
//	defer p.leave()
//
// The helper counts for its caller if what it adds is still there when it returns, and if the
// caller does not go on past the bound.

// runsBefore reports whether the call is one of a helper that always runs before the site:
// of the same package, or by its name of another package of the module. graphql-go's
// parsers share a lexer, which counts for them.
func (l *limits) runsBefore(c *program.Call, site ssa.Instruction) bool {
	helper := c.Site.(ssa.Instruction)
	switch {
	case helper.Parent() != site.Parent() || c.How == program.Callback:
		return false
	case c.To.Pkg != c.From.Pkg && (c.How != program.Static || !l.graph.Program.SameModule(c.To.Pkg, c.From.Pkg)):
		return false
	case helper.Block() == site.Block():
		return ssax.Earlier(helper, site)
	}
	return helper.Block().Dominates(site.Block())
}

// helper returns the check of a field that the function that is called makes, or what it
// calls. site is that of the recursion, for the helper itself; says is whether its callers go
// by what it returns.
func (l *limits) helper(c *program.Call, site ssa.Instruction, within func(*program.Func) bool, levels int, seen map[*program.Func]bool, says bool) *check {
	f := c.To
	if levels == 0 || seen[f] || within(f) || len(seen) > 200 {
		return nil
	}
	seen[f] = true
	says = says && l.decides(c, site)
	for _, k := range l.in(f.SSA) {
		if !k.depth {
			continue
		}
		// One that only returns must say so: a tracer that looks no deeper stops nobody.
		if _, ok := field(k.counter); !ok {
			continue
		}
		if l.stops(k.over) || says && returnsOnly(k.over, k.block) || site != nil && l.notes(&k, site) {
			return &k
		}
	}
	for _, out := range f.Out {
		if _, deferred := out.Site.(*ssa.Defer); deferred || out.How == program.Callback {
			continue
		}
		if out.To.Pkg != f.Pkg {
			continue // a limit of something else, reached through a dynamic call
		}
		if found := l.helper(out, nil, within, levels-1, seen, says); found != nil {
			return found
		}
	}
	return nil
}

// decides reports whether what the call returns decides if the site is reached. Without a site
// it is enough that the caller looks at it, or returns it in its turn.
func (l *limits) decides(c *program.Call, site ssa.Instruction) bool {
	return c.Site.Value() != nil && l.decide([]ssa.Value{c.Site.Value()}, site)
}

// notes reports whether the helper sets a field past the bound, as p.err, that decides for its
// caller if the site is reached.
func (l *limits) notes(k *check, site ssa.Instruction) bool {
	set := map[*types.Var]bool{}
	for instr := range ssax.Instrs(k.over.Parent()) {
		if store, ok := instr.(*ssa.Store); ok && k.past(store) {
			counter, _ := field(k.counter)
			if addr, ok := store.Addr.(*ssa.FieldAddr); ok && ssax.Field(addr) != counter {
				set[ssax.Field(addr)] = true
			}
		}
	}
	var read []ssa.Value
	for instr := range ssax.Instrs(site.Parent()) {
		if load, ok := instr.(*ssa.UnOp); ok && load.Op == token.MUL {
			if addr, ok := load.X.(*ssa.FieldAddr); ok && set[ssax.Field(addr)] {
				read = append(read, load)
			}
		}
	}
	return l.decide(read, site)
}

func (l *limits) decide(results []ssa.Value, site ssa.Instruction) bool {
	for _, use := range ssax.Uses(results, partOf) {
		switch use := use.(type) {
		case *ssa.If:
			if site == nil || slices.ContainsFunc(use.Block().Succs, func(next *ssa.BasicBlock) bool {
				return l.stops(next) || !ssax.Reaches(next, site.Block(), use.Block())
			}) {
				return true
			}
		case *ssa.Return:
			if site == nil {
				return true
			}
		case *ssa.Call: // must(p.enter())
			if callee := use.Common().StaticCallee(); callee != nil && slices.ContainsFunc(callee.Blocks, l.stops) {
				return true
			}
		}
	}
	return false
}

// partOf returns what a use makes of a result before it is looked at.
func partOf(v ssa.Value, use ssa.Instruction) ssa.Value {
	switch use := use.(type) {
	case *ssa.Extract, *ssa.BinOp, *ssa.UnOp, *ssa.Phi, *ssa.MakeInterface, *ssa.ChangeInterface, *ssa.TypeAssert, *ssa.Call:
		return use.(ssa.Value)
	case *ssa.Store:
		if variable, ok := use.Addr.(*ssa.Alloc); ok && use.Val == v {
			return variable
		}
	}
	return nil
}

// counted reports whether the helper counts for its caller: on something that the caller
// has not just made, and not up for what it does itself and down again. A parser's types may
// have a limit, and its expressions, which ask for a type first, none. round is the call that
// the limit is to stop.
func (l *limits) counted(c *program.Call, k *check, round *program.Call) bool {
	args := c.Site.Common().Args
	if len(args) > 0 && isNew(args[0]) {
		return false
	}
	if c.To.Pkg != c.From.Pkg && (len(args) == 0 || !isGiven(round, root(args[0]))) {
		return false // each level may have a counter of its own
	}
	held, _ := field(k.counter)
	if held == nil {
		return c.To.Pkg == c.From.Pkg
	}
	if c.To.Pkg != c.From.Pkg && (!nestName.MatchString(held.Name()) || !steps(c.To.SSA, held, token.ADD)) {
		return false // another package has attempts, and trees of some height
	}
	seen := map[*program.Func]bool{c.To: true}
	for all := []*program.Func{c.To}; len(all) > 0 && len(seen) < 200; all = all[1:] {
		if k.takenBack(all[0].SSA, held) {
			return false
		}
		for _, out := range all[0].Out { // those of literals that it calls or defers too
			if out.To.Pkg == c.To.Pkg && !seen[out.To] && !k.past(out.Site.(ssa.Instruction)) {
				seen[out.To] = true
				all = append(all, out.To)
			}
		}
	}
	return true
}

// root returns what v is read from, through fields and pointers.
func root(v ssa.Value) ssa.Value {
	for {
		switch x := v.(type) {
		case *ssa.UnOp:
			v = x.X
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.Field:
			v = x.X
		case *ssa.Alloc:
			stored := slices.Collect(ssax.Stored(x))
			if len(stored) != 1 { // of a parameter that is a value, or is captured, it is one
				return x
			}
			v = stored[0]
		default:
			return v
		}
	}
}

// isNew reports whether the function makes v, or has it made.
func isNew(v ssa.Value) bool {
	switch root(v).(type) {
	case *ssa.Call, *ssa.Alloc:
		return true
	}
	return false
}

// isGiven reports whether the call is given the parameter as it is.
func isGiven(c *program.Call, p ssa.Value) bool {
	common := c.Site.Common()
	return slices.ContainsFunc(slices.Concat([]ssa.Value{common.Value}, common.Args), func(v ssa.Value) bool { return v == p })
}

// past reports whether the instruction runs past the bound only.
func (k *check) past(instr ssa.Instruction) bool {
	return k.over.Parent() == instr.Parent() && ssax.Before(k.over, instr.Block())
}

// takenBack reports whether fn may take back what it, or what calls it, has added to the
// counter, other than past the bound: OPA's parser takes back what is too much. A tokenizer
// that counts brackets adds for one kind and takes for the other, and never both.
func (k *check) takenBack(fn *ssa.Function, counter *types.Var) bool {
	up := token.ADD
	if k.zero {
		up = token.SUB // a budget
	}
	var ups, downs []*ssa.Store
	for store := range storesTo(fn, counter) {
		switch {
		case k.past(store):
		case isStepOf(store.Val, counter, up) || isAppend(store.Val):
			ups = append(ups, store)
		default: // or the value that it had before
			downs = append(downs, store)
		}
	}
	return slices.ContainsFunc(downs, func(down *ssa.Store) bool {
		return len(ups) == 0 || slices.ContainsFunc(ups, func(up *ssa.Store) bool { return !ssax.Later(up, down) })
	})
}

func isAppend(v ssa.Value) bool {
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == "append"
}
