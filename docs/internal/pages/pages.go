// Package pages checks the project's pages, so that they cannot rot: README.md
// and every other Markdown file of the repository. The test of package docs runs it.
//
//   - Every ```go block compiles. Whole programs and blocks with an "// Output:"
//     comment are run.
//   - Links between files lead somewhere, anchors too.
//   - Every command in a ```sh block is run by .ci/run or by a test, or the page
//     says why not. What commands name (packages, tests, benchmarks) exists.
//   - A section with a figure in it names the command that measured it.
//   - Names such as `vstack.Run` exist.
//
// A page talks to the checks in HTML comments, which readers do not see. One that
// stands above a block, with nothing but blank lines or other comments between,
// is about the block:
//
//	<!-- prelude: GO -->          declarations that a go block needs beside it
//	<!-- in: func(n int) error --> the function a go block is the body of
//	<!-- not compiled: REASON -->
//	<!-- part of: FILE -->        a go block that is compiled, and said, there
//	<!-- not run: REASON -->      for a go block or a sh block
//	<!-- run -->                  the test runs the sh block
//	<!-- run by: FILE TestName --> another test does
//	<!-- output -->               the block is what the go block above prints
//
// Three are about more than one block:
//
//	<!-- prelude for all: GO -->  for the go blocks of the page that need it
//	<!-- figures: REASON -->      the section's figures are not measurements
//	<!-- taken from: FILE -->     the numbers of the section's tables stand in that page too
//
// A go block that starts with a package clause is a whole file. Any other is a
// fragment: declarations, or statements. The packages that it uses need no import,
// and a line that starts with "..." stands for code left out.
//
// Figures are what figure matches. Their section, or one that it is part of, has a
// line that starts with "Measured with:" and names commands.
package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Read reads the Markdown files of the repository at root.
func Read(root string) (pages []*Page, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name == "testdata" || strings.HasPrefix(name, ".") && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, path)
		pages = append(pages, Parse(root, filepath.ToSlash(file), string(text)))
		return err
	})
	return pages, err
}

// Exported returns the names that each of the packages, which are folders of the
// repository at root, declares.
func Exported(root string, packages ...string) (map[string][]string, error) {
	exported := map[string][]string{}
	for _, pkg := range packages {
		files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			exported[pkg] = append(exported[pkg], declared(f)...)
		}
	}
	return exported, nil
}

var qualified = regexp.MustCompile(`\b(vstack|scheduler)\.([A-Z]\w*)`)

// BadNames says which names in `code` the packages do not have; see [Exported].
func (p *Page) BadNames(exported map[string][]string) (problems []string) {
	for i, line := range p.prose {
		for _, code := range inlineCode.FindAllString(line, -1) {
			for _, m := range qualified.FindAllStringSubmatch(code, -1) {
				if !slices.Contains(exported[m[1]], m[2]) {
					problems = append(problems, p.problem(i+1, "there is no %s", m[0]))
				}
			}
		}
	}
	return problems
}

// declared returns the names that f declares, methods left out.
func declared(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		names = append(names, declaredBy(d)...)
	}
	return names
}

func declaredBy(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		// A method counts as "Type.Name".
		kind := d.Recv.List[0].Type
		if star, ok := kind.(*ast.StarExpr); ok {
			kind = star.X
		}
		if id, ok := kind.(*ast.Ident); ok {
			return []string{id.Name + "." + d.Name.Name}
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names = append(names, id.Name)
				}
			}
		}
	}
	return names
}
