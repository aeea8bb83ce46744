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
	Version string    `json:"version"` // of the tool
	Cycles  []Cycle   `json:"cycles"`  // the worst first
	Guards  []Problem `json:"guards"`  // guards that cost or do not guard
	Broken  []string  `json:"broken"`  // packages that do not compile, and were not checked
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
	Path        []Call           `json:"path"`  // from there to the cycle
	Where       string           `json:"where"` // own, dependency or std
	Group       int              `json:"group"` // cycles of one number are one finding in the text
	Generator   string           `json:"generator,omitempty"`
	Functions   []Function       `json:"functions"`
	Chain       []Call           `json:"chain"`
	GuardIn     string           `json:"guardIn,omitempty"` // the function in which one guard ends it
	Guess       bool             `json:"guess,omitempty"`   // one of the calls is not certain
	Library     string           `json:"library,omitempty"` // the function of the standard library that recurses
	Help        string           `json:"help,omitempty"`
	Fingerprint string           `json:"fingerprint"` // the same as long as the functions of the chain are
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
	Note     bool     `json:"note,omitempty"` // does not count for the exit code
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

var hows = [...]string{program.Static: "call", program.Interface: "interface", program.Value: "function value", program.Callback: "callback", program.Made: "makes", program.Given: "hands on"}

var places = [...]string{recursion.Own: "own", recursion.Depends: "dependency", recursion.Std: "std"}

// Describe makes the document of what was found.
func Describe(r *recursion.Result, o Options) Document {
	doc := Document{Version: o.Version, Cycles: []Cycle{}, Guards: []Problem{}, Broken: []string{}}
	for i, g := range Groups(shown(r, o)) {
		doc.Cycles = append(doc.Cycles, o.cycle(r, g.Cycle, i))
		for _, c := range g.Rest {
			doc.Cycles = append(doc.Cycles, o.cycle(r, c, i))
		}
	}
	for _, cost := range r.Costs {
		doc.Guards = append(doc.Guards, Problem{cost.Message, o.place(r.Fset, cost.Pos), cost.Note})
	}
	if r.Graph != nil {
		for _, b := range r.Graph.Program.Broken {
			doc.Broken = append(doc.Broken, b.Path)
		}
	}
	return doc
}

func (o Options) cycle(r *recursion.Result, c *recursion.Cycle, group int) Cycle {
	out := Cycle{
		Status:      c.Status,
		Message:     Headline(c),
		Position:    o.place(r.Fset, c.Pos()),
		Reason:      c.Reason,
		Tail:        c.Tail,
		Rank:        c.Rank.String(),
		Path:        o.calls(r, Way(c)),
		Where:       places[r.Where(c)],
		Group:       group,
		Generator:   c.Generator,
		StoppedBy:   c.Others,
		Functions:   []Function{},
		Chain:       o.calls(r, Steps(c)),
		Guess:       c.Guess,
		Library:     c.Library,
		Help:        c.Help,
		Fingerprint: Fingerprint(c),
	}
	if c.Root != nil {
		out.ReachedFrom = program.QualifiedName(c.Root.SSA)
	}
	if c.Point != nil {
		out.GuardIn = program.QualifiedName(c.Point.SSA)
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
	return out
}

func (o Options) calls(r *recursion.Result, steps []Step) []Call {
	calls := []Call{}
	for _, s := range steps {
		how := hows[s.How]
		if s.Goes {
			how = "go"
		}
		calls = append(calls, Call{s.From.Name(), s.To.Name(), how, o.place(r.Fset, s.Pos)})
	}
	return calls
}

// JSON writes the findings as one JSON document.
func JSON(w io.Writer, r *recursion.Result, o Options) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	enc.SetEscapeHTML(false)
	return enc.Encode(Describe(r, o))
}
