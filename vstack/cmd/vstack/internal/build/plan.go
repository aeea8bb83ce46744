package build

import (
	"cmp"
	"fmt"
	"go/ast"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build/rewrite"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// A Guard is a function of the program that gets a guard, or should have got one.
type Guard struct {
	Package string `json:"package"`
	Func    string `json:"func"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	// Cycle is the recursion that it stops.
	Cycle  string `json:"cycle"`
	Reason string `json:"reason,omitempty"` // why it got none

	decl string // as rewrite.Func has it
}

// A Plan says what a build does to the program.
type Plan struct {
	Guards []Guard `json:"guards"`
	Left   []Guard `json:"left"` // what got no guard, and why
	// NoNet says why there is no net; "" if there is one, or if none was asked for.
	NoNet string `json:"noNet,omitempty"`
	// Table says why guards look limits up in a table; "" if each goroutine has its own.
	Table  string `json:"table,omitempty"`
	Shadow string `json:"-"` // the module cache of the build, if it is not the user's
}

// weights of functions that guards had better not be in.
const (
	weightDecl    = 4
	weightSmall   = 6     // the compiler inlines it now
	weightLit     = 8     // a literal gets a second closure
	weightMissing = 10000 // it cannot have one
)

// newPlan chooses the functions that get a guard: the lightest set that is on every
// way round the recursion that nothing stops.
func newPlan(r *recursion.Result, all bool, unfit func(*program.Func) string) *Plan {
	p := &Plan{}
	seen := map[*program.Func]bool{}
	for _, c := range r.Cycles {
		if c.Status != recursion.Unguarded && !(all && c.Status == recursion.Unclear) {
			continue
		}
		reasons := make([]string, len(c.Funcs))
		weights := make([]int, len(c.Funcs))
		for i, fn := range c.Funcs {
			reasons[i] = unfit(fn)
			weights[i] = weight(fn, reasons[i])
		}
		set, _ := c.Graph().FeedbackVertexSet(func(v int) int { return weights[v] })
		for _, v := range set {
			fn := c.Funcs[v]
			if seen[fn] {
				continue
			}
			seen[fn] = true
			g := place(r, fn)
			g.Cycle = name(c)
			if g.Reason = reasons[v]; g.Reason != "" {
				p.Left = append(p.Left, g)
			} else {
				p.Guards = append(p.Guards, g)
			}
		}
	}
	p.sort()
	return p
}

func (p *Plan) sort() {
	for _, list := range [][]Guard{p.Guards, p.Left} {
		slices.SortFunc(list, func(a, b Guard) int {
			return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
		})
	}
}

func name(c *recursion.Cycle) string {
	var names []string
	for _, call := range c.Chain {
		if !call.From.Wrapper() {
			names = append(names, call.From.Name())
		}
	}
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	if len(names) > 0 {
		names = append(names, names[0])
	}
	return strings.Join(names, " → ")
}

func weight(fn *program.Func, reason string) int {
	if reason != "" {
		return weightMissing
	}
	if _, ok := fn.Decl().(*ast.FuncLit); ok {
		return weightLit
	}
	if small(fn.Body()) {
		return weightSmall
	}
	return weightDecl
}

// small reports whether the compiler may inline the function.
func small(body *ast.BlockStmt) bool {
	if body == nil || len(body.List) > 3 {
		return false
	}
	n := 0
	ast.Inspect(body, func(node ast.Node) bool {
		if node != nil {
			n++
		}
		return true
	})
	return n < 40
}

// place says where a function is, in the file that a person wrote.
func place(r *recursion.Result, fn *program.Func) Guard {
	pos := fn.Pos()
	if d := fn.Decl(); d != nil {
		pos = d.Pos()
	}
	// The file where it really is: what cgo or the build made of a file names the
	// original.
	at := r.Fset.PositionFor(pos, false)
	if pkg := r.Graph.Program.Source[fn.Pkg]; pkg != nil && !slices.Contains(pkg.GoFiles, at.Filename) {
		at = r.Fset.Position(pos)
	}
	g := Guard{Func: fn.Name(), File: at.Filename, Line: at.Line, Column: at.Column}
	if d, ok := fn.Decl().(*ast.FuncDecl); ok {
		g.decl = rewrite.Name(d)
	}
	if fn.Pkg != nil {
		g.Package = fn.Pkg.Path()
	}
	return g
}

// unfitFunc returns what says why a function cannot have a guard.
func unfitFunc(r *recursion.Result, closed func(path string) string) func(*program.Func) string {
	return func(fn *program.Func) string {
		if fn.Wrapper() {
			return "the compiler makes it"
		}
		if fn.Pkg == nil {
			return "it belongs to no package"
		}
		if reason := closed(fn.Pkg.Path()); reason != "" {
			return reason
		}
		pkg := r.Graph.Program.Source[fn.Pkg]
		if pkg == nil {
			return "its source is not there"
		}
		tok := r.Fset.File(fn.Decl().Pos())
		for _, file := range pkg.Syntax {
			if r.Fset.File(file.FileStart) == tok {
				return rewrite.Unfit(tok, file, fn.Decl())
			}
		}
		return fmt.Sprintf("its file %s is not one of the package", tok.Name())
	}
}

// hopping are packages of the standard library that the library itself calls on its
// way to another goroutine. A guard there would ask the library to go on, which
// would call it again.
var hopping = map[string]bool{
	"sync": true, "sync/atomic": true, "internal/sync": true, "internal/race": true, "internal/synctest": true,
	"context": true, "time": true, "container/list": true, "internal/reflectlite": true, "iter": true,
	"runtime/debug": true, "unique": true, "weak": true, "errors": true,
}

// closedFunc returns what says why no function of a package can have a guard.
func closedFunc(runtimeDeps map[string]bool) func(path string) string {
	return func(path string) string {
		switch {
		case runtimeDeps[path]:
			return "package runtime needs its package"
		case hopping[path]:
			return "vstack itself needs its package to go on"
		case path == module+"/vstack" || path == module+"/scheduler" || strings.HasPrefix(path, module+"/vstack/internal/"):
			return "it is vstack itself"
		case strings.HasPrefix(path, "golang.org/x/sync/"):
			return "vstack itself needs its package to go on"
		case strings.HasPrefix(path, "runtime/") || strings.HasPrefix(path, "internal/runtime/"):
			return "it is a part of the runtime"
		}
		return ""
	}
}
