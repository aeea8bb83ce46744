// Deepjson checks and formats JSON documents of any depth.
//
// Encoding/json refuses a document nested more than 10,000 deep, and the parser
// one would write by hand, a few functions that call each other, takes its
// process down with "fatal error: stack overflow" at some millions. This is that
// parser, with one guard in its one recursive function (see parser.go, container):
// it goes as deep as memory allows, and past the limit it returns an error.
//
//	go run ./examples/deepjson                      a demonstration
//	go run ./examples/deepjson -h                   what it takes
//	go run ./examples/deepjson -generate 10000000 > deep.json
//	go run ./examples/deepjson -check deep.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

const usage = `deepjson checks and formats JSON documents of any depth.

usage:
  deepjson [-indent N | -compact | -check] [-max-memory SIZE] [FILE | -]
  deepjson -generate DEPTH
  deepjson                   without arguments: a demonstration

It reads FILE, or standard input for - and for no FILE, and writes to standard
output as it reads, so what is written before an error is an incomplete document.

  -indent N         put every element and member on a line of its own, with N
                    spaces for each level, 0 to %d (default %d); what is nested
                    deeper than %d levels stays on one line
  -compact          write no white space
  -check            write nothing, only tell by the exit status
  -max-memory SIZE  memory that the recursion may use, such as 500000, 64MiB or
                    1GB; 0 for no limit (default: half of the system's)
  -generate DEPTH   write a document nested DEPTH deep

Numbers and strings keep their text, members their order, duplicates too.
Strings must be UTF-8, and escaped surrogates must come in pairs.

Errors are reported as file:line:column, with columns in bytes. Exit status:
0 all is well, 1 not JSON or a failure to read or write, 2 wrong usage,
3 nested too deep for the memory limit.
`

const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitOverflow = 3
)

const defaultIndent = 2

func main() {
	if demoChild() {
		return
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// command is what the command line asks for.
type command struct {
	indent    int
	check     bool
	maxMemory *measure.Size // nil: vstack's default
	generate  bool
	depth     int
	file      string
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		return status(demo(stdout, demoDepths...), stderr)
	}
	cmd, err := parseArgs(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, err := fmt.Fprintf(stdout, usage, maxIndent, defaultIndent, maxLines)
		return status(err, stderr)
	case err != nil:
		fmt.Fprintf(stderr, "deepjson: %v; deepjson -h explains\n", err)
		return exitUsage
	case cmd.generate:
		_, err := io.Copy(stdout, &nest{depth: cmd.depth})
		return status(err, stderr)
	}
	name, in := "<stdin>", stdin
	if cmd.file != "-" {
		file, err := os.Open(cmd.file)
		if err != nil {
			return status(err, stderr)
		}
		defer file.Close()
		name, in = cmd.file, file
	}
	if cmd.check {
		stdout = io.Discard
	}
	var opts []vstack.Option
	if cmd.maxMemory != nil {
		opts = append(opts, vstack.WithMaxMemory(int64(*cmd.maxMemory)))
	}
	progress := showProgress(in, stdout, stderr)
	level, err := format(progress, stdout, cmd.indent, opts...)
	progress.clear()

	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		fmt.Fprintf(stderr, "%s:%v\n", name, err)
		return exitFailed
	case errors.Is(err, vstack.ErrOverflow):
		fmt.Fprintf(stderr, "%s: nested too deep for the memory limit, at level %v: %v, here -max-memory\n", name, measure.Count(level), err)
		return exitOverflow
	}
	return status(err, stderr)
}

// format reads a document from in and writes it to out. It returns how many
// levels deep in the document it was when it ended.
func format(in io.Reader, out io.Writer, indent int, opts ...vstack.Option) (level int, err error) {
	f := newFormatter(out, indent)
	_, err = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (struct{}, error) {
		return struct{}{}, newParser(in, f).document()
	}, opts...)
	return f.depth, err
}

func status(err error, stderr io.Writer) int {
	if err != nil {
		fmt.Fprintf(stderr, "deepjson: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func parseArgs(args []string) (*command, error) {
	cmd := &command{indent: defaultIndent, file: "-"}
	flags := flag.NewFlagSet("deepjson", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the errors are returned, and the usage is ours
	var layouts []string        // flags that each decide what is written
	flags.Func("indent", "", func(text string) (err error) {
		layouts = append(layouts, "-indent")
		cmd.indent, err = atoi(text, maxIndent)
		return err
	})
	flags.BoolFunc("compact", "", func(string) error {
		layouts = append(layouts, "-compact")
		cmd.indent = compact
		return nil
	})
	flags.BoolFunc("check", "", func(string) error {
		layouts = append(layouts, "-check")
		cmd.check = true
		return nil
	})
	flags.Func("generate", "", func(text string) (err error) {
		layouts = append(layouts, "-generate")
		cmd.generate = true
		cmd.depth, err = atoi(text, 1<<31-1)
		return err
	})
	flags.Func("max-memory", "", func(text string) error {
		cmd.maxMemory = new(measure.Size)
		return cmd.maxMemory.Limit(minMemory)(text)
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case len(layouts) > 1:
		return nil, fmt.Errorf("%s and %s do not go together", layouts[0], layouts[1])
	case cmd.generate && (flags.NArg() > 0 || cmd.maxMemory != nil):
		return nil, errors.New("-generate takes nothing else")
	case flags.NArg() > 1:
		return nil, fmt.Errorf("one FILE at most, after the flags, not %q", flags.Args())
	case flags.NArg() == 1:
		cmd.file = flags.Arg(0)
	}
	return cmd, nil
}

// minMemory is the least that vstack.WithMaxMemory takes.
const minMemory measure.Size = 256 << 10

func atoi(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("want a number from 0 to %d", most)
	}
	return n, nil
}
