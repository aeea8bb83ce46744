package recursion

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// A parser often has no argument that changes: it reads from its receiver. The
// recursion depends on data if something that its calls hand on unchanged (or
// that its closures capture) is moved forward on the way.

var readName = regexp.MustCompile(`^(Read|Next|Scan|Token|RawToken|Peek|Advance|Get|Recv|Decode|More|Consume|Expect|Accept|next|read|scan|advance|consume|peek|expect|accept|lex)`)

// reader says what the functions of the set read from; "" if nothing was found.
func (f *finder) reader(set []*program.Func, groups [][]sizechange.Link) string {
	moved := f.moved(set)
	if len(moved) == 0 {
		return ""
	}
	for _, g := range groups {
		for _, l := range g {
			v := l.To.Value()
			if v == nil {
				continue
			}
			if name := holds(v.Type(), moved, 3); name != "" {
				return fmt.Sprintf("%s of %s reads input: %s moves on", v.Name(), l.To.Func.Name(), name)
			}
		}
	}
	for _, fn := range set {
		for _, fv := range fn.SSA.FreeVars {
			if name := holds(fv.Type(), moved, 3); name != "" {
				return fmt.Sprintf("%s, which %s captures, reads input: %s moves on", fv.Name(), fn.Name(), name)
			}
			if moved[fv.Name()+"\x00"] {
				return fmt.Sprintf("%s, which %s captures, moves on", fv.Name(), fn.Name())
			}
		}
	}
	return ""
}

// moved returns the types with a field that is moved on by the functions of the
// set or what they call, or that are read from: type name to field.
func (f *finder) moved(set []*program.Func) map[string]bool {
	moved := map[string]bool{}
	steps := map[*types.Var][2]bool{} // a field that goes up and down counts levels
	owner := map[*types.Var]string{}
	seen := members(set)
	work := slices.Clone(set)
	for levels := 0; levels < 4; levels++ {
		var next []*program.Func
		for _, fn := range work {
			for _, b := range fn.SSA.Blocks {
				for _, instr := range b.Instrs {
					switch instr := instr.(type) {
					case *ssa.Store:
						if fv, ok := instr.Addr.(*ssa.FreeVar); ok {
							if isCursor(instr.Val) {
								moved[fv.Name()+"\x00"] = true
							}
							continue
						}
						addr, ok := instr.Addr.(*ssa.FieldAddr)
						if !ok || !isCursor(instr.Val) {
							continue
						}
						ptr, ok := addr.X.Type().Underlying().(*types.Pointer)
						if !ok {
							continue
						}
						if _, local := addr.X.(*ssa.Alloc); local {
							continue // it makes a new one
						}
						s, ok := ptr.Elem().Underlying().(*types.Struct)
						if !ok {
							continue
						}
						field := s.Field(addr.Field)
						if depthName.MatchString(field.Name()) || otherName.MatchString(field.Name()) && !strings.Contains(strings.ToLower(field.Name()), "pos") && !strings.Contains(strings.ToLower(field.Name()), "off") && !strings.Contains(strings.ToLower(field.Name()), "col") {
							continue
						}
						d := steps[field]
						if up, step := isStep(instr.Val); step {
							if up {
								d[0] = true
							} else {
								d[1] = true
							}
						} else {
							d = [2]bool{true, false}
						}
						steps[field] = d
						owner[field] = ssax.TypeName(ptr.Elem())
					case *ssa.Call:
						common := instr.Common()
						var recv types.Type
						var name string
						if common.IsInvoke() {
							recv, name = common.Value.Type(), common.Method.Name()
						} else if callee := common.StaticCallee(); callee != nil && callee.Blocks == nil && callee.Signature.Recv() != nil {
							recv, name = callee.Signature.Recv().Type(), callee.Name()
						}
						if recv == nil || !readName.MatchString(name) || !consumes(recv) {
							continue
						}
						moved[ssax.TypeName(ssax.Deref(recv))] = true
					}
				}
			}
			if levels == 3 {
				continue
			}
			for _, c := range fn.Out {
				if c.How == program.Static && !seen[c.To] {
					seen[c.To] = true
					next = append(next, c.To)
				}
			}
		}
		work = next
	}
	for field, d := range steps {
		if !(d[0] && d[1]) && owner[field] != "" {
			moved[owner[field]] = true
		}
	}
	return moved
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
