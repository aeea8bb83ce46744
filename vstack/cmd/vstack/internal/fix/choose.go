package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"math"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Weights for the choice of functions to guard: first of all one that can have a
// guard, then few, then those where it changes little and costs little.
const (
	one        = 1000
	unnamed    = one / 2       // a literal must be given a name, which is four lines more
	escaping   = one / 4       // something of a caller moves to the heap
	oneLine    = one / 5       // it becomes five, and gofmt moves what is aligned beside it
	handleless = one / 20      // for Options.Handle
	several    = one / 50      // three results or more: a closure that assigns
	copied     = one / 100     // a parameter that the function assigns to
	running    = one / 10      // the guard runs whenever the function does
	impossible = 1_000_000_000 // so heavy that a set of all others is lighter
)

// choose returns the smallest set of functions that ends the findings of a component.
// Those that check names as their points do so; what one search over all of the
// component finds may be fewer or cheaper.
func (f *fixer) choose(findings []*recursion.Cycle) (chosen []*program.Func) {
	r := newRegion(findings, f.weight)
	points := r.needed(r.points)
	set, _ := r.graph.FeedbackVertexSet(func(v int) int { return r.weights[v] })
	if set = r.needed(set); r.sum(set) > r.sum(points) {
		set = points
	}
	for _, v := range set {
		chosen = append(chosen, r.funcs[v])
	}
	return chosen
}

// components puts the findings of one component of the call graph together: they have
// the calls around them in common.
func components(cycles []*recursion.Cycle) (found [][]*recursion.Cycle) {
	of := map[*program.Call]int{}
	for _, c := range cycles {
		i, ok := of[c.Around[0]]
		if !ok {
			i = len(found)
			of[c.Around[0]] = i
			found = append(found, nil)
		}
		found[i] = append(found[i], c)
	}
	return found
}

// A region is what is left of a component of the call graph where it can get deep.
type region struct {
	funcs   []*program.Func
	graph   graph.Digraph
	weights []int
	points  []int // that the findings name
}

func newRegion(findings []*recursion.Cycle, weight func(*program.Func) int) *region {
	r := &region{}
	ids := map[*program.Func]int{}
	id := func(fn *program.Func) int {
		i, ok := ids[fn]
		if !ok {
			i = len(r.funcs)
			ids[fn] = i
			r.funcs = append(r.funcs, fn)
			r.graph = append(r.graph, nil)
			r.weights = append(r.weights, weight(fn))
		}
		return i
	}
	for _, call := range findings[0].Around {
		from, to := id(call.From), id(call.To)
		if !slices.Contains(r.graph[from], to) {
			r.graph[from] = append(r.graph[from], to)
		}
	}
	for _, c := range findings {
		r.points = append(r.points, id(c.Point))
	}
	for i, often := range r.runs(findings[0].Around) {
		r.weights[i] += oftener(float64(often * float64(len(r.funcs))))
	}
	return r
}

func (r *region) sum(set []int) (n int) {
	for _, v := range set {
		n += r.weights[v]
	}
	return n
}

// needed takes out of set, the heaviest first, what no cycle of a finding needs: a
// search may also have ended cycles of which nothing is known that drives them. They
// are those that pass no point.
func (r *region) needed(set []int) []int {
	in := make([]bool, len(r.graph))
	for _, v := range set {
		in[v] = true
	}
	left := func(v int) bool { return !in[v] }
	set = slices.Clone(set)
	slices.SortStableFunc(set, func(a, b int) int { return r.weights[b] - r.weights[a] })
	kept := set[:0:0]
	for _, v := range set {
		in[v] = false
		if slices.ContainsFunc(r.points, func(p int) bool { return !in[p] && r.together(v, p, left) }) {
			in[v] = true
			kept = append(kept, v)
		}
	}
	slices.Sort(kept)
	return kept
}

// together reports whether a and b are on a cycle of the functions that keep accepts.
func (r *region) together(a, b int, keep func(int) bool) bool {
	return r.reaches(a, b, keep) && r.reaches(b, a, keep)
}

// reaches reports whether there is a way of one call or more from a to b.
func (r *region) reaches(a, b int, keep func(int) bool) bool {
	seen := make([]bool, len(r.graph))
	work := []int{a}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		for _, w := range r.graph[v] {
			if w == b {
				return true
			}
			if !seen[w] && keep(w) {
				seen[w] = true
				work = append(work, w)
			}
		}
	}
	return false
}

// weight says how much a guard in fn is to be avoided.
func (f *fixer) weight(fn *program.Func) int {
	s, m := f.analyse(fn)
	if m.Kind != None {
		return impossible
	}
	w := one + len(s.copies)*copied
	if s.naming != nil {
		w += unnamed
	}
	if s.file.line(s.body.Lbrace) == s.file.line(s.body.Rbrace) {
		w += oneLine
	}
	if len(s.results) > 2 {
		w += several
	}
	if recursion.Escapes(fn) {
		w += escaping
	}
	if f.options.Handle && s.stack == "" {
		w += handleless
	}
	if ast.IsGenerated(s.file.file) {
		w += 2 * one
	}
	// The guard of a large function weighs less beside its own work.
	n := 0
	for _, b := range fn.SSA.Blocks {
		n += len(b.Instrs)
	}
	return w + 100 - min(n/4, 100)
}

// oftener is what a function weighs more for how often it runs, beside others of its
// region: 1 is as often as they do on average.
func oftener(often float64) int { return int(math.Round(running * often / (1 + often))) }

// named reports whether fn is of a package that was named on the command line.
func (f *fixer) named(fn *program.Func) bool {
	return fn.Pkg != nil && f.program.Named(fn.Pkg.Path())
}

// uneditable says why fn's file must not be changed.
func (f *fixer) uneditable(fn *program.Func) Missing {
	missing := func(kind Kind, detail string) Missing { return Missing{fn, kind, detail} }
	pkg := f.program.Source[fn.Pkg]
	switch {
	case fn.Pkg == nil:
		return missing(NoSource, "the compiler made it")
	case pkg == nil || !f.named(fn):
		switch {
		case pkg != nil && pkg.Module != nil:
			return missing(Outside, pkg.Module.Path)
		case f.program.Std(fn.Pkg):
			return missing(Outside, "the standard library")
		}
		return missing(Outside, fn.Pkg.Path())
	case fn.Body() == nil:
		return missing(NoSource, "it has no body in Go")
	}
	s := f.fileAt(pkg, fn.Pos())
	if s == nil {
		return missing(NoSource, "cgo made the file, or it has changed since it was read")
	}
	if !f.options.Generated && ast.IsGenerated(s.file) {
		return missing(Generated, f.template(s, fn.Pos()))
	}
	return Missing{}
}

var codeGenerated = regexp.MustCompile(`^// Code generated (?:by |from )?(.*?)[;,. ]*DO NOT EDIT\.$`)

// template says which template of which generator pos comes from, as far as the
// file tells: a generator such as goyacc names it in //line comments.
func (f *fixer) template(s *source, pos token.Pos) string {
	by := "a generator"
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			if m := codeGenerated.FindStringSubmatch(c.Text); m != nil && m[1] != "" {
				by = m[1]
			}
		}
	}
	text := fmt.Sprintf("the file is generated by %s", by)
	if from := f.program.Fset.Position(pos); filepath.Base(from.Filename) != filepath.Base(s.name) {
		return fmt.Sprintf("%s from %s:%d", text, filepath.Base(from.Filename), from.Line)
	}
	return text + ", from a template of it or from a file beside it"
}
