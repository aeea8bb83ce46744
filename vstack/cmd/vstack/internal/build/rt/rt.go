// Package rt makes the part of the guard that lives in package runtime of an
// instrumented build.
//
// There getg is an intrinsic, so that the guard inlines, and files of the standard
// library can call it: they can import runtime, and nothing of ours.
package rt

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// Name is the file that is added to package runtime.
const Name = "vstack_guard.go"

// common is the part of the file that all forms have, exact and shared those of one.
//
//go:embed common.go.txt
var common string

//go:embed exact.go.txt
var exact string

//go:embed shared.go.txt
var shared string

// Files returns the files of package runtime that are added or changed, by name.
// Read returns the text of one, with the changes made so far.
//
// If it can, each goroutine has a field of its own that says where its stack is low:
// one compare. For that runtime2.go and stack.go are edited. If they look different
// from what is known, the guard looks the limit up in a table that goroutines share,
// which takes a little longer and no edits; then why says what looked different.
func Files(read func(name string) ([]byte, error)) (files map[string][]byte, why error) {
	files = map[string][]byte{}
	for name, edit := range map[string]func(*ast.File) (token.Pos, string, error){
		"runtime2.go": field,
		"stack.go":    moved,
	} {
		text, err := read(name)
		if err == nil {
			files[name], err = insert(name, text, edit)
		}
		if err != nil {
			return map[string][]byte{Name: []byte(common + shared)}, fmt.Errorf("%s: %w", name, err)
		}
	}
	files[Name] = []byte(common + exact)
	return files, nil
}

// insert puts a text into the file, within a line.
func insert(name string, text []byte, where func(*ast.File) (token.Pos, string, error)) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	pos, what, err := where(file)
	if err != nil {
		return nil, err
	}
	at := fset.File(file.FileStart).Offset(pos)
	return bytes.Join([][]byte{text[:at], []byte(what), text[at:]}, nil), nil
}

// field adds a field at the end of g: assembly and cgo know offsets of its first.
func field(file *ast.File) (pos token.Pos, text string, err error) {
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range d.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok && t.Name.Name == "g" {
				if s, ok := t.Type.(*ast.StructType); ok {
					return s.Fields.Closing, " vstackLimit uintptr ", nil
				}
			}
		}
	}
	return 0, "", fmt.Errorf("there is no type g struct")
}

// moved tells where copystack has given a goroutine its new stack.
func moved(file *ast.File) (pos token.Pos, text string, err error) {
	count := 0
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Name.Name != "copystack" || d.Recv != nil {
			continue
		}
		ast.Inspect(d.Body, func(n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			if !ok || len(a.Lhs) != 1 {
				return true
			}
			if sel, ok := a.Lhs[0].(*ast.SelectorExpr); ok && sel.Sel.Name == "stack" {
				if id, ok := sel.X.(*ast.Ident); ok && id.Name == "gp" {
					pos = a.End()
					count++
				}
			}
			return true
		})
	}
	if count != 1 {
		return 0, "", fmt.Errorf("copystack assigns gp.stack %d times, not once", count)
	}
	return pos, "; vstackMoved(gp)", nil
}
