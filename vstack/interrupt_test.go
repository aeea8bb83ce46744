package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// A cancellation finds a handle-free recursion while it hops, workers end and their ids
// come again; no mark is left.
func TestCancelWhileHopping(t *testing.T) {
	needsPreemption(t)
	rounds := 300
	if runtime.GOMAXPROCS(0) == 1 {
		rounds = 17 // who cancels gets a turn every 10 ms only
	}
	for i := range rounds {
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() {
			for range i % 17 {
				runtime.Gosched()
			}
			cancel()
		})
		_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
			for {
				free(7000 + i)
			}
		}, vstack.WithIdleMemory(0))
		if err != context.Canceled {
			t.Fatal(err)
		}
		wg.Wait()
	}
	marked := 0
	for i := range self.Slots {
		if self.Slot(i).Limit() == 0 {
			marked++
		}
	}
	if marked > 0 {
		t.Error(marked, "marks left")
	}
}

// A cancellation is noticed at once by who has the baton, whether or not the goroutine that
// watches the context has run.
func TestCancelNoticedAtOnce(t *testing.T) {
	for _, procs := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d processors", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			t.Run("by other branches", noticedByBranches)
			t.Run("Yield", func(t *testing.T) {
				noticed(t, func(s *vstack.Stack, _ *vstack.Scope) { s.Yield() })
			})
			t.Run("Await", func(t *testing.T) {
				noticed(t, func(s *vstack.Stack, _ *vstack.Scope) {
					_, _ = vstack.Await(s, func() (int, error) { return 0, nil })
				})
			})
			t.Run("Go", func(t *testing.T) {
				noticed(t, func(_ *vstack.Stack, scope *vstack.Scope) {
					scope.Go(func(context.Context, *vstack.Stack) error { return nil })
				})
			})
			t.Run("Task.Cancel", noticedByTask)
		})
	}
}

// One of many branches returns an error.
func noticedByBranches(t *testing.T) {
	passed := 0
	why := errors.New("why")
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
			for i := range 1000 {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error {
					s.Yield()
					if i == 2 {
						return why
					}
					s.Yield()
					if i > 2 {
						passed++
					}
					return nil
				})
			}
			return nil
		})
	})
	if err != why || passed > 0 {
		t.Errorf("%d branches pass the Yield after the cancellation, %v", passed, err)
	}
}

// noticed cancels the frame's context, and looks whether notice notices.
func noticed(t *testing.T, notice func(s *vstack.Stack, scope *vstack.Scope)) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Scope(context.WithoutCancel(ctx), func(scope *vstack.Scope) error {
			cancel()
			notice(s, scope)
			t.Error("it goes on")
			return nil
		})
	})
	if err != context.Canceled {
		t.Error(err)
	}
}

// The next thing that the frames of a canceled task do.
func noticedByTask(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	task := s.Start(context.Background(), func(ctx context.Context) error {
		for {
			s.Yield()
			if ctx.Err() != nil {
				t.Error("the task goes on after Cancel")
				return nil
			}
		}
	})
	task.Step()
	if err := task.Cancel(); err != context.Canceled {
		t.Error(err)
	}
}

// An interrupt reaches guards without a handle wherever the recursion is, also while
// many stacks share the slots of the table of limits.
func TestInterruptFree(t *testing.T) {
	needsPreemption(t)
	var wg sync.WaitGroup
	var spinning atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	const n = 6
	for range n {
		wg.Go(func() {
			_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
				first := true
				var spin func(n int)
				spin = func(n int) {
					if vstack.Low() {
						vstack.Do(func() { spin(n) })
						return
					}
					if first {
						first = false
						spinning.Add(1)
					}
					if n > 0 {
						spin(n - 1)
					}
				}
				for {
					spin(500)
				}
			})
			if err != context.Canceled {
				t.Error(err)
			}
		})
	}
	for spinning.Load() < n {
		runtime.Gosched()
	}
	for _, s := range vstack.Stacks() {
		if tr, err := s.TraceContext(context.Background(), 8); err == nil && tr.Segments > 0 && !strings.Contains(tr.String(), "spin") && !strings.Contains(tr.String(), "TestInterruptFree") {
			t.Errorf("a trace: %s", tr)
		}
	}
	cancel()
	wg.Wait()
}
