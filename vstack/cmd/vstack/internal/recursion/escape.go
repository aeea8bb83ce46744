package recursion

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// What a guard hands on to another goroutine is on the heap. A pointer that it captures
// makes the compiler put there what the pointer points at: a local variable of a caller
// that was on the stack before. In msgpack's Query that cost 5.6%.

// escapes reports pointers and maps that the guard captures and that callers make on
// their stack: direct callers, and those whose callees hand them on. In cbor the decoder
// is a variable of Unmarshal, and the guard is two calls further down: one allocation more
// for each document. In graphql-go a map and a slice of execSelections are filled by a
// guarded function: three allocations more for each set of fields, 11% of a query.
func (f *finder) escapes(fn *program.Func, info *types.Info, g guard.Guard) {
	captured := map[types.Object]bool{}
	ast.Inspect(g.Stmt.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] != nil {
			captured[info.Uses[id]] = true
		}
		return true
	})
	type of struct{ caller, value string }
	for i, p := range fn.SSA.Params {
		if !captured[p.Object()] {
			continue
		}
		said := map[of]bool{}
		onStack(fn, i, func(v ssa.Value, c *program.Call) bool {
			if o := (of{c.From.Name(), local(v)}); !said[o] {
				said[o] = true
				f.note(g.Stmt.Pos(), fn, "the guard captures %s, and so %s of %s (%s) moves to the heap, an allocation each time; if that matters, guard another function of the cycle, or write //vstack:ok reason beside the guard",
					p.Name(), o.value, o.caller, f.short(c.Site.Pos()))
			}
			return true
		})
	}
}

// Escapes reports whether a guard in fn would move something to the heap that is on the
// stack of a caller, directly or further up: an allocation more for each call of that.
func Escapes(fn *program.Func) (found bool) {
	for i := range fn.SSA.Params {
		onStack(fn, i, func(ssa.Value, *program.Call) bool { found = true; return false })
	}
	return found
}

// onStack calls found for values on the stack of callers that parameter i of fn may be, as
// long as it returns true: the first that a caller gives, in each of the ways up.
func onStack(fn *program.Func, i int, found func(ssa.Value, *program.Call) bool) {
	if p := fn.SSA.Params[i]; mayStay(p) {
		localsOf(fn, i, map[*ssa.Parameter]bool{p: true}, found)
	}
}

func localsOf(fn *program.Func, i int, seen map[*ssa.Parameter]bool, found func(ssa.Value, *program.Call) bool) (more bool) {
	direct := false
	for _, c := range fn.Ins {
		args := c.Site.Common().Args
		if c.How != program.Static || i >= len(args) || c.From == fn {
			continue
		}
		switch v := spilled(args[i]).(type) {
		case *ssa.Alloc, *ssa.MakeMap:
			if !direct && local(v) != "" && !leaks(v, map[ssa.Value]bool{}) {
				direct = true
				if !found(v, c) {
					return false
				}
			}
		case *ssa.Parameter:
			if seen[v] || !mayStay(v) {
				continue
			}
			seen[v] = true
			// Of the function that it is in: c.From has the parameters of one instance.
			if !localsOf(c.From, slices.Index(v.Parent().Params, v), seen, found) {
				return false
			}
		}
	}
	return true
}

// mayStay reports whether what p points at may be on its function's caller's stack, for
// all that the functions do besides guards.
func mayStay(p *ssa.Parameter) bool {
	switch p.Type().Underlying().(type) {
	case *types.Pointer, *types.Map:
		return !leaks(p, map[ssa.Value]bool{})
	}
	return false
}

// local says what a function has on its stack there, if the compiler sees that it may:
// a variable, or what new(T), &T{} or make(map) made. "" if it is something else.
func local(v ssa.Value) string {
	named := func(t types.Type) string {
		return types.TypeString(t, func(p *types.Package) string { return p.Name() })
	}
	switch v := v.(type) {
	case *ssa.MakeMap:
		return "a " + named(v.Type())
	case *ssa.Alloc:
		switch v.Comment {
		case "new", "complit":
			return "a " + named(v.Type().Underlying().(*types.Pointer).Elem())
		case "", "slicelit", "varargs", "makeslice":
			return ""
		}
		return v.Comment
	}
	return ""
}

// leaks reports whether a function hands a pointer on in a way that puts what it points
// at on the heap, guard or not. It is of v, a parameter, the address of a variable, or
// what is loaded from one that closures share. Who is asked already is taken not to:
// functions call each other, and variables are assigned to each other.
func leaks(v ssa.Value, asked map[ssa.Value]bool) bool {
	if asked[v] {
		return false
	}
	asked[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val != v {
				continue
			}
			spill, ok := ref.Addr.(*ssa.Alloc)
			if !ok || slices.ContainsFunc(loads(spill), func(load ssa.Value) bool { return leaks(load, asked) }) {
				return true
			}
		case *ssa.MakeInterface, *ssa.Return, *ssa.Send, *ssa.Phi, *ssa.Defer, *ssa.Go:
			return true
		case *ssa.MapUpdate:
			if ref.Key == v || ref.Value == v {
				return true
			}
		case *ssa.MakeClosure:
			if _, local := v.(*ssa.Alloc); local {
				return true // who knows what that does with it
			}
		case *ssa.Call:
			if leaksTo(ref.Common(), v, asked) {
				return true
			}
		}
	}
	return false
}

// loads returns what the function loads from a variable that closures share with it.
func loads(spill *ssa.Alloc) (all []ssa.Value) {
	for _, ref := range *spill.Referrers() {
		if load, ok := ref.(*ssa.UnOp); ok {
			all = append(all, load)
		}
	}
	return all
}

// spilled returns the parameter that is loaded from the variable that closures share with
// its function, or v.
func spilled(v ssa.Value) ssa.Value {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return v
	}
	spill, ok := load.X.(*ssa.Alloc)
	if !ok {
		return v
	}
	for _, ref := range *spill.Referrers() {
		if store, ok := ref.(*ssa.Store); ok && store.Addr == ssa.Value(spill) {
			if p, ok := store.Val.(*ssa.Parameter); ok {
				return p
			}
		}
	}
	return v
}

// leaksTo is leaks for what a call does with v, which is among its arguments.
func leaksTo(call *ssa.CallCommon, v ssa.Value, asked map[ssa.Value]bool) bool {
	if b, ok := call.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "len", "delete", "clear":
			return false
		}
	}
	callee := call.StaticCallee()
	if callee == nil || callee.Blocks == nil {
		return true
	}
	for i, arg := range call.Args {
		if arg == v && i < len(callee.Params) && leaks(callee.Params[i], asked) {
			return true
		}
	}
	return false
}
