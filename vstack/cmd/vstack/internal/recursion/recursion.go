// Package recursion finds the cycles of a call graph, tells how deep they can
// go and whether something stops them, and looks at the guards on them.
//
// [Find] looks at one strongly connected component of the graph after the other
// (component.go): what silences it, bounds it, guards it or limits it takes calls
// out of it, and what is left is split into findings (split.go), one for each
// place where a guard is needed.
package recursion

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
)

// A Status says whether a cycle can crash the program.
type Status string

// The states of a cycle. The tool complains of the first only.
const (
	Unguarded Status = "unguarded" // its depth depends on data and nothing stops it
	Guarded   Status = "guarded"   // every way round it passes a guard of vstack
	Limited   Status = "limited"   // every way round it passes a depth limit of its own
	Bounded   Status = "bounded"   // it cannot get deep
	Unclear   Status = "unclear"   // nothing was found that its depth depends on
	Silenced  Status = "silenced"  // by a comment //vstack:ok
)

// A Cycle is a finding: functions that call each other, or one call of the standard
// library that recurses on what it is given.
//
// An unguarded cycle has one Point. Guards in the points of all unguarded cycles of a
// program leave no unguarded way round; guards in other functions of the cycles need
// not.
type Cycle struct {
	Status Status
	Reason string          // what its depth depends on, or what bounds it
	Funcs  []*program.Func // on the cycles that a guard at Point ends, those of Chain first, Start first of all
	Chain  []*program.Call // the likeliest way round, from Start
	Calls  []*program.Call // all among Funcs that can get deep, for an unguarded cycle
	Around []*program.Call // all of its component that can get deep, for an unguarded cycle: Calls and those of other findings
	Point  *program.Func   // where one guard ends it; nil for a cycle that is not unguarded and for a Library call
	Guess  bool            // every way round has a call of which the callee is not certain
	Tail   bool            // every call is the last thing that its caller does: a loop would do
	Rank   Rank
	Root   *program.Func   // from which it is reached; nil if Rank is Internal
	Path   []*program.Call // from Root to Start
	Guards []*program.Func // that stand on it
	Others []string        // guards or limits that stop other ways round it

	// Library is the function of the standard library that recurses, at Site, on a
	// value that Start gives it; "" for a cycle of the program's own calls.
	Library string
	Site    token.Pos
	Help    string // what to do about it
}

// Start returns the function that the cycle is reported at: where the way from Root
// enters it.
func (c *Cycle) Start() *program.Func { return c.Funcs[0] }

// Pos returns where the cycle is reported.
func (c *Cycle) Pos() token.Pos {
	if c.Library != "" {
		return c.Site
	}
	return c.Start().Pos()
}

// Graph returns the calls of an unguarded cycle: node i is Funcs[i].
func (c *Cycle) Graph() graph.Digraph {
	g, _ := digraph(c.Funcs, c.Calls)
	return g
}

// A Cost is a guard that is not as it should be.
type Cost struct {
	Pos     token.Pos
	Func    *program.Func
	Message string
}

// A Result is what Find found, the worst first.
type Result struct {
	Graph  *program.Graph
	Cycles []*Cycle
	Costs  []Cost
	Fset   *token.FileSet
}

type finder struct {
	graph   *program.Graph
	fset    *token.FileSet
	guards  map[*program.Func][]guard.Guard
	guarded map[*program.Func]bool // has a guard that works
	ok      comments
	limits  *limits
	sizes   *sizechange.Analysis
	entries *entries
	costs   []Cost
	cyclic  map[*program.Func]bool // on a cycle of whatever kind
	made    map[*types.Named]making
	makers  map[*types.Named][]*program.Func
	limited map[*program.Func]bool // on a cycle with a limit of its own
	gen     map[string]string      // the generator of a file, by the file's name
}

// Find looks for recursion in the graph.
func Find(g *program.Graph) *Result {
	f := &finder{
		graph:   g,
		fset:    g.Program.Fset,
		guards:  map[*program.Func][]guard.Guard{},
		guarded: map[*program.Func]bool{},
		limits:  newLimits(g),
		sizes:   sizechange.New(),
		entries: findEntries(g),
		cyclic:  map[*program.Func]bool{},
		limited: map[*program.Func]bool{},
		gen:     map[string]string{},
	}
	f.ok = findComments(g.Program)
	f.costs = append(f.costs, f.ok.bad...)
	f.findGuards()
	found := components(g.Funcs, nil)
	for _, set := range found {
		for _, fn := range set {
			f.cyclic[fn] = true
		}
	}
	var cycles []*Cycle
	for _, set := range found {
		cycles = append(cycles, f.component(set)...)
	}
	f.built(cycles)
	cycles = append(cycles, f.library()...)
	cycles = slices.DeleteFunc(cycles, f.elsewhere)
	slices.SortStableFunc(cycles, f.compare)
	slices.SortStableFunc(f.costs, func(a, b Cost) int {
		return comparePositions(f.fset.Position(a.Pos), f.fset.Position(b.Pos))
	})
	return &Result{g, cycles, f.costs, f.fset}
}

// elsewhere reports whether no function of the cycle is of the packages that were
// named, and none of theirs reaches it.
func (f *finder) elsewhere(c *Cycle) bool {
	return c.Root == nil && !slices.ContainsFunc(c.Funcs, f.named)
}

func (f *finder) named(fn *program.Func) bool {
	return fn.Pkg != nil && f.graph.Program.Named(fn.Pkg.Path())
}

var order = map[Status]int{Unguarded: 0, Unclear: 1, Limited: 2, Guarded: 3, Silenced: 4, Bounded: 5}

// compare puts first what somebody outside can drive, by the shortest way.
func (f *finder) compare(a, b *Cycle) int {
	return cmp.Or(
		cmp.Compare(order[a.Status], order[b.Status]),
		cmp.Compare(a.Rank, b.Rank),
		cmp.Compare(f.distance(a), f.distance(b)),
		strings.Compare(f.position(a.Start()), f.position(b.Start())),
		cmp.Compare(a.Pos(), b.Pos()))
}

// distance says how far a cycle is from what drives it: in whose code it is, whether
// it is certain, and how many calls the way is.
func (f *finder) distance(c *Cycle) int {
	d := len(c.Path)
	switch fn := c.Start(); {
	case f.named(fn):
	case f.graph.Program.Std(fn.Pkg):
		d += 2000
	default:
		d += 1000
	}
	if c.Guess {
		d += 500
	}
	return d
}

func comparePositions(a, b token.Position) int {
	return cmp.Or(strings.Compare(a.Filename, b.Filename), cmp.Compare(a.Offset, b.Offset))
}

func (f *finder) position(fn *program.Func) string {
	p := f.fset.Position(fn.Pos())
	return fmt.Sprintf("%s:%08d", p.Filename, p.Offset)
}

func (f *finder) short(pos token.Pos) string {
	p := f.fset.Position(pos)
	name := p.Filename
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return fmt.Sprintf("%s:%d", name, p.Line)
}
