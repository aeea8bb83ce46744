package fix

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"go/version"

	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// Verify returns the errors of the changed packages. It checks types here, with the
// packages that are loaded: to have the go command compile everything again took
// more time than all the rest. No other package can see a difference, as nothing
// that is declared changes.
func Verify(p *program.Program, change *Change) (errs []error) {
	after := map[string][]byte{}
	for _, file := range change.Files {
		after[file.Name] = file.After
	}
	for _, pkg := range p.Packages {
		var files []*ast.File
		changed := false
		for _, file := range pkg.Syntax {
			name := p.Fset.File(file.FileStart).Name()
			if text, ok := after[name]; ok {
				parsed, err := parser.ParseFile(p.Fset, name, text, parser.SkipObjectResolution)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				file, changed = parsed, true
			}
			files = append(files, file)
		}
		if !changed {
			continue
		}
		cfg := types.Config{
			Importer: importsOf(p, pkg),
			Sizes:    pkg.TypesSizes,
			Error:    func(err error) { errs = append(errs, err) },
		}
		if pkg.Module != nil && pkg.Module.GoVersion != "" {
			// With the library, the module's go line is at least the library's.
			cfg.GoVersion = "go" + guard.Go
			if module := "go" + pkg.Module.GoVersion; version.Compare(module, cfg.GoVersion) > 0 {
				cfg.GoVersion = module
			}
		}
		cfg.Check(pkg.PkgPath, p.Fset, files, nil) //nolint:errcheck // Error has them all
	}
	return errs
}

type importer func(path string) (*types.Package, error)

func (i importer) Import(path string) (*types.Package, error) { return i(path) }

// importsOf finds what pkg imports among what was loaded.
func importsOf(p *program.Program, pkg *packages.Package) importer {
	return func(path string) (*types.Package, error) {
		if path == "unsafe" {
			return types.Unsafe, nil
		}
		if imp := pkg.Imports[path]; imp != nil && imp.Types != nil {
			return imp.Types, nil
		}
		for _, imp := range pkg.Types.Imports() {
			if imp.Path() == path {
				return imp, nil
			}
		}
		if path == guard.Path {
			for other := range p.Source {
				if other.Path() == path {
					return other, nil
				}
				for _, imp := range other.Imports() {
					if imp.Path() == path {
						return imp, nil
					}
				}
			}
			return library(p)
		}
		return nil, fmt.Errorf("package %s was not loaded", path)
	}
}

// library stands for vstack where no package of the program imports it yet.
func library(p *program.Program) (*types.Package, error) {
	file, err := parser.ParseFile(p.Fset, "vstack.go", `package vstack

type Stack struct{}

func (s *Stack) Low() bool    { return false }
func (s *Stack) Do(fn func()) {}

func Low() bool                                             { return false }
func Do(fn func())                                          {}
func Grow[R any](fn func() R) (r R)                         { return }
func Grow2[R1, R2 any](fn func() (R1, R2)) (r R1, s R2)     { return }
func Catch(err *error)                                      {}
`, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return (&types.Config{}).Check(guard.Path, p.Fset, []*ast.File{file}, nil)
}
