package program

import (
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
)

// FromPass makes a program of the one package that an analyzer is given.
func FromPass(pass *analysis.Pass) *Program {
	pkg := &packages.Package{
		ID:         pass.Pkg.Path(),
		Name:       pass.Pkg.Name(),
		PkgPath:    pass.Pkg.Path(),
		Fset:       pass.Fset,
		Syntax:     pass.Files,
		Types:      pass.Pkg,
		TypesInfo:  pass.TypesInfo,
		TypesSizes: pass.TypesSizes,
	}
	for _, f := range pass.Files {
		pkg.GoFiles = append(pkg.GoFiles, pass.Fset.File(f.FileStart).Name())
	}
	p := &Program{
		Fset:     pass.Fset,
		Packages: []*packages.Package{pkg},
		SSA:      ssa.NewProgram(pass.Fset, ssa.InstantiateGenerics),
		Source:   map[*types.Package]*packages.Package{pass.Pkg: pkg},
	}
	created := map[*types.Package]bool{}
	work := pass.Pkg.Imports()
	for len(work) > 0 {
		imp := work[len(work)-1]
		work = work[:len(work)-1]
		if !created[imp] {
			created[imp] = true
			p.SSA.CreatePackage(imp, nil, nil, true)
			work = append(work, imp.Imports()...)
		}
	}
	p.SSA.CreatePackage(pass.Pkg, pass.Files, pass.TypesInfo, false)
	return p
}
