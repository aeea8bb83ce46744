package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// deep returns a function for Pool.Run and Group.Go.
func deep(n int) func(context.Context, *vstack.Stack) error {
	return func(_ context.Context, s *vstack.Stack) error {
		if got := count(s, n); got != n {
			return errors.New("wrong count")
		}
		return nil
	}
}

type poolKey struct{}

func TestPoolReuse(t *testing.T) {
	pool := vstack.NewPool()
	defer pool.Close()
	ctx := context.WithValue(context.Background(), poolKey{}, "value")
	mine := errors.New("mine")
	var first *vstack.Stack
	for i := range 10 {
		err := pool.Run(ctx, func(ctx context.Context, s *vstack.Stack) error {
			if first == nil {
				first = s
			}
			if known, ok := vstack.FromContext(ctx); s != first || known != s || !ok || ctx.Value(poolKey{}) != "value" {
				t.Error("not the same stack, or it is not in the context")
			}
			if count(s, 10_000*i) != 10_000*i {
				t.Error("wrong count")
			}
			return mine
		})
		if err != mine {
			t.Error(err)
		}
	}
	// A run inside a run has a second stack.
	err := pool.Run(ctx, func(ctx context.Context, a *vstack.Stack) error {
		return pool.Run(ctx, func(ctx context.Context, b *vstack.Stack) error {
			if a == b {
				t.Error("one stack twice")
			}
			if stats := pool.Stats(); stats.Running != 2 || stats.Idle != 0 || stats.IdleBytes != 0 {
				t.Errorf("%+v", stats)
			}
			return deep(10_000)(ctx, b)
		})
	})
	if err != nil {
		t.Error(err)
	}
	stats := pool.Stats()
	if stats.IdleBytes <= 0 {
		t.Error("idle stacks hold no memory")
	}
	stats.IdleBytes = 0
	if want := (vstack.PoolStats{Runs: 12, Started: 2, Reused: 10, Idle: 2}); stats != want {
		t.Errorf("got %+v, want %+v", stats, want)
	}
}

// held runs n stacks at the same time, each some levels deep.
func held(t *testing.T, pool *vstack.Pool, n, levels int) {
	t.Helper()
	var all, wg sync.WaitGroup
	all.Add(n)
	for range n {
		wg.Go(func() {
			err := pool.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) error {
				all.Done()
				all.Wait()
				return deep(levels)(ctx, s)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestPoolBounds(t *testing.T) {
	for _, test := range []struct {
		name   string
		opts   []vstack.Option
		levels int
		idle   int
		bytes  int64
	}{
		{"number", []vstack.Option{vstack.WithIdleStacks(3)}, 10, 3, 3 * 128 << 10},
		{"none", []vstack.Option{vstack.WithIdleStacks(0)}, 10, 0, 0},
		{"memory", []vstack.Option{vstack.WithIdleMemory(1 * mib)}, 10, 8, 1 * mib},
		{"no_memory", []vstack.Option{vstack.WithIdleMemory(0)}, 10_000, 20, 0}, // without workers
		// One stack could fill the pool: the last one does.
		{"deep", []vstack.Option{vstack.WithIdleMemory(1 * mib)}, 100_000, 1, 640 << 10},
		{"default", nil, 10, 20, 20 * 128 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !inChild(t, startSmall) {
				return
			}
			pool := vstack.NewPool(test.opts...)
			held(t, pool, 20, test.levels)
			if s := pool.Stats(); s.Idle != test.idle || s.IdleBytes != test.bytes {
				t.Errorf("got %+v, want %d idle stacks with %d bytes", s, test.idle, test.bytes)
			}
			settle(t, int(test.bytes/(128<<10)))
			pool.Close()
			settle(t, 0)
		})
	}
}

// A stack that nobody takes ends after the idle time, and none that is in use.
func TestPoolIdleTime(t *testing.T) {
	vstack.IgnoreBubbles(t)
	synctest.Test(t, func(t *testing.T) {
		pool := vstack.NewPool(vstack.WithIdleTime(time.Minute))
		defer pool.Close()
		held(t, pool, 5, 10)
		want := func(idle int) {
			t.Helper()
			synctest.Wait()
			if got := pool.Stats().Idle; got != idle {
				t.Errorf("%d idle stacks, want %d", got, idle)
			}
		}
		time.Sleep(59 * time.Second)
		want(5)
		time.Sleep(59 * time.Second)
		// Each has been idle for more than a minute, so some may have ended,
		// and before two are over all will.
		if got := pool.Stats().Idle; got < 2 {
			t.Fatalf("%d idle stacks", got)
		}
		held(t, pool, 2, 10)
		time.Sleep(3 * time.Second)
		want(2)
		time.Sleep(2 * time.Minute)
		want(0)

		// The clock starts again with the next idle stack.
		time.Sleep(time.Hour)
		held(t, pool, 1, 10)
		time.Sleep(59 * time.Second)
		want(1)
		// One that is used all the time stays.
		for range 10 {
			held(t, pool, 1, 10)
			time.Sleep(59 * time.Second)
			want(1)
		}
		if got := pool.Stats(); got.Started != 6 || got.Reused != 12 {
			t.Errorf("%+v", got)
		}
	})
}

// Those that make room for others do not count as idle any more.
func TestPoolIdleTimeAfterSurplus(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	vstack.IgnoreBubbles(t)
	synctest.Test(t, func(t *testing.T) {
		pool := vstack.NewPool(vstack.WithIdleTime(time.Minute), vstack.WithIdleMemory(700<<10))
		defer pool.Close()
		held(t, pool, 3, 10)
		time.Sleep(61 * time.Second)
		held(t, pool, 1, 100_000) // fills the pool alone
		if got := pool.Stats().Idle; got != 1 {
			t.Fatalf("%d idle stacks", got)
		}
		time.Sleep(time.Minute)
		if got := pool.Stats().Idle; got != 1 {
			t.Errorf("%d idle stacks, want the one that was used", got)
		}
		time.Sleep(time.Minute)
		if got := pool.Stats().Idle; got != 0 {
			t.Errorf("%d idle stacks", got)
		}
	})
}

// A pool that is dropped without Close leaves nothing behind for ever.
func TestPoolDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held(t, vstack.NewPool(vstack.WithIdleTime(time.Minute)), 3, 10)
		time.Sleep(2 * time.Minute) // if a worker were left the test would not end
	})
}

func TestPoolClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := vstack.NewPool()
		held(t, pool, 3, 10)
		hold := make(chan struct{})
		var returned atomic.Int32
		for range 2 {
			go func() {
				err := pool.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) error {
					<-hold
					return deep(10_000)(ctx, s)
				})
				if err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		for range 2 {
			go func() { pool.Close(); returned.Add(1) }()
			synctest.Wait()
		}
		if stats := pool.Stats(); returned.Load() != 0 || stats.Running != 2 || stats.Idle != 0 {
			t.Errorf("%d calls of Close have returned, %+v", returned.Load(), stats)
		}
		fn := unexpected(t)
		if err := pool.Run(context.Background(), fn); err != vstack.ErrClosed {
			t.Error(err)
		}
		close(hold)
		synctest.Wait()
		if stats := pool.Stats(); returned.Load() != 2 || stats.Running != 0 || stats.Idle != 0 || stats.IdleBytes != 0 {
			t.Errorf("%d calls of Close have returned, %+v", returned.Load(), stats)
		}
		pool.Close()
	})
}

func TestPoolPanicAndGoexit(t *testing.T) {
	pool := vstack.NewPool()
	defer pool.Close()
	for want, fn := range map[string]func(){"panic: string boom": func() { panic("boom") }, "goexit": runtime.Goexit} {
		got := outcome(func() {
			_ = pool.Run(context.Background(), func(_ context.Context, s *vstack.Stack) error {
				s.Do(fn)
				return nil
			})
		})
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := pool.Run(context.Background(), deep(10_000)); err != nil {
		t.Error(err)
	}
	if stats := pool.Stats(); stats.Running != 0 || stats.Started != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestPoolDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := vstack.NewPool()
		defer pool.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := pool.Run(ctx, func(ctx context.Context, s *vstack.Stack) error {
			for {
				count(s, 100)
				time.Sleep(time.Millisecond)
			}
		})
		if err != context.DeadlineExceeded {
			t.Error(err)
		}
		if err := pool.Run(ctx, unexpected(t)); err != context.DeadlineExceeded {
			t.Error(err)
		}
	})
}

func unexpected(t *testing.T) func(context.Context, *vstack.Stack) error {
	return func(context.Context, *vstack.Stack) error { t.Error("runs"); return nil }
}

func TestPoolMisuse(t *testing.T) {
	pool := vstack.NewPool()
	defer pool.Close()
	mustPanic(t, "fn is nil", func() { _ = pool.Run(context.Background(), nil) })
	mustPanic(t, "ctx is nil", func() { _ = pool.Run(nilContext, deep(1)) })
	if stats := pool.Stats(); stats.Running != 0 {
		t.Errorf("%+v", stats)
	}
}

// A shallow run in a warm pool.
func BenchmarkPoolRun(b *testing.B) {
	pool := vstack.NewPool()
	defer pool.Close()
	ctx := context.Background()
	fn := func(_ context.Context, s *vstack.Stack) error { count(s, 10); return nil }
	b.Run("one goroutine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = pool.Run(ctx, fn)
		}
	})
	b.Run("deadline", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			_ = pool.Run(ctx, fn)
			cancel()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = pool.Run(ctx, fn)
			}
		})
	})
	b.Run("budget", func(b *testing.B) {
		pool := vstack.NewPool(vstack.WithBudget(vstack.NewBudget(256 * mib)))
		defer pool.Close()
		b.ReportAllocs()
		for b.Loop() {
			_ = pool.Run(ctx, fn)
		}
	})
	b.Run("stacks in parallel", func(b *testing.B) { // for comparison
		b.RunParallel(func(pb *testing.PB) {
			s := vstack.New()
			defer s.Close()
			for pb.Next() {
				_ = s.Run(ctx, func(context.Context) error { count(s, 10); return nil })
			}
		})
	})
	b.Run("stack", func(b *testing.B) { // for comparison
		s := vstack.New()
		defer s.Close()
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Run(ctx, func(context.Context) error { count(s, 10); return nil })
		}
	})
}
