package recursion

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// wrapper tells calls of a method on something of the same kind that the
// receiver wraps: a Reader that reads from a Reader, an error that unwraps. The
// program puts these together, and not deep. The interface must be one of the
// standard library; what implements the program's own may be a tree.
func (f *finder) wrapper(c *program.Call) string {
	common := c.Site.Common()
	if !common.IsInvoke() {
		return ""
	}
	name := interfaceOf(common.Value)
	if name == nil {
		return ""
	}
	if !knowledge.Wrapped[ssax.TypeName(name)] {
		same := c.From.SSA.Name() == c.To.SSA.Name() || c.From.Wrapper()
		if !same || !f.graph.Program.Std(name.Obj().Pkg()) && !types.Implements(name, errorType) {
			return ""
		}
	}
	// A loop may put as many readers on each other as a file names: r = &filter{r, name}.
	if name.Obj().Pkg() != nil && name.Obj().Pkg().Path() == "io" && !f.graph.Program.Std(c.To.Pkg) {
		if t := ssax.Named(c.To.SSA.Signature.Recv().Type()); t != nil && f.makes(t) == repeated && f.wrapsItself(t, name) {
			return ""
		}
	}
	return fmt.Sprintf("a %s that wraps another", types.TypeString(name, (*types.Package).Name))
}

// errorType is the type error. Errors that wrap errors are wrappers whatever interface
// a package has for its own.
var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

// interfaceOf returns the named interface that v is of, or was before it was asked
// for methods: error in err.(interface{ Timeout() bool }). One that is known to wrap
// others counts before the last.
func interfaceOf(v ssa.Value) (last *types.Named) {
	for {
		if named, ok := types.Unalias(v.Type()).(*types.Named); ok && types.IsInterface(named) {
			if last == nil || knowledge.Wrapped[ssax.TypeName(named)] {
				last = named
			}
		}
		before := ssax.Asserted(v)
		if before == nil {
			return last
		}
		v = before
	}
}

// declaredInterface returns the named interface that v was of before it was asked for
// methods.
func declaredInterface(v ssa.Value) *types.Named {
	named, ok := types.Unalias(ssax.Unasserted(v).Type()).(*types.Named)
	if !ok || !types.IsInterface(named) {
		return nil
	}
	return named
}

// chain tells a method that calls itself on one field of its receiver: a wrapper,
// a parent. The chain is as long as the program makes it, and not long if it
// makes such values neither in a loop nor on a cycle of calls.
func (f *finder) chain(c *program.Call, calls []*program.Call) string {
	common := c.Site.Common()
	recv := receiver(c)
	if recv == nil || !common.IsInvoke() && c.To != c.From || c.From.SSA.Name() != c.To.SSA.Name() {
		return ""
	}
	fn := c.Site.Parent()
	if fn.Signature.Recv() == nil || !isField(recv, fn.Params[0]) {
		return ""
	}
	for _, other := range calls {
		if other.From == c.From && other.Site != c.Site && !sameField(recv, receiver(other)) {
			return "" // more than one child: a tree
		}
	}
	named, ok := types.Unalias(ssax.Deref(fn.Params[0].Type())).(*types.Named)
	if !ok {
		return ""
	}
	if f.makes(named) != atRest {
		if link := linkOf(recv); link == nil || f.addressTaken(link) {
			return "" // who has the address may put anything there
		}
		if iface := declaredInterface(recv); iface != nil && common.IsInvoke() && f.relays(named, iface) {
			return fmt.Sprintf("a %s wraps one thing, and the parts of that", types.TypeString(named, (*types.Package).Name))
		}
		return f.flagged(c, recv, named)
	}
	if f.mayBeCircular(recv) || f.nest(map[*types.Named]bool{named.Origin(): true}) {
		return ""
	}
	return fmt.Sprintf("a chain of %s, which the program makes neither in a loop nor recursively", types.TypeString(named, (*types.Package).Name))
}

// mayBeCircular reports whether the chain that v is the next of may lead back to where it
// began: a struct is in what its field is set to. So does what stands in for virtual
// methods, b.self = derived{b}.
func (f *finder) mayBeCircular(v ssa.Value) bool {
	link := linkOf(v)
	return link != nil && !f.everyStore(link, func(addr *ssa.FieldAddr, store *ssa.Store) bool {
		made, ok := addr.X.(*ssa.Alloc)
		return !ok || !usedBefore(made, store)
	})
}

// linkOf returns the field that v is read from; nil if it is read from something else.
func linkOf(v ssa.Value) *types.Var {
	switch x := ssax.Unasserted(v).(type) {
	case *ssa.Field:
		if s, ok := x.X.Type().Underlying().(*types.Struct); ok {
			return s.Field(x.Field)
		}
	case *ssa.UnOp:
		if addr, ok := x.X.(*ssa.FieldAddr); ok {
			return ssax.Field(addr)
		}
	}
	return nil
}

// usedBefore reports whether a new value may be put somewhere before the store.
func usedBefore(made *ssa.Alloc, store *ssa.Store) bool {
	return slices.ContainsFunc(*made.Referrers(), func(ref ssa.Instruction) bool {
		switch ref.(type) {
		case *ssa.FieldAddr, *ssa.DebugRef:
			return false
		}
		if ref.Block() == store.Block() {
			return ssax.Earlier(ref, store)
		}
		return ssax.Reaches(ref.Block(), store.Block(), nil)
	})
}

// receiver returns what a method is called on; nil if it is no method, or not certain.
func receiver(c *program.Call) ssa.Value {
	common := c.Site.Common()
	switch {
	case common.IsInvoke():
		return common.Value
	case c.How == program.Static && common.Signature().Recv() != nil:
		return common.Args[0]
	}
	return nil
}

// sameField reports whether both are read from the same place.
func sameField(a, b ssa.Value) bool {
	x, ok := a.(*ssa.UnOp)
	y, ok2 := b.(*ssa.UnOp)
	if !ok || !ok2 {
		return false
	}
	p, ok := placeOf(x.X)
	q, ok2 := placeOf(y.X)
	return ok && ok2 && p.equal(q)
}

// isField reports whether v is a field of recv, or what a type assertion makes
// of one.
func isField(v, recv ssa.Value) bool {
	switch x := ssax.Unasserted(v).(type) {
	case *ssa.Field:
		return isField(x.X, recv) || x.X == recv
	case *ssa.UnOp:
		addr, ok := x.X.(*ssa.FieldAddr)
		if !ok {
			return false
		}
		base := addr.X
		if inner, ok := base.(*ssa.FieldAddr); ok {
			base = inner.X // an embedded struct
		}
		if alloc, ok := base.(*ssa.Alloc); ok { // a receiver that is a value
			for _, ref := range *alloc.Referrers() {
				if store, ok := ref.(*ssa.Store); ok && store.Addr == alloc && store.Val == recv {
					return true
				}
			}
		}
		return base == recv
	default:
		return false
	}
}
