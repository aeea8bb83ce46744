// Mergesort sorts a linked list of five million numbers in parallel.
//
// It is merge sort as functional languages teach it, with a recursive merge: the
// result is one of the first two nodes, and after it the merge of the rest. That
// is a call for each node, and with a guard (see sort.go, merge) it works for
// lists of any length.
//
// The halves are sorted in parallel, by a [vstack.Group]. A stack runs one frame
// at a time, so what runs in parallel has a stack each, and the group makes them. A
// [vstack.Budget] bounds what all of them use together: when that is used up, one
// of them overflows, the context ends the others, and Wait returns the error.
//
//	go run ./examples/mergesort
//	go run ./examples/mergesort -n 20000000 -max-memory 4GiB
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

func main() {
	n := flag.Int("n", 5_000_000, "how many `numbers`, at least 1")
	tasks := flag.Int("tasks", runtime.GOMAXPROCS(0), "how many functions `sort` at a time, at most")
	memory := measure.Size(1 << 30)
	flag.Func("max-memory", "`bytes` that all stacks together may use, such as 4GiB (default 1 GiB)", func(text string) error {
		if err := memory.Set(text); err != nil {
			return err
		}
		if memory < minMemory {
			return fmt.Errorf("want at least %v", minMemory)
		}
		return nil
	})
	flag.Parse()
	if *n < 1 || *tasks < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *n, *tasks, memory); err != nil {
		fmt.Fprintf(os.Stderr, "mergesort: %v\n", err)
		if errors.Is(err, vstack.ErrOverflow) {
			fmt.Fprintln(os.Stderr, "mergesort: -max-memory raises the limit, and a smaller -n needs less")
		}
		os.Exit(1)
	}
}

const minMemory measure.Size = 1 << 20

// run sorts the same numbers with one task, with two, four and so on.
func run(out io.Writer, n, tasks int, memory measure.Size) error {
	fmt.Fprintf(out, "%v random numbers in a list\n", measure.Count(n))
	for t := 1; ; t *= 2 {
		t = min(t, tasks)
		list := random(n)
		start := time.Now()
		list, err := sorted(context.Background(), list, n, t, memory)
		took := time.Since(start)
		if err != nil {
			return err
		}
		if err := check(list, n); err != nil {
			return err
		}
		fmt.Fprintf(out, "sorted by %d at a time: %s\n", t, measure.Seconds(took))
		if t == tasks {
			break
		}
	}
	fmt.Fprintf(out, "peak memory %s\n", measure.PeakText())
	return nil
}

// sorted sorts a list on stacks that share one budget.
func sorted(ctx context.Context, l *node, n, tasks int, memory measure.Size) (*node, error) {
	opts := []vstack.Option{vstack.WithBudget(vstack.NewBudget(int64(memory)))}
	return vstack.Run(ctx, func(ctx context.Context, _ *vstack.Stack) (*node, error) {
		return parallelSort(ctx, l, n, tasks, opts...)
	}, opts...)
}

// random makes a list of n numbers, the same each time. Some occur twice.
func random(n int) (l *node) {
	numbers := rand.New(rand.NewPCG(1, 2))
	for place := n - 1; place >= 0; place-- {
		l = &node{numbers.IntN(n), place, l}
	}
	return l
}

// check reports what is wrong with a list that should be sorted.
func check(l *node, n int) error {
	length := 0
	for ; l != nil; l = l.next {
		if next := l.next; next != nil && (next.key < l.key || next.key == l.key && next.place < l.place) {
			return fmt.Errorf("%d comes before %d in the result", l.key, next.key)
		}
		length++
	}
	if length != n {
		return fmt.Errorf("the result has %d nodes of %d", length, n)
	}
	return nil
}
