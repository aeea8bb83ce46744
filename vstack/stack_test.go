package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// workers returns how many goroutines of schedulers there are.
func workers() int {
	buf := make([]byte, 4<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "scheduler.(*Worker).loop(")
}

// settle waits until there are at most n workers: those told to end need a
// moment, and the collector too.
func settle(t *testing.T, n int) {
	t.Helper()
	vstack.CloseIdle()
	for range 2000 {
		if workers() <= n {
			return
		}
		runtime.GC()
		runtime.Gosched()
	}
	t.Errorf("%d workers are left, want at most %d", workers(), n)
}

func TestClose(t *testing.T) {
	stack := vstack.New(vstack.WithIdleMemory(1 << 40))
	count(stack, 300_000)
	if workers() < 10 {
		t.Errorf("%d workers are idle, want those of all segments", workers())
	}
	stack.Close()
	settle(t, 0)
	stack.Close()
	err := stack.Run(context.Background(), func(context.Context) error { t.Error("runs"); return nil })
	if err != vstack.ErrClosed {
		t.Error(err)
	}
	// Guards with the handle go on as those without one.
	if got := count(stack, 100_000); got != 100_000 {
		t.Errorf("recursion with the handle of a closed stack: %d", got)
	}
}

func TestIdleMemory(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	for _, test := range []struct {
		bytes int64
		want  int
	}{{0, 0}, {128 << 10, 1}, {640 << 10, 2}, {1 << 20, 2}, {2 << 20, 4}} {
		stack := vstack.New(vstack.WithIdleMemory(test.bytes))
		count(stack, 100_000)
		settle(t, test.want)
		if got := workers(); got != test.want {
			t.Errorf("%d bytes: %d workers are idle, want %d", test.bytes, got, test.want)
		}
		stack.Close()
	}
	settle(t, 0)
}

func TestDefaultIdleMemory(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	stack := vstack.New()
	defer stack.Close()
	count(stack, 1_000_000)
	settle(t, 1+15) // 128 KiB and 15 times 512, in 8 MiB
}

// A stack that nobody refers to any more ends its workers without Close.
func TestDropped(t *testing.T) {
	func() {
		for range 10 {
			stack := vstack.New()
			count(stack, 20_000)
			_ = stack.Run(context.Background(), func(ctx context.Context) error { count(stack, 20_000); return nil })
		}
	}()
	settle(t, 0)
}

var nilContext context.Context

// mustPanic runs fn and checks that it panics with an ErrMisuse that says what.
func mustPanic(t *testing.T, what string, fn func()) {
	t.Helper()
	defer func() {
		t.Helper()
		err, ok := recover().(error)
		if !ok || !errors.Is(err, vstack.ErrMisuse) || !strings.Contains(err.Error(), what) || !strings.HasPrefix(err.Error(), "vstack: ") {
			t.Errorf("recovered %v, want a misuse panic with %q", err, what)
		}
	}()
	fn()
}

func TestMisuse(t *testing.T) {
	ctx := context.Background()
	stack := vstack.New()
	defer stack.Close()
	mustPanic(t, "fn is nil", func() { _ = stack.Run(ctx, nil) })
	mustPanic(t, "fn is nil", func() { stack.Do(nil) })
	mustPanic(t, "fn is nil", func() { _, _ = vstack.Run[int](ctx, nil) })
	mustPanic(t, "ctx is nil", func() { _ = stack.Run(nilContext, func(context.Context) error { return nil }) })
	mustPanic(t, "ctx is nil", func() {
		_, _ = vstack.Run(nilContext, func(context.Context, *vstack.Stack) (int, error) { return 0, nil })
	})
	mustPanic(t, "WithMaxMemory(-1)", func() { vstack.WithMaxMemory(-1) })
	mustPanic(t, "WithMaxMemory(1000)", func() { vstack.WithMaxMemory(1000) })
	mustPanic(t, "WithIdleMemory(-5)", func() { vstack.WithIdleMemory(-5) })

	var captured *vstack.Stack
	if _, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		captured = s
		mustPanic(t, "Close while", s.Close)
		// A goroutine that was started inside a frame.
		done := make(chan struct{})
		go func() {
			defer close(done)
			// Guards with the handle go on as those without one.
			if got := count(s, 100_000); got != 100_000 {
				t.Errorf("count on a goroutine that the stack does not run on: %d", got)
			}
			ran := false
			s.Do(func() { ran = vstack.Current() != nil && vstack.Current() != s })
			if !ran {
				t.Error("Do did not run its function on an ambient stack")
			}
			err := s.Run(ctx, func(context.Context) error { t.Error("runs"); return nil })
			if !errors.Is(err, vstack.ErrMisuse) || !strings.Contains(err.Error(), "second goroutine") {
				t.Error(err)
			}
		}()
		<-done
		// Another stack's goroutine.
		_, err := vstack.Run(ctx, func(_ context.Context, other *vstack.Stack) (int, error) {
			if got := count(s, 100_000); got != 100_000 || other.Stats().Hops < 5 {
				t.Errorf("count on another stack's goroutine: %d, with %d hops there", got, other.Stats().Hops)
			}
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
		return count(s, 100_000), nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := captured.Run(ctx, func(context.Context) error { return nil }); err != vstack.ErrClosed {
		t.Errorf("a stack used after its Run: %v", err)
	}
}

// Two goroutines that start on one stack: one of them is told.
func TestTwoGoroutines(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	started, stop := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- stack.Run(context.Background(), func(context.Context) error {
			close(started)
			<-stop
			return nil
		})
	}()
	<-started
	err := stack.Run(context.Background(), func(context.Context) error { t.Error("runs"); return nil })
	if !errors.Is(err, vstack.ErrMisuse) {
		t.Error(err)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Idle workers of one size hold memory while workers of the other start: both
// count, and what the limit or the budget does not hold makes the idle ones end.
func TestIdleWorkersCount(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	const limit = 4 * mib
	nested := func(ctx context.Context, s *vstack.Stack, n int, bottom func()) (err error) {
		var nest func(ctx context.Context) error
		nest = func(ctx context.Context) error {
			if n--; n < 0 {
				bottom()
				return nil
			}
			return s.Run(ctx, nest)
		}
		return nest(ctx)
	}
	holds := func(stats vstack.Stats, huge int) int64 {
		return stats.Bytes + int64(huge)*(512<<10)
	}
	// The limit: 3 MiB of huge workers, then 3 MiB of small ones.
	s := vstack.New(vstack.WithMaxMemory(limit))
	defer s.Close()
	if err := s.Run(context.Background(), func(ctx context.Context) error {
		s.Do(func() { growNested(s, 5) })
		before := s.Stats()
		if before.Idle < 6 {
			t.Errorf("the huge workers are not idle: %+v", before)
		}
		return nested(ctx, s, 3*mib/(5<<10), func() {
			stats := s.Stats()
			if bytes := holds(stats, stats.Idle); bytes > limit || stats.Idle == 0 {
				t.Errorf("%d bytes: %+v", bytes, stats)
			}
		})
	}); err != nil {
		t.Error(err)
	}
	// The budget: what is idle afterwards has been drawn.
	budget := vstack.NewBudget(8 * mib)
	pool := vstack.NewPool(vstack.WithBudget(budget))
	defer pool.Close()
	if err := pool.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) error {
		s.Do(func() { growNested(s, 5) })
		return nested(ctx, s, 100, func() {})
	}); err != nil {
		t.Error(err)
	}
	if idle := pool.Stats().IdleBytes; budget.InUse() != idle || idle < 3*mib {
		t.Errorf("%d bytes are idle, %d are drawn", idle, budget.InUse())
	}
}

// The first segment of a recursion is large, those below are huge, and large again
// where the memory is not enough for a huge one. A huge worker that is idle takes the
// first one, too.
func TestSegmentSizes(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	const large, huge = 128 << 10, 512 << 10
	sizes := func(s *vstack.Stack) (sizes []int64) {
		before := int64(0)
		var grow func()
		grow = func() {
			now := s.Stats().Bytes
			sizes = append(sizes, now-before)
			before = now
			s.Do(grow)
		}
		err := s.Run(context.Background(), func(context.Context) error { grow(); return nil })
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		return sizes
	}
	for name, opt := range map[string]vstack.Option{
		"limit":  vstack.WithMaxMemory(1500 << 10),
		"budget": vstack.WithBudget(vstack.NewBudget(1500 << 10)),
	} {
		s := vstack.New(opt)
		if got, want := sizes(s), []int64{large, huge, huge, large, large}; !slices.Equal(got, want) {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
		if got, want := sizes(s), []int64{huge, huge, large, large, large}; !slices.Equal(got, want) {
			t.Errorf("%s, the second time: %d, want %d", name, got, want)
		}
		s.Close()
	}
	// The smallest limit has room for two segments.
	s := vstack.New(vstack.WithMaxMemory(256 << 10))
	defer s.Close()
	if got, want := sizes(s), []int64{large, large}; !slices.Equal(got, want) {
		t.Errorf("%d, want %d", got, want)
	}
}

// growNested takes n segments below each other.
func growNested(s *vstack.Stack, n int) {
	if n > 0 {
		s.Do(func() { growNested(s, n-1) })
	}
}
