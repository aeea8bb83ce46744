package recursion

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"iter"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// What is made at its first use is made once:
//
//	p := r.global.promise
//	if p == nil {
//		p = &object{}
//		r.global.promise = p
//		p.init(r.constructor()) // which asks for the promise
//	}
//
// Whoever comes here again finds it. goja has forty such prototypes, whose constructors
// ask for them and for each other, and ten of these were called cycles that a script
// can deepen.
//
// It holds if what the field is of is not made again and again: then one of these goes
// this way once, and a mark on each node of a list goes on to the next node.

// lazy says why the call is made once, or once for each of some values that are not
// many; "" if that cannot be told.
func (f *finder) lazy(c *program.Call) string {
	if c.How == program.Callback {
		return f.doneOnce(c)
	}
	for p, empty := range emptyPlaces(c.Site) {
		if !f.few(p) {
			continue
		}
		if set := setBefore(p, empty, c.Site); set != nil && !f.cleared(p, set, c.Site) {
			return fmt.Sprintf("%s is set before%s", p, p.once())
		}
	}
	return ""
}

// atFirstUse reports whether the call is made where a place is empty, and fills it.
func atFirstUse(site ssa.CallInstruction) bool {
	for p, empty := range emptyPlaces(site) {
		for instr := range ssax.Instrs(site.Parent()) {
			if store, ok := instr.(*ssa.Store); ok && !isZero(store.Val) && ssax.Before(empty, store.Block()) {
				if q, ok := placeOf(store.Addr); ok && p.equal(q) {
					return true
				}
			}
		}
	}
	return false
}

// emptyPlaces yields the places that the branches before the site find empty, and where
// these go then: the last one of each place, since what is set before that was not set to
// much. An error is, by most calls, and looked at: if w.err = w.visit(n); w.err != nil.
func emptyPlaces(site ssa.Instruction) iter.Seq2[place, *ssa.BasicBlock] {
	return func(yield func(place, *ssa.BasicBlock) bool) {
		var found []place
		for b := site.Block().Idom(); b != nil; b = b.Idom() {
			branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
			if !ok {
				continue
			}
			p, empty := emptyPlace(branch)
			if empty == nil || len(empty.Preds) != 1 || !ssax.Before(empty, site.Block()) || slices.ContainsFunc(found, p.equal) {
				continue
			}
			found = append(found, p)
			if !yield(p, empty) {
				return
			}
		}
	}
}

// lazyRound says the same of a call among others that all hand on what has the place: then
// there is one of these on the way round, however many there are. gqlparser marks its
// parser as reading comments while it reads some.
func (f *finder) lazyRound(c *program.Call, calls []*program.Call) string {
	if c.How == program.Callback {
		return ""
	}
	for p, empty := range emptyPlaces(c.Site) {
		owner, ok := p.root.(*ssa.Parameter)
		if !ok || p.owner == nil || !types.Identical(ssax.Deref(owner.Type()), p.owner) {
			continue
		}
		set := setBefore(p, empty, c.Site)
		if set == nil || f.cleared(p, set, c.Site) {
			continue
		}
		if !slices.ContainsFunc(calls, func(other *program.Call) bool { return !handsOn(other, owner.Type()) }) {
			return fmt.Sprintf("%s is set before, and all calls are of the same %s", p, types.TypeString(p.owner, (*types.Package).Name))
		}
	}
	return ""
}

// handsOn reports whether the call gives the callee the one parameter of type t that its
// caller has.
func handsOn(c *program.Call, t types.Type) bool {
	if c.How != program.Static {
		return false
	}
	found := 0
	args := c.Site.Common().Args
	for i, p := range c.Callee.Params {
		if !types.Identical(p.Type(), t) {
			continue
		}
		if _, ok := args[i].(*ssa.Parameter); !ok {
			return false
		}
		found++
	}
	return found == 1
}

// doneOnce tells a call by sync.Once: a second one waits for the first to end.
func (f *finder) doneOnce(c *program.Call) string {
	common := c.Site.Common()
	callee := common.StaticCallee()
	if callee == nil || callee.String() != "(*sync.Once).Do" {
		return ""
	}
	if p, ok := placeOf(common.Args[0]); ok && f.few(p) {
		return fmt.Sprintf("%s lets it happen once", p)
	}
	return ""
}

// A place is a variable of a package, or a field behind it, a parameter or a captured
// variable.
type place struct {
	root    ssa.Value
	fields  []*types.Var    // from the root on
	structs []*types.Struct // that have these
	owner   types.Type      // what the last pointer points at; nil if there is none
}

func (p place) String() string {
	var names []string
	if g, ok := p.root.(*ssa.Global); ok {
		names = append(names, g.Name())
	}
	for _, f := range p.fields {
		names = append(names, f.Name())
	}
	return strings.Join(names, ".")
}

func (p place) once() string {
	if p.owner == nil {
		return ": this way is gone once"
	}
	return fmt.Sprintf(": a %s goes this way once", types.TypeString(p.owner, (*types.Package).Name))
}

func (p place) equal(q place) bool { return p.root == q.root && slices.Equal(p.fields, q.fields) }

// placeOf returns the place of an address.
func placeOf(addr ssa.Value) (p place, ok bool) {
	for range 8 {
		switch x := addr.(type) {
		case *ssa.FieldAddr:
			s, isStruct := ssax.Deref(x.X.Type()).Underlying().(*types.Struct)
			if !isStruct {
				return place{}, false
			}
			p.fields, p.structs = append(p.fields, s.Field(x.Field)), append(p.structs, s)
			addr = x.X
			switch addr.(type) {
			case *ssa.FieldAddr, *ssa.Global:
			default:
				if p.owner == nil {
					p.owner = ssax.Deref(addr.Type())
				}
			}
		case *ssa.UnOp: // a pointer that is in a place
			addr = x.X
			if alloc, ok := addr.(*ssa.Alloc); ok {
				if addr = onlyParameter(alloc); addr == nil {
					return place{}, false
				}
			}
		case *ssa.Parameter, *ssa.FreeVar, *ssa.Global:
			slices.Reverse(p.fields)
			p.root = x
			return p, true
		default:
			return place{}, false
		}
	}
	return place{}, false
}

// onlyParameter returns the parameter that is all that is ever in the variable; nil if it is
// another. A parameter that a guard's closure captures is in one.
func onlyParameter(alloc *ssa.Alloc) ssa.Value {
	var only ssa.Value
	for _, ref := range *alloc.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			p, ok := ref.Val.(*ssa.Parameter)
			if !ok || only != nil {
				return nil
			}
			only = p
		case *ssa.MakeClosure:
			fn := ref.Fn.(*ssa.Function)
			for i, v := range ref.Bindings {
				if v == ssa.Value(alloc) && slices.ContainsFunc(*fn.FreeVars[i].Referrers(), func(use ssa.Instruction) bool { _, load := use.(*ssa.UnOp); return !load }) {
					return nil // it may be set there
				}
			}
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return nil
		}
	}
	return only
}

// emptyPlace returns the place that the branch finds nil or false, and where it goes
// then; nil if it asks for something else.
func emptyPlace(branch *ssa.If) (p place, empty *ssa.BasicBlock) {
	succs := branch.Block().Succs
	cond, yes, no := branch.Cond, succs[0], succs[1]
	if not, ok := cond.(*ssa.UnOp); ok && not.Op == token.NOT {
		cond, yes, no = not.X, no, yes
	}
	var load ssa.Value
	switch x := cond.(type) {
	case *ssa.UnOp: // a flag
		load, empty = x, no
	case *ssa.BinOp:
		if c, ok := x.Y.(*ssa.Const); !ok || !c.IsNil() {
			return place{}, nil
		}
		switch x.Op {
		case token.EQL:
			load, empty = x.X, yes
		case token.NEQ:
			load, empty = x.X, no
		}
	}
	at, ok := load.(*ssa.UnOp)
	if !ok || at.Op != token.MUL {
		return place{}, nil
	}
	if p, ok = placeOf(at.X); !ok {
		return place{}, nil
	}
	return p, empty
}

// setBefore returns the store that sets the place on every way from the block to the
// site; nil if there is none.
func setBefore(p place, from *ssa.BasicBlock, site ssa.Instruction) *ssa.Store {
	for instr := range ssax.Instrs(site.Parent()) {
		store, ok := instr.(*ssa.Store)
		if !ok || isZero(store.Val) || !ssax.Before(from, store.Block()) {
			continue
		}
		before := store.Block() != site.Block() && store.Block().Dominates(site.Block()) ||
			store.Block() == site.Block() && ssax.Earlier(store, site)
		if !before {
			continue
		}
		if q, ok := placeOf(store.Addr); ok && p.equal(q) {
			return store
		}
	}
	return nil
}

func isZero(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && (c.Value == nil || c.Value.Kind() == constant.Bool && !constant.BoolVal(c.Value))
}

// A clearing is what sets places to nil or false again.
type clearing struct {
	stores  map[any][]*ssa.Store   // of the field, or the variable
	structs map[*types.Struct]bool // that are overwritten as a whole
}

// cleared reports whether something may clear the place before the site is reached. A
// function may clear what it has set when it is done.
func (f *finder) cleared(p place, set *ssa.Store, site ssa.Instruction) bool {
	if f.clears == nil {
		f.clears = findClearing(f.graph)
	}
	var key any = p.root
	if len(p.fields) > 0 {
		key = p.fields[len(p.fields)-1]
	}
	fn := site.Parent()
	for _, store := range f.clears.stores[key] {
		switch {
		case store.Parent().Parent() == fn: // it is deferred, most likely
		case store.Parent() != fn:
			return true
		case ssax.Reaches(set.Block(), store.Block(), nil) && ssax.Reaches(store.Block(), site.Block(), set.Block()):
			if store.Block() != site.Block() || ssax.Earlier(store, site) {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.structs, func(s *types.Struct) bool { return f.clears.structs[s] })
}

func findClearing(g *program.Graph) *clearing {
	c := &clearing{map[any][]*ssa.Store{}, map[*types.Struct]bool{}}
	for _, fn := range g.Funcs {
		for instr := range ssax.Instrs(fn.SSA) {
			store, ok := instr.(*ssa.Store)
			if !ok {
				continue
			}
			if s, ok := store.Val.Type().Underlying().(*types.Struct); ok {
				if _, local := store.Addr.(*ssa.Alloc); !local {
					c.structs[s] = true
				}
			}
			if !isZero(store.Val) {
				continue
			}
			switch addr := store.Addr.(type) {
			case *ssa.FieldAddr:
				if field := ssax.Field(addr); field != nil {
					c.stores[field] = append(c.stores[field], store)
				}
			case *ssa.Global:
				c.stores[ssa.Value(addr)] = append(c.stores[ssa.Value(addr)], store)
			}
		}
	}
	return c
}

// few reports whether there are few such places: of a variable of a package one, of a
// field as many as what has it is made, which must be neither in a loop nor on a cycle.
func (f *finder) few(p place) bool {
	if p.owner == nil {
		_, ok := p.root.(*ssa.Global)
		return ok
	}
	named, ok := types.Unalias(p.owner).(*types.Named)
	return ok && f.allocates(named.Origin()) == atRest
}

// allocates is as makes, for values of which no field is set where they are made, too.
func (f *finder) allocates(t *types.Named) making {
	if f.news == nil {
		f.news = map[*types.Named]making{}
		for _, fn := range f.graph.Funcs {
			for instr := range ssax.Instrs(fn.SSA) {
				alloc, ok := instr.(*ssa.Alloc)
				if !ok {
					continue
				}
				if named, ok := types.Unalias(ssax.Deref(alloc.Type())).(*types.Named); ok {
					f.news[named.Origin()] = max(f.news[named.Origin()], f.howOften(fn, alloc.Block()))
				}
			}
		}
	}
	return f.news[t]
}
