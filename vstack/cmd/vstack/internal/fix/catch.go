package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// A Catch is a function whose error an overflow becomes now.
type Catch struct {
	Func   *program.Func
	Cyclic bool // it is on a cycle itself, so the innermost call catches
}

// A Refusal is a function of Options.Catch that cannot have the deferred call.
type Refusal struct {
	Func *program.Func
	Why  string
}

// entries returns the functions that could have the deferred call: those that check
// names as the entries of guarded cycles, and where else a caller outside comes to one.
// check names one way in, the worst; tengo's compiler and its machine both come to what
// walks its objects. Of those on one way the innermost counts: it is on the goroutine of
// the recursion (tengo's RunContext starts one), and those above have its error.
func (f *fixer) entries(r *recursion.Result) (fns []*program.Func) {
	could := map[*program.Func]bool{}
	for _, fn := range r.Graph.Funcs {
		could[fn] = fn.Pkg != nil && f.named(fn) && exported(fn) && errorResult(fn) >= 0 &&
			f.uneditable(fn).Kind == None
	}
	in := map[*program.Func]bool{}
	seen := map[*program.Func]bool{}
	var work []*program.Func
	for _, c := range r.Cycles {
		if c.Status != recursion.Unguarded && c.Status != recursion.Guarded {
			continue
		}
		in[c.Root] = could[c.Root]
		for _, fn := range c.Funcs {
			if !seen[fn] {
				seen[fn] = true
				work = append(work, fn)
			}
		}
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		if could[fn] && !f.cyclic(fn) && !f.part(fn) {
			in[fn] = true
			continue
		}
		for _, call := range fn.Ins {
			// What has the method is called through the interface, or is not: a way that is
			// only believed would name every function of the program.
			if !seen[call.From] && !call.Goes() && !call.Guess {
				seen[call.From] = true
				work = append(work, call.From)
			}
		}
	}
	for _, fn := range r.Graph.Funcs {
		if in[fn] && !f.catches(fn) {
			fns = append(fns, fn)
		}
	}
	return fns
}

// part reports whether the program itself calls fn through an interface: such a method is
// one of its parts (BinaryOp of tengo's strings, which its machine calls).
func (f *fixer) part(fn *program.Func) bool {
	return slices.ContainsFunc(fn.Ins, func(c *program.Call) bool {
		return c.How == program.Interface && !c.Guess && f.named(c.From)
	})
}

// exported reports whether fn is a function that another package can name.
func exported(fn *program.Func) bool {
	obj := fn.Object()
	if obj == nil || !obj.Exported() || obj.Pkg().Name() == "main" {
		return false
	}
	recv := obj.Signature().Recv()
	if recv == nil {
		return true
	}
	t := recv.Type()
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Exported()
}

// errorResult returns the index of the last result that is an error; -1 without one.
func errorResult(fn *program.Func) int {
	results := fn.SSA.Signature.Results()
	for i := results.Len() - 1; i >= 0; i-- {
		if types.Identical(results.At(i).Type(), types.Universe.Lookup("error").Type()) {
			return i
		}
	}
	return -1
}

// catch writes defer vstack.Catch(&err) into the functions that were named.
func (f *fixer) catch(r *recursion.Result) error {
	for _, name := range f.options.Catch {
		fns := f.functions(r, name)
		if len(fns) == 0 {
			return fmt.Errorf("-catch %s: there is no such function in the packages named on the command line", name)
		}
		for _, fn := range fns {
			switch m := f.uneditable(fn); {
			case m.Kind != None:
				f.change.Refused = append(f.change.Refused, Refusal{fn, m.Error()})
			case errorResult(fn) < 0:
				f.change.Refused = append(f.change.Refused, Refusal{fn, "it has no result of type error"})
			case !f.catches(fn):
				f.writeCatch(fn)
				f.change.Catches = append(f.change.Catches, Catch{fn, f.cyclic(fn)})
			}
		}
	}
	f.change.Entries = slices.DeleteFunc(f.change.Entries, func(fn *program.Func) bool {
		return slices.ContainsFunc(f.change.Catches, func(c Catch) bool { return c.Func == fn })
	})
	return nil
}

// functions returns those that name means: Parse, T.Parse or (*T).Parse, with the
// name or the path of a package in front or not. A method needs no type if no
// function has the name.
func (f *fixer) functions(r *recursion.Result, name string) (fns []*program.Func) {
	plain := strings.NewReplacer("(", "", ")", "", "*", "")
	name = plain.Replace(name)
	var methods []*program.Func
	for _, fn := range r.Graph.Funcs {
		if fn.Object() == nil || !f.named(fn) {
			continue
		}
		own := plain.Replace(fn.Name())
		switch name {
		case own, fn.Pkg.Name() + "." + own, fn.Pkg.Path() + "." + own:
			fns = append(fns, fn)
		case fn.Object().Name():
			methods = append(methods, fn)
		}
	}
	if len(fns) == 0 {
		return methods
	}
	return fns
}

// catches reports whether the function has the deferred call.
func (f *fixer) catches(fn *program.Func) bool {
	pkg := f.program.Source[fn.Pkg]
	for _, stmt := range fn.Body().List {
		if d, ok := stmt.(*ast.DeferStmt); ok && guard.Called(pkg.TypesInfo, d.Call) == "Catch" {
			return true
		}
	}
	return false
}

// cyclic reports whether fn calls itself, directly or through others.
func (f *fixer) cyclic(fn *program.Func) bool {
	for _, caller := range fn.Above() {
		if slices.ContainsFunc(caller.Ins, func(c *program.Call) bool { return c.From == fn && !c.Goes() }) {
			return true
		}
	}
	return false
}

func (f *fixer) writeCatch(fn *program.Func) {
	pkg := f.program.Source[fn.Pkg]
	s := f.fileAt(pkg, fn.Pos())
	fresh := &fresh{s.names(fn.Decl()), map[string]bool{}}
	text := fmt.Sprintf("defer %sCatch(&%s)", s.library(), s.nameResult(fn.Decl().(*ast.FuncDecl).Type.Results, errorResult(fn), fresh))
	fresh.take()
	s.adds = true
	if guards := guard.Find(pkg.TypesInfo, fn.Body(), nil); len(guards) > 0 && guards[0].Stmt == fn.Body().List[0] {
		// The guard stays the first statement: what it goes on with catches too.
		s.follow(guards[0].Stmt, text)
		return
	}
	// What leaves the function before its guard may panic too.
	s.place(fn.Body(), text)
}

// nameResult returns the name of a result, which it gives one if need be: then all
// others must have one too, and are _.
func (s *source) nameResult(results *ast.FieldList, index int, fresh *fresh) string {
	name := func() string {
		if !fresh.names.used["err"] {
			return fresh.name("err")
		}
		return fresh.name("caught") // a body that declares err must not find it declared
	}
	i := 0
	for _, field := range results.List {
		for _, id := range field.Names {
			if i == index {
				if id.Name != "_" {
					return s.nameOf(id)
				}
				name := name()
				from := s.offset(id.Pos())
				s.edits = append(s.edits, Edit{from, from + 1, name})
				return name
			}
			i++
		}
		if len(field.Names) == 0 {
			break
		}
	}
	given := name()
	for i, field := range results.List {
		text := "_ "
		if i == index {
			text = given + " "
		}
		if results.Opening == token.NoPos {
			text = "(" + text
		}
		s.insert(s.offset(field.Pos()), text)
	}
	if results.Opening == token.NoPos {
		s.insert(s.offset(results.End()), ")")
	}
	return given
}
