// Package plugin makes the analyzer a module plugin of golangci-lint. Write a
// .custom-gcl.yml, run golangci-lint custom, and use the binary that it builds:
//
//	version: v2.15.0
//	plugins:
//	  - module: github.com/vstack-go/vstack/vstack/cmd/vstack
//	    import: github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer/plugin
//	    version: latest
//
// and in the .golangci.yml:
//
//	version: "2"
//	linters:
//	  enable: [vstack]
//	  settings:
//	    custom:
//	      vstack:
//	        type: module
//	        description: recursion that can run out of stack
//	        settings:
//	          tests: true # look at test files too
//	issues:
//	  max-same-issues: 0 # each cycle is an issue
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
	alone(a)
	return linter{a}, nil
}

// alone has the analyzer report a cycle without its calls: golangci-lint makes an issue of
// each thing that belongs to another.
func alone(a *analysis.Analyzer) {
	run := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		own := *pass
		own.Report = func(d analysis.Diagnostic) {
			d.Related = nil
			pass.Report(d)
		}
		return run(&own)
	}
}

type linter struct{ analyzer *analysis.Analyzer }

// BuildAnalyzers returns the analyzer.
func (l linter) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return []*analysis.Analyzer{l.analyzer}, nil
}

// GetLoadMode says that the analyzer needs types.
func (l linter) GetLoadMode() string { return register.LoadModeTypesInfo }
