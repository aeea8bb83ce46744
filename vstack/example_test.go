package vstack_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

// A list is a linked list: the simplest data that can be arbitrarily deep.
type list struct {
	value int
	next  *list
}

type summer struct{ stack *vstack.Stack }

func (s summer) sum(l *list) int {
	if s.stack.Low() {
		return vstack.Grow(s.stack, func() int { return s.sum(l) })
	}
	if l == nil {
		return 0
	}
	return l.value + s.sum(l.next)
}

func ones(n int) (l *list) {
	for range n {
		l = &list{1, l}
	}
	return l
}

func Example() {
	l := ones(1_000_000)
	total, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		return summer{stack}.sum(l), nil
	})
	fmt.Println(total, err)
	// Output: 1000000 <nil>
}

func ExampleRun() {
	ctx := context.Background()
	depth, err := vstack.Run(ctx, func(ctx context.Context, stack *vstack.Stack) (int, error) {
		return count(stack, 100_000), nil
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
	fmt.Println(visit(context.Background(), 10_000))
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

func ExampleStack_Low() {
	var stack *vstack.Stack // nil: plain recursion
	fmt.Println(stack.Low())
	// Output: false
}

func ExampleStack_Grow() {
	stack := vstack.New()
	defer stack.Close()
	var walk func(n int, visit func(int))
	walk = func(n int, visit func(int)) {
		if stack.Low() {
			stack.Grow(func() { walk(n, visit) })
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

func ExampleGrow() {
	stack := vstack.New()
	defer stack.Close()
	fmt.Println(vstack.Grow(stack, func() int { return 42 }))
	// Output: 42
}

func ExampleGrow2() {
	stack := vstack.New()
	defer stack.Close()
	var parse func(s string, depth int) (int, error)
	parse = func(s string, depth int) (int, error) {
		if stack.Low() {
			return vstack.Grow2(stack, func() (int, error) { return parse(s, depth) })
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
		return 1 + vstack.Call(stack, length, l.next)
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
		if v, ok := vstack.Call2(stack, last, l.next); ok {
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

func ExampleOverflowError() {
	_, err := vstack.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) (int, error) {
		return count(stack, 1_000_000_000), nil
	}, vstack.WithMaxMemory(1<<20))
	var overflow *vstack.OverflowError
	fmt.Println(errors.Is(err, vstack.ErrOverflow), errors.As(err, &overflow), overflow.Limit)
	// Output: true true 1048576
}

func ExampleCanceledError() {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := vstack.Run(ctx, func(_ context.Context, stack *vstack.Stack) (int, error) {
		defer func() {
			e := recover()
			_, ok := e.(*vstack.CanceledError)
			fmt.Println("canceled:", ok)
			panic(e) // a frame may also recover for good, until its next guard
		}()
		cancel()
		spin(stack)
		return 0, nil
	})
	fmt.Println(err)
	// Output:
	// canceled: true
	// context canceled
}

func ExampleStack_Start() {
	stack := vstack.New()
	defer stack.Close()
	task := stack.Start(context.Background(), func(context.Context) error {
		for i := range 3 {
			fmt.Println("working on", i)
			stack.Yield()
		}
		return nil
	})
	for !task.Step() {
		fmt.Println("the caller's turn")
	}
	fmt.Println(task.Wait())
	// Output:
	// working on 0
	// the caller's turn
	// working on 1
	// the caller's turn
	// working on 2
	// the caller's turn
	// <nil>
}

func ExampleStack_Scope() {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		return 0, stack.Scope(ctx, func(scope *vstack.Scope) error {
			for _, name := range []string{"left", "right"} {
				scope.Go(func(ctx context.Context, stack *vstack.Stack) error {
					for i := range 2 {
						fmt.Println(name, i)
						stack.Yield()
					}
					return nil
				})
			}
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// left 0
	// right 0
	// left 1
	// right 1
	// <nil>
}

func ExampleAwait() {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		answer := make(chan string)
		return 0, stack.Scope(ctx, func(scope *vstack.Scope) error {
			scope.Go(func(ctx context.Context, stack *vstack.Stack) error {
				text, err := vstack.Await(stack, func() (string, error) { return <-answer, nil })
				fmt.Println("received", text)
				return err
			})
			scope.Go(func(ctx context.Context, stack *vstack.Stack) error {
				fmt.Println("the other branch runs meanwhile")
				answer <- "it"
				return nil
			})
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// the other branch runs meanwhile
	// received it
	// <nil>
}
