package program

import (
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
)

type edge = callgraph.Edge

// later has functions that keep what they are given and do not call it before
// they return, or call it on another goroutine.
var later = map[string]bool{
	"context.AfterFunc": true, "time.AfterFunc": true, "iter.Pull": true,
	"net/http.HandleFunc": true, "net/http.Handle": true,
	"(*net/http.ServeMux).HandleFunc": true, "(*net/http.ServeMux).Handle": true,
	"runtime.SetFinalizer": true, "runtime.AddCleanup": true,
	"sync.OnceFunc": true, "sync.OnceValue": true, "sync.OnceValues": true,
	"(*golang.org/x/sync/errgroup.Group).Go": true, "(*golang.org/x/sync/errgroup.Group).TryGo": true,
	"(*sync.WaitGroup).Go": true, "(*testing.T).Cleanup": true, "(*testing.T).Run": true,
	"expvar.Publish": true, "flag.Func": true, "flag.Var": true,
}

// callbacks returns the functions with source that callee, which has none here,
// is given at site and may call: function values, the methods of an interface
// that a parameter has, and the methods that fmt and encoding/json look for.
func callbacks(p *Program, h *hierarchy, site ssa.CallInstruction, callee *ssa.Function) []*ssa.Function {
	name := callee.String()
	if origin := callee.Origin(); origin != nil {
		name = origin.String()
	}
	if later[name] || strings.HasPrefix(callee.Name(), "New") {
		return nil
	}
	var fns []*ssa.Function
	add := func(fn *ssa.Function) {
		if fn != nil && fn.Blocks != nil && !slices.Contains(fns, fn) {
			fns = append(fns, fn)
		}
	}
	looked := lookedFor(callee)
	args := site.Common().Args
	for i, arg := range args {
		switch t := arg.Type().Underlying().(type) {
		case *types.Signature:
			for _, fn := range functions(arg, nil) {
				add(fn)
			}
		case *types.Interface:
			value, ok := arg.(*ssa.MakeInterface)
			if !ok {
				continue
			}
			if len(looked) > 0 {
				for _, fn := range h.looked(value.X.Type(), looked) {
					add(fn)
				}
			}
			for m := range t.Methods() {
				add(h.method(value.X.Type(), m))
			}
		case *types.Slice:
			if len(looked) == 0 || i != len(args)-1 {
				continue
			}
			var format []byte
			known := false
			if i > 0 && strings.HasSuffix(callee.Name(), "f") {
				format, known = verbs(args[i-1])
			}
			for j, v := range elements(arg) {
				if known && (j >= len(format) || !strings.ContainsRune("vsqxX", rune(format[j]))) {
					continue // %d, %T and %p call no method
				}
				if value, ok := v.(*ssa.MakeInterface); ok {
					for _, fn := range h.looked(value.X.Type(), looked) {
						add(fn)
					}
				}
			}
		}
	}
	return fns
}

// lookedFor returns the methods that callee looks for in values of any type.
func lookedFor(callee *ssa.Function) []string {
	var pkg *types.Package
	if obj := callee.Object(); obj != nil {
		pkg = obj.Pkg()
	}
	if pkg == nil {
		return nil
	}
	switch pkg.Path() {
	case "fmt":
		if strings.Contains(callee.Name(), "rint") || strings.HasPrefix(callee.Name(), "Append") || callee.Name() == "Errorf" {
			return []string{"String", "Error", "Format", "GoString"}
		}
	case "encoding/json":
		// Not Unmarshal: before it calls a method it has seen the whole text,
		// and takes 10,000 levels at most.
		if strings.HasPrefix(callee.Name(), "Marshal") || callee.Name() == "Encode" {
			return []string{"MarshalJSON", "MarshalText"}
		}
	}
	return nil
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

// elements returns the values in the slice of a variadic call.
func elements(slice ssa.Value) (values []ssa.Value) {
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
func stores(addr ssa.Value) (values []ssa.Value) {
	switch a := addr.(type) {
	case *ssa.Alloc:
		for _, ref := range *a.Referrers() {
			if store, ok := ref.(*ssa.Store); ok && store.Addr == addr {
				values = append(values, store.Val)
			}
		}
	case *ssa.FreeVar:
		fn := a.Parent()
		for i, fv := range fn.FreeVars {
			if fv != a || fn.Parent() == nil {
				continue
			}
			for _, b := range fn.Parent().Blocks {
				for _, instr := range b.Instrs {
					if c, ok := instr.(*ssa.MakeClosure); ok && c.Fn == fn {
						return stores(c.Bindings[i])
					}
				}
			}
		}
	}
	return values
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
			if !ok || h.program.Source[named.Obj().Pkg()] == nil {
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
	set := types.NewMethodSet(t)
	for _, name := range names {
		if sel := set.Lookup(nil, name); sel != nil {
			obj := sel.Obj().(*types.Func)
			if fn := h.program.SSA.FuncValue(obj); fn != nil && fn.Blocks != nil {
				fns = append(fns, fn)
			}
		}
	}
	return fns
}
