// Fib shows what the guard costs and what cancellation looks like.
//
// Fibonacci numbers by double recursion are millions of tiny calls that never
// go deep: the worst case for a guard, since there is so little else to do. The
// program runs the function in four forms, each three times, and prints the least time
// of each: plain; with the guard that needs no handle; with the guard of a handle, which
// takes fewer nanoseconds; and with that one after the base case. A call that does not
// recurse needs no guard; here every second call is one.
//
// A handle is a *vstack.Stack that the function gets from [vstack.Run] and passes
// on. It is worth that where calls do next to nothing else; a parser's guard cannot
// be told from noise in either form.
//
// It also shows that a guarded recursion can be stopped from outside, although
// the function has no context, no channel and no error: the guard notices.
//
//	go run ./examples/fib
//	go run ./examples/fib -n 60 -timeout 100ms
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

func plainFib(n int) int {
	if n < 2 {
		return n
	}
	return plainFib(n-1) + plainFib(n-2)
}

func freeFib(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return freeFib(n) })
	}
	if n < 2 {
		return n
	}
	return freeFib(n-1) + freeFib(n-2)
}

func fib(stack *vstack.Stack, n int) int {
	if stack.Low() {
		return vstack.GrowOn(stack, func() int { return fib(stack, n) })
	}
	if n < 2 {
		return n
	}
	return fib(stack, n-1) + fib(stack, n-2)
}

func leafFib(stack *vstack.Stack, n int) int {
	if n < 2 {
		return n
	}
	if stack.Low() {
		return vstack.GrowOn(stack, func() int { return leafFib(stack, n) })
	}
	return leafFib(stack, n-1) + leafFib(stack, n-2)
}

func main() {
	n := flag.Int("n", 35, "which Fibonacci `number`, 0 to 92")
	timeout := flag.Duration("timeout", 0, "stop the guarded recursion after this `time` (default never)")
	flag.Parse()
	if *n < 0 || *n > 92 || *timeout < 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx := context.Background()
	if *timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *timeout)
		defer cancel()
	}
	if err := run(ctx, os.Stdout, *n); err != nil {
		os.Exit(1)
	}
}

// run computes fib(n) in every way. With a context that can end it leaves the
// plain one out, which nothing could stop.
func run(ctx context.Context, out io.Writer, n int) error {
	const row = "%-27s %9s  %s\n"
	var plain time.Duration
	if ctx.Done() == nil {
		var result int
		plain, result, _ = fastest(func() (int, error) { return plainFib(n), nil })
		fmt.Fprintf(out, row, "plain", measure.Seconds(plain), fmt.Sprintf("fib(%d) = %v", n, measure.Count(result)))
	}
	for _, way := range []struct {
		name string
		fib  func(*vstack.Stack, int) int
	}{
		{"guard without a handle", func(_ *vstack.Stack, n int) int { return freeFib(n) }},
		{"guard of a handle", fib},
		{"guard after the base case", leafFib},
	} {
		took, result, err := fastest(func() (int, error) {
			return vstack.Run(ctx, func(_ context.Context, stack *vstack.Stack) (int, error) {
				return way.fib(stack, n), nil
			})
		})
		if err != nil {
			fmt.Fprintf(out, row, way.name, measure.Seconds(took), fmt.Sprintf("stopped: %v", err))
			return err
		}
		note := fmt.Sprintf("fib(%d) = %v", n, measure.Count(result))
		if plain > 0 {
			note += fmt.Sprintf(", %+.0f%%", 100*(float64(took)/float64(plain)-1))
		}
		fmt.Fprintf(out, row, way.name, measure.Seconds(took), note)
	}
	fmt.Fprintf(out, "%-27s %9s\n", "peak memory", measure.PeakText())
	return nil
}

// fastest runs f three times and returns the least time it took, or the time
// until an error.
func fastest(f func() (int, error)) (took time.Duration, result int, err error) {
	for i := range 3 {
		start := time.Now()
		result, err = f()
		t := time.Since(start)
		if i == 0 || t < took || err != nil {
			took = t
		}
		if err != nil {
			break
		}
	}
	return took, result, err
}
