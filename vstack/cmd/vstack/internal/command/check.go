package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

func check(args []string, stdout, stderr io.Writer) int {
	c := newCommon("check", stderr)
	c.partial = true
	c.withDeps()
	all := c.flags.Bool("all", false, "list cycles that need no guard too, with the reason")
	full := c.flags.Bool("v", false, "print every call of a long chain and of the way to it, and every function")
	asJSON := c.flags.Bool("json", false, "print JSON")
	asSARIF := c.flags.Bool("sarif", false, "print SARIF 2.1.0")
	rank := c.flags.String("rank", "", "only what is reached from `RANK` or worse: "+strings.Join(recursion.Ranks, ", "))
	pkg := c.flags.String("pkg", "", "only cycles through the packages `A,B`: import paths, with ... as in patterns")
	patterns, code, done := c.parse(args)
	if done {
		return code
	}
	least := recursion.Internal
	switch i := slices.Index(recursion.Ranks, *rank); {
	case *asJSON && *asSARIF:
		fmt.Fprintln(stderr, "vstack: -json and -sarif exclude each other")
		return exitUsage
	case *rank != "" && i < 0:
		fmt.Fprintf(stderr, "vstack: -rank %s: want one of %s\n", *rank, strings.Join(recursion.Ranks, ", "))
		return exitUsage
	case *rank != "":
		least = recursion.Rank(i)
	}
	progress := newProgress(stderr)
	defer progress.done()
	p, r, err := c.find(patterns, progress)
	progress.done()
	if err != nil {
		return c.fail(err)
	}
	broken(p, stderr)
	r.Keep(least, *pkg)
	o := report.Options{All: *all, Full: *full, Shallow: !c.deps, Dir: c.root(), Version: version()}
	write := report.Text
	switch {
	case *asJSON:
		write = report.JSON
	case *asSARIF:
		write = report.SARIF
	}
	if err := write(stdout, r, o); err != nil {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return exitFound
	}
	cycles, costs := report.Alarms(r)
	switch {
	case len(p.Broken) > 0:
		return exitBroken
	case len(cycles)+len(costs) > 0:
		return exitFound
	}
	return exitOK
}

// broken names the packages that were left out.
func broken(p *program.Program, w io.Writer) {
	const most = 10
	said := map[string]bool{} // what does not compile is said once
	for _, b := range p.Broken {
		for _, text := range b.Errors {
			said[text] = true
		}
	}
	for i, b := range p.Broken {
		switch {
		case i == most:
			fmt.Fprintf(w, "vstack: and %d packages more were not checked\n", len(p.Broken)-most)
			return
		case len(b.Errors) == 0 && b.Import != "" && !said[b.Import]:
			said[b.Import] = true
			fmt.Fprintf(w, "vstack: %s was not checked: it imports a package that does not compile:\n\t%s\n", b.Path, strings.ReplaceAll(b.Import, "\n", "\n\t"))
		case len(b.Errors) == 0:
			fmt.Fprintf(w, "vstack: %s was not checked: it imports a package that does not compile\n", b.Path)
		default:
			fmt.Fprintf(w, "vstack: %s was not checked: it does not compile:\n\t%s\n", b.Path, strings.ReplaceAll(program.List(b.Errors), "\n", "\n\t"))
		}
	}
}
