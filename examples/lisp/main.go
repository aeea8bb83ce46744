// Lisp is an interpreter for a small Scheme, in which programs may recurse as
// deep as they like.
//
// An interpreter that is written the natural way, as a recursive function over
// expressions, hands its own stack to the programs it runs: one that recurses too
// deep takes the interpreter down with "fatal error: stack overflow", and with it
// the server it may be part of. So interpreters have depth limits, or get
// rewritten around a stack of their own. This one is a recursive function with a
// guard (see eval.go, eval), and it shows
//
//   - a guard in a function with tail calls made by a loop, and what must be
//     copied before a closure captures it;
//   - guards in everything else that recurses over what a user made: the reader
//     (a million parentheses), the printer and equal?;
//   - errors for people: a program that recurses for ever ends with the trace of
//     its own procedures, not of the interpreter's, and a REPL goes on after it;
//   - a timeout and Ctrl-C that stop any program, with no context in eval.
//
// The language has define, lambda, let (named, too), let*, if, cond, quote,
// begin, set!, and, or, 64-bit integers that do not wrap around, booleans,
// strings and lists. Tail calls take no stack. See prelude.scm and primitives.go
// for what is predefined.
//
//	go run ./examples/lisp
//	go run ./examples/lisp -e '(length (iota 5000000))'
//	go run ./examples/lisp examples/lisp/programs/forever.scm
package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

const usage = `lisp runs programs in a small Scheme.

usage:
  lisp [-max-memory SIZE] [-timeout TIME] [-e EXPRESSIONS] [FILE]

It runs FILE, evaluates the EXPRESSIONS after that and prints their values. Without
either it reads expressions from standard input and prints their values; on a
terminal it goes on after an error, Ctrl-C stops what is running and Ctrl-D ends it.

  -e EXPRESSIONS    evaluate these
  -max-memory SIZE  memory that calls may use, such as 500000, 64MiB or 8GiB;
                    0 for no limit (default %v). What the program keeps in
                    lists and variables comes on top.
  -timeout TIME     stop the program after that time, such as 10s; on a terminal
                    every expression (default never)

Exit status: 0 all is well, 1 an error in the program or a file that cannot be
read, 2 wrong usage, 3 the recursion was too deep for the memory limit, 4 the
time ran out, 130 Ctrl-C.
`

const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitOverflow  = 3
	exitTimeout   = 4
	exitInterrupt = 130
)

// defaultMemory is less than vstack's default, half of the system's memory: a
// Lisp call costs about as much again in arguments and scopes.
const defaultMemory measure.Size = 2 << 30

//go:embed prelude.scm
var prelude string

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	memory := defaultMemory
	flags := flag.NewFlagSet("lisp", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the errors are returned, and the usage is ours
	flags.Func("max-memory", "", memory.Limit(minMemory))
	timeout := flags.Duration("timeout", 0, "")
	expressions := flags.String("e", "", "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, usage, defaultMemory)
		return exitOK
	case err == nil && *timeout < 0:
		err = errors.New("-timeout: want a positive time")
	case err == nil && flags.NArg() > 1:
		err = fmt.Errorf("one FILE at most, after the flags, not %q", flags.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "lisp: %v; lisp -h explains\n", err)
		return exitUsage
	}

	stack := vstack.New(vstack.WithMaxMemory(int64(memory)))
	defer stack.Close()
	s := &session{stack: stack, out: bufio.NewWriter(stdout), errs: stderr, timeout: *timeout}
	defer s.out.Flush()
	s.in = newInterp(s.out)
	ctx := context.Background()
	if status := s.run(ctx, source{name: "prelude.scm", text: strings.NewReader(prelude)}); status != exitOK {
		return status
	}
	terminal := flags.NArg() == 0 && *expressions == "" && measure.Terminal(stdin)
	if *timeout > 0 && !terminal {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *timeout)
		defer cancel()
	}
	if flags.NArg() == 1 {
		file, err := os.Open(flags.Arg(0))
		if err != nil {
			fmt.Fprintf(stderr, "lisp: %v\n", err)
			return exitFailed
		}
		defer file.Close()
		if status := s.run(ctx, source{name: flags.Arg(0), text: file}); status != exitOK {
			return status
		}
	}
	if *expressions != "" {
		return s.run(ctx, source{name: "-e", text: strings.NewReader(*expressions), print: true})
	}
	if flags.NArg() == 1 {
		return exitOK
	}
	return s.run(ctx, source{name: "<stdin>", text: stdin, print: true, terminal: terminal})
}

// minMemory is the least that vstack.WithMaxMemory takes.
const minMemory measure.Size = 256 << 10

// A source is a text to run.
type source struct {
	name     string
	text     io.Reader
	print    bool // the values of its expressions
	terminal bool // show a prompt, and go on after errors
}

// A session runs texts one after the other with one interpreter.
type session struct {
	stack   *vstack.Stack // bounds memory and time; what runs on it does not know it
	in      *interp
	out     *bufio.Writer
	errs    io.Writer
	timeout time.Duration
}

// run runs a text and returns the exit status.
func (s *session) run(ctx context.Context, src source) int {
	r := &reader{name: s.in.symbol, line: 1}
	r.in = bufio.NewReader(src.text)
	if src.terminal {
		r.in = bufio.NewReader(&prompter{in: src.text, out: s.out, reader: r})
	}
	for {
		x, err := s.read(r)
		if err == io.EOF {
			if src.terminal {
				fmt.Fprintln(s.out)
			}
			return exitOK
		}
		if err == nil {
			err = s.eval(ctx, x, src)
		}
		s.out.Flush() // before the error, and before somebody waits for it
		if err == nil {
			continue
		}
		status := s.report(err, src)
		if !src.terminal {
			return status
		}
		r.skip()
		s.in.calls = nil
	}
}

// read reads an expression; it runs on the stack, as reading may go deep.
func (s *session) read(r *reader) (x value, err error) {
	err = s.stack.Run(context.Background(), func(context.Context) (err error) {
		x, err = r.read()
		return err
	})
	return x, err
}

// eval evaluates an expression and prints its value. Ctrl-C ends that; while an
// expression is read it ends the program, as is its way.
func (s *session) eval(ctx context.Context, x value, src source) error {
	if src.terminal && s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return s.stack.Run(ctx, func(context.Context) error {
		v, err := s.in.eval(x, nil)
		if err == nil && src.print && v != nil {
			s.in.write(s.out, v)
			s.out.WriteByte('\n')
		}
		return err
	})
}

// report writes an error and where the program was, and returns the exit status
// for it.
func (s *session) report(err error, src source) int {
	status := exitFailed
	var overflow *vstack.OverflowError
	var syntax *syntaxError
	switch {
	case errors.As(err, &overflow):
		status = exitOverflow
		fmt.Fprintf(s.errs, "lisp: recursion too deep: the calls use %v and %v is the limit; -max-memory raises it\n",
			measure.Size(overflow.Bytes), measure.Size(overflow.Limit))
	case errors.As(err, &syntax):
		fmt.Fprintf(s.errs, "lisp: %s:%d: %v\n", src.name, syntax.line, err)
	case errors.Is(err, context.DeadlineExceeded):
		status = exitTimeout
		fmt.Fprintf(s.errs, "lisp: stopped after %v, the -timeout\n", s.timeout)
	case errors.Is(err, context.Canceled):
		status = exitInterrupt
		fmt.Fprintln(s.errs, "lisp: interrupted")
	default:
		fmt.Fprintf(s.errs, "lisp: %v\n", err)
	}
	if len(s.in.calls) > 0 {
		fmt.Fprintf(s.errs, "  in %s\n", trace(s.in.calls))
	}
	return status
}

// A prompter asks for a line before it reads one.
type prompter struct {
	in     io.Reader
	out    *bufio.Writer
	reader *reader
}

func (p *prompter) Read(buf []byte) (int, error) {
	if p.reader.partial {
		p.out.WriteString("... ")
	} else {
		p.out.WriteString("> ")
	}
	p.out.Flush()
	return p.in.Read(buf)
}
