package recursion

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A guard with a handle guards nothing while the handle is nil. Whether it is set at
// all can be told where nobody else could: of an unexported field or variable, and of
// a parameter of an unexported function.

// handles knows which variables of one package hold stacks that somebody sets.
type handles struct {
	info     *types.Info
	assigned map[*types.Var]bool // by a statement, or its address is taken
	literal  map[*types.Var]bool // by a composite literal
	without  map[*types.Named][]*ast.CompositeLit
}

// unset returns why the guard of fn has no stack; "" if it may have one.
func (f *finder) unset(fn *program.Func, info *types.Info, g guard.Guard) string {
	if g.Handle == nil {
		return ""
	}
	v := variable(info, g.Handle)
	if v == nil || v.Exported() && v.IsField() {
		return ""
	}
	pkg := f.graph.Program.Source[v.Pkg()]
	if pkg == nil {
		return ""
	}
	h := f.handlesOf(pkg)
	switch {
	case v.IsField():
		if !h.assigned[v] && !h.literal[v] {
			return fmt.Sprintf("nobody sets the field %s", v.Name())
		}
	case isParam(fn, v):
		if f.alwaysNil(fn, v) {
			return fmt.Sprintf("every call of %s passes nil for %s", fn.Name(), v.Name())
		}
	case v.Parent() == v.Pkg().Scope() && !v.Exported():
		if !h.assigned[v] {
			return fmt.Sprintf("nobody sets %s", v.Name())
		}
	}
	return ""
}

// unkeyed reports the composite literals that leave out the field of a guard's handle,
// if nothing but literals sets it.
func (f *finder) unkeyed(fn *program.Func, info *types.Info, g guard.Guard) {
	sel, ok := ast.Unparen(g.Handle).(*ast.SelectorExpr)
	if !ok {
		return
	}
	v := variable(info, g.Handle)
	named := ssax.Named(info.TypeOf(sel.X))
	if v == nil || !v.IsField() || v.Exported() || named == nil {
		return
	}
	pkg := f.graph.Program.Source[v.Pkg()]
	if pkg == nil {
		return
	}
	h := f.handlesOf(pkg)
	if h.assigned[v] || !h.literal[v] || f.told[v] {
		return
	}
	f.told[v] = true
	for _, lit := range h.without[named] {
		if !sets(h.info, lit, v) {
			f.cost(lit.Pos(), fn, "this %s has no %s, so %s runs without a guard in it", named.Obj().Name(), v.Name(), fn.Name())
		}
	}
}

// freeOf reports a guard that asks a handle and goes on without one. On a goroutine that
// does not run that stack the handle's guard is low; GrowOn sees that and goes on where it
// is, and Grow takes the answer for what it says: it hops on every call, until the limit.
func (f *finder) freeOf(fn *program.Func, info *types.Info, g guard.Guard) {
	if g.Handle == nil || g.Free == nil || isCurrent(info, fn.Body(), g.Handle) {
		return
	}
	on, name := types.ExprString(g.Handle), guard.Called(info, g.Free)
	advice := map[string]string{
		"Grow": "vstack.GrowOn(" + on + ", ...)", "Grow2": "vstack.GrowOn2(" + on + ", ...)", "Do": on + ".Do(...)",
		"Call": "vstack.GrowOn(" + on + ", ...)", "Call2": "vstack.GrowOn2(" + on + ", ...)",
	}[name]
	f.cost(g.Stmt.Pos(), fn, "the guard of %s asks %s.Low and goes on with vstack.%s: where %[2]s is idle, or the stack of another goroutine, it hops on every call until the limit; go on with %[4]s", fn.Name(), on, name, advice)
}

// isCurrent reports whether the handle is a variable that is set to vstack.Current(), the
// stack of the goroutine itself.
func isCurrent(info *types.Info, body *ast.BlockStmt, handle ast.Expr) (current bool) {
	v := variable(info, handle)
	ast.Inspect(body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || assign.Tok != token.DEFINE || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
			return true
		}
		id, ok := assign.Lhs[0].(*ast.Ident)
		call, ok2 := ast.Unparen(assign.Rhs[0]).(*ast.CallExpr)
		if ok && ok2 && v != nil && info.Defs[id] == types.Object(v) && guard.Called(info, call) == "Current" {
			current = true
		}
		return true
	})
	return current
}

// variable returns the field, parameter or variable that a handle is.
func variable(info *types.Info, handle ast.Expr) *types.Var {
	switch e := ast.Unparen(handle).(type) {
	case *ast.Ident:
		return object(info.Uses[e])
	case *ast.SelectorExpr:
		return object(info.Uses[e.Sel])
	}
	return nil
}

// object returns the variable that obj is, or is an instance of.
func object(obj types.Object) *types.Var {
	if v, ok := obj.(*types.Var); ok {
		return v.Origin()
	}
	return nil
}

func isParam(fn *program.Func, v *types.Var) bool {
	for p := range fn.SSA.Signature.Params().Variables() {
		if p == v {
			return true
		}
	}
	return false
}

// alwaysNil reports whether every call from elsewhere passes nil for the parameter, and
// nobody else can call the function.
func (f *finder) alwaysNil(fn *program.Func, v *types.Var) bool {
	if callable(fn) {
		return false
	}
	index := -1
	for i, p := range fn.SSA.Params {
		if p.Object() == types.Object(v) {
			index = i
		}
	}
	calls := 0
	for _, c := range fn.Ins {
		args := c.Site.Common().Args
		if within := c.From.SSA; within == fn.SSA || within.Parent() == fn.SSA {
			continue // it passes on what it has
		}
		if c.How != program.Static || index < 0 || index >= len(args) || !isNil(args[index]) {
			return false
		}
		calls++
	}
	return calls > 0
}

func (f *finder) handlesOf(pkg *packages.Package) *handles {
	if h := f.handles[pkg]; h != nil {
		return h
	}
	h := &handles{
		info:     pkg.TypesInfo,
		assigned: map[*types.Var]bool{},
		literal:  map[*types.Var]bool{},
		without:  map[*types.Named][]*ast.CompositeLit{},
	}
	f.handles[pkg] = h
	for _, file := range pkg.Syntax {
		ast.Inspect(file, h.visit)
	}
	return h
}

func (h *handles) visit(n ast.Node) bool {
	set := func(e ast.Expr) {
		if v := variable(h.info, e); v != nil {
			h.assigned[v] = true
		}
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, e := range n.Lhs {
			set(e)
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if v, ok := h.info.Defs[name].(*types.Var); ok && i < max(len(n.Values), 1) && len(n.Values) > 0 {
				h.assigned[v] = true
			}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			set(n.X)
		}
	case *ast.RangeStmt:
		if n.Value != nil {
			set(n.Value)
		}
	case *ast.CompositeLit:
		h.compositeLit(n)
	}
	return true
}

func (h *handles) compositeLit(lit *ast.CompositeLit) {
	named := ssax.Named(h.info.TypeOf(lit))
	if named == nil {
		return
	}
	s, ok := named.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				if v := object(h.info.Uses[key]); v != nil {
					h.literal[v] = true
				}
			}
		} else if i < s.NumFields() {
			h.literal[s.Field(i)] = true
		}
	}
	h.without[named] = append(h.without[named], lit)
}

// sets reports whether the literal has a value for the field.
func sets(info *types.Info, lit *ast.CompositeLit, v *types.Var) bool {
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return true // all fields have one
		}
		if key, ok := kv.Key.(*ast.Ident); ok && object(info.Uses[key]) == v {
			return true
		}
	}
	return false
}
