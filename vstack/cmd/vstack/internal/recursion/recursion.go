// Package recursion finds the cycles of a call graph, tells how deep they can
// go and whether something stops them, and looks at the guards on them.
package recursion

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A Status says whether a cycle can crash the program.
type Status string

// The states of a cycle. The tool complains of the first only.
const (
	Unguarded Status = "unguarded" // its depth depends on data and nothing stops it
	Guarded   Status = "guarded"   // every way round it passes a guard of vstack
	Limited   Status = "limited"   // every way round it passes a depth limit of its own
	Bounded   Status = "bounded"   // it cannot get deep
	Unclear   Status = "unclear"   // nothing was found that its depth depends on
	Silenced  Status = "silenced"  // by a comment //vstack:ok
)

// A Cycle is a set of functions that call each other.
type Cycle struct {
	Status Status
	Reason string // what its depth depends on, or what bounds it
	Funcs  []*program.Func
	Chain  []*program.Call // a shortest way round, from the function where it is entered
	Calls  []*program.Call // all that can get deep, for an unguarded cycle
	Tail   bool            // every call is the last thing that its caller does: a loop would do
	Rank   Rank
	Root   *program.Func   // from which it is reached; nil if Rank is Internal
	Guards []*program.Func // that stand on it
	Others []string        // guards or limits that stop other ways round it
}

// Start returns the function that the cycle is reported at.
func (c *Cycle) Start() *program.Func { return c.Funcs[0] }

// Graph returns the calls of an unguarded cycle: node i is Funcs[i].
func (c *Cycle) Graph() graph.Digraph {
	g, _ := digraph(c.Funcs, c.Calls)
	return g
}

// A Rank says who can drive a cycle, the worst first.
type Rank int

// The ranks.
const (
	Decoder  Rank = iota // reached from UnmarshalJSON, Decode, Parse and the like
	Handler              // from an HTTP handler
	Exported             // from another exported function
	Main                 // from main or init
	Internal             // from nowhere that was found
)

func (r Rank) String() string {
	return [...]string{"decoder", "handler", "exported", "main", "internal"}[r]
}

// A Cost is a guard that is not as it should be.
type Cost struct {
	Pos     token.Pos
	Func    *program.Func
	Message string
}

// A Result is what Find found, the worst first.
type Result struct {
	Graph  *program.Graph
	Cycles []*Cycle
	Costs  []Cost
	Fset   *token.FileSet
}

type finder struct {
	graph   *program.Graph
	fset    *token.FileSet
	guards  map[*program.Func][]guard.Guard
	guarded map[*program.Func]bool // has a guard that works
	ok      comments
	limits  *limits
	tracers map[*ssa.Function]*tracer
	rank    map[*program.Func]Rank
	root    map[*program.Func]*program.Func
	costs   []Cost
	cyclic  map[*program.Func]bool // on a cycle of whatever kind
	made    map[*types.Named]making
	makers  map[*types.Named][]*program.Func
	limited map[*program.Func]bool // on a cycle with a limit of its own
}

// Find looks for recursion in the graph.
func Find(g *program.Graph) *Result {
	f := &finder{
		graph:   g,
		fset:    g.Program.Fset,
		guards:  map[*program.Func][]guard.Guard{},
		guarded: map[*program.Func]bool{},
		limits:  newLimits(g),
		tracers: map[*ssa.Function]*tracer{},
		cyclic:  map[*program.Func]bool{},
		limited: map[*program.Func]bool{},
	}
	f.ok = findComments(g.Program)
	f.costs = append(f.costs, f.ok.bad...)
	f.findGuards()
	f.reach()
	var cycles []*Cycle
	found := components(g.Funcs, nil)
	for _, component := range found {
		for _, fn := range component {
			f.cyclic[fn] = true
		}
	}
	for _, component := range found {
		cycles = append(cycles, f.component(component)...)
	}
	for _, c := range cycles {
		if c.Status == Limited {
			for _, fn := range c.Funcs {
				f.limited[fn] = true
			}
		}
	}
	for _, c := range cycles {
		if by := f.builtUnderLimit(c); by != nil {
			c.Status = Limited
			c.Reason = fmt.Sprintf("what it walks is built by %s, whose recursion has a limit", by.Name())
		}
	}
	slices.SortStableFunc(cycles, func(a, b *Cycle) int {
		return cmp.Or(
			cmp.Compare(order[a.Status], order[b.Status]),
			cmp.Compare(a.Rank, b.Rank),
			strings.Compare(f.position(a.Start()), f.position(b.Start())))
	})
	slices.SortStableFunc(f.costs, func(a, b Cost) int {
		return comparePositions(f.fset.Position(a.Pos), f.fset.Position(b.Pos))
	})
	return &Result{g, cycles, f.costs, f.fset}
}

var order = map[Status]int{Unguarded: 0, Unclear: 1, Limited: 2, Guarded: 3, Silenced: 4, Bounded: 5}

func comparePositions(a, b token.Position) int {
	return cmp.Or(strings.Compare(a.Filename, b.Filename), cmp.Compare(a.Offset, b.Offset))
}

func (f *finder) position(fn *program.Func) string {
	p := f.fset.Position(fn.Pos())
	return fmt.Sprintf("%s:%08d", p.Filename, p.Offset)
}

// components returns the sets of functions that reach each other by calls that
// keep accepts; nil accepts all.
func components(funcs []*program.Func, keep func(*program.Call) bool) (sets [][]*program.Func) {
	g, _ := digraph(funcs, within(funcs, keep))
	for _, c := range g.Components(nil) {
		set := make([]*program.Func, len(c))
		for i, v := range c {
			set[i] = funcs[v]
		}
		slices.SortFunc(set, func(a, b *program.Func) int { return a.ID - b.ID })
		sets = append(sets, set)
	}
	return sets
}

// digraph returns the calls, which are among funcs, as a graph: node i is funcs[i],
// which the map has too.
func digraph(funcs []*program.Func, calls []*program.Call) (graph.Digraph, map[*program.Func]int) {
	ids := make(map[*program.Func]int, len(funcs))
	for i, fn := range funcs {
		ids[fn] = i
	}
	g := make(graph.Digraph, len(funcs))
	for _, c := range calls {
		if from, to := ids[c.From], ids[c.To]; !slices.Contains(g[from], to) {
			g[from] = append(g[from], to)
		}
	}
	return g, ids
}

// within returns the calls among funcs that keep accepts.
func within(funcs []*program.Func, keep func(*program.Call) bool) (calls []*program.Call) {
	in := members(funcs)
	for _, fn := range funcs {
		for _, c := range fn.Out {
			if in[c.To] && (keep == nil || keep(c)) {
				calls = append(calls, c)
			}
		}
	}
	return calls
}

func members(funcs []*program.Func) map[*program.Func]bool {
	in := make(map[*program.Func]bool, len(funcs))
	for _, fn := range funcs {
		in[fn] = true
	}
	return in
}

// component reports the cycles in one component of the whole graph: those that
// nothing stops, or one that says what does.
func (f *finder) component(funcs []*program.Func) []*Cycle {
	if !slices.ContainsFunc(funcs, func(fn *program.Func) bool { return !fn.Wrapper() }) {
		return nil
	}
	f.extraGuards(funcs)
	var guards []*program.Func
	for _, fn := range funcs {
		if f.guarded[fn] {
			guards = append(guards, fn)
		}
	}
	// What is on the way round is taken out step by step; the step after which
	// no cycle is left names the status.
	out := map[*program.Call]bool{}
	keep := func(c *program.Call) bool { return !out[c] }
	left := func() [][]*program.Func { return components(funcs, keep) }
	whole := func(status Status, reason string) []*Cycle {
		c := f.cycle(funcs, nil, status, reason)
		c.Guards = guards
		return []*Cycle{c}
	}

	var others []string
	var silenced string
	for _, c := range within(funcs, nil) {
		if reason, ok := f.ok.call(f.fset, c); ok {
			out[c] = true
			silenced = reason
		}
	}
	if silenced != "" && len(left()) == 0 {
		return whole(Silenced, silenced)
	}
	bounds, bound := 0, ""
	inside := within(funcs, keep)
	for _, c := range inside {
		reason := f.wrapper(c)
		if reason == "" {
			reason = f.chain(c, inside)
		}
		if reason != "" {
			out[c] = true
			bound = reason
			bounds++
		}
	}
	sets := left()
	if len(sets) == 0 {
		return whole(Bounded, bound)
	}
	for _, c := range within(funcs, keep) {
		if f.stops(c) {
			out[c] = true
		}
	}
	after := left()
	if len(after) == 0 {
		return whole(Guarded, guardNames(guards))
	}
	if len(guards) > 0 {
		others = append(others, guardNames(guards))
	}

	limitNames := map[string]bool{}
	for _, set := range after {
		in := members(set)
		counters := f.counters(set, keep)
		for _, c := range within(set, keep) {
			if l := f.limits.find(c, func(fn *program.Func) bool { return in[fn] }, counters); l != nil {
				out[c] = true
				name := fmt.Sprintf("%s (%s)", l.text, f.short(l.pos))
				if !limitNames[name] {
					limitNames[name] = true
					others = append(others, "the limit "+name)
				}
			}
		}
	}
	after = left()
	if len(after) == 0 {
		reason := strings.Join(others, ", ")
		return whole(Limited, reason)
	}

	var cycles []*Cycle
	var reasons []string
	for _, set := range after {
		for {
			reason := f.bounded(set, keep, out)
			if reason == "" {
				break
			}
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
		for _, set := range components(set, keep) {
			if !slices.ContainsFunc(set, func(fn *program.Func) bool { return !fn.Wrapper() }) {
				continue
			}
			calls := within(set, keep)
			reason := f.depends(set, calls)
			status := Unguarded
			if reason == "" {
				status = Unclear
				reason = "nothing was found that its depth depends on"
			}
			c := f.cycle(set, keep, status, reason)
			c.Calls = calls
			c.Others = others
			cycles = append(cycles, c)
		}
	}
	if len(cycles) == 0 {
		return whole(Bounded, strings.Join(reasons, "; "))
	}
	return cycles
}

func guardNames(guards []*program.Func) string {
	names := make([]string, len(guards))
	for i, g := range guards {
		names[i] = g.Name()
	}
	if len(names) == 0 {
		return "the calls go through vstack"
	}
	return "guard in " + strings.Join(names, ", ")
}

func (f *finder) short(pos token.Pos) string {
	p := f.fset.Position(pos)
	name := p.Filename
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return fmt.Sprintf("%s:%d", name, p.Line)
}

// stops reports whether a call cannot deepen the native stack without bound: its
// function has a guard, or it goes through the library.
func (f *finder) stops(c *program.Call) bool {
	if f.guarded[c.To] {
		return true
	}
	return c.How == program.Callback && strings.Contains(c.Via, guard.Path+".")
}

// cycle makes a Cycle of a set of functions.
func (f *finder) cycle(set []*program.Func, keep func(*program.Call) bool, status Status, reason string) *Cycle {
	c := &Cycle{Status: status, Reason: reason, Rank: Internal}
	// It starts where the way from outside comes in: the function of the worst
	// rank, then one that is called from outside, then the first in the source.
	in := members(set)
	entered := func(fn *program.Func) int {
		if fn.Wrapper() {
			return 2
		}
		for _, call := range fn.Ins {
			if !in[call.From] {
				return 0
			}
		}
		return 1
	}
	c.Funcs = slices.Clone(set)
	slices.SortStableFunc(c.Funcs, func(a, b *program.Func) int {
		return cmp.Or(
			cmp.Compare(entered(a), entered(b)),
			cmp.Compare(f.rankOf(a), f.rankOf(b)),
			strings.Compare(f.position(a), f.position(b)))
	})
	start := c.Funcs[0]
	for _, fn := range set {
		if r := f.rankOf(fn); r < c.Rank {
			c.Rank, c.Root = r, f.root[fn]
		}
	}
	calls := within(set, keep)
	g, ids := digraph(set, calls)
	nodes := g.Cycle(ids[start], nil)
	for i, v := range nodes {
		from, to := set[v], set[nodes[(i+1)%len(nodes)]]
		for _, call := range from.Out {
			if call.To == to && (keep == nil || keep(call)) {
				c.Chain = append(c.Chain, call)
				break
			}
		}
	}
	c.Tail = true
	for _, call := range calls {
		c.Tail = c.Tail && tail(call)
	}
	return c
}

func (f *finder) rankOf(fn *program.Func) Rank {
	if r, ok := f.rank[fn]; ok {
		return r
	}
	return Internal
}

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

// findGuards finds the guards of all functions and what they cost.
func (f *finder) findGuards() {
	named := map[*types.Func]*program.Func{}
	for _, fn := range f.graph.Funcs {
		if obj := fn.Object(); obj != nil {
			named[obj] = fn
		}
	}
	for _, fn := range f.graph.Funcs {
		body := fn.Body()
		pkg := f.graph.Program.Source[fn.Pkg]
		if body == nil || pkg == nil || pkg.Types.Path() == guard.Path {
			continue
		}
		guards := guard.Find(pkg.TypesInfo, body, func(callee *types.Func) *ast.BlockStmt {
			if other := named[callee]; other != nil && other.Pkg == fn.Pkg {
				return other.Body()
			}
			return nil
		})
		if len(guards) == 0 {
			continue
		}
		f.guards[fn] = guards
		f.guarded[fn] = true
		for i, g := range guards {
			f.guardCosts(fn, pkg.TypesInfo, pkg.TypesSizes, g)
			if i > 0 {
				f.cost(g.Stmt.Pos(), fn, "a second guard in %s; one is enough", fn.Name())
			}
		}
	}
}

func (f *finder) cost(pos token.Pos, fn *program.Func, format string, args ...any) {
	if _, ok := f.ok.at(f.fset, pos); !ok {
		f.costs = append(f.costs, Cost{pos, fn, fmt.Sprintf(format, args...)})
	}
}

func (f *finder) guardCosts(fn *program.Func, info *types.Info, sizes types.Sizes, g guard.Guard) {
	if len(g.Before) > 0 {
		f.cost(g.Stmt.Pos(), fn, "the guard is not the first statement of %s: what stands before it runs again on the fresh segment; move it to the top", fn.Name())
	}
	var typ *ast.FuncType
	var recv *ast.FieldList
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		typ, recv = d.Type, d.Recv
	case *ast.FuncLit:
		typ = d.Type
	}
	seen := map[types.Object]bool{}
	for _, lit := range g.Closure {
		ast.Inspect(lit.Body, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			v, ok := info.Uses[id].(*types.Var)
			if !ok || seen[v] || v.IsField() {
				return true
			}
			result := declares(typ.Results, v)
			if !result && !declares(typ.Params, v) && (recv == nil || !declares(recv, v)) {
				return true
			}
			seen[v] = true
			cost := guard.Capture(info, sizes, fn.Body(), v, result)
			advice := fmt.Sprintf("copy it in the guard first: %s := %[1]s", v.Name())
			if cost == guard.Result {
				advice = "let the closure have results of its own"
			}
			if cost != guard.Free {
				f.cost(id.Pos(), fn, "the guard's closure captures %s, %s: that moves it to the heap on every call of %s; %s", v.Name(), cost, fn.Name(), advice)
			}
			return true
		})
	}
}

func declares(list *ast.FieldList, v *types.Var) bool {
	return list != nil && list.Pos() <= v.Pos() && v.Pos() < list.End()
}

// extraGuards reports guards that could go: every cycle through them passes
// another one.
func (f *finder) extraGuards(funcs []*program.Func) {
	var guards []*program.Func
	for _, fn := range funcs {
		if f.guarded[fn] {
			guards = append(guards, fn)
		}
	}
	if len(guards) < 2 {
		return
	}
	removed := map[*program.Func]bool{}
	cyclic := func(without func(*program.Func) bool) int {
		n := 0
		for _, c := range components(funcs, func(c *program.Call) bool {
			return !without(c.From) && !without(c.To) &&
				!(c.How == program.Callback && strings.Contains(c.Via, guard.Path+"."))
		}) {
			n += len(c)
		}
		return n
	}
	before := cyclic(func(fn *program.Func) bool { return f.guarded[fn] })
	for i := len(guards) - 1; i >= 0; i-- {
		g := guards[i]
		removed[g] = true
		if cyclic(func(fn *program.Func) bool { return f.guarded[fn] && !removed[fn] }) != before {
			removed[g] = false
			continue
		}
		var rest []*program.Func
		for _, other := range guards {
			if !removed[other] {
				rest = append(rest, other)
			}
		}
		f.cost(f.guards[g][0].Stmt.Pos(), g, "this guard is not needed: every cycle through %s passes another one (%s)", g.Name(), guardNames(rest))
	}
}
