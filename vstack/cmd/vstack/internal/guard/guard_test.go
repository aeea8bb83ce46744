package guard

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// library has the names that a guard can have.
const library = `package vstack

import "context"

type Stack struct{}

func (s *Stack) Low() bool                    { return false }
func (s *Stack) Do(fn func())                 { fn() }
func Low() bool                               { return false }
func Do(fn func())                            { fn() }
func Grow[R any](fn func() R) R               { return fn() }
func GrowOn[R any](s *Stack, fn func() R) R   { return fn() }
func Call[A, R any](fn func(A) R, arg A) R    { return fn(arg) }
func Current() *Stack                         { return nil }
func FromContext(context.Context) (*Stack, bool) { return nil, false }
`

type imports struct{ lib *types.Package }

func (i imports) Import(path string) (*types.Package, error) {
	if path == Path {
		return i.lib, nil
	}
	return importer.Default().Import(path)
}

func compile(t *testing.T, fset *token.FileSet, path, text string, imp types.Importer) (*ast.File, *types.Info, *types.Package) {
	t.Helper()
	file, err := parser.ParseFile(fset, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	pkg, err := (&types.Config{Importer: imp}).Check(path, fset, []*ast.File{file}, info)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return file, info, pkg
}

func TestFind(t *testing.T) {
	fset := token.NewFileSet()
	_, _, lib := compile(t, fset, Path, library, importer.Default())
	for _, test := range []struct {
		body   string
		handle string // of the guard; - if there is none
		before int
	}{
		{"if vstack.Low() {\nreturn vstack.Grow(func() int { return f(s, n) })\n}", "", 0},
		{"if (vstack.Low()) {\nreturn vstack.Grow(func() int { return f(s, n) })\n}", "", 0},
		{"if vstack.Low() {\nvar r int\nvstack.Do(func() { r = f(s, n) })\nreturn r\n}", "", 0},
		{"if vstack.Low() {\nreturn vstack.Call(func(n int) int { return f(s, n) }, n)\n}", "", 0},
		{"if vstack.Low() {\nreturn low(s, n)\n}", "", 0},
		{"if s.Low() {\nreturn vstack.GrowOn(s, func() int { return f(s, n) })\n}", "s", 0},
		{"if s != nil && s.Low() {\ns.Do(func() { n = f(s, n) })\nreturn n\n}", "s", 0},
		{"c := vstack.Current()\nif c.Low() {\nreturn vstack.GrowOn(c, func() int { return f(s, n) })\n}", "c", 0},
		{"n++\nif vstack.Low() {\nreturn vstack.Grow(func() int { return f(s, n) })\n}", "", 1},
		// Not on every level.
		{"if n > 100 && vstack.Low() {\nreturn vstack.Grow(func() int { return f(s, n) })\n}", "-", 0},
		// It does not go on elsewhere.
		{"if vstack.Low() {\nreturn 0\n}", "-", 0},
		{"if n > 100 {\nreturn vstack.Grow(func() int { return f(s, n) })\n}", "-", 0},
		// A function of more than one statement may be the recursion.
		{"if vstack.Low() {\nreturn more(s, n)\n}", "-", 0},
	} {
		text := "package p\n\nimport \"" + Path + "\"\n\n" +
			"func low(s *vstack.Stack, n int) int { return vstack.Grow(func() int { return f(s, n) }) }\n\n" +
			"func more(s *vstack.Stack, n int) int { n++; return vstack.Grow(func() int { return f(s, n) }) }\n\n" +
			"func f(s *vstack.Stack, n int) int {\n" + test.body + "\nreturn n\n}\n"
		file, info, _ := compile(t, fset, "p", text, imports{lib})
		bodies := map[*types.Func]*ast.BlockStmt{}
		var body *ast.BlockStmt
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				bodies[info.Defs[d.Name].(*types.Func)] = d.Body
				body = d.Body
			}
		}
		guards := Find(info, body, func(fn *types.Func) *ast.BlockStmt { return bodies[fn] })
		if test.handle == "-" {
			if len(guards) != 0 {
				t.Errorf("found a guard in\n%s", test.body)
			}
			continue
		}
		if len(guards) != 1 {
			t.Errorf("found %d guards in\n%s", len(guards), test.body)
			continue
		}
		handle := ""
		if g := guards[0]; g.Handle != nil {
			handle = types.ExprString(g.Handle)
		}
		if handle != test.handle || len(guards[0].Before) != test.before {
			t.Errorf("handle %q, %d before, in\n%s", handle, len(guards[0].Before), test.body)
		}
	}
}
