package fix

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A stack is how a function gets at its *vstack.Stack.
type stack struct {
	expr    string    // of the stack, in the function
	behind  *variable // a pointer that expr goes through; nil if none
	context bool      // expr is a context.Context that may have it
	cost    int       // for choosing where to put guards: a context costs a look-up on every call
}

// A Field is a field to add to a type and to use as the stack.
type Field struct {
	Type string // as a package of the program declares it: parser, or import/path.parser
	Name string
}

// ParseField parses TYPE.FIELD.
func ParseField(s string) (Field, error) {
	i := strings.LastIndexByte(s, '.')
	if i <= 0 || !token.IsIdentifier(s[i+1:]) {
		return Field{}, errors.New("want TYPE.FIELD, such as parser.stack or example.com/lang/eval.State.Stack")
	}
	return Field{s[:i], s[i+1:]}, nil
}

// matches reports whether the field is for t.
func (f Field) matches(t *types.Named) bool {
	obj := t.Obj()
	return f.Type == obj.Name() || obj.Pkg() != nil && (f.Type == obj.Pkg().Path()+"."+obj.Name() || f.Type == obj.Pkg().Name()+"."+obj.Name())
}

// A variable is one that a function can see: a parameter, its receiver, or, for
// a function literal, one of a function around it.
type variable struct {
	obj      *types.Var
	name     string
	receiver bool
}

// find looks for a stack in reach of fn: a parameter, a field of the receiver or
// of a parameter, or of a struct that is such a field, or what a context knows.
// fields are those that may be added where there is none, or only a context.
func find(fn *program.Func, vars []variable, fields []Field) (stack, bool) {
	s, ok := findWith(fn, vars, nil)
	if len(fields) > 0 && (!ok || s.context) {
		return findWith(fn, vars, fields)
	}
	return s, ok
}

func findWith(fn *program.Func, vars []variable, fields []Field) (stack, bool) {
	from := fn.Pkg
	for _, v := range vars {
		if guard.IsStack(v.obj.Type()) {
			return stack{expr: v.name}, true
		}
	}
	for steps := 1; steps <= 3; steps++ {
		for _, v := range vars {
			t := v.obj.Type()
			ptr, pointer := t.Underlying().(*types.Pointer)
			if pointer {
				t = ptr.Elem()
			}
			if path, ok := fieldPath(t, from, steps, fields); ok {
				s := stack{expr: v.name + path, cost: steps - 1}
				if pointer {
					s.behind = &v
				}
				return s, true
			}
		}
	}
	for _, v := range vars {
		if isContext(v.obj.Type()) {
			return stack{expr: v.name, context: true, cost: 10}, true
		}
	}
	return stack{}, false
}

// fieldPath returns the selectors from a value of type t to a stack in exactly
// so many steps. It does not go through pointers, which may be nil.
func fieldPath(t types.Type, from *types.Package, steps int, fields []Field) (string, bool) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return "", false
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && steps == 1 {
		for _, f := range fields {
			if f.matches(named) && (named.Obj().Pkg() == from || token.IsExported(f.Name)) {
				return "." + f.Name, true
			}
		}
	}
	for field := range s.Fields() {
		if field.Pkg() != from && !field.Exported() || field.Name() == "_" {
			continue
		}
		if steps == 1 {
			if guard.IsStack(field.Type()) {
				return "." + field.Name(), true
			}
		} else if path, ok := fieldPath(field.Type(), from, steps-1, fields); ok {
			return "." + field.Name() + path, true
		}
	}
	return "", false
}

// nearly says what find would need to find a stack.
func nearly(fn *program.Func, vars []variable) string {
	for _, v := range vars {
		if path, ok := behindPointer(v.obj.Type(), fn.Pkg, 3); ok {
			return fmt.Sprintf("%s%s is behind a pointer that may be nil: keep the stack in a field nearer, or write the guard by hand", v.name, path)
		}
	}
	for v := range fn.SSA.Signature.Params().Variables() {
		if v.Name() != "" && v.Name() != "_" {
			continue
		}
		unnamed := []variable{{v, "_", false}}
		if _, ok := findWith(fn, unnamed, nil); ok {
			return fmt.Sprintf("the parameter of type %s has no name: give it one", types.TypeString(v.Type(), types.RelativeTo(fn.Pkg)))
		}
	}
	return "no parameter, no field of the receiver or of a parameter, no context"
}

// behindPointer is fieldPath for up to so many steps, through pointers.
func behindPointer(t types.Type, from *types.Package, steps int) (string, bool) {
	s, ok := pointee(t).Underlying().(*types.Struct)
	if !ok || steps == 0 {
		return "", false
	}
	for field := range s.Fields() {
		if field.Pkg() != from && !field.Exported() || field.Name() == "_" {
			continue
		}
		if guard.IsStack(field.Type()) {
			return "." + field.Name(), true
		}
	}
	for field := range s.Fields() {
		if field.Pkg() != from && !field.Exported() || field.Name() == "_" {
			continue
		}
		if path, ok := behindPointer(field.Type(), from, steps-1); ok {
			return "." + field.Name() + path, true
		}
	}
	return "", false
}

func isContext(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context"
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
