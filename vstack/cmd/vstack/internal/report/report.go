// Package report writes what was found, for people and for machines.
package report

import (
	"fmt"
	"go/token"
	"io"
	"path/filepath"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Options say what to write and how.
type Options struct {
	All  bool   // also cycles that need no guard
	Full bool   // every call of the chain
	Dir  string // positions are relative to it
}

// Alarms returns what the tool complains of.
func Alarms(r *recursion.Result) (cycles []*recursion.Cycle, costs []recursion.Cost) {
	for _, c := range r.Cycles {
		if c.Status == recursion.Unguarded {
			cycles = append(cycles, c)
		}
	}
	return cycles, r.Costs
}

func (o Options) position(fset *token.FileSet, pos token.Pos) token.Position {
	p := fset.Position(pos)
	p.Filename = Relative(o.Dir, p.Filename)
	return p
}

// Relative returns file relative to dir if it lies below it.
func Relative(dir, file string) string {
	if rel, err := filepath.Rel(dir, file); dir != "" && err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return file
}

// most is how many functions of a chain are named.
const most = 6

// Chain returns the functions on a way round, as a → b → a.
func Chain(c *recursion.Cycle) string {
	var names []string
	for _, s := range Steps(c) {
		names = append(names, qualified(s.From, c.Start()))
	}
	if len(names) == 0 {
		return c.Start().Name()
	}
	if len(names) > most {
		names = append(names[:most-1], fmt.Sprintf("… %d more", len(names)-most+1))
	}
	return strings.Join(append(names, names[0]), " → ")
}

func qualified(f, start *program.Func) string {
	if f.Pkg != start.Pkg && f.Pkg != nil {
		return f.SSA.RelString(nil)
	}
	return f.Name()
}

// Headline returns one line that says what was found about c.
func Headline(c *recursion.Cycle) string {
	if c.Library != "" {
		return fmt.Sprintf("%s recursion: %s in %s", c.Status, c.Library, c.Start().Name())
	}
	n := 0
	for _, f := range c.Funcs {
		if !f.Wrapper() {
			n++
		}
	}
	size := ""
	if n > len(Steps(c)) {
		size = fmt.Sprintf(" (%d functions in all)", n)
	}
	return fmt.Sprintf("%s recursion: %s%s", c.Status, Chain(c), size)
}

// Reached says who can drive the cycle.
func Reached(c *recursion.Cycle) string {
	switch {
	case c.Root == nil:
		return "reached from no exported function"
	case c.Rank == recursion.Main && c.Root.Name() == "init":
		return "reached from the package's initialization"
	}
	kind := map[recursion.Rank]string{
		recursion.Handler:  "handler ",
		recursion.Network:  "function that is given a connection, ",
		recursion.Decoder:  "exported function that takes input, ",
		recursion.Exported: "exported function ",
		recursion.Main:     "",
	}[c.Rank]
	return "reached from " + kind + qualified(c.Root, c.Start())
}

// Text writes the findings as lines of text.
func Text(w io.Writer, r *recursion.Result, o Options) error {
	for _, c := range r.Cycles {
		if c.Status != recursion.Unguarded && !o.All {
			continue
		}
		fmt.Fprintf(w, "%s: %s\n", o.position(r.Fset, c.Pos()), Headline(c))
		switch c.Status {
		case recursion.Unguarded:
			fmt.Fprintf(w, "\tdepth depends on data: %s\n", c.Reason)
		default:
			fmt.Fprintf(w, "\t%s: %s\n", c.Status, c.Reason)
		}
		if c.Tail && c.Status == recursion.Unguarded {
			fmt.Fprintf(w, "\tthe call is the last thing done: a loop would do instead\n")
		}
		if len(c.Others) > 0 {
			fmt.Fprintf(w, "\tother ways round are stopped by %s\n", strings.Join(c.Others, ", "))
		}
		fmt.Fprintf(w, "\t%s\n", Reached(c))
		if steps := Steps(c); o.Full || len(steps) <= most {
			for _, s := range steps {
				fmt.Fprintf(w, "\t%s: %s\n", o.position(r.Fset, s.Pos), s.Text)
			}
		}
	}
	for _, cost := range r.Costs {
		fmt.Fprintf(w, "%s: %s\n", o.position(r.Fset, cost.Pos), cost.Message)
	}
	return nil
}

// A Step is one call of a chain, as people see it: what the compiler puts between
// (wrappers of promoted methods, method values) is left out.
type Step struct {
	From, To *program.Func
	How      program.How
	Pos      token.Pos
	Text     string // who calls whom, and how
}

// Steps returns the steps of a shortest way round the cycle.
func Steps(c *recursion.Cycle) (steps []Step) {
	var vias []string
	for _, call := range c.Chain {
		if call.From.Wrapper() && len(steps) > 0 {
			steps[len(steps)-1].To = call.To
			continue
		}
		pos := call.Site.Pos()
		if !pos.IsValid() {
			pos = call.From.Pos() // range over a function has a call without a position
		}
		steps = append(steps, Step{From: call.From, To: call.To, How: call.How, Pos: pos})
		vias = append(vias, call.Via)
	}
	for i := range steps {
		s := &steps[i]
		s.Text = qualified(s.From, c.Start()) + " calls " + qualified(s.To, c.Start())
		switch s.How {
		case program.Interface, program.Callback:
			s.Text += " through " + vias[i]
		case program.Value:
			s.Text += " through a function value"
		}
	}
	return steps
}
