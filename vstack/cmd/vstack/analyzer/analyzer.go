// Package analyzer is vstack's check as a go/analysis analyzer, for use with go
// vet, golangci-lint and other drivers.
//
// A driver gives it one package at a time, so it finds the cycles within a
// package; those that go through several need the command, vstack check. Go's
// imports have no cycles: a recursion through several packages goes through an
// interface or a function value.
package analyzer

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/fix"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

// Analyzer reports recursion that can run out of stack and guards that cost more
// than they need to. Its flag -tests has it look at test files too.
var Analyzer = New()

// New returns an analyzer with flags of its own.
func New() *analysis.Analyzer {
	a := &analysis.Analyzer{
		Name: "vstack",
		Doc: `report recursion that can run out of stack

A goroutine's stack ends at 1 GB, and past it the process dies with a fatal
error that recover cannot catch. The analyzer reports cycles of calls whose
depth depends on data and that neither a guard of vstack nor a depth limit of
their own stops, and guards that cost more than they need to. A comment
//vstack:ok with a reason silences one place.`,
		URL: "https://pkg.go.dev/github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer",
	}
	tests := a.Flags.Bool("tests", false, "look at test files too")
	a.Run = func(pass *analysis.Pass) (any, error) { run(pass, *tests); return nil, nil }
	return a
}

func run(pass *analysis.Pass, tests bool) {
	if path := pass.Pkg.Path(); path == guard.Path || path == "runtime" {
		return
	}
	p := program.FromPass(pass)
	r := recursion.Find(program.NewGraph(p))
	cycles, costs := report.Alarms(r)
	skip := func(file string) bool { return !tests && strings.HasSuffix(file, "_test.go") }
	for _, c := range cycles {
		if skip(pass.Fset.Position(c.Pos()).Filename) {
			continue
		}
		d := analysis.Diagnostic{
			Pos:      c.Pos(),
			Category: "recursion",
			Message:  fmt.Sprintf("%s; depth depends on data: %s", report.Headline(c), c.Reason),
		}
		if c.Help != "" {
			d.Message += "; " + c.Help
		}
		for _, s := range report.Steps(c) {
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: s.Pos, Message: s.Text})
		}
		if f, ok := suggest(r.Graph, c); ok {
			d.SuggestedFixes = append(d.SuggestedFixes, f)
		}
		pass.Report(d)
	}
	for _, cost := range costs {
		if !skip(pass.Fset.Position(cost.Pos).Filename) {
			pass.Report(analysis.Diagnostic{Pos: cost.Pos, Category: "guard", Message: cost.Message})
		}
	}
}

// suggest returns the guards for c, if all of them can be written.
func suggest(g *program.Graph, c *recursion.Cycle) (analysis.SuggestedFix, bool) {
	change, err := fix.Plan(g.Program, &recursion.Result{Graph: g, Cycles: []*recursion.Cycle{c}, Fset: g.Program.Fset}, fix.Options{})
	if err != nil || len(change.Left) > 0 || len(change.Files) == 0 {
		return analysis.SuggestedFix{}, false
	}
	f := analysis.SuggestedFix{Message: "Insert a vstack guard"}
	for _, file := range change.Files {
		for _, e := range file.Edits {
			f.TextEdits = append(f.TextEdits, analysis.TextEdit{
				Pos:     file.Pos(e.From),
				End:     file.Pos(e.To),
				NewText: []byte(e.Text),
			})
		}
	}
	return f, true
}
