// Package ssax has what several analyses need of SSA form: walks over blocks and
// instructions. None of them recurses, as the code they look at may be generated.
package ssax

import (
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

// Loops reports whether the block is in a loop.
func Loops(b *ssa.BasicBlock) bool {
	for b2 := range Blocks(b.Succs, nil) {
		if b2 == b {
			return true
		}
	}
	return false
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
