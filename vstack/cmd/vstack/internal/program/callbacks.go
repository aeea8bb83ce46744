package program

import (
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
	"golang.org/x/tools/go/ssa"
)

// callbacks returns the functions with source that callee, which has none here,
// is given at site and may call: function values, the methods of an interface
// that a parameter has, and the methods that fmt and encoding/json look for.
func callbacks(h *hierarchy, site ssa.CallInstruction, callee *ssa.Function) (fns []*ssa.Function) {
	name := callee.String()
	if origin := callee.Origin(); origin != nil {
		name = origin.String()
	}
	if knowledge.Later[name] || strings.HasPrefix(callee.Name(), "New") {
		return nil
	}
	looked := lookedFor(callee)
	args := site.Common().Args
	for i, arg := range args {
		switch t := arg.Type().Underlying().(type) {
		case *types.Signature:
			fns = append(fns, functions(arg, nil)...)
		case *types.Interface:
			fns = append(fns, h.through(arg, t, looked)...)
		case *types.Slice:
			if i != len(args)-1 || len(looked) == 0 {
				continue
			}
			for _, v := range Printed(site.Common(), callee) {
				fns = append(fns, h.through(v, nil, looked)...)
			}
		}
	}
	return h.once(fns)
}

// given returns the functions with source among the arguments.
func given(h *hierarchy, args []ssa.Value) (fns []*ssa.Function) {
	for _, arg := range args {
		if _, ok := arg.Type().Underlying().(*types.Signature); ok {
			fns = append(fns, functions(arg, nil)...)
		}
	}
	return h.once(fns)
}

// once returns the functions of the program that have a body, each once.
func (h *hierarchy) once(fns []*ssa.Function) (once []*ssa.Function) {
	for _, fn := range fns {
		if fn != nil && fn.Blocks != nil && h.all[fn] && !slices.Contains(once, fn) {
			once = append(once, fn)
		}
	}
	return once
}

// through returns the methods of the value that is put into an interface: those that
// are looked for, and those that the interface has. i may be nil.
func (h *hierarchy) through(v ssa.Value, i *types.Interface, looked []string) (fns []*ssa.Function) {
	value, ok := v.(*ssa.MakeInterface)
	if !ok {
		return nil
	}
	if len(looked) > 0 {
		fns = h.looked(value.X.Type(), looked)
	}
	if i != nil {
		for m := range i.Methods() {
			fns = append(fns, h.method(value.X.Type(), m))
		}
	}
	return fns
}

// lookedFor returns the methods that callee looks for in values of any type.
func lookedFor(callee *ssa.Function) []string {
	if obj := callee.Object(); obj != nil && obj.Pkg() != nil {
		return knowledge.LooksFor(obj.Pkg().Path(), callee.Name())
	}
	return nil
}

// Printed returns the values in the last argument, a slice, that the callee prints or
// asks for methods: those of a verb other than %v, %s, %q and %x are none.
func Printed(call *ssa.CallCommon, callee *ssa.Function) []ssa.Value {
	last := len(call.Args) - 1
	values := Elements(call.Args[last])
	if last == 0 || !strings.HasSuffix(callee.Name(), "f") {
		return values
	}
	format, known := verbs(call.Args[last-1])
	if !known {
		return values
	}
	var printed []ssa.Value
	for i, v := range values {
		if i < len(format) && strings.ContainsRune("vsqxX", rune(format[i])) {
			printed = append(printed, v)
		}
	}
	return printed
}

// verbs returns the verb for each argument of a constant format; false if the
// format is not constant or says which argument it means.
func verbs(v ssa.Value) ([]byte, bool) {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.String {
		return nil, false
	}
	format := constant.StringVal(c.Value)
	if strings.ContainsAny(format, "[*") {
		return nil, false
	}
	var found []byte
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.", format[i]) >= 0; i++ {
		}
		if i < len(format) && format[i] != '%' {
			found = append(found, format[i])
		}
	}
	return found, true
}

// Elements returns the values in the slice of a variadic call.
func Elements(slice ssa.Value) (values []ssa.Value) {
	s, ok := slice.(*ssa.Slice)
	if !ok {
		return nil
	}
	array, ok := s.X.(*ssa.Alloc)
	if !ok {
		return nil
	}
	for _, ref := range *array.Referrers() {
		if addr, ok := ref.(*ssa.IndexAddr); ok {
			for _, use := range *addr.Referrers() {
				if store, ok := use.(*ssa.Store); ok && store.Addr == addr {
					values = append(values, store.Val)
				}
			}
		}
	}
	return values
}

// functions returns the functions that v can be, as far as its own function
// shows.
func functions(v ssa.Value, seen []ssa.Value) (fns []*ssa.Function) {
	if slices.Contains(seen, v) {
		return nil
	}
	seen = append(seen, v)
	switch v := v.(type) {
	case *ssa.Function:
		return []*ssa.Function{v}
	case *ssa.MakeClosure:
		return []*ssa.Function{v.Fn.(*ssa.Function)}
	case *ssa.ChangeType:
		return functions(v.X, seen)
	case *ssa.Phi:
		for _, e := range v.Edges {
			fns = append(fns, functions(e, seen)...)
		}
	case *ssa.UnOp: // a variable that holds a closure
		for _, store := range stores(v.X) {
			fns = append(fns, functions(store, seen)...)
		}
	}
	return fns
}

// stores returns what is stored in the local or captured variable addr.
func stores(addr ssa.Value) []ssa.Value {
	switch a := addr.(type) {
	case *ssa.Alloc:
		return slices.Collect(ssax.Stored(a))
	case *ssa.FreeVar:
		return stores(ssax.Binding(a))
	}
	return nil
}

// looked returns the methods of these names that a walk over a value of type t
// by reflection comes to: of t itself, of elements and of exported fields.
func (h *hierarchy) looked(t types.Type, names []string) (fns []*ssa.Function) {
	var walk func(t types.Type, levels int)
	walk = func(t types.Type, levels int) {
		if levels == 0 {
			return
		}
		if i, ok := t.Underlying().(*types.Interface); ok {
			named, ok := types.Unalias(t).(*types.Named)
			if !ok || h.program.Source[named.Obj().Pkg()] == nil || h.program.Std(named.Obj().Pkg()) {
				return // any value at all
			}
			for _, impl := range h.named {
				if types.Implements(impl, i) {
					fns = append(fns, h.own(impl, names)...)
				}
			}
			return
		}
		if own := h.own(t, names); len(own) > 0 {
			fns = append(fns, own...)
			return
		}
		switch u := t.Underlying().(type) {
		case *types.Slice:
			walk(u.Elem(), levels-1)
		case *types.Array:
			walk(u.Elem(), levels-1)
		case *types.Map:
			walk(u.Elem(), levels-1)
		case *types.Pointer:
			walk(u.Elem(), levels-1)
		case *types.Struct:
			for f := range u.Fields() {
				if f.Exported() {
					walk(f.Type(), levels-1)
				}
			}
		}
	}
	walk(t, 4)
	return fns
}

// own returns t's own methods of these names.
func (h *hierarchy) own(t types.Type, names []string) (fns []*ssa.Function) {
	set := h.program.SSA.MethodSets.MethodSet(t)
	for _, name := range names {
		if sel := set.Lookup(nil, name); sel != nil {
			obj := sel.Obj().(*types.Func)
			if fn := h.program.SSA.FuncValue(obj); fn != nil && fn.Blocks != nil && h.all[fn] {
				fns = append(fns, fn)
			}
		}
	}
	return fns
}
