package command

import (
	"fmt"
	"go/token"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/fix"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

// fields is the -plumb flag.
type fields []fix.Field

func (f *fields) String() string { return "" }

func (f *fields) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		field, err := fix.ParseField(part)
		if err != nil {
			return err
		}
		*f = append(*f, field)
	}
	return nil
}

func runFix(args []string, stdout, stderr io.Writer) int {
	c := newCommon("fix", stderr)
	diff := c.flags.Bool("diff", false, "print a unified diff and write nothing")
	all := c.flags.Bool("all", false, "say which cycles need no guard too, with the reason")
	var plumb fields
	c.flags.Var(&plumb, "plumb", "`TYPE.FIELD` to use: where no *vstack.Stack is in reach, add this field to the type and use it; may be given again")
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
	p, r, err := c.find(patterns, progress)
	if err != nil {
		progress.done()
		return fail(err)
	}
	change, err := fix.Plan(p, r, plumb)
	if err != nil {
		progress.done()
		return fail(err)
	}
	progress.step("compiling the result")
	err = c.compiles(p, change, patterns)
	progress.done()
	if err != nil && !*diff {
		return fail(err)
	}

	if *diff {
		for _, f := range change.Files {
			name := report.Relative(c.root(), f.Name)
			fmt.Fprint(stdout, f.Diff(name))
		}
		if err != nil {
			fmt.Fprintf(stderr, "vstack: %v\n", err)
		}
	} else {
		if err := write(change.Files); err != nil {
			return fail(err)
		}
	}
	c.explain(p.Fset, change, patterns, stderr)
	if *all {
		c.leftAlone(r, stderr)
	}
	if err != nil || len(change.Left) > 0 {
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

// imports returns an error that says what to do if the library cannot be
// imported: it does so better than a compiler's error.
func (c *common) imports() error {
	lib, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles, Dir: c.dir}, guard.Path)
	if err != nil {
		return err
	}
	if len(lib) == 1 && len(lib[0].GoFiles) > 0 {
		return nil
	}
	why := ""
	if len(lib) == 1 && len(lib[0].Errors) > 0 {
		why = lib[0].Errors[0].Msg
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

// compiles makes sure that the changed files compile, and all that uses them:
// their tests, and where a type has a new field the rest of the module.
func (c *common) compiles(p *program.Program, change *fix.Change, patterns []string) error {
	if len(change.Files) == 0 {
		return nil
	}
	if err := c.imports(); err != nil {
		return err
	}
	if len(change.Fields) > 0 {
		patterns = slices.Clone(patterns)
		for _, pkg := range p.Packages {
			if m := pkg.Module; m != nil && m.Main && !slices.Contains(patterns, m.Path+"/...") {
				patterns = append(patterns, m.Path+"/...")
			}
		}
	}
	overlay := map[string][]byte{}
	for _, f := range change.Files {
		overlay[f.Name] = f.After
	}
	cfg := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes |
			packages.NeedSyntax | packages.NeedTypesInfo,
		Dir:     c.dir,
		Tests:   true,
		Overlay: overlay,
	}
	if c.tags != "" {
		cfg.BuildFlags = []string{"-tags=" + c.tags}
	}
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		return err
	}
	errs := program.Errors(pkgs)
	if len(errs) == 0 {
		return nil
	}
	// Not what did not compile before.
	cfg.Overlay = nil
	if pkgs, err = packages.Load(cfg, patterns...); err != nil {
		return err
	}
	before := program.Errors(pkgs)
	errs = slices.DeleteFunc(errs, func(e string) bool { return slices.Contains(before, e) })
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("the result would not compile, so nothing was written:\n%s", program.List(errs))
}

// explain says what was done and what is left to do.
func (c *common) explain(fset *token.FileSet, change *fix.Change, patterns []string, w io.Writer) {
	at := func(pos token.Pos) string { return c.at(fset, pos) }
	for _, g := range change.Guards {
		fmt.Fprintf(w, "%s: guard in %s, with %s\n", at(g.Func.Pos()), g.Func.Name(), g.Stack)
		if g.Context {
			fmt.Fprintf(w, "\tit looks the stack up in the context on every call; where that is too slow, look it up once, keep it in a field and run vstack fix -plumb TYPE.FIELD\n")
		}
		if g.Generated {
			fmt.Fprintf(w, "\tthe file is generated: put the guard into what it is generated from too\n")
		}
	}
	for _, a := range change.Fields {
		where := ":"
		if len(a.Made) == 0 {
			where = ""
		}
		fmt.Fprintf(w, "%s: field %s *vstack.Stack added; it is nil, which means plain recursion, until you set it where values are made; enter the recursion through its Run%s\n", at(a.Pos), a.Field.Name, where)
		for i, pos := range a.Made {
			if i == 10 {
				fmt.Fprintf(w, "\tand %d more places\n", len(a.Made)-i)
				break
			}
			fmt.Fprintf(w, "\t%s\n", at(pos))
		}
	}
	for _, f := range change.Unused {
		fmt.Fprintf(w, "-plumb %s.%s: no guard can use the field, or none needs it, so it was not added\n", f.Type, f.Name)
	}
	reach, parameters := false, false
	for _, l := range change.Left {
		fmt.Fprintf(w, "%s: no guard for %s\n", at(l.Cycle.Start().Pos()), report.Chain(l.Cycle))
		var names []string
		for _, m := range l.Missing {
			fmt.Fprintf(w, "\t%s: %s: %s\n", at(m.Func.Pos()), m.Func.Name(), m.Why)
			if name := declared(m.Func); m.Reach() && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		reach = reach || len(names) > 0
		switch {
		case len(l.Unkeyed) > 0:
			for _, pos := range l.Unkeyed {
				fmt.Fprintf(w, "\t%s: makes a struct without the names of its fields; write them, and it can have one for the stack\n", at(pos))
			}
		case len(l.Fields) > 0:
			for i, field := range l.Fields {
				how := "add a field: "
				if i > 0 {
					how = "or: "
				}
				fmt.Fprintf(w, "\t%s%s\n", how, c.again("-plumb "+field, patterns))
			}
		case len(names) > 0:
			fmt.Fprintf(w, "\tadd a parameter stack *vstack.Stack to %s, pass it on in the calls, and run %s again\n", strings.Join(names, " and "), c.again("", patterns))
			parameters = true
		}
	}
	if parameters {
		fmt.Fprintf(w, "instead of a parameter stack, ctx context.Context will do if it comes from vstack.Run, but it costs a look-up on every call; or make a struct with a field stack *vstack.Stack and the functions its methods\n")
	}
	if !reach || len(change.Files) > 0 {
		return
	}
	if err := c.imports(); err != nil {
		fmt.Fprintf(w, "vstack: %v\n", err)
	}
}

// declared returns the name of the function that fn is, or that it is a literal in:
// the literal sees its parameters.
func declared(fn *program.Func) string {
	f := fn.SSA
	for f.Parent() != nil {
		f = f.Parent()
	}
	name := f.Name()
	if f.Synthetic != "" || strings.HasPrefix(name, "init#") || name == "main" {
		return fn.Name() // these cannot have parameters
	}
	return program.Name(f)
}

// again returns the command line with a flag more.
func (c *common) again(flag string, patterns []string) string {
	words := []string{"vstack fix"}
	if flag != "" {
		words = append(words, flag)
	}
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
