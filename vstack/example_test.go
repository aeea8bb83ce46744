package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// The guard, a limit and an error.
func Example() {
	deep := strings.Repeat("[", 1_000_000)
	_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
		return brackets(deep), nil // brackets has the guard
	}, vstack.WithMaxMemory(16<<20))
	fmt.Println(brackets(deep), errors.Is(err, vstack.ErrOverflow))
	// Output: 1000000 true
}
