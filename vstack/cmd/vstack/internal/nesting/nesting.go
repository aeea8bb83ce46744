// Package nesting tells whether loops put values of certain types into each other. What a
// recursive parser builds is as deep as its limit, but for what it builds in a loop: an
// expression has as many operators as there is input, each in the next, on one level.
//
//	left = &binary{left, right}
//	left = p.infix(left)                 // which makes a binary of left and more
//	cur.kids[name] = next; cur = next
//	cur = cur.child(name)                // which makes one and puts it into cur.kids
//	p.push(&binary{p.pop(), p.pop()})    // the stack of a shunting-yard parser
//
// A way that goes round by calls alone does not count, since those have a limit; one that
// goes round by a loop does, also if it leaves the work to calls: between two turns these
// have ended. So each function has a summary, of what comes from its parameters, and from
// the places that outlive it, into what it returns and into these. The ways of a loop are
// put together from them.
//
// The flow is that of names, not of objects: what is once put into a field of some object
// may be read from that field of any. So it finds ways that no run takes.
package nesting

import (
	"go/types"
	"maps"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// Between returns the types and the structs that are between them: the node of a union has a
// pointer to a binary, and that has pointers to nodes.
func Between(of map[*types.Named]bool) map[*types.Named]bool {
	inside := map[*types.Named][]*types.Named{}
	var all []*types.Named
	reach := func(t *types.Named) {
		if _, ok := inside[t]; !ok {
			inside[t] = nil
			all = append(all, t)
		}
	}
	for t := range of {
		reach(t)
	}
	for i := 0; i < len(all); i++ {
		parts(all[i], func(part types.Type) {
			if named, ok := part.(*types.Named); ok {
				inside[all[i]] = append(inside[all[i]], named)
				reach(named)
			}
		})
	}
	back := maps.Clone(of)
	for grown := true; grown; {
		grown = false
		for _, t := range all {
			_, is := t.Underlying().(*types.Struct)
			if is && !back[t] && slices.ContainsFunc(inside[t], func(part *types.Named) bool { return part != t && back[part] }) {
				back[t] = true
				grown = true
			}
		}
	}
	return back
}

// An Analysis is of values of some types.
type Analysis struct {
	x      *Index
	types  map[*types.Named]bool
	links  map[*types.Var]bool // the fields of these that make something deeper
	funcs  []*program.Func     // in which values of them may be
	in     map[*program.Func]bool
	stacks map[place]bool // see pop
	known  map[*program.Func]map[transfer]depth
	deep   map[*program.Func]bool // whether something is within in these
	holds  map[types.Type]bool
	event  map[*program.Func][]ssa.Instruction
	linked map[*program.Func]*linking
}

// New makes an analysis of the types. It has no links yet.
func (x *Index) New(of map[*types.Named]bool) *Analysis {
	a := &Analysis{
		x:      x,
		types:  of,
		links:  map[*types.Var]bool{},
		funcs:  x.funcs(of),
		in:     map[*program.Func]bool{},
		stacks: map[place]bool{},
		deep:   map[*program.Func]bool{},
		holds:  map[types.Type]bool{},
		event:  map[*program.Func][]ssa.Instruction{},
		linked: map[*program.Func]*linking{},
	}
	for _, fn := range a.funcs {
		a.in[fn] = true
		for instr := range ssax.Instrs(fn.SSA) {
			if p := a.pop(instr); p != nil {
				a.stacks[p] = true
			}
		}
	}
	return a
}

// Funcs returns the functions in which values of the types may be.
func (a *Analysis) Funcs() []*program.Func { return a.funcs }

// LinkFields makes all fields of t links.
func (a *Analysis) LinkFields(t *types.Named) {
	if s, ok := t.Underlying().(*types.Struct); ok {
		for field := range s.Fields() {
			a.links[field.Origin()] = true
		}
	}
}

// LinkRead makes those fields links that recursive functions read, or those that these call to
// get at what is in one. A field by which they only go on in a loop is none: the next of a
// list of children is no deeper.
//
//	for c := n.first; c != nil; c = c.next { c.walk() }
func (a *Analysis) LinkRead() {
	var fns []*program.Func
	in := map[*program.Func]bool{}
	for _, fn := range a.funcs {
		if a.x.cyclic[fn] {
			in[fn] = true
			fns = append(fns, fn)
		}
	}
	for i := 0; i < len(fns); i++ {
		for _, c := range fns[i].Out {
			if a.in[c.To] && !in[c.To] && a.mayHold(c.To.SSA.Signature.Results()) {
				in[c.To] = true
				fns = append(fns, c.To)
			}
		}
	}
	for _, fn := range fns {
		for instr := range ssax.Instrs(fn.SSA) {
			switch read := instr.(type) {
			case *ssa.FieldAddr:
				if a.types[ssax.Named(read.X.Type())] && isRead(read) && !goesOn(read) {
					a.link(read.X, read.Field)
				}
			case *ssa.Field:
				if a.types[ssax.Named(read.X.Type())] {
					a.link(read.X, read.Field)
				}
			}
		}
	}
}

// isRead reports whether the field is not only stored to.
func isRead(addr *ssa.FieldAddr) bool {
	return slices.ContainsFunc(*addr.Referrers(), func(use ssa.Instruction) bool {
		store, ok := use.(*ssa.Store)
		return !ok || store.Addr != addr
	})
}

func (a *Analysis) link(of ssa.Value, field int) {
	if s, ok := ssax.Deref(of.Type()).Underlying().(*types.Struct); ok {
		a.links[s.Field(field).Origin()] = true
	}
}

// goesOn reports whether the field is read by a loop only, to go on with that if it is there.
func goesOn(read *ssa.FieldAddr) bool {
	head, ok := read.X.(*ssa.Phi)
	if !ok || !comesRound(head) {
		return false
	}
	for _, ref := range *read.Referrers() {
		load, ok := ref.(*ssa.UnOp)
		if !ok {
			return false
		}
		for _, use := range *load.Referrers() {
			_, compared := use.(*ssa.BinOp) // whether it is the last
			if use != ssa.Instruction(head) && !compared {
				return false
			}
		}
	}
	return true
}

// comesRound reports whether the variable is one of a loop, and not of two branches in it.
func comesRound(p *ssa.Phi) bool {
	return slices.ContainsFunc(p.Block().Preds, p.Block().Dominates)
}
