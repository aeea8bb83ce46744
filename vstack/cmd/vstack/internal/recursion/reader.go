package recursion

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A parser often has no argument that changes: it reads from its receiver. The
// recursion depends on data if something that its calls hand on unchanged (or
// that its closures capture) is moved forward on the way.

var readName = regexp.MustCompile(`^(Read|Next|Scan|Token|RawToken|Peek|Advance|Get|Recv|Decode|More|Consume|Expect|Accept|next|read|scan|advance|consume|peek|expect|accept|lex)`)

// input is what the functions of a cycle read from: types with a field that moves on,
// and variables that closures share.
type input struct {
	types map[string]bool
	vars  map[string]bool
	// slots are parameters and captured variables that move on by themselves: a pointer to
	// a position, a function or a channel that gives the next token. See source.go.
	slots map[ssa.Value]bool
	// global is a variable of the package that is the input, or where in it one is.
	global *ssa.Global
	// declared says that something is left out because it reads the declaration of a
	// Go type, as participle's lexer for struct tags does.
	declared bool
}

// reader says what the functions of the set read from; "" if nothing was found. A
// declared reader reads a Go type, and nothing else was found.
func (f *finder) reader(set []*program.Func, groups [][]sizechange.Link) (reason string, declared bool) {
	in := f.input(set)
	for _, g := range groups {
		for _, l := range g {
			if reason := in.handed(g, l.To); reason != "" {
				return reason, false
			}
		}
	}
	for _, fn := range set {
		for _, fv := range fn.SSA.FreeVars {
			if name := holds(fv.Type(), in.types, 3); name != "" {
				return fmt.Sprintf("%s, which %s captures, reads input: %s moves on", fv.Name(), fn.Name(), name), false
			}
			if in.vars[fv.Name()] || in.slots[fv] {
				return fmt.Sprintf("%s, which %s captures, moves on", fv.Name(), fn.Name()), false
			}
		}
	}
	if in.global != nil {
		return fmt.Sprintf("the variable %s moves on", in.global.Name()), false
	}
	return "", in.declared
}

// handed says how a slot that the calls of the group hand on is read from; "" if it is not.
func (in *input) handed(g []sizechange.Link, to sizechange.Slot) string {
	v := to.Value()
	if v == nil {
		return ""
	}
	// Its own lexer reads a struct tag.
	if named := ssax.Named(v.Type()); named != nil && readsDeclaration(named) {
		in.declared = true
		return ""
	}
	if in.slots[v] {
		return fmt.Sprintf("%s of %s moves on", v.Name(), to.Func.Name())
	}
	if in.copied(g, to) {
		return ""
	}
	if name := holds(v.Type(), in.types, 3); name != "" {
		return fmt.Sprintf("%s of %s reads input: %s moves on", v.Name(), to.Func.Name(), name)
	}
	return ""
}

// copied reports whether a slot has a struct that every call of the group hands on as it
// was given: each level has a copy of its own, and what one moves on the next does not
// see. go-toml hands an iterator over the parts of a key on like that. What the struct
// points at is shared.
func (in *input) copied(g []sizechange.Link, to sizechange.Slot) bool {
	s, ok := to.Value().Type().Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for field := range s.Fields() {
		if holds(field.Type(), in.types, 3) != "" {
			return false
		}
	}
	for _, l := range g {
		args := l.Call.Site.Common().Args
		if l.Call.How != program.Static || l.To.Index >= len(args) {
			return false
		}
		if _, ok := args[l.To.Index].(*ssa.Parameter); !ok {
			return false
		}
	}
	return true
}

// A mover collects what functions move on.
type mover struct {
	in      *input
	steps   map[any]direction           // of fields, parameters and captured variables
	owner   map[*types.Var]*types.Named // of fields
	asked   map[string][]types.Type     // interfaces that are read from, and what implements them
	globals map[*ssa.Global]cursorUse
	visited []*program.Func
}

// A direction says how something changes. What goes up and down counts levels.
type direction struct{ up, down bool }

// levels is how far the functions that the cycle calls are looked at: the lexer that a
// parser calls, and what that calls to fill its buffer.
const levels = 4

// input returns what the functions of the set, or what they call, read from.
func (f *finder) input(set []*program.Func) *input {
	m := &mover{
		in:      &input{types: map[string]bool{}, vars: map[string]bool{}, slots: map[ssa.Value]bool{}},
		steps:   map[any]direction{},
		owner:   map[*types.Var]*types.Named{},
		asked:   map[string][]types.Type{},
		globals: map[*ssa.Global]cursorUse{},
	}
	seen := members(set)
	work := slices.Clone(set)
	for range levels {
		var next []*program.Func
		for _, fn := range work {
			m.visited = append(m.visited, fn)
			for instr := range ssax.Instrs(fn.SSA) {
				m.visit(instr)
			}
			for _, c := range fn.Out {
				if (c.How == program.Static || m.asks(c)) && !seen[c.To] {
					seen[c.To] = true
					next = append(next, c.To)
				}
			}
		}
		work = next
	}
	for at, d := range m.steps {
		field, ok := at.(*types.Var)
		switch {
		case d.up && d.down:
		case !ok:
			m.in.slots[at.(ssa.Value)] = true
		case m.owner[field] == nil:
		case readsDeclaration(m.owner[field]):
			m.in.declared = true
		default:
			m.in.types[ssax.TypeName(m.owner[field])] = true
		}
	}
	m.spread()
	return m.in
}

// readsDeclaration reports whether the type reads what a program declares: it has a
// reflect.Type to read from.
func readsDeclaration(t *types.Named) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || t.Obj().Pkg() != nil && t.Obj().Pkg().Path() == "reflect" {
		return false // a reflect.Value has a type too
	}
	for field := range s.Fields() {
		if sizechange.DescribesType(field.Type()) {
			return true
		}
	}
	return false
}

func (m *mover) visit(instr ssa.Instruction) {
	switch instr := instr.(type) {
	case *ssa.Store:
		if !isCursor(instr.Val) {
			return
		}
		switch addr := instr.Addr.(type) {
		case *ssa.FreeVar:
			m.in.vars[addr.Name()] = true
		case *ssa.FieldAddr:
			m.store(addr, instr.Val)
		case *ssa.Global:
			m.global(addr, instr.Val)
		default:
			if p := slotOf(addr); p != nil && !countsOther(p.Name()) { // *pos++
				m.step(p, instr.Val)
			}
		}
	case *ssa.UnOp:
		m.load(instr)
	case *ssa.Select:
		for _, state := range instr.States {
			if state.Dir == types.RecvOnly {
				m.receive(state.Chan)
			}
		}
	case *ssa.Call:
		m.call(instr.Common())
	}
}

// step notes that something is set.
func (m *mover) step(at any, val ssa.Value) {
	d := m.steps[at]
	switch up, step := isStep(val); {
	case !step:
		d = direction{up: true}
	case up:
		d.up = true
	default:
		d.down = true
	}
	m.steps[at] = d
}

// store notes that a field is set.
func (m *mover) store(addr *ssa.FieldAddr, val ssa.Value) {
	ptr, ok := addr.X.Type().Underlying().(*types.Pointer)
	if !ok {
		return
	}
	if local, ok := addr.X.(*ssa.Alloc); ok && !copies(local) {
		return // it makes a new one
	}
	s, ok := ptr.Elem().Underlying().(*types.Struct)
	if !ok {
		return
	}
	field := s.Field(addr.Field)
	if countsOther(field.Name()) {
		return
	}
	owner, ok := types.Unalias(ptr.Elem()).(*types.Named)
	if !ok { // a struct type without a name
		if p := slotOf(addr.X); p != nil {
			m.step(p, val)
		}
		return
	}
	m.step(field, val)
	m.owner[field] = owner
}

// countsOther reports whether the name is that of a depth, or of a counter of something
// else than places in the input.
func countsOther(name string) bool {
	return depthName.MatchString(name) || otherName.MatchString(name) && !placeName.MatchString(name)
}

// copies reports whether a variable has a copy of a parameter: a cursor that is handed on
// by value moves on there.
func copies(local *ssa.Alloc) bool {
	for v := range ssax.Stored(local) {
		if _, ok := v.(*ssa.Parameter); ok {
			return true
		}
	}
	return false
}

// placeName matches fields that say where the input is, among the names of counters of
// other things.
var placeName = regexp.MustCompile(`(?i)pos|off|col`)

// call notes that something without source is read from.
func (m *mover) call(common *ssa.CallCommon) {
	var recv types.Type
	var name string
	callee := common.StaticCallee()
	switch {
	case common.IsInvoke():
		recv, name = common.Value.Type(), common.Method.Name()
	case callee == nil:
		m.next(common)
	case knowledge.Reads(callee.String()):
		for _, arg := range common.Args {
			if !consumes(arg.Type()) {
				continue
			}
			if value, ok := arg.(*ssa.MakeInterface); ok {
				arg = value.X
			}
			m.in.types[ssax.TypeName(ssax.Deref(arg.Type()))] = true
		}
	case callee.Blocks == nil && callee.Signature.Recv() != nil:
		recv, name = callee.Signature.Recv().Type(), callee.Name()
	}
	if recv != nil && readName.MatchString(name) && consumes(recv) {
		m.in.types[ssax.TypeName(ssax.Deref(recv))] = true
	}
}

// consumes reports whether t is something from outside that is read from.
func consumes(t types.Type) bool {
	name := ssax.TypeName(ssax.Deref(t))
	for _, s := range []string{"Reader", "Scanner", "Decoder", "Lexer", "Tokenizer", "Parser", "Iterator", "Iter", "Buffer", "Stream", "Rows", "lexer", "scanner", "parser", "reader", "decoder", "tokenizer", "Source", "Conn"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// isCursor reports whether a store of v moves something on: a position, the
// rest of the input, the next token. Resetting to a constant does not, nor does
// adding to an output.
func isCursor(v ssa.Value) bool {
	switch x := v.(type) {
	case *ssa.Const:
		return false
	case *ssa.Call:
		if b, ok := x.Call.Value.(*ssa.Builtin); ok {
			return b.Name() != "append"
		}
	case *ssa.MakeMap, *ssa.MakeSlice, *ssa.MakeChan, *ssa.MakeClosure, *ssa.Alloc, *ssa.Function:
		return false
	}
	switch u := v.Type().Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsString) != 0
	case *types.Slice, *types.Struct:
		return true
	case *types.Pointer:
		return true
	case *types.Interface:
		return ssax.TypeName(v.Type()) != "error"
	}
	return false
}

// isStep reports whether v is something plus or minus a constant.
func isStep(v ssa.Value) (up, ok bool) {
	b, isBin := v.(*ssa.BinOp)
	if !isBin {
		return false, false
	}
	if _, isConst := b.Y.(*ssa.Const); !isConst {
		return false, false
	}
	return b.Op == token.ADD, b.Op == token.ADD || b.Op == token.SUB
}

// holds returns the type that is in moved and that a value of type t is or leads
// to.
func holds(t types.Type, moved map[string]bool, levels int) string {
	if levels == 0 {
		return ""
	}
	t = ssax.Deref(t)
	if ptr, ok := t.Underlying().(*types.Pointer); ok { // a captured pointer
		t = ptr.Elem()
	}
	if name := ssax.TypeName(t); name != "" && moved[name] {
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			name = name[i+1:]
		}
		return name
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for field := range s.Fields() {
			if name := holds(field.Type(), moved, levels-1); name != "" {
				return name
			}
		}
	}
	return ""
}
