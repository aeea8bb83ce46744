package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// The limit is the memory, whatever the frames between the calls of Run are like.
func TestLimitIsTheMemory(t *testing.T) {
	for _, kib := range []int{0, 20, 60, 100, 120} {
		t.Run(fmt.Sprint(kib), func(t *testing.T) {
			if inChild(t) {
				testLimit(t, kib)
			}
		})
	}
}

func testLimit(t *testing.T, kib int) {
	const limit = 16*mib - 30<<10 // no multiple of what a level takes
	runtime.GC()
	_, before := rss()
	stack := vstack.New(vstack.WithMaxMemory(limit))
	defer stack.Close()
	depth, native := 0, int64(0)
	var rec func(ctx context.Context) error
	rec = func(ctx context.Context) (err error) {
		depth++
		padded(kib, func() {
			native += nativeBytes()
			err = stack.Run(ctx, rec)
		})
		return err
	}
	if err := stack.Run(context.Background(), rec); !errors.Is(err, vstack.ErrOverflow) {
		t.Error(err)
	}
	if peak := stack.Stats().PeakBytes; peak > limit {
		t.Errorf("charged with %d", peak)
	}
	if native > limit+mib { // the last one is weighed where it ends
		t.Errorf("native stacks of %d KiB with a limit of %d", native>>10, limit>>10)
	}
	_, after := rss()
	t.Logf("frames of %d KiB: %d levels, peak memory %d KiB more", kib, depth, (after-before)>>10)
	if after-before > limit*5/4 && !raceEnabled {
		t.Errorf("%d KiB with a limit of %d", (after-before)>>10, limit>>10)
	}
}

// Stacks that were given no limit share one.
func TestDefaultLimitTogether(t *testing.T) {
	if !inChild(t) {
		return
	}
	withDefaultLimit(t, 64*mib)
	_, before := rss()
	var wg sync.WaitGroup
	hold := make(chan struct{})
	var all sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		all.Add(1)
		go func() {
			defer wg.Done()
			defer func() { _ = recover() }() // an ambient one
			first := sync.OnceFunc(all.Done)
			defer first()
			if i == 3 {
				free(10_000_000)
				return
			}
			_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
				n := 0
				var rec func()
				rec = func() {
					if s.Low() {
						s.Do(rec)
						return
					}
					if n++; n == 100_000 {
						first()
						<-hold
					}
					rec()
				}
				rec()
				return 0, nil
			})
			if !errors.Is(err, vstack.ErrOverflow) {
				t.Error(err)
			}
		}()
	}
	all.Wait() // each has some 10 MiB now
	close(hold)
	wg.Wait()
	_, after := rss()
	t.Logf("peak memory %d MiB more", (after-before)/mib)
	if after-before > 64*mib*5/4 && !raceEnabled {
		t.Errorf("four stacks took %d MiB with a default limit of 64 together", (after-before)/mib)
	}
}

// A context may grow by a value at each level: Run does not take longer for that.
func TestContextsWithValues(t *testing.T) {
	if !inChild(t) { // after collections the runtime starts goroutines with larger stacks
		return
	}
	type key struct{ n int }
	stack := vstack.New()
	defer stack.Close()
	levels := 8000
	steps := 0
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) error {
		if n == 0 {
			for _, want := range []int{1, levels / 2, levels} {
				if got := ctx.Value(key{want}); got != want {
					return fmt.Errorf("value %d is %v", want, got)
				}
			}
			if s, ok := vstack.FromContext(ctx); s != stack || !ok {
				return errors.New("the context does not know the stack")
			}
			return nil
		}
		// What a level asks of the context that it is given must not grow with it.
		if n%100 == 0 {
			ctx = &counting{Context: ctx, steps: &steps}
		}
		return stack.Run(context.WithValue(ctx, key{n}, n), func(ctx context.Context) error { return rec(ctx, n-1) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := rec(ctx, levels); err != nil {
		t.Error(err)
	}
	if steps > 10*levels { // of 80 counting contexts, each by the levels just below it
		t.Errorf("%d levels asked %d times for a value further up than they need", levels, steps)
	}
	// Cancellation gets through as ever.
	depth := 0
	var down func(ctx context.Context) error
	down = func(ctx context.Context) error {
		if depth++; depth == 1000 {
			cancel()
			stack.Yield()
			t.Error("goes on after the cancellation")
		}
		return stack.Run(context.WithValue(ctx, key{depth}, depth), down)
	}
	if err := stack.Run(ctx, down); err != context.Canceled {
		t.Error(err)
	}
}

// counting counts the look-ups of values that pass it.
type counting struct {
	context.Context
	steps *int
}

func (c *counting) Value(key any) any {
	*c.steps++
	return c.Context.Value(key)
}

// The promise of 1 MiB of native stack, which TestMain's limit makes deadly to break:
// hot splits one after the other, in segments of all sizes, and 250 KiB between guards.
func TestNativeStackBounded(t *testing.T) {
	if !inChild(t) {
		return
	}
	for _, f := range forms {
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			var rec func(n int)
			rec = func(n int) {
				if f.low(s) {
					f.do(s, func() { rec(n) })
					return
				}
				if n == 0 {
					return
				}
				for range 20 {
					f.climb(s, 1)
				}
				if n%100 == 0 {
					padded(120, func() { padded(120, func() { f.climb(s, 1) }) })
				}
				rec(n - 1)
			}
			rec(20_000)
			return 0, s.Run(ctx, func(context.Context) error { rec(20_000); return nil })
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// After the collector has moved a stack, and while a frame alternates between shallow
// calls and one below 40 KiB, nothing hops and nothing is given more room.
func TestAfterCollections(t *testing.T) {
	for _, f := range forms {
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			before := s.Stats()
			for range 20 {
				runtime.GC()
				for range 20 {
					f.climb(s, 3)
					padded(20, func() { padded(20, func() { f.climb(s, 3) }) })
				}
			}
			if after := s.Stats(); after.Hops != before.Hops || after.Splits != before.Splits {
				t.Errorf("%s: %+v, then %+v", f.name, before, after)
			}
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Code that uses more between two guards than it may gets deeper natively than the
// promise, but not without end: there is a depth from which it hops.
func TestNativelyDeepest(t *testing.T) {
	if !inChild(t) {
		return
	}
	debug.SetMaxStack(256 << 20)
	deepest := uintptr(0)
	var rec func(n int)
	rec = func(n int) {
		if vstack.Low() {
			vstack.Do(func() { rec(n) })
			return
		}
		deepest = max(deepest, self.Used())
		if n == 0 {
			return
		}
		below := func() {
			for range 10 {
				rec(0)
			}
			rec(n - 1)
		}
		for range 4 {
			fn := below
			below = func() { padded120(fn) }
		}
		padded120(below) // 600 KiB
	}
	_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
		rec(125) // 73 MiB
		return 0, nil
	}, vstack.WithMaxMemory(0))
	if err != nil || deepest > 66*mib || deepest < 10*mib {
		t.Errorf("%v, %d MiB of native stack", err, deepest/mib)
	}
}
