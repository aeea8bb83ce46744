package vstack_test

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// Every Run has a goroutine of its own.
func TestRunHasItsOwnGoroutine(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	seen := map[string]bool{goid(): true}
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) error {
		if n == 0 {
			return nil
		}
		return stack.Run(ctx, func(ctx context.Context) error {
			if id := goid(); seen[id] {
				t.Errorf("level %d runs on goroutine %s, which has a frame already", n, id)
			} else {
				seen[id] = true
			}
			return rec(ctx, n-1)
		})
	}
	if err := rec(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 101 {
		t.Errorf("100 nested frames used %d goroutines beside the caller's", len(seen)-1)
	}
}

// While a frame runs, the goroutines of all its callers are parked in a channel
// receive, and it is the only one of the stack that is not.
func TestCallersAreParked(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	var ids []string
	state := func() map[string]string {
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		states := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^goroutine (\d+) \[([^\],]*)`).FindAllStringSubmatch(string(buf), -1) {
			states[m[1]] = m[2]
		}
		return states
	}
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) error {
		ids = append(ids, goid())
		if n > 0 {
			return stack.Run(ctx, func(ctx context.Context) error { return rec(ctx, n-1) })
		}
		// One that has just handed the baton over may have yet to park.
		var problem string
		for range 1000 {
			problem = ""
			states := state()
			for i, id := range ids {
				want := "chan receive"
				if i == len(ids)-1 {
					want = "running"
				}
				if states[id] != want {
					problem = fmt.Sprintf("goroutine %d of %d is in state %q, want %q", i, len(ids), states[id], want)
				}
			}
			if problem == "" {
				return nil
			}
			runtime.Gosched()
		}
		t.Error(problem)
		return nil
	}
	if err := rec(context.Background(), 20); err != nil {
		t.Fatal(err)
	}
}

// Exactly one goroutine of a stack runs at a time. Every frame counts itself in
// and out around what it does, and all of them share plain memory, which the
// race detector watches.
func TestOneRunsAtATime(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	var inside atomic.Int32
	shared := 0
	work := func() {
		if n := inside.Add(1); n != 1 {
			t.Errorf("%d goroutines run at once", n)
		}
		shared++
		runtime.Gosched()
		inside.Add(-1)
	}
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) error {
		work()
		defer work()
		if n == 0 {
			return nil
		}
		for range 2 {
			if err := stack.Run(ctx, func(ctx context.Context) error { return rec(ctx, n-1) }); err != nil {
				return err
			}
		}
		return nil
	}
	if err := rec(context.Background(), 9); err != nil {
		t.Fatal(err)
	}
	if want := 2 * (1<<10 - 1); shared != want {
		t.Errorf("shared = %d, want %d", shared, want)
	}
}

func TestDeepGuard(t *testing.T) {
	levels := 2_000_000
	if *deepTests {
		levels = 50_000_000
	}
	start := time.Now()
	got, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		return count(s, levels), nil
	}, vstack.WithMaxMemory(0))
	if got != levels || err != nil {
		t.Fatal(got, err)
	}
	_, peak := rss()
	t.Logf("%d levels through the guard: %v, peak memory %d MiB", levels, time.Since(start), peak>>20)
}

func TestDeepRun(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	frames := 50_000
	if *deepTests {
		frames = 1_000_000
	}
	start := time.Now()
	stack := vstack.New(vstack.WithMaxMemory(0))
	defer stack.Close()
	depth := 0
	var rec func(ctx context.Context) error
	rec = func(ctx context.Context) error {
		if depth++; depth == frames {
			return fmt.Errorf("bottom at %d", depth)
		}
		return stack.Run(ctx, rec)
	}
	if err := stack.Run(context.Background(), rec); err == nil || err.Error() != fmt.Sprintf("bottom at %d", frames) {
		t.Fatal(err)
	}
	_, peak := rss()
	t.Logf("%d nested frames: %v, peak memory %d MiB", frames, time.Since(start), peak>>20)
	if limit := int64(10 << 30); peak > limit {
		t.Errorf("peak memory %d, want at most %d", peak, limit)
	}
	runtime.GC()
	debug.FreeOSMemory()
}

// A recursion of big frames, and big unguarded calls between the guards, stays
// within the 1 MiB that TestMain allows a native stack.
func TestBigFrames(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		a, b := bigFrame(s, 500), unguarded(s, 100)
		return a + b, nil
	}, vstack.WithMaxMemory(0))
	if err != nil {
		t.Fatal(err)
	}
}

func bigFrame(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return bigFrame(s, n) })
	}
	var frame [16 << 10]byte
	if n == 0 {
		return 0
	}
	frame[n] = 1
	return bigFrame(s, n-1) + int(frame[n])
}

// unguarded goes 300 KB down between its guards.
func unguarded(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return unguarded(s, n) })
	}
	if n == 0 {
		return 0
	}
	return natively(300<<10/64, func() int { return unguarded(s, n-1) }) + 1
}

//go:noinline
func natively(frames int, fn func() int) int {
	if frames == 0 {
		return fn()
	}
	return natively(frames-1, fn) + 0
}

// A loop with short calls at every depth around a segment's end, and collections
// between: every answer to a low guard, with the right result.
func TestLoopsAtEveryDepth(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	var rec func(depth int) int
	rec = func(depth int) int {
		if stack.Low() {
			return vstack.GrowOn(stack, func() int { return rec(depth) })
		}
		if depth > 0 {
			return rec(depth-1) + 1
		}
		sum := 0
		for range 20 {
			sum += count(stack, 10)
		}
		return sum
	}
	for depth := 0; depth < 4000; depth += 7 {
		if got, want := rec(depth), depth+200; got != want {
			t.Fatalf("depth %d: got %d, want %d", depth, got, want)
		}
		if depth%700 == 0 {
			runtime.GC()
		}
	}
}

func TestShrunkStacks(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	err := stack.Run(context.Background(), func(ctx context.Context) error {
		for i := range 30 {
			runtime.GC() // shrinks this segment, and the idle ones
			if got := count(stack, 100*i); got != 100*i {
				return fmt.Errorf("count(%d) = %d", 100*i, got)
			}
			natively(500, func() int {
				runtime.GC()
				return count(stack, 5000)
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
			return count(s, 100_000), s.Run(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
		})
		if err != context.DeadlineExceeded || time.Since(start) != time.Hour {
			t.Error(err, time.Since(start))
		}
		stack := vstack.New()
		count(stack, 10_000)
		synctest.Wait()
		stack.Close()
	})
}

// Segments of one root call, and workers that were used before, have the labels
// of the caller. They are looked for in the goroutine profile.
func TestLabels(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	for _, value := range []string{"first", "second"} {
		withLabel(context.Background(), "request", value, func(ctx context.Context) {
			err := stack.Run(ctx, func(ctx context.Context) error {
				hopEvery1000(stack, 3999, func() {
					got := labelled(t, "hopEvery1000", "request")
					if len(got) < 4 {
						t.Errorf("%d goroutines with a frame of the recursion, want 4 segments", len(got))
					}
					for _, label := range got {
						if label != value {
							t.Errorf("a segment is labelled %q, want %q", label, value)
						}
					}
				})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func hopEvery1000(stack *vstack.Stack, n int, fn func()) {
	switch {
	case n == 0:
		fn()
	case n%1000 == 0:
		stack.Do(func() { hopEvery1000(stack, n-1, fn) })
	default:
		hopEvery1000(stack, n-1, fn)
	}
}

// Goroutines that hold a thread, and a worker that ends with one.
func TestLockedThread(t *testing.T) {
	onFresh(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if got := free(100_000); got != 100_000 {
			t.Error(got)
		}
		_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
			runtime.LockOSThread() // never unlocked, on a worker
			return free(100_000), nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
