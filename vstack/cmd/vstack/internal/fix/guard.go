package fix

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// A target is a function that a guard is put into.
type target struct {
	fn    *program.Func
	pkg   *packages.Package
	file  *source
	stack stack
	test  bool // the pointer in front of the stack may be nil
}

// A source is a file that is changed.
type source struct {
	name  string
	text  []byte
	file  *ast.File
	tok   *token.File
	fset  *token.FileSet
	pkg   *packages.Package
	edits []Edit
	lib   string // the name of the library's package in the file
	adds  bool   // the import
}

func (s *source) offset(pos token.Pos) int { return s.tok.Offset(pos) }

func (s *source) slice(n ast.Node) string {
	return string(s.text[s.offset(n.Pos()):s.offset(n.End())])
}

func (s *source) insert(at int, text string) {
	s.edits = append(s.edits, Edit{at, at, text})
}

// self returns how fn's own code can call it, without the arguments; an error
// says why it cannot.
func self(t target, names *names) (string, error) {
	if recovers(t.fn.Body()) {
		return "", fmt.Errorf("it calls recover, which must be called by the function that was deferred itself")
	}
	if lib := t.file.library(); names.own(lib) {
		return "", fmt.Errorf("a parameter has the name of the package %s: rename it", lib)
	}
	if name := hidden(t.fn, names); name != "" {
		return "", fmt.Errorf("the parameter %s hides what the type of a result needs: rename it", name)
	}
	switch d := t.fn.Decl().(type) {
	case *ast.FuncDecl:
		if names.unnamedType {
			return "", fmt.Errorf("it has a type parameter without a name")
		}
		if d.Recv == nil {
			if names.own(d.Name.Name) {
				return "", fmt.Errorf("a parameter or result has its name, so it cannot call itself: rename it")
			}
			return d.Name.Name + typeArgs(d.Type.TypeParams), nil
		}
		return "", nil // needs the name of the receiver
	case *ast.FuncLit:
		lib := t.file.library()
		if scope := t.pkg.TypesInfo.Scopes[d.Type]; scope != nil {
			_, obj := scope.LookupParent(lib, d.Body.Pos())
			if _, ok := obj.(*types.PkgName); obj != nil && !ok {
				return "", fmt.Errorf("a variable has the name of the package %s: rename it", lib)
			}
		}
		if v := assigned(t.pkg.TypesInfo, t.file.file, d); v != nil {
			if names.own(v.Name()) {
				return "", fmt.Errorf("a parameter has the name of the variable %s: rename it", v.Name())
			}
			return v.Name(), nil
		}
		return "", fmt.Errorf("the function literal is not assigned to a variable of its own, so it cannot call itself: move its body into a function with a name, or write var f func(...); f = func(...) {...}")
	}
	return "", fmt.Errorf("it has no body")
}

// hidden returns a parameter that hides a name in the types of the results, which
// a guard writes again in the body: node in func (p *parser) leaf(node int) node.
func hidden(fn *program.Func, names *names) (name string) {
	var results *ast.FieldList
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		results = d.Type.Results
	case *ast.FuncLit:
		results = d.Type.Results
	}
	if results == nil {
		return ""
	}
	for _, field := range results.List {
		ast.Inspect(field.Type, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr: // of a package
				if id, ok := n.X.(*ast.Ident); ok && names.values[id.Name] {
					name = id.Name
				}
				return false
			case *ast.Field: // of a struct, or a parameter: its name is no use of one
				ast.Inspect(n.Type, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && names.values[id.Name] {
						name = id.Name
					}
					return true
				})
				return false
			case *ast.Ident:
				if names.values[n.Name] {
					name = n.Name
				}
			}
			return true
		})
	}
	return name
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

func typeArgs(params *ast.FieldList) string {
	if params == nil {
		return ""
	}
	var args []string
	for _, f := range params.List {
		for _, name := range f.Names {
			args = append(args, name.Name)
		}
	}
	return "[" + strings.Join(args, ", ") + "]"
}

// assigned returns the variable that lit is assigned to, if nothing else is and
// lit can see it.
func assigned(info *types.Info, file *ast.File, lit *ast.FuncLit) *types.Var {
	var v *types.Var
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, e := range n.Rhs {
				if ast.Unparen(e) == ast.Expr(lit) && len(n.Lhs) == len(n.Rhs) && n.Tok == token.ASSIGN {
					if id, ok := n.Lhs[i].(*ast.Ident); ok {
						v, _ = info.Uses[id].(*types.Var)
					}
				}
			}
		}
		return v == nil
	})
	if v == nil || v.Parent() == nil {
		return nil
	}
	// Another assignment might put another function there.
	others := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for _, e := range a.Lhs {
				if id, ok := e.(*ast.Ident); ok && (info.Uses[id] == types.Object(v) || info.Defs[id] == types.Object(v)) {
					others++
				}
			}
		}
		return true
	})
	scope := info.Scopes[lit.Type]
	if others != 1 || scope == nil {
		return nil
	}
	if _, obj := scope.LookupParent(v.Name(), lit.Body.Pos()); obj != types.Object(v) {
		return nil
	}
	return v
}

// names knows which names a function uses.
type names struct {
	used   map[string]bool // anywhere in it
	locals map[string]bool // parameters, results, receiver and type parameters
	values map[string]bool // those but the type parameters

	unnamedType bool // a type parameter is _
}

func newNames(fn *program.Func) *names {
	n := &names{used: map[string]bool{}, locals: map[string]bool{}, values: map[string]bool{}}
	ast.Inspect(fn.Decl(), func(node ast.Node) bool {
		if id, ok := node.(*ast.Ident); ok {
			n.used[id.Name] = true
		}
		return true
	})
	var typ *ast.FuncType
	var lists []*ast.FieldList
	switch d := fn.Decl().(type) {
	case *ast.FuncDecl:
		typ, lists = d.Type, append(lists, d.Recv)
	case *ast.FuncLit:
		typ = d.Type
	}
	for _, list := range append(lists, typ.Params, typ.Results, typ.TypeParams) {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			for _, name := range f.Names {
				n.locals[name.Name] = true
				n.values[name.Name] = n.values[name.Name] || list != typ.TypeParams
				if list == typ.TypeParams && name.Name == "_" {
					n.unnamedType = true
				}
			}
		}
	}
	return n
}

func (n *names) own(name string) bool { return n.locals[name] }

// fresh returns a name that the function does not use.
func (n *names) fresh(name string) string {
	for i := 0; ; i++ {
		s := name
		if i > 0 {
			s = fmt.Sprint(name, i+1)
		}
		if !n.used[s] {
			n.used[s] = true
			return s
		}
	}
}

// write adds the edits that put a guard at the top of t's function.
func (t target) write(lib string) error {
	names := newNames(t.fn)
	call, err := self(t, names)
	if err != nil {
		return err
	}
	body := t.fn.Body()
	var typ *ast.FuncType
	var copies []string
	info, sizes := t.pkg.TypesInfo, t.pkg.TypesSizes
	if sizes == nil {
		sizes = types.SizesFor("gc", "amd64")
	}
	captured := func(id *ast.Ident) {
		if v, ok := info.Defs[id].(*types.Var); ok && guard.Capture(info, sizes, body, v, false) != guard.Free {
			copies = append(copies, id.Name)
		}
	}
	switch d := t.fn.Decl().(type) {
	case *ast.FuncDecl:
		typ = d.Type
		if d.Recv != nil {
			recv := d.Recv.List[0]
			name := ""
			switch {
			case len(recv.Names) == 0:
				name = names.fresh("recv")
				t.file.insert(t.file.offset(recv.Type.Pos()), name+" ")
			case recv.Names[0].Name == "_":
				name = names.fresh("recv")
				t.rename(recv.Names[0], name)
			default:
				name = recv.Names[0].Name
				captured(recv.Names[0])
			}
			call = name + "." + d.Name.Name
		}
	case *ast.FuncLit:
		typ = d.Type
	}

	var args []string
	for _, field := range typ.Params.List {
		dots := ""
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			dots = "..."
		}
		if len(field.Names) == 0 {
			name := names.fresh("arg")
			t.file.insert(t.file.offset(field.Pos()), name+" ")
			args = append(args, name+dots)
		}
		for _, id := range field.Names {
			name := id.Name
			if name == "_" {
				name = names.fresh("arg")
				t.rename(id, name)
			} else {
				captured(id)
			}
			args = append(args, name+dots)
		}
	}
	call += "(" + strings.Join(args, ", ") + ")"

	var results []string
	if typ.Results != nil {
		for _, field := range typ.Results.List {
			for range max(1, len(field.Names)) {
				results = append(results, t.file.slice(field.Type))
			}
		}
	}

	s := t.stack.expr
	var lines []string
	switch {
	case t.stack.context:
		s = names.fresh("stack")
		lines = append(lines, fmt.Sprintf("if %s, _ := %s.FromContext(%s); %[1]s.Low() {", s, lib, t.stack.expr))
	case t.test:
		lines = append(lines, fmt.Sprintf("if %s != nil && %s.Low() {", t.stack.behind.name, s))
	default:
		lines = append(lines, fmt.Sprintf("if %s.Low() {", s))
	}
	for _, name := range copies {
		lines = append(lines, fmt.Sprintf("\t%s := %[1]s", name))
	}
	switch len(results) {
	case 0:
		lines = append(lines, fmt.Sprintf("\t%s.Grow(func() { %s })", s, call), "\treturn")
	case 1:
		lines = append(lines, fmt.Sprintf("\treturn %s.Grow(%s, func() %s { return %s })", lib, s, results[0], call))
	case 2:
		lines = append(lines, fmt.Sprintf("\treturn %s.Grow2(%s, func() (%s) { return %s })", lib, s, strings.Join(results, ", "), call))
	default:
		// More results than Grow2 has go through a small struct.
		r := names.fresh("r")
		var fields, values []string
		for i, typ := range results {
			fields = append(fields, fmt.Sprintf("r%d %s", i, typ))
			values = append(values, fmt.Sprintf("%s.r%d", r, i))
		}
		lines = append(lines,
			fmt.Sprintf("\tvar %s struct {", r),
			"\t\t"+strings.Join(fields, "\n\t\t"),
			"\t}",
			fmt.Sprintf("\t%s.Grow(func() { %s = %s })", s, strings.Join(values, ", "), call),
			"\treturn "+strings.Join(values, ", "))
	}
	lines = append(lines, "}")
	t.place(body, strings.Join(lines, "\n"))
	return nil
}

func (t target) rename(id *ast.Ident, name string) {
	from := t.file.offset(id.Pos())
	t.file.edits = append(t.file.edits, Edit{from, from + len(id.Name), name})
}

// place puts the text as the first statement of body.
func (t target) place(body *ast.BlockStmt, text string) {
	src := t.file.text
	open, end := t.file.offset(body.Lbrace), t.file.offset(body.Rbrace)
	line := lineStart(src, open)
	indent := string(src[line : line+len(src[line:])-len(bytes.TrimLeft(src[line:], " \t"))])
	if closing := lineStart(src, end); len(bytes.TrimSpace(src[closing:end])) == 0 {
		indent = string(src[closing:end])
	}
	text = "\n" + indent + "\t" + strings.ReplaceAll(text, "\n", "\n"+indent+"\t")

	lineEnd := len(src)
	if i := bytes.IndexByte(src[open:], '\n'); i >= 0 {
		lineEnd = open + i
	}
	first := end
	if len(body.List) > 0 {
		first = t.file.offset(body.List[0].Pos())
	}
	switch {
	case end < lineEnd:
		// A function on one line gets more.
		from := open + 1
		to := from + len(src[from:end]) - len(bytes.TrimLeft(src[from:end], " \t"))
		t.file.edits = append(t.file.edits, Edit{from, to, text + "\n" + indent + "\t"})
		last := from + len(bytes.TrimRight(src[from:end], " \t"))
		if last <= to {
			last = to
		}
		t.file.edits = append(t.file.edits, Edit{last, end, "\n" + indent})
	case first < lineEnd:
		t.file.edits = append(t.file.edits, Edit{open + 1, first, text + "\n" + indent + "\t"})
	default:
		// After a comment on the line of the brace, if there is one.
		at := open + 1 + len(bytes.TrimRight(src[open+1:lineEnd], " \t\r"))
		t.file.insert(at, text)
	}
}

func lineStart(src []byte, at int) int { return bytes.LastIndexByte(src[:at], '\n') + 1 }
