package build

import (
	"cmp"
	"fmt"
	"go/ast"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build/rewrite"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
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

	Decl string `json:"decl,omitempty"` // as rewrite.Func has it
	Skip int    `json:"skip,omitempty"` // as rewrite.Func has it
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
	weightSmall   = 6    // the compiler inlines it now
	weightLit     = 8    // a literal gets a second closure
	weightStd     = 200  // the program would compile a package of the standard library anew
	weightMissing = 5000 // it cannot have one
)

// A choice says which recursion gets guards.
type choice struct {
	all   bool // unclear recursion too
	std   bool // it is the standard library itself
	have  map[string]bool
	unfit func(*program.Func) string
}

// newPlan chooses the functions that get a guard: a light set that is on every way
// round the recursion that nothing stops.
func newPlan(r *recursion.Result, ch choice) *Plan {
	p := &Plan{}
	d := &deep{ids: map[*program.Func]int{}, cycle: map[*program.Func]*recursion.Cycle{}}
	// A guard where none was needed costs little; a way that was not seen would cost the process.
	for _, c := range slices.Concat(r.Cycles, r.Unreached) {
		switch {
		case c.Library == "":
			if ch.takes(c) {
				d.add(c)
			}
		case c.Status == recursion.Unguarded && !ch.std && !guardedInStd(c.Library):
			at := place(r, c.Start())
			at.Cycle, at.Reason = c.Library, "package runtime does it, where there can be no guard; limit how deep the value is"
			p.Left = append(p.Left, at)
		}
	}
	d.drop(func(fn *program.Func) bool { return ch.have[where(place(r, fn))] })
	reasons := make([]string, len(d.fns))
	for i, fn := range d.fns {
		reasons[i] = ch.unfit(fn)
	}
	set, _ := d.calls.FeedbackVertexSet(func(v int) int {
		fn := d.fns[v]
		if !ch.std && reasons[v] == "" && r.Graph.Program.Std(fn.Pkg) {
			return weightStd
		}
		return weight(fn, reasons[v])
	})
	for _, v := range set {
		at := place(r, d.fns[v])
		if c := d.cycle[d.fns[v]]; c != nil {
			at.Cycle = name(c)
		}
		if at.Reason = reasons[v]; at.Reason != "" {
			p.Left = append(p.Left, at)
		} else {
			fn := d.fns[v]
			at.Skip = guard.Leaving(r.Graph.Program.Source[fn.Pkg].TypesInfo, fn.Body())
			p.Guards = append(p.Guards, at)
		}
	}
	p.sort()
	return p
}

// deep is all that can get deep, as one graph.
type deep struct {
	fns   []*program.Func
	ids   map[*program.Func]int // the other way round
	calls graph.Digraph
	cycle map[*program.Func]*recursion.Cycle // the first that a function is on
}

// add adds the calls of a cycle.
func (d *deep) add(c *recursion.Cycle) {
	calls := c.Around
	if c.Status != recursion.Unguarded {
		calls = among(c.Funcs)
	}
	for _, call := range calls {
		if call.How == program.Made {
			continue
		}
		from, to := d.id(call.From), d.id(call.To)
		if !slices.Contains(d.calls[from], to) {
			d.calls[from] = append(d.calls[from], to)
		}
	}
	for _, fn := range c.Funcs {
		if d.cycle[fn] == nil {
			d.cycle[fn] = c
		}
	}
}

func (d *deep) id(fn *program.Func) int {
	n, ok := d.ids[fn]
	if !ok {
		n = len(d.fns)
		d.ids[fn] = n
		d.fns, d.calls = append(d.fns, fn), append(d.calls, nil)
	}
	return n
}

// drop takes out the calls of and to functions that have their guard.
func (d *deep) drop(guarded func(*program.Func) bool) {
	for i, fn := range d.fns {
		if guarded(fn) {
			for v := range d.calls {
				d.calls[v] = slices.DeleteFunc(d.calls[v], func(w int) bool { return v == i || w == i })
			}
		}
	}
}

// takes reports whether the recursion gets guards.
func (ch choice) takes(c *recursion.Cycle) bool {
	switch c.Status {
	case recursion.Unguarded:
		return true
	case recursion.Unclear, recursion.Limited:
		// Values of the standard library's exported types can be built by hand, and
		// then the parser's limit says nothing.
		return ch.all && c.Status == recursion.Unclear || ch.std && c.Start().Pkg != nil && byHand[c.Start().Pkg.Path()]
	}
	return false
}

// byHand are packages whose functions walk values that a program can build without
// the parser that limits how deep they are, or wraps into each other.
var byHand = map[string]bool{
	"go/ast": true, "go/printer": true, "go/format": true, "go/doc": true, "go/doc/comment": true,
	"go/types": true, "go/constant": true, "go/build/constraint": true,
	"text/template": true, "text/template/parse": true, "html/template": true,
	"regexp": true, "regexp/syntax": true, "context": true, "errors": true, "io": true, "io/fs": true,
	"expvar": true, "encoding/json": true, "encoding/gob": true, "encoding/xml": true, "encoding/binary": true,
	"reflect": true, "testing": true, "vendor/golang.org/x/text/transform": true,
	"vendor/golang.org/x/crypto/cryptobyte": true,
}

// guardedInStd reports whether what the standard library does is recursion in Go,
// which has guards in an instrumented build.
func guardedInStd(name string) bool { return strings.Contains(name, ".") }

// among returns the calls among the functions.
func among(fns []*program.Func) (calls []*program.Call) {
	in := map[*program.Func]bool{}
	for _, fn := range fns {
		in[fn] = true
	}
	for _, fn := range fns {
		for _, c := range fn.Out {
			if in[c.To] {
				calls = append(calls, c)
			}
		}
	}
	return calls
}

// where names a place.
func where(g Guard) string { return fmt.Sprintf("%s:%d:%d", g.File, g.Line, g.Column) }

// sort sorts the plan, and takes out what is there twice: a package that has tests in it
// and that others of the program import is there as they see it and as its tests do,
// made of the same files.
func (p *Plan) sort() {
	for _, list := range []*[]Guard{&p.Guards, &p.Left} {
		slices.SortFunc(*list, func(a, b Guard) int {
			return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column,
				strings.Compare(a.Cycle, b.Cycle))
		})
	}
	p.Guards = slices.CompactFunc(p.Guards, func(a, b Guard) bool { return where(a) == where(b) })
	p.Left = slices.Compact(p.Left)
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
		g.Decl = rewrite.Name(d)
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
	"internal/reflectlite": true, "iter": true, "runtime/debug": true, "unique": true, "weak": true,
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
