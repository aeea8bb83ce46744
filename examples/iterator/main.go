// Iterator walks binary trees five million deep with range-over-func.
//
// An in-order iterator over a tree is one line when it is recursive:
//
//	return n == nil || walk(n.left) && yield(n.value) && walk(n.right)
//
// A search tree that nobody balances turns into a list if its keys come in order,
// and then that line is as deep as the tree is large. With a guard (see tree.go,
// walk) it stays one line. The body of a range loop over it runs deep in the recursion,
// on the goroutine where that is. The program shows that the loop works as any other:
//
//   - break and return from the middle unwind the recursion;
//   - a panic in the body reaches the recover around the loop;
//   - iter.Pull turns it around: two trees are compared in step, each on a stack
//     of its own, as two recursions run at once;
//   - an overflow ends the loop with an error of vstack.Run, as an iter.Seq has no
//     place for one.
//
// Run it with:
//
//	go run ./examples/iterator
//	go run ./examples/iterator -n 100000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

func main() {
	n := flag.Int("n", 5_000_000, "how many `nodes`, and how deep")
	flag.Parse()
	if *n < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *n); err != nil {
		fmt.Fprintf(os.Stderr, "iterator: %v; a smaller -n takes less\n", err)
		os.Exit(1)
	}
}

func run(out io.Writer, n int) error {
	_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (struct{}, error) {
		show(out, n)
		return struct{}{}, nil
	})
	if err != nil {
		return err
	}
	tree := ascending(n)
	_, err = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int64, error) {
		return sum(tree), nil
	}, vstack.WithMaxMemory(overflowMemory))
	if errors.Is(err, vstack.ErrOverflow) {
		fmt.Fprintf(out, "with %v for the stack: %v\n", measure.Size(overflowMemory), err)
	}
	fmt.Fprintf(out, "peak memory %s\n", measure.PeakText())
	return nil
}

const overflowMemory = 1 << 20

func show(out io.Writer, n int) {
	start := time.Now()
	lap := func(format string, args ...any) {
		fmt.Fprintf(out, "%-58s %s\n", fmt.Sprintf(format, args...), measure.Seconds(time.Since(start)))
		start = time.Now()
	}
	right, left := ascending(n), descending(n)
	lap("two trees of %v nodes, each a list", measure.Count(n))
	lap("sum, down the right:    %v", measure.Count(sum(right)))
	lap("sum, up from the left:  %v", measure.Count(sum(left)))
	first, _ := find(left, 1)
	lap("return from the loop:   %v comes first, %v deep", measure.Count(first), measure.Count(n))
	half, _ := find(right, n/2+1)
	lap("return half way:        %v", measure.Count(half))
	lap("panic in the body:      %v", recovered(right, n))
	lap("the same keys, in step: %v", sameKeys(right, left))
}

// sum adds up the keys.
func sum(tree *node) int64 {
	var sum int64
	for key := range tree.all() {
		sum += int64(key)
	}
	return sum
}

// find returns the first key that is not less than the given one.
//
//lint:ignore unparam the test looks at the second result
func find(tree *node, least int) (int, bool) {
	for key := range tree.all() {
		if key >= least {
			return key, true
		}
	}
	return 0, false
}

// recovered returns the value of a panic at a key.
func recovered(tree *node, at int) (value any) {
	defer func() { value = recover() }()
	for key := range tree.all() {
		if key == at {
			panic(fmt.Sprintf("at %v", measure.Count(key)))
		}
	}
	return nil
}
