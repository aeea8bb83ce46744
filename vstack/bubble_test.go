package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// A stack that was used in a bubble can be used outside, and the other way round.
func TestScopeInAndOutOfBubble(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	use := func() {
		err := s.Run(context.Background(), func(ctx context.Context) error {
			return s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 3 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						_, err := vstack.Await(s, func() (int, error) { time.Sleep(time.Millisecond); return 0, nil })
						s.Yield()
						return err
					})
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
	use()
	synctest.Test(t, func(t *testing.T) { use() })
	use()
	synctest.Test(t, func(t *testing.T) {
		task := s.Start(context.Background(), func(context.Context) error { free(20_000); s.Yield(); return nil })
		if err := task.Wait(); err != nil {
			t.Error(err)
		}
	})
	task := s.Start(context.Background(), func(context.Context) error { free(20_000); s.Yield(); return nil })
	if err := task.Wait(); err != nil {
		t.Error(err)
	}
	use()
}

// In a bubble nobody can wait for a stack that runs outside of it.
func TestTraceAcrossBubbles(t *testing.T) {
	outside := vstack.New()
	defer outside.Close()
	started, stop := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- outside.Run(context.Background(), func(context.Context) error {
			close(started)
			<-stop
			return nil
		})
	}()
	<-started
	synctest.Test(t, func(t *testing.T) {
		if _, err := outside.TraceContext(context.Background(), 8); !errors.Is(err, vstack.ErrMisuse) {
			t.Errorf("a trace of a stack outside the bubble: %v", err)
		}
		inside := vstack.New()
		err := inside.Run(context.Background(), func(context.Context) error {
			if tr := inside.Trace(); tr.Segments != 1 {
				t.Errorf("%d segments", tr.Segments)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	close(stop)
	if err := <-done; err != nil {
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
