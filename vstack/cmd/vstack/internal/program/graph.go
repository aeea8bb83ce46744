package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A Graph is the call graph of a program: which function may call which, on the
// caller's goroutine.
type Graph struct {
	Program *Program
	Funcs   []*Func         // in the order of their packages, files and places
	Made    map[string]bool // the types of which values are put into interfaces
	byFunc  map[*ssa.Function]*Func
}

// A Func is a function of the source, with all its instances if it is generic,
// or a wrapper that the compiler makes (of a promoted method, say).
type Func struct {
	ID   int
	SSA  *ssa.Function // the generic one, for an instance
	Pkg  *types.Package
	Out  []*Call // on the same stack
	Goes []*Call // of go statements: another goroutine has a stack of its own
	Ins  []*Call // of both kinds
	// Gives has the functions that it hands on for somebody to call: as values, and as the
	// methods of values, by their names.
	Gives  []*Call
	Handed bool     // somebody hands it on as a value: Ins may lack calls of it
	decl   ast.Node // *ast.FuncDecl, *ast.FuncLit or nil
}

// Above returns f and all functions that may call it on the same stack, directly or through
// others.
func (f *Func) Above() []*Func {
	seen := map[*Func]bool{f: true}
	all := []*Func{f}
	for i := 0; i < len(all); i++ {
		for _, c := range all[i].Ins {
			if !seen[c.From] && !c.Goes() {
				seen[c.From] = true
				all = append(all, c.From)
			}
		}
	}
	return all
}

// A Call is an edge of the graph.
type Call struct {
	From, To *Func
	Site     ssa.CallInstruction // in From or an instance of it
	Callee   *ssa.Function       // To or an instance of it
	How      How
	Via      string // for an interface call its method, for a callback the function that calls back
	Fan      int    // how many functions the call may go to
	// Guess says that no value was found that the call would go through, and that
	// it goes to every type of the program with the method.
	Guess bool
}

// Goes reports whether the call is that of a go statement.
func (c *Call) Goes() bool {
	_, ok := c.Site.(*ssa.Go)
	return ok
}

// How tells how a call finds the function.
type How int

// The ways to call.
const (
	Static    How = iota
	Interface     // through an interface
	Value         // through a function value
	Callback      // by a function without source here, which was given To or a value with it as a method
	Made          // not a call: From makes the function literal To, and hands it on
	Given         // not a call: From hands To on, or a value with it as a method
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

// ShortName returns fn's name with the name of its package: pkg.f and (*pkg.T).m.
func ShortName(fn *ssa.Function, pkg *types.Package) string {
	name := Name(fn)
	for _, open := range []string{"(*", "("} {
		if rest, ok := strings.CutPrefix(name, open); ok {
			return open + pkg.Name() + "." + rest
		}
	}
	return pkg.Name() + "." + name
}

// QualifiedName returns fn's name with the path of its package: path.f,
// (*path.T).m and path.f.func1 for the first function literal in f.
func QualifiedName(fn *ssa.Function) string {
	if fn.Parent() != nil {
		outer := fn.Parent()
		return QualifiedName(outer) + ".func" + strings.TrimPrefix(fn.Name(), outer.Name()+"$")
	}
	return fn.RelString(nil)
}

// RuntimeName returns fn's name as the runtime prints it in tracebacks: path.f,
// path.(*T).m, path.T.m, path.f.func1 and path.f.func1.2, and [...] for type arguments.
func RuntimeName(fn *ssa.Function) string {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	if outer := fn.Parent(); outer != nil {
		n := strings.TrimPrefix(fn.Name(), outer.Name()+"$")
		if outer.Parent() == nil {
			n = "func" + n
		}
		return RuntimeName(outer) + "." + n
	}
	name := fn.Name()
	if fn.TypeParams().Len() > 0 && fn.Signature.Recv() == nil {
		name += "[...]"
	}
	if recv := fn.Signature.Recv(); recv != nil {
		t, format := recv.Type(), "%s.%s"
		if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
			t, format = ptr.Elem(), "(*%s).%s"
		}
		if named, ok := types.Unalias(t).(*types.Named); ok {
			typ := named.Obj().Name()
			if named.TypeParams().Len() > 0 {
				typ += "[...]"
			}
			name = fmt.Sprintf(format, typ, name)
		}
	}
	path := packagePath(fn)
	if fn.Pkg != nil && fn.Pkg.Pkg.Name() == "main" {
		path = "main"
	}
	// Dots in the last element of a path are escaped, as the name goes on with one.
	dir, last := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, last = path[:i+1], path[i+1:]
	}
	return dir + strings.ReplaceAll(last, ".", "%2e") + "." + name
}
