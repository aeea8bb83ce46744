package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Text writes the findings as lines of text.
func Text(w io.Writer, r *recursion.Result, o Options) error {
	t := &text{bufio.NewWriter(w), r, o}
	groups := Groups(shown(r, o))
	for _, g := range groups {
		t.group(g)
	}
	for _, cost := range r.Costs {
		kind := ""
		if cost.Note {
			kind = "note: "
		}
		t.line("%s: %s%s", o.position(r.Fset, cost.Pos), kind, cost.Message)
	}
	t.line("%s", Summary(r, o))
	return t.w.Flush() // keeps the first error
}

// One writes one finding.
func One(w io.Writer, r *recursion.Result, c *recursion.Cycle, o Options) error {
	t := &text{bufio.NewWriter(w), r, o}
	t.group(&Group{Cycle: c})
	return t.w.Flush()
}

// shown returns the cycles that the options ask for.
func shown(r *recursion.Result, o Options) []*recursion.Cycle {
	if o.All {
		return r.Cycles
	}
	cycles, _ := Alarms(r)
	return cycles
}

type text struct {
	w *bufio.Writer
	r *recursion.Result
	o Options
}

func (t *text) line(format string, args ...any) {
	fmt.Fprintf(t.w, format+"\n", args...)
}

func (t *text) group(g *Group) {
	c := g.Cycle
	t.line("%s: %s", t.o.position(t.r.Fset, c.Pos()), Headline(c))
	if c.Status == recursion.Unguarded {
		t.line("\tdepth depends on data: %s", c.Reason)
	} else {
		t.line("\t%s: %s", c.Status, c.Reason)
	}
	if more := g.More(); more != "" {
		t.line("\t%s", more)
	}
	if c.Status == recursion.Unguarded {
		t.advice(c)
	}
	if len(c.Others) > 0 {
		t.line("\tother ways round are stopped by %s", strings.Join(c.Others, ", "))
	}
	t.line("\t%s", Reached(c, t.o.Full))
	if t.o.Full {
		for _, s := range Way(c) {
			t.line("\t%s: %s", t.o.position(t.r.Fset, s.Pos), s.Text)
		}
	}
	if steps := Steps(c); t.o.Full || len(steps) <= most {
		for _, s := range steps {
			t.line("\t%s: %s", t.o.position(t.r.Fset, s.Pos), s.Text)
		}
	}
	if t.o.Full && size(c) != "" {
		var names []string
		for _, fn := range c.Funcs {
			if !fn.Wrapper() {
				names = append(names, qualified(fn, c.Start()))
			}
		}
		t.line("\tthe functions: %s", strings.Join(names, ", "))
	}
}

func (t *text) advice(c *recursion.Cycle) {
	switch {
	case c.Help != "":
		t.line("\t%s", c.Help)
	case c.Tail:
		t.line("\tthe call is the last thing done: a loop would do instead")
	case c.Point != nil && c.Point != c.Start():
		t.line("\ta guard in %s ends it", qualified(c.Point, c.Start()))
	}
	if c.Guess {
		t.line("\tone of the calls is a guess: no value was found that it goes to")
	}
}

// Summary says in one line how much was found, who can drive it, and what was left out.
func Summary(r *recursion.Result, o Options) string {
	cycles, costs := Alarms(r)
	groups := Groups(cycles)
	var ranks [recursion.Internal + 1]int
	var where [recursion.Std + 1]int
	for _, g := range groups {
		ranks[g.Rank]++
		where[r.Where(g.Cycle)]++
	}
	var parts []string
	for rank, n := range ranks {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, from[rank]))
		}
	}
	s := "vstack: " + count(len(groups), "finding")
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	if n := len(cycles) - len(groups); n > 0 {
		s += fmt.Sprintf("; %s like them", count(n, "cycle"))
	}
	if where[recursion.Depends] > 0 {
		s += fmt.Sprintf("; %d in dependencies", where[recursion.Depends])
	}
	if where[recursion.Std] > 0 {
		s += fmt.Sprintf("; %d in the standard library", where[recursion.Std])
	}
	if len(costs) > 0 {
		s += "; " + count(len(costs), "guard") + " to look at"
	}
	if n := len(r.Costs) - len(costs); n > 0 {
		s += "; " + count(n, "note")
	}
	if n := len(Groups(unguarded(r.Below))); n > 0 {
		s += fmt.Sprintf("; %d below the rank", n)
	}
	if n := len(Groups(unguarded(r.Elsewhere))); n > 0 {
		s += fmt.Sprintf("; %d in other packages", n)
	}
	left := slices.DeleteFunc(unguarded(r.Unreached), func(c *recursion.Cycle) bool { return r.Where(c) != recursion.Own })
	if n := len(Groups(left)); n > 0 {
		s += fmt.Sprintf("; %d in internal packages left out, which nothing that was named imports", n)
	}
	if o.Shallow {
		s += "; dependencies and the standard library not looked into"
	}
	if n := len(r.Graph.Program.Broken); n > 0 {
		s += "; " + count(n, "package") + " not checked"
	}
	return s
}

// from says of each rank where its cycles are reached from.
var from = [...]string{
	recursion.Handler:  "reached from handlers",
	recursion.Network:  "from functions that are given a connection",
	recursion.Decoder:  "from functions that take input",
	recursion.Exported: "from other exported functions",
	recursion.Main:     "from main",
	recursion.Internal: "from nowhere that was found",
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
