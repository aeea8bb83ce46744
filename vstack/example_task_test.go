package vstack_test

import (
	"context"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

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
