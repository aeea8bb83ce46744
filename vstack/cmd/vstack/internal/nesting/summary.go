package nesting

import (
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
	work := slices.Clone(a.funcs)
	waits := map[*program.Func]bool{}
	for _, fn := range work {
		waits[fn] = true
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		waits[fn] = false
		sum := a.transfers(fn)
		if grown(sum, a.known[fn]) {
			a.known[fn] = sum
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
// What a recursive one leaves in a place does not count: it may be overwritten before anybody
// reads it, as xpath's builder does with the first input of a path, or belongs to its depth.
func (a *Analysis) transfers(fn *program.Func) map[transfer]depth {
	sum := map[transfer]depth{}
	note := func(from, to any, d depth) {
		if a.cyclic[fn] && (isPlace(from) || isPlace(to)) || gone(from, fn.SSA) || gone(to, fn.SSA) {
			return
		}
		if d != 0 {
			sum[transfer{from, to}] |= d
		}
	}
	reads := map[any]map[ssa.Value]depth{}
	for instr := range ssax.Instrs(fn.SSA) {
		a.addReads(fn, instr, reads)
	}
	for p, from := range reads {
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

// gone reports whether the end is a variable of fn, which is another one in each call.
func gone(end any, fn *ssa.Function) bool {
	v, ok := end.(ssa.Value)
	return ok && v.Parent() == fn
}

// hangs reports whether fn puts something new into a link of one of the values, where ok says so
// of what that is, or of what is read from a link: cur.kids[name] = &node{}; cur = cur.kids[name].
// again says which instructions run again and again; nil is all.
func (a *Analysis) hangs(fn *program.Func, into map[ssa.Value]depth, again func(ssa.Instruction) bool, ok func(ssa.Value) bool) bool {
	puts := false
	var reads []ssa.Value
	for instr := range ssax.Instrs(fn.SSA) {
		if read, is := instr.(*ssa.FieldAddr); is && into[read.X]&plain != 0 && a.isLink(read) {
			reads = append(reads, read)
		}
		for _, v := range a.hung(fn, instr, into) {
			if ok(v) {
				return true
			}
			puts = puts || again == nil || again(instr)
		}
	}
	return puts && slices.ContainsFunc(reads, ok)
}

// hung returns the new values that the instruction puts into a link of one of the others.
func (a *Analysis) hung(fn *program.Func, instr ssa.Instruction, into map[ssa.Value]depth) (all []ssa.Value) {
	where, what := put(instr)
	if what != nil && a.mayHold(what.Type()) && justMade(what) {
		root, d := a.root(where)
		if root, ok := root.(ssa.Value); ok && d == within && into[root]&plain != 0 {
			all = append(all, what)
		}
	}
	call, ok := instr.(ssa.CallInstruction)
	if !ok {
		return all
	}
	args := ssax.Arguments(call)
	for _, callee := range a.called(fn, call) {
		for t, d := range a.summary(callee) {
			to, ok := t.to.(param)
			if !ok || d&within == 0 || into[args[to]]&plain == 0 {
				continue
			}
			switch from := t.from.(type) {
			case param:
				if justMade(args[from]) {
					all = append(all, args[from])
				}
			case result:
				if made := call.Value(); made != nil {
					all = append(all, made)
				}
			}
		}
	}
	return all
}

// justMade reports whether the function has just made the value, or got it from a call.
func justMade(v ssa.Value) bool {
	if m, ok := v.(*ssa.MakeInterface); ok {
		v = m.X
	}
	switch ssax.Unasserted(v).(type) {
	case *ssa.Alloc, *ssa.Call:
		return true
	}
	return false
}
