// Package command is the vstack command line.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

const usage = `vstack finds recursion that can run out of stack, and writes guards for it.

Usage:
	vstack check [flags] [packages]
	vstack fix [flags] [packages]
	vstack size [flags] BYTES|FILE

Packages are named as for go build; ./... if there are none.
Run "vstack check -h" or "vstack fix -h" for the flags.

Exit codes, as go vet's: 0 if nothing was found (by check) or every cycle has
its guard (after fix), 1 if something was found or could not be done, 2 for a
wrong command line. With -json and -sarif, check exits with 0 whatever it found.

As a vet tool it looks at one package at a time:
	go vet -vettool=$(which vstack) ./...
`

// Exit codes.
const (
	exitOK    = 0
	exitFound = 1
	exitUsage = 2
)

// Main runs the command with these arguments and returns its exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "check":
		return check(args[1:], stdout, stderr)
	case "fix":
		return runFix(args[1:], stdout, stderr)
	case "size":
		return runSize(args[1:], os.Stdin, stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	fmt.Fprintf(stderr, "vstack: unknown command %s\n\n%s", args[0], usage)
	return exitUsage
}

// common are the flags of both commands.
type common struct {
	name   string // of the command
	stderr io.Writer
	flags  *flag.FlagSet
	dir    string
	tests  bool
	deps   bool
	tags   string
}

func newCommon(name string, stderr io.Writer) *common {
	c := &common{name: name, stderr: stderr, flags: flag.NewFlagSet("vstack "+name, flag.ContinueOnError)}
	c.flags.SetOutput(io.Discard) // parse says what is wrong
	c.flags.Usage = func() {}
	c.flags.StringVar(&c.dir, "C", "", "change to this `directory` first")
	c.flags.BoolVar(&c.tests, "test", false, "look at test files too")
	c.flags.StringVar(&c.tags, "tags", "", "build `tags`, separated by commas")
	return c
}

// parse returns the patterns, and an exit code if there is nothing more to do.
func (c *common) parse(args []string) (patterns []string, code int, done bool) {
	wrong := func(format string, args ...any) ([]string, int, bool) {
		fmt.Fprintf(c.stderr, "vstack: "+format+"\nRun \"vstack %s -h\" for the flags.\n", append(args, c.name)...)
		return nil, exitUsage, true
	}
	switch err := c.flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(c.stderr, "Usage: vstack %s [flags] [packages]\n", c.name)
		c.flags.SetOutput(c.stderr)
		c.flags.PrintDefaults()
		return nil, exitOK, true
	case err != nil:
		return wrong("%v", err)
	}
	if c.dir != "" {
		if info, err := os.Stat(c.dir); err != nil || !info.IsDir() {
			return wrong("-C %s: there is no such directory", c.dir)
		}
	}
	patterns = c.flags.Args()
	for _, pattern := range patterns {
		if strings.HasPrefix(pattern, "-") {
			return wrong("%s comes after a package: write flags first", pattern)
		}
	}
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	return patterns, 0, false
}

// root returns the directory that positions are relative to.
func (c *common) root() string {
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return ""
	}
	return dir
}

// find loads the packages and finds their cycles.
func (c *common) find(patterns []string, progress *progress) (*program.Program, *recursion.Result, error) {
	p, err := program.Load(program.Config{
		Dir:      c.dir,
		Tests:    c.tests,
		Deps:     c.deps,
		Tags:     c.tags,
		Progress: progress.step,
	}, patterns...)
	if err != nil {
		return nil, nil, err
	}
	progress.step("making the call graph of %d lines", p.Lines())
	g := program.NewGraph(p)
	progress.step("looking for cycles among %d functions", len(g.Funcs))
	return p, recursion.Find(g), nil
}

// progress shows what a run does, on a terminal only.
type progress struct{ w io.Writer }

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{w}
		}
	}
	return &progress{}
}

func (p *progress) step(format string, args ...any) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r\x1b[Kvstack: "+format+" …", args...)
	}
}

func (p *progress) done() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func check(args []string, stdout, stderr io.Writer) int {
	c := newCommon("check", stderr)
	c.flags.BoolVar(&c.deps, "deps", false, "look into dependencies too; without it a call into one is taken to call what it is given")
	all := c.flags.Bool("all", false, "list cycles that need no guard too, with the reason")
	full := c.flags.Bool("v", false, "print every call of a long chain")
	asJSON := c.flags.Bool("json", false, "print JSON")
	asSARIF := c.flags.Bool("sarif", false, "print SARIF 2.1.0")
	patterns, code, done := c.parse(args)
	if done {
		return code
	}
	if *asJSON && *asSARIF {
		fmt.Fprintln(stderr, "vstack: -json and -sarif exclude each other")
		return exitUsage
	}
	progress := newProgress(stderr)
	_, r, err := c.find(patterns, progress)
	progress.done()
	if err != nil {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return exitFound
	}
	o := report.Options{All: *all, Full: *full, Dir: c.root()}
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
	if cycles, costs := report.Alarms(r); len(cycles)+len(costs) > 0 && !*asJSON && !*asSARIF {
		return exitFound
	}
	return exitOK
}
