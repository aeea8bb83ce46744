// Package program loads Go packages and makes the call graph in which the tool
// looks for recursion.
package program

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// A Program is a set of packages with their syntax, types and SSA form.
type Program struct {
	Fset     *token.FileSet
	Packages []*packages.Package // those that the patterns name
	SSA      *ssa.Program
	// Source has the packages whose functions have bodies here.
	Source  map[*types.Package]*packages.Package
	Overlay map[string][]byte // contents of files that are not as on disk
}

// A Config says what to load.
type Config struct {
	Dir   string // where the patterns are relative to; "" is the working directory
	Tests bool   // with test files
	// Deps loads what the packages import from source too, so that recursion
	// within and through dependencies is seen. Without it the types of
	// dependencies come from the compiler, and a call into one is taken to call
	// the functions and methods that it is given.
	Deps     bool
	Tags     string
	Overlay  map[string][]byte
	Progress func(format string, args ...any)
}

// Load loads the packages that the patterns name, as for go build.
func Load(cfg Config, patterns ...string) (*Program, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string, ...any) {}
	}
	mode := packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles |
		packages.NeedImports | packages.NeedTypes | packages.NeedTypesSizes |
		packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedModule
	if cfg.Deps {
		mode |= packages.NeedDeps
	}
	pc := &packages.Config{
		Mode:    mode,
		Dir:     cfg.Dir,
		Fset:    token.NewFileSet(),
		Tests:   cfg.Tests,
		Overlay: cfg.Overlay,
	}
	if cfg.Tags != "" {
		pc.BuildFlags = []string{"-tags=" + cfg.Tags}
	}
	cfg.Progress("loading packages")
	pkgs, err := packages.Load(pc, patterns...)
	if err != nil {
		return nil, err
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(patterns, " "))
	}
	if errs := Errors(pkgs); len(errs) > 0 {
		return nil, fmt.Errorf("the packages do not compile; fix this first:\n%s", strings.Join(errs, "\n"))
	}
	pkgs = withoutDoubles(pkgs)

	p := &Program{Fset: pc.Fset, Packages: pkgs, Source: map[*types.Package]*packages.Package{}, Overlay: cfg.Overlay}
	cfg.Progress("building SSA form of %d packages", len(pkgs))
	if cfg.Deps {
		p.SSA, _ = ssautil.AllPackages(pkgs, ssa.InstantiateGenerics)
	} else {
		p.SSA, _ = ssautil.Packages(pkgs, ssa.InstantiateGenerics)
	}
	packages.Visit(pkgs, nil, func(pkg *packages.Package) {
		if len(pkg.Syntax) > 0 && pkg.Types != nil && pkg.TypesInfo != nil {
			p.Source[pkg.Types] = pkg
		}
	})
	p.SSA.Build()
	return p, nil
}

// Errors returns what keeps the packages from compiling, ten errors at most.
func Errors(pkgs []*packages.Package) (errs []string) {
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			// The go command compiles it too, and repeats what the types say.
			if strings.HasPrefix(e.Msg, "# ") && len(p.Errors) > 1 {
				continue
			}
			errs = append(errs, e.Error())
		}
	})
	const most = 10
	if len(errs) > most {
		errs = append(errs[:most], fmt.Sprintf("and %d more", len(errs)-most))
	}
	return errs
}

// withoutDoubles drops a package that is there a second time with its tests,
// and generated test mains.
func withoutDoubles(pkgs []*packages.Package) []*packages.Package {
	tested := map[string]bool{}
	for _, p := range pkgs {
		if strings.HasSuffix(p.ID, ".test]") && !strings.HasSuffix(p.Name, "_test") {
			tested[p.PkgPath] = true
		}
	}
	kept := pkgs[:0:0]
	for _, p := range pkgs {
		if strings.HasSuffix(p.ID, ".test") || tested[p.PkgPath] && p.ID == p.PkgPath {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// Lines counts the lines of the packages' files.
func (p *Program) Lines() (n int) {
	for _, pkg := range p.Packages {
		for _, f := range pkg.Syntax {
			n += p.Fset.File(f.FileStart).LineCount()
		}
	}
	return n
}
