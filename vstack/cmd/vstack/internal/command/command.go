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

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Exit codes.
const (
	exitOK     = 0
	exitFound  = 1
	exitUsage  = 2
	exitBroken = 3
)

// Main runs the command with these arguments and returns its exit code. The reference is
// the Go file whose package comment vstack help prints.
func Main(args []string, reference string, stdout, stderr io.Writer) int {
	if vetTool(args) {
		unitchecker.Main(analyzer.Analyzer) // does not return
	}
	if len(args) == 0 {
		help(nil, reference, stderr, stderr)
		return exitUsage
	}
	switch args[0] {
	case "check":
		return check(args[1:], stdout, stderr)
	case "fix":
		return runFix(args[1:], stdout, stderr)
	case "build", "test", "run", "install", "vet":
		return build.Main(args[0], args[1:], stdout, stderr)
	case "toolexec":
		return toolexec(args[1:], stdout, stderr)
	case "clean":
		return clean(stderr)
	case "explain":
		return explain(args[1:], stdout, stderr)
	case "version", "-version", "--version":
		return printVersion(stdout)
	case "size":
		return runSize(args[1:], os.Stdin, stdout, stderr)
	case "help", "-h", "-help", "--help":
		return help(args[1:], reference, stdout, stderr)
	}
	fmt.Fprintf(stderr, "vstack: unknown command %s\nRun \"vstack help\" for what there is.\n", args[0])
	return exitUsage
}

// common are the flags of the commands that look for recursion.
type common struct {
	name    string // of the command
	stderr  io.Writer
	flags   *flag.FlagSet
	dir     string
	tests   bool
	deps    bool
	tags    string
	partial bool   // goes on without packages that do not compile
	takes   string // its arguments
}

func newCommon(name string, stderr io.Writer) *common {
	c := &common{name: name, takes: "[packages]", stderr: stderr, flags: flag.NewFlagSet("vstack "+name, flag.ContinueOnError)}
	c.flags.SetOutput(io.Discard) // parse says what is wrong
	c.flags.Usage = func() {}
	c.flags.StringVar(&c.dir, "C", "", "change to this `directory` first")
	c.flags.BoolVar(&c.tests, "test", false, "look at test files too")
	c.flags.StringVar(&c.tags, "tags", "", "build with the tags `A,B`")
	return c
}

// withDeps adds the flag -deps.
func (c *common) withDeps() {
	c.deps = true
	c.flags.Var((*onOff)(&c.deps), "deps", "`on` or off: look into dependencies and the standard library too, as far as they are\nreached; if off, a call into one is taken to call what it is given")
}

// onOff is a flag that is on or off.
type onOff bool

func (o *onOff) String() string {
	if o != nil && *o {
		return "on"
	}
	return "off"
}

func (o *onOff) Set(s string) error {
	switch s {
	case "on":
		*o = true
	case "off":
		*o = false
	default:
		return errors.New("want on or off")
	}
	return nil
}

// fail says why the packages could not be looked at.
func (c *common) fail(err error) int {
	fmt.Fprintf(c.stderr, "vstack: %v\n", err)
	if errors.Is(err, program.ErrNoPackages) {
		return exitUsage
	}
	return exitBroken
}

// parse returns the patterns, and an exit code if there is nothing more to do.
func (c *common) parse(args []string) (patterns []string, code int, done bool) {
	wrong := func(format string, args ...any) ([]string, int, bool) {
		fmt.Fprintf(c.stderr, "vstack: "+format+"\nRun \"vstack %s -h\" for the flags.\n", append(args, c.name)...)
		return nil, exitUsage, true
	}
	switch err := c.flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(c.stderr, "Usage: vstack %s [flags] %s\n", c.name, c.takes)
		c.flags.SetOutput(c.stderr)
		c.flags.PrintDefaults()
		fmt.Fprintf(c.stderr, "\"vstack help %s\" has more.\n", c.name)
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
		if strings.HasPrefix(pattern, "-") && pattern != "-" {
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
		Partial:  c.partial,
		Tags:     c.tags,
		Progress: progress.step,
	}, patterns...)
	if err != nil {
		return nil, nil, err
	}
	if len(p.Packages) == 0 {
		return p, &recursion.Result{Graph: &program.Graph{Program: p}, Fset: p.Fset}, nil
	}
	progress.step("making the call graph of %d lines", p.Lines())
	g := program.NewGraph(p)
	progress.step("looking for cycles among %d functions", len(g.Funcs))
	return p, recursion.Find(g), nil
}
