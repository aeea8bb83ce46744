package recursion

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// depends says on which data the depth of the cycle depends, if on any.
// Readers in readers are as deep as the program wraps them; what is read counts.
func (f *finder) depends(set []*program.Func, calls []*program.Call) verdict {
	groups := f.sizes.Groups(calls)
	var walk, inside evidence
	count := ""
	for _, g := range groups {
		for _, l := range g {
			v := l.To.Value()
			if v == nil {
				continue
			}
			switch {
			case l.Rel.Change == sizechange.Part && (sizechange.Walkable(v.Type()) && !knowledge.Wrapped[ssax.TypeName(v.Type())] || ssax.IsInteger(v.Type()) && indexes(v)):
				if l.Rel.Inside {
					inside.add(l, v)
				} else {
					walk.add(l, v)
				}
			case l.Rel.Change == sizechange.Counted && ssax.IsInteger(ssax.Deref(v.Type())) && !alongFunctions(v):
				count = fmt.Sprintf("the integer %s of %s counts, and no bound was found", v.Name(), l.To.Func.Name())
			}
		}
	}
	if walk.best > 0 {
		return verdict{status: Unguarded, reason: f.walk(walk.link)}
	}
	reader, declared := f.reader(set, groups)
	switch {
	case reader != "":
		return verdict{status: Unguarded, reason: reader}
	case count != "":
		return verdict{status: Unguarded, reason: count}
	case inside.best > 0:
		return verdict{status: Unguarded, reason: f.walk(inside.link), closures: inside.closures}
	case declared:
		return verdict{status: Bounded, reason: "what it reads is the declaration of a Go type", declared: true}
	}
	return verdict{status: Unclear, reason: nothing}
}

// nothing is the reason of what is unclear.
const nothing = "nothing was found that its depth depends on"

// evidence is what shows that something is walked: the link that tells it best, and the
// closures that are walked.
type evidence struct {
	link     sizechange.Link
	best     int
	closures []*ssa.Function
}

func (e *evidence) add(l sizechange.Link, v ssa.Value) {
	if n := telling(l, v); n > e.best {
		e.link, e.best = l, n
	}
	if l.Rel.Inside && !slices.Contains(e.closures, l.Call.Callee) {
		e.closures = append(e.closures, l.Call.Callee)
	}
}

// telling says how well a link shows people what is walked.
func telling(l sizechange.Link, v ssa.Value) int {
	n := 1
	if l.From == l.To {
		n += 8
	} else if l.From.Value() != nil && types.Identical(l.From.Value().Type(), v.Type()) {
		n += 4
	}
	if l.Call.How != program.Callback {
		n += 2
	}
	if !l.To.Func.Wrapper() {
		n += 16
	}
	return n
}

func (f *finder) walk(l sizechange.Link) string {
	v := l.To.Value()
	if from := l.From.Value(); l.To.Func.Wrapper() && from != nil && strings.HasPrefix(v.Name(), "arg") {
		v = from // the body of a range over a function has parameters without a name
	}
	typ := v.Type()
	if _, captured := v.(*ssa.FreeVar); captured {
		typ = ssax.Deref(typ) // the variable, not the pointer to it that the closure has
	}
	t := types.TypeString(typ, (*types.Package).Name)
	name := v.Name()
	if name == "" || name == "_" {
		name = "a parameter"
	}
	what := "walks a structure"
	switch u := typ.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			what = "walks along a string"
		} else {
			what = "walks a structure by index"
		}
	case *types.Slice:
		what = "walks a slice"
	case *types.Map:
		what = "walks a map"
	}
	fn := l.To.Func
	for range 3 { // a wrapper has a name that is not in the source
		if fn.Wrapper() && len(fn.Out) == 1 {
			fn = fn.Out[0].To
		}
	}
	return fmt.Sprintf("%s %s of %s %s", name, t, fn.Name(), what)
}

// alongFunctions reports whether v, or what it leads to by steps of a constant, is an index
// of a list of functions: gRPC goes from interceptor to interceptor so.
func alongFunctions(v ssa.Value) bool {
	for v, use := range ssax.Uses([]ssa.Value{v}, steppedTo) {
		if at, ok := use.(*ssa.IndexAddr); ok && at.Index == v && sizechange.ListsFunctions(at.X.Type()) {
			return true
		}
	}
	return false
}

// steppedTo returns what a use makes of v by a step, or the variable that it puts it into.
func steppedTo(v ssa.Value, use ssa.Instruction) ssa.Value {
	switch use := use.(type) {
	case *ssa.BinOp:
		if _, step := isStep(use); step {
			return use
		}
	case *ssa.UnOp: // out of the variable that it is in
		return use
	case *ssa.Store:
		if variable, ok := use.Addr.(*ssa.Alloc); ok && use.Val == v {
			return variable
		}
	case *ssa.MakeClosure:
		if i := slices.Index(use.Bindings, v); i >= 0 {
			return use.Fn.(*ssa.Function).FreeVars[i]
		}
	}
	return nil
}

// indexes reports whether v is used as an index.
func indexes(v ssa.Value) bool {
	refs := v.Referrers()
	if refs == nil {
		return false
	}
	for _, ref := range *refs {
		switch ref := ref.(type) {
		case *ssa.IndexAddr:
			if ref.Index == v {
				return true
			}
		case *ssa.Lookup:
			if ref.Index == v {
				return true
			}
		case *ssa.Convert:
			if indexes(ref) {
				return true
			}
		}
	}
	return false
}
