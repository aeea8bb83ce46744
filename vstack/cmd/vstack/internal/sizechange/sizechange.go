// Package sizechange tells what calls do to the arguments on their way round a cycle,
// as in size-change termination: a slot is a parameter (or captured variable) of a
// function on the cycle, and every call relates the slots of the caller to those of
// the callee. A slot that comes back to itself as a part of what it was walks a
// structure; one that comes back as n-1 counts; one that comes back as it was may be
// a reader.
package sizechange

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A Change says what becomes of a value between two slots. The order is that in
// which changes on different paths are joined.
type Change int

// The changes, the weakest first.
const (
	Fresh   Change = iota // nothing to do with any slot
	Fixed                 // always the same
	Mixed                 // computed from several values
	Same                  // unchanged
	Counted               // plus or minus a constant
	Half                  // divided by a constant, or half of a slice
	Joined                // a path made longer by filepath.Join
	Part                  // reached from it: a field, an element, what a method returned
)

// A Rel says from which slots of the function a value comes, and how.
type Rel struct {
	Change Change
	Up     bool   // counted upwards
	Inside bool   // a part of a function value, which has captured it; of links only
	slots  uint64 // one bit each; slots past 63 are not followed
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

func join(a, b Rel) Rel {
	if a.Change < b.Change {
		a, b = b, a
	}
	if b.slots != 0 || a.slots == 0 {
		a.slots |= b.slots
	}
	a.Up = a.Up || b.Up
	a.by |= b.by
	return a
}

func (r Rel) as(c Change) Rel {
	if r.slots == 0 {
		return Rel{}
	}
	r.Change = max(r.Change, c)
	return r
}

// A tracer has the rels of the values of one function.
type tracer struct {
	fn    *ssa.Function
	known map[ssa.Value]Rel
}

// rounds is how often a tracer looks at a function at most. What comes through
// a loop, and through variables that are set in one, takes a second and a third look.
const rounds = 6

// newTracer looks at all instructions of fn in their order until nothing changes. The
// answer does not depend on who asks first: when each value was traced on demand,
// ten runs over antlr4-go gave three versions of one cycle.
func newTracer(fn *ssa.Function) *tracer {
	t := &tracer{fn: fn, known: map[ssa.Value]Rel{}}
	for range rounds {
		changed := false
		for instr := range ssax.Instrs(fn) {
			v, ok := instr.(ssa.Value)
			if !ok {
				continue
			}
			if r := t.find(v); r != t.known[v] {
				t.known[v] = r
				changed = true
			}
		}
		if !changed {
			break
		}
	}
	return t
}

func slotBit(i int) uint64 {
	if i > 63 {
		return 0
	}
	return 1 << i
}

// rel returns how v comes from the function's slots.
func (t *tracer) rel(v ssa.Value) Rel {
	if _, ok := v.(ssa.Instruction); ok {
		return t.known[v]
	}
	return t.find(v) // a parameter, a captured variable, a constant
}

// find says how v comes from the slots, by what is known of its operands.
func (t *tracer) find(v ssa.Value) Rel {
	switch v := v.(type) {
	case *ssa.Parameter:
		return slot(slices.Index(t.fn.Params, v), 0)
	case *ssa.FreeVar:
		return slot(slices.Index(t.fn.FreeVars, v), len(t.fn.Params))
	case *ssa.Const:
		return Rel{Change: Fixed}
	case *ssa.Alloc:
		return t.variable(v)
	case *ssa.Phi:
		return t.joined(v.Edges)
	case *ssa.BinOp:
		return t.binary(v)
	case *ssa.Call:
		return t.call(v)
	case *ssa.Slice:
		return t.slice(v)
	case *ssa.MakeClosure:
		return t.joined(v.Bindings) // what it captures is inside it
	}
	if from := converted(v); from != nil {
		return t.rel(from)
	}
	return t.joined(whole(v)).as(Part)
}

// slot is slot i after the first ones itself; nothing if i is less than 0, as of a
// parameter of another function.
func slot(i, first int) Rel {
	if i < 0 {
		return Rel{}
	}
	return Rel{Change: Same, slots: slotBit(first + i)}
}

func (t *tracer) joined(values []ssa.Value) (r Rel) {
	for _, v := range values {
		r = join(r, t.rel(v))
	}
	return r
}

// converted returns what v is in another form, or of which it is one result; nil for
// values that are something else.
func converted(v ssa.Value) ssa.Value {
	switch v := v.(type) {
	case *ssa.Extract:
		return v.Tuple
	case *ssa.TypeAssert:
		return v.X
	case *ssa.MakeInterface:
		return v.X
	case *ssa.ChangeInterface:
		return v.X
	case *ssa.ChangeType:
		return v.X
	case *ssa.Convert:
		return v.X
	case *ssa.MultiConvert:
		return v.X
	case *ssa.SliceToArrayPointer:
		return v.X
	case *ssa.Range:
		return v.X
	case *ssa.UnOp:
		switch v.Op {
		case token.ARROW:
			return nil
		case token.MUL:
			switch v.X.(type) {
			case *ssa.Alloc, *ssa.FreeVar:
				return v.X // a variable, not a pointer that somebody followed
			}
			return nil
		}
		return v.X
	}
	return nil
}

// whole returns that of which v is a part: a structure, and the index that says which. An
// index walks too, through a tree in an array.
func whole(v ssa.Value) []ssa.Value {
	switch v := v.(type) {
	case *ssa.UnOp: // behind a pointer, out of a channel
		return []ssa.Value{v.X}
	case *ssa.FieldAddr:
		return []ssa.Value{v.X}
	case *ssa.Field:
		return []ssa.Value{v.X}
	case *ssa.IndexAddr:
		return []ssa.Value{v.X, v.Index}
	case *ssa.Index:
		return []ssa.Value{v.X, v.Index}
	case *ssa.Lookup:
		return []ssa.Value{v.X, v.Index}
	case *ssa.Next:
		return []ssa.Value{v.Iter}
	}
	return nil
}

// variable joins what is put into a variable.
func (t *tracer) variable(v *ssa.Alloc) (r Rel) {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == v {
				r = join(r, t.rel(ref.Val))
			}
		case *ssa.IndexAddr, *ssa.FieldAddr:
			// A composite literal or a variadic call: what is put into it is passed on
			// inside it.
			for val := range ssax.Stored(ref.(ssa.Value)) {
				if carries(val.Type()) {
					r = join(r, t.rel(val))
				}
			}
		case *ssa.Call:
			r = join(r, t.filled(v, v, ref))
		case *ssa.MakeInterface:
			for _, use := range *ref.Referrers() {
				if call, ok := use.(*ssa.Call); ok {
					r = join(r, t.filled(v, ref, call))
				}
			}
		}
	}
	return r
}

// filled says what a call puts into a variable whose address, given, it gets: parts of what
// it gets besides. A decoder fills a struct so. What is written to a buffer is a text that
// has it in it, and no part; and some decoders have a limit.
func (t *tracer) filled(v *ssa.Alloc, given ssa.Value, call *ssa.Call) (r Rel) {
	elem := v.Type().Underlying().(*types.Pointer).Elem()
	callee := call.Common().StaticCallee()
	switch {
	case !Walkable(elem) || knowledge.Buffers[ssax.TypeName(elem)]:
		return Rel{}
	case v.Comment == "complit": // it has its fields already
		return Rel{}
	case callee != nil && knowledge.Decoders[callee.String()] != "", !slices.Contains(call.Common().Args, given):
		return Rel{}
	}
	for _, arg := range call.Common().Args {
		if arg != given && Walkable(arg.Type()) && !describes(arg.Type()) {
			r = join(r, t.rel(arg))
		}
	}
	return r.as(Part)
}

func (t *tracer) slice(v *ssa.Slice) Rel {
	r := t.rel(v.X)
	switch {
	case v.Low == nil && (v.High == nil || isLen(v.High)), ListsFunctions(v.Type()):
		return r
	case halved(v.Low) || halved(v.High):
		return r.as(Half)
	}
	return r.as(Part)
}

// ListsFunctions reports whether t is a slice of functions, or a pointer to one: a list
// that somebody wrote, as of middleware. To go along it is no walk.
func ListsFunctions(t types.Type) bool {
	s, ok := ssax.Deref(t).Underlying().(*types.Slice)
	if !ok {
		return false
	}
	_, ok = s.Elem().Underlying().(*types.Signature)
	return ok
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

func (t *tracer) binary(v *ssa.BinOp) Rel {
	x, y := t.rel(v.X), t.rel(v.Y)
	_, xConst := v.X.(*ssa.Const)
	_, yConst := v.Y.(*ssa.Const)
	switch v.Op {
	case token.QUO, token.SHR:
		if c, ok := v.Y.(*ssa.Const); ok && c.Value != nil && constant.Sign(c.Value) > 0 && !isOne(c, v.Op) {
			return x.as(Half)
		}
	case token.AND, token.OR, token.SHL:
		// An offset that stands in the data, put together of bytes: the pointers in a DNS
		// message.
		if r := join(x, y); r.Change == Part {
			return r
		}
	case token.ADD, token.SUB:
		if ssax.IsString(v.Type()) {
			return join(x, y) // a string that grows is not a walk
		}
		if x.Change == Half || y.Change == Half {
			return join(x, y)
		}
		switch {
		case yConst:
			r := x
			if r.Change == Part {
				return Rel{}
			}
			r = r.as(Counted)
			r.Up = v.Op == token.ADD
			return r
		case xConst && v.Op == token.ADD:
			r := y
			if r.Change == Part {
				return Rel{}
			}
			r = r.as(Counted)
			r.Up = true
			return r
		}
		if r := join(x, y); r.slots != 0 && r.Change != Part {
			r.Change = Mixed
			return r
		}
	}
	return Rel{}
}

func isOne(c *ssa.Const, op token.Token) bool {
	n, ok := constant.Int64Val(constant.ToInt(c.Value))
	return op == token.QUO && ok && n == 1
}

func (t *tracer) call(v *ssa.Call) Rel {
	common := v.Common()
	name := ""
	if b, ok := common.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "append", "min", "max":
			var r Rel
			for _, a := range common.Args {
				r = join(r, t.rel(a))
			}
			return r
		case "ssa:wrapnilchk":
			return t.rel(common.Args[0])
		}
		return Rel{}
	}
	if fn := common.StaticCallee(); fn != nil {
		name = fn.String()
		switch name {
		case "path/filepath.Join", "path.Join":
			r := t.rel(common.Args[0])
			r.Change = Joined
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
		case "fmt.Sprint", "fmt.Sprintf", "fmt.Sprintln", "strings.Join", "strings.Repeat", "strconv.Quote":
			return Rel{} // a text that has it in it: graphql-go's names of nested arguments
		case "context.WithValue", "context.WithCancel", "context.WithTimeout", "context.WithDeadline":
			return t.rel(common.Args[0])
		}
	}
	if !carries(v.Type()) && !isTuple(v.Type()) && !describes(v.Type()) {
		return Rel{}
	}
	// What a method of a part returns counts as part of it, and so does what a
	// function makes of one, and what a closure returns, which has captured one.
	var r Rel
	if common.StaticCallee() == nil {
		r = t.rel(common.Value)
	}
	for _, a := range common.Args {
		// A type is part of another type, but not of a value.
		if describes(v.Type()) == describes(a.Type()) && (carries(a.Type()) || describes(a.Type())) {
			r = join(r, t.rel(a))
		}
	}
	return r.as(Part)
}

// carries reports whether a value of type t can have data in it: it is walkable, or a
// function, which may have captured some, as the iterator over a node's children.
func carries(t types.Type) bool {
	_, fn := t.Underlying().(*types.Signature)
	return fn || Walkable(t)
}

func isTuple(t types.Type) bool {
	_, ok := t.(*types.Tuple)
	return ok
}

// Walkable reports whether a value of type t can be walked to any depth: it is
// or leads to other data. Contexts, errors and descriptions of Go types do not
// count, they are as deep as the program makes them.
func Walkable(t types.Type) bool {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		if name := ssax.TypeName(ptr.Elem()); knowledge.Descriptions[name] {
			return false
		}
	}
	if knowledge.Descriptions[ssax.TypeName(t)] {
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

// describes reports whether t describes a Go type.
func describes(t types.Type) bool { return knowledge.GoType(ssax.TypeName(ssax.Deref(t))) }

// DescribesType reports whether a value of type t describes a Go type, so that
// recursion along it is as deep as the type is declared.
func DescribesType(t types.Type) bool { return describes(t) }

// A Slot is a parameter or captured variable of a function.
type Slot struct {
	Func  *program.Func
	Index int // captured variables come after the parameters
}

// Param returns the parameter; nil for a captured variable.
func (s Slot) Param() *ssa.Parameter {
	if s.Index < len(s.Func.SSA.Params) {
		return s.Func.SSA.Params[s.Index]
	}
	return nil
}

// Value returns the parameter or the captured variable; nil if the slot is of
// another instance of the function.
func (s Slot) Value() ssa.Value {
	if p := s.Param(); p != nil {
		return p
	}
	if i := s.Index - len(s.Func.SSA.Params); i < len(s.Func.SSA.FreeVars) {
		return s.Func.SSA.FreeVars[i]
	}
	return nil
}

// A Link is what one call does between two slots.
type Link struct {
	Call     *program.Call
	From, To Slot
	Rel      Rel
}

// An Analysis remembers what it knows of functions and calls.
type Analysis struct {
	tracers map[*ssa.Function]*tracer
	links   map[*program.Call][]Link
}

// New returns an analysis that knows nothing yet.
func New() *Analysis {
	return &Analysis{map[*ssa.Function]*tracer{}, map[*program.Call][]Link{}}
}

// Groups returns the links of the calls that lie on a cycle of slots, by cycle.
func (a *Analysis) Groups(calls []*program.Call) [][]Link {
	var all []Link
	on := map[*ssa.Function]*program.Func{}
	for _, c := range calls {
		on[c.From.SSA] = c.From
	}
	for _, c := range calls {
		links, ok := a.links[c]
		if !ok {
			links = a.find(c)
			a.links[c] = links
		}
		all = append(all, links...)
		all = append(all, a.closure(c, on)...)
	}
	return groups(all)
}

func (a *Analysis) tracer(fn *ssa.Function) *tracer {
	t := a.tracers[fn]
	if t == nil {
		t = newTracer(fn)
		a.tracers[fn] = t
	}
	return t
}

// find returns what the call does to the slots.
func (a *Analysis) find(c *program.Call) (found []Link) {
	t := a.tracer(c.Site.Parent())
	callee := c.Callee
	add := func(index int, r Rel) {
		if c.From.Wrapper() && r.Change > Same {
			r.Change = Same // following an embedded field is no walk
		}
		found = append(found, linked(c, c.From, index, r)...)
	}
	common := c.Site.Common()
	switch {
	case c.How == program.Callback:
		// It may be given any part of what its caller is given, and of what the caller has
		// captured: slices.Values(n.Kids) in a range over it.
		var all Rel
		if !common.IsInvoke() && common.StaticCallee() == nil {
			all = t.rel(common.Value)
		}
		for _, arg := range common.Args {
			if Walkable(arg.Type()) {
				all = join(all, t.rel(arg))
			}
		}
		for i, p := range callee.Params {
			if Walkable(p.Type()) {
				add(i, all.as(Part))
			}
		}
	default:
		args := common.Args
		if common.IsInvoke() {
			args = slices.Concat([]ssa.Value{common.Value}, args)
		}
		// A bound method has its receiver as a captured variable.
		for i, arg := range args {
			if i < len(callee.Params) {
				add(i, t.rel(arg))
			}
		}
	}
	if len(callee.FreeVars) > 0 {
		a.captured(c, t, add)
	}
	return found
}

// linked returns the links from the slots of a function, as r has them, to slot index of
// what c calls.
func linked(c *program.Call, from *program.Func, index int, r Rel) (found []Link) {
	for i := range 64 {
		if r.slots&slotBit(i) != 0 {
			found = append(found, Link{c, Slot{from, i}, Slot{c.To, index}, r})
		}
	}
	return found
}

// groups returns the links that lie on a cycle of slots, by cycle.
func groups(all []Link) [][]Link {
	ids := map[Slot]int{}
	var g graph.Digraph
	id := func(s Slot) int {
		n, ok := ids[s]
		if !ok {
			n = len(g)
			ids[s] = n
			g = append(g, nil)
		}
		return n
	}
	for _, l := range all {
		from, to := id(l.From), id(l.To)
		g[from] = append(g[from], to)
	}
	group := map[int]int{}
	components := g.Components(nil)
	for i, c := range components {
		for _, v := range c {
			group[v] = i + 1
		}
	}
	groups := make([][]Link, len(components))
	by := make([]steps, len(components))
	for _, l := range all {
		if n := group[ids[l.From]]; n != 0 && n == group[ids[l.To]] {
			groups[n-1] = append(groups[n-1], l)
			by[n-1] |= l.Rel.by
		}
	}
	for i, g := range groups {
		if by[i] != byField|byPointer {
			continue
		}
		for j := range g {
			if g[j].Rel.by != 0 {
				g[j].Rel.Change = Part
			}
		}
	}
	return groups
}
