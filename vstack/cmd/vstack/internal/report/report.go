// Package report writes what was found, for people and for machines.
package report

import (
	"fmt"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Options say what to write and how.
type Options struct {
	All     bool   // also cycles that need no guard
	Full    bool   // every call of the chain and of the way to it, and every function
	Shallow bool   // dependencies were not looked into
	Dir     string // positions are relative to it
	Version string // of the tool
}

// Alarms returns what the tool complains of: notes are not among it.
func Alarms(r *recursion.Result) (cycles []*recursion.Cycle, costs []recursion.Cost) {
	cycles = unguarded(r.Cycles)
	for _, c := range r.Costs {
		if !c.Note {
			costs = append(costs, c)
		}
	}
	return cycles, costs
}

func unguarded(all []*recursion.Cycle) (cycles []*recursion.Cycle) {
	for _, c := range all {
		if c.Status == recursion.Unguarded {
			cycles = append(cycles, c)
		}
	}
	return cycles
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
	if c.Library != "" {
		return c.Library + " in " + c.Start().Name()
	}
	var names []string
	for _, s := range Steps(c) {
		names = append(names, qualified(s.From, c.Start()))
	}
	if len(names) == 0 {
		return c.Start().Name()
	}
	return shortened(append(names, names[0]), most)
}

// shortened joins names, and leaves out what is in the middle of many.
func shortened(names []string, most int) string {
	if n := len(names) - 1; n > most {
		names = append(append(names[:most-1:most-1], fmt.Sprintf("… %d more", n-most+1)), names[n])
	}
	return strings.Join(names, " → ")
}

func qualified(f, start *program.Func) string {
	if f.Pkg == start.Pkg || f.Pkg == nil {
		return f.Name()
	}
	return program.ShortName(f.SSA, f.Pkg)
}

// Headline returns one line that says what was found about c.
func Headline(c *recursion.Cycle) string {
	return fmt.Sprintf("%s recursion: %s%s", c.Status, Chain(c), size(c))
}

// size says how many functions are on c if more are than its chain has.
func size(c *recursion.Cycle) string {
	n := 0
	for _, f := range c.Funcs {
		if !f.Wrapper() {
			n++
		}
	}
	if c.Library != "" || n <= len(Steps(c)) {
		return ""
	}
	return fmt.Sprintf(" (%d functions in all)", n)
}

// Reached says who can drive the cycle, and by which way.
func Reached(c *recursion.Cycle, full bool) string {
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
	s := "reached from " + kind + qualified(c.Root, c.Start())
	names := []string{qualified(c.Root, c.Start())}
	for _, call := range c.Path {
		if !call.To.Wrapper() {
			names = append(names, qualified(call.To, c.Start()))
		}
	}
	if len(names) > 2 {
		n := most
		if full {
			n = len(names)
		}
		s += ": " + shortened(names, n)
	}
	return s
}

// A Step is one call of a chain, as people see it: what the compiler puts between
// (wrappers of promoted methods, method values) is left out.
type Step struct {
	From, To *program.Func
	How      program.How
	Goes     bool // a go statement
	Pos      token.Pos
	Text     string // who calls whom, and how
}

// Steps returns the steps of a way round the cycle.
func Steps(c *recursion.Cycle) []Step { return steps(c.Chain, c.Start()) }

// Way returns the steps from the entry to the cycle.
func Way(c *recursion.Cycle) []Step { return steps(c.Path, c.Start()) }

func steps(calls []*program.Call, start *program.Func) (steps []Step) {
	var vias []string
	for _, call := range calls {
		if call.From.Wrapper() && len(steps) > 0 {
			steps[len(steps)-1].To = call.To
			continue
		}
		pos := token.NoPos
		if call.Site != nil {
			pos = call.Site.Pos()
		}
		if !pos.IsValid() {
			pos = call.From.Pos() // range over a function has a call without a position
		}
		steps = append(steps, Step{From: call.From, To: call.To, How: call.How, Goes: call.Goes(), Pos: pos})
		vias = append(vias, call.Via)
	}
	for i := range steps {
		s := &steps[i]
		verb := " calls "
		switch {
		case s.How == program.Made:
			verb = " makes "
		case s.How == program.Given:
			verb = " hands on "
		case s.Goes:
			verb = " starts "
		}
		s.Text = qualified(s.From, start) + verb + qualified(s.To, start)
		switch s.How {
		case program.Interface, program.Callback:
			s.Text += " through " + vias[i]
		case program.Value:
			s.Text += " through a function value"
		}
	}
	return steps
}
