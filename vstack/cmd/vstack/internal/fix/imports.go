package fix

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
)

// library returns what stands before a name of the library in the file: "vstack.",
// or "" if the file imports it with a dot.
func (s *source) library() string {
	if s.lib == "" {
		s.lib = s.libraryName()
	}
	if s.lib == "." {
		return ""
	}
	return s.lib + "."
}

// libraryName returns the name by which the file can use the library, "." if it
// imports it so.
func (s *source) libraryName() string {
	if spec := s.imported(); spec != nil && (spec.Name == nil || spec.Name.Name != "_") {
		if spec.Name != nil {
			return spec.Name.Name
		}
		return "vstack"
	}
	name := "vstack"
	for i := 2; s.takes(name); i++ {
		name = fmt.Sprint("vstack", i)
	}
	return name
}

// imported returns the import of the library, one with a name if there are several.
func (s *source) imported() (found *ast.ImportSpec) {
	for _, spec := range s.file.Imports {
		if importPath(spec) == guard.Path && (found == nil || found.Name != nil && found.Name.Name == "_") {
			found = spec
		}
	}
	return found
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	return p
}

// takes reports whether the file cannot have an import of this name: the package
// has something of the name, also in files that are not built now or are tests, or
// the file has, where it would hide the import.
func (s *source) takes(name string) bool {
	if s.pkg.Types.Scope().Lookup(name) != nil || s.fixer.declaredBeside(s.name, name) {
		return true
	}
	for id, obj := range s.pkg.TypesInfo.Defs {
		// The variable of a type switch has no object where it is declared.
		local := obj == nil && id != s.file.Name || obj != nil && obj.Parent() != nil
		if id.Name == name && local && s.tok == s.fixer.program.Fset.File(id.Pos()) {
			return true
		}
	}
	for _, spec := range s.file.Imports {
		imported := path.Base(importPath(spec))
		if pkg := s.pkg.Imports[importPath(spec)]; pkg != nil {
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

// declaredBeside reports whether a file in the directory of file declares the name
// for its package: a test, or a file for another system, which is not loaded.
func (f *fixer) declaredBeside(file, name string) bool {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.go"))
	if err != nil {
		return false
	}
	for _, other := range files {
		text, err := os.ReadFile(other)
		if err != nil || !strings.Contains(string(text), name) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), other, text, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(topLevel(parsed), func(id *ast.Ident) bool { return id.Name == name }) {
			return true
		}
	}
	return false
}

// topLevel returns the names that the file declares for its package.
func topLevel(file *ast.File) (names []*ast.Ident) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name)
				case *ast.ValueSpec:
					names = append(names, spec.Names...)
				}
			}
		}
	}
	return names
}

// addImport adds the import of the library if the file lacks it.
func (s *source) addImport() {
	if have := s.imported(); have != nil {
		if have.Name != nil && have.Name.Name == "_" {
			// No second line for the same package.
			name := ""
			if s.lib != "vstack" {
				name = s.lib + " "
			}
			s.edits = append(s.edits, Edit{s.offset(have.Name.Pos()), s.offset(have.Path.Pos()), name})
		}
		return
	}
	spec := strconv.Quote(guard.Path)
	if s.lib != "vstack" {
		spec = s.lib + " " + spec
	}
	var blocks, lines []*ast.GenDecl
	for _, d := range s.file.Decls {
		decl, ok := d.(*ast.GenDecl)
		switch {
		case !ok || decl.Tok != token.IMPORT || len(decl.Specs) == 0:
		case len(decl.Specs) == 1 && importPath(decl.Specs[0].(*ast.ImportSpec)) == "C":
		case decl.Lparen.IsValid():
			blocks = append(blocks, decl)
		default:
			lines = append(lines, decl)
		}
	}
	switch {
	case len(blocks) > 0:
		s.addToBlock(blocks, spec)
	case len(lines) == 0:
		s.insert(s.afterComments(s.file.Name.End()), "\n\nimport "+spec)
	case len(lines) == 1:
		// One line becomes a block, as a second line would be one too many.
		line := lines[0]
		gap := "\n\n"
		if s.kind(importPath(line.Specs[0].(*ast.ImportSpec))) == thirdParty {
			gap = "\n"
		}
		from, to := s.offset(line.Pos()), s.offset(line.Specs[0].Pos())
		s.edits = append(s.edits, Edit{from, to, "import (\n\t"})
		s.insert(s.afterComments(line.End()), gap+"\t"+spec+"\n)")
	default:
		s.insert(s.afterComments(lines[len(lines)-1].End()), "\nimport "+spec)
	}
}

// Where an import comes from.
const (
	standard = iota
	thirdParty
	own // of the same module
)

func (s *source) kind(path string) int {
	if m := s.pkg.Module; m != nil && (path == m.Path || strings.HasPrefix(path, m.Path+"/")) {
		return own
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return standard
	}
	return thirdParty
}

// A group is the imports between two blank lines.
type group struct {
	specs []*ast.ImportSpec
	has   [3]bool // by kind
}

func (s *source) groups(block *ast.GenDecl) (groups []group) {
	end := s.line(block.Lparen)
	for i, sp := range block.Specs {
		spec := sp.(*ast.ImportSpec)
		start := spec.Pos()
		if spec.Doc != nil {
			start = spec.Doc.Pos()
		}
		if i == 0 || s.line(start) > end+1 {
			groups = append(groups, group{})
		}
		g := &groups[len(groups)-1]
		g.specs = append(g.specs, spec)
		g.has[s.kind(importPath(spec))] = true
		end = s.line(spec.End())
	}
	return groups
}

// addToBlock puts the import where the module puts those of other modules: beside
// one, or else with the module's own or in a group of its own, whatever its other
// files do.
func (s *source) addToBlock(blocks []*ast.GenDecl, spec string) {
	var all []group
	for _, b := range blocks {
		all = append(all, s.groups(b)...)
	}
	last := func(kind int) *group {
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].has[kind] {
				return &all[i]
			}
		}
		return nil
	}
	habit := s.fixer.habit()
	third, mine, std := last(thirdParty), last(own), last(standard)
	switch {
	case third != nil:
		s.addToGroup(*third, spec)
	case mine != nil && (mine.has[standard] || !habit.ownApart):
		s.addToGroup(*mine, spec)
	case mine != nil && habit.ownFirst:
		s.insert(s.afterComments(mine.specs[len(mine.specs)-1].End()), "\n\n\t"+spec)
	case mine != nil:
		first := mine.specs[0]
		at := first.Pos()
		if first.Doc != nil {
			at = first.Doc.Pos()
		}
		s.insert(lineStart(s.text, s.offset(at)), "\t"+spec+"\n\n")
	case std != nil && habit.mixed:
		s.addToGroup(*std, spec)
	default:
		end := all[len(all)-1]
		s.insert(s.afterComments(end.specs[len(end.specs)-1].End()), "\n\n\t"+spec)
	}
}

// addToGroup puts the import in the order of paths, as gofmt does.
func (s *source) addToGroup(g group, spec string) {
	before := g.specs[0]
	at := -1
	for _, other := range g.specs {
		if importPath(other) < guard.Path {
			before, at = other, s.afterComments(other.End())
		}
	}
	if at >= 0 {
		s.insert(at, "\n\t"+spec)
		return
	}
	pos := before.Pos()
	if before.Doc != nil {
		pos = before.Doc.Pos()
	}
	s.insert(lineStart(s.text, s.offset(pos)), "\t"+spec+"\n")
}

// habits is how the files of a program group their imports.
type habits struct {
	ownApart bool // those of the module are in a group of their own
	ownFirst bool // before those of other modules
	mixed    bool // those of other modules are with those of the standard library
}

// habit looks at the files that import all kinds.
func (f *fixer) habit() habits {
	if f.habits == nil {
		h := f.findHabits()
		f.habits = &h
	}
	return *f.habits
}

func (f *fixer) findHabits() habits {
	var apart, first, mixed int
	for _, pkg := range f.program.Packages {
		for _, file := range pkg.Syntax {
			s := &source{fixer: f, file: file, tok: f.program.Fset.File(file.FileStart), pkg: pkg}
			third, mine, with := s.importGroups()
			mixed += with
			if third >= 0 && mine >= 0 {
				apart += vote(third != mine)
				if third != mine {
					first += vote(mine < third)
				}
			}
		}
	}
	return habits{apart > 0, first > 0, mixed > 0}
}

// importGroups returns which groups of the file's imports have those of other modules and
// those of its own, -1 if none has, and its votes for groups that have those of other
// modules beside the standard library's.
func (s *source) importGroups() (third, mine, mixed int) {
	third, mine = -1, -1
	for _, d := range s.file.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.IMPORT || !block.Lparen.IsValid() {
			continue
		}
		for i, g := range s.groups(block) {
			if g.has[thirdParty] {
				third = i
				mixed += vote(g.has[standard])
			}
			if g.has[own] {
				mine = i
			}
		}
	}
	return third, mine, mixed
}

func vote(yes bool) int {
	if yes {
		return 1
	}
	return -1
}

// afterComments returns where pos is, or where the comments end that begin on its
// line behind it and belong to what is before pos.
func (s *source) afterComments(pos token.Pos) int {
	line := s.line(pos)
	for _, c := range s.file.Comments {
		if c.Pos() >= pos && s.line(c.Pos()) == line {
			pos = c.End()
		}
	}
	return s.offset(pos)
}
