package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

const mib = 1 << 20

func TestOverflow(t *testing.T) {
	if !inChild(t) {
		return
	}
	const limit = 64 * mib
	runtime.GC()
	before, _ := rss()
	stack := vstack.New(vstack.WithMaxMemory(limit))
	defer stack.Close()
	for range 3 {
		err := stack.Run(context.Background(), func(context.Context) error {
			count(stack, 1_000_000_000)
			return errors.New("not reached")
		})
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Fatalf("got %v, want an overflow", err)
		}
		var overflow *vstack.OverflowError
		if !errors.As(err, &overflow) || overflow.Limit != limit || overflow.Bytes < limit*9/10 || overflow.Bytes > limit {
			t.Errorf("%+v", overflow)
		}
		for _, part := range []string{"vstack: ", "67,108,864", "levels deep", "bytes a level"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error does not say %q: %v", part, err)
			}
		}
		// The stack is usable afterwards.
		if err := stack.Run(context.Background(), func(context.Context) error {
			if got := count(stack, 100_000); got != 100_000 {
				t.Error(got)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	_, peak := rss()
	t.Logf("peak memory %d MiB, before %d MiB", peak/mib, before/mib)
	if before > 0 && !raceEnabled && peak > before+limit*5/4 {
		t.Errorf("peak memory is over 1.25 times the limit plus what there was before")
	}
}

// A frame recovers the overflow and goes on.
func TestOverflowRecovered(t *testing.T) {
	n, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (n int, err error) {
		for range 3 {
			func() {
				defer func() {
					if e, ok := recover().(error); !ok || !errors.Is(e, vstack.ErrOverflow) {
						t.Errorf("recovered %v", e)
					}
					n++
				}()
				count(s, 100_000_000)
			}()
		}
		return n + count(s, 10_000), nil
	}, vstack.WithMaxMemory(4*mib))
	if n != 10_003 || err != nil {
		t.Error(n, err)
	}
}

// Without an enclosing Run the overflow is a panic in the caller of Grow.
func TestOverflowWithoutRun(t *testing.T) {
	stack := vstack.New(vstack.WithMaxMemory(mib))
	defer stack.Close()
	for range 2 {
		func() {
			defer func() {
				if err, ok := recover().(*vstack.OverflowError); !ok || err.Limit != mib {
					t.Errorf("recovered %v", err)
				}
			}()
			count(stack, 10_000_000)
		}()
	}
	if got := count(stack, 1000); got != 1000 {
		t.Error(got)
	}
}

// The nearest enclosing Run takes the overflow, not an outer one.
func TestOverflowNearestRun(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		err := s.Run(ctx, func(ctx context.Context) error {
			count(s, 100_000_000)
			return nil
		})
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		return count(s, 1000), nil
	}, vstack.WithMaxMemory(mib))
	if err != nil {
		t.Error(err)
	}
}

// Nested Run overflows too, and returns the error where it happened.
func TestOverflowOfRun(t *testing.T) {
	if !inChild(t) {
		return // where no collection has made the runtime start goroutines with larger stacks
	}
	stack := vstack.New(vstack.WithMaxMemory(mib))
	defer stack.Close()
	depth := 0
	var rec func(ctx context.Context) error
	rec = func(ctx context.Context) error {
		depth++
		return stack.Run(ctx, rec)
	}
	if err := stack.Run(context.Background(), rec); !errors.Is(err, vstack.ErrOverflow) || depth < 100 {
		t.Error(depth, err)
	}
}

// A recursion that never hops notices the deadline. How soon is measured by
// BenchmarkCancel; a test with a clock would fail on a busy machine.
func TestCancelShallow(t *testing.T) {
	needsPreemption(t)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) { return fibonacci(s, 60), nil })
	deadline, _ := ctx.Deadline()
	if err != context.DeadlineExceeded {
		t.Error(err)
	}
	t.Logf("returned %v after the deadline", time.Since(deadline))
}

// Deferred calls of a deep recursion all run, deepest first.
func TestCancelDeep(t *testing.T) {
	cause := errors.New("the cause")
	const levels = 100_000
	var order []int
	ctx, cancel := context.WithCancelCause(context.Background())
	_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
		var rec func(n int)
		rec = func(n int) {
			if s.Low() {
				s.Do(func() { rec(n) })
				return
			}
			defer func() { order = append(order, n) }()
			if n == levels {
				cancel(cause)
				// AfterFunc's goroutine needs a moment to poison the guard.
				for {
					rec2 := fibonacci(s, 5)
					_ = rec2
					runtime.Gosched()
				}
			}
			rec(n + 1)
		}
		rec(1)
		return 0, nil
	})
	if err != cause {
		t.Fatalf("got %v, want the cause itself", err)
	}
	slices.Reverse(order)
	if len(order) != levels || !slices.IsSorted(order) {
		t.Errorf("%d deferred calls ran, in order: %v", len(order), slices.IsSorted(order))
	}
}

func TestCancelBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
		t.Error("fn runs under a context that was done before")
		return 0, nil
	})
	if err != context.Canceled {
		t.Error(err)
	}
}

// spin recurses until its guard throws it out.
func spin(s *vstack.Stack) {
	for {
		fibonacci(s, 10)
		runtime.Gosched()
	}
}

func TestCancelInnerFrame(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		inner, cancel := context.WithCancel(ctx)
		err := s.Run(inner, func(context.Context) error {
			cancel()
			spin(s)
			return nil
		})
		if err != context.Canceled {
			t.Error(err)
		}
		return fibonacci(s, 10), nil // the outer frame is not canceled
	})
	if err != nil {
		t.Error(err)
	}
}

// A frame whose context is not canceled with the others finishes; then the
// cancellation reaches the outer ones.
func TestCancelShielded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	finished := false
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		defer func() {
			// Cleaning up in a deferred call, while the cancellation unwinds.
			err := s.Run(context.WithoutCancel(ctx), func(context.Context) error {
				finished = count(s, 10_000) == 10_000
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}()
		if err := s.Run(context.WithoutCancel(ctx), func(context.Context) error {
			cancel()
			count(s, 10_000)
			return nil
		}); err != nil {
			t.Error(err)
		}
		spin(s)
		return 0, nil
	})
	if err != context.Canceled || !finished {
		t.Error(err, finished)
	}
}

func TestCancelRecovered(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
		cancel()
		for range 3 { // it stays canceled: every guard throws again
			func() {
				defer func() {
					if e, ok := recover().(*vstack.CanceledError); ok && errors.Is(e, context.Canceled) && strings.HasPrefix(e.Error(), "vstack: ") {
						seen++
					}
				}()
				spin(s)
			}()
		}
		spin(s)
		return 0, nil
	})
	if err != context.Canceled || seen != 3 {
		t.Error(err, seen)
	}
}

func TestCancelBeforeNextCall(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	ctx, cancel := context.WithCancel(context.Background())
	if err := stack.Run(ctx, func(context.Context) error { cancel(); spin(stack); return nil }); err != context.Canceled {
		t.Error(err)
	}
	for range 3 {
		if err := stack.Run(context.Background(), func(context.Context) error { count(stack, 10_000); return nil }); err != nil {
			t.Error(err)
		}
	}
}

// Run makes errors of its own stack's panics alone: one of another stack, raised
// again in its frame, goes on to the caller as any panic does.
func TestOverflowOfAnotherStack(t *testing.T) {
	overflow := func(s *vstack.Stack) (value any) {
		defer func() { value = recover() }()
		count(s, 1<<30)
		return nil
	}
	a, b := vstack.New(vstack.WithMaxMemory(mib)), vstack.New()
	defer a.Close()
	defer b.Close()
	value := overflow(a)
	if _, ok := value.(*vstack.OverflowError); !ok {
		t.Fatalf("got %v, want an overflow", value)
	}
	defer func() {
		if got := recover(); got != value {
			t.Errorf("recovered %v, want %v", got, value)
		}
	}()
	err := b.Run(context.Background(), func(context.Context) error { panic(value) })
	t.Errorf("returned %v", err)
}
