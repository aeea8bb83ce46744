package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// A context that is done is noticed on the way back up, where there is no guard.
func TestCheckOnTheWayUp(t *testing.T) {
	for name, check := range map[string]func(*vstack.Stack){
		"Check":                  func(*vstack.Stack) { vstack.Check() },
		"Stack.Check":            func(s *vstack.Stack) { s.Check() },
		"another stack's Check":  func(*vstack.Stack) { other().Check() },
		"nothing, for contrast":  func(*vstack.Stack) {},
		"a nil stack's, as that": func(*vstack.Stack) { (*vstack.Stack)(nil).Check() },
	} {
		t.Run(name, func(t *testing.T) {
			if !vstack.Supported {
				t.Skip("no guards in this build")
			}
			const levels = 50_000
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			up := 0
			var climb func(s *vstack.Stack, n int)
			climb = func(s *vstack.Stack, n int) {
				if vstack.Low() {
					vstack.Do(func() { climb(s, n) })
					return
				}
				if n == 0 {
					cancel()
					for !vstack.Low() { // until it has been told
						runtime.Gosched() // for whoever cancels: on wasm nothing preempts this
					}
					return
				}
				climb(s, n-1)
				check(s)
				up++
			}
			_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
				climb(s, levels)
				return 0, nil
			})
			if name[0] == 'n' || name[0] == 'a' && name[1] == ' ' {
				if err != nil || up != levels {
					t.Errorf("%v after %d levels up: then what does Check do?", err, up)
				}
			} else if !errors.Is(err, context.Canceled) || up != 0 {
				t.Errorf("%v after %d levels up", err, up)
			}
		})
	}
}

// other is another stack, idle. It is made when it is needed: TestMaxMemoryVariable wants a
// process in which nobody makes one.
var other = sync.OnceValue(func() *vstack.Stack { return vstack.New() })

// It does nothing where there is nothing to notice, and on goroutines of no stack.
func TestCheckElsewhere(t *testing.T) {
	vstack.Check()
	other().Check()
	s := vstack.New()
	defer s.Close()
	s.Check()
	err := s.Run(t.Context(), func(context.Context) error {
		vstack.Check()
		s.Check()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A deferred call that checks while the frames unwind does not throw again.
func TestCheckUnwinding(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the cause")
	deferred := 0
	_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
		var climb func(n int)
		climb = func(n int) {
			if vstack.Low() {
				vstack.Do(func() { climb(n) })
				return
			}
			defer func() {
				vstack.Check()
				deferred++
			}()
			if n == 0 {
				cancel(cause)
				for !vstack.Low() {
					runtime.Gosched()
				}
				vstack.Check()
			}
			climb(n - 1)
		}
		climb(10_000)
		return 0, nil
	})
	if err != cause || deferred != 10_001 {
		t.Errorf("%v, %d deferred calls", err, deferred)
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, check := range map[string]func(*vstack.Stack){
		"free":   func(*vstack.Stack) { vstack.Check() },
		"handle": func(s *vstack.Stack) { s.Check() },
		"none":   func(*vstack.Stack) {},
	} {
		b.Run(name, func(b *testing.B) {
			_, _ = vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
				for b.Loop() {
					check(s)
				}
				return 0, nil
			})
		})
	}
}
