package recursion

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"iter"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A walk up a chain may stop at a flag, and whoever lengthens the chain again and again
// sets it:
//
//	func (p *parser) openScope() { p.scope = &scope{outer: p.scope} }
//
//	p.openScope()
//	p.scope.inFunction = true // in parseFunctionBlock, for each function in the source
//
//	if s.outer != nil && !s.inFunction {
//		return s.outer.hasLabel(name)
//	}
//
// Without the flag are the scopes that are made once for each call from outside. goja
// looks for labels so, and goes up no step at all. otto does too, but its functions clear
// the flag when they are done, just before they close the scope: that nobody looks at it
// in between or afterwards is nothing that can be told here.

// flagged says why a call on field next of the caller's receiver goes up few steps of a
// chain of values of type t; "" if that cannot be told.
func (f *finder) flagged(c *program.Call, next ssa.Value, t *types.Named) string {
	load, ok := next.(*ssa.UnOp)
	if !ok {
		return ""
	}
	link, ok := placeOf(load.X)
	if !ok || len(link.fields) != 1 {
		return ""
	}
	for p := range emptyPlaces(c.Site) {
		if p.root != link.root || len(p.fields) != 1 || !isBool(p.fields[0].Type()) {
			continue
		}
		flag := p.fields[0]
		if f.onlySetTrue(flag) && f.onlyLinkedWhenMade(link.fields[0]) && f.setWhereRepeated(t, flag) {
			return fmt.Sprintf("%s stops it at each %s but those that are made neither in a loop nor recursively",
				flag.Name(), types.TypeString(t, (*types.Package).Name))
		}
	}
	return ""
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// onlySetTrue reports whether nothing in the program clears the flag of a value that is
// there, or may.
func (f *finder) onlySetTrue(flag *types.Var) bool {
	return f.everyUse(flag, func(_ *ssa.FieldAddr, store *ssa.Store) bool { return isTrue(store.Val) })
}

// onlyLinkedWhenMade reports whether the field is set nowhere but in a value that the
// function has just made: so a chain is longer by one for each value made.
func (f *finder) onlyLinkedWhenMade(link *types.Var) bool {
	return f.everyUse(link, func(addr *ssa.FieldAddr, _ *ssa.Store) bool {
		_, made := addr.X.(*ssa.Alloc)
		return made
	})
}

func isTrue(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Value.Kind() == constant.Bool && constant.BoolVal(c.Value)
}

// everyUse reports whether ok says yes of all that the program stores in the field, and
// the program neither takes the field's address nor overwrites the whole struct.
func (f *finder) everyUse(field *types.Var, ok func(*ssa.FieldAddr, *ssa.Store) bool) bool {
	if f.clears == nil {
		f.clears = findClearing(f.graph)
	}
	for addr := range f.fieldAddrs(field) {
		if f.clears.structs[ssax.Deref(addr.X.Type()).Underlying().(*types.Struct)] {
			return false
		}
	}
	return !f.addressTaken(field) && f.everyStore(field, ok)
}

// addressTaken reports whether the program does anything with the address of the field but
// read and set it.
func (f *finder) addressTaken(field *types.Var) bool {
	for addr := range f.fieldAddrs(field) {
		for _, ref := range *addr.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Store:
				if ref.Addr != ssa.Value(addr) {
					return true
				}
			case *ssa.UnOp, *ssa.DebugRef:
			default:
				return true
			}
		}
	}
	return false
}

// everyStore reports whether ok says yes of all that the program stores in the field by its
// name.
func (f *finder) everyStore(field *types.Var, ok func(*ssa.FieldAddr, *ssa.Store) bool) bool {
	for addr := range f.fieldAddrs(field) {
		for _, ref := range *addr.Referrers() {
			if store, isStore := ref.(*ssa.Store); isStore && store.Addr == ssa.Value(addr) && !ok(addr, store) {
				return false
			}
		}
	}
	return true
}

// fieldAddrs yields where the program takes the address of the field, as it does to read
// and to set it.
func (f *finder) fieldAddrs(field *types.Var) iter.Seq[*ssa.FieldAddr] {
	if f.addrs == nil {
		f.addrs = map[*types.Var][]*ssa.FieldAddr{}
		for _, fn := range f.graph.Funcs {
			for instr := range ssax.Instrs(fn.SSA) {
				addr, ok := instr.(*ssa.FieldAddr)
				if !ok {
					continue
				}
				if field := ssax.Field(addr); field != nil {
					field = field.Origin() // of all instances of a generic type
					f.addrs[field] = append(f.addrs[field], addr)
				}
			}
		}
	}
	return slices.Values(f.addrs[field.Origin()])
}

// setWhereRepeated reports whether every value of type t that is made in a loop or on a
// cycle of calls gets its flag before anything else is called.
func (f *finder) setWhereRepeated(t *types.Named, flag *types.Var) bool {
	if f.makes(t) == nowhere {
		return false
	}
	for _, fn := range f.makers[t.Origin()] {
		for instr := range ssax.Instrs(fn.SSA) {
			alloc, ok := instr.(*ssa.Alloc)
			if !ok || ssax.Named(alloc.Type()) != t.Origin() || !filled(alloc) {
				continue
			}
			if f.howOften(fn, alloc.Block()) == atRest || setNext(alloc, flag, isValue(alloc)) {
				continue
			}
			if f.cyclic[fn] || ssax.Loops(alloc.Block()) || !f.setByCallers(fn, alloc, flag) {
				return false
			}
		}
	}
	return true
}

// setByCallers reports whether the callers of fn that call it again and again set the
// flag of what it has made, in the place where it left that or as its result.
func (f *finder) setByCallers(fn *program.Func, alloc *ssa.Alloc, flag *types.Var) bool {
	for _, in := range fn.Ins {
		if !f.cyclic[in.From] && !ssax.Loops(in.Site.Block()) && !f.calledAgain(in.From, 1) {
			continue
		}
		site, ok := in.Site.(*ssa.Call)
		if !ok || in.How != program.Static || !setNext(site, flag, leftBy(site, alloc)) {
			return false
		}
	}
	return len(fn.Ins) > 0
}

// setNext reports whether the flag of the value that is meant is set after the instruction
// and before the next call.
func setNext(after ssa.Instruction, flag *types.Var, meant func(ssa.Value) bool) bool {
	instrs := after.Block().Instrs
	for _, instr := range instrs[slices.Index(instrs, after)+1:] {
		switch instr := instr.(type) {
		case ssa.CallInstruction:
			return false
		case *ssa.Store:
			addr, ok := instr.Addr.(*ssa.FieldAddr)
			if ok && isTrue(instr.Val) && meant(addr.X) && ssax.Field(addr) == flag {
				return true
			}
		}
	}
	return false
}

func isValue(v ssa.Value) func(ssa.Value) bool {
	return func(other ssa.Value) bool { return v == other }
}

// leftBy tells what is the value that the callee has made: its only result, or what it has
// put into a field of a parameter, p.scope, as the last thing that it did.
func leftBy(site *ssa.Call, alloc *ssa.Alloc) func(ssa.Value) bool {
	last := alloc.Block()
	if ret, ok := last.Instrs[len(last.Instrs)-1].(*ssa.Return); ok && slices.Equal(ret.Results, []ssa.Value{alloc}) {
		return isValue(site)
	}
	field, param := -1, -1
	for _, instr := range last.Instrs[slices.Index(last.Instrs, ssa.Instruction(alloc)):] {
		switch instr := instr.(type) {
		case *ssa.Store:
			if addr, ok := instr.Addr.(*ssa.FieldAddr); ok && instr.Val == ssa.Value(alloc) {
				field, param = addr.Field, slices.IndexFunc(alloc.Parent().Params, func(p *ssa.Parameter) bool { return addr.X == ssa.Value(p) })
			}
		case ssa.CallInstruction:
			field = -1
		}
	}
	if _, returns := last.Instrs[len(last.Instrs)-1].(*ssa.Return); !returns || field < 0 || param < 0 {
		return func(ssa.Value) bool { return false }
	}
	return func(v ssa.Value) bool {
		load, ok := v.(*ssa.UnOp)
		if !ok || load.Op != token.MUL || load.Block() != site.Block() || !ssax.Earlier(site, load) {
			return false
		}
		addr, ok := load.X.(*ssa.FieldAddr)
		return ok && addr.Field == field && addr.X == site.Common().Args[param]
	}
}
