package command

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/crash"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

// explain says which finding a crash is, and what ends it.
func explain(args []string, stdout, stderr io.Writer) int {
	c := newCommon("explain", stderr)
	c.takes = "FILE [packages]"
	c.partial = true
	c.withDeps()
	patterns, code, done := c.parse(args)
	if done {
		return code
	}
	if c.flags.NArg() == 0 {
		fmt.Fprintf(stderr, "vstack: explain needs a file with what the program printed as it crashed, or - for the standard input\n")
		return exitUsage
	}
	file, patterns := patterns[0], patterns[1:]
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	trace, err := read(file)
	if err != nil {
		fmt.Fprintf(stderr, "vstack: %s: %v\n", file, err)
		return exitUsage
	}
	progress := newProgress(stderr)
	defer progress.done()
	p, r, err := c.find(patterns, progress)
	progress.done()
	if err != nil {
		return c.fail(err)
	}
	broken(p, stderr)
	e := explanation{r: r, named: named(r), o: report.Options{Dir: c.root(), Full: true}, cycle: trace.Cycle(), trace: trace, w: stdout}
	if !e.write() {
		return exitFound
	}
	return exitOK
}

func read(name string) (*crash.Trace, error) {
	if name == "-" {
		return crash.Read(os.Stdin)
	}
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return crash.Read(f)
}

type explanation struct {
	r     *recursion.Result
	o     report.Options
	trace *crash.Trace
	cycle []string                 // the functions that repeat, as the runtime names them
	named map[string]*program.Func // by their names in tracebacks
	w     io.Writer
}

// named returns the functions of the program by the names that the runtime has for them.
func named(r *recursion.Result) map[string]*program.Func {
	all := map[string]*program.Func{}
	for _, fn := range r.Graph.Funcs {
		if name := program.RuntimeName(fn.SSA); all[name] == nil || all[name].Wrapper() {
			all[name] = fn
		}
	}
	return all
}

// write says what is known of the crash, and reports whether that is a finding.
func (e *explanation) write() bool {
	const most = 8
	names := e.cycle
	if len(names) > most {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("… %d more", len(e.cycle)-most))
	}
	if len(names) == 0 {
		fmt.Fprintln(e.w, "The traceback repeats no function: a few calls with very large frames, or not enough of it is there.")
		return false
	}
	fmt.Fprintf(e.w, "The traceback repeats %s.\n", strings.Join(append(names, e.cycle[0]), " → "))
	if n := len(e.trace.Bottom); n > 0 {
		fmt.Fprintf(e.w, "It was entered from %s.\n", e.entry())
	}
	c := e.find()
	if c == nil {
		fmt.Fprintln(e.w, "No finding has these functions. Were the packages named that the program is built of? vstack build guards recursion that check does not see.")
		return false
	}
	fmt.Fprintln(e.w, "\nIt is this one:")
	if err := report.One(e.w, e.r, c, e.o); err != nil {
		return false
	}
	if round := e.round(c); round != nil {
		fmt.Fprintf(e.w, "\nThe crash went round it this way:\n\t%s\n", strings.Join(round, "\n\t"))
	}
	fmt.Fprintf(e.w, "\n%s\n", e.advice(c))
	return true
}

// entry returns the last function before the recursion in what the runtime shows of
// the bottom of the stack.
func (e *explanation) entry() string {
	for _, f := range e.trace.Bottom {
		if !slices.Contains(e.cycle, f.Func) {
			return fmt.Sprintf("%s (%s:%d)", f.Func, report.Relative(e.o.Dir, f.File), f.Line)
		}
	}
	return "a function that the traceback leaves out"
}

// find returns the finding that has the most of what repeats: on its chain before
// elsewhere on its cycles, and one that is not stopped before one that is.
func (e *explanation) find() *recursion.Cycle {
	on := e.functions()
	var best *recursion.Cycle
	var most [4]int
	for _, c := range e.r.Cycles {
		score := e.score(c, on)
		if score[0] > 0 && (best == nil || slices.Compare(score[:], most[:]) > 0) {
			best, most = c, score
		}
	}
	return best
}

// functions returns the names of the functions that repeat, as [program.RuntimeName]
// has them.
func (e *explanation) functions() map[string]bool {
	on := map[string]bool{}
	for _, name := range e.cycle {
		if fn := e.function(name); fn != nil {
			on[program.RuntimeName(fn.SSA)] = true
		}
	}
	return on
}

// function returns the function that the traceback names; nil if it is not known. The
// runtime has other names for literals that were inlined; these are known by their places.
func (e *explanation) function(name string) *program.Func {
	if fn := e.named[name]; fn != nil {
		return fn
	}
	for _, f := range e.trace.Top {
		if f.Func == name {
			if fn := e.at(f); fn != nil {
				return fn
			}
		}
	}
	return nil
}

// round returns the way that the crash went, if it is not the one that the finding shows.
func (e *explanation) round(c *recursion.Cycle) []string {
	frames := e.trace.Round()
	if c.Library != "" || len(frames) == 0 {
		return nil
	}
	var shown, went []*program.Func
	for _, call := range c.Chain {
		if !call.From.Wrapper() {
			shown = append(shown, call.From)
		}
	}
	for _, f := range frames {
		went = append(went, e.function(f.Func))
	}
	if len(shown) == len(went) {
		for i := range went {
			if slices.Equal(shown, slices.Concat(went[i:], went[:i])) {
				return nil
			}
		}
	}
	if i := slices.Index(went, c.Start()); i > 0 {
		frames = slices.Concat(frames[i:], frames[:i])
	}
	var lines []string
	for i, f := range frames {
		lines = append(lines, fmt.Sprintf("%s:%d: %s calls %s", report.Relative(e.o.Dir, f.File), f.Line, f.Func, frames[(i+1)%len(frames)].Func))
	}
	return lines
}

// at returns the innermost function at the frame's place; nil if it is not known. The
// program may have been built elsewhere, so only the end of the file's name counts.
func (e *explanation) at(f crash.Frame) *program.Func {
	var best *program.Func
	for _, fn := range e.r.Graph.Funcs {
		d := fn.Decl()
		if d == nil {
			continue
		}
		from, to := e.r.Fset.Position(d.Pos()), e.r.Fset.Position(d.End())
		if from.Line <= f.Line && f.Line <= to.Line && ending(from.Filename) == ending(f.File) &&
			(best == nil || d.Pos() > best.Decl().Pos()) {
			best = fn
		}
	}
	return best
}

// ending returns the last two elements of a path.
func ending(path string) string {
	return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
}

func (e *explanation) score(c *recursion.Cycle, on map[string]bool) (score [4]int) {
	if c.Library != "" {
		// What repeats is the library's own.
		pkg, _, _ := strings.Cut(strings.TrimPrefix(c.Library, "(*"), ".")
		for _, name := range e.cycle {
			if strings.HasPrefix(name, pkg+".") {
				score[0] = 1
			}
		}
		name := program.RuntimeName(c.Start().SSA)
		if !slices.ContainsFunc(slices.Concat(e.trace.Top, e.trace.Bottom), func(f crash.Frame) bool { return f.Func == name }) {
			score[0] = 0
		}
		return score
	}
	for _, fn := range c.Funcs {
		if on[program.RuntimeName(fn.SSA)] {
			score[1]++
		}
	}
	for _, call := range c.Chain {
		if on[program.RuntimeName(call.From.SSA)] {
			score[2]++
		}
	}
	if score[1] > 0 {
		score[0] = 1
	}
	// One that a guard ends which is on every way round counts most.
	if c.Point != nil && on[program.RuntimeName(c.Point.SSA)] {
		score[0] = 2
	}
	if c.Status == recursion.Unguarded {
		score[3] = 1
	}
	return score
}

func (e *explanation) advice(c *recursion.Cycle) string {
	switch {
	case c.Library != "":
		return "To end it: " + c.Help + "."
	case c.Status == recursion.Guarded:
		return "It has a guard. Is the program built with it, and is the library supported there (vstack.Supported)? A limit far beyond the memory of the machine ends the process too."
	case c.Status == recursion.Limited:
		return "check takes it to be limited, and it crashed all the same: the limit is too high for its frames, or counts something else. A guard in " + c.Start().Name() + " ends it; take the limit out first. Please report what check says here."
	case c.Status != recursion.Unguarded:
		return "check does not take it to be deep, and it crashed all the same: please report this. A guard in " + c.Start().Name() + " ends it; or build with vstack build."
	}
	name := c.Point.Name()
	if e.r.Where(c) != recursion.Own {
		return fmt.Sprintf("A guard in %s ends it. It is not in the packages named: build with vstack build, which guards dependencies and the standard library too.", name)
	}
	pkg := "./..."
	if c.Point.Pkg != nil {
		pkg = cmp.Or(c.Point.Pkg.Path(), pkg)
	}
	return fmt.Sprintf("A guard in %s ends it; vstack fix chooses where: vstack fix %s", name, pkg)
}
