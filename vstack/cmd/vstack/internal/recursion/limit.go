package recursion

import (
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// Many recursions have a limit of their own: a counter that is compared with a
// bound, and an error, a panic or a return past it. The counter is a parameter
// (depth+1 on the way down) or a field (p.depth++, p.depth--); the comparison may
// be in a helper. Counters of other things (errors, positions) are told apart by
// their names.

var (
	depthName = regexp.MustCompile(`(?i)depth|nest|level|lev$|recur|height|deep|hops|generation|retr(y|ies)|attempt`)
	boundName = regexp.MustCompile(`(?i)budget|fuel|quota|remaining`)
	limitName = regexp.MustCompile(`(?i)max|limit`)
	nestName  = regexp.MustCompile(`(?i)depth|nest|recur|deep`) // and nothing else
	otherName = regexp.MustCompile(`(?i)err|warn|len$|size|width|line|col|pos|offset|indent`)
)

// A limit is a comparison that bounds a recursion.
type limit struct {
	pos  token.Pos
	text string // the comparison
}

type limits struct {
	graph    *program.Graph
	checks   map[*ssa.Function][]check
	returns  map[*ssa.Function]bool
	compared map[*ssa.Function]map[token.Pos]*ast.BinaryExpr
	stepped  map[*types.Var]bool // fields that something counts with
	listened bool
	rules    *limit // that a parse listener keeps
}

// A check is an If in fn that compares a counter with a bound.
type check struct {
	limit
	block   *ssa.BasicBlock // ends in the If
	over    *ssa.BasicBlock // where it goes past the bound
	counter ssa.Value
	bound   ssa.Value
	zero    bool // the bound is 0 or 1: the counter counts down
	depth   bool // the names say that it is a depth
}

func newLimits(g *program.Graph) *limits {
	return &limits{
		graph:    g,
		checks:   map[*ssa.Function][]check{},
		returns:  map[*ssa.Function]bool{},
		compared: map[*ssa.Function]map[token.Pos]*ast.BinaryExpr{},
		stepped:  map[*types.Var]bool{},
	}
}

// find returns the limit that stands before the call, if any: in the function
// that it is in, or in a function that this has called before. counters are the
// parameters that count the levels.
func (l *limits) find(c *program.Call, within func(*program.Func) bool, counters func(*ssa.Parameter) counting) *limit {
	site := c.Site.(ssa.Instruction)
	for _, k := range l.in(site.Parent()) {
		if l.before(k, site) && k.counts(counters) && !k.restarts(c, within) {
			return &k.limit
		}
	}
	for _, out := range c.From.Out {
		if out == c || within(out.To) || !l.runsBefore(out, site) {
			continue
		}
		if k := l.helper(out, site, within, 4, map[*program.Func]bool{}, true); k != nil && l.counted(out, k, c) {
			return &k.limit
		}
	}
	return nil
}

// before reports whether the site is reached on the near side of the bound only: past it
// the function returns, or does not go on.
func (l *limits) before(k check, site ssa.Instruction) bool {
	return ssax.Before(k.block, site.Block()) && (!ssax.Reaches(k.over, site.Block(), k.block) || l.stops(k.over))
}

// counts reports whether what is compared counts the levels: a parameter that the cycle
// counts with while something else is walked, or one that is called a depth, or a field of
// such a name.
func (k check) counts(counters func(*ssa.Parameter) counting) bool {
	if p, ok := strip(k.counter).(*ssa.Parameter); ok && ssax.IsInteger(p.Type()) {
		n := counters(p)
		if k.zero && !n.down {
			return false // depth == 0 asks for the top level
		}
		if n.counts && n.walks || k.depth {
			return true
		}
	}
	_, ok := field(k.counter)
	return ok && k.depth
}

// restarts reports whether a way from the call leads back to the function with the parameter
// that counts by a call that gives it a constant: each time round it counts anew.
func (k check) restarts(c *program.Call, within func(*program.Func) bool) bool {
	p, ok := strip(k.counter).(*ssa.Parameter)
	if !ok {
		return false
	}
	index := slices.Index(p.Parent().Params, p)
	anew := func(c *program.Call) bool {
		arg := given(c, index)
		_, constant := arg.(*ssa.Const)
		return constant
	}
	if c.To == c.From {
		return anew(c)
	}
	work, seen := []*program.Func{c.To}, map[*program.Func]bool{c.To: true}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		for _, out := range fn.Out {
			switch {
			case out.To == c.From:
				if anew(out) {
					return true
				}
			case within(out.To) && !seen[out.To]:
				seen[out.To] = true
				work = append(work, out.To)
			}
		}
	}
	return false
}

// returnsOnly reports whether the branch leaves the function without joining
// the other one.
func returnsOnly(over, from *ssa.BasicBlock) bool {
	other := from.Succs[0]
	if other == over {
		other = from.Succs[1]
	}
	for b := range ssax.Blocks([]*ssa.BasicBlock{over}, nil) {
		if b == other || !over.Dominates(b) {
			return false
		}
	}
	return true
}

// stops reports whether the block panics or calls a function that never
// returns.
func (l *limits) stops(b *ssa.BasicBlock) bool {
	for _, instr := range b.Instrs {
		switch instr := instr.(type) {
		case *ssa.Panic:
			return true
		case *ssa.Call:
			if fn := instr.Common().StaticCallee(); fn != nil && l.never(fn, 4) {
				return true
			}
		}
	}
	return false
}

// never reports whether fn never returns, as functions that panic with an error.
func (l *limits) never(fn *ssa.Function, levels int) (never bool) {
	if never, ok := l.returns[fn]; ok {
		return never
	}
	if fn.Blocks == nil || levels == 0 {
		return false
	}
	l.returns[fn] = false // for recursion
	defer func() { l.returns[fn] = never }()
	// A return that is reached without passing a call that never returns.
	passes := func(b *ssa.BasicBlock) bool {
		return !slices.ContainsFunc(b.Instrs, func(instr ssa.Instruction) bool {
			call, ok := instr.(*ssa.Call)
			if !ok {
				return false
			}
			callee := call.Common().StaticCallee()
			return callee != nil && callee != fn && l.never(callee, levels-1)
		})
	}
	for b := range ssax.Blocks(fn.Blocks[:1], passes) {
		if isReturn(b.Instrs[len(b.Instrs)-1]) && passes(b) {
			return false
		}
	}
	return true
}

// in returns the checks of fn.
func (l *limits) in(fn *ssa.Function) []check {
	if found, ok := l.checks[fn]; ok {
		return found
	}
	var found []check
	for _, b := range fn.Blocks {
		if k, ok := l.ending(b); ok {
			found = append(found, k)
		}
	}
	l.checks[fn] = found
	return found
}

// ending returns the check that the If at the end of b makes, if it makes one.
func (l *limits) ending(b *ssa.BasicBlock) (check, bool) {
	if len(b.Instrs) == 0 {
		return check{}, false
	}
	branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return check{}, false
	}
	if cmp, ok := branch.Cond.(*ssa.BinOp); ok {
		return l.compare(b.Parent(), b, cmp)
	}
	return l.asked(b, branch.Cond)
}

// compare returns the check that a block of fn makes with a comparison.
func (l *limits) compare(fn *ssa.Function, b *ssa.BasicBlock, cmp *ssa.BinOp) (check, bool) {
	expr := l.expr(fn, cmp.Pos())
	if expr == nil {
		return check{}, false
	}
	k, ok := comparison(b, cmp, expr)
	if !ok {
		return check{}, false
	}
	k.pos = expr.Pos()
	k.text = types.ExprString(expr)
	_, param := strip(k.counter).(*ssa.Parameter)
	k.depth = isDepth(expr, k.zero, param)
	if v, ok := field(k.counter); ok && v != nil && !k.zero && upAndDown(fn, v) {
		k.depth = true // whatever its name
	}
	return k, true
}

// comparison takes apart counter > bound, bound < counter and the like. The
// counter is an integer parameter or field, or the length of a field.
func comparison(b *ssa.BasicBlock, cmp *ssa.BinOp, expr *ast.BinaryExpr) (check, bool) {
	x, y, op := cmp.X, cmp.Y, cmp.Op
	if !isCounter(x) || isCounter(y) && slices.ContainsFunc(identifiers(expr.X), limitName.MatchString) {
		x, y = y, x
		switch op {
		case token.LSS:
			op = token.GTR
		case token.LEQ:
			op = token.GEQ
		case token.GTR:
			op = token.LSS
		case token.GEQ:
			op = token.LEQ
		}
	}
	if !isCounter(x) || !isBound(y) {
		return check{}, false
	}
	k := check{block: b, counter: x, bound: y}
	if c, ok := y.(*ssa.Const); ok && c.Value != nil {
		k.zero = c.Int64() <= 1
		if c.Int64() < 0 {
			return check{}, false // "no limit", more likely
		}
	}
	// With a budget that counts down to 0 the small side is over.
	switch op {
	case token.GTR, token.GEQ:
		k.over = b.Succs[0]
		if k.zero {
			k.over = b.Succs[1]
		}
	case token.LSS, token.LEQ:
		k.over = b.Succs[1]
		if k.zero {
			k.over = b.Succs[0]
		}
	case token.EQL:
		k.over = b.Succs[0]
	case token.NEQ:
		k.over = b.Succs[1]
	default:
		return check{}, false
	}
	return k, true
}

// strip removes conversions and steps of a constant, also those of a loop.
func strip(v ssa.Value) ssa.Value {
	for range 20 {
		switch x := v.(type) {
		case *ssa.Phi:
			p, ok := counter(x, map[ssa.Value]bool{})
			if !ok || p == nil {
				return v
			}
			return p
		case *ssa.Convert:
			v = x.X
		case *ssa.ChangeType:
			v = x.X
		case *ssa.BinOp:
			if _, ok := x.Y.(*ssa.Const); !ok || x.Op != token.ADD && x.Op != token.SUB {
				return v
			}
			v = x.X
		default:
			return v
		}
	}
	return v
}

// counter returns the parameter that v is plus or minus constants, in a loop
// perhaps.
func counter(v ssa.Value, seen map[ssa.Value]bool) (p *ssa.Parameter, ok bool) {
	if seen[v] {
		return nil, true
	}
	seen[v] = true
	switch x := v.(type) {
	case *ssa.Parameter:
		return x, true
	case *ssa.BinOp:
		if _, ok := x.Y.(*ssa.Const); ok && (x.Op == token.ADD || x.Op == token.SUB) {
			return counter(x.X, seen)
		}
	case *ssa.Phi:
		for _, e := range x.Edges {
			q, ok := counter(e, seen)
			if !ok || p != nil && q != nil && p != q {
				return nil, false
			}
			if q != nil {
				p = q
			}
		}
		return p, true
	}
	return nil, false
}

// field returns the field that v is read from, or whose length it is.
func field(v ssa.Value) (*types.Var, bool) {
	switch x := strip(v).(type) {
	case *ssa.UnOp:
		switch addr := x.X.(type) {
		case *ssa.FieldAddr:
			if v := ssax.Field(addr); v != nil {
				return v, true
			}
		case *ssa.Global, *ssa.FreeVar:
			return nil, true
		}
	case *ssa.Call:
		if b, ok := x.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" {
			return field(x.Call.Args[0])
		}
	}
	return nil, false
}

func isCounter(v ssa.Value) bool {
	if !ssax.IsInteger(v.Type()) {
		return false
	}
	if _, ok := strip(v).(*ssa.Parameter); ok {
		return true
	}
	_, ok := field(v)
	return ok
}

// isBound reports whether v is constant, or a variable or field that nobody
// would walk.
func isBound(v ssa.Value) bool {
	switch x := strip(v).(type) {
	case *ssa.Const:
		return ssax.IsInteger(x.Type())
	case *ssa.Parameter:
		return ssax.IsInteger(x.Type())
	case *ssa.UnOp:
		_, ok := field(x)
		return ok && ssax.IsInteger(x.Type())
	}
	return false
}

// upAndDown reports whether fn adds to the field and, itself or in a function
// literal that it defers, takes from it again.
func upAndDown(fn *ssa.Function, v *types.Var) bool {
	all := append([]*ssa.Function{fn}, fn.AnonFuncs...)
	return slices.ContainsFunc(all, func(f *ssa.Function) bool { return steps(f, v, token.ADD) }) &&
		slices.ContainsFunc(all, func(f *ssa.Function) bool { return steps(f, v, token.SUB) })
}

// steps reports whether fn adds to the field, or takes from it.
func steps(fn *ssa.Function, v *types.Var, op token.Token) bool {
	for store := range storesTo(fn, v) {
		if isStepOf(store.Val, v, op) {
			return true
		}
	}
	return false
}

// isStepOf reports whether v is the field plus something, or minus.
func isStepOf(v ssa.Value, of *types.Var, op token.Token) bool {
	step, ok := v.(*ssa.BinOp)
	if !ok || step.Op != op {
		return false
	}
	held, _ := field(step)
	return held == of
}

// storesTo yields the stores of fn to the field.
func storesTo(fn *ssa.Function, v *types.Var) iter.Seq[*ssa.Store] {
	return func(yield func(*ssa.Store) bool) {
		for instr := range ssax.Instrs(fn) {
			store, ok := instr.(*ssa.Store)
			if !ok {
				continue
			}
			if addr, ok := store.Addr.(*ssa.FieldAddr); ok && ssax.Field(addr) == v && !yield(store) {
				return
			}
		}
	}
}

func identifiers(e ast.Expr) (names []string) {
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// isDepth reports whether the names in a comparison are those of a depth.
func isDepth(expr *ast.BinaryExpr, zero, param bool) bool {
	all := identifiers(expr)
	if slices.ContainsFunc(all, otherName.MatchString) && !slices.ContainsFunc(all, depthName.MatchString) {
		return false
	}
	if slices.ContainsFunc(all, func(s string) bool { return strings.Contains(strings.ToLower(s), "err") }) {
		return false
	}
	if zero {
		// A nesting level is compared with 0 to find the end of something; what
		// is left of a budget is compared with 0 to stop.
		return slices.ContainsFunc(all, boundName.MatchString) ||
			param && (slices.ContainsFunc(all, limitName.MatchString) || slices.ContainsFunc(all, depthName.MatchString))
	}
	return slices.ContainsFunc(all, depthName.MatchString) || slices.ContainsFunc(all, boundName.MatchString)
}

// expr returns the comparison at pos of its operator.
func (l *limits) expr(fn *ssa.Function, pos token.Pos) *ast.BinaryExpr {
	if m, ok := l.compared[fn]; ok {
		return m[pos]
	}
	m := map[token.Pos]*ast.BinaryExpr{}
	if fn.Syntax() != nil {
		ast.Inspect(fn.Syntax(), func(n ast.Node) bool {
			if e, ok := n.(*ast.BinaryExpr); ok {
				m[e.OpPos] = e
			}
			return true
		})
	}
	l.compared[fn] = m
	return m[pos]
}
