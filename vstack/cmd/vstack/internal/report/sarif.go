package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/token"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
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
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		Help             sarifText `json:"help"`
		Configuration    sarifConf `json:"defaultConfiguration"`
	}
	sarifConf struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		// Related are the other cycles of a group.
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		CodeFlows    []sarifFlow       `json:"codeFlows,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   *sarifProperties  `json:"properties,omitempty"`
	}
	sarifProperties struct {
		Rank        string `json:"rank"`
		ReachedFrom string `json:"reachedFrom,omitempty"`
		Where       string `json:"where"`
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
	ruleLibrary   = "library-recursion"
	ruleGuard     = "guard"
)

var rules = []sarifRule{
	{ruleRecursion,
		sarifText{"Recursion whose depth depends on data and that nothing stops"},
		sarifText{"Input that nests deep enough ends the process with a stack overflow, which recover cannot catch. Run vstack fix, or silence it with //vstack:ok and a reason."},
		sarifConf{"warning"}},
	{ruleLibrary,
		sarifText{"A value of a type that contains itself is given to a function of the standard library that recurses on it"},
		sarifText{"A value that nests deep enough ends the process with a stack overflow, which recover cannot catch. Limit the depth where the value is built, or build with vstack build."},
		sarifConf{"warning"}},
	{ruleGuard,
		sarifText{"A vstack guard that guards nothing, costs more than it needs to, or is not needed"},
		sarifText{"Make the guard the first statement, but for what only leaves the function, and let its closure capture only variables that are never assigned again."},
		sarifConf{"warning"}},
}

// fingerprint is the name that results are recognized by from one run to the next,
// with the version of how it is made.
const fingerprint = "vstackChain/v1"

// Fingerprint returns what stays the same of a cycle while lines move: the functions of
// its chain, in an order that does not depend on where it is entered.
func Fingerprint(c *recursion.Cycle) string {
	names := []string{c.Library}
	for _, call := range c.Chain {
		names = append(names, program.QualifiedName(call.From.SSA))
	}
	if c.Library != "" {
		names = append(names, program.QualifiedName(c.Start().SSA), c.Reason)
	}
	slices.Sort(names)
	return hash(names...)
}

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

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
			Version:        o.Version,
			InformationURI: "https://github.com/vstack-go/vstack",
			Rules:          rules,
		}},
		Results: []sarifResult{},
	}
	cycles, _ := Alarms(r)
	for _, g := range Groups(cycles) {
		run.Results = append(run.Results, o.result(r, g))
	}
	for _, cost := range r.Costs {
		name, level := "", "warning"
		if cost.Note {
			level = "note"
		}
		if cost.Func != nil {
			name = program.QualifiedName(cost.Func.SSA)
		}
		run.Results = append(run.Results, sarifResult{
			RuleID:       ruleGuard,
			Level:        level,
			Message:      sarifText{cost.Message},
			Locations:    []sarifLocation{o.location(r.Fset, cost.Pos, "")},
			Fingerprints: map[string]string{fingerprint: hash(name, cost.Message)},
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

func (o Options) location(fset *token.FileSet, pos token.Pos, text string) sarifLocation {
	p := o.place(fset, pos)
	l := sarifLocation{Physical: sarifPhysical{sarifArtifact{uri(p.File)}, sarifRegion{p.Line, p.Column}}}
	if text != "" {
		l.Message = &sarifText{text}
	}
	return l
}

func (o Options) result(r *recursion.Result, g *Group) sarifResult {
	c := g.Cycle
	res := sarifResult{
		RuleID:       ruleRecursion,
		Level:        level(c.Rank),
		Message:      sarifText{Headline(c) + "; depth depends on data: " + c.Reason + "; " + Reached(c, true)},
		Locations:    []sarifLocation{o.location(r.Fset, c.Pos(), "")},
		Fingerprints: map[string]string{fingerprint: Fingerprint(c)},
		Properties:   &sarifProperties{Rank: c.Rank.String(), Where: places[r.Where(c)]},
	}
	if c.Library != "" {
		res.RuleID = ruleLibrary
		res.Message.Text += "; " + c.Help
	}
	if c.Root != nil {
		res.Properties.ReachedFrom = program.QualifiedName(c.Root.SSA)
	}
	if more := g.More(); more != "" {
		res.Message.Text += "; " + more
	}
	for _, other := range g.Rest {
		res.Related = append(res.Related, o.location(r.Fset, other.Pos(), Headline(other)))
	}
	var steps []sarifStep
	for _, s := range slices.Concat(Way(c), Steps(c)) {
		steps = append(steps, sarifStep{o.location(r.Fset, s.Pos, s.Text)})
	}
	if len(steps) > 0 {
		res.CodeFlows = []sarifFlow{{[]sarifThread{{steps}}}}
	}
	return res
}

// level is the severity of what is reached from an entry of the rank.
func level(rank recursion.Rank) string {
	switch rank {
	case recursion.Handler, recursion.Network, recursion.Decoder:
		return "error"
	case recursion.Exported:
		return "warning"
	}
	return "note"
}
