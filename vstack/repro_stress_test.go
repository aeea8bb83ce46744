package vstack_test

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// What package stress has found, each made as small as it goes.

// A deferred call that overflows itself while a cancellation unwinds, and recovers
// that: the cancellation goes on, so its guards must not throw it again.
func TestOverflowWhileCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := false
	_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
		defer func() {
			func() {
				defer func() {
					if err, ok := recover().(error); !ok || !errors.Is(err, vstack.ErrOverflow) {
						t.Errorf("recovered %v, want an overflow", err)
					}
				}()
				count(s, 1<<30)
			}()
			vstack.Do(func() {}) // a cancellation here would be a panic on top of the first
			ended = true
		}()
		cancel()
		s.Yield()
		return 0, nil
	}, vstack.WithMaxMemory(mib))
	if err != context.Canceled || !ended {
		t.Errorf("%v, the deferred call has ended: %v", err, ended)
	}
}

// A deferred call that cleans up in a frame with a context of its own, while another
// panic of the stack unwinds: that context counts in the frame.
func TestCancelFrameWhileUnwinding(t *testing.T) {
	for _, first := range []string{"overflow", "cancellation"} {
		t.Run(first, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cause := errors.New("the cause")
			var cleanup error
			_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
				defer func() {
					ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
					cleanup = s.Run(ctx, func(context.Context) error {
						cancel(cause)
						for range 1_000_000 { // or for ever
							s.Yield()
						}
						return errors.New("the cleanup does not notice that it is canceled")
					})
					vstack.Do(func() {})
				}()
				if first == "cancellation" {
					cancel()
					s.Yield()
				}
				return count(s, 1<<30), nil
			}, vstack.WithMaxMemory(mib))
			if cleanup != cause {
				t.Error(cleanup)
			}
			if want := map[string]error{"overflow": vstack.ErrOverflow, "cancellation": context.Canceled}[first]; !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}

// A worker that has grown past the stack's limit, natively, is of no more use to it. A
// new one is.
func TestIdleWorkerAsLargeAsTheLimit(t *testing.T) {
	s := vstack.New(vstack.WithMaxMemory(288 << 10))
	defer s.Close()
	for i, frames := range []int{13_000, 1, 1} {
		err := s.Run(context.Background(), func(context.Context) error {
			natively(frames, func() int { return 0 })
			return nil
		})
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

// A goroutine that was started in a frame and has the stack's handle, while the frame
// goes on: nothing for the race detector to report.
func TestHandleWhileTheStackRuns(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		got := make(chan int)
		go func() { got <- count(s, 10_000) }()
		for range 100 {
			s.Do(func() {})
		}
		if n := <-got; n != 10_000 {
			t.Error(n)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A goroutine that is deep without guards, and then gets more room, shares its slot in
// the table of limits with others. These must not get as deep.
func TestDeepNeighbour(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(64 * mib))
	deep, over := make(chan self.Slot), make(chan bool)
	var all sync.WaitGroup
	all.Go(func() {
		natively(200_000, func() int {
			for range 100 { // a hot split
				if vstack.Low() {
					vstack.Do(func() {})
				}
			}
			deep <- slot()
			<-over
			return 0
		})
	})
	shared := <-deep
	most := make([]uintptr, 3*self.Slots) // one of them has the same slot
	var neighbours sync.WaitGroup
	neighbours.Add(len(most))
	for i := range most {
		all.Go(func() {
			var down func(n int)
			down = func(n int) {
				if vstack.Low() {
					vstack.Do(func() { down(n) })
					return
				}
				most[i] = max(most[i], self.Used())
				if n > 0 {
					down(n - 1)
				}
			}
			if slot() == shared {
				down(20_000)
			}
			neighbours.Done()
			<-over // so that each has a g of its own
		})
	}
	neighbours.Wait()
	close(over)
	all.Wait()
	switch n := slices.Max(most); {
	case n == 0:
		t.Skip("no goroutine has got the same slot")
	case n > mib:
		t.Errorf("%d KiB of native stack", n>>10)
	}
}

// slot returns the calling goroutine's.
func slot() self.Slot {
	id, _, _ := self.Bounds()
	return self.SlotOf(id)
}

// A frame that has recovered a cancellation goes on with a function that reaches deeper
// than what had panicked. Its guards must throw: it may run for ever.
func TestCancelRecoveredAndDeeper(t *testing.T) {
	for name, guard := range map[string]func(s *vstack.Stack, fn func()){
		"with a handle": func(s *vstack.Stack, fn func()) {
			if s.Low() {
				s.Do(fn)
			} else {
				fn()
			}
		},
		"without": func(_ *vstack.Stack, fn func()) {
			if vstack.Low() {
				vstack.Do(fn)
			} else {
				fn()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			thrown, ran := 0, 0
			_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
				try := func(fn func()) {
					defer func() {
						if _, ok := recover().(*vstack.CanceledError); ok {
							thrown++
						}
					}()
					fn()
				}
				cancel()
				try(s.Yield)
				for _, frames := range []int{0, 1, 10, 100, 1000, 10} {
					try(func() {
						natively(frames, func() int { guard(s, func() { ran++ }); return 0 })
					})
				}
				return 0, nil
			})
			if err != nil || thrown != 7 || ran != 0 {
				t.Errorf("thrown %d times of 7, %d functions ran: %v", thrown, ran, err)
			}
		})
	}
}
