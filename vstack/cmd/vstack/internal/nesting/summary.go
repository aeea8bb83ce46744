package nesting

import (
	"go/types"
	"maps"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A transfer is what a call does with a value: from one end to another. An end is a place
// that outlives the call, a param or the result.
type transfer struct{ from, to any }

type (
	param  int      // the parameter with this number, the receiver first
	result struct{} // what the function returns
)

// A depth says how a value comes to an end. It may come there in both ways.
type depth uint8

const (
	plain  depth = 1 << iota // as it is
	within                   // in a link of something
)

// Wraps reports whether fn may put a parameter that is of one of the types into a link of what
// it returns.
func (a *Analysis) Wraps(fn *program.Func) bool {
	for i, p := range fn.SSA.Params {
		if a.types[ssax.Named(p.Type())] && a.summary(fn)[transfer{param(i), result{}}]&within != 0 {
			return true
		}
	}
	return false
}

// summary returns what fn does with values, by itself and by the functions that it calls.
func (a *Analysis) summary(fn *program.Func) map[transfer]depth {
	if a.known == nil {
		a.summarize()
	}
	return a.known[fn]
}

// summarize finds the summaries of all functions: it begins with none, and looks at a function
// again when that of one that it calls has grown. So it does not matter in which order.
func (a *Analysis) summarize() {
	a.known = map[*program.Func]map[transfer]depth{}
	defer func() { a.linked = map[*program.Func]*linking{} }()
	work := slices.Clone(a.funcs)
	waits := map[*program.Func]bool{}
	for _, fn := range work {
		waits[fn] = true
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		waits[fn] = false
		delete(a.linked, fn) // it was by what was known before
		sum := a.transfers(fn)
		for t, d := range a.known[fn] {
			sum[t] |= d // it only grows, so this ends
		}
		if grown(sum, a.known[fn]) {
			a.known[fn] = sum
			for _, d := range sum {
				a.deep[fn] = a.deep[fn] || d&within != 0
			}
			for _, c := range fn.Ins {
				if a.in[c.From] && !waits[c.From] {
					waits[c.From] = true
					work = append(work, c.From)
				}
			}
		}
	}
}

func grown(sum, before map[transfer]depth) bool {
	for t, d := range sum {
		if before[t] != d {
			return true
		}
	}
	return false
}

// transfers returns what fn does with values, as far as is known of the functions that it calls.
// What recursive functions leave in places for each other does not count: it may be
// overwritten before anybody reads it, as xpath's builder does with the first input of a
// path, or belongs to their depth.
func (a *Analysis) transfers(fn *program.Func) map[transfer]depth {
	sum := map[transfer]depth{}
	note := func(from, to any, d depth) {
		if d != 0 && !gone(from, fn.SSA) && !gone(to, fn.SSA) {
			sum[transfer{from, to}] |= d
		}
	}
	reads := map[any]map[ssa.Value]depth{}
	for instr := range ssax.Instrs(fn.SSA) {
		a.addReads(fn, instr, reads)
		if call, ok := instr.(ssa.CallInstruction); ok {
			for t, d := range a.places(fn, call) {
				note(t.from, t.to, d)
			}
		}
	}
	for p, from := range reads {
		if field, ok := p.(*types.Var); ok && a.links[field] {
			maps.DeleteFunc(from, func(v ssa.Value, _ depth) bool { return !a.ofParameter(v) })
		}
		_, ends := a.spread(fn, from, nil)
		for end, d := range ends {
			note(p, end, d)
		}
	}
	for i, p := range fn.SSA.Params {
		if !a.mayHold(p.Type()) {
			continue
		}
		to, ends := a.spread(fn, map[ssa.Value]depth{p: plain}, nil)
		for end, d := range ends {
			note(param(i), end, d)
		}
		to[p] |= plain
		if a.hangs(fn, to, nil, func(v ssa.Value) bool {
			_, ends := a.spread(fn, map[ssa.Value]depth{v: plain}, nil)
			return ends[result{}]&plain != 0
		}) {
			note(result{}, param(i), within)
		}
	}
	return sum
}

// ofParameter reports whether v is read from a link of a parameter. That of something that the
// function makes is another one in each call.
func (a *Analysis) ofParameter(v ssa.Value) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return false
	}
	_, ok = first(a.root(load.X)).(*ssa.Parameter)
	return ok
}

// places returns how places come into each other in what fn calls.
func (a *Analysis) places(fn *program.Func, call ssa.CallInstruction) map[transfer]depth {
	all := map[transfer]depth{}
	for _, callee := range a.called(fn, call) {
		if a.keeps(fn, callee) {
			continue
		}
		for t, d := range a.summary(callee) {
			if isPlace(t.from) && isPlace(t.to) {
				all[t] |= d
			}
		}
	}
	return all
}

// keeps reports whether what callee does with places is between it and fn: both recurse.
func (a *Analysis) keeps(fn, callee *program.Func) bool { return a.x.cyclic[fn] && a.x.cyclic[callee] }

// gone reports whether the end is a variable of fn, which is another one in each call.
func gone(end any, fn *ssa.Function) bool {
	v, ok := end.(ssa.Value)
	return ok && v.Parent() == fn
}

// hangs reports whether fn puts something into a link of one of the values, where ok says so
// of what that is, or of what is read from a link: cur.kids[name] = &node{}; cur = cur.kids[name].
// again says which instructions run again and again; nil is all.
func (a *Analysis) hangs(fn *program.Func, into map[ssa.Value]depth, again func(ssa.Instruction) bool, ok func(ssa.Value) bool) bool {
	at := a.linksOf(fn)
	puts := false
	var reads []ssa.Value
	for v, d := range into {
		if d&plain == 0 {
			continue
		}
		for _, p := range at.puts[v] {
			if ok(p.what) {
				return true
			}
			puts = puts || justMade(p.what) && (again == nil || again(p.at))
		}
		reads = append(reads, at.reads[v]...)
	}
	return puts && slices.ContainsFunc(reads, ok)
}

// A linking is what a function does with links.
type linking struct {
	puts  map[ssa.Value][]putting   // by what something is put into
	reads map[ssa.Value][]ssa.Value // by what a link is read of
}

type putting struct {
	at   ssa.Instruction
	what ssa.Value
}

// linksOf returns what fn does with links, by what is known now of the functions that it calls.
func (a *Analysis) linksOf(fn *program.Func) *linking {
	l, ok := a.linked[fn]
	if ok {
		return l
	}
	l = &linking{map[ssa.Value][]putting{}, map[ssa.Value][]ssa.Value{}}
	for _, instr := range a.events(fn) {
		if read, ok := instr.(*ssa.FieldAddr); ok {
			l.reads[read.X] = append(l.reads[read.X], read)
			continue
		}
		if call, ok := instr.(ssa.CallInstruction); ok {
			a.callPuts(fn, call, l)
			continue
		}
		where, what := put(instr)
		if root, ok := first(a.root(where)).(ssa.Value); ok {
			l.puts[root] = append(l.puts[root], putting{instr, what})
		}
	}
	a.linked[fn] = l
	return l
}

func first(root any, _ depth) any { return root }

// callPuts adds what a call puts into links of its arguments.
func (a *Analysis) callPuts(fn *program.Func, call ssa.CallInstruction, l *linking) {
	args := ssax.Arguments(call)
	for _, callee := range a.called(fn, call) {
		for t, d := range a.summary(callee) {
			to, ok := t.to.(param)
			if !ok || d&within == 0 {
				continue
			}
			switch from := t.from.(type) {
			case param:
				l.puts[args[to]] = append(l.puts[args[to]], putting{call, args[from]})
			case result:
				if made := call.Value(); made != nil {
					l.puts[args[to]] = append(l.puts[args[to]], putting{call, made})
				}
			}
		}
	}
}

// events returns the instructions of fn that put something into a link, or read one, and the
// calls.
func (a *Analysis) events(fn *program.Func) []ssa.Instruction {
	all, ok := a.event[fn]
	if ok {
		return all
	}
	for instr := range ssax.Instrs(fn.SSA) {
		switch instr := instr.(type) {
		case *ssa.FieldAddr:
			ok = a.isLink(instr)
		case ssa.CallInstruction:
			ok = len(a.called(fn, instr)) > 0
		default:
			where, what := put(instr)
			ok = false
			if what != nil && a.mayHold(what.Type()) {
				_, d := a.root(where)
				ok = d == within
			}
		}
		if ok {
			all = append(all, instr)
		}
	}
	a.event[fn] = all
	return all
}

// deepens reports whether fn may put anything into a link at all.
func (a *Analysis) deepens(fn *program.Func) bool {
	if a.known == nil {
		a.summarize()
	}
	return slices.ContainsFunc(a.events(fn), func(instr ssa.Instruction) bool {
		switch instr := instr.(type) {
		case *ssa.FieldAddr:
			return false
		case ssa.CallInstruction:
			return slices.ContainsFunc(a.x.called(fn, instr), func(to *program.Func) bool { return a.deep[to] })
		}
		return true
	})
}

// justMade reports whether the function has just made the value, or got it from a call.
func justMade(v ssa.Value) bool { return madeIn(v, 8) }

func madeIn(v ssa.Value, levels int) bool {
	if m, ok := v.(*ssa.MakeInterface); ok {
		v = m.X
	}
	switch v := ssax.Unasserted(v).(type) {
	case *ssa.Alloc, *ssa.Call:
		return true
	case *ssa.Phi: // of the branches of a switch
		return levels > 0 && !comesRound(v) && !slices.ContainsFunc(v.Edges, func(edge ssa.Value) bool {
			_, none := edge.(*ssa.Const)
			return !none && !madeIn(edge, levels-1)
		})
	}
	return false
}
