package vstack_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/vstack-go/vstack/vstack"
)

// One goroutine loops Run, another one Grow: whoever is late goes on elsewhere, or is
// told; nothing is lost.
func TestRunAndGrowRace(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		for range 2000 {
			err := s.Run(context.Background(), func(context.Context) error { count(s, 10); return nil })
			if err != nil && !errors.Is(err, vstack.ErrMisuse) {
				t.Error(err)
			}
		}
	}()
	go func() {
		defer wg.Done()
		for range 2000 {
			if got := count(s, 10); got != 10 {
				t.Error(got)
			}
			ran := false
			s.Do(func() { ran = true })
			if !ran {
				t.Error("Do has not run its function")
			}
		}
	}()
	wg.Wait()
	if err := s.Run(context.Background(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("the stack afterwards: %v", err)
	}
}

// A calls B calls A, with two stacks.
func TestTwoStacksInTurn(t *testing.T) {
	ctx := context.Background()
	_, err := vstack.Run(ctx, func(ctx context.Context, a *vstack.Stack) (int, error) {
		_, err := vstack.Run(ctx, func(ctx context.Context, b *vstack.Stack) (int, error) {
			if got := count(a, 50_000); got != 50_000 {
				t.Error(got)
			}
			if vstack.Current() != b {
				t.Error("b is not current")
			}
			if err := a.Run(ctx, func(context.Context) error { return nil }); !errors.Is(err, vstack.ErrMisuse) {
				t.Errorf("Run of a in a frame of b: %v", err)
			}
			return 0, nil
		})
		if got := count(a, 50_000); got != 50_000 || vstack.Current() != a {
			t.Error(got)
		}
		return 0, err
	})
	if err != nil {
		t.Error(err)
	}
}

// A branch that has the baton notices at once that its scope was canceled by another
// one of the same goroutine, or before.
func TestCancelNoticedAtOnce(t *testing.T) {
	for _, procs := range []int{1, 2} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
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
				t.Errorf("%d processors: %d branches pass the Yield after the cancellation, %v", procs, passed, err)
			}
			for name, notice := range map[string]func(s *vstack.Stack, scope *vstack.Scope){
				"Yield": func(s *vstack.Stack, _ *vstack.Scope) { s.Yield() },
				"Await": func(s *vstack.Stack, _ *vstack.Scope) { _, _ = vstack.Await(s, func() (int, error) { return 0, nil }) },
				"Go": func(_ *vstack.Stack, scope *vstack.Scope) {
					scope.Go(func(context.Context, *vstack.Stack) error { return nil })
				},
			} {
				ctx, cancel := context.WithCancel(context.Background())
				_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
					return 0, s.Scope(context.WithoutCancel(ctx), func(scope *vstack.Scope) error {
						cancel()
						notice(s, scope)
						t.Errorf("%d processors: %s does not notice the cancellation", procs, name)
						return nil
					})
				})
				if err != context.Canceled {
					t.Errorf("%s: %v", name, err)
				}
			}
			// Cancel of a task: the next thing that its frames do.
			s := vstack.New()
			defer s.Close()
			task := s.Start(context.Background(), func(ctx context.Context) error {
				for i := 0; ; i++ {
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
		}()
	}
}

// A task that nobody refers to any more is unwound by the collector's hand.
func TestDroppedTask(t *testing.T) {
	unwound := make(chan bool, 1)
	func() {
		s := vstack.New()
		task := s.Start(context.Background(), func(context.Context) error {
			defer func() { unwound <- true }()
			count(s, 50_000)
			for {
				s.Yield()
			}
		})
		task.Step()
		task.Step()
	}()
	for {
		runtime.GC()
		select {
		case <-unwound:
			settle(t, 0)
			return
		default:
			runtime.Gosched()
		}
	}
}

// Step of a task whose branches are all in Await returns; Ready says when to go on.
func TestStepWhileAllAwait(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	gates := []chan int{make(chan int), make(chan int)}
	var log []int
	task := s.Start(context.Background(), func(ctx context.Context) error {
		return s.Scope(ctx, func(scope *vstack.Scope) error {
			for _, gate := range gates {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error {
					n, _ := vstack.Await(s, func() (int, error) { return <-gate, nil })
					log = append(log, n)
					return nil
				})
			}
			return nil
		})
	})
	for s.Stats().Awaiting < 2 {
		if task.Step() {
			t.Fatal("done")
		}
	}
	for range 3 {
		if task.Step() {
			t.Fatal("done while all branches wait")
		}
	}
	if task.StepFor(1000) {
		t.Fatal("done while all branches wait")
	}
	gates[1] <- 1
	<-task.Ready()
	for len(log) < 1 {
		task.Step()
	}
	go func() { gates[0] <- 2 }()
	for !task.Step() {
		<-task.Ready()
	}
	if err := task.Wait(); err != nil || len(log) != 2 || log[0] != 1 || log[1] != 2 {
		t.Error(err, log)
	}
	select {
	case <-task.Ready():
	default:
		t.Error("a task that has ended is not ready")
	}
}

// A frame of the task cannot wait for the task.
func TestTaskInsideItself(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	var task *vstack.Task
	task = s.Start(context.Background(), func(context.Context) error {
		mustPanic(t, "Task.Step called by a frame", func() { task.Step() })
		mustPanic(t, "Task.StepFor called by a frame", func() { task.StepFor(1) })
		mustPanic(t, "Task.Wait called by a frame", func() { _ = task.Wait() })
		mustPanic(t, "Task.Cancel called by a frame", func() { _ = task.Cancel() })
		return nil
	})
	if err := task.Wait(); err != nil {
		t.Error(err)
	}
}

// What is used in a bubble leaves nothing behind in it, and works outside as before.
func TestBubbles(t *testing.T) {
	globalPool, globalStack := vstack.NewPool(), vstack.New()
	defer globalPool.Close()
	defer globalStack.Close()
	use := func(t *testing.T) {
		if got := free(20_000); got != 20_000 {
			t.Error(got)
		}
		if err := globalPool.Run(context.Background(), deep(20_000)); err != nil {
			t.Error(err)
		}
		if got := count(globalStack, 20_000); got != 20_000 {
			t.Error(got)
		}
	}
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			use(t)
			dropped := vstack.New()
			count(dropped, 20_000)
			for range 3 {
				runtime.GC() // it finds what was dropped
			}
			pool := vstack.NewPool()
			if err := pool.Run(context.Background(), deep(20_000)); err != nil {
				t.Error(err)
			}
			func() {
				defer func() {
					if err, ok := recover().(error); !ok || !errors.Is(err, vstack.ErrOverflow) {
						t.Error(err)
					}
				}()
				s := vstack.New(vstack.WithMaxMemory(mib))
				s.Do(func() { free(1_000_000) })
			}()
		})
		use(t)
		runtime.GC()
	}
	vstack.CloseIdle()
}

// The hook is told once of each panic, whatever its value.
func TestPanicHookOnce(t *testing.T) {
	for _, value := range []any{math.NaN(), "text", struct{ f float64 }{math.NaN()}, []int{1}} {
		told := 0
		s := vstack.New(vstack.WithPanicHook(func(vstack.Panic) { told++ }))
		func() {
			defer func() { _ = recover() }()
			var rec func(n int)
			rec = func(n int) {
				if n == 0 {
					panic(value)
				}
				s.Do(func() { rec(n - 1) })
			}
			rec(40)
		}()
		s.Close()
		if told != 1 {
			t.Errorf("the hook was told %d times of panic(%v)", told, value)
		}
	}
}

// A scope that was left by a panic is over.
func TestScopeAfterPanic(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		var kept *vstack.Scope
		func() {
			defer func() { _ = recover() }()
			_ = s.Scope(ctx, func(scope *vstack.Scope) error { kept = scope; panic("boom") })
		}()
		before := s.Stats().Bytes
		mustPanic(t, "has returned", func() { kept.Go(func(context.Context, *vstack.Stack) error { return nil }) })
		if after := s.Stats().Bytes; after != before {
			t.Errorf("charged with %d, then %d", before, after)
		}
		return 0, nil
	})
	if err != nil {
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
