// Callgraph finds the cycles in a graph and puts the rest in topological order.
//
// Depth-first search is ten lines when it is recursive, and textbooks write it
// so: Tarjan's algorithm for strongly connected components (see tarjan.go, visit)
// is one such function, and it yields a topological order as well. As an explicit
// stack with the state of each half-done loop it is several times as long and hard
// to check against the paper. With a guard the recursive one handles any graph: a
// chain of ten million edges makes it ten million calls deep.
//
// It reads what go mod graph prints, or any file of edges with two names in a line:
//
//	go mod graph | go run ./examples/callgraph
//	go run ./examples/callgraph examples/callgraph/testdata/otel.modgraph
//	go run ./examples/callgraph -svg otel.svg examples/callgraph/testdata/otel.modgraph
//	go run ./examples/callgraph -chain 10000000
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

const usage = `callgraph finds the cycles in a graph.

usage:
  callgraph [-order] [-dot FILE] [-svg FILE] [-max-memory SIZE] [FILE | -]
  callgraph -chain EDGES

It reads FILE, or standard input for - and for no FILE: a list of edges, two names
in a line, such as go mod graph prints. Empty lines and lines that begin with #
are skipped.

  -order            print the nodes in topological order, each before those that
                    its edges lead to; the nodes of a cycle share a line
  -dot FILE         write the graph in Graphviz's language
  -svg FILE         write a picture of it, drawn by Graphviz; of a graph with more
                    than %d nodes both have those in cycles only. For - instead
                    of FILE they go to standard output, and nothing else does.
  -max-memory SIZE  memory that the recursion may use, such as 64MiB or 1GB; 0 for
                    no limit (default: half of the system's)
  -chain EDGES      make a graph instead of reading one: a single chain

Exit status: 0 all is well, 1 a graph that cannot be read or drawn, 2 wrong usage,
3 the search went too deep for the memory limit.
`

const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitOverflow = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// command is what the command line asks for.
type command struct {
	order     bool
	dot, svg  string
	maxMemory *measure.Size // nil: vstack's default
	chain     int           // 0: read file
	file      string
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cmd, err := parseArgs(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, usage, maxDrawn)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "callgraph: %v; callgraph -h explains\n", err)
		return exitUsage
	}
	err = cmd.run(ctx, stdin, stdout)
	if errors.Is(err, vstack.ErrOverflow) {
		fmt.Fprintf(stderr, "callgraph: the search went too deep: %v, here -max-memory\n", err)
		return exitOverflow
	}
	if err != nil {
		fmt.Fprintf(stderr, "callgraph: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func (cmd *command) run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	g, err := cmd.graph(stdin)
	if err != nil {
		return err
	}
	var opts []vstack.Option
	if cmd.maxMemory != nil {
		opts = append(opts, vstack.WithMaxMemory(int64(*cmd.maxMemory)))
	}
	start := time.Now()
	p, err := components(ctx, g, opts...)
	if err != nil {
		return err
	}
	took := time.Since(start)

	report := stdout
	if cmd.dot == "-" || cmd.svg == "-" {
		report = io.Discard // it would be in the middle of the picture
	}
	out := bufio.NewWriter(report)
	if cmd.order {
		writeOrder(out, g, p)
	} else {
		writeSummary(out, g, p)
		fmt.Fprintf(out, "%v calls deep, %s, peak memory %s\n", measure.Count(p.deepest), measure.Seconds(took), measure.PeakText())
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if cmd.dot != "" {
		if err := writeFile(cmd.dot, stdout, func(w io.Writer) error { return writeDOT(w, g, p) }); err != nil {
			return err
		}
	}
	if cmd.svg != "" {
		picture, err := svg(g, p)
		if err != nil {
			return err
		}
		return writeFile(cmd.svg, stdout, func(w io.Writer) error { _, err := w.Write(picture); return err })
	}
	return nil
}

func (cmd *command) graph(stdin io.Reader) (*graph, error) {
	if cmd.chain > 0 {
		return chain(cmd.chain), nil
	}
	name, in := "<stdin>", stdin
	if cmd.file != "-" {
		file, err := os.Open(cmd.file)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		name, in = cmd.file, file
	}
	g, err := readGraph(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return g, nil
}

// writeFile writes to a file, or to standard output for -.
func writeFile(name string, stdout io.Writer, write func(w io.Writer) error) error {
	if name == "-" {
		return write(stdout)
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// writeSummary says how large the graph is and lists its cycles.
func writeSummary(out io.Writer, g *graph, p *partition) {
	const most = 10 // cycles to list, and nodes of each
	var cycles [][]int32
	for i := p.count() - 1; i >= 0; i-- {
		if members := p.component(i); isCycle(g, members) {
			cycles = append(cycles, members)
		}
	}
	slices.SortStableFunc(cycles, func(a, b []int32) int { return cmp.Compare(len(b), len(a)) })
	fmt.Fprintf(out, "%s, %s, %s\n", count(int(g.nodes()), "node"), count(len(g.to), "edge"), count(p.count(), "strongly connected component"))
	if len(cycles) == 0 {
		fmt.Fprintln(out, "no cycles")
		return
	}
	fmt.Fprintf(out, "%s with cycles:\n", count(len(cycles), "component"))
	for _, members := range cycles[:min(len(cycles), most)] {
		fmt.Fprintf(out, "  %s:", count(len(members), "node"))
		for _, v := range members[:min(len(members), most)] {
			fmt.Fprintf(out, " %s", g.name(v))
		}
		if len(members) > most {
			fmt.Fprint(out, " ...")
		}
		fmt.Fprintln(out)
	}
	if len(cycles) > most {
		fmt.Fprintf(out, "  and %v more\n", measure.Count(len(cycles)-most))
	}
}

// isCycle reports whether an edge leads from a component back into it.
func isCycle(g *graph, members []int32) bool {
	return len(members) > 1 || slices.Contains(g.out(members[0]), members[0])
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%v %s", measure.Count(n), what)
}

// writeOrder writes the components in topological order, one in a line.
func writeOrder(out io.Writer, g *graph, p *partition) {
	for i := p.count() - 1; i >= 0; i-- {
		members := p.component(i)
		names := make([]string, len(members))
		for j, v := range members {
			names[j] = g.name(v)
		}
		fmt.Fprintln(out, strings.Join(names, " "))
	}
}

func parseArgs(args []string) (*command, error) {
	cmd := &command{file: "-"}
	flags := flag.NewFlagSet("callgraph", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the errors are returned, and the usage is ours
	flags.BoolVar(&cmd.order, "order", false, "")
	flags.StringVar(&cmd.dot, "dot", "", "")
	flags.StringVar(&cmd.svg, "svg", "", "")
	flags.Func("max-memory", "", func(text string) error {
		cmd.maxMemory = new(measure.Size)
		return cmd.maxMemory.Limit(minMemory)(text)
	})
	flags.Func("chain", "", func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxEdges {
			return fmt.Errorf("want a number from 1 to %d", maxEdges)
		}
		cmd.chain = n
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case cmd.chain > 0 && flags.NArg() > 0:
		return nil, errors.New("-chain makes a graph and reads no FILE")
	case flags.NArg() > 1:
		return nil, fmt.Errorf("one FILE at most, after the flags, not %q", flags.Args())
	case flags.NArg() == 1:
		cmd.file = flags.Arg(0)
	}
	return cmd, nil
}

// minMemory is the least that vstack.WithMaxMemory takes.
const minMemory measure.Size = 256 << 10
