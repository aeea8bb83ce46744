// Package plugin makes the analyzer a module plugin of golangci-lint. Import it
// in the .custom-gcl.yml of a custom golangci-lint and enable the linter vstack:
//
//	version: v2.5.0
//	plugins:
//	  - module: github.com/vstack-go/vstack/vstack/cmd/vstack
//	    import: github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer/plugin
//	    version: latest
//
// and in the .golangci.yml:
//
//	linters:
//	  enable: [vstack]
//	  settings:
//	    custom:
//	      vstack:
//	        type: module
//	        settings:
//	          tests: true # look at test files too
package plugin

import (
	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer"
)

func init() { register.Plugin("vstack", New) }

// New makes the plugin. Its one setting is tests: true, to look at test files.
func New(settings any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[struct {
		Tests bool `json:"tests"`
	}](settings)
	if err != nil {
		return nil, err
	}
	a := analyzer.New()
	if s.Tests {
		if err := a.Flags.Set("tests", "true"); err != nil {
			return nil, err
		}
	}
	return linter{a}, nil
}

type linter struct{ analyzer *analysis.Analyzer }

// BuildAnalyzers returns the analyzer.
func (l linter) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return []*analysis.Analyzer{l.analyzer}, nil
}

// GetLoadMode says that the analyzer needs types.
func (l linter) GetLoadMode() string { return register.LoadModeTypesInfo }
