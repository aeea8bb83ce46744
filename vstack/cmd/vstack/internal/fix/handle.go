package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A variable is one that a function can see: a parameter, its receiver, or, for
// a function literal, one of a function around it.
type variable struct {
	obj      *types.Var
	name     string
	receiver bool
}

// handle looks for a *vstack.Stack in reach of fn: a parameter, a field of the
// receiver or of a parameter, or of a struct that is such a field. The path is what
// selects it from the variable. One behind a pointer that may be nil is not in
// reach, since the other form of the guard needs no test for that; nor is one that
// a context has, since to look it up on every call costs more than to have none.
func handle(p *program.Program, fn *program.Func) (v variable, path string, ok bool) {
	vars := visible(p, fn)
	for _, v := range vars {
		if guard.IsStack(v.obj.Type()) {
			return v, "", true
		}
	}
	for steps := 1; steps <= 3; steps++ {
		for _, v := range vars {
			t := v.obj.Type()
			ptr, pointer := t.Underlying().(*types.Pointer)
			if pointer {
				t = ptr.Elem()
			}
			path, field := fieldPath(t, fn.Pkg, steps)
			if field != nil && isSet(p, field) && !(pointer && mayBeNil(p, fn, v)) {
				return v, path, true
			}
		}
	}
	return variable{}, "", false
}

// fieldPath returns the selectors from a value of type t to a stack in exactly so many
// steps, and the field at their end; nil without one. It does not go through
// pointers, which may be nil.
func fieldPath(t types.Type, from *types.Package, steps int) (string, *types.Var) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return "", nil
	}
	for field := range s.Fields() {
		if field.Pkg() != from && !field.Exported() || field.Name() == "_" {
			continue
		}
		if steps == 1 {
			if guard.IsStack(field.Type()) {
				return "." + field.Name(), field
			}
		} else if path, end := fieldPath(field.Type(), from, steps-1); end != nil {
			return "." + field.Name() + path, end
		}
	}
	return "", nil
}

// isSet reports whether anybody may set the field. A guard with a handle that stays
// nil guards nothing.
func isSet(p *program.Program, field *types.Var) bool {
	pkg := p.Source[field.Pkg()]
	if pkg == nil || field.Exported() {
		return true
	}
	field = field.Origin()
	is := func(e ast.Expr) bool {
		switch e := ast.Unparen(e).(type) {
		case *ast.Ident:
			v, ok := pkg.TypesInfo.Uses[e].(*types.Var)
			return ok && v.Origin() == field
		case *ast.SelectorExpr:
			v, ok := pkg.TypesInfo.Uses[e.Sel].(*types.Var)
			return ok && v.Origin() == field
		}
		return false
	}
	found := false
	for _, file := range pkg.Syntax {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				found = found || slices.ContainsFunc(n.Lhs, is)
			case *ast.KeyValueExpr:
				found = found || is(n.Key)
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && is(n.X)
			case *ast.CompositeLit:
				if s, ok := ssax.Deref(pkg.TypesInfo.TypeOf(n)).Underlying().(*types.Struct); ok && len(n.Elts) > 0 {
					_, keyed := n.Elts[0].(*ast.KeyValueExpr)
					for v := range s.Fields() {
						found = found || !keyed && v.Origin() == field
					}
				}
			}
			return !found
		})
	}
	return found
}

// visible returns the variables that a guard at the top of fn can use.
func visible(p *program.Program, fn *program.Func) (vars []variable) {
	pkg := p.Source[fn.Pkg]
	if pkg == nil {
		return nil
	}
	add := func(list *ast.FieldList, receiver bool) {
		if list == nil {
			return
		}
		for _, field := range list.List {
			for _, name := range field.Names {
				if v, ok := pkg.TypesInfo.Defs[name].(*types.Var); ok && name.Name != "_" {
					vars = append(vars, variable{v, name.Name, receiver})
				}
			}
		}
	}
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		add(d.Recv, true)
		add(d.Type.Params, false)
	case *ast.FuncLit:
		add(d.Type.Params, false)
		own := len(vars)
		for outer := fn.SSA.Parent(); outer != nil; outer = outer.Parent() {
			switch d := outer.Syntax().(type) {
			case *ast.FuncDecl:
				add(d.Recv, true)
				add(d.Type.Params, false)
			case *ast.FuncLit:
				add(d.Type.Params, false)
			}
		}
		// Not what something between hides.
		scope := pkg.TypesInfo.Scopes[d.Type]
		kept := vars[:own:own]
		for _, v := range vars[own:] {
			if scope == nil {
				continue
			}
			if _, obj := scope.LookupParent(v.name, d.Body.Pos()); obj == types.Object(v.obj) {
				kept = append(kept, v)
			}
		}
		vars = kept
	}
	return vars
}
