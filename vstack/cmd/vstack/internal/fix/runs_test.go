package fix

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// TestFrequencies looks at the blocks in which f calls the functions a, b, c.
func TestFrequencies(t *testing.T) {
	for _, test := range []struct {
		body string
		want map[string]float64
	}{
		{"a()", map[string]float64{"a": 1}},
		{"if x { a() } else { b() }; c()", map[string]float64{"a": 0.5, "b": 0.5, "c": 1}},
		{"for range n { a() }; b()", map[string]float64{"a": rounds / 2, "b": 1}}, // n may be 0
		{"for x { a() }; b()", map[string]float64{"a": rounds, "b": 1}},
		{"for x { for x { a() }; b() }; c()", map[string]float64{"a": rounds * rounds, "b": rounds, "c": 1}},
		{"if x { panic(n) }; a()", map[string]float64{"a": 1}},
		{"switch n { case 1: a(); case 2: b(); default: c() }", map[string]float64{"a": 0.5, "b": 0.25, "c": 0.25}},
		{"for { a() }", map[string]float64{"a": rounds}},
		{"for { for x { for x { for x { a() } } } }", map[string]float64{"a": most}},
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "p.go", "package p\n\nfunc a()\nfunc b()\nfunc c()\n\nfunc f(x bool, n int) { "+test.body+" }\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		pkg, _, err := ssautil.BuildPackage(&types.Config{}, fset, types.NewPackage("p", "p"), []*ast.File{file}, 0)
		if err != nil {
			t.Fatal(err)
		}
		times := frequencies(pkg.Func("f"))
		got := map[string]float64{}
		for b, n := range times {
			for _, i := range b.Instrs {
				if call, ok := i.(*ssa.Call); ok && call.Call.StaticCallee() != nil {
					got[call.Call.StaticCallee().Name()] = n
				}
			}
		}
		for name, want := range test.want {
			if got[name] != want {
				t.Errorf("%s: %s runs %v times, want %v", test.body, name, got[name], want)
			}
		}
	}
}
