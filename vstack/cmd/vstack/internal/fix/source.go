package fix

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A source is a file that is changed.
type source struct {
	fixer *fixer
	name  string
	text  []byte
	file  *ast.File
	tok   *token.File
	pkg   *packages.Package

	edits   []Edit
	moves   []move
	renamed map[types.Object]string
	hoisted map[ast.Stmt]bool // statements that a literal was taken out of
	taken   map[ast.Node]*names

	lib  string // the name of the library's package in the file, or a dot
	adds bool   // the import
}

// A move takes the text between two offsets to a place behind it. Edits of that
// text go with it.
type move struct {
	from, to int
	instead  string
	at       int
	pre, suf string
}

// fileAt returns the file of pkg that has pos; nil if it must not be changed.
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
		s := &source{fixer: f, name: name, text: text, file: file, tok: tok, pkg: pkg,
			renamed: map[types.Object]string{}, hoisted: map[ast.Stmt]bool{}, taken: map[ast.Node]*names{}}
		f.files[name] = s
		return s
	}
	return nil
}

func (s *source) offset(pos token.Pos) int { return s.tok.Offset(pos) }

// line returns the line of pos in the file itself, whatever //line comments say.
func (s *source) line(pos token.Pos) int { return s.tok.PositionFor(pos, false).Line }

func (s *source) slice(n ast.Node) string { return s.between(n.Pos(), n.End()) }

func (s *source) between(from, to token.Pos) string {
	return string(s.text[s.offset(from):s.offset(to)])
}

func (s *source) insert(at int, text string) { s.edits = append(s.edits, Edit{at, at, text}) }

func (s *source) edited() bool { return len(s.edits)+len(s.moves) > 0 }

// indent returns the white space that the line of at begins with.
func (s *source) indent(at int) string {
	line := s.text[lineStart(s.text, at):]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// rename gives the object another name wherever the file uses it: it is local, so
// there is no other place. The same object is renamed once.
func (s *source) rename(obj types.Object, name string) {
	s.renamed[obj] = name
	for _, uses := range []map[*ast.Ident]types.Object{s.pkg.TypesInfo.Defs, s.pkg.TypesInfo.Uses} {
		for id, o := range uses {
			if o == obj {
				from := s.offset(id.Pos())
				s.edits = append(s.edits, Edit{from, from + len(id.Name), name})
			}
		}
	}
}

// nameOf returns the name that the identifier's object has after the edits.
func (s *source) nameOf(id *ast.Ident) string {
	if name, ok := s.renamed[s.pkg.TypesInfo.Defs[id]]; ok {
		return name
	}
	return id.Name
}

// finish applies the edits. A file that was formatted by gofmt is so after.
func (s *source) finish() (File, error) {
	if s.adds {
		s.addImport()
	}
	s.move()
	byPlace := func(a, b Edit) int { return a.From - b.From }
	slices.SortStableFunc(s.edits, byPlace)
	if bytes.Contains(s.text, []byte("\r\n")) {
		for i := range s.edits {
			s.edits[i].Text = strings.ReplaceAll(strings.ReplaceAll(s.edits[i].Text, "\r\n", "\n"), "\n", "\r\n")
		}
	}
	out, err := apply(s.text, s.edits)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w; please report this", filepath.Base(s.name), err)
	}
	formatted, err := format.Source(s.text)
	if err == nil && bytes.Equal(formatted, s.text) {
		if out, err = format.Source(out); err != nil {
			return File{}, fmt.Errorf("%s: the guards made it no longer parse (%v); please report this", filepath.Base(s.name), err)
		}
	}
	return File{s.name, s.text, out, s.edits, s.tok}, nil
}

// move turns the moves into edits, with what was edited in the moved text.
func (s *source) move() {
	for _, m := range s.moves {
		var inside, rest []Edit
		for _, e := range s.edits {
			if m.from <= e.From && e.To <= m.to && e.From < m.to {
				inside = append(inside, Edit{e.From - m.from, e.To - m.from, e.Text})
			} else {
				rest = append(rest, e)
			}
		}
		slices.SortStableFunc(inside, func(a, b Edit) int { return a.From - b.From })
		text := s.text[m.from:m.to]
		if moved, err := apply(text, inside); err == nil {
			text = moved
		}
		s.edits = append(rest, Edit{m.from, m.to, m.instead}, Edit{m.at, m.at, m.pre + string(text) + m.suf})
	}
	s.moves = nil
}

// apply applies edits in their order.
func apply(text []byte, edits []Edit) ([]byte, error) {
	var out []byte
	at := 0
	for _, e := range edits {
		if e.From < at {
			return nil, fmt.Errorf("two edits overlap at offset %d", e.From)
		}
		out = append(append(out, text[at:e.From]...), e.Text...)
		at = e.To
	}
	return append(out, text[at:]...), nil
}
