package vstack_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

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
