// List recurses over a linked list of fifty million nodes.
//
// Recursion is the short way to write about lists, and everyone is told not to:
// one frame for each node is more stack than a goroutine has. With a guard it
// works as it reads. Three functions, three ways to use one:
//
//   - sum has one result: [vstack.Grow].
//   - reverse has two, the first and the last node: [vstack.Grow2].
//   - copyOf allocates as it goes. The new nodes hang from frames on many
//     goroutines, and the garbage collector finds them there as anywhere.
//
// Run it with:
//
//	go run ./examples/list
//	go run ./examples/list -n 1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

type node struct {
	value int
	next  *node
}

// sum adds up the values from l on.
func sum(l *node) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return sum(l) })
	}
	if l == nil {
		return 0
	}
	return l.value + sum(l.next)
}

// reverse turns a list of at least one node around, in place, and returns its
// new first and last node.
func reverse(l *node) (first, last *node) {
	if vstack.Low() {
		return vstack.Grow2(func() (*node, *node) { return reverse(l) })
	}
	if l.next == nil {
		return l, l
	}
	first, last = reverse(l.next)
	last.next, l.next = l, nil
	return first, l
}

// copyOf returns a list of the same values.
func copyOf(l *node) *node {
	if vstack.Low() {
		return vstack.Grow(func() *node { return copyOf(l) })
	}
	if l == nil {
		return nil
	}
	return &node{l.value, copyOf(l.next)}
}

// upTo makes the list 1, 2, ... n.
func upTo(n int) (l *node) {
	for ; n > 0; n-- {
		l = &node{n, l}
	}
	return l
}

func main() {
	n := flag.Int("n", 50_000_000, "how many `nodes`, at least 1")
	flag.Parse()
	if *n < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *n); err != nil {
		fmt.Fprintf(os.Stderr, "list: %v; a smaller -n takes less\n", err)
		os.Exit(1)
	}
}

func run(out io.Writer, n int, opts ...vstack.Option) error {
	start := time.Now()
	lap := func(format string, args ...any) {
		fmt.Fprintf(out, "%-43s %9s\n", fmt.Sprintf(format, args...), measure.Seconds(time.Since(start)))
		start = time.Now()
	}
	_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (struct{}, error) {
		list := upTo(n)
		lap("a list of %v nodes, made in a loop", measure.Count(n))
		lap("sum: %v", measure.Count(sum(list)))
		list, _ = reverse(list)
		lap("reverse: it starts with %v now", measure.Count(list.value))
		list = copyOf(list)
		lap("copy: it starts with %v as well", measure.Count(list.value))
		return struct{}{}, nil
	}, opts...)
	fmt.Fprintf(out, "peak memory %s\n", measure.PeakText())
	return err
}
