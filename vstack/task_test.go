package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

func TestTaskSteps(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	var log []string
	var of context.Context
	task := stack.Start(context.Background(), func(ctx context.Context) error {
		of = ctx
		log = append(log, "start")
		stack.Do(func() { log = append(log, "hopped") })
		stack.Yield()
		log = append(log, "yielded")
		return stack.Run(ctx, func(context.Context) error {
			log = append(log, "frame")
			return errors.New("result")
		})
	})
	if len(log) != 0 || task.Depth() != 0 {
		t.Error("something ran before the first step", log)
	}
	var got []string
	for {
		done := task.Step()
		got = append(got, fmt.Sprint(log))
		if done {
			break
		}
	}
	want := []string{"[start]", "[start hopped]", "[start hopped yielded]", "[start hopped yielded frame]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := task.Wait(); err == nil || err.Error() != "result" {
		t.Error(err)
	}
	if !task.Step() {
		t.Error("a step after the end is not done")
	}
	if of.Err() == nil {
		t.Error("the context of the task is not done")
	}
	// The stack is free again, and nobody else gets its baton.
	if got := count(stack, 10_000); got != 10_000 {
		t.Error(got)
	}
	if err := stack.Run(context.Background(), func(context.Context) error {
		_, err := vstack.Await(stack, func() (int, error) { return 0, nil })
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestTaskDepth(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	task := stack.Start(context.Background(), func(context.Context) error { count(stack, 200_000); return nil })
	deepest := 0
	for !task.Step() {
		deepest = max(deepest, task.Depth())
	}
	if deepest < 8 || task.Depth() != 0 {
		t.Errorf("deepest %d, in the end %d", deepest, task.Depth())
	}
}

// The time is over before the task has begun.
func TestStepForNoTime(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	for range 1000 {
		task := stack.Start(context.Background(), func(context.Context) error { return nil })
		task.StepFor(0)
		if err := task.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// A recursion that never hops is sliced by time: this one goes on until it was, a few times.
func TestStepFor(t *testing.T) {
	needsPreemption(t)
	stack := vstack.New()
	defer stack.Close()
	slices := 1
	task := stack.Start(context.Background(), func(context.Context) error {
		for slices < 25 {
			if got := fibonacci(stack, 20); got != 6765 {
				t.Errorf("fib(20) = %d", got)
			}
		}
		return nil
	})
	for !task.StepFor(100 * time.Microsecond) {
		slices++
		if slices%10 == 0 {
			runtime.GC() // the parked stack moves
		}
	}
}

func TestTaskCancel(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	deferred := 0
	task := stack.Start(context.Background(), func(ctx context.Context) error {
		var rec func(n int)
		rec = func(n int) {
			if stack.Low() {
				stack.Do(func() { rec(n) })
				return
			}
			defer func() { deferred++ }()
			rec(n + 1)
		}
		rec(0)
		return nil
	})
	for range 10 {
		task.Step()
	}
	if err := task.Cancel(); err != context.Canceled || deferred < 1000 {
		t.Error(err, deferred)
	}
	task = stack.Start(context.Background(), func(context.Context) error { t.Error("runs"); return nil })
	if err := task.Cancel(); err != context.Canceled {
		t.Error(err)
	}
}

func TestTaskPanicAndGoexit(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	for _, test := range []struct {
		want string
		fn   func()
	}{{"panic: string boom", func() { panic("boom") }}, {"goexit", runtime.Goexit}} {
		got := outcome(func() {
			task := stack.Start(context.Background(), func(context.Context) error {
				stack.Do(func() { stack.Do(test.fn) })
				return nil
			})
			for !task.Step() {
			}
		})
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if got := count(stack, 10_000); got != 10_000 {
		t.Error(got)
	}
}

func TestTaskMisuse(t *testing.T) {
	stack := vstack.New()
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	mustPanic(t, "fn is nil", func() { stack.Start(ctx, nil) })
	mustPanic(t, "ctx is nil", func() { stack.Start(nilContext, fn) })
	mustPanic(t, "stack is nil", func() { (*vstack.Stack)(nil).Start(ctx, fn) })
	mustPanic(t, "Yield outside", stack.Yield)
	mustPanic(t, "Await outside", func() { _, _ = vstack.Await(stack, func() (int, error) { return 0, nil }) })
	mustPanic(t, "Scope outside", func() { _ = stack.Scope(ctx, func(*vstack.Scope) error { return nil }) })
	task := stack.Start(ctx, func(context.Context) error { stack.Yield(); return nil })
	mustPanic(t, "stack is in use", func() { stack.Start(ctx, fn) })
	if _, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (bool, error) { return task.Step(), nil }); err != nil {
		t.Error("a step in a frame of another stack:", err)
	}
	mustPanic(t, "Close while", stack.Close)
	if err := stack.Run(ctx, fn); !errors.Is(err, vstack.ErrMisuse) {
		t.Error(err)
	}
	if err := task.Wait(); err != nil {
		t.Error(err)
	}
	stack.Close()
	defer func() {
		if got := recover(); got != vstack.ErrClosed {
			t.Error(got)
		}
	}()
	stack.Start(ctx, fn)
}

// A task for which there is no memory has ended before it begins.
func TestTaskWithoutMemory(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	budget := vstack.NewBudget(256 << 10)
	stack := vstack.New(vstack.WithBudget(budget))
	defer stack.Close()
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		s.Do(func() { // now all of the budget is in use
			task := stack.Start(context.Background(), func(context.Context) error { t.Error("runs"); return nil })
			if err := task.Wait(); !errors.Is(err, vstack.ErrOverflow) || !task.Step() {
				t.Error(err)
			}
		})
		return 0, nil
	}, vstack.WithBudget(budget))
	if err != nil {
		t.Error(err)
	}
	if got := count(stack, 1000); got != 1000 {
		t.Error("the stack is in use")
	}
}

// Ready says each time that the task can go on, and not when it cannot.
func TestTaskReady(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	gate := make(chan bool)
	task := stack.Start(context.Background(), func(context.Context) error {
		stack.Yield()
		_, err := vstack.Await(stack, func() (bool, error) { return <-gate, nil })
		return err
	})
	for range 2 {
		<-task.Ready()
		<-task.Ready()
		task.Step()
	}
	for range 2 {
		select {
		case <-task.Ready(): // it may be about what was before
		default:
		}
	}
	select {
	case <-task.Ready():
		t.Error("the task waits in Await, and is ready again and again")
	default:
	}
	gate <- true
	<-task.Ready()
	if !task.Step() {
		t.Error("the task has not ended")
	}
	<-task.Ready()
	<-task.Ready()
}

// A task that nobody refers to any more is unwound by the collector's hand.
func TestDroppedTask(t *testing.T) {
	for _, last := range []func(){func() {}, func() { panic("there is nobody to be told") }} {
		unwound := make(chan bool, 1)
		func() {
			s := vstack.New()
			task := s.Start(context.Background(), func(context.Context) error {
				defer func() {
					unwound <- true
					last()
				}()
				count(s, 50_000)
				for {
					s.Yield()
				}
			})
			task.Step()
			task.Step()
		}()
		collectUntil(unwound)
		settle(t, 0)
	}
}

// collectUntil runs the collector until done has a value.
func collectUntil(done chan bool) {
	for {
		runtime.GC()
		select {
		case <-done:
			return
		default:
			runtime.Gosched()
		}
	}
}

// A task is not dropped while it runs, also if nobody has it but the call that runs it.
func TestTaskInUse(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	for name, run := range map[string]func(*vstack.Task){
		"Wait":    func(task *vstack.Task) { _ = task.Wait() },
		"StepFor": func(task *vstack.Task) { task.StepFor(time.Hour) },
		"Step":    func(task *vstack.Task) { task.Step() },
	} {
		var err error
		run(s.Start(context.Background(), func(ctx context.Context) error {
			for range 2 { // cleanups have run, those of an earlier collection
				cleaned := make(chan bool, 1)
				runtime.AddCleanup(new([64]byte), func(c chan bool) { c <- true }, cleaned)
				collectUntil(cleaned)
			}
			err = ctx.Err()
			return nil
		}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
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
