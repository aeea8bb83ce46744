package rewrite

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// every returns all functions of the text.
func every(t *testing.T, text []byte) (fns []Func) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		p := token.Position{}
		if n != nil {
			p = fset.Position(n.Pos())
		}
		switch n := n.(type) {
		case *ast.FuncDecl:
			fns = append(fns, Func{Name(n), p.Line, p.Column, leaving(n.Body)})
		case *ast.FuncLit:
			fns = append(fns, Func{"", p.Line, p.Column, leaving(n.Body)})
		}
		return true
	})
	return fns
}

// leaving counts the statements at the start that are an if with a return.
func leaving(body *ast.BlockStmt) (n int) {
	if body == nil {
		return 0
	}
	for _, stmt := range body.List {
		cond, ok := stmt.(*ast.IfStmt)
		if !ok || cond.Else != nil || len(cond.Body.List) != 1 {
			break
		}
		if _, ok := cond.Body.List[0].(*ast.ReturnStmt); !ok {
			break
		}
		n++
	}
	return n
}

// fake is package runtime with what guards need.
type fake struct{ types.Importer }

func (f fake) Import(path string) (*types.Package, error) {
	if path != "runtime" {
		return f.Importer.Import(path)
	}
	pkg := types.NewPackage("runtime", "runtime")
	none := types.NewTuple()
	fn := types.NewSignatureType(nil, nil, nil, none, none, false)
	pkg.Scope().Insert(types.NewFunc(token.NoPos, pkg, "VstackLow", types.NewSignatureType(nil, nil, nil, none,
		types.NewTuple(types.NewVar(token.NoPos, pkg, "", types.Typ[types.Bool])), false)))
	pkg.Scope().Insert(types.NewFunc(token.NoPos, pkg, "VstackGrow", types.NewSignatureType(nil, nil, nil,
		types.NewTuple(types.NewVar(token.NoPos, pkg, "fn", fn)), none, false)))
	pkg.MarkComplete()
	return pkg, nil
}

// TestForms guards every function of the files in testdata: the result is Go, and
// every function is on the line where it was.
func TestForms(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.go")
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out, left, err := Rewrite(File{Name: name, Text: text, Funcs: every(t, text)})
			if err != nil {
				t.Fatal(err)
			}
			leftOut(t, name, text, left)
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "x.go", out, parser.ParseComments)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			conf := types.Config{Importer: fake{importer.ForCompiler(fset, "source", nil)}}
			if _, err := conf.Check("x", fset, []*ast.File{f}, nil); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			sameLines(t, lines(text), lines(out))
			for _, decl := range f.Decls {
				if d, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(d.Name.Name, "vstackGrow") {
					saysWhere(t, lines(text), d.Name.Name, fset.Position(d.Pos()))
				}
			}
		})
	}
}

// leftOut looks at which functions got no guard: those that the file says.
func leftOut(t *testing.T, name string, text []byte, left []Left) {
	for _, l := range left {
		if want := "// left: " + l.Reason; !strings.Contains(lines(text)[l.Line-1], want) {
			t.Errorf("%s:%d: left out: %s", name, l.Line, l.Reason)
		}
	}
	if n := strings.Count(string(text), "// left: "); n != len(left) {
		t.Errorf("%d functions were left out, %d should be", len(left), n)
	}
}

// sameLines looks whether what was on a line stays on it.
func sameLines(t *testing.T, before, after []string) {
	for i := range before {
		for _, word := range strings.FieldsFunc(before[i], func(r rune) bool { return r != '.' && !unicode.IsLetter(r) }) {
			if !strings.Contains(after[i], word) {
				t.Errorf("line %d lost %q:\n%s\n%s", i+1, word, before[i], after[i])
			}
		}
	}
}

// saysWhere looks at where the function that a guard goes on with says that it is: at the
// function that it is for.
func saysWhere(t *testing.T, before []string, name string, at token.Position) {
	if want := "x.go"; at.Filename != want {
		t.Errorf("%s is in %s, want %s", name, at.Filename, want)
	}
	word := name[strings.LastIndex(name, "_")+1:]
	if !strings.Contains(before[at.Line-1], "{") && !strings.Contains(before[at.Line-1], word) {
		t.Errorf("%s says that it is at line %d: %s", name, at.Line, before[at.Line-1])
	}
}

func lines(text []byte) []string { return strings.Split(string(text), "\n") }

func ExampleRewrite() {
	text := []byte(`package tree

// Depth is recursive.
func (n *Node) Depth() int {
	if n == nil { return 0 }
	return 1 + n.Next.Depth()
}
`)
	out, _, err := Rewrite(File{Name: "tree.go", Text: text, Funcs: []Func{{"Node.Depth", 4, 1, 1}}})
	if err != nil {
		panic(err)
	}
	fmt.Print(string(out))
	// Output:
	// package tree; import vstackRT "runtime"
	//
	// // Depth is recursive.
	// func (n *Node) Depth() int {
	// 	if n == nil { return 0 }; if vstackRT.VstackLow() { return vstackGrow4_Node_Depth(n) };
	// 	return 1 + n.Next.Depth()
	// }
	// //line :3:1
	// //go:noinline
	// func vstackGrow4_Node_Depth(vstackA0 *Node) (vstackR0 int) { vstackRT.VstackGrow(func() { vstackR0 = vstackA0.Depth() }); return }
}
