package command

import (
	"fmt"
	"go/token"
	goversion "go/version"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/fix"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

// names is a flag of names with commas between, which may be given again.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			*n = append(*n, name)
		}
	}
	return nil
}

func runFix(args []string, stdout, stderr io.Writer) int {
	c := newCommon("fix", stderr)
	c.withDeps()
	var o fix.Options
	diff := c.flags.Bool("diff", false, "print a unified diff and write nothing")
	all := c.flags.Bool("all", false, "say which cycles need no guard too, with the reason")
	c.flags.BoolVar(&o.Handle, "handle", false, "use a *vstack.Stack where a parameter or a field is one: fewer nanoseconds a call")
	c.flags.BoolVar(&o.Generated, "generated", false, "write into generated files too")
	c.flags.Var((*names)(&o.Catch), "catch", "`functions`, such as Parse,(*Env).Eval, that return an overflow as their error")
	patterns, code, done := c.parse(args)
	if done {
		return code
	}
	fail := func(err error) int {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return exitFound
	}
	progress := newProgress(stderr)
	defer progress.done()
	// What is missing is said before the work.
	progress.step("looking for vstack in go.mod")
	missing := c.ready(patterns)
	if missing != nil && !*diff {
		progress.done()
		return fail(missing)
	}
	p, r, err := c.find(patterns, progress)
	if err != nil {
		progress.done()
		return c.fail(err)
	}
	progress.step("choosing functions")
	change, err := fix.Plan(p, r, o)
	if err != nil {
		progress.done()
		return fail(err)
	}
	progress.step("checking the result")
	err = compiles(p, change)
	progress.done()
	if err != nil {
		return fail(err)
	}

	if *diff {
		for _, f := range change.Files {
			fmt.Fprint(stdout, f.Diff(report.Relative(c.root(), f.Name)))
		}
	} else if err := write(change.Files); err != nil {
		return fail(err)
	}
	c.explain(p.Fset, change, patterns, stderr)
	if *all {
		c.leftAlone(r, stderr)
	}
	if missing != nil {
		fail(missing)
	}
	left := slices.ContainsFunc(change.Left, func(l fix.Left) bool { return !l.Outside() })
	if missing != nil || left || len(change.Refused) > 0 {
		return exitFound
	}
	return exitOK
}

// write writes the files, or none if one cannot be written.
func write(files []fix.File) error {
	modes := make([]os.FileMode, len(files))
	for i, f := range files {
		info, err := os.Stat(f.Name)
		if err != nil {
			return err
		}
		modes[i] = info.Mode().Perm()
		// Root can write what is read-only, as files of the module cache are.
		if modes[i]&0o200 == 0 {
			return fmt.Errorf("%s is read-only, so nothing was written", f.Name)
		}
		file, err := os.OpenFile(f.Name, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("%w, so nothing was written", err)
		}
		file.Close()
	}
	for i, f := range files {
		if err := os.WriteFile(f.Name, f.After, modes[i]); err != nil {
			return err
		}
	}
	return nil
}

// leftAlone says which cycles need no guard, and why.
func (c *common) leftAlone(r *recursion.Result, w io.Writer) {
	for _, cycle := range r.Cycles {
		if cycle.Status != recursion.Unguarded && cycle.Status != recursion.Guarded {
			fmt.Fprintf(w, "%s: left alone: %s\n\t%s: %s\n", c.at(r.Fset, cycle.Start().Pos()), report.Chain(cycle), cycle.Status, cycle.Reason)
		}
	}
}

func (c *common) at(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	p.Filename = report.Relative(c.root(), p.Filename)
	return p.String()
}

// ready returns an error that says what to do if the packages cannot have guards yet:
// their module has to have the library, and a go line that is new enough for it.
func (c *common) ready(patterns []string) error {
	// What is to be run for the library raises the go line too.
	format := "that raises the go line of %s from %s to %s, which the library needs, and with it the defaults of GODEBUG"
	missing := c.imports()
	if missing == nil {
		format = "the go line of %s says %s, and the library needs %s; run this in its directory first, which also raises the defaults of GODEBUG:\n\tgo get go@%[3]s"
	}
	for _, m := range c.older(patterns) {
		err := fmt.Errorf(format, m.path, m.line, guard.Go)
		if missing != nil {
			err = fmt.Errorf("%w\nvstack: %w", missing, err)
		}
		missing = err
	}
	return missing
}

// A goLine is the one of a module's go.mod.
type goLine struct{ path, line string }

// older returns the go lines of the packages' modules that are older than the library's.
func (c *common) older(patterns []string) (lines []goLine) {
	args := []string{"list", "-e", "-find", "-f", "{{with .Module}}{{if .Main}}{{.Path}} {{.GoVersion}}{{end}}{{end}}"}
	if c.tags != "" {
		args = append(args, "-tags="+c.tags)
	}
	cmd := exec.Command("go", append(append(args, "--"), patterns...)...)
	cmd.Dir = c.dir
	text, err := cmd.Output()
	if err != nil {
		return nil // loading the packages says why
	}
	for text := range strings.Lines(string(text)) {
		path, line, ok := strings.Cut(strings.TrimSpace(text), " ")
		if m := (goLine{path, line}); ok && goversion.Compare("go"+line, "go"+guard.Go) < 0 && !slices.Contains(lines, m) {
			lines = append(lines, m)
		}
	}
	return lines
}

// imports returns an error that says what to do if the library cannot be
// imported: before the work, and better than a compiler's error.
func (c *common) imports() error {
	args := []string{"list", "-e", "-f", "{{if .GoFiles}}{{else}}{{with .Error}}{{.Err}}{{end}}{{end}}"}
	if c.tags != "" {
		args = append(args, "-tags="+c.tags)
	}
	cmd := exec.Command("go", append(args, guard.Path)...)
	cmd.Dir = c.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	why := strings.TrimSpace(string(text))
	if err != nil {
		why = strings.TrimSpace(stderr.String())
	}
	if err == nil && why == "" {
		return nil
	}
	// Vendoring and tidying keep what is imported only.
	imported := fmt.Sprintf("write import _ %q into a file, then run\n", guard.Path)
	const get = "\tgo get " + guard.Path + "@latest"
	switch {
	case strings.Contains(why, "-mod=vendor"):
		return fmt.Errorf("the module's vendor directory lacks vstack; %s%s\n\tgo mod vendor", imported, get)
	case strings.Contains(why, "replaced but not required"):
		return fmt.Errorf("go.mod replaces vstack but does not require it; %s\tgo mod tidy", imported)
	}
	if why, _, _ = strings.Cut(why, "; to add it:"); why != "" {
		why = " (" + why + ")"
	}
	return fmt.Errorf("%s cannot be imported here%s; run this first:\n%s", guard.Path, why, get)
}

// compiles makes sure that the changed files compile.
func compiles(p *program.Program, change *fix.Change) error {
	errs := fix.Verify(p, change)
	if len(errs) == 0 {
		return nil
	}
	var lines []string
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	return fmt.Errorf("the result would not compile, so nothing was written; please report this:\n%s", program.List(lines))
}

// explain says what was done and what is left to do.
func (c *common) explain(fset *token.FileSet, change *fix.Change, patterns []string, w io.Writer) {
	at := func(pos token.Pos) string { return c.at(fset, pos) }
	for _, g := range change.Guards {
		fmt.Fprintf(w, "%s: guard in %s", at(g.Func.Pos()), g.Func.Name())
		if g.Stack != "" {
			fmt.Fprintf(w, ", with %s", g.Stack)
		}
		if g.Named != "" {
			fmt.Fprintf(w, ", which is called %s now", g.Named)
		}
		fmt.Fprintln(w)
		if g.Generated {
			fmt.Fprintf(w, "\tthe file is generated: put the guard into what it is generated from too\n")
		}
	}
	outside := map[string]int{}
	for _, l := range change.Left {
		if l.Outside() {
			outside[l.Missing[0].Detail]++
			continue
		}
		fmt.Fprintf(w, "%s: no guard for %s\n", at(l.Cycle.Start().Pos()), report.Chain(l.Cycle))
		for _, m := range l.Missing {
			fmt.Fprintf(w, "\t%s: %s: %s\n", at(m.Func.Pos()), m.Func.Name(), m.Error())
		}
	}
	for _, where := range slices.Sorted(maps.Keys(outside)) {
		cycles := "cycles"
		if outside[where] == 1 {
			cycles = "cycle"
		}
		fmt.Fprintf(w, "%d %s of %s cannot be changed here: vstack build guards dependencies and the standard library\n", outside[where], cycles, where)
	}
	for _, s := range change.Swallows {
		fmt.Fprintf(w, "%s: %s recovers from every panic on the way to the guard in %s, so from a stack overflow too: let a panic with a *vstack.OverflowError go on, or make sure that what it does with it is what you want\n",
			at(s.Defer.Pos()), s.Func.Name(), few(s.Guards))
	}
	for _, ca := range change.Catches {
		fmt.Fprintf(w, "%s: %s returns an overflow as its error\n", at(ca.Func.Pos()), ca.Func.Name())
		if ca.Cyclic {
			fmt.Fprintf(w, "\tit calls itself, so each level has the deferred call, and the innermost returns the error: an entry around it costs less\n")
		}
	}
	for _, r := range change.Refused {
		fmt.Fprintf(w, "%s: no defer vstack.Catch in %s: %s\n", at(r.Func.Pos()), r.Func.Name(), r.Why)
	}
	if len(change.Entries) > 0 {
		fmt.Fprintf(w, "an overflow is a panic with a *vstack.OverflowError; to have it returned as an error: %s\n",
			c.again("-catch "+shellWord(list(change.Entries)), patterns))
	}
}

// list returns the names of functions, with commas between.
func list(fns []*program.Func) string {
	names := make([]string, 0, len(fns))
	for _, fn := range fns {
		if name := fn.Name(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// few returns the first names, for people.
func few(fns []*program.Func) string {
	const most = 3
	if more := len(fns) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.ReplaceAll(list(fns[:most]), ",", ", "), more)
	}
	return strings.ReplaceAll(list(fns), ",", ", ")
}

// shellWord returns s as one word for a shell.
func shellWord(s string) string {
	if strings.ContainsAny(s, "()*[] ") {
		return "'" + s + "'"
	}
	return s
}

// again returns the command line with a flag more.
func (c *common) again(flag string, patterns []string) string {
	words := []string{"vstack fix", flag}
	if c.dir != "" {
		words = append(words, "-C", c.dir)
	}
	if c.tags != "" {
		words = append(words, "-tags", c.tags)
	}
	if c.tests {
		words = append(words, "-test")
	}
	return strings.Join(append(words, patterns...), " ")
}
