package guard

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

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
		switch {
		case assigns(n, is):
			cost = Assigned
		case cost == Free && addresses(info, n, is):
			cost = Address
		}
		return cost != Assigned
	})
	return cost
}

// assigns reports whether the node gives a new value to what is meant.
func assigns(n ast.Node, is func(ast.Expr) bool) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return slices.ContainsFunc(n.Lhs, is)
	case *ast.IncDecStmt:
		return is(n.X)
	case *ast.RangeStmt:
		return n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value)
	}
	return false
}

// addresses reports whether the node takes the address of what is meant.
func addresses(info *types.Info, n ast.Node, is func(ast.Expr) bool) bool {
	switch n := n.(type) {
	case *ast.UnaryExpr:
		return n.Op == token.AND && is(n.X)
	case *ast.SliceExpr: // slicing an array takes its address
		t := info.TypeOf(n.X)
		if t == nil {
			return false
		}
		_, array := t.Underlying().(*types.Array)
		return array && is(n.X)
	case *ast.SelectorExpr:
		return is(n.X) && takesAddress(info, n)
	}
	return false
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
