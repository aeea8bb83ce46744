package program

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
)

// A Graph is the call graph of a program: which function may call which, on the
// caller's goroutine.
type Graph struct {
	Program *Program
	Funcs   []*Func
	byFunc  map[*ssa.Function]*Func
	known   map[callKey]bool
}

type callKey struct {
	from, to int
	pos      token.Pos
}

// A Func is a function of the source, with all its instances if it is generic,
// or a wrapper that the compiler makes (of a promoted method, say).
type Func struct {
	ID   int
	SSA  *ssa.Function // the generic one, for an instance
	Pkg  *types.Package
	Out  []*Call
	Ins  []*Call
	decl ast.Node // *ast.FuncDecl, *ast.FuncLit or nil
}

// A Call is an edge of the graph.
type Call struct {
	From, To *Func
	Site     ssa.CallInstruction // in From or an instance of it
	Callee   *ssa.Function       // To or an instance of it
	How      How
	Via      string // for an interface call its method, for a callback the function that calls back
}

// How tells how a call finds the function.
type How int

// The ways to call.
const (
	Static    How = iota
	Interface     // through an interface
	Value         // through a function value
	Callback      // by a function without source here, which was given To or a value with it as a method
)

// Func returns the function that fn is, or is an instance of; nil if it is not
// in the graph.
func (g *Graph) Func(fn *ssa.Function) *Func {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	return g.byFunc[fn]
}

// Wrapper reports whether the compiler made the function.
func (f *Func) Wrapper() bool { return f.decl == nil }

// Decl returns the *ast.FuncDecl or *ast.FuncLit; nil for a wrapper.
func (f *Func) Decl() ast.Node { return f.decl }

// Body returns the function's statements.
func (f *Func) Body() *ast.BlockStmt {
	switch d := f.decl.(type) {
	case *ast.FuncDecl:
		return d.Body
	case *ast.FuncLit:
		return d.Body
	}
	return nil
}

// Pos returns where the function is declared.
func (f *Func) Pos() token.Pos {
	if d, ok := f.decl.(*ast.FuncDecl); ok {
		return d.Name.Pos()
	}
	if f.decl != nil {
		return f.decl.Pos()
	}
	return f.SSA.Pos()
}

// Object returns the declared function; nil for a literal or a wrapper.
func (f *Func) Object() *types.Func {
	if _, ok := f.decl.(*ast.FuncDecl); ok {
		obj, _ := f.SSA.Object().(*types.Func)
		return obj
	}
	return nil
}

// Name returns a short name without the package, such as (*parser).expr.
func (f *Func) Name() string { return Name(f.SSA) }

// Name returns fn's name without its package: f, (*T).m, and
// f.func1 for the first function literal in f.
func Name(fn *ssa.Function) string {
	if fn.Parent() != nil {
		outer := fn.Parent()
		return Name(outer) + ".func" + strings.TrimPrefix(fn.Name(), outer.Name()+"$")
	}
	var pkg *types.Package
	if fn.Pkg != nil {
		pkg = fn.Pkg.Pkg
	} else if fn.Object() != nil {
		pkg = fn.Object().Pkg()
	}
	return fn.RelString(pkg)
}

// NewGraph makes the call graph. A dynamic call goes where variable type
// analysis says. Values that come from outside the program are unknown to it: a
// call through an interface that the program declares and that it finds no value
// for goes to every type of the program with the method, as in class hierarchy
// analysis.
func NewGraph(p *Program) *Graph {
	g := &Graph{Program: p, byFunc: map[*ssa.Function]*Func{}, known: map[callKey]bool{}}
	all := functionsOf(p)
	for fn := range all {
		// The runtime runs its own functions on stacks of its own.
		if p := path(fn); fn.Blocks == nil || p == "runtime" || strings.HasPrefix(p, "internal/runtime/") || strings.HasPrefix(p, "runtime/internal/") {
			delete(all, fn)
		}
	}
	cg := vta.CallGraph(all, nil)

	fns := make([]*ssa.Function, 0, len(all))
	for fn := range all {
		fns = append(fns, fn)
	}
	slices.SortFunc(fns, compare)
	hierarchy := newHierarchy(p)
	for _, fn := range fns {
		if fn.Origin() != nil && strings.Contains(fn.Synthetic, "wrapper") {
			continue // it calls the generic function, and would look like recursion
		}
		from := g.node(fn)
		resolved := map[ssa.CallInstruction]bool{}
		if node := cg.Nodes[fn]; node != nil {
			edges := slices.Clone(node.Out)
			slices.SortStableFunc(edges, func(a, b *edge) int {
				if a.Site == nil || b.Site == nil {
					return 0
				}
				if c := int(a.Site.Pos()) - int(b.Site.Pos()); c != 0 {
					return c
				}
				return compare(a.Callee.Func, b.Callee.Func)
			})
			for _, e := range edges {
				if e.Site == nil {
					continue
				}
				if e.Callee.Func.Blocks != nil && !modelled(fn, e.Callee.Func) {
					resolved[e.Site] = true
					g.call(from, e.Site, e.Callee.Func)
				}
			}
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				site, ok := instr.(ssa.CallInstruction)
				if !ok || resolved[site] {
					continue
				}
				common := site.Common()
				if common.IsInvoke() {
					for _, m := range hierarchy.methods(common) {
						g.call(from, site, m)
					}
				} else if callee := common.StaticCallee(); callee != nil && (callee.Blocks == nil || modelled(fn, callee)) {
					for _, to := range callbacks(p, hierarchy, site, callee) {
						g.add(&Call{From: from, Site: site, Callee: to, How: Callback, Via: callee.String()})
					}
				}
			}
		}
	}
	for _, f := range g.Funcs {
		for _, c := range f.Out {
			c.To.Ins = append(c.To.Ins, c)
		}
	}
	return g
}

// functionsOf returns all functions of the program. ssautil.AllFunctions leaves
// out methods of unexported types that nothing seems to call.
func functionsOf(p *Program) map[*ssa.Function]bool {
	all := ssautil.AllFunctions(p.SSA)
	var work []*ssa.Function
	add := func(fn *ssa.Function) {
		if fn != nil && !all[fn] {
			all[fn] = true
			work = append(work, fn)
		}
	}
	for _, pkg := range p.Source {
		for _, obj := range pkg.TypesInfo.Defs {
			if fn, ok := obj.(*types.Func); ok {
				add(p.SSA.FuncValue(fn))
			}
		}
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		var operands [10]*ssa.Value
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				for _, v := range instr.Operands(operands[:0]) {
					if callee, ok := (*v).(*ssa.Function); ok {
						add(callee)
					}
				}
			}
		}
	}
	return all
}

// modelled reports whether a call is looked at as one of a function without
// source, even if there is source: of vstack's own functions, which are known,
// and of packages that everything calls and that call methods of whatever they
// are given. To follow these would join all of a program into one cycle; what
// one call is given says more.
func modelled(caller, callee *ssa.Function) bool {
	from, to := path(caller), path(callee)
	if to == guard.Path {
		return true
	}
	if from == to {
		return false
	}
	switch to {
	case "fmt", "log", "log/slog", "errors", "io", "sort", "slices", "strings", "bytes", "sync", "reflect",
		"runtime", "testing", "encoding/json", "internal/fmtsort", "internal/reflectlite":
		return true
	}
	return false
}

func path(fn *ssa.Function) string {
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

// compare orders functions by where they are.
func compare(a, b *ssa.Function) int {
	if c := int(a.Pos()) - int(b.Pos()); c != 0 {
		return c
	}
	return strings.Compare(a.String(), b.String())
}

// node returns the Func of fn, which it makes if need be.
func (g *Graph) node(fn *ssa.Function) *Func {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	if f := g.byFunc[fn]; f != nil {
		return f
	}
	f := &Func{ID: len(g.Funcs), SSA: fn}
	if fn.Pkg != nil {
		f.Pkg = fn.Pkg.Pkg
	} else if fn.Object() != nil {
		f.Pkg = fn.Object().Pkg()
	}
	switch d := fn.Syntax().(type) {
	case *ast.FuncDecl, *ast.FuncLit:
		f.decl = d
	}
	if strings.Contains(fn.Synthetic, "wrapper") || strings.Contains(fn.Synthetic, "thunk") ||
		strings.Contains(fn.Synthetic, "bound") {
		f.decl = nil
	}
	g.byFunc[fn] = f
	g.Funcs = append(g.Funcs, f)
	return f
}

func (g *Graph) call(from *Func, site ssa.CallInstruction, callee *ssa.Function) {
	c := &Call{From: from, Site: site, Callee: callee}
	if common := site.Common(); common.IsInvoke() {
		c.How = Interface
		c.Via = types.TypeString(common.Value.Type(), relativeTo(from.Pkg)) + "." + common.Method.Name()
	} else if common.StaticCallee() == nil {
		c.How = Value
	}
	g.add(c)
}

func relativeTo(pkg *types.Package) types.Qualifier {
	return func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Name()
	}
}

// add adds the call unless it runs on another goroutine, which has a stack of
// its own, or is there already from another instance.
func (g *Graph) add(c *Call) {
	if _, ok := c.Site.(*ssa.Go); ok {
		return
	}
	c.To = g.node(c.Callee)
	if key := (callKey{c.From.ID, c.To.ID, c.Site.Pos()}); key.pos.IsValid() {
		if g.known[key] {
			return
		}
		g.known[key] = true
	}
	c.From.Out = append(c.From.Out, c)
}

// A hierarchy finds the methods that implement an interface in the program.
type hierarchy struct {
	program *Program
	named   []types.Type // the types that the program declares, and pointers to them
	found   map[*types.Func][]*ssa.Function
}

func newHierarchy(p *Program) *hierarchy {
	h := &hierarchy{program: p, found: map[*types.Func][]*ssa.Function{}}
	for pkg := range p.Source {
		scope := pkg.Scope()
		for _, name := range scope.Names() {
			obj, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || obj.IsAlias() {
				continue
			}
			named, ok := obj.Type().(*types.Named)
			if !ok || named.TypeParams().Len() > 0 || types.IsInterface(named) {
				continue
			}
			h.named = append(h.named, named, types.NewPointer(named))
		}
	}
	slices.SortFunc(h.named, func(a, b types.Type) int {
		return strings.Compare(a.String(), b.String())
	})
	return h
}

// methods returns what a call through an interface of the program may call.
func (h *hierarchy) methods(call *ssa.CallCommon) []*ssa.Function {
	iface, ok := types.Unalias(call.Value.Type()).(*types.Named)
	if !ok || h.program.Source[iface.Obj().Pkg()] == nil {
		return nil // io.Reader and the like: everything would seem to wrap everything
	}
	return h.implementations(iface.Underlying(), call.Method)
}

func (h *hierarchy) implementations(iface types.Type, m *types.Func) []*ssa.Function {
	if fns, ok := h.found[m]; ok {
		return fns
	}
	var fns []*ssa.Function
	if i, ok := iface.(*types.Interface); ok {
		for _, t := range h.named {
			if types.Implements(t, i) {
				if fn := h.method(t, m); fn != nil && !slices.Contains(fns, fn) {
					fns = append(fns, fn)
				}
			}
		}
	}
	h.found[m] = fns
	return fns
}

// method returns t's method with the name of m if it has a body.
func (h *hierarchy) method(t types.Type, m *types.Func) *ssa.Function {
	sel := types.NewMethodSet(t).Lookup(m.Pkg(), m.Name())
	if sel == nil {
		return nil
	}
	obj := sel.Obj().(*types.Func)
	// The declared method, not a wrapper of it for a pointer or an embedding.
	fn := h.program.SSA.FuncValue(obj)
	if fn == nil || fn.Blocks == nil {
		return nil
	}
	return fn
}
