package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// The little of SARIF 2.1.0 that is used here.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		Help             sarifText `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		CodeFlows []sarifFlow     `json:"codeFlows,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifFlow struct {
		ThreadFlows []sarifThread `json:"threadFlows"`
	}
	sarifThread struct {
		Locations []sarifStep `json:"locations"`
	}
	sarifStep struct {
		Location sarifLocation `json:"location"`
	}
)

// The rules of the SARIF output.
const (
	ruleRecursion = "unguarded-recursion"
	ruleGuard     = "guard-cost"
)

// uri returns a file as a relative URI, or as one of the scheme file.
func uri(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}

// SARIF writes the findings for tools that read the Static Analysis Results
// Interchange Format, version 2.1.0. Cycles that need no guard are left out.
func SARIF(w io.Writer, r *recursion.Result, o Options) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name:           "vstack",
			InformationURI: "https://github.com/vstack-go/vstack",
			Rules: []sarifRule{
				{ruleRecursion,
					sarifText{"Recursion whose depth depends on data and that nothing stops"},
					sarifText{"Input that nests deep enough ends the process with a stack overflow, which recover cannot catch. Run vstack fix, or silence it with //vstack:ok and a reason."}},
				{ruleGuard,
					sarifText{"A vstack guard that costs more than it needs to, or is not needed"},
					sarifText{"Make the guard the first statement, and let its closure capture only variables that are never assigned again."}},
			},
		}},
		Results: []sarifResult{},
	}
	location := func(p Position) sarifLocation {
		return sarifLocation{Physical: sarifPhysical{sarifArtifact{uri(p.File)}, sarifRegion{p.Line, p.Column}}}
	}
	for _, c := range r.Cycles {
		if c.Status != recursion.Unguarded {
			continue
		}
		level := "warning"
		switch c.Rank {
		case recursion.Handler, recursion.Network, recursion.Decoder:
			level = "error"
		case recursion.Main, recursion.Internal:
			level = "note"
		}
		var steps []sarifStep
		for _, s := range Steps(c) {
			l := location(o.place(r.Fset, s.Pos))
			l.Message = &sarifText{s.Text}
			steps = append(steps, sarifStep{l})
		}
		run.Results = append(run.Results, sarifResult{
			RuleID:    ruleRecursion,
			Level:     level,
			Message:   sarifText{Headline(c) + "; depth depends on data: " + c.Reason + "; " + Reached(c)},
			Locations: []sarifLocation{location(o.place(r.Fset, c.Pos()))},
			CodeFlows: []sarifFlow{{[]sarifThread{{steps}}}},
		})
	}
	for _, cost := range r.Costs {
		run.Results = append(run.Results, sarifResult{
			RuleID:    ruleGuard,
			Level:     "warning",
			Message:   sarifText{cost.Message},
			Locations: []sarifLocation{location(o.place(r.Fset, cost.Pos))},
		})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}
