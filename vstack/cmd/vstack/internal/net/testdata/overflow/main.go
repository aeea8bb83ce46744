// Command overflow overflows stacks, each argument naming a way to do it, in a binary with the net, and exits with 1
// if one of them did not become a panic that could be recovered. Its tests are in net_test.go.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
)

// A way is a way to overflow. It returns what is wrong, or nil.
type way func() error

var ways = map[string]way{}

func main() {
	if len(os.Args) < 2 {
		var names []string
		for name := range ways {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Println(strings.Join(names, "\n"))
		return
	}
	failed := false
	for _, name := range os.Args[1:] {
		run, ok := ways[name]
		if !ok {
			fmt.Println(name, "is no way to overflow")
			os.Exit(2)
		}
		err := run()
		if err != nil {
			fmt.Printf("%s: FAIL: %v\n", name, err)
			failed = true
			continue
		}
		fmt.Printf("%s: ok\n", name)
	}
	if failed {
		os.Exit(1)
	}
}

// overflow runs f, which must overflow, on the calling goroutine, and returns nil if the net's panic came out of it.
func overflow(f func()) (err error) {
	defer func() { err = isOverflow(recover()) }()
	f()
	return nil
}

// isOverflow returns nil if r is the value of the net's panic.
func isOverflow(r any) error {
	if r == nil {
		return errors.New("no panic")
	}
	e, ok := r.(runtime.Error)
	if !ok {
		return fmt.Errorf("panic with %T, not a runtime.Error: %v", r, r)
	}
	if !strings.HasPrefix(e.Error(), "vstack: stack overflow") {
		return fmt.Errorf("another run-time panic: %v", e)
	}
	if n := len(e.Error()); n > 16<<10 {
		return fmt.Errorf("a text of %d bytes", n)
	}
	o, ok := r.(interface{ StackOverflow() (used, bound int64) })
	if !ok {
		return fmt.Errorf("%T has no method StackOverflow", r)
	}
	if used, bound := o.StackOverflow(); bound < 1<<20 || used < bound/2 || used > max(2*bound, 512<<20) {
		return fmt.Errorf("used %d of %d", used, bound)
	}
	return nil
}

var (
	sink    int
	forever = int(^uint(0) >> 2)
)
