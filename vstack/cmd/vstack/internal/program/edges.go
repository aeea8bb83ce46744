package program

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// NewGraph makes the call graph. A dynamic call goes where variable type analysis
// says. Values that come from outside the program are unknown to it: a call through
// an interface that the program declares and that it finds no value for goes to
// every type of the program with the method, as in class hierarchy analysis, and is
// marked as a guess.
func NewGraph(p *Program) *Graph {
	all, made := reached(p)
	b := &builder{
		graph:     &Graph{Program: p, Made: made, byFunc: map[*ssa.Function]*Func{}},
		all:       all,
		known:     map[callKey]bool{},
		hierarchy: newHierarchy(p, all),
	}
	fns := b.ordered()
	for _, fn := range fns {
		b.node(fn) // in this order, so that everything that follows is in one too
	}
	resolved := vta.CallGraph(all, nil)
	for _, fn := range fns {
		b.calls(fn, resolved.Nodes[fn])
	}
	g := &giver{b, map[types.Type][]*ssa.Function{}}
	for _, fn := range fns {
		g.gives(fn)
	}
	for _, f := range b.graph.Funcs {
		for _, c := range slices.Concat(f.Out, f.Goes) {
			c.To.Ins = append(c.To.Ins, c)
		}
	}
	return b.graph
}

type builder struct {
	graph     *Graph
	all       map[*ssa.Function]bool
	known     map[callKey]bool
	hierarchy *hierarchy
}

// A callKey tells calls apart that are not those of two instances of one function.
type callKey struct {
	from, to *Func
	pos      token.Pos
}

// ordered returns the functions in the order of their packages, files and places.
// The order must not be that of positions in the file set: files are read in
// parallel, so it is another one in each run.
func (b *builder) ordered() []*ssa.Function {
	type placed struct {
		fn         *ssa.Function
		path, file string
		offset     int
		name       string
	}
	fns := make([]placed, 0, len(b.all))
	for fn := range b.all {
		at := b.graph.Program.Fset.Position(fn.Pos())
		fns = append(fns, placed{fn, packagePath(fn), at.Filename, at.Offset, fn.String()})
	}
	slices.SortFunc(fns, func(a, b placed) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.file, b.file),
			cmp.Compare(a.offset, b.offset), strings.Compare(a.name, b.name))
	})
	out := make([]*ssa.Function, len(fns))
	for i, p := range fns {
		out[i] = p.fn
	}
	return out
}

// node returns the Func of fn, which it makes if need be.
func (b *builder) node(fn *ssa.Function) *Func {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	if f := b.graph.byFunc[fn]; f != nil {
		return f
	}
	f := &Func{ID: len(b.graph.Funcs), SSA: fn}
	if fn.Pkg != nil {
		f.Pkg = fn.Pkg.Pkg
	} else if fn.Object() != nil {
		f.Pkg = fn.Object().Pkg()
	}
	switch d := fn.Syntax().(type) {
	case *ast.FuncDecl, *ast.FuncLit:
		f.decl = d
	}
	if isWrapper(fn) {
		f.decl = nil
	}
	b.graph.byFunc[fn] = f
	b.graph.Funcs = append(b.graph.Funcs, f)
	return f
}

func isWrapper(fn *ssa.Function) bool {
	return strings.Contains(fn.Synthetic, "wrapper") || strings.Contains(fn.Synthetic, "thunk") ||
		strings.Contains(fn.Synthetic, "bound")
}

// calls adds the calls in fn.
func (b *builder) calls(fn *ssa.Function, resolved *callgraph.Node) {
	if fn.Origin() != nil && strings.Contains(fn.Synthetic, "wrapper") {
		return // it calls the generic function, and would look like recursion
	}
	callees := map[ssa.CallInstruction][]*ssa.Function{}
	outside := map[ssa.CallInstruction][]*ssa.Function{} // without source here
	if resolved != nil {
		for _, e := range resolved.Out {
			switch {
			case e.Site == nil:
			case e.Callee.Func.Blocks != nil && b.all[e.Callee.Func] && !b.opaque(fn, e.Callee.Func):
				callees[e.Site] = append(callees[e.Site], e.Callee.Func)
			default:
				outside[e.Site] = append(outside[e.Site], e.Callee.Func)
			}
		}
	}
	from := b.node(fn)
	for instr := range ssax.Instrs(fn) {
		site, ok := instr.(ssa.CallInstruction)
		if !ok {
			continue
		}
		if to := callees[site]; len(to) > 0 {
			b.direct(from, site, to, false)
			continue
		}
		common := site.Common()
		callee := common.StaticCallee()
		switch {
		case common.IsInvoke():
			b.direct(from, site, b.hierarchy.methods(common), true)
		case callee != nil:
			if !b.all[callee] || b.opaque(fn, callee) {
				b.callbacks(from, site, callee)
			}
		case len(outside[site]) > 0: // a variable with time.AfterFunc in it, say
			for _, callee := range outside[site] {
				b.callbacks(from, site, callee)
			}
		case isIterator(common.Signature()):
			// One that a function without source has made, as slices.Values: it calls the
			// body of the loop.
			for _, to := range given(b.hierarchy, common.Args) {
				b.add(&Call{From: from, Site: site, Callee: to, How: Callback, Via: "an iterator"})
			}
		}
	}
}

// callbacks adds the calls that a function without source makes of what it is given.
func (b *builder) callbacks(from *Func, site ssa.CallInstruction, callee *ssa.Function) {
	for _, to := range callbacks(b.hierarchy, site, callee) {
		b.add(&Call{From: from, Site: site, Callee: to, How: Callback, Via: callee.String()})
	}
}

// isIterator reports whether a function of this type can be ranged over.
func isIterator(sig *types.Signature) bool {
	if sig.Params().Len() != 1 || sig.Results().Len() != 0 {
		return false
	}
	yield, ok := sig.Params().At(0).Type().Underlying().(*types.Signature)
	return ok && yield.Results().Len() == 1 && types.Identical(yield.Results().At(0).Type(), types.Typ[types.Bool])
}

// direct adds calls of one site.
func (b *builder) direct(from *Func, site ssa.CallInstruction, to []*ssa.Function, guess bool) {
	slices.SortFunc(to, func(x, y *ssa.Function) int {
		return cmp.Or(b.node(x).ID-b.node(y).ID, strings.Compare(x.String(), y.String()))
	})
	how, via := Static, ""
	if common := site.Common(); common.IsInvoke() {
		how = Interface
		via = types.TypeString(common.Value.Type(), relativeTo(from.Pkg)) + "." + common.Method.Name()
	} else if common.StaticCallee() == nil {
		how = Value
	}
	for _, callee := range to {
		b.add(&Call{From: from, Site: site, Callee: callee, How: how, Via: via, Fan: len(to), Guess: guess})
	}
}

func relativeTo(pkg *types.Package) types.Qualifier {
	return func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Name()
	}
}

// add adds the call unless it is there already from another instance.
func (b *builder) add(c *Call) {
	c.To = b.node(c.Callee)
	c.Fan = max(c.Fan, 1)
	if key := (callKey{c.From, c.To, c.Site.Pos()}); key.pos.IsValid() {
		if b.known[key] {
			return
		}
		b.known[key] = true
	}
	if c.Goes() {
		c.From.Goes = append(c.From.Goes, c)
	} else {
		c.From.Out = append(c.From.Out, c)
	}
}

// opaque reports whether a call is looked at as one of a function without source,
// even if there is source: of vstack's own functions, which are known, and of
// packages of which knowledge says so.
func (b *builder) opaque(caller, callee *ssa.Function) bool {
	from, to := packagePath(caller), packagePath(callee)
	return to == guard.Path || from != to && knowledge.Opaque(to)
}

// packagePath returns the path of the package that fn, what it is an instance of or
// the function that it is a literal in, is of.
func packagePath(fn *ssa.Function) string {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if fn.Pkg != nil {
		return fn.Pkg.Pkg.Path()
	}
	if fn.Object() != nil && fn.Object().Pkg() != nil {
		return fn.Object().Pkg().Path()
	}
	return ""
}

func isRuntime(path string) bool {
	return path == "runtime" || strings.HasPrefix(path, "internal/runtime/") || strings.HasPrefix(path, "runtime/internal/")
}
