// Package fix writes guards into the functions of a program.
package fix

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// A Change is what to do to a program's files.
type Change struct {
	Files  []File
	Guards []Guard
	Fields []Added
	Unused []Field // were not added: no guard uses them
	Left   []Left  // what stays without a guard
}

// A File is a file before and after.
type File struct {
	Name   string
	Before []byte
	After  []byte
	Edits  []Edit // of Before; After may be formatted too
	file   *token.File
}

// Pos returns the position of an offset in Before.
func (f File) Pos(offset int) token.Pos { return f.file.Pos(offset) }

// Diff returns a unified diff under this name.
func (f File) Diff(name string) string {
	before, after := string(f.Before), string(f.After)
	// From the edits, unless formatting did more: udiff compares no further than
	// a hundred changed lines, and then takes the rest as one change.
	edits := f.lines()
	if got, err := udiff.Apply(before, edits); err != nil || got != after {
		edits = udiff.Lines(before, after)
	}
	diff, err := udiff.ToUnified("a/"+name, "b/"+name, before, edits, udiff.DefaultContextLines)
	if err != nil {
		return udiff.Unified("a/"+name, "b/"+name, before, after)
	}
	return diff
}

// lines returns the edits as edits of whole lines, without those that stay.
func (f File) lines() (edits []udiff.Edit) {
	for i := 0; i < len(f.Edits); {
		from, to := lineStart(f.Before, f.Edits[i].From), 0
		var text []byte
		at := from
		// All that are on the same lines.
		for ; i < len(f.Edits) && (to == 0 || f.Edits[i].From < to); i++ {
			e := f.Edits[i]
			text = append(append(text, f.Before[at:e.From]...), e.Text...)
			at = e.To
			to = len(f.Before)
			if n := bytes.IndexByte(f.Before[at:], '\n'); n >= 0 {
				to = at + n + 1
			}
		}
		text = append(text, f.Before[at:to]...)
		for n := lineEnd(text); n > 0 && bytes.HasPrefix(f.Before[from:to], text[:n]); n = lineEnd(text) {
			from, text = from+n, text[n:]
		}
		if rest, ok := bytes.CutSuffix(text, f.Before[from:to]); ok && (len(rest) == 0 || rest[len(rest)-1] == '\n') {
			text, to = rest, from
		}
		edits = append(edits, udiff.Edit{Start: from, End: to, New: string(text)})
	}
	return edits
}

// lineEnd returns the length of the first line with its newline; 0 without one.
func lineEnd(text []byte) int { return bytes.IndexByte(text, '\n') + 1 }

// An Edit replaces what is between two offsets.
type Edit struct {
	From, To int
	Text     string
}

// A Guard is one that was written.
type Guard struct {
	Func      *program.Func
	Stack     string // the expression it uses
	Context   bool   // it looks the stack up in a context on every call
	Generated bool   // the file says that it is generated
}

// Added is a field that was added to a type.
type Added struct {
	Field Field
	Pos   token.Pos   // of the type
	Made  []token.Pos // where values of the type are made
}

// Left is a cycle that has ways round without a guard.
type Left struct {
	Cycle   *recursion.Cycle
	Missing []Missing
	Fields  []string    // each is what -plumb takes to make it possible, the best first
	Unkeyed []token.Pos // without Fields: where structs are made that could have one if their fields were named
}

// Missing is a guard that could not be written, and why.
type Missing struct {
	Func *program.Func
	Why  string
}

// outOfReach starts the reason that a field or a parameter mends.
const outOfReach = "no *vstack.Stack is in reach"

// Reach reports whether all that is missing is a stack.
func (m Missing) Reach() bool { return strings.HasPrefix(m.Why, outOfReach) }

type fixer struct {
	program *program.Program
	fields  []Field
	files   map[string]*source
	change  *Change

	positional map[*types.Named]token.Pos
}

// Weights for the choice of functions to guard: first of all one that can have
// a guard, then few, then cheap ones.
const (
	one      = 1000
	noStack  = 1_000_000
	noSource = 1_000_000_000
)

// Plan finds where guards are needed for the unguarded cycles of r. fields are
// those that it may add.
func Plan(p *program.Program, r *recursion.Result, fields []Field) (*Change, error) {
	f := &fixer{program: p, fields: fields, files: map[string]*source{}, change: &Change{}}
	if err := f.checkFields(); err != nil {
		return nil, err
	}
	used := map[Field]bool{}
	done := map[*program.Func]bool{}
	for _, c := range r.Cycles {
		if c.Status != recursion.Unguarded {
			continue
		}
		left := Left{Cycle: c}
		for _, fn := range f.choose(c, f.fields) {
			if done[fn] {
				continue
			}
			done[fn] = true
			if why := f.guard(fn, used); why != "" {
				left.Missing = append(left.Missing, Missing{fn, why})
			}
		}
		if len(left.Missing) > 0 {
			if left.Fields = f.suggest(c); left.Fields == nil {
				left.Unkeyed = f.unkeyedOf(left.Missing)
			}
			f.change.Left = append(f.change.Left, left)
		}
	}
	for _, field := range f.fields {
		if used[field] {
			if err := f.addField(field); err != nil {
				return nil, err
			}
		} else if !f.has(field) {
			f.change.Unused = append(f.change.Unused, field)
		}
	}
	for _, s := range f.files {
		file, err := s.finish()
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(file.Before, file.After) {
			f.change.Files = append(f.change.Files, file)
		}
	}
	slices.SortFunc(f.change.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return f.change, nil
}

// choose returns the smallest set of functions that is on every way round c.
func (f *fixer) choose(c *recursion.Cycle, fields []Field) []*program.Func {
	weights := make([]int, len(c.Funcs))
	for i, fn := range c.Funcs {
		weights[i] = f.weight(fn, fields)
	}
	set, _ := c.Graph().FeedbackVertexSet(func(v int) int { return weights[v] })
	fns := make([]*program.Func, len(set))
	for i, v := range set {
		fns[i] = c.Funcs[v]
	}
	return fns
}

// weight says how much a guard in fn is to be avoided.
func (f *fixer) weight(fn *program.Func, fields []Field) int {
	if !f.editable(fn) {
		return noSource
	}
	t := target{fn: fn, pkg: f.program.Source[fn.Pkg], file: f.source(fn)}
	s, ok := find(fn, visible(f.program, fn), fields)
	if !ok {
		return noStack
	}
	if _, err := self(t, newNames(fn)); err != nil {
		return noStack
	}
	w := one + s.cost*50
	if ast.IsGenerated(t.file.file) {
		w += 2 * one
	}
	// The guard of a large function weighs less beside its own work.
	n := 0
	for _, b := range fn.SSA.Blocks {
		n += len(b.Instrs)
	}
	return w + 100 - min(n/4, 100)
}

// editable reports whether fn is in a file of the packages that were named.
func (f *fixer) editable(fn *program.Func) bool {
	return fn.Body() != nil && f.source(fn) != nil
}

// source returns the file that fn is in; nil if it must not be changed.
func (f *fixer) source(fn *program.Func) *source {
	pkg := f.program.Source[fn.Pkg]
	if pkg == nil || !slices.ContainsFunc(f.program.Packages, func(p *packages.Package) bool { return p.Types == fn.Pkg }) {
		return nil
	}
	return f.fileAt(pkg, fn.Pos())
}

func (f *fixer) fileAt(pkg *packages.Package, pos token.Pos) *source {
	tok := f.program.Fset.File(pos)
	if tok == nil {
		return nil
	}
	name := tok.Name()
	if s, ok := f.files[name]; ok {
		return s
	}
	f.files[name] = nil
	if !slices.Contains(pkg.GoFiles, name) {
		return nil // made by cgo
	}
	for _, file := range pkg.Syntax {
		if f.program.Fset.File(file.FileStart) != tok {
			continue
		}
		text, ok := f.program.Overlay[name]
		if !ok {
			var err error
			if text, err = os.ReadFile(name); err != nil {
				return nil
			}
		}
		if len(text) != tok.Size() {
			return nil // it has changed meanwhile
		}
		s := &source{name: name, text: text, file: file, tok: tok, fset: f.program.Fset, pkg: pkg}
		f.files[name] = s
		return s
	}
	return nil
}

// guard writes a guard into fn, or says why not.
func (f *fixer) guard(fn *program.Func, used map[Field]bool) string {
	if fn.Wrapper() || !f.editable(fn) {
		return "it is not in a file of the packages named on the command line"
	}
	t := target{fn: fn, pkg: f.program.Source[fn.Pkg], file: f.source(fn)}
	if _, err := self(t, newNames(fn)); err != nil {
		return err.Error()
	}
	s, ok := find(fn, visible(f.program, fn), f.fields)
	if !ok {
		return outOfReach + ": " + nearly(fn, visible(f.program, fn))
	}
	t.stack = s
	t.test = s.behind != nil && mayBeNil(f.program, fn, *s.behind)
	if err := t.write(t.file.library()); err != nil {
		return err.Error()
	}
	if s.context || len(resultsOf(fn)) == 1 || len(resultsOf(fn)) == 2 {
		t.file.adds = true
	}
	for i, field := range f.fields {
		without, ok := find(fn, visible(f.program, fn), slices.Delete(slices.Clone(f.fields), i, i+1))
		if !ok || without.expr != s.expr {
			used[field] = true
		}
	}
	f.change.Guards = append(f.change.Guards, Guard{fn, s.expr, s.context, ast.IsGenerated(t.file.file)})
	return ""
}

func resultsOf(fn *program.Func) []*types.Var {
	var vars []*types.Var
	for v := range fn.SSA.Signature.Results().Variables() {
		vars = append(vars, v)
	}
	return vars
}

// suggest returns fields that would let every way round c have a guard: one
// field each if one is enough, else several together. None if that is not
// enough either.
func (f *fixer) suggest(c *recursion.Cycle) []string {
	count := map[*types.Named]int{}
	var candidates []*types.Named
	for _, fn := range c.Funcs {
		if !f.editable(fn) {
			continue
		}
		for _, v := range visible(f.program, fn) {
			named, ok := types.Unalias(pointee(v.obj.Type())).(*types.Named)
			if !ok {
				continue
			}
			if named = named.Origin(); count[named] == 0 && f.canHaveField(named) {
				candidates = append(candidates, named)
			}
			count[named]++
		}
	}
	slices.SortStableFunc(candidates, func(a, b *types.Named) int { return count[b] - count[a] })
	candidates = candidates[:min(len(candidates), 24)]

	// missing counts the functions that still go round without one that has a stack:
	// none, and all can be guarded.
	g := c.Graph()
	var without []int
	for i, fn := range c.Funcs {
		if f.weight(fn, f.fields) >= noStack {
			without = append(without, i)
		}
	}
	missing := func(fields []Field) (n int) {
		left := make([]bool, len(g))
		for _, i := range without {
			left[i] = f.weight(c.Funcs[i], fields) >= noStack
		}
		for _, component := range g.Components(func(v int) bool { return left[v] }) {
			n += len(component)
		}
		return n
	}
	// help returns the field of t that leaves the fewest functions missing: one
	// that is exported only if other packages need it.
	help := func(fields []Field, t *types.Named) (best Field, left int) {
		left = -1
		for _, names := range [][]string{{"stack", "vstack", "callStack"}, {"Stack", "VStack", "CallStack"}} {
			i := slices.IndexFunc(names, func(name string) bool {
				obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(t), true, t.Obj().Pkg(), name)
				return obj == nil
			})
			if i < 0 {
				continue
			}
			field := Field{t.Obj().Pkg().Path() + "." + t.Obj().Name(), names[i]}
			if n := missing(append(slices.Clone(fields), field)); left < 0 || n < left {
				best, left = field, n
			}
		}
		return best, left
	}
	var found []string
	for _, t := range candidates {
		if field, left := help(f.fields, t); left == 0 {
			if found = append(found, f.typeName(t)+"."+field.Name); len(found) == 3 {
				break
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	// Several together: whatever helps most, until nothing is missing.
	fields := slices.Clone(f.fields)
	left := missing(fields)
	for left > 0 {
		var best *types.Named
		var with Field
		for _, t := range candidates {
			if field, n := help(fields, t); n >= 0 && n < left {
				best, with, left = t, field, n
			}
		}
		if best == nil {
			return nil
		}
		fields = append(fields, with)
		found = append(found, f.typeName(best)+"."+with.Name)
	}
	// What helped at first may not be needed with the others.
	for i := len(found) - 1; i >= 0; i-- {
		k := len(f.fields) + i
		if fewer := slices.Delete(slices.Clone(fields), k, k+1); missing(fewer) == 0 {
			fields, found = fewer, slices.Delete(found, i, i+1)
		}
	}
	return []string{strings.Join(found, ",")}
}

// canHaveField reports whether a field can be added to t: it is a struct of the
// packages named on the command line, and every value of it is made with the
// names of its fields.
func (f *fixer) canHaveField(t *types.Named) bool {
	if structType(t.Obj()) == nil {
		return false
	}
	if !slices.ContainsFunc(f.program.Packages, func(p *packages.Package) bool { return p.Types == t.Obj().Pkg() }) {
		return false
	}
	return !f.unkeyed(t).IsValid()
}

// unkeyedOf returns where structs that the functions could keep a stack in are
// made without the names of their fields.
func (f *fixer) unkeyedOf(missing []Missing) (sites []token.Pos) {
	for _, m := range missing {
		if !m.Reach() {
			continue
		}
		for _, v := range visible(f.program, m.Func) {
			named, ok := types.Unalias(pointee(v.obj.Type())).(*types.Named)
			if !ok || structType(named.Obj()) == nil {
				continue
			}
			if pos := f.unkeyed(named); pos.IsValid() && !slices.Contains(sites, pos) {
				sites = append(sites, pos)
			}
		}
	}
	return sites
}

func pointee(t types.Type) types.Type {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		return ptr.Elem()
	}
	return t
}

// unkeyed returns where a value of t is made without the names of its fields.
func (f *fixer) unkeyed(t *types.Named) token.Pos {
	if f.positional == nil {
		f.positional = map[*types.Named]token.Pos{}
		for _, pkg := range f.program.Packages {
			for _, file := range pkg.Syntax {
				ast.Inspect(file, func(n ast.Node) bool {
					lit, ok := n.(*ast.CompositeLit)
					if !ok || len(lit.Elts) == 0 {
						return true
					}
					if _, keyed := lit.Elts[0].(*ast.KeyValueExpr); !keyed {
						made := types.Unalias(pkg.TypesInfo.TypeOf(lit))
						if ptr, ok := made.(*types.Pointer); ok {
							made = types.Unalias(ptr.Elem())
						}
						if named, ok := made.(*types.Named); ok {
							f.positional[named.Origin()] = lit.Pos()
						}
					}
					return true
				})
			}
		}
	}
	return f.positional[t.Origin()]
}

// typeName returns the name of t as -plumb takes it: with its import path if
// another type of the program has the name.
func (f *fixer) typeName(t *types.Named) string {
	name, n := t.Obj().Name(), 0
	for _, pkg := range f.program.Packages {
		if structType(pkg.Types.Scope().Lookup(name)) != nil {
			n++
		}
	}
	if n > 1 {
		return t.Obj().Pkg().Path() + "." + name
	}
	return name
}

// checkFields makes sure that each field's type is one struct of the packages,
// and that it has no other field of the name.
func (f *fixer) checkFields() error {
	defer func() {
		seen := map[Field]bool{}
		f.fields = slices.DeleteFunc(slices.Clone(f.fields), func(field Field) bool {
			again := seen[field]
			seen[field] = true
			return again
		})
	}()
	for i, field := range f.fields {
		var matching []string
		for _, pkg := range f.program.Packages {
			for _, name := range pkg.Types.Scope().Names() {
				named := structType(pkg.Types.Scope().Lookup(name))
				if named == nil || !field.matches(named) {
					continue
				}
				matching = append(matching, pkg.Types.Path()+"."+name)
				obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, pkg.Types, field.Name)
				if obj != nil && !guard.IsStack(obj.Type()) {
					return fmt.Errorf("-plumb %s.%s: the type has %s %s; choose another name", field.Type, field.Name, field.Name, obj.Type())
				}
				if pos := f.unkeyed(named); pos.IsValid() {
					return fmt.Errorf("-plumb %s.%s: %s makes one without the names of its fields; write them first", field.Type, field.Name, f.program.Fset.Position(pos))
				}
			}
		}
		switch len(matching) {
		case 0:
			return fmt.Errorf("-plumb %s.%s: no struct type %s in the packages named on the command line%s", field.Type, field.Name, field.Type, f.instead(field))
		case 1:
			f.fields[i].Type = matching[0]
		default:
			return fmt.Errorf("-plumb %s.%s: there are %s; write the one with its import path", field.Type, field.Name, strings.Join(matching, " and "))
		}
	}
	return nil
}

// instead says what the name of the field's type stands for, if not for a struct.
func (f *fixer) instead(field Field) string {
	for _, pkg := range f.program.Packages {
		for _, prefix := range []string{"", pkg.Name + ".", pkg.PkgPath + "."} {
			name, ok := strings.CutPrefix(field.Type, prefix)
			if !ok {
				continue
			}
			obj, ok := pkg.Types.Scope().Lookup(name).(*types.TypeName)
			switch {
			case ok && obj.IsAlias():
				return fmt.Sprintf(": %s is an alias of %s", name, types.TypeString(types.Unalias(obj.Type()), types.RelativeTo(pkg.Types)))
			case ok:
				return fmt.Sprintf(": %s is %s", name, types.TypeString(obj.Type().Underlying(), types.RelativeTo(pkg.Types)))
			}
		}
	}
	return ""
}

// has reports whether the field's type has it already.
func (f *fixer) has(field Field) bool {
	for _, pkg := range f.program.Packages {
		for _, name := range pkg.Types.Scope().Names() {
			if named := structType(pkg.Types.Scope().Lookup(name)); named != nil && field.matches(named) {
				obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, pkg.Types, field.Name)
				return obj != nil
			}
		}
	}
	return false
}

// structType returns the struct type that obj names; nil if it does not, or in a
// function only.
func structType(obj types.Object) *types.Named {
	name, ok := obj.(*types.TypeName)
	if !ok || name.IsAlias() || name.Pkg() == nil || name.Parent() != name.Pkg().Scope() {
		return nil
	}
	named, ok := name.Type().(*types.Named)
	if !ok {
		return nil
	}
	if _, ok := named.Underlying().(*types.Struct); !ok {
		return nil
	}
	return named
}

// addField adds the field to its type, unless it is there.
func (f *fixer) addField(field Field) error {
	for _, pkg := range f.program.Packages {
		for _, name := range pkg.Types.Scope().Names() {
			obj := pkg.Types.Scope().Lookup(name)
			named := structType(obj)
			if named == nil || !field.matches(named) {
				continue
			}
			for v := range named.Underlying().(*types.Struct).Fields() {
				if v.Name() == field.Name {
					return nil
				}
			}
			s := f.fileAt(pkg, obj.Pos())
			if s == nil {
				return fmt.Errorf("-plumb %s.%s: the file of the type cannot be changed", field.Type, field.Name)
			}
			spec := structOf(s.file, obj.Pos())
			if spec == nil {
				return fmt.Errorf("-plumb %s.%s: the type is not declared as a struct; add the field to the struct that it is defined by", field.Type, field.Name)
			}
			lib := s.library()
			s.adds = true
			s.addField(spec, field.Name, lib)
			f.change.Fields = append(f.change.Fields, Added{field, obj.Pos(), f.made(named)})
			return nil
		}
	}
	return nil
}

func structOf(file *ast.File, pos token.Pos) (found *ast.StructType) {
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Pos() == pos {
			found, _ = spec.Type.(*ast.StructType)
		}
		return found == nil
	})
	return found
}

func (s *source) addField(spec *ast.StructType, name, lib string) {
	open, end := s.offset(spec.Fields.Opening), s.offset(spec.Fields.Closing)
	field := name + " *" + lib + ".Stack"
	switch {
	case bytes.IndexByte(s.text[open:end], '\n') >= 0:
		at := lineStart(s.text, end)
		indent := string(s.text[at:end])
		gap := "\n"
		if len(spec.Fields.List) == 0 {
			gap = ""
		}
		s.insert(at, gap+indent+"\t"+field+" // nil: plain recursion\n")
	case len(spec.Fields.List) > 0:
		last := s.offset(spec.Fields.List[len(spec.Fields.List)-1].End())
		s.insert(last, "; "+field)
	default:
		s.edits = append(s.edits, Edit{open + 1, end, " " + field + " "})
	}
}

// made returns where values of the type are made.
func (f *fixer) made(named *types.Named) (sites []token.Pos) {
	for _, pkg := range f.program.Packages {
		for _, file := range pkg.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				var t types.Type
				switch n := n.(type) {
				case *ast.CompositeLit:
					t = pkg.TypesInfo.TypeOf(n)
				case *ast.CallExpr:
					if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "new" && len(n.Args) == 1 {
						t = pkg.TypesInfo.TypeOf(n.Args[0])
					}
				}
				if made, ok := types.Unalias(t).(*types.Named); ok && t != nil && made.Origin() == named {
					sites = append(sites, n.Pos())
				}
				return true
			})
		}
	}
	return sites
}

// library returns the name by which the file can use the library.
func (s *source) library() string {
	if s.lib != "" {
		return s.lib
	}
	for _, spec := range s.file.Imports {
		if p, _ := strconv.Unquote(spec.Path.Value); p == guard.Path {
			s.lib = "vstack"
			if spec.Name != nil && spec.Name.Name != "_" && spec.Name.Name != "." {
				s.lib = spec.Name.Name
			}
			return s.lib
		}
	}
	s.lib = "vstack"
	taken := func(name string) bool {
		if s.pkg.Types.Scope().Lookup(name) != nil {
			return true
		}
		// By a variable, say, that hides the package where the guard goes.
		for id, obj := range s.pkg.TypesInfo.Defs {
			if id.Name == name && obj != nil && obj.Parent() != nil && s.tok == s.fset.File(id.Pos()) {
				return true
			}
		}
		for _, spec := range s.file.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			imported := path.Base(p)
			if pkg := s.pkg.Imports[p]; pkg != nil {
				imported = pkg.Name
			}
			if spec.Name != nil {
				imported = spec.Name.Name
			}
			if imported == name {
				return true
			}
		}
		return false
	}
	for i := 2; taken(s.lib); i++ {
		s.lib = fmt.Sprint("vstack", i)
	}
	return s.lib
}

// addImport adds the import of the library if the file lacks it.
func (s *source) addImport() {
	spec := strconv.Quote(guard.Path)
	if s.lib != "vstack" {
		spec = s.lib + " " + spec
	}
	var last *ast.GenDecl
	for _, d := range s.file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.IMPORT {
			continue
		}
		for _, sp := range decl.Specs {
			imp := sp.(*ast.ImportSpec)
			if p, _ := strconv.Unquote(imp.Path.Value); p == guard.Path && (imp.Name == nil || imp.Name.Name == s.lib) {
				return
			}
		}
		if len(decl.Specs) == 1 && decl.Specs[0].(*ast.ImportSpec).Path.Value == `"C"` {
			continue
		}
		last = decl
	}
	switch {
	case last == nil:
		s.insert(s.afterComments(s.file.Name.End()), "\n\nimport "+spec)
	case last.Lparen.IsValid():
		// Into the last group if that has packages that are not of the standard
		// library, where gofmt sorts it; else as a group of its own.
		end := last.Specs[len(last.Specs)-1].(*ast.ImportSpec)
		p, _ := strconv.Unquote(end.Path.Value)
		gap := "\n"
		if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
			gap = "\n\n"
		}
		s.insert(s.afterComments(end.End()), gap+"\t"+spec)
	default:
		s.insert(s.afterComments(last.End()), "\nimport "+spec)
	}
}

// afterComments returns where pos is, or where the comments end that begin on its
// line behind it and belong to what is before pos.
func (s *source) afterComments(pos token.Pos) int {
	line := s.fset.PositionFor(pos, false).Line
	for _, c := range s.file.Comments {
		if c.Pos() >= pos && s.fset.PositionFor(c.Pos(), false).Line == line {
			pos = c.End()
		}
	}
	return s.offset(pos)
}

// finish applies the edits. A file that was formatted by gofmt is so after.
func (s *source) finish() (File, error) {
	if s == nil || len(s.edits) == 0 {
		return File{}, nil
	}
	if s.adds {
		s.addImport()
	}
	slices.SortStableFunc(s.edits, func(a, b Edit) int { return a.From - b.From })
	crlf := bytes.Contains(s.text, []byte("\r\n"))
	var out []byte
	at := 0
	for i, e := range s.edits {
		if crlf {
			e.Text = strings.ReplaceAll(strings.ReplaceAll(e.Text, "\r\n", "\n"), "\n", "\r\n")
			s.edits[i] = e
		}
		out = append(out, s.text[at:e.From]...)
		out = append(out, e.Text...)
		at = e.To
	}
	out = append(out, s.text[at:]...)
	formatted, err := format.Source(s.text)
	if err == nil && bytes.Equal(formatted, s.text) {
		if out, err = format.Source(out); err != nil {
			return File{}, fmt.Errorf("%s: the guards made it no longer parse (%v); please report this", filepath.Base(s.name), err)
		}
	}
	return File{s.name, s.text, out, s.edits, s.tok}, nil
}
