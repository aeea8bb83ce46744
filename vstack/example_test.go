package vstack_test

import (
	"context"
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
		return vstack.GrowOn(s.stack, func() int { return s.sum(l) })
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
