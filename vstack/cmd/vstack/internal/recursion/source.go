package recursion

import (
	"go/token"
	"go/types"
	"regexp"
	"slices"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// Small parsers have no type to read from. They hand on
//
//	pos *int                  // *pos++
//	in *[]byte, in *string    // *in = (*in)[1:]
//	next func() token
//	tokens <-chan token
//	src source                // an interface of their own, with a method next
//
// or read from variables of the package, as what goyacc's old relatives make.

// slotOf returns the parameter or captured variable that v is, or is read from; nil if it
// is something else.
func slotOf(v ssa.Value) ssa.Value {
	for range 4 {
		switch x := v.(type) {
		case *ssa.Parameter, *ssa.FreeVar:
			return v
		case *ssa.ChangeType:
			v = x.X
		case *ssa.UnOp: // it is in a variable, as a closure captures it
			if x.Op != token.MUL {
				return nil
			}
			switch addr := x.X.(type) {
			case *ssa.FreeVar:
				return addr
			case *ssa.Alloc:
				v = onlyParameter(addr)
			default:
				return nil
			}
		default:
			return nil
		}
	}
	return nil
}

// give notes that a value gives the next piece of the input: a slot, or a field of a type.
func (m *mover) give(v ssa.Value) {
	if p := slotOf(v); p != nil {
		m.in.slots[p] = true
		return
	}
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return
	}
	if field, ok := load.X.(*ssa.FieldAddr); ok {
		if name := ssax.TypeName(ssax.Deref(field.X.Type())); name != "" {
			m.in.types[name] = true
		}
	}
}

// receive notes that a channel is received from. A channel of nothing but signals gives
// no input.
func (m *mover) receive(ch ssa.Value) {
	t, ok := ch.Type().Underlying().(*types.Chan)
	if !ok {
		return
	}
	if s, ok := t.Elem().Underlying().(*types.Struct); ok && s.NumFields() == 0 {
		return
	}
	m.give(ch)
}

var nextName = regexp.MustCompile(`^(Read|Next|Scan|Token|RawToken|Peek|Advance|Recv|Decode|Consume|Lex|next|read|scan|token|advance|consume|peek|recv|lex)`)

// next notes that a function value is called that gives the next token, as its name says.
func (m *mover) next(common *ssa.CallCommon) {
	if len(common.Args) > 0 || common.Signature().Results().Len() == 0 {
		return
	}
	name := ""
	if p := slotOf(common.Value); p != nil {
		name = p.Name()
	} else if field, ok := field(common.Value); ok && field != nil {
		name = field.Name()
	}
	if nextName.MatchString(name) {
		m.give(common.Value)
	}
}

// asks reports whether the call asks an interface of the program for the next piece of the
// input, and notes who is asked.
func (m *mover) asks(c *program.Call) bool {
	common := c.Site.Common()
	recv := c.Callee.Signature.Recv()
	if c.How != program.Interface || recv == nil || !nextName.MatchString(common.Method.Name()) {
		return false
	}
	name := ssax.TypeName(common.Value.Type())
	if name == "" {
		return false
	}
	m.asked[name] = append(m.asked[name], recv.Type())
	return true
}

// cursorUse says how a variable of a package is used: it is moved on, and it is an index.
type cursorUse struct{ moved, index bool }

// global notes that a variable of a package is set to the rest of itself, or counts up.
func (m *mover) global(g *ssa.Global, val ssa.Value) {
	use := m.globals[g]
	switch val := val.(type) {
	case *ssa.Slice:
		if load, ok := val.X.(*ssa.UnOp); ok && load.X == ssa.Value(g) && val.Low != nil {
			use.moved, use.index = true, true
		}
	case *ssa.BinOp:
		load, ok := val.X.(*ssa.UnOp)
		up, step := isStep(val)
		use.moved = use.moved || ok && load.X == ssa.Value(g) && step && up
	}
	m.globals[g] = use
}

// load notes what is loaded: a variable of a package that is an index, or what comes out
// of a channel.
func (m *mover) load(v *ssa.UnOp) {
	switch v.Op {
	case token.ARROW:
		m.receive(v.X)
	case token.MUL:
		if g, ok := v.X.(*ssa.Global); ok && ssax.IsInteger(v.Type()) && indexes(v) {
			use := m.globals[g]
			use.index = true
			m.globals[g] = use
		}
	}
}

// spread goes from what moves on to what it moves on for: the interface that it implements,
// and the callers of a helper that was given it.
func (m *mover) spread() {
	for name, all := range m.asked {
		if slices.ContainsFunc(all, func(t types.Type) bool { return m.in.types[ssax.TypeName(ssax.Deref(t))] }) {
			m.in.types[name] = true
		}
	}
	for g, use := range m.globals {
		if use.moved && use.index && (m.in.global == nil || g.String() < m.in.global.String()) {
			m.in.global = g
		}
	}
	for range levels {
		for _, fn := range m.visited {
			for _, fv := range fn.SSA.FreeVars {
				if outer, ok := ssax.Binding(fv).(*ssa.Alloc); ok && m.in.slots[fv] {
					if p := onlyParameter(outer); p != nil {
						m.in.slots[p] = true
					}
				}
			}
			for _, c := range fn.Out {
				m.helped(c)
			}
		}
	}
}

// helped marks what a helper is given that moves on there.
func (m *mover) helped(c *program.Call) {
	if c.How != program.Static {
		return
	}
	for i, arg := range c.Site.Common().Args {
		if i < len(c.To.SSA.Params) && m.in.slots[c.To.SSA.Params[i]] {
			if p := slotOf(arg); p != nil {
				m.in.slots[p] = true
			}
		}
	}
}
