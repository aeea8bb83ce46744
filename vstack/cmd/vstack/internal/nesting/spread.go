package nesting

import (
	"go/types"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A spread is how values come round in a function.
type spread struct {
	a    *Analysis
	fn   *program.Func
	at   func(end any, use ssa.Instruction) bool // whether it counts as an end; nil is always
	to   map[ssa.Value]depth
	ends map[any]depth
	work []step
}

type step struct {
	v ssa.Value
	d depth
}

// spread returns where the values come to in fn, and at which ends. It returns one of those
// that it starts from only if it comes back to that.
func (a *Analysis) spread(fn *program.Func, from map[ssa.Value]depth, at func(end any, use ssa.Instruction) bool) (to map[ssa.Value]depth, ends map[any]depth) {
	s := &spread{a: a, fn: fn, at: at, to: map[ssa.Value]depth{}, ends: map[any]depth{}}
	for v, d := range from {
		s.add(v, d)
	}
	for len(s.work) > 0 {
		next := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		if refs := next.v.Referrers(); refs != nil {
			for _, use := range *refs {
				s.use(next.v, next.d, use)
			}
		}
	}
	return s.to, s.ends
}

func (s *spread) add(v ssa.Value, d depth) {
	for _, one := range []depth{plain, within} {
		if d&one != 0 {
			s.work = append(s.work, step{v, one})
		}
	}
}

func (s *spread) reach(v ssa.Value, d depth) {
	fresh := d &^ s.to[v]
	s.to[v] |= d
	s.add(v, fresh)
}

func (s *spread) end(end any, d depth, use ssa.Instruction) {
	if s.at == nil || s.at(end, use) {
		s.ends[end] |= d
	}
}

// use says where one use of a value brings it.
func (s *spread) use(v ssa.Value, d depth, use ssa.Instruction) {
	if where, what := put(use); what != nil {
		if what == v && s.a.mayHold(v.Type()) {
			root, inside := s.a.root(where)
			s.arrive(root, into(d, inside), use)
			if _, ok := root.(*ssa.Parameter); inside == within && (ok || s.at != nil) {
				s.end(s.a.linkOf(where), d, use)
			}
			if _, ok := root.(*ssa.Alloc); ok {
				s.end(s.a.fieldOf(where), into(d, inside), use)
			}
		}
		return
	}
	switch use := use.(type) {
	case *ssa.Return:
		s.end(result{}, d, use)
		return
	case *ssa.FieldAddr:
		if s.a.types[ssax.Named(use.X.Type())] {
			return // not the value, but what is in it
		}
	case *ssa.Field:
		if s.a.types[ssax.Named(use.X.Type())] {
			return
		}
	case ssa.CallInstruction:
		s.call(v, d, use)
		return
	}
	if next, ok := use.(ssa.Value); ok && s.a.mayHold(next.Type()) {
		s.reach(next, d)
	}
}

// call says where a call brings what it is given: one of which nothing is known returns it.
func (s *spread) call(v ssa.Value, d depth, call ssa.CallInstruction) {
	callees := s.a.called(s.fn, call)
	if made := call.Value(); len(callees) == 0 && made != nil && s.a.mayHold(made.Type()) {
		s.reach(made, d)
	}
	if p := s.a.receiver(s.fn, call); p != nil && v != call.Common().Args[0] {
		s.end(p, d, call)
	}
	for i, arg := range ssax.Arguments(call) {
		if arg != v {
			continue
		}
		for _, callee := range callees {
			for t, how := range s.a.summary(callee) {
				if s.at == nil && isPlace(t.to) && s.a.keeps(s.fn, callee) {
					continue
				}
				if t.from == any(param(i)) {
					s.transfer(t.to, into(d, how), call)
				}
			}
		}
	}
}

// transfer says that a call has brought something to one of its ends.
func (s *spread) transfer(to any, d depth, call ssa.CallInstruction) {
	switch to := to.(type) {
	case result:
		if made := call.Value(); made != nil {
			s.reach(made, d)
		}
	case param:
		root, inside := s.a.root(ssax.Arguments(call)[to])
		s.arrive(root, into(d, inside), call)
	default:
		s.end(to, d, call)
	}
}

// arrive says that a value has come to a place, or into another value.
func (s *spread) arrive(root any, d depth, use ssa.Instruction) {
	if v, ok := root.(ssa.Value); ok {
		s.reach(v, d)
		if p := s.a.read(v); p != nil {
			s.end(p, d, use)
		}
	}
	switch root := root.(type) {
	case nil:
	case *ssa.Parameter:
		s.end(number(root), d, use)
	default:
		s.end(root, d, use)
	}
}

// into returns how a value comes to where it is brought on to from where it is.
func into(d, on depth) depth {
	if d == within {
		return within
	}
	return on
}

// called returns the functions that the call goes to and that have to do with the types.
func (a *Analysis) called(fn *program.Func, call ssa.CallInstruction) []*program.Func {
	all := a.x.called(fn, call)
	if !slices.ContainsFunc(all, func(to *program.Func) bool { return !a.in[to] }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(to *program.Func) bool { return !a.in[to] })
}

// mayHold reports whether a variable of type t may have a value of one of the types in it, or
// several: an object with such variables among its fields is no value of theirs.
func (a *Analysis) mayHold(t types.Type) bool {
	holds, ok := a.holds[t]
	if !ok {
		holds = a.mayHoldIn(t, 4)
		a.holds[t] = holds
	}
	return holds
}

func (a *Analysis) mayHoldIn(t types.Type, levels int) bool {
	if levels == 0 {
		return false
	}
	if a.types[ssax.Named(t)] {
		return true
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		for a := range a.types {
			if types.Implements(types.NewPointer(a), u) {
				return true
			}
		}
	case *types.Pointer:
		_, object := u.Elem().Underlying().(*types.Struct)
		return !object && a.mayHoldIn(u.Elem(), levels-1)
	case interface{ Elem() types.Type }: // slices, arrays, maps, channels
		return a.mayHoldIn(u.Elem(), levels-1)
	case *types.Struct:
		for field := range u.Fields() {
			if a.mayHoldIn(field.Type(), levels-1) {
				return true
			}
		}
	case *types.Tuple:
		for v := range u.Variables() {
			if a.mayHoldIn(v.Type(), levels-1) {
				return true
			}
		}
	}
	return false
}
