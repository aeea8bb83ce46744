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
	if errors.As(err, &overflow) {
		levels, bytes := overflow.Levels()
		fmt.Println(overflow.Limit, levels > 1000, bytes < 1000)
		fmt.Println("the load did it:", overflow.ByLoad())
	}
	// Output:
	// 1048576 true true
	// the load did it: false
}
