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
	c := newCommon("fix", "[packages]", stderr)
	diff := c.flags.Bool("diff", false, "print a unified diff and write nothing")
	var plumb fields
	c.flags.Var(&plumb, "plumb", "`TYPE.FIELD`: where no *vstack.Stack is in reach, add this field to the type and use it; may be given again")
	patterns, code, done := c.parse(args)
	if done {
		return code
	}
	fail := func(err error) int {
		fmt.Fprintf(stderr, "vstack fix: %v\n", err)
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
	err = c.compiles(change, patterns)
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
			fmt.Fprintf(stderr, "vstack fix: %v\n", err)
		}
	} else {
		for _, f := range change.Files {
			mode := os.FileMode(0o644)
			if info, err := os.Stat(f.Name); err == nil {
				mode = info.Mode().Perm()
			}
			if err := os.WriteFile(f.Name, f.After, mode); err != nil {
				return fail(err)
			}
		}
	}
	c.explain(p.Fset, change, stderr)
	if err != nil || len(change.Left) > 0 {
		return exitFound
	}
	return exitOK
}

// compiles makes sure that the changed files compile.
func (c *common) compiles(change *fix.Change, patterns []string) error {
	if len(change.Files) == 0 {
		return nil
	}
	overlay := map[string][]byte{}
	for _, f := range change.Files {
		overlay[f.Name] = f.After
	}
	cfg := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes |
			packages.NeedSyntax | packages.NeedTypesInfo,
		Dir:     c.dir,
		Tests:   c.tests,
		Overlay: overlay,
	}
	if c.tags != "" {
		cfg.BuildFlags = []string{"-tags=" + c.tags}
	}
	// Whether the library can be imported is a matter of go.mod, and says what to
	// do better than a compiler's error does.
	lib, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles, Dir: c.dir}, guard.Path)
	if err != nil {
		return err
	}
	if len(lib) != 1 || len(lib[0].GoFiles) == 0 {
		why := ""
		if len(lib) == 1 && len(lib[0].Errors) > 0 {
			why = " (" + lib[0].Errors[0].Msg + ")"
		}
		return fmt.Errorf("vstack cannot be imported here%s; run this first:\n\tgo get github.com/vstack-go/vstack/vstack@latest", why)
	}
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		return err
	}
	if errs := program.Errors(pkgs); len(errs) > 0 {
		return fmt.Errorf("the result would not compile, so nothing was written:\n%s", strings.Join(errs, "\n"))
	}
	return nil
}

// explain says what was done and what is left to do.
func (c *common) explain(fset *token.FileSet, change *fix.Change, w io.Writer) {
	at := func(pos token.Pos) string {
		p := fset.Position(pos)
		p.Filename = report.Relative(c.root(), p.Filename)
		return p.String()
	}
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
		fmt.Fprintf(w, "%s: field %s *vstack.Stack added; it is nil, which means plain recursion, until you set it where values are made; enter the recursion through its Run:\n", at(a.Pos), a.Field.Name)
		for i, pos := range a.Made {
			if i == 10 {
				fmt.Fprintf(w, "\tand %d more places\n", len(a.Made)-i)
				break
			}
			fmt.Fprintf(w, "\t%s\n", at(pos))
		}
	}
	for _, l := range change.Left {
		fmt.Fprintf(w, "%s: no guard for %s\n", at(l.Cycle.Start().Pos()), report.Chain(l.Cycle))
		for _, m := range l.Missing {
			fmt.Fprintf(w, "\t%s: %s: %s\n", at(m.Func.Pos()), m.Func.Name(), m.Why)
		}
		if len(l.Unkeyed) > 0 {
			for _, pos := range l.Unkeyed {
				fmt.Fprintf(w, "\t%s: makes a struct without the names of its fields; write them, and it can have one for the stack\n", at(pos))
			}
		} else if len(l.Fields) > 0 {
			fmt.Fprintf(w, "\tadd a field: vstack fix -plumb %s\n", strings.Join(l.Fields, ", or -plumb "))
		} else if slices.ContainsFunc(l.Missing, fix.Missing.Reach) {
			fmt.Fprintf(w, "\tadd a parameter stack *vstack.Stack to each, pass it on in the calls between them, and run vstack fix again\n")
		}
	}
}
