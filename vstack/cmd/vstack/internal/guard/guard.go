// Package guard knows what vstack's guards look like in Go source.
package guard

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Path is the import path of the library.
const Path = "github.com/vstack-go/vstack/vstack"

// A Guard is a statement of a function that tests Low and goes on in Grow:
//
//	if s.Low() {
//		return vstack.Grow(s, func() T { return f(x) })
//	}
//
// Or it calls a function of the same package that does the second line and
// nothing else, which is the fastest form.
type Guard struct {
	Stmt    *ast.IfStmt
	Before  []ast.Stmt     // statements before it that do more than find the stack
	Closure []*ast.FuncLit // what is passed to Grow
}

// Find returns the guards among the top-level statements of a body, in order.
// Bodies returns the body of a function of the same package, nil of another.
func Find(info *types.Info, body *ast.BlockStmt, bodies func(*types.Func) *ast.BlockStmt) (guards []Guard) {
	var before []ast.Stmt
	for _, stmt := range body.List {
		cond, ok := stmt.(*ast.IfStmt)
		if !ok || !testsLow(info, cond.Cond) || !grows(info, cond.Body, bodies) {
			if !findsStack(info, stmt) {
				before = append(before, stmt)
			}
			continue
		}
		g := Guard{Stmt: cond, Before: before[:len(before):len(before)]}
		ast.Inspect(cond.Body, func(n ast.Node) bool {
			if lit, ok := n.(*ast.FuncLit); ok {
				g.Closure = append(g.Closure, lit)
				return false
			}
			return true
		})
		guards = append(guards, g)
	}
	return guards
}

// testsLow reports whether cond is s.Low(), or s != nil && s.Low().
func testsLow(info *types.Info, cond ast.Expr) bool {
	switch e := ast.Unparen(cond).(type) {
	case *ast.BinaryExpr:
		if e.Op != token.LAND || !testsLow(info, e.Y) {
			return false
		}
		cmp, ok := ast.Unparen(e.X).(*ast.BinaryExpr)
		return ok && cmp.Op == token.NEQ && (isNil(info, cmp.X) || isNil(info, cmp.Y))
	case *ast.CallExpr:
		return Called(info, e) == "Low"
	}
	return false
}

func isNil(info *types.Info, e ast.Expr) bool { return info.Types[e].IsNil() }

// grows reports whether something in n calls Grow, itself or through a function
// of one statement.
func grows(info *types.Info, n ast.Node, bodies func(*types.Func) *ast.BlockStmt) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && !found {
			switch Called(info, call) {
			case "Grow", "Grow2":
				found = true
			case "":
				if fn := callee(info, call); fn != nil && bodies != nil {
					body := bodies(fn.Origin())
					found = body != nil && len(body.List) == 1 && grows(info, body, nil)
				}
			}
		}
		return !found
	})
	return found
}

// findsStack reports whether all that stmt does is to look for the stack in a
// context.
func findsStack(info *types.Info, stmt ast.Stmt) bool {
	assign, ok := stmt.(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return false
	}
	call, ok := ast.Unparen(assign.Rhs[0]).(*ast.CallExpr)
	return ok && Called(info, call) == "FromContext"
}

// Called returns the name of the library's function or method that call calls;
// "" if it calls something else.
func Called(info *types.Info, call *ast.CallExpr) string {
	fn := callee(info, call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != Path {
		return ""
	}
	return fn.Name()
}

// callee returns the function or method that call names; nil if it names none.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	fun := ast.Unparen(call.Fun)
	switch index := fun.(type) {
	case *ast.IndexExpr:
		fun = index.X
	case *ast.IndexListExpr:
		fun = index.X
	}
	var id *ast.Ident
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		id = f.Sel
	case *ast.Ident:
		id = f
	default:
		return nil
	}
	fn, _ := info.Uses[id].(*types.Func)
	return fn
}

// IsStack reports whether t is *vstack.Stack.
func IsStack(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	named, ok := types.Unalias(ptr.Elem()).(*types.Named)
	return ok && named.Obj().Name() == "Stack" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == Path
}

// A Cost says why a closure that captures a variable costs something on every
// call of the function: Go moves the variable to the heap at its declaration.
type Cost string

// The costs of capturing a variable.
const (
	Free     Cost = ""
	Result   Cost = "a named result"
	Assigned Cost = "a parameter that the function assigns to"
	Address  Cost = "a parameter whose address is taken"
	Large    Cost = "a parameter of more than 128 bytes"
)

// Capture returns what it costs that a closure captures v, a parameter or
// result of the function with this body. The compiler captures by value only
// variables that are never assigned after their declaration, whose address is not
// taken and that have 128 bytes at most.
func Capture(info *types.Info, sizes types.Sizes, body *ast.BlockStmt, v *types.Var, result bool) Cost {
	if result {
		return Result
	}
	if sizes != nil && sized(v.Type()) && sizes.Sizeof(v.Type()) > 128 {
		return Large
	}
	cost := Free
	is := func(e ast.Expr) bool {
		id := root(info, e)
		return id != nil && info.Uses[id] == v
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				if is(e) {
					cost = Assigned
				}
			}
		case *ast.IncDecStmt:
			if is(n.X) {
				cost = Assigned
			}
		case *ast.RangeStmt:
			if n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value) {
				cost = Assigned
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND && is(n.X) && cost == Free {
				cost = Address
			}
		case *ast.SliceExpr: // slicing an array takes its address
			if t := info.TypeOf(n.X); t != nil && cost == Free && is(n.X) {
				if _, ok := t.Underlying().(*types.Array); ok {
					cost = Address
				}
			}
		case *ast.SelectorExpr:
			if cost == Free && is(n.X) && takesAddress(info, n) {
				cost = Address
			}
		}
		return cost != Assigned
	})
	return cost
}

// takesAddress reports whether sel is a method with a pointer receiver of a
// variable that is not a pointer.
func takesAddress(info *types.Info, sel *ast.SelectorExpr) bool {
	s := info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || s.Indirect() {
		return false
	}
	recv := s.Obj().(*types.Func).Signature().Recv()
	_, pointer := recv.Type().Underlying().(*types.Pointer)
	_, have := s.Recv().Underlying().(*types.Pointer)
	return pointer && !have
}

// root returns the variable of which e is a part in memory: x in x, x.f and
// x[i] for an array x.
func root(info *types.Info, e ast.Expr) *ast.Ident {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			s := info.Selections[x]
			if s == nil || s.Kind() != types.FieldVal || s.Indirect() {
				return nil
			}
			e = x.X
		case *ast.IndexExpr:
			t := info.TypeOf(x.X)
			if t == nil {
				return nil
			}
			if _, ok := t.Underlying().(*types.Array); !ok {
				return nil
			}
			e = x.X
		default:
			return nil
		}
	}
}

// sized reports whether the size of t is known: it has no type parameter.
func sized(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return false
	case *types.Named:
		if t.TypeArgs().Len() > 0 {
			for a := range t.TypeArgs().Types() {
				if !sized(a) {
					return false
				}
			}
		}
		return true
	case *types.Array:
		return sized(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !sized(f.Type()) {
				return false
			}
		}
	}
	return true
}
