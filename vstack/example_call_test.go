package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vstack-go/vstack/vstack"
)

func ExampleRun() {
	depth, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		var nested func(text string) int
		nested = func(text string) int {
			if stack.Low() {
				return vstack.GrowOn(stack, func() int { return nested(text) })
			}
			if text == "" {
				return 0
			}
			return 1 + nested(text[1:])
		}
		return nested(strings.Repeat("(", 100_000)), nil
	})
	fmt.Println(depth, err)
	// Output: 100000 <nil>
}

func ExampleStack_Run() {
	stack := vstack.New()
	defer stack.Close()
	var visit func(ctx context.Context, n int) error
	visit = func(ctx context.Context, n int) error {
		if n == 0 {
			return errors.New("the bottom")
		}
		return stack.Run(ctx, func(ctx context.Context) error { return visit(ctx, n-1) })
	}
	fmt.Println(visit(context.Background(), 1_000))
	// Output: the bottom
}

func ExampleNew() {
	stack := vstack.New(vstack.WithMaxMemory(64<<20), vstack.WithIdleMemory(1<<20))
	defer stack.Close()
	for range 3 { // the second and third call find warm goroutines
		fmt.Println(count(stack, 100_000))
	}
	// Output:
	// 100000
	// 100000
	// 100000
}

// With a nil stack the same function is plain recursion, so a library can make
// the stack optional.
func ExampleStack_Low() {
	stack := vstack.New()
	defer stack.Close()
	var length func(stack *vstack.Stack, l *list) int
	length = func(stack *vstack.Stack, l *list) int {
		if stack.Low() {
			return vstack.GrowOn(stack, func() int { return length(stack, l) })
		}
		if l == nil {
			return 0
		}
		return 1 + length(stack, l.next)
	}
	fmt.Println(length(stack, ones(1_000_000)))
	fmt.Println(length(nil, ones(1_000)))
	// Output:
	// 1000000
	// 1000
}

func ExampleStack_Do() {
	stack := vstack.New()
	defer stack.Close()
	var walk func(n int, visit func(int))
	walk = func(n int, visit func(int)) {
		if stack.Low() {
			stack.Do(func() { walk(n, visit) })
			return
		}
		if n > 0 {
			walk(n-1, visit)
		}
		visit(n)
	}
	last := 0
	walk(1_000_000, func(n int) { last = n })
	fmt.Println(last)
	// Output: 1000000
}

func ExampleGrowOn() {
	stack := vstack.New()
	defer stack.Close()
	fmt.Println(vstack.GrowOn(stack, func() int { return 42 }))
	// Output: 42
}

func ExampleGrowOn2() {
	stack := vstack.New()
	defer stack.Close()
	var parse func(s string, depth int) (int, error)
	parse = func(s string, depth int) (int, error) {
		if stack.Low() {
			return vstack.GrowOn2(stack, func() (int, error) { return parse(s, depth) })
		}
		if s == "" {
			return depth, errors.New("unclosed bracket")
		}
		return parse(s[1:], depth+1)
	}
	fmt.Println(parse("[[[[", 0))
	// Output: 4 unclosed bracket
}

func ExampleCall() {
	stack := vstack.New()
	defer stack.Close()
	var length func(l *list) int
	length = func(l *list) int {
		if l == nil {
			return 0
		}
		return 1 + vstack.Call(length, l.next)
	}
	fmt.Println(length(ones(100_000)))
	// Output: 100000
}

func ExampleCall2() {
	stack := vstack.New()
	defer stack.Close()
	var last func(l *list) (int, bool)
	last = func(l *list) (int, bool) {
		if l == nil {
			return 0, false
		}
		if v, ok := vstack.Call2(last, l.next); ok {
			return v, true
		}
		return l.value, true
	}
	fmt.Println(last(ones(100_000)))
	// Output: 1 true
}

func ExampleFromContext() {
	depth := func(ctx context.Context) int {
		stack, _ := vstack.FromContext(ctx) // nil outside Run: plain recursion
		return count(stack, 1000)
	}
	n, err := vstack.Run(context.Background(), func(ctx context.Context, _ *vstack.Stack) (int, error) {
		return depth(ctx), nil
	})
	fmt.Println(n, err, depth(context.Background()))
	// Output: 1000 <nil> 1000
}

// The second line of the guard in a function of its own: the fastest form.
func ExampleGrow_fastest() {
	stack := vstack.New()
	defer stack.Close()
	fmt.Println((&counter{stack}).down(1_000_000))
	// Output: 1000000
}

type counter struct{ stack *vstack.Stack }

func (c *counter) down(n int) int {
	if c.stack.Low() {
		return c.downLow(n)
	}
	if n == 0 {
		return 0
	}
	return c.down(n-1) + 1
}

//go:noinline
func (c *counter) downLow(n int) int {
	return vstack.GrowOn(c.stack, func() int { return c.down(n) })
}
