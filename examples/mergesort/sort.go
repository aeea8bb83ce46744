package main

import (
	"context"

	"github.com/vstack-go/vstack/vstack"
)

// A node is a list, nil the empty one.
type node struct {
	key   int
	place int // where it was before the list was sorted
	next  *node
}

// cut cuts l after n nodes, of which it must have at least so many, and returns
// the rest.
func cut(l *node, n int) (rest *node) {
	for range n - 1 {
		l = l.next
	}
	rest, l.next = l.next, nil
	return rest
}

// merge makes one sorted list of two. Of equal keys those in a come first, so the
// sort is stable. It goes as deep as the result is long.
func merge(a, b *node) *node {
	if vstack.Low() {
		return vstack.Grow(func() *node { return merge(a, b) })
	}
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case b.key < a.key:
		b.next = merge(a, b.next)
		return b
	}
	a.next = merge(a.next, b)
	return a
}

// sort sorts a list of n nodes. It goes no deeper than a number has bits, so it
// needs no guard.
func sort(l *node, n int) *node {
	if n < 2 {
		return l
	}
	rest := cut(l, n/2)
	return merge(sort(l, n/2), sort(rest, n-n/2))
}

// parallelSort is sort, done by a number of tasks at a time. Each half has a stack
// of its own, made by the group with opts: frames on one stack run one at a time.
func parallelSort(ctx context.Context, l *node, n, tasks int, opts ...vstack.Option) (*node, error) {
	if tasks < 2 || n < 2 {
		return sort(l, n), nil
	}
	first, rest := l, cut(l, n/2)
	group := vstack.NewGroup(ctx, opts...)
	group.Go(func(ctx context.Context, _ *vstack.Stack) (err error) {
		first, err = parallelSort(ctx, first, n/2, tasks/2, opts...)
		return err
	})
	group.Go(func(ctx context.Context, _ *vstack.Stack) (err error) {
		rest, err = parallelSort(ctx, rest, n-n/2, tasks-tasks/2, opts...)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return merge(first, rest), nil
}
