package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// Branches interleave at Yield only, in the same order every time, and share
// plain memory without a lock: the race detector watches.
func TestScopeOrder(t *testing.T) {
	var first string
	for range 5 {
		var log []string
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for b := range 3 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						for i := range 3 {
							log = append(log, fmt.Sprintf("%c%d", 'a'+b, i))
							count(s, 5000*(b+1)) // hops do not interleave
							s.Yield()
						}
						return nil
					})
				}
				log = append(log, "started")
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(log, " ")
		if first == "" {
			first = got
		}
		if want := "started a0 b0 c0 a1 b1 c1 a2 b2 c2"; got != want || got != first {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestScopeErrors(t *testing.T) {
	mine := errors.New("mine")
	for name, fn := range map[string]func(ctx context.Context, s *vstack.Stack) error{
		"error":    func(context.Context, *vstack.Stack) error { return mine },
		"overflow": func(_ context.Context, s *vstack.Stack) error { count(s, 1<<30); return nil },
	} {
		want := map[string]error{"error": mine, "overflow": vstack.ErrOverflow}[name]
		ended := 0
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			err := s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 3 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						defer func() { ended++ }()
						for {
							s.Yield()
							count(s, 100)
						}
					})
				}
				scope.Go(fn)
				return nil
			})
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
			return count(s, 1000), nil // the frame goes on
		}, vstack.WithMaxMemory(4*mib))
		if err != nil || ended != 3 {
			t.Errorf("%s: %v, %d branches ended", name, err, ended)
		}
	}
}

// The first error counts, also if it is fn's, and the others are canceled by it.
func TestScopeFirstError(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	for name, fn := range map[string]func(scope *vstack.Scope, s *vstack.Stack) error{
		"of a branch": func(scope *vstack.Scope, s *vstack.Stack) error {
			scope.Go(func(context.Context, *vstack.Stack) error { return first })
			s.Yield()
			return second
		},
		"of fn": func(scope *vstack.Scope, _ *vstack.Stack) error {
			scope.Go(func(context.Context, *vstack.Stack) error { return second })
			return first
		},
		"of the first of two branches": func(scope *vstack.Scope, s *vstack.Stack) error {
			wait := func(_ context.Context, b *vstack.Stack) error {
				defer func() { _ = recover() }() // of the cancellation
				b.Yield()
				return nil
			}
			scope.Go(func(ctx context.Context, b *vstack.Stack) error { _ = wait(ctx, b); return first })
			scope.Go(func(ctx context.Context, b *vstack.Stack) error { _ = wait(ctx, b); return second })
			return nil
		},
	} {
		var of context.Context
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				scope.Go(func(ctx context.Context, b *vstack.Stack) error {
					of = ctx
					b.Yield()
					return nil
				})
				s.Yield()
				return fn(scope, s)
			})
		})
		if err != first || context.Cause(of) != first {
			t.Errorf("%s: %v; the branches are canceled by %v", name, err, context.Cause(of))
		}
	}
}

// Of two branches that panic the first one's panic goes on.
func TestScopeFirstPanic(t *testing.T) {
	got := outcome(func() {
		_, _ = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				scope.Go(func(_ context.Context, b *vstack.Stack) error {
					defer func() { panic("second") }()
					for {
						b.Yield()
					}
				})
				s.Yield()
				scope.Go(func(context.Context, *vstack.Stack) error { panic("first") })
				return nil
			})
		})
	})
	if got != "panic: string first" {
		t.Error(got)
	}
}

// What is left of a scope: its context is done, and so are the branches' stacks.
func TestScopeEnds(t *testing.T) {
	var of context.Context
	var branch *vstack.Stack
	nothing := func(context.Context) error { return nil }
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
			scope.Go(func(ctx context.Context, b *vstack.Stack) error {
				of, branch = ctx, b
				used := make(chan error)
				go func() { used <- b.Run(context.Background(), nothing) }()
				if err := <-used; !errors.Is(err, vstack.ErrMisuse) {
					t.Errorf("another goroutine runs on the branch: %v", err)
				}
				return ctx.Err()
			})
			return nil
		})
	})
	if err != nil || of.Err() == nil {
		t.Errorf("%v; the context after Scope: %v", err, of.Err())
	}
	if err := branch.Run(context.Background(), nothing); err != vstack.ErrClosed {
		t.Errorf("on the stack of a branch that has ended: %v", err)
	}
}

// Who asks a branch for a trace, and it ends before its next guard, is not left waiting.
func TestTraceOfBranchThatEnds(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
			asked := make(chan error)
			scope.Go(func(_ context.Context, b *vstack.Stack) error {
				go func() {
					_, err := b.TraceContext(context.Background(), 0)
					asked <- err
				}()
				for !b.Low() { // until it has asked
					runtime.Gosched()
				}
				return nil
			})
			scope.Go(func(_ context.Context, b *vstack.Stack) error { return <-asked })
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// Who has waited for the baton knows at the next guard that the context was done meanwhile,
// and that the time of StepFor is over.
func TestAfterWaiting(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // who watches the context does not run
	waits := map[string]func(ctx context.Context, s *vstack.Stack, meanwhile func()){
		"Scope": func(ctx context.Context, s *vstack.Stack, meanwhile func()) {
			_ = s.Scope(context.WithoutCancel(ctx), func(scope *vstack.Scope) error {
				scope.Go(func(context.Context, *vstack.Stack) error { meanwhile(); return nil })
				return nil
			})
		},
		"Await": func(_ context.Context, s *vstack.Stack, meanwhile func()) {
			_, _ = vstack.Await(s, func() (int, error) { meanwhile(); return 0, nil })
		},
	}
	for name, wait := range waits {
		ctx, cancel := context.WithCancel(context.Background())
		if _, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
			wait(ctx, s, cancel)
			if !s.Low() {
				t.Errorf("after %s: the guard does not know that the context is done", name)
			}
			return 0, nil
		}); err != nil {
			t.Error(name, err)
		}
	}
	stack := vstack.New()
	defer stack.Close()
	task := stack.Start(context.Background(), func(context.Context) error {
		stack.Do(func() {
			if !stack.Low() {
				t.Error("after a step: the guard does not know that the context is done")
			}
		})
		return nil
	})
	task.Step() // it waits at the hop
	if err := task.Cancel(); err != nil {
		t.Error(err)
	}
	needsPreemption(t)
	sliced := func(fn func(ctx context.Context, interrupted func())) {
		over := false
		task := stack.Start(context.Background(), func(ctx context.Context) error {
			fn(ctx, func() {
				for !over { // until StepFor has taken the baton
					vstack.Check()
				}
			})
			return nil
		})
		for !task.StepFor(time.Millisecond) {
			over = true
		}
	}
	for _, wait := range waits {
		sliced(func(ctx context.Context, interrupted func()) {
			wait(ctx, stack, func() {})
			interrupted()
		})
	}
	// The time is over while one branch runs, and another gets the baton.
	sliced(func(ctx context.Context, interrupted func()) {
		_ = stack.Scope(ctx, func(scope *vstack.Scope) error {
			scope.Go(func(_ context.Context, b *vstack.Stack) error {
				for !b.Low() {
				}
				b.Yield()
				return nil
			})
			scope.Go(func(context.Context, *vstack.Stack) error { interrupted(); return nil })
			return nil
		})
	})
}

func TestScopePanic(t *testing.T) {
	for _, test := range []struct {
		want string
		fn   func()
	}{{"panic: string boom", func() { panic("boom") }}, {"goexit", runtime.Goexit}} {
		for _, where := range []string{"branch", "body"} {
			ended := 0
			got := outcome(func() {
				_, _ = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
					return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
						scope.Go(func(ctx context.Context, s *vstack.Stack) error {
							defer func() { ended++ }()
							for {
								s.Yield()
							}
						})
						if where == "body" {
							// Let the branch begin: one that has not begun is not called.
							s.Yield()
							s.Do(test.fn)
						}
						scope.Go(func(ctx context.Context, s *vstack.Stack) error { s.Do(test.fn); return nil })
						return nil
					})
				})
			})
			if got != test.want || ended != 1 {
				t.Errorf("%s: got %q, want %q; %d ended", where, got, test.want, ended)
			}
		}
	}
}

func TestScopeNested(t *testing.T) {
	sum := 0
	var tree func(ctx context.Context, s *vstack.Stack, depth int) error
	tree = func(ctx context.Context, s *vstack.Stack, depth int) error {
		sum++
		if depth == 0 {
			s.Yield()
			return nil
		}
		return s.Scope(ctx, func(scope *vstack.Scope) error {
			for range 3 {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { return tree(ctx, s, depth-1) })
			}
			return nil
		})
	}
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) { return 0, tree(ctx, s, 6) })
	if want := (3*3*3*3*3*3*3 - 1) / 2; err != nil || sum != want {
		t.Error(err, sum, want)
	}
}

// While one branch waits for something, the others run; and a plain stack may
// await too.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		start := time.Now()
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			if n, err := vstack.Await(s, func() (int, error) { return 7, errors.New("e") }); n != 7 || err == nil {
				t.Error(n, err)
			}
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for b := range 3 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						_, err := vstack.Await(s, func() (int, error) {
							time.Sleep(time.Duration(3-b) * time.Second)
							return 0, nil
						})
						log = append(log, fmt.Sprint(b, " ", time.Since(start)))
						count(s, 10_000)
						return err
					})
				}
				return nil
			})
		})
		if want := []string{"2 1s", "1 2s", "0 3s"}; err != nil || !slices.Equal(log, want) {
			t.Errorf("%v %v, want %v", err, log, want)
		}
	})
}

func TestAwaitPanicAndMisuse(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Error(got)
				}
			}()
			_, _ = vstack.Await(s, func() (int, error) { panic("boom") })
		}()
		_, err := vstack.Await(s, func() (int, error) {
			if vstack.Current() != nil {
				t.Error("the stack is current inside Await")
			}
			s.Do(func() {
				if vstack.Current() == s {
					t.Error("Do uses the stack inside Await")
				}
			})
			mustPanic(t, "Await outside", func() { _, _ = vstack.Await(s, func() (int, error) { return 0, nil }) })
			return 0, s.Run(ctx, func(context.Context) error { t.Error("runs"); return nil })
		})
		if !errors.Is(err, vstack.ErrMisuse) || !strings.Contains(err.Error(), "inside Await") {
			t.Error(err)
		}
		second := make(chan error)
		go func() { second <- s.Run(ctx, func(context.Context) error { t.Error("runs"); return nil }) }()
		if err := <-second; !errors.Is(err, vstack.ErrMisuse) || strings.Contains(err.Error(), "inside Await") {
			t.Error("after Await:", err)
		}
		var kept *vstack.Scope
		if err := s.Scope(ctx, func(scope *vstack.Scope) error { kept = scope; return nil }); err != nil {
			t.Error(err)
		}
		mustPanic(t, "has returned", func() { kept.Go(func(context.Context, *vstack.Stack) error { return nil }) })
		mustPanic(t, "Scope.Go: fn is nil", func() { kept.Go(nil) })
		mustPanic(t, "Scope: fn is nil", func() { _ = s.Scope(ctx, nil) })
		mustPanic(t, "Scope: ctx is nil", func() { _ = s.Scope(nilContext, func(*vstack.Scope) error { return nil }) })
		mustPanic(t, "Await: fn is nil", func() { _, _ = vstack.Await[int](s, nil) })
		return count(s, 10_000), nil
	})
	if err != nil {
		t.Error(err)
	}
	var none *vstack.Stack
	mustPanic(t, "Scope outside", func() { _ = none.Scope(context.Background(), func(*vstack.Scope) error { return nil }) })
	if n, err := vstack.Await(none, func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Error("Await of a nil stack:", n, err)
	}
	none.Yield()
}

// A task is stepped through its branches.
func TestTaskWithBranches(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	var log []string
	task := stack.Start(context.Background(), func(ctx context.Context) error {
		return stack.Scope(ctx, func(scope *vstack.Scope) error {
			for b := range 2 {
				scope.Go(func(_ context.Context, s *vstack.Stack) error {
					for range 2 {
						log = append(log, string(rune('a'+b)))
						s.Yield()
					}
					_, err := vstack.Await(s, func() (int, error) { return 0, nil })
					return err
				})
			}
			return nil
		})
	})
	steps := 0
	for !task.Step() {
		steps++
		if len(log) != min(steps, 4) {
			t.Errorf("after step %d: %v", steps, log)
		}
	}
	if got := strings.Join(log, ""); got != "abab" || steps != 4 {
		t.Error(got, steps)
	}
	task = stack.Start(context.Background(), func(ctx context.Context) error {
		return stack.Scope(ctx, func(scope *vstack.Scope) error {
			for range 3 {
				scope.Go(func(_ context.Context, s *vstack.Stack) error { fibonacci(s, 22); return nil })
			}
			return nil
		})
	})
	for !task.StepFor(50 * time.Microsecond) {
	}
	if err := task.Wait(); err != nil {
		t.Error(err)
	}
}

// 10,000 branches alive at once, each 1,000 levels deep, and 100,000 shallow
// ones, within 2 GiB.
func TestManyBranches(t *testing.T) {
	if !inChild(t) {
		return
	}
	deep, shallow := 1000, 10_000
	if *deepTests || !testing.Short() && !raceEnabled && runtime.GOARCH == "amd64" {
		deep, shallow = 10_000, 100_000
	}
	for _, test := range []struct{ branches, levels int }{{deep, 1000}, {shallow, 5}} {
		alive, most := 0, 0
		start := time.Now()
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for range test.branches {
					scope.Go(func(_ context.Context, s *vstack.Stack) error {
						bottom(s, test.levels, func() {
							alive++
							most = max(most, alive)
							s.Yield()
							s.Yield()
							alive--
						})
						return nil
					})
				}
				return nil
			})
		}, vstack.WithMaxMemory(0))
		_, peak := rss()
		t.Logf("%d branches of %d levels: %v, peak memory %d MiB", test.branches, test.levels, time.Since(start), peak/mib)
		if err != nil || most != test.branches {
			t.Error(err, most)
		}
		if peak > 2<<30 {
			t.Errorf("peak memory %d, want at most 2 GiB", peak)
		}
	}
}

// bottom calls fn levels frames down.
func bottom(s *vstack.Stack, levels int, fn func()) {
	if s.Low() {
		s.Do(func() { bottom(s, levels, fn) })
		return
	}
	if levels > 0 {
		bottom(s, levels-1, fn)
		return
	}
	fn()
}

// Two branches that wait for each other: the counts say that nobody runs and who
// waits, from outside.
func TestDeadlockShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := vstack.New()
		defer s.Close()
		left, right := make(chan int), make(chan int)
		finished := make(chan error)
		go func() {
			finished <- s.Run(context.Background(), func(ctx context.Context) error {
				return s.Scope(ctx, func(scope *vstack.Scope) error {
					wait := func(c chan int) {
						scope.Go(func(_ context.Context, b *vstack.Stack) error {
							_, err := vstack.Await(b, func() (int, error) { return <-c, nil })
							return err
						})
					}
					wait(left)
					wait(right)
					return nil
				})
			})
		}()
		synctest.Wait() // until nothing moves any more
		stats := s.Stats()
		if !stats.Running || stats.Awaiting != 2 || stats.Segments < 3 {
			t.Errorf("%+v", stats)
		}
		close(left)
		synctest.Wait()
		if stats := s.Stats(); stats.Awaiting != 1 {
			t.Errorf("one has gone on: %+v", stats)
		}
		close(right)
		if err := <-finished; err != nil || s.Stats().Awaiting != 0 {
			t.Error(err, s.Stats())
		}
	})
}
