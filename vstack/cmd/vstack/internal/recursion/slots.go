package recursion

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// How deep a recursion goes is told by what its calls do to the arguments, as in
// size-change termination: a slot is a parameter (or captured variable) of a
// function on the cycle, and every call relates the slots of the caller to those
// of the callee. A slot that comes back to itself as a part of what it was
// walks a structure; one that comes back as n-1 counts; one that comes back as
// it was may be a reader.

// A change says what becomes of a value between two slots. The order is that in
// which changes on different paths are joined.
type change int

const (
	fresh   change = iota // nothing to do with any slot
	fixed                 // always the same
	mixed                 // computed from several values
	same                  // unchanged
	counted               // plus or minus a constant
	half                  // divided by a constant, or half of a slice
	joined                // a path made longer by filepath.Join
	part                  // reached from it: a field, an element, what a method returned
)

// A rel says from which slots of the function a value comes, and how.
type rel struct {
	change change
	slots  uint64 // one bit each; slots past 63 are not followed
	up     bool   // counted upwards
	by     steps
}

// steps are what reflection does to a value. Fields alone go as deep as a struct
// type is declared, and pointers alone as deep as a pointer type; the two
// together walk.
type steps uint8

const (
	byField steps = 1 << iota
	byPointer
)

func join(a, b rel) rel {
	if a.change < b.change {
		a, b = b, a
	}
	if b.slots != 0 || a.slots == 0 {
		a.slots |= b.slots
	}
	a.up = a.up || b.up
	a.by |= b.by
	return a
}

func (r rel) as(c change) rel {
	if r.slots == 0 {
		return rel{}
	}
	r.change = max(r.change, c)
	return r
}

// A tracer finds rels of the values of one function.
type tracer struct {
	fn    *ssa.Function
	known map[ssa.Value]rel
	level int
}

func newTracer(fn *ssa.Function) *tracer {
	return &tracer{fn: fn, known: map[ssa.Value]rel{}}
}

func slotBit(i int) uint64 {
	if i > 63 {
		return 0
	}
	return 1 << i
}

// rel returns how v comes from the function's slots.
func (t *tracer) rel(v ssa.Value) rel {
	if r, ok := t.known[v]; ok {
		return r
	}
	if t.level > 200 {
		return rel{}
	}
	t.known[v] = rel{} // what a loop adds to itself
	t.level++
	r := t.find(v)
	t.level--
	t.known[v] = r
	return r
}

func (t *tracer) find(v ssa.Value) rel {
	switch v := v.(type) {
	case *ssa.Parameter:
		for i, p := range t.fn.Params {
			if p == v {
				return rel{change: same, slots: slotBit(i)}
			}
		}
	case *ssa.FreeVar:
		for i, fv := range t.fn.FreeVars {
			if fv == v {
				return rel{change: same, slots: slotBit(len(t.fn.Params) + i)}
			}
		}
	case *ssa.Const:
		return rel{change: fixed}
	case *ssa.Alloc:
		var r rel
		for _, ref := range *v.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Store:
				if ref.Addr == v {
					r = join(r, t.rel(ref.Val))
				}
			case *ssa.IndexAddr, *ssa.FieldAddr:
				// A composite literal or a variadic call: what is put into it
				// is passed on inside it.
				for _, use := range *ref.(ssa.Value).Referrers() {
					if store, ok := use.(*ssa.Store); ok && store.Addr == ref.(ssa.Value) {
						if walkable(store.Val.Type()) {
							r = join(r, t.rel(store.Val))
						}
					}
				}
			}
		}
		return r
	case *ssa.Phi:
		var r rel
		for _, e := range v.Edges {
			r = join(r, t.rel(e))
		}
		return r
	case *ssa.UnOp:
		switch v.Op {
		case token.MUL:
			switch v.X.(type) {
			case *ssa.Alloc, *ssa.FreeVar:
				return t.rel(v.X) // a variable, not a pointer that somebody followed
			}
			return t.rel(v.X).as(part)
		case token.ARROW:
			return t.rel(v.X).as(part)
		}
		return t.rel(v.X)
	case *ssa.FieldAddr:
		return t.rel(v.X).as(part)
	case *ssa.Field:
		return t.rel(v.X).as(part)
	case *ssa.IndexAddr:
		return join(t.rel(v.X), t.rel(v.Index)).as(part)
	case *ssa.Index:
		return join(t.rel(v.X), t.rel(v.Index)).as(part)
	case *ssa.Lookup:
		return join(t.rel(v.X), t.rel(v.Index)).as(part)
	case *ssa.Range:
		return t.rel(v.X)
	case *ssa.Next:
		return t.rel(v.Iter).as(part)
	case *ssa.Extract:
		return t.rel(v.Tuple)
	case *ssa.TypeAssert:
		return t.rel(v.X)
	case *ssa.MakeInterface:
		return t.rel(v.X)
	case *ssa.ChangeInterface:
		return t.rel(v.X)
	case *ssa.ChangeType:
		return t.rel(v.X)
	case *ssa.Convert:
		return t.rel(v.X)
	case *ssa.MultiConvert:
		return t.rel(v.X)
	case *ssa.SliceToArrayPointer:
		return t.rel(v.X)
	case *ssa.Slice:
		r := t.rel(v.X)
		if v.Low == nil && (v.High == nil || isLen(v.High)) {
			return r
		}
		if halved(v.Low) || halved(v.High) {
			return r.as(half)
		}
		return r.as(part)
	case *ssa.BinOp:
		return t.binary(v)
	case *ssa.Call:
		return t.call(v)
	}
	return rel{}
}

func isLen(v ssa.Value) bool {
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == "len"
}

// halved reports whether v is computed by a division by two or a shift.
func halved(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.BinOp:
		switch v.Op {
		case token.QUO, token.SHR:
			_, ok := v.Y.(*ssa.Const)
			return ok
		case token.ADD, token.SUB:
			return halved(v.X) || halved(v.Y)
		}
	case *ssa.Convert:
		return halved(v.X)
	}
	return false
}

func (t *tracer) binary(v *ssa.BinOp) rel {
	x, y := t.rel(v.X), t.rel(v.Y)
	_, xConst := v.X.(*ssa.Const)
	_, yConst := v.Y.(*ssa.Const)
	switch v.Op {
	case token.QUO, token.SHR:
		if c, ok := v.Y.(*ssa.Const); ok && c.Value != nil && constant.Sign(c.Value) > 0 && !isOne(c, v.Op) {
			return x.as(half)
		}
	case token.ADD, token.SUB:
		if isString(v.Type()) {
			return join(x, y) // a string that grows is not a walk
		}
		if x.change == half || y.change == half {
			return join(x, y)
		}
		switch {
		case yConst:
			r := x
			if r.change == part {
				return rel{}
			}
			r = r.as(counted)
			r.up = v.Op == token.ADD
			return r
		case xConst && v.Op == token.ADD:
			r := y
			if r.change == part {
				return rel{}
			}
			r = r.as(counted)
			r.up = true
			return r
		}
		if r := join(x, y); r.slots != 0 && r.change != part {
			r.change = mixed
			return r
		}
	}
	return rel{}
}

func isOne(c *ssa.Const, op token.Token) bool {
	n, ok := constant.Int64Val(constant.ToInt(c.Value))
	return op == token.QUO && ok && n == 1
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func (t *tracer) call(v *ssa.Call) rel {
	common := v.Common()
	name := ""
	if b, ok := common.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "append", "min", "max":
			var r rel
			for _, a := range common.Args {
				r = join(r, t.rel(a))
			}
			return r
		case "ssa:wrapnilchk":
			return t.rel(common.Args[0])
		}
		return rel{}
	}
	if fn := common.StaticCallee(); fn != nil {
		name = fn.String()
		switch name {
		case "path/filepath.Join", "path.Join":
			r := t.rel(common.Args[0])
			r.change = joined
			return r
		case "reflect.Indirect", "(reflect.Value).Elem", "(reflect.Value).Interface", "reflect.ValueOf",
			"(reflect.Value).Addr", "(reflect.Value).Convert":
			r := t.rel(common.Args[0])
			r.by |= byPointer
			return r
		case "(reflect.Value).Field", "(reflect.Value).FieldByIndex", "(reflect.Value).FieldByName":
			r := t.rel(common.Args[0])
			r.by |= byField
			return r
		case "context.WithValue", "context.WithCancel", "context.WithTimeout", "context.WithDeadline":
			return t.rel(common.Args[0])
		}
	}
	if !walkable(v.Type()) && !isTuple(v.Type()) && !isDescription(v.Type()) {
		return rel{}
	}
	// What a method of a part returns counts as part of it, and so does what a
	// function makes of one.
	var r rel
	if common.IsInvoke() {
		r = t.rel(common.Value)
	}
	for _, a := range common.Args {
		// A type is part of another type, but not of a value.
		if isDescription(v.Type()) == isDescription(a.Type()) && (walkable(a.Type()) || isDescription(a.Type())) {
			r = join(r, t.rel(a))
		}
	}
	return r.as(part)
}

func isTuple(t types.Type) bool {
	_, ok := t.(*types.Tuple)
	return ok
}

// walkable reports whether a value of type t can be walked to any depth: it is
// or leads to other data. Contexts, errors and descriptions of Go types do not
// count, they are as deep as the program makes them.
func walkable(t types.Type) bool {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		if name := typeName(ptr.Elem()); descriptions[name] {
			return false
		}
	}
	if descriptions[typeName(t)] {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Pointer, *types.Interface, *types.Slice, *types.Array, *types.Map, *types.Struct, *types.Chan:
		return true
	case *types.Signature:
		return false
	}
	return false
}

// isDescription reports whether t describes a Go type.
func isDescription(t types.Type) bool {
	switch typeName(deref(t)) {
	case "reflect.Type", "reflect.StructField", "internal/abi.Type":
		return true
	}
	return false
}

// descriptions are types that describe the program itself.
var descriptions = map[string]bool{
	"context.Context": true, "error": true,
	"reflect.Type": true, "reflect.StructField": true, "reflect.Method": true, "reflect.StructTag": true,
	"internal/abi.Type": true, "internal/reflectlite.Type": true, "internal/runtime/abi.Type": true,
	"sync.Mutex": true, "sync.RWMutex": true, "sync.WaitGroup": true, "sync.Once": true, "sync.Pool": true,
	"testing.T": true, "testing.B": true, "testing.TB": true, "log.Logger": true, "log/slog.Logger": true,
}

func typeName(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t.Obj().Pkg() == nil {
			return t.Obj().Name()
		}
		return t.Obj().Pkg().Path() + "." + t.Obj().Name()
	}
	return ""
}

// A slot is a parameter or captured variable of a function.
type slot struct {
	fn    *program.Func
	index int
}

// A link is what one call does between two slots.
type link struct {
	call     *program.Call
	from, to slot
	rel      rel
}

// links returns what the call does to the slots; t is of the function that the
// call is in.
func links(c *program.Call, t *tracer) (found []link) {
	callee := c.Callee
	add := func(index int, r rel) {
		if c.From.Wrapper() && r.change > same {
			r.change = same // following an embedded field is no walk
		}
		for i := range 64 {
			if r.slots&slotBit(i) != 0 {
				found = append(found, link{c, slot{c.From, i}, slot{c.To, index}, r})
			}
		}
	}
	common := c.Site.Common()
	switch {
	case c.How == program.Callback:
		// It may be given any part of what its caller is given.
		var all rel
		for _, a := range common.Args {
			if walkable(a.Type()) {
				all = join(all, t.rel(a))
			}
		}
		for i, p := range callee.Params {
			if walkable(p.Type()) {
				add(i, all.as(part))
			}
		}
	default:
		args := common.Args
		if common.IsInvoke() {
			args = append([]ssa.Value{common.Value}, args...)
		}
		// A bound method has its receiver as a captured variable.
		for i, a := range args {
			if i < len(callee.Params) {
				add(i, t.rel(a))
			}
		}
	}
	if len(callee.FreeVars) == 0 {
		return found
	}
	n := len(callee.Params)
	// What another function made of its arguments, as x.All() in a range over it.
	if made, ok := common.Value.(*ssa.Call); ok && !common.IsInvoke() {
		if maker := made.Common().StaticCallee(); maker != nil && maker == callee.Parent() {
			inner := newTracer(maker)
			bindings(maker, callee, func(i int, v ssa.Value) {
				r := inner.rel(v)
				for j, arg := range made.Common().Args {
					if r.slots&slotBit(j) != 0 {
						add(n+i, t.rel(arg).as(r.change))
					}
				}
			})
			return found
		}
	}
	if c.From == c.To {
		for i := range callee.FreeVars {
			add(n+i, rel{change: same, slots: slotBit(n + i)})
		}
		return found
	}
	bindings(t.fn, callee, func(i int, v ssa.Value) { add(n+i, t.rel(v)) })
	return found
}

// bindings calls yield with what fn binds to the captured variables of lit.
func bindings(fn, lit *ssa.Function, yield func(i int, v ssa.Value)) {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if m, ok := instr.(*ssa.MakeClosure); ok && m.Fn == lit {
				for i, v := range m.Bindings {
					yield(i, v)
				}
			}
		}
	}
}

// slotGroups returns the links that lie on a cycle of slots, by cycle.
func slotGroups(all []link) [][]link {
	ids := map[slot]int{}
	var g graph.Digraph
	id := func(s slot) int {
		n, ok := ids[s]
		if !ok {
			n = len(g)
			ids[s] = n
			g = append(g, nil)
		}
		return n
	}
	for _, l := range all {
		from, to := id(l.from), id(l.to)
		g[from] = append(g[from], to)
	}
	group := map[int]int{}
	components := g.Components(nil)
	for i, c := range components {
		for _, v := range c {
			group[v] = i + 1
		}
	}
	groups := make([][]link, len(components))
	by := make([]steps, len(components))
	for _, l := range all {
		if n := group[ids[l.from]]; n != 0 && n == group[ids[l.to]] {
			groups[n-1] = append(groups[n-1], l)
			by[n-1] |= l.rel.by
		}
	}
	for i, g := range groups {
		if by[i] != byField|byPointer {
			continue
		}
		for j := range g {
			if g[j].rel.by != 0 {
				g[j].rel.change = part
			}
		}
	}
	return groups
}
