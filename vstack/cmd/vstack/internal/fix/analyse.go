package fix

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A site is where a guard goes, and what it is made of: all that render needs.
type site struct {
	fn    *program.Func
	file  *source
	body  *ast.BlockStmt
	after ast.Stmt // the last statement that stands before the guard; nil if none does

	stack   string   // the handle; "" for the handle-free form
	call    string   // how the function calls itself: p.expr, walk[T]
	args    []string // in order, the last one with dots if it is variadic
	copies  []string // variables that the closure must not capture themselves
	results []string // types

	fresh   *fresh
	naming  *naming      // for a literal that has no name
	old     *guard.Guard // one that guards nothing: nobody sets its handle, or it comes too late
	edits   []Edit       // names for what has none
	renames []rename     // of what hides a name that the guard needs
}

type rename struct {
	obj  types.Object
	name string
}

// named returns the name that the function literal gets; "" if it gets none.
func (s *site) named() string {
	if s.naming == nil {
		return ""
	}
	return s.naming.name
}

// analyse finds out what a guard in fn is made of, or why there can be none. It
// changes nothing.
func (f *fixer) analyse(fn *program.Func) (*site, Missing) {
	if m := f.uneditable(fn); m.Kind != None {
		return nil, m
	}
	if recovers(fn.Body()) {
		return nil, Missing{fn, Recovers, ""}
	}
	file := f.fileAt(f.program.Source[fn.Pkg], fn.Pos())
	s := &site{fn: fn, file: file, body: fn.Body(), fresh: &fresh{file.names(fn.Decl()), map[string]bool{}}}
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		s.declared(d)
	case *ast.FuncLit:
		s.literal(d)
	}
	typ := typeOf(fn)
	s.arguments(typ)
	if typ.Results != nil {
		for _, field := range typ.Results.List {
			for range max(1, len(field.Names)) {
				s.results = append(s.results, file.slice(field.Type))
			}
		}
	}
	s.old = file.oldGuard(s.body)
	if s.old == nil {
		s.after = s.leaving()
	}
	if f.options.Handle && s.old == nil {
		if v, path, ok := handle(f.program, fn); ok {
			s.stack = s.variable(v.obj, v.name) + path
		}
	}
	if m := s.uncover(typ); m.Kind != None {
		return nil, m
	}
	return s, Missing{}
}

func typeOf(fn *program.Func) *ast.FuncType {
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		return d.Type
	case *ast.FuncLit:
		return d.Type
	}
	return nil
}

// declared finds how a declared function calls itself.
func (s *site) declared(d *ast.FuncDecl) {
	if d.Recv == nil {
		s.call = d.Name.Name + s.typeArgs(d.Type.TypeParams)
		return
	}
	recv := d.Recv.List[0]
	var name string
	switch {
	case len(recv.Names) == 0:
		name = s.fresh.name("recv")
		s.insert(s.file.offset(recv.Type.Pos()), name+" ")
	case recv.Names[0].Name == "_":
		name = s.fresh.name("recv")
		s.replace(recv.Names[0], name)
	default:
		name = s.parameter(recv.Names[0])
	}
	s.call = name + "." + d.Name.Name
}

// literal finds how a function literal calls itself, or a name for it.
func (s *site) literal(lit *ast.FuncLit) {
	if v := s.file.variableOf(lit); v != nil {
		s.call = s.file.nameOfObject(v)
		return
	}
	s.naming = s.file.nameFor(lit, s.fresh)
	s.call = s.naming.name
}

func (s *site) typeArgs(params *ast.FieldList) string {
	if params == nil {
		return ""
	}
	var args []string
	for _, field := range params.List {
		for _, id := range field.Names {
			name := s.file.nameOf(id)
			if name == "_" {
				name = s.fresh.name("T")
				s.replace(id, name)
			}
			args = append(args, name)
		}
	}
	return "[" + strings.Join(args, ", ") + "]"
}

// arguments names the parameters as arguments of the call.
func (s *site) arguments(typ *ast.FuncType) {
	for _, field := range typ.Params.List {
		dots := ""
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			dots = "..."
		}
		if len(field.Names) == 0 {
			name := s.fresh.name("arg")
			s.insert(s.file.offset(field.Pos()), name+" ")
			s.args = append(s.args, name+dots)
		}
		for _, id := range field.Names {
			name := id.Name
			if name == "_" {
				name = s.fresh.name("arg")
				s.replace(id, name)
			} else {
				name = s.parameter(id)
			}
			s.args = append(s.args, name+dots)
		}
	}
}

// parameter returns the name of a parameter or receiver. If a closure that
// captures it would move it to the heap on every call, the guard copies it.
func (s *site) parameter(id *ast.Ident) string {
	info := s.file.pkg.TypesInfo
	v, ok := info.Defs[id].(*types.Var)
	if !ok {
		return id.Name
	}
	sizes := s.file.pkg.TypesSizes
	if sizes == nil {
		sizes = types.SizesFor("gc", "amd64")
	}
	if guard.Capture(info, sizes, s.body, v, false) != guard.Free {
		s.copies = append(s.copies, id.Name)
	}
	return s.file.nameOf(id)
}

// uncover has what hides a name that the guard uses renamed.
func (s *site) uncover(typ *ast.FuncType) Missing {
	scope := s.file.pkg.TypesInfo.Scopes[typ]
	if scope == nil {
		return Missing{}
	}
	for _, use := range s.uses(typ) {
		obj := s.local(scope, use.name)
		if obj == nil || obj == use.meant || s.file.renamed[obj] != "" || s.hasRename(obj) {
			continue
		}
		if !s.file.declares(obj) {
			return Missing{s.fn, NameTaken, obj.Name() + " hides a name that the guard needs: rename it"}
		}
		s.renameTo(obj, s.fresh.name(obj.Name()))
	}
	return Missing{}
}

// local returns the object of the function, or of one around it, that name means at the
// start of the body; nil if it means one of the file, the package or the language.
func (s *site) local(scope *types.Scope, name string) types.Object {
	in, obj := scope.LookupParent(name, s.body.Pos())
	if obj == nil || in == types.Universe || in == s.file.pkg.Types.Scope() || in.Parent() == s.file.pkg.Types.Scope() {
		return nil
	}
	return obj
}

// A use is a name that the guard uses.
type use struct {
	name  string
	meant types.Object // nil for what is not there yet
}

// uses returns the names that the guard needs: of the library, of the function itself,
// and those in the types of its results.
func (s *site) uses(typ *ast.FuncType) (all []use) {
	info := s.file.pkg.TypesInfo
	need := func(name string, meant types.Object) { all = append(all, use{name, meant}) }
	if lib := s.file.library(); lib != "" {
		need(strings.TrimSuffix(lib, "."), nil)
	} else {
		for _, name := range []string{"Low", "Do", "Grow", "Grow2", "GrowOn", "GrowOn2"} {
			need(name, nil)
		}
	}
	switch d := s.fn.Decl().(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			need(d.Name.Name, info.Defs[d.Name])
		}
	case *ast.FuncLit:
		if v := s.file.variableOf(d); v != nil {
			need(v.Name(), v)
		}
	}
	if typ.Results == nil {
		return all
	}
	ast.Inspect(typ.Results, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr: // of a package
			if id, ok := n.X.(*ast.Ident); ok {
				need(id.Name, info.Uses[id])
			}
			return false
		case *ast.Ident: // not the name of a result, which is no use
			if obj := info.Uses[n]; obj != nil {
				need(n.Name, obj)
			}
		}
		return true
	})
	return all
}

func (s *site) hasRename(obj types.Object) bool {
	for _, r := range s.renames {
		if r.obj == obj {
			return true
		}
	}
	return false
}

// renameTo plans a new name for obj, and writes it where the guard has the old one.
func (s *site) renameTo(obj types.Object, name string) {
	s.renames = append(s.renames, rename{obj, name})
	old := obj.Name()
	d := s.fn.Decl()
	if obj.Pos() < d.Pos() || obj.Pos() > s.body.Pos() {
		return // of a function around this one, which the guard does not use
	}
	for i, arg := range s.args {
		if strings.TrimSuffix(arg, "...") == old {
			s.args[i] = name + strings.TrimPrefix(arg, old)
		}
	}
	for i := range s.copies {
		if s.copies[i] == old {
			s.copies[i] = name
		}
	}
	if decl, ok := d.(*ast.FuncDecl); ok && decl.Recv != nil {
		if rest, ok := strings.CutPrefix(s.call, old+"."); ok {
			s.call = name + "." + rest
		}
	}
	if rest, ok := strings.CutPrefix(s.stack, old); ok && (rest == "" || rest[0] == '.') {
		s.stack = name + rest
	}
}

func (s *site) insert(at int, text string) { s.edits = append(s.edits, Edit{at, at, text}) }

func (s *site) replace(id *ast.Ident, name string) {
	from := s.file.offset(id.Pos())
	s.edits = append(s.edits, Edit{from, from + len(id.Name), name})
}

func (s *site) variable(obj types.Object, name string) string {
	if renamed := s.file.renamed[obj]; renamed != "" {
		return renamed
	}
	return name
}

// leaving returns the last of the statements at the start of the function that the guard
// may stand behind; nil if there is none, or it shares a line with what follows.
func (s *site) leaving() (last ast.Stmt) {
	list := s.body.List
	for i := range guard.Leaving(s.file.pkg.TypesInfo, s.body) {
		if i+1 == len(list) || s.file.line(list[i].End()) == s.file.line(list[i+1].Pos()) {
			break
		}
		last = list[i]
	}
	return last
}

// oldGuard returns the guard that a function has for which another is needed: nobody sets
// its handle, or it comes too late. It goes, unless something in front of it finds its
// stack, which would not be used then.
func (s *source) oldGuard(body *ast.BlockStmt) *guard.Guard {
	info := s.pkg.TypesInfo
	for _, g := range guard.Find(info, body, nil) {
		if g.Handle == nil {
			return &g
		}
		local := false
		ast.Inspect(g.Handle, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				pos := g.Stmt.Pos()
				if obj := info.Uses[id]; obj != nil {
					pos = obj.Pos()
				}
				local = local || body.Lbrace < pos && pos < g.Stmt.Pos()
			}
			return true
		})
		if !local {
			return &g
		}
	}
	return nil
}

// recovers reports whether the function itself calls recover.
func recovers(body *ast.BlockStmt) (found bool) {
	if body == nil {
		return false
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "recover" {
				found = true
			}
		}
		return !found
	})
	return found
}
