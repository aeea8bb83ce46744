// Package ssax has what several analyses need of SSA form: walks over blocks and
// instructions. None of them recurses, as the code they look at may be generated.
package ssax

import (
	"go/constant"
	"go/token"
	"go/types"
	"iter"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// Instrs yields the instructions of fn in the order of its blocks.
func Instrs(fn *ssa.Function) iter.Seq[ssa.Instruction] {
	return func(yield func(ssa.Instruction) bool) {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if !yield(instr) {
					return
				}
			}
		}
	}
}

// Blocks yields the blocks that are reached from the given ones, these too, each
// once. pass says whether the search goes on behind a block; nil says yes of all.
func Blocks(from []*ssa.BasicBlock, pass func(*ssa.BasicBlock) bool) iter.Seq[*ssa.BasicBlock] {
	return func(yield func(*ssa.BasicBlock) bool) {
		seen := map[*ssa.BasicBlock]bool{}
		work := slices.Clone(from)
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if seen[b] {
				continue
			}
			seen[b] = true
			if !yield(b) {
				return
			}
			if pass == nil || pass(b) {
				work = append(work, b.Succs...)
			}
		}
	}
}

// Reaches reports whether a path leads from one block to another that does not go
// through without, which may be nil.
func Reaches(from, to, without *ssa.BasicBlock) bool {
	if from == without {
		return false
	}
	for b := range Blocks([]*ssa.BasicBlock{from}, func(b *ssa.BasicBlock) bool { return b != without }) {
		if b == to && b != without {
			return true
		}
	}
	return false
}

// Loops reports whether the block is in a loop that runs as often as something says. One
// that runs a constant number of times, as over a literal, is as if it were written out.
func Loops(b *ssa.BasicBlock) bool {
	if !slices.ContainsFunc(b.Succs, func(next *ssa.BasicBlock) bool { return Reaches(next, b, nil) }) {
		return false
	}
	known := false
	for _, head := range b.Parent().Blocks {
		if !Before(head, b) {
			continue
		}
		for _, back := range head.Preds {
			if !head.Dominates(back) || back != b && b != head && !Reaches(b, back, head) {
				continue
			}
			if !constantly(head) {
				return true
			}
			known = true
		}
	}
	return !known // a loop of gotos, perhaps
}

// InLoops returns the blocks of fn of which [Loops] is true, but for loops of gotos. It takes
// as long as the loops are large, also if there are thousands.
func InLoops(fn *ssa.Function) map[*ssa.BasicBlock]bool {
	in := map[*ssa.BasicBlock]bool{}
	for _, head := range fn.Blocks {
		var body []*ssa.BasicBlock // found backwards from where it comes round
		for _, back := range head.Preds {
			if head.Dominates(back) {
				body = append(body, back)
			}
		}
		if len(body) == 0 || constantly(head) {
			continue
		}
		seen := map[*ssa.BasicBlock]bool{head: true}
		in[head] = true
		for len(body) > 0 {
			b := body[len(body)-1]
			body = body[:len(body)-1]
			if !seen[b] {
				seen[b], in[b] = true, true
				body = append(body, b.Preds...)
			}
		}
	}
	return in
}

// constantly reports whether the loop with this head goes on while something is less than a
// constant, or than the length of an array or of a literal.
func constantly(head *ssa.BasicBlock) bool {
	branch, ok := head.Instrs[len(head.Instrs)-1].(*ssa.If)
	if !ok {
		return false
	}
	less, ok := branch.Cond.(*ssa.BinOp)
	if !ok || less.Op != token.LSS || !Counts(less.X) {
		return false
	}
	switch bound := less.Y.(type) {
	case *ssa.Const:
		return true
	case *ssa.Call:
		length, ok := bound.Call.Value.(*ssa.Builtin)
		if !ok || length.Name() != "len" {
			return false
		}
		whole, ok := bound.Call.Args[0].(*ssa.Slice)
		if !ok || whole.Low != nil || whole.High != nil {
			return false
		}
		_, literal := whole.X.(*ssa.Alloc)
		return literal
	}
	return false
}

// Counts reports whether v is the variable of a loop, to which each turn adds a constant.
func Counts(v ssa.Value) bool {
	if next := added(v); next != nil {
		v = next // a range adds before it compares
	}
	i, ok := v.(*ssa.Phi)
	return ok && !slices.ContainsFunc(i.Edges, func(e ssa.Value) bool {
		_, first := e.(*ssa.Const)
		return !first && added(e) != ssa.Value(i)
	})
}

// added returns what v is with a positive constant added to it; nil if it is something else.
func added(v ssa.Value) ssa.Value {
	sum, ok := v.(*ssa.BinOp)
	if !ok || sum.Op != token.ADD {
		return nil
	}
	if c, ok := sum.Y.(*ssa.Const); !ok || c.Value == nil || constant.Sign(c.Value) <= 0 {
		return nil
	}
	return sum.X
}

// Before reports whether a is on every way to b.
func Before(a, b *ssa.BasicBlock) bool { return a == b || a.Dominates(b) }

// Earlier reports whether a stands before b in their block.
func Earlier(a, b ssa.Instruction) bool {
	for _, instr := range a.Block().Instrs {
		switch instr {
		case a:
			return true
		case b:
			return false
		}
	}
	return false
}

// Later reports whether a runs after b only: no way leads from a to b.
func Later(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return !Reaches(a.Block(), b.Block(), nil)
	}
	return !Earlier(a, b) && !slices.ContainsFunc(b.Block().Succs, func(s *ssa.BasicBlock) bool { return Reaches(s, b.Block(), nil) })
}

// Uses yields the uses of the values, and of those that next says a use leads to; nil is none.
// Each value is looked at once.
func Uses(from []ssa.Value, next func(v ssa.Value, use ssa.Instruction) ssa.Value) iter.Seq2[ssa.Value, ssa.Instruction] {
	return func(yield func(ssa.Value, ssa.Instruction) bool) {
		seen := map[ssa.Value]bool{}
		work := slices.Clone(from)
		for len(work) > 0 {
			v := work[len(work)-1]
			work = work[:len(work)-1]
			if seen[v] || v.Referrers() == nil {
				continue
			}
			seen[v] = true
			for _, use := range *v.Referrers() {
				if !yield(v, use) {
					return
				}
				if to := next(v, use); to != nil {
					work = append(work, to)
				}
			}
		}
	}
}

// Stored yields what is stored at addr by the function that addr is of.
func Stored(addr ssa.Value) iter.Seq[ssa.Value] {
	return func(yield func(ssa.Value) bool) {
		refs := addr.Referrers()
		if refs == nil {
			return
		}
		for _, ref := range *refs {
			if store, ok := ref.(*ssa.Store); ok && store.Addr == addr && !yield(store.Val) {
				return
			}
		}
	}
}

// Bindings yields what fn binds to the captured variables of lit, with their numbers.
func Bindings(fn, lit *ssa.Function) iter.Seq2[int, ssa.Value] {
	return func(yield func(int, ssa.Value) bool) {
		for instr := range Instrs(fn) {
			if m, ok := instr.(*ssa.MakeClosure); ok && m.Fn == ssa.Value(lit) {
				for i, v := range m.Bindings {
					if !yield(i, v) {
						return
					}
				}
			}
		}
	}
}

// Binding returns what the function around binds to the captured variable; nil if that is
// not known.
func Binding(captured *ssa.FreeVar) ssa.Value {
	lit := captured.Parent()
	if lit.Parent() == nil {
		return nil
	}
	for i, v := range Bindings(lit.Parent(), lit) {
		if lit.FreeVars[i] == captured {
			return v
		}
	}
	return nil
}

// Deref returns what a pointer type points at, and any other type as it is.
func Deref(t types.Type) types.Type {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		return ptr.Elem()
	}
	return t
}

// TypeName returns a named type as path.Name; "" for a type without a name.
func TypeName(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	switch {
	case !ok:
		return ""
	case named.Obj().Pkg() == nil:
		return named.Obj().Name()
	}
	return named.Obj().Pkg().Path() + "." + named.Obj().Name()
}

// IsInteger reports whether t is an integer type.
func IsInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

// IsString reports whether t is a string type.
func IsString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// Asserted returns what v was before it was asked for methods: err in
// err.(interface{ Timeout() bool }); nil if it was not asked.
func Asserted(v ssa.Value) ssa.Value {
	switch v := v.(type) {
	case *ssa.TypeAssert:
		return v.X
	case *ssa.Extract:
		return v.Tuple
	case *ssa.ChangeInterface:
		return v.X
	}
	return nil
}

// Unasserted returns what v was before it was asked for methods at all.
func Unasserted(v ssa.Value) ssa.Value {
	for {
		before := Asserted(v)
		if before == nil {
			return v
		}
		v = before
	}
}

// Field returns the field that the address is of; nil in a generic function whose parameter
// is the struct.
func Field(addr *ssa.FieldAddr) *types.Var {
	s, ok := Deref(addr.X.Type()).Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	return s.Field(addr.Field)
}

// Named returns the type, or the one that it is a pointer to, if it has a name: the generic
// one of an instance; nil if not.
func Named(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	named, _ := types.Unalias(Deref(t)).(*types.Named)
	if named != nil {
		named = named.Origin()
	}
	return named
}

// Arguments returns what a call gives the parameters of the function, the receiver first.
func Arguments(call ssa.CallInstruction) []ssa.Value {
	common := call.Common()
	if common.IsInvoke() {
		return slices.Concat([]ssa.Value{common.Value}, common.Args)
	}
	return common.Args
}
