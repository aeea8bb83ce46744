// Package program loads Go packages and makes the call graph in which the tool
// looks for recursion.
package program

import (
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"os/exec"
	"slices"
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
	Broken  []Broken          // named packages that were left out
	named   map[string]bool
}

// Broken is a package that does not compile, or imports one that does not.
type Broken struct {
	Path   string
	Errors []string // none if what it imports is to blame
	Import string   // the error of that, if it is known
}

// Named reports whether the package was named on the command line.
func (p *Program) Named(path string) bool {
	if p.named == nil {
		p.named = map[string]bool{}
		for _, pkg := range p.Packages {
			p.named[pkg.Types.Path()] = true
		}
	}
	return p.named[path]
}

// Name makes packages of the program named ones too.
func (p *Program) Name(pkgs ...*packages.Package) {
	p.Packages = append(p.Packages, pkgs...)
	p.named = nil
}

// Std reports whether the package is of the standard library, and was not named.
func (p *Program) Std(pkg *types.Package) bool {
	if pkg == nil || p.Named(pkg.Path()) {
		return false
	}
	if source := p.Source[pkg]; source != nil && source.Module != nil {
		return false
	}
	first, _, _ := strings.Cut(pkg.Path(), "/")
	return !strings.Contains(first, ".")
}

// SameModule reports whether both packages are of one module that is not the standard library.
func (p *Program) SameModule(a, b *types.Package) bool {
	x, y := p.Source[a], p.Source[b]
	return x != nil && y != nil && x.Module != nil && y.Module != nil && x.Module.Path == y.Module.Path
}

// A Config says what to load.
type Config struct {
	Dir   string // where the patterns are relative to; "" is the working directory
	Tests bool   // with test files
	// Deps loads what the packages import from source too, so that recursion
	// within and through dependencies is seen. Without it the types of
	// dependencies come from the compiler, and a call into one is taken to call
	// the functions and methods that it is given.
	Deps bool
	// Partial leaves packages out that do not compile, and says so in Broken.
	// Without it they are an error.
	Partial  bool
	Tags     string
	Flags    []string // more flags of the go command that change what is built
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
	pc.BuildFlags = append(pc.BuildFlags, cfg.Flags...)
	cfg.Progress("loading packages")
	pkgs, err := packages.Load(pc, patterns...)
	if err == nil && !cfg.Deps && slices.ContainsFunc(pkgs, unreadable) {
		pc.Mode |= packages.NeedDeps
		pc.Fset = token.NewFileSet()
		pkgs, err = packages.Load(pc, patterns...)
	}
	if err != nil {
		if _, said, ok := strings.Cut(err.Error(), "stderr: "); ok && strings.TrimSpace(said) != "" {
			return nil, errors.New(strings.TrimSpace(said)) // by the go command
		}
		return nil, err
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("%w %s%s", ErrNoPackages, strings.Join(patterns, " "), why(cfg.Dir, patterns))
	}
	if errs := notFound(pkgs); len(errs) > 0 {
		return nil, &notThere{List(errs)}
	}
	all := pkgs
	pkgs, broken := whole(withoutDoubles(pkgs))
	p := &Program{Fset: pc.Fset, Packages: pkgs, Source: map[*types.Package]*packages.Package{}, Overlay: cfg.Overlay, Broken: broken}
	switch {
	case len(broken) > 0 && !cfg.Partial:
		return nil, fmt.Errorf("%w; fix this first:\n%s", ErrBroken, List(Errors(all)))
	case len(pkgs) == 0:
		return p, nil
	}
	cfg.Progress("building SSA form of %d packages", len(pkgs))
	if cfg.Deps {
		p.SSA, _ = ssautil.AllPackages(pkgs, ssa.InstantiateGenerics)
	} else {
		p.SSA, _ = ssautil.Packages(pkgs, ssa.InstantiateGenerics)
	}
	packages.Visit(pkgs, nil, func(pkg *packages.Package) {
		if len(pkg.Syntax) > 0 && pkg.Types != nil && pkg.TypesInfo != nil && (cfg.Deps || slices.Contains(pkgs, pkg)) {
			p.Source[pkg.Types] = pkg
		}
	})
	return p, nil // NewGraph builds the packages that it needs
}

// unreadable tells whether the types that the compiler has written for what pkg imports are
// of a form that x/tools does not read. Go 1.27.2 has a new one, and v0.49, the last for Go
// 1.25, does not know it.
func unreadable(pkg *packages.Package) bool {
	return slices.ContainsFunc(pkg.Errors, func(e packages.Error) bool {
		return strings.Contains(e.Msg, "greater than maximum supported version")
	})
}

// whole returns the packages that compile, and those that do not.
func whole(pkgs []*packages.Package) (good []*packages.Package, broken []Broken) {
	for _, pkg := range pkgs {
		if pkg.IllTyped || pkg.Types == nil || len(pkg.Errors) > 0 {
			var own []string
			for _, e := range pkg.Errors {
				if !strings.HasPrefix(e.Msg, "# ") || len(pkg.Errors) == 1 {
					own = append(own, e.Error())
				}
			}
			broken = append(broken, Broken{pkg.PkgPath, own, importError(pkg)})
			continue
		}
		good = append(good, pkg)
	}
	return good, broken
}

// importError returns the first error of what pkg imports, "" if there is none.
func importError(pkg *packages.Package) (text string) {
	packages.Visit([]*packages.Package{pkg}, func(p *packages.Package) bool {
		if p != pkg && text == "" && len(p.Errors) > 0 {
			text = p.Errors[0].Error()
		}
		return text == ""
	}, nil)
	return text
}

// Errors that Load returns, with more about them.
var (
	ErrNoPackages = errors.New("no packages match") // the patterns name nothing
	ErrBroken     = errors.New("the packages do not compile")
)

// notThere is the error for patterns of which the go command says what is wrong.
type notThere struct{ text string }

func (e *notThere) Error() string { return e.text }

func (e *notThere) Is(target error) bool { return target == ErrNoPackages }

// why returns what the go command says of patterns that match nothing: it may
// not be able to use go.mod.
func why(dir string, patterns []string) string {
	cmd := exec.Command("go", append([]string{"list", "--"}, patterns...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil || stderr.Len() == 0 {
		return ""
	}
	return ": " + strings.TrimSpace(stderr.String())
}

// notFound returns why packages that were named cannot be had at all.
func notFound(pkgs []*packages.Package) (errs []string) {
	for _, p := range pkgs {
		for _, e := range p.Errors {
			if e.Kind == packages.ListError && (e.Pos == "" || e.Pos == "-") && !strings.HasPrefix(e.Msg, "# ") {
				errs = append(errs, e.Msg)
			}
		}
	}
	return errs
}

// Errors returns what keeps the packages from compiling, each once.
func Errors(pkgs []*packages.Package) (errs []string) {
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			// The go command compiles it too, and repeats what the types say.
			if strings.HasPrefix(e.Msg, "# ") && len(p.Errors) > 1 {
				continue
			}
			if !slices.Contains(errs, e.Error()) { // a package with its tests is there twice
				errs = append(errs, e.Error())
			}
		}
	})
	return errs
}

// List returns errors as lines of text, ten at most.
func List(errs []string) string {
	const most = 10
	if n := len(errs) - most; n > 0 {
		errs = append(errs[:most:most], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(errs, "\n")
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
