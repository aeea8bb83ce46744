package stress

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/vstack-go/vstack/vstack"
)

// misuses does all that a stack cannot work with, n times: each must be told
// off with an error or a panic that names the mistake.
func misuses(_ uint64, n int) error {
	for range n {
		if err := misuseOnce(); err != nil {
			return err
		}
	}
	return nil
}

func misuseOnce() (err error) {
	ctx := context.Background()
	nothing := func(context.Context) error { return nil }
	// try checks that fn fails, with an error or a panic that is kind and says what.
	try := func(name string, kind error, what string, fn func() error) {
		if err != nil {
			return
		}
		got := func() (got error) {
			defer func() {
				if v, ok := recover().(error); ok {
					got = v
				}
			}()
			return fn()
		}()
		if got == nil {
			err = fmt.Errorf("%s: nothing is said", name)
		} else if !errors.Is(got, kind) || !strings.Contains(got.Error(), what) || !strings.HasPrefix(got.Error(), "vstack: ") {
			err = fmt.Errorf("%s: got %q, want one that says %q", name, got, what)
		}
	}
	// foreign runs fn on another goroutine.
	foreign := func(fn func() error) error {
		done := make(chan error)
		go func() {
			var got error
			defer func() {
				if v, ok := recover().(error); ok {
					got = v
				}
				done <- got
			}()
			got = fn()
		}()
		return <-done
	}
	s := vstack.New()
	misuse := vstack.ErrMisuse
	var captured *vstack.Stack
	_, runErr := vstack.Run(ctx, func(ctx context.Context, inner *vstack.Stack) (int, error) {
		captured = inner
		inside := func() {
			try("Close while running", misuse, "Close while the stack is running", func() error { inner.Close(); return nil })
			try("two goroutines on one stack", misuse, "second goroutine", func() error {
				return foreign(func() error { return inner.Run(ctx, nothing) })
			})
			try("Yield on another goroutine", misuse, "Yield outside a frame", func() error {
				return foreign(func() error { inner.Yield(); return nil })
			})
			try("Await on another goroutine", misuse, "Await outside a frame", func() error {
				return foreign(func() error {
					_, err := vstack.Await(inner, func() (int, error) { return 0, nil })
					return err
				})
			})
			try("Scope on another goroutine", misuse, "Scope outside a frame", func() error {
				return foreign(func() error { return inner.Scope(ctx, func(*vstack.Scope) error { return nil }) })
			})
			try("Run on a stack that runs, in a frame of another", misuse, "second goroutine", func() error {
				return s.Run(ctx, func(context.Context) error { return inner.Run(ctx, nothing) })
			})
		}
		inside()
		inner.Do(inside)
		return 0, nil
	})
	if runErr != nil {
		return runErr
	}
	try("Run after vstack.Run has returned", vstack.ErrClosed, "closed", func() error { return captured.Run(ctx, nothing) })
	try("Start after vstack.Run has returned", vstack.ErrClosed, "closed", func() error { captured.Start(ctx, nothing); return nil })
	try("Yield after vstack.Run has returned", misuse, "Yield outside a frame", func() error { captured.Yield(); return nil })
	try("Run(nil function)", misuse, "fn is nil", func() error { return s.Run(ctx, nil) })
	try("Do(nil)", misuse, "fn is nil", func() error { s.Do(nil); return nil })
	try("vstack.Run(nil function)", misuse, "fn is nil", func() error { _, err := vstack.Run[int](ctx, nil); return err })
	var none context.Context
	try("Run(nil context)", misuse, "ctx is nil", func() error { return s.Run(none, nothing) })
	if err == nil {
		err = works(s)
	}
	s.Close()
	s.Close()
	try("Run after Close", vstack.ErrClosed, "closed", func() error { return s.Run(ctx, nothing) })
	return err
}

// strangers have a stack's handle on goroutines that the stack does not run on: started
// in a frame, which goes on or waits, in frames of other stacks, after Close. There
// their guards do what those without a handle do.
func strangers(seed uint64, n int) error {
	for range n {
		s, closed := vstack.New(), vstack.New(vstack.WithName("closed"))
		closed.Close()
		_, err := vstack.Run(context.Background(), func(ctx context.Context, inner *vstack.Stack) (int, error) {
			// A calls B calls A, both ways.
			err := s.Run(ctx, func(context.Context) error {
				if got := depth(inner, 3_000); got != 3_000 {
					return fmt.Errorf("the handle of the stack around: 3000 levels count %d", got)
				}
				return nil
			})
			if err != nil {
				return 0, err
			}
			var all sync.WaitGroup
			errs := make([]error, 4)
			for i := range errs {
				all.Go(func() {
					for range 3 {
						handle := []*vstack.Stack{inner, closed}[i&1]
						levels := []int{100, 10_000}[i>>1]
						// Also in the depth that a plain goroutine has.
						var got int
						if _, err := guarded[without, [1 << 10]byte](&world{execution: newExecution(nil, 0), ambient: true, other: closed}, 600, func() (int, error) {
							got = depth(handle, levels)
							return 0, nil
						}); err != nil || got != levels {
							errs[i] = fmt.Errorf("a stranger's %d levels count %d, %v", levels, got, err)
						}
					}
				})
			}
			for range 20 {
				if got := depth(inner, 5_000); got != 5_000 {
					err = fmt.Errorf("beside strangers 5000 levels count %d", got)
				}
				inner.Do(func() {})
			}
			all.Wait()
			return 0, errors.Join(append(errs, err)...)
		})
		if err == nil {
			err = works(s)
		}
		s.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// guards looks at the guard after a hop: that of the segment it came back to
// must be in place. It would work without, through a closer look at every guard, and
// only be slow, so nothing else would tell.
func guards(_ uint64, n int) error {
	s := vstack.New()
	defer s.Close()
	return s.Run(context.Background(), func(ctx context.Context) error {
		low := 0
		var err error
		s.Do(func() {
			for range n {
				if s.Low() {
					low++ // moved by the collector
				}
				s.Do(func() {})
				if s.Low() {
					low++
				}
				err = errors.Join(err, s.Run(ctx, func(context.Context) error { return nil }))
				if s.Low() {
					low++
				}
			}
		})
		if low > n/50+3 {
			return fmt.Errorf("the guard is low %d times after %d hops from the top of a segment", low, 2*n)
		}
		return err
	})
}
