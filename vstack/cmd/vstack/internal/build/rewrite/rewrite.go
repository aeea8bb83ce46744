// Package rewrite puts guards into the text of Go files, for vstack build.
//
// Every line keeps its number: a guard stands on the line of its function's
// opening brace, or where the statements end that it goes behind, the import on the package clause's line, and the functions that
// guards call behind the last line, with //line directives that name the line of
// the function that they go on with.
package rewrite

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// A Func says which function of a file is meant.
type Func struct {
	Name string // as in Name; "" for a function literal
	Line int    // of the word func
	Col  int    // its column in bytes; 0 if it is not known
	Skip int    // statements at its start that the guard goes behind; none in File.Derived, where others may stand
}

// A File is a file to be rewritten.
type File struct {
	Name  string // for messages
	Text  []byte
	Funcs []Func // that get a guard
	// Imports are imported for their effect too.
	Imports []string
	// Serve is the path of a package that is imported too, and Address what is given
	// to its function BuildServe when the program starts.
	Serve, Address string
	// Derived is what a tool has made of Text, if not nil: it gets the guards then.
	Derived []byte
}

// A Left is a function that got no guard.
type Left struct {
	Func
	Reason string
}

// pkg is the name under which a rewritten file imports package runtime. Every
// name that is added to a program starts with vstack, so that none is hidden.
const pkg = "vstackRT"

// Rewrite returns the text with guards, and the functions that it could put none
// into.
func Rewrite(f File) (text []byte, left []Left, err error) {
	w, err := newWriter(f.Name, f.Text)
	if err != nil {
		return nil, nil, err
	}
	nodes := make([]ast.Node, len(f.Funcs))
	for i, fn := range f.Funcs {
		nodes[i] = w.find(fn)
	}
	skip := func(fn Func) int { return fn.Skip }
	if f.Derived != nil {
		derived, err := newWriter(f.Name, f.Derived)
		if err != nil {
			return nil, nil, err
		}
		for i, n := range nodes {
			nodes[i] = w.same(n, derived)
		}
		skip = func(Func) int { return 0 }
		w = derived
	}
	file := w.file
	guards := 0
	for i, n := range nodes {
		fn := f.Funcs[i]
		if n == nil {
			left = append(left, Left{fn, "the function is not in the file"})
			continue
		}
		if reason := Unfit(w.tok, file, n); reason != "" {
			left = append(left, Left{fn, reason})
			continue
		}
		if reason := w.guard(n, skip(fn)); reason != "" {
			left = append(left, Left{fn, reason})
			continue
		}
		guards++
	}
	head := ""
	if guards > 0 {
		head += "; import " + pkg + ` "runtime"`
	}
	for _, path := range f.Imports {
		head += "; import _ " + strconv.Quote(path)
	}
	if f.Serve != "" {
		head += "; import vstackServe " + strconv.Quote(f.Serve)
		fmt.Fprintf(&w.tail, "func init() { vstackServe.BuildServe(%q) }\n", f.Address)
	}
	if head != "" {
		w.insert(file.Name.End(), head)
	}
	return w.finish(), left, nil
}

// A writer collects the edits of one file.
type writer struct {
	text  []byte
	tok   *token.File
	file  *ast.File
	edits []edit
	tail  bytes.Buffer // functions behind the last line
	count int
}

func newWriter(name string, text []byte) (*writer, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &writer{text: text, tok: fset.File(file.FileStart), file: file}, nil
}

type edit struct {
	at   int
	end  int
	text string
}

func (w *writer) insert(at token.Pos, text string) {
	w.edits = append(w.edits, edit{w.tok.Offset(at), w.tok.Offset(at), text})
}

func (w *writer) replace(n ast.Node, text string) {
	w.edits = append(w.edits, edit{w.tok.Offset(n.Pos()), w.tok.Offset(n.End()), text})
}

func (w *writer) slice(n ast.Node) string {
	return string(w.text[w.tok.Offset(n.Pos()):w.tok.Offset(n.End())])
}

// line returns the physical line, whatever //line says.
func (w *writer) line(p token.Pos) int { return w.tok.PositionFor(p, false).Line }

// same returns the function of the other writer's text that is n in this one's: the
// declaration of the same name, or the literal with as many before it.
func (w *writer) same(n ast.Node, other *writer) (found ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		for _, decl := range other.file.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && Name(d) == Name(n) {
				return d
			}
		}
	case *ast.FuncLit:
		count := 0
		ast.Inspect(w.file, func(node ast.Node) bool {
			if lit, ok := node.(*ast.FuncLit); ok && lit.Pos() < n.Pos() {
				count++
			}
			return true
		})
		ast.Inspect(other.file, func(node ast.Node) bool {
			if lit, ok := node.(*ast.FuncLit); ok {
				if count == 0 && found == nil {
					found = lit
				}
				count--
			}
			return true
		})
	}
	return found
}

func (w *writer) column(p token.Pos) int { return w.tok.PositionFor(p, false).Column }

func (w *writer) finish() []byte {
	slices.SortStableFunc(w.edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out bytes.Buffer
	at := 0
	for _, e := range w.edits {
		out.Write(w.text[at:e.at])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(w.text[at:])
	if w.tail.Len() > 0 {
		if !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
			out.WriteByte('\n')
		}
		out.Write(w.tail.Bytes())
	}
	return out.Bytes()
}

// find returns the *ast.FuncDecl or *ast.FuncLit that fn means. Columns of files
// that cgo or another tool has changed may be off, so the nearest one on the line
// counts.
func (w *writer) find(fn Func) (found ast.Node) {
	best := -1
	ast.Inspect(w.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if fn.Name != "" && Name(n) == fn.Name && w.line(n.Pos()) == fn.Line {
				found = n
			}
		case *ast.FuncLit:
			if fn.Name == "" && w.line(n.Pos()) == fn.Line {
				far := max(w.column(n.Pos())-fn.Col, fn.Col-w.column(n.Pos()))
				if best < 0 || far < best {
					found, best = n, far
				}
			}
		}
		return true
	})
	return found
}

// Name returns the name of a declared function, with its receiver's type.
func Name(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// Unfit says why a function cannot have a guard; "" if it can. n is an
// *ast.FuncDecl or an *ast.FuncLit.
func Unfit(tok *token.File, file *ast.File, n ast.Node) string {
	var body *ast.BlockStmt
	switch d := n.(type) {
	case *ast.FuncDecl:
		body = d.Body
		if d.Name.Name == "init" && d.Recv == nil || d.Name.Name == "main" && d.Recv == nil && file.Name.Name == "main" {
			return "nothing can call it"
		}
		if d.Name.Name == "_" {
			return "it has no name"
		}
		if word := directive(d); word != "" {
			return "it is marked //go:" + word
		}
		if d.Recv != nil && blank(d.Recv.List[0].Type) || d.Type.TypeParams != nil && blank(d.Type.TypeParams) {
			return "a type parameter has no name"
		}
	case *ast.FuncLit:
		body = d.Body
	}
	if body == nil {
		return "it has no body in Go"
	}
	if recovers(body) {
		return "it calls recover, which only the function that was deferred itself may do"
	}
	return ""
}

// unfit are compiler directives of functions that must not call what may need a
// larger stack or another goroutine.
var unfit = []string{"nosplit", "systemstack", "nowritebarrier", "nowritebarrierrec", "yeswritebarrierrec", "uintptrescapes", "uintptrkeepalive", "noescape", "registerparams"}

func directive(d *ast.FuncDecl) string {
	if d.Doc == nil {
		return ""
	}
	for _, c := range d.Doc.List {
		rest, ok := strings.CutPrefix(c.Text, "//go:")
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(rest, " ")
		if slices.Contains(unfit, strings.TrimSpace(word)) {
			return strings.TrimSpace(word)
		}
	}
	return ""
}

// blank reports whether a blank identifier is in n.
func blank(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "_" {
			found = true
		}
		return true
	})
	return found
}

func recovers(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "recover" && len(n.Args) == 0 {
				found = true
			}
		}
		return !found
	})
	return found
}

// guard puts a guard into the function, behind the first skip statements. It returns why
// it could not.
func (w *writer) guard(n ast.Node, skip int) string {
	switch d := n.(type) {
	case *ast.FuncDecl:
		return w.guardDecl(d, skip)
	case *ast.FuncLit:
		return w.guardLit(d, skip)
	}
	return "it is no function"
}

// low inserts the test, on the line where the statement before it ends.
func (w *writer) low(body *ast.BlockStmt, skip int, call string, results bool) {
	leave := "; return"
	if results {
		call, leave = "return "+call, ""
	}
	text := fmt.Sprintf(" if %s.VstackLow() { %s%s };", pkg, call, leave)
	if skip == 0 || skip > len(body.List) {
		w.insert(body.Lbrace+1, text)
		return
	}
	w.insert(body.List[skip-1].End(), ";"+text)
}

// A param is a parameter of the function: its name there, and its type as text.
type param struct{ name, typ string }

// params returns the parameters. It gives names to those that have none, in the
// text of the function.
func (w *writer) params(list *ast.FieldList) (params []param, variadic bool) {
	if list == nil {
		return nil, false
	}
	for _, field := range list.List {
		typ := w.slice(field.Type)
		if e, ok := field.Type.(*ast.Ellipsis); ok {
			typ, variadic = "[]"+w.slice(e.Elt), true
		}
		if len(field.Names) == 0 {
			name := w.fresh()
			w.insert(field.Type.Pos(), name+" ")
			params = append(params, param{name, typ})
			continue
		}
		for _, id := range field.Names {
			name := id.Name
			if name == "_" {
				name = w.fresh()
				w.replace(id, name)
			}
			params = append(params, param{name, typ})
		}
	}
	return params, variadic
}

func (w *writer) fresh() string {
	w.count++
	return fmt.Sprintf("vstackP%d", w.count)
}

// results returns the types of the results as text.
func (w *writer) results(list *ast.FieldList) (types []string) {
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		for range max(len(field.Names), 1) {
			types = append(types, w.slice(field.Type))
		}
	}
	return types
}

// guardDecl guards a declared function:
//
//	func (p *parser) expr(min int) (Node, error) { if vstackRT.VstackLow() { return vstackGrow1(p, min) };
//
// and behind the last line
//
//	//go:noinline
//	func vstackGrow1(vstackA0 *parser, vstackA1 int) (vstackR0 Node, vstackR1 error) {
//		vstackRT.VstackGrow(func() { vstackR0, vstackR1 = vstackA0.expr(vstackA1) }); return }
//
// A function of its own keeps the closure, and what it captures, out of the
// function's fast path: captured results and parameters that are assigned to would
// be moved to the heap on every call. Its own parameters are never assigned to. It
// names types where nothing hides them.
func (w *writer) guardDecl(d *ast.FuncDecl, skip int) string {
	before, count := len(w.edits), w.count
	recv, _ := w.params(d.Recv)
	params, variadic := w.params(d.Type.Params)
	results := w.results(d.Type.Results)
	names := map[string]bool{pkg: true}
	for _, p := range append(slices.Clone(recv), params...) {
		names[p.name] = true
	}
	if d.Type.Results != nil {
		for _, field := range d.Type.Results.List {
			for _, id := range field.Names {
				names[id.Name] = true
			}
		}
	}

	// The name is the package's own: no two functions of a package are called the
	// same, in whatever file.
	grow := "vstackGrow_" + d.Name.Name
	if typ, name, ok := strings.Cut(Name(d), "."); ok {
		grow = fmt.Sprintf("vstackGrow%d_%s_%s", len(typ), typ, name)
	}

	var args []string // of the call to the helper
	var formal []string
	typeParams := ""
	method := false
	call := d.Name.Name
	switch {
	case len(recv) == 1 && generic(d.Recv.List[0].Type):
		// The helper of a generic type's method is a method itself: the type's
		// constraints may be written in another file.
		method = true
		call = "vstackA0." + call
	case len(recv) == 1:
		args = append(args, recv[0].name)
		formal = append(formal, "vstackA0 "+recv[0].typ)
		call = "vstackA0." + call
	case d.Type.TypeParams != nil:
		typeParams = w.slice(d.Type.TypeParams)
		call += typeArgs(d.Type.TypeParams)
	}
	var inner []string // of the call in the helper
	for i, p := range params {
		a := fmt.Sprintf("vstackA%d", i+1)
		args = append(args, p.name)
		formal = append(formal, a+" "+p.typ)
		inner = append(inner, a)
	}
	if variadic {
		inner[len(inner)-1] += "..."
	}
	target := grow
	if method {
		target = recv[0].name + "." + grow
	}
	if d.Type.TypeParams != nil {
		target += typeArgs(d.Type.TypeParams)
	}
	if names[grow] {
		w.edits, w.count = w.edits[:before], count
		return "a parameter has the name " + grow
	}

	w.low(d.Body, skip, fmt.Sprintf("%s(%s)", target, strings.Join(args, ", ")), len(results) > 0)

	var named, rs []string
	for i, t := range results {
		rs = append(rs, fmt.Sprintf("vstackR%d", i))
		named = append(named, fmt.Sprintf("vstackR%d %s", i, t))
	}
	body := fmt.Sprintf("%s(%s)", call, strings.Join(inner, ", "))
	if len(rs) > 0 {
		body = strings.Join(rs, ", ") + " = " + body
	}
	head := grow + typeParams
	if method {
		head = fmt.Sprintf("(vstackA0 %s) %s", recv[0].typ, grow)
	}
	// The directive takes a line of its own, the one before.
	if line := w.tok.Position(d.Body.Lbrace).Line; line > 1 {
		fmt.Fprintf(&w.tail, "//line :%d:1\n//go:noinline\n", line-1)
	}
	fmt.Fprintf(&w.tail, "func %s(%s) (%s) { %s.VstackGrow(func() { %s }); return }\n",
		head, strings.Join(formal, ", "), strings.Join(named, ", "), pkg, body)
	return ""
}

func generic(recv ast.Expr) bool {
	for {
		switch x := recv.(type) {
		case *ast.StarExpr:
			recv = x.X
		case *ast.ParenExpr:
			recv = x.X
		case *ast.IndexExpr, *ast.IndexListExpr:
			return true
		default:
			return false
		}
	}
}

func typeArgs(list *ast.FieldList) string {
	var names []string
	for _, field := range list.List {
		for _, id := range field.Names {
			names = append(names, id.Name)
		}
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// guardLit guards a function literal. It has no name to call itself by, so it gets
// one where it stands:
//
//	func() func(n *node) int { var vstackSelf func(n *node) int; vstackSelf = func(n *node) int { guard; ... }; return vstackSelf }()
//
// The closure that goes on is made by a function beside it, where no parameter
// hides the types.
func (w *writer) guardLit(d *ast.FuncLit, skip int) string {
	w.count++
	self := fmt.Sprintf("vstackSelf%d", w.count)
	grow := fmt.Sprintf("vstackGrow%d", w.count)
	results := w.results(d.Type.Results)
	params, variadic := w.params(d.Type.Params)
	// The type once more, on one line.
	if strings.Contains(w.slice(d.Type), "//") {
		return "there is a comment in the literal's type"
	}
	typ := flat(w.slice(d.Type))
	var formal, inner, args, named, rs []string
	for i, p := range params {
		a := fmt.Sprintf("vstackA%d", i+1)
		formal = append(formal, a+" "+flat(p.typ))
		inner = append(inner, a)
		args = append(args, p.name)
	}
	if variadic {
		inner[len(inner)-1] += "..."
	}
	for i, t := range results {
		rs = append(rs, fmt.Sprintf("vstackR%d", i))
		named = append(named, fmt.Sprintf("vstackR%d %s", i, flat(t)))
	}
	body := fmt.Sprintf("%s(%s)", self, strings.Join(inner, ", "))
	if len(rs) > 0 {
		body = strings.Join(rs, ", ") + " = " + body
	}
	w.insert(d.Pos(), fmt.Sprintf("func() %s { var %s %s; %s := func(%s) (%s) { %s.VstackGrow(func() { %s }); return }; %s = ",
		typ, self, typ, grow, strings.Join(formal, ", "), strings.Join(named, ", "), pkg, body, self))
	w.low(d.Body, skip, fmt.Sprintf("%s(%s)", grow, strings.Join(args, ", ")), len(results) > 0)
	w.insert(d.End(), fmt.Sprintf("; return %s }()", self))
	return ""
}

// flat puts the text of a type on one line.
func flat(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var out []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if n := len(out); n > 0 && line != "" && !strings.HasSuffix(out[n-1], "{") &&
			!strings.HasSuffix(out[n-1], "(") && !strings.HasSuffix(out[n-1], ",") && !strings.HasPrefix(line, ")") {
			out[n-1] += ";"
		}
		out = append(out, line)
	}
	return strings.Join(out, " ")
}
