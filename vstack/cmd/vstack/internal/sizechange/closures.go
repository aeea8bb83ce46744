package sizechange

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// What a closure has captured is inside it, as fields are in a struct. Who calls it was
// given the closure, and with it what is inside:
//
//   - The closure was made by the caller, or by a function that the caller has just
//     called, x.All() in a range over it: then the captured variables are what the maker
//     bound to them.
//   - It was made by another function on the way round, which hands it down: the same, from
//     that function's slots.
//   - It was made by somebody else, before: the captured variables are parts of the
//     function value. gval and liquid compile an expression to closures that have captured
//     those of its operands, as deep as the expression nests.

// captured adds what the call does to the captured variables of a function literal, so far
// as that can be told without knowing the way round.
func (a *Analysis) captured(c *program.Call, t *tracer, add func(index int, r Rel)) {
	callee := c.Callee
	n := len(callee.Params)
	if maker, args := madeHere(c); maker != nil {
		inner := a.tracer(maker)
		for i, v := range ssax.Bindings(maker, callee) {
			r := inner.rel(v)
			for j, arg := range args {
				if r.slots&slotBit(j) != 0 {
					add(n+i, t.rel(arg).as(r.Change))
				}
			}
		}
		return
	}
	if c.From == c.To {
		r := func(i int) Rel { return Rel{Change: Same, slots: slotBit(n + i)} }
		if v, ok := functionSlot(c.Site.Common().Value).(*ssa.FreeVar); ok && !holds(v, callee) && !forGoType(v) {
			inside := t.rel(c.Site.Common().Value).as(Part) // another closure of the same text
			inside.Inside = true
			r = func(int) Rel { return inside }
		}
		for i := range callee.FreeVars {
			add(n+i, r(i))
		}
		return
	}
	for i, v := range ssax.Bindings(t.fn, callee) {
		add(n+i, t.rel(v))
	}
}

// madeHere returns the function that the caller has just called to make the closure that it
// calls, and what it gave it; nil if it got the closure otherwise.
func madeHere(c *program.Call) (maker *ssa.Function, args []ssa.Value) {
	made, ok := c.Site.Common().Value.(*ssa.Call)
	if !ok || c.Site.Common().IsInvoke() {
		return nil, nil
	}
	if maker = made.Common().StaticCallee(); maker == nil || maker != c.Callee.Parent() {
		return nil, nil
	}
	return maker, made.Common().Args
}

// closure returns what the call of a closure that its caller has not made does to the
// captured variables. on has the functions that are on the way round.
func (a *Analysis) closure(c *program.Call, on map[*ssa.Function]*program.Func) (found []Link) {
	callee := c.Callee
	if c.How != program.Value || len(callee.FreeVars) == 0 || c.From == c.To {
		return nil
	}
	if maker, _ := madeHere(c); maker != nil || callee.Parent() == c.Site.Parent() {
		return nil
	}
	n := len(callee.Params)
	outer := callee.Parent()
	if outer != nil && outer.Origin() != nil {
		outer = outer.Origin()
	}
	if maker := on[outer]; maker != nil {
		inner := a.tracer(callee.Parent())
		for i, v := range ssax.Bindings(callee.Parent(), callee) {
			found = append(found, linked(c, maker, n+i, inner.rel(v))...)
		}
		return found
	}
	if made := madeOnTheWay(outer, on); len(made) > 0 {
		inner := a.tracer(callee.Parent())
		for i, v := range ssax.Bindings(callee.Parent(), callee) {
			for _, by := range made {
				r := a.passed(inner.rel(v), by)
				found = append(found, linked(c, by.From, n+i, r)...)
			}
		}
		return found
	}
	v := functionSlot(c.Site.Common().Value)
	if v == nil || forGoType(v) {
		return nil
	}
	if captured, ok := v.(*ssa.FreeVar); ok && holds(captured, callee) {
		return siblings(c)
	}
	r := a.tracer(c.Site.Parent()).rel(c.Site.Common().Value)
	if outer != nil { // it is not a method that is bound to its receiver
		r = r.as(Part)
		r.Inside = true
	} else if r.slots != 0 {
		r.Change = Same
	}
	for i := range callee.FreeVars {
		found = append(found, linked(c, c.From, n+i, r)...)
	}
	return found
}

// madeOnTheWay returns the calls of the maker by functions that are on the way round: each
// interceptor of gRPC is handed the next one, which is made then.
func madeOnTheWay(maker *ssa.Function, on map[*ssa.Function]*program.Func) (calls []*program.Call) {
	if maker == nil {
		return nil
	}
	for _, fn := range on {
		for _, c := range fn.Out {
			if c.How == program.Static && c.To.SSA == maker {
				calls = append(calls, c)
			}
		}
	}
	slices.SortStableFunc(calls, func(a, b *program.Call) int { return a.From.ID - b.From.ID })
	return calls
}

// passed says how what a function makes of its slots, as r has it, comes from those of its
// caller.
func (a *Analysis) passed(r Rel, by *program.Call) (out Rel) {
	t := a.tracer(by.Site.Parent())
	for i, arg := range by.Site.Common().Args {
		if r.slots&slotBit(i) != 0 {
			out = join(out, t.rel(arg).as(r.Change))
		}
	}
	return out
}

// siblings returns the links between two literals of one function that know each other: var
// a, b func(); a = func() { b() }; b = func() { a() }. What both have captured stays.
func siblings(c *program.Call) (found []Link) {
	caller, callee := c.Site.Parent(), c.Callee
	if caller.Parent() == nil || caller.Parent() != callee.Parent() {
		return nil
	}
	at := map[ssa.Value]int{}
	for i, v := range ssax.Bindings(caller.Parent(), caller) {
		at[v] = len(caller.Params) + i
	}
	for i, v := range ssax.Bindings(callee.Parent(), callee) {
		if from, ok := at[v]; ok {
			found = append(found, linked(c, c.From, len(callee.Params)+i, Rel{Change: Same, slots: slotBit(from)})...)
		}
	}
	return found
}

// functionSlot returns the parameter or captured variable that the function v is, or is an
// element of; nil if it comes from somewhere else. A function in a field of a parser is
// not a part of the parser: most likely it is one of its methods, bound to it. Structs
// without methods are pairs and the like.
func functionSlot(v ssa.Value) ssa.Value {
	for range 8 {
		switch x := v.(type) {
		case *ssa.Parameter, *ssa.FreeVar:
			return v
		case *ssa.UnOp:
			v = x.X
		case *ssa.IndexAddr:
			v = x.X
		case *ssa.Index:
			v = x.X
		case *ssa.FieldAddr:
			if hasMethods(x.X.Type()) {
				return nil
			}
			v = x.X
		case *ssa.Field:
			if hasMethods(types.NewPointer(x.X.Type())) {
				return nil
			}
			v = x.X
		case *ssa.ChangeType:
			v = x.X
		case *ssa.Extract:
			v = x.Tuple
		case *ssa.Next:
			v = x.Iter
		case *ssa.Range:
			v = x.X
		case *ssa.Lookup:
			v = x.X
		case *ssa.Alloc: // a copy of the element
			all := slices.Collect(ssax.Stored(x))
			if len(all) != 1 {
				return nil
			}
			v = all[0]
		default:
			return nil
		}
	}
	return nil
}

func hasMethods(t types.Type) bool { return types.NewMethodSet(t).Len() > 0 }

// holds reports whether the captured variable is given the function literal: var f func();
// f = func() { f() }. Then it is the same closure that is called.
func holds(captured *ssa.FreeVar, lit *ssa.Function) bool {
	for _, val := range values(captured) {
		if named, ok := val.(*ssa.ChangeType); ok {
			val = named.X
		}
		if m, ok := val.(*ssa.MakeClosure); ok && m.Fn == ssa.Value(lit) {
			return true
		}
	}
	return false
}

// forGoType reports whether v is a captured variable with a function that was made for a
// Go type: then closures are in each other as deep as the type is declared. cbor and
// msgpack have an encoder for each type.
func forGoType(v ssa.Value) bool {
	captured, ok := v.(*ssa.FreeVar)
	if !ok {
		return false
	}
	all := values(captured)
	for _, val := range all {
		if extract, ok := val.(*ssa.Extract); ok {
			val = extract.Tuple
		}
		call, ok := val.(*ssa.Call)
		if !ok || !slices.ContainsFunc(call.Common().Args, func(arg ssa.Value) bool { return describes(arg.Type()) }) {
			return false
		}
	}
	return len(all) > 0
}

// values returns what is put into a captured variable where it is declared.
func values(captured *ssa.FreeVar) []ssa.Value {
	var v ssa.Value = captured
	for range 8 {
		inner, ok := v.(*ssa.FreeVar)
		if !ok {
			break
		}
		v = ssax.Binding(inner)
	}
	variable, ok := v.(*ssa.Alloc)
	if !ok {
		return nil
	}
	return slices.Collect(ssax.Stored(variable))
}
