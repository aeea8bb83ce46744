package vstack

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// A Group runs functions in parallel, each with a stack of its own, and waits
// for them: an [errgroup.Group] for recursive functions. Where the branches of a
// [Stack.Scope] take turns on one baton, each function of a group has its own.
//
// Go and TryGo may be called from any goroutine, also by the group's functions,
// which must not use each other's stacks.
type Group struct {
	group *errgroup.Group
	ctx   context.Context
	pool  *Pool
}

// NewGroup makes a group whose stacks have the given options; they share the
// idle ones among them. It starts no goroutine. The functions' context derives
// from ctx and is done once one of them has returned an error, or all have
// returned.
//
// [Group.Wait] must be called, to end the goroutines of the idle stacks. NewGroup
// panics if ctx is nil or an option is out of its range.
func NewGroup(ctx context.Context, opts ...Option) *Group {
	if ctx == nil {
		panic(misuse("NewGroup: ctx is nil; use context.Background()"))
	}
	group, ctx := errgroup.WithContext(ctx)
	return &Group{group, ctx, makePool(opts)}
}

// SetLimit sets how many functions may run at a time; a negative n is no limit,
// which is also the default. With 0 none can start, and Go would wait for ever.
// It panics while functions run.
func (g *Group) SetLimit(n int) { g.group.SetLimit(n) }

// Go runs fn on a goroutine of its own as the root frame of a stack of its own,
// once the limit allows it: until then Go blocks. A function whose turn comes
// after the context is done is not called.
//
// If fn overflows, that is its error; see [Stack.Run]. As with errgroup a panic
// in fn that it does not recover ends the program, and a Goexit only fn. Go
// panics if fn is nil. It costs a goroutine, and 0.5 us if a stack is idle.
func (g *Group) Go(fn func(ctx context.Context, stack *Stack) error) {
	checkBranch("Group.Go", fn)
	g.group.Go(func() error { return g.pool.Run(g.ctx, fn) })
}

// TryGo is [Group.Go] if the limit allows it at once; otherwise it reports false
// and does nothing, and the caller does the work itself. It panics if fn is nil.
func (g *Group) TryGo(fn func(ctx context.Context, stack *Stack) error) bool {
	checkBranch("Group.TryGo", fn)
	return g.group.TryGo(func() error { return g.pool.Run(g.ctx, fn) })
}

// Wait waits until all functions have returned, ends their stacks and returns
// the first error. No goroutine of the group is left. The group cannot be used
// again: a function given to Go after Wait has returned is not called, as its
// context is done. The group's functions must not call Wait: they would wait for
// themselves.
func (g *Group) Wait() error {
	err := g.group.Wait()
	g.pool.Close()
	return err
}
