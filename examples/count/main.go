// Count goes a hundred million calls deep.
//
// The function is the smallest there is: it counts how deep it goes. Plain Go
// ends such a recursion with a fatal error at some ten or twenty million levels,
// where a goroutine's stack reaches 1 GB. Here memory is the only limit: this
// takes about 4 GB of it, and running into the limit is an error that the program
// gets and prints.
//
//	go run ./examples/count
//	go run ./examples/count -n 1000000000 -max-memory 4GiB
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

func count(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return count(n) })
	}
	if n == 0 {
		return 0
	}
	return count(n-1) + 1
}

func main() {
	n := flag.Int("n", 100_000_000, "how many `levels` deep")
	var opts []vstack.Option
	flag.Func("max-memory", "`bytes` the stack may use, such as 8GiB; 0 for no limit (default half of the system's)", func(text string) error {
		var size measure.Size
		if err := size.Limit(1 << 20)(text); err != nil {
			return err
		}
		opts = append(opts, vstack.WithMaxMemory(int64(size)))
		return nil
	})
	flag.Parse()
	if *n < 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *n, opts...); err != nil {
		os.Exit(1)
	}
}

func run(out io.Writer, n int, opts ...vstack.Option) error {
	fmt.Fprintf(out, "counting %v levels deep\n", measure.Count(n))
	start := time.Now()
	result, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
		return count(n), nil
	}, opts...)
	took := time.Since(start)

	var overflow *vstack.OverflowError
	switch {
	case errors.As(err, &overflow):
		fmt.Fprintf(out, "too deep: %v of stack were in use and %v is the limit; -max-memory raises it\n",
			measure.Size(overflow.Bytes), measure.Size(overflow.Limit))
	case err != nil:
		fmt.Fprintln(out, err)
	default:
		fmt.Fprintf(out, "counted %v, %.1f ns a level\n", measure.Count(result), float64(took.Nanoseconds())/float64(max(n, 1)))
	}
	fmt.Fprintf(out, "%s, peak memory %s\n", measure.Seconds(took), measure.PeakText())
	return err
}
