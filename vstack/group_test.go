package vstack_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/vstack-go/vstack/vstack"
)

func TestGroup(t *testing.T) {
	g := vstack.NewGroup(context.Background())
	results := make([]int, 100)
	for i := range results {
		g.Go(func(ctx context.Context, s *vstack.Stack) error {
			if known, ok := vstack.FromContext(ctx); !ok || known != s {
				t.Error("the stack is not in the context")
			}
			results[i] = count(s, 1000*i)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	for i, got := range results {
		if got != 1000*i {
			t.Errorf("%d: %d", i, got)
		}
	}
	settle(t, 0)
}

// The first error is returned and cancels the others, also deep in a recursion.
func TestGroupError(t *testing.T) {
	needsPreemption(t)
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		fn   func(context.Context, *vstack.Stack) error
		want error
	}{
		"error":    {func(context.Context, *vstack.Stack) error { return mine }, mine},
		"overflow": {func(_ context.Context, s *vstack.Stack) error { count(s, 1<<30); return nil }, vstack.ErrOverflow},
	} {
		g := vstack.NewGroup(context.Background(), vstack.WithMaxMemory(4*mib))
		var canceled atomic.Int32
		var started sync.WaitGroup
		started.Add(3)
		for range 3 {
			g.Go(func(ctx context.Context, s *vstack.Stack) error {
				started.Done()
				defer func() {
					if context.Cause(ctx) != nil {
						canceled.Add(1)
					}
				}()
				for {
					count(s, 1000)
				}
			})
		}
		started.Wait()
		g.Go(test.fn)
		if err := g.Wait(); !errors.Is(err, test.want) || canceled.Load() != 3 {
			t.Errorf("%s: %v, %d functions were canceled", name, err, canceled.Load())
		}
		g.Go(unexpected(t))
		if err := g.Wait(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGroupLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := vstack.NewGroup(context.Background())
		g.SetLimit(2)
		hold := make(chan struct{})
		var running, most atomic.Int32
		fn := func(_ context.Context, s *vstack.Stack) error {
			n := running.Add(1)
			most.Store(max(most.Load(), n))
			<-hold
			count(s, 10_000)
			running.Add(-1)
			return nil
		}
		if first, second, third := g.TryGo(fn), g.TryGo(fn), g.TryGo(fn); !first || !second || third {
			t.Error("TryGo does not follow the limit of 2")
		}
		blocked := true
		go func() { g.Go(fn); blocked = false }()
		synctest.Wait()
		if !blocked {
			t.Error("Go did not wait")
		}
		close(hold)
		synctest.Wait()
		if blocked {
			t.Error("Go still waits")
		}
		if err := g.Wait(); err != nil || most.Load() != 2 {
			t.Error(err, most.Load())
		}
	})
}

// Functions start functions: parallel divide and conquer in one group.
func TestGroupNested(t *testing.T) {
	g := vstack.NewGroup(context.Background())
	g.SetLimit(4)
	var total, inline atomic.Int64
	var split func(s *vstack.Stack, n int)
	split = func(s *vstack.Stack, n int) {
		if n == 0 {
			total.Add(int64(count(s, 1000)))
			return
		}
		for range 2 {
			if !g.TryGo(func(_ context.Context, s *vstack.Stack) error { split(s, n-1); return nil }) {
				inline.Add(1)
				split(s, n-1)
			}
		}
	}
	g.Go(func(_ context.Context, s *vstack.Stack) error { split(s, 8); return nil })
	if err := g.Wait(); err != nil || total.Load() != 256_000 || inline.Load() == 0 {
		t.Error(err, total.Load(), inline.Load())
	}
}

// The functions of a group use each other's stacks once they are idle.
func TestGroupSharesStacks(t *testing.T) {
	g := vstack.NewGroup(context.Background())
	g.SetLimit(1)
	stacks := map[*vstack.Stack]bool{}
	for range 10 {
		g.Go(func(_ context.Context, s *vstack.Stack) error { stacks[s] = true; return nil })
	}
	if err := g.Wait(); err != nil || len(stacks) != 1 {
		t.Error(err, len(stacks))
	}
}

// As with errgroup, Goexit ends its function alone and is no error.
func TestGroupGoexit(t *testing.T) {
	g := vstack.NewGroup(context.Background())
	g.Go(func(_ context.Context, s *vstack.Stack) error { s.Do(runtime.Goexit); return nil })
	g.Go(deep(10_000))
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// As with errgroup, a panic ends the program.
func TestGroupPanic(t *testing.T) {
	if os.Getenv(vstack.ChildEnv) == "" {
		out, err := runChild(t)
		if err == nil || !strings.Contains(out, "panic: boom") {
			t.Errorf("%v\n%.2000s", err, out)
		}
		return
	}
	g := vstack.NewGroup(context.Background())
	g.Go(func(_ context.Context, s *vstack.Stack) error { s.Do(func() { panic("boom") }); return nil })
	_ = g.Wait()
}

func TestGroupMisuse(t *testing.T) {
	mustPanic(t, "ctx is nil", func() { vstack.NewGroup(nilContext) })
	g := vstack.NewGroup(context.Background())
	mustPanic(t, "Group.Go: fn is nil", func() { g.Go(nil) })
	mustPanic(t, "Group.TryGo: fn is nil", func() { g.TryGo(nil) })
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
