package report

import (
	"encoding/json"
	"go/token"
	"io"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Document is the JSON output of check.
type Document struct {
	Cycles []Cycle   `json:"cycles"`
	Guards []Problem `json:"guards"` // guards that cost
}

// Cycle is a cycle of calls.
type Cycle struct {
	Status      recursion.Status `json:"status"`
	Message     string           `json:"message"`
	Position    Position         `json:"position"`
	Reason      string           `json:"reason"` // what the depth depends on, or what stops it
	Tail        bool             `json:"tail,omitempty"`
	Rank        string           `json:"rank"`
	ReachedFrom string           `json:"reachedFrom,omitempty"`
	Functions   []Function       `json:"functions"`
	Chain       []Call           `json:"chain"`
	Guards      []string         `json:"guards,omitempty"`
	StoppedBy   []string         `json:"stoppedBy,omitempty"` // other ways round
}

// Function is a function on a cycle.
type Function struct {
	Name     string   `json:"name"`
	Package  string   `json:"package"`
	Position Position `json:"position"`
}

// Call is one call of a chain.
type Call struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	How      string   `json:"how"`
	Position Position `json:"position"`
}

// Problem is a guard that costs.
type Problem struct {
	Message  string   `json:"message"`
	Position Position `json:"position"`
}

// Position is a place in a file.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func (o Options) place(fset *token.FileSet, pos token.Pos) Position {
	p := o.position(fset, pos)
	return Position{p.Filename, p.Line, p.Column}
}

var hows = [...]string{program.Static: "call", program.Interface: "interface", program.Value: "function value", program.Callback: "callback"}

// Describe makes the document of what was found.
func Describe(r *recursion.Result, o Options) Document {
	doc := Document{Cycles: []Cycle{}, Guards: []Problem{}}
	for _, c := range r.Cycles {
		if c.Status != recursion.Unguarded && !o.All {
			continue
		}
		out := Cycle{
			Status:    c.Status,
			Message:   Headline(c),
			Position:  o.place(r.Fset, c.Pos()),
			Reason:    c.Reason,
			Tail:      c.Tail,
			Rank:      c.Rank.String(),
			StoppedBy: c.Others,
			Functions: []Function{},
			Chain:     []Call{},
		}
		if c.Root != nil {
			out.ReachedFrom = c.Root.SSA.RelString(nil)
		}
		for _, g := range c.Guards {
			out.Guards = append(out.Guards, g.Name())
		}
		for _, f := range c.Funcs {
			if f.Wrapper() {
				continue
			}
			pkg := ""
			if f.Pkg != nil {
				pkg = f.Pkg.Path()
			}
			out.Functions = append(out.Functions, Function{f.Name(), pkg, o.place(r.Fset, f.Pos())})
		}
		for _, s := range Steps(c) {
			out.Chain = append(out.Chain, Call{s.From.Name(), s.To.Name(), hows[s.How], o.place(r.Fset, s.Pos)})
		}
		doc.Cycles = append(doc.Cycles, out)
	}
	for _, cost := range r.Costs {
		doc.Guards = append(doc.Guards, Problem{cost.Message, o.place(r.Fset, cost.Pos)})
	}
	return doc
}

// JSON writes the findings as one JSON document.
func JSON(w io.Writer, r *recursion.Result, o Options) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	enc.SetEscapeHTML(false)
	return enc.Encode(Describe(r, o))
}
