package recursion

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

func (f *finder) tracer(fn *ssa.Function) *tracer {
	t := f.tracers[fn]
	if t == nil {
		t = newTracer(fn)
		f.tracers[fn] = t
	}
	return t
}

func (f *finder) groups(calls []*program.Call) [][]link {
	var all []link
	for _, c := range calls {
		all = append(all, links(c, f.tracer(c.Site.Parent()))...)
	}
	return slotGroups(all)
}

// param returns the parameter of a slot; nil for a captured variable.
func (s slot) param() *ssa.Parameter {
	if s.index < len(s.fn.SSA.Params) {
		return s.fn.SSA.Params[s.index]
	}
	return nil
}

func (s slot) value() ssa.Value {
	if p := s.param(); p != nil {
		return p
	}
	if i := s.index - len(s.fn.SSA.Params); i < len(s.fn.SSA.FreeVars) {
		return s.fn.SSA.FreeVars[i]
	}
	return nil
}

// A counting says how a parameter counts the levels of a recursion.
type counting struct {
	counts, down bool
	walks        bool // something else is walked meanwhile
}

// counters returns how parameters count in the set. A counter bounds the
// recursion by design if something else is walked meanwhile; alone it is the data.
func (f *finder) counters(set []*program.Func, keep func(*program.Call) bool) func(*ssa.Parameter) counting {
	counts, up := map[*ssa.Parameter]bool{}, map[*ssa.Parameter]bool{}
	walks := false
	for _, g := range f.groups(within(set, keep)) {
		steps, rises := false, false
		for _, l := range g {
			if v := l.to.value(); v != nil && walkable(v.Type()) && l.rel.change == part {
				walks = true
			}
			steps = steps || l.rel.change == counted
			rises = rises || l.rel.up
		}
		if !steps {
			continue
		}
		for _, l := range g {
			if p := l.to.param(); p != nil && isInteger(p.Type()) {
				counts[p], up[p] = true, rises
			}
		}
	}
	return func(p *ssa.Parameter) counting {
		return counting{counts[p], counts[p] && !up[p], walks}
	}
}

// wrapper tells calls of a method on something of the same kind that the
// receiver wraps: a Reader that reads from a Reader, an error that unwraps. The
// program puts these together, and not deep. The interface must be one from
// outside the program; what implements its own may be a tree.
func (f *finder) wrapper(c *program.Call) string {
	common := c.Site.Common()
	if !common.IsInvoke() {
		return ""
	}
	named, ok := types.Unalias(common.Value.Type()).(*types.Named)
	if !ok {
		return ""
	}
	if !wrapped[typeName(named)] {
		if c.From.SSA.Name() != c.To.SSA.Name() && !c.From.Wrapper() {
			return ""
		}
		if pkg := named.Obj().Pkg(); pkg != nil && f.graph.Program.Source[pkg] != nil {
			return ""
		}
	}
	return fmt.Sprintf("a %s that wraps another", types.TypeString(named, (*types.Package).Name))
}

// chain tells a method that calls itself on one field of its receiver: a wrapper,
// a parent. The chain is as long as the program makes it, and not long if it
// makes such values neither in a loop nor on a cycle of calls.
func (f *finder) chain(c *program.Call, calls []*program.Call) string {
	common := c.Site.Common()
	var recv ssa.Value
	if common.IsInvoke() {
		recv = common.Value
	} else if c.How == program.Static && common.Signature().Recv() != nil && c.To == c.From {
		recv = common.Args[0]
	}
	if recv == nil || c.From.SSA.Name() != c.To.SSA.Name() {
		return ""
	}
	fn := c.Site.Parent()
	if fn.Signature.Recv() == nil || !isField(recv, fn.Params[0]) {
		return ""
	}
	for _, other := range calls {
		if other.From == c.From && other.Site != c.Site {
			return "" // more than one child: a tree
		}
	}
	named, ok := types.Unalias(deref(fn.Params[0].Type())).(*types.Named)
	if !ok || f.makes(named) != atRest {
		return ""
	}
	return fmt.Sprintf("a chain of %s, which the program makes neither in a loop nor recursively", types.TypeString(named, (*types.Package).Name))
}

// isField reports whether v is a field of recv, or what a type assertion makes
// of one.
func isField(v, recv ssa.Value) bool {
	for {
		switch x := v.(type) {
		case *ssa.TypeAssert:
			v = x.X
		case *ssa.Extract:
			v = x.Tuple
		case *ssa.ChangeInterface:
			v = x.X
		case *ssa.Field:
			return isField(x.X, recv) || x.X == recv
		case *ssa.UnOp:
			addr, ok := x.X.(*ssa.FieldAddr)
			if !ok {
				return false
			}
			base := addr.X
			if inner, ok := base.(*ssa.FieldAddr); ok {
				base = inner.X // an embedded struct
			}
			if alloc, ok := base.(*ssa.Alloc); ok { // a receiver that is a value
				for _, ref := range *alloc.Referrers() {
					if store, ok := ref.(*ssa.Store); ok && store.Addr == alloc && store.Val == recv {
						return true
					}
				}
			}
			return base == recv
		default:
			return false
		}
	}
}

// A making says how the program makes values of a type.
type making int

const (
	nowhere  making = iota // not at all: others do
	atRest                 // once for each call from outside
	repeated               // in a loop, or on a cycle of calls
)

// makes returns how values of type t are made, by functions or by those that
// call them, two levels up.
func (f *finder) makes(t *types.Named) making {
	if f.made == nil {
		f.made = map[*types.Named]making{}
		f.makers = map[*types.Named][]*program.Func{}
		for _, fn := range f.graph.Funcs {
			for _, b := range fn.SSA.Blocks {
				for _, instr := range b.Instrs {
					alloc, ok := instr.(*ssa.Alloc)
					if !ok {
						continue
					}
					named, ok := types.Unalias(deref(alloc.Type())).(*types.Named)
					if !ok || !filled(alloc) {
						continue
					}
					named = named.Origin()
					how := atRest
					if f.cyclic[fn] || loops(b) || f.calledAgain(fn, 2) {
						how = repeated
					}
					f.made[named] = max(f.made[named], how)
					f.makers[named] = append(f.makers[named], fn)
				}
			}
		}
	}
	return f.made[t.Origin()]
}

// builtUnderLimit returns a function that builds what the cycle walks, if that
// is of unexported types whose values come from recursion with a limit only.
func (f *finder) builtUnderLimit(c *Cycle) *program.Func {
	if c.Status != Unguarded {
		return nil
	}
	walked := map[*types.Named]bool{}
	for _, g := range f.groups(c.Calls) {
		for _, l := range g {
			v := l.to.value()
			if v == nil || l.rel.change != part || l.to.fn.Wrapper() {
				continue
			}
			named, ok := types.Unalias(deref(v.Type())).(*types.Named)
			if !ok || named.Obj().Exported() || f.makes(named) == nowhere {
				return nil
			}
			walked[named.Origin()] = true
		}
	}
	var by *program.Func
	own := members(c.Funcs)
	var under func(fn *program.Func, levels int) bool
	under = func(fn *program.Func, levels int) bool {
		if own[fn] {
			return true
		}
		if f.limited[fn] {
			by = fn
			return true
		}
		if f.cyclic[fn] || levels == 0 {
			return false
		}
		for _, in := range fn.Ins {
			if loops(in.Site.Block()) || !under(in.From, levels-1) {
				return false
			}
		}
		return true
	}
	for t := range walked {
		for _, fn := range f.makers[t] {
			// A method of the type makes a copy of what is there.
			if recv := fn.SSA.Signature.Recv(); recv != nil && types.Unalias(deref(recv.Type())) == types.Type(t) {
				continue
			}
			if !under(fn, 3) {
				return nil
			}
		}
	}
	return by
}

// filled reports whether a field of the new value is set: the copy of a receiver
// or parameter, or a variable without a value, is no making.
func filled(alloc *ssa.Alloc) bool {
	for _, ref := range *alloc.Referrers() {
		if field, ok := ref.(*ssa.FieldAddr); ok {
			for _, use := range *field.Referrers() {
				if store, ok := use.(*ssa.Store); ok && store.Addr == field {
					return true
				}
			}
		}
	}
	return false
}

// calledAgain reports whether fn is called on a cycle or in a loop.
func (f *finder) calledAgain(fn *program.Func, levels int) bool {
	for _, c := range fn.Ins {
		if f.cyclic[c.From] || loops(c.Site.Block()) || levels > 1 && f.calledAgain(c.From, levels-1) {
			return true
		}
	}
	return false
}

// loops reports whether the block is in a loop.
func loops(b *ssa.BasicBlock) bool {
	for _, s := range b.Succs {
		if reaches(s, b, nil) {
			return true
		}
	}
	return false
}

// wrapped has interfaces of the standard library whose values wrap each other.
var wrapped = map[string]bool{
	"io.Reader": true, "io.Writer": true, "io.Closer": true, "io.ReadCloser": true, "io.WriteCloser": true,
	"io.ReadWriteCloser": true, "io.Seeker": true, "io.ReaderAt": true, "io.WriterTo": true, "io.ReaderFrom": true,
	"io.ByteReader": true, "io.ReadSeeker": true, "io.RuneReader": true, "io.ByteScanner": true, "io.StringWriter": true,
	"context.Context": true, "error": true, "net.Conn": true, "net.Listener": true, "io/fs.FS": true,
	"net/http.Handler": true, "net/http.RoundTripper": true, "net/http.ResponseWriter": true,
	"log/slog.Handler": true, "sort.Interface": true, "hash.Hash": true, "image.Image": true,
	"crypto.Signer": true, "math/rand.Source": true, "reflect.Type": true, "database/sql/driver.Conn": true,
}

// bounded takes calls that cannot get deep out of the graph and says why; ""
// once there are none.
func (f *finder) bounded(set []*program.Func, keep func(*program.Call) bool, out map[*program.Call]bool) string {
	reason := ""
	for _, set := range components(set, keep) {
		calls := within(set, keep)
		for _, c := range calls {
			if f.once(c, calls) {
				out[c] = true
				reason = fmt.Sprintf("%s calls itself at most once again, with another flag", c.From.Name())
			}
		}
		if reason != "" {
			return reason
		}
		for _, g := range f.groups(calls) {
			why := f.groupBound(set, g)
			if why == "" {
				why = goTypes(calls, g)
			}
			if why == "" {
				continue
			}
			for _, l := range g {
				if l.rel.change >= counted && !out[l.call] {
					out[l.call] = true
					reason = why
				}
			}
			if reason != "" {
				return reason
			}
		}
	}
	return ""
}

// groupBound says why a cycle of slots cannot be gone round often.
func (f *finder) groupBound(set []*program.Func, g []link) string {
	var has [part + 1]bool
	up := false
	for _, l := range g {
		has[l.rel.change] = true
		up = up || l.rel.up
	}
	v := g[0].to.value()
	if v != nil && has[part] && isString(v.Type()) && pathName.MatchString(v.Name()) && callsOS(set) {
		has[part], has[joined] = false, true
	}
	switch {
	case v == nil || has[part]:
		return ""
	case has[half] && !has[counted]:
		return fmt.Sprintf("%s halves: the depth is the logarithm of it", v.Name())
	case has[half]:
		return fmt.Sprintf("%s is divided: the depth is the logarithm of it", v.Name())
	case has[joined]:
		return fmt.Sprintf("%s is a path in a file system, whose length is limited", v.Name())
	case has[counted]:
		b, ok := v.Type().Underlying().(*types.Basic)
		if !ok {
			return ""
		}
		switch b.Kind() {
		case types.Int8, types.Uint8, types.Int16, types.Uint16:
			return fmt.Sprintf("%s is a small integer (%s) that counts", v.Name(), b.Name())
		}
		if n, ok := f.constantCallers(set, g, up); ok {
			return fmt.Sprintf("%s counts from a constant (%d)", v.Name(), n)
		}
	}
	return ""
}

// goTypes says that a recursion follows a Go type: every call hands on one that it
// was given, or a part of that. A type is as deep as the program declares it.
func goTypes(calls []*program.Call, g []link) string {
	handed := map[*program.Call]bool{}
	for _, l := range g {
		v := l.to.value()
		if v == nil || !isDescription(v.Type()) {
			return ""
		}
		handed[l.call] = true
	}
	for _, c := range calls {
		if !handed[c] {
			return ""
		}
	}
	return fmt.Sprintf("%s is a Go type, as deep as it is declared", g[0].to.value().Name())
}

var pathName = regexp.MustCompile(`(?i)path|dir|file|^base$|^root$|^name$`)

// callsOS reports whether the functions use the file system.
func callsOS(set []*program.Func) bool {
	for _, fn := range set {
		for _, b := range fn.SSA.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(ssa.CallInstruction)
				if !ok {
					continue
				}
				callee := call.Common().StaticCallee()
				if callee == nil || callee.Object() == nil || callee.Object().Pkg() == nil {
					continue
				}
				switch callee.Object().Pkg().Path() {
				case "os", "io/fs", "syscall", "io/ioutil", "golang.org/x/sys/unix", "internal/syscall/unix":
					return true
				}
			}
		}
	}
	return false
}

// constantCallers reports whether the counter of g gets nothing but constants
// from outside the set, and the largest.
func (f *finder) constantCallers(set []*program.Func, g []link, up bool) (largest int64, ok bool) {
	in := members(set)
	for _, l := range g {
		p := l.to.param()
		if p == nil {
			return 0, false
		}
		fn := l.to.fn
		if obj := fn.Object(); obj == nil || obj.Exported() {
			return 0, false // anybody may call it
		}
		for _, c := range fn.Ins {
			if in[c.From] {
				continue
			}
			args := c.Site.Common().Args
			if c.How != program.Static || l.to.index >= len(args) {
				return 0, false
			}
			n, isConst := f.constant(args[l.to.index], 3)
			if !isConst || n > 10_000 {
				return 0, false
			}
			largest = max(largest, n)
			ok = true
		}
		if up {
			// It counts up to something: that must be constant too.
			if !comparedWithConstant(p) {
				return 0, false
			}
		}
	}
	return largest, ok
}

// constant returns the largest value that v can have, if it is a constant, is
// masked with one, or is a parameter of an unexported function that gets nothing
// else.
func (f *finder) constant(v ssa.Value, levels int) (largest int64, ok bool) {
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value == nil || !isInteger(v.Type()) {
			return 0, false
		}
		return v.Int64(), true
	case *ssa.BinOp:
		c, isConst := v.Y.(*ssa.Const)
		if !isConst || c.Value == nil || !isInteger(c.Type()) || c.Int64() <= 0 {
			return 0, false
		}
		switch v.Op {
		case token.AND, token.REM: // at most the mask, less than the divisor
			return c.Int64(), true
		}
	case *ssa.Convert:
		if b, ok := v.X.Type().Underlying().(*types.Basic); ok {
			switch b.Kind() {
			case types.Int8, types.Uint8:
				return 255, true
			}
		}
		return f.constant(v.X, levels)
	case *ssa.Parameter:
		fn := f.graph.Func(v.Parent())
		if levels == 0 || fn == nil {
			return 0, false
		}
		if obj := fn.Object(); obj == nil || obj.Exported() {
			return 0, false
		}
		index := slices.Index(v.Parent().Params, v)
		for _, c := range fn.Ins {
			args := c.Site.Common().Args
			if c.How != program.Static || index >= len(args) {
				return 0, false
			}
			n, isConst := f.constant(args[index], levels-1)
			if !isConst {
				return 0, false
			}
			largest, ok = max(largest, n), true
		}
	}
	return largest, ok
}

func comparedWithConstant(p *ssa.Parameter) bool {
	for _, ref := range *p.Referrers() {
		if b, ok := ref.(*ssa.BinOp); ok {
			switch b.Op {
			case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL:
				if _, ok := b.Y.(*ssa.Const); ok {
					return true
				}
			}
		}
	}
	return false
}

// once reports whether the call can be made only by a first activation of its
// caller: it depends on a parameter, and the calls on the cycle give that a
// constant for which the call is not made.
func (f *finder) once(c *program.Call, calls []*program.Call) bool {
	site := c.Site.(ssa.Instruction)
	fn := site.Parent()
	for _, b := range fn.Blocks {
		if len(b.Instrs) == 0 || b == site.Block() || !b.Dominates(site.Block()) {
			continue
		}
		branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		p, eval := condition(branch.Cond)
		if p == nil {
			continue
		}
		index := slices.Index(fn.Params, p)
		if index < 0 {
			continue
		}
		dead := true // whatever the cycle passes, the branch to the call is not taken
		for _, in := range calls {
			if in.To != c.From {
				continue
			}
			args := in.Site.Common().Args
			if in.Site.Common().IsInvoke() {
				args = append([]ssa.Value{nil}, args...)
			}
			if in.How == program.Callback || index >= len(args) {
				dead = false
				break
			}
			arg, ok := args[index].(*ssa.Const)
			if !ok {
				dead = false
				break
			}
			taken, known := eval(arg)
			if !known {
				dead = false
				break
			}
			next := b.Succs[1]
			if taken {
				next = b.Succs[0]
			}
			if reaches(next, site.Block(), b) {
				dead = false
				break
			}
		}
		if dead {
			return true
		}
	}
	return false
}

// condition returns the parameter that cond depends on, and how to tell its
// value from a constant argument.
func condition(cond ssa.Value) (*ssa.Parameter, func(*ssa.Const) (value, known bool)) {
	switch v := cond.(type) {
	case *ssa.Parameter:
		return v, func(c *ssa.Const) (bool, bool) {
			if c.Value == nil || c.Value.Kind() != constant.Bool {
				return false, false
			}
			return constant.BoolVal(c.Value), true
		}
	case *ssa.UnOp:
		if v.Op == token.NOT {
			p, eval := condition(v.X)
			if p == nil {
				return nil, nil
			}
			return p, func(c *ssa.Const) (bool, bool) {
				value, known := eval(c)
				return !value, known
			}
		}
	case *ssa.BinOp:
		x, y := v.X, v.Y
		if _, ok := x.(*ssa.Const); ok {
			x, y = y, x
		}
		p, ok := x.(*ssa.Parameter)
		c, ok2 := y.(*ssa.Const)
		if !ok || !ok2 || v.Op != token.EQL && v.Op != token.NEQ {
			return nil, nil
		}
		return p, func(arg *ssa.Const) (bool, bool) {
			equal := false
			switch {
			case arg.Value == nil || c.Value == nil:
				equal = arg.Value == nil && c.Value == nil
			default:
				equal = constant.Compare(arg.Value, token.EQL, c.Value)
			}
			return equal == (v.Op == token.EQL), true
		}
	}
	return nil, nil
}

// depends says on which data the depth of the cycle depends; "" if on none.
// Readers in readers are as deep as the program wraps them; what is read counts.
func (f *finder) depends(set []*program.Func, calls []*program.Call) string {
	groups := f.groups(calls)
	count, walk, best := "", "", 0
	for _, g := range groups {
		for _, l := range g {
			v := l.to.value()
			if v == nil {
				continue
			}
			switch {
			case l.rel.change == part && (walkable(v.Type()) && !wrapped[typeName(v.Type())] || isInteger(v.Type()) && indexes(v)):
				if n := telling(l, v); n > best {
					walk, best = f.walk(l), n
				}
			case l.rel.change == counted && isInteger(v.Type()):
				count = fmt.Sprintf("the integer %s of %s counts, and no bound was found", v.Name(), l.to.fn.Name())
			}
		}
	}
	if walk != "" {
		return walk
	}
	if reader := f.reader(set, groups); reader != "" {
		return reader
	}
	return count
}

// telling says how well a link shows people what is walked.
func telling(l link, v ssa.Value) int {
	n := 1
	if l.from == l.to {
		n += 8
	} else if l.from.value() != nil && types.Identical(l.from.value().Type(), v.Type()) {
		n += 4
	}
	if l.call.How != program.Callback {
		n += 2
	}
	if !l.to.fn.Wrapper() {
		n += 16
	}
	return n
}

func (f *finder) walk(l link) string {
	v := l.to.value()
	typ := v.Type()
	if _, captured := v.(*ssa.FreeVar); captured {
		typ = deref(typ) // the variable, not the pointer to it that the closure has
	}
	t := types.TypeString(typ, (*types.Package).Name)
	name := v.Name()
	if name == "" || name == "_" {
		name = "a parameter"
	}
	what := "walks a structure"
	switch u := typ.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			what = "walks along a string"
		} else {
			what = "walks a structure by index"
		}
	case *types.Slice:
		what = "walks a slice"
	case *types.Map:
		what = "walks a map"
	}
	fn := l.to.fn
	for range 3 { // a wrapper has a name that is not in the source
		if fn.Wrapper() && len(fn.Out) == 1 {
			fn = fn.Out[0].To
		}
	}
	return fmt.Sprintf("%s %s of %s %s", name, t, fn.Name(), what)
}

// indexes reports whether v is used as an index.
func indexes(v ssa.Value) bool {
	refs := v.Referrers()
	if refs == nil {
		return false
	}
	for _, ref := range *refs {
		switch ref := ref.(type) {
		case *ssa.IndexAddr:
			if ref.Index == v {
				return true
			}
		case *ssa.Lookup:
			if ref.Index == v {
				return true
			}
		case *ssa.Convert:
			if indexes(ref) {
				return true
			}
		}
	}
	return false
}

// A parser often has no argument that changes: it reads from its receiver. The
// recursion depends on data if something that its calls hand on unchanged (or
// that its closures capture) is moved forward on the way.

var readName = regexp.MustCompile(`^(Read|Next|Scan|Token|RawToken|Peek|Advance|Get|Recv|Decode|More|Consume|Expect|Accept|next|read|scan|advance|consume|peek|expect|accept|lex)`)

// reader says what the functions of the set read from; "" if nothing was found.
func (f *finder) reader(set []*program.Func, groups [][]link) string {
	moved := f.moved(set)
	if len(moved) == 0 {
		return ""
	}
	for _, g := range groups {
		for _, l := range g {
			v := l.to.value()
			if v == nil {
				continue
			}
			if name := holds(v.Type(), moved, 3); name != "" {
				return fmt.Sprintf("%s of %s reads input: %s moves on", v.Name(), l.to.fn.Name(), name)
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
						owner[field] = typeName(ptr.Elem())
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
						moved[typeName(deref(recv))] = true
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
	name := typeName(deref(t))
	for _, s := range []string{"Reader", "Scanner", "Decoder", "Lexer", "Tokenizer", "Parser", "Iterator", "Iter", "Buffer", "Stream", "Rows", "lexer", "scanner", "parser", "reader", "decoder", "tokenizer", "Source", "Conn"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

func deref(t types.Type) types.Type {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		return ptr.Elem()
	}
	return t
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
		return typeName(v.Type()) != "error"
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
	t = deref(t)
	if ptr, ok := t.Underlying().(*types.Pointer); ok { // a captured pointer
		t = ptr.Elem()
	}
	if name := typeName(t); name != "" && moved[name] {
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
