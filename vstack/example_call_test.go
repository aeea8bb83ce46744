package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

func ExampleRun() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	depth, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
		return brackets(strings.Repeat("[", 100_000)), nil
	}, vstack.WithMaxMemory(64<<20))
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

// A guard with a handle. With a nil stack the same function is plain recursion.
func ExampleGrowOn() {
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

func ExampleCall() {
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
