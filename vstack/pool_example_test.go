package vstack_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

// A server has one pool, and a budget for the memory of all its requests.
func ExamplePool() {
	budget := vstack.NewBudget(64 << 20)
	pool := vstack.NewPool(vstack.WithBudget(budget), vstack.WithMaxMemory(16<<20))
	defer pool.Close()

	handle := func(ctx context.Context, l *list) string {
		var total int
		err := pool.Run(ctx, func(ctx context.Context, stack *vstack.Stack) error {
			total = summer{stack}.sum(l)
			return nil
		})
		if errors.Is(err, vstack.ErrOverflow) {
			return "too deep"
		}
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(total)
	}
	fmt.Println(handle(context.Background(), ones(10_000)))
	fmt.Println(handle(context.Background(), ones(1_000_000)))
	fmt.Println(handle(context.Background(), ones(10)))
	// Output:
	// 10000
	// too deep
	// 10
}

// The budget that a stack shares with others is one limit, its own another.
func ExampleBudget() {
	budget := vstack.NewBudget(1 << 20)
	_, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		return summer{stack}.sum(ones(1_000_000)), nil
	}, vstack.WithBudget(budget))

	var overflow *vstack.OverflowError
	if errors.As(err, &overflow) {
		fmt.Println("budget:", overflow.Budget)
	}
	fmt.Println("in use:", budget.InUse())
	// Output:
	// budget: 1048576
	// in use: 0
}

// Each function of a group recurses on a stack of its own, in parallel.
func ExampleGroup() {
	lists := []*list{ones(1_000), ones(20_000), ones(300_000)}
	sums := make([]int, len(lists))
	group := vstack.NewGroup(context.Background())
	for i, l := range lists {
		group.Go(func(ctx context.Context, stack *vstack.Stack) error {
			sums[i] = summer{stack}.sum(l)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(sums)
	// Output: [1000 20000 300000]
}
