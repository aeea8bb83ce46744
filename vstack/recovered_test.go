package vstack

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// A frame recovers a cancellation and panics itself. A deferred call of that panic hops,
// from about as deep as where the stack has thrown. Whether the stack's panic is still
// under way is a comparison of depths, and there the guard may say yes and the hop no. The
// one that says no has to pass on that the context is done.
func TestRecoveredThenPanicked(t *testing.T) {
	if !Alone(t) {
		return
	}
	for depth := range 300 {
		ctx, cancel := context.WithCancelCause(context.Background())
		cause := errors.New("the cause")
		// A huge segment does not fit any more when it hops: that is where somebody asks
		// besides the guard.
		s := New(WithMaxMemory(600 << 10))
		calls := 0
		err := s.Run(ctx, func(context.Context) error {
			s.Do(func() {
				func() {
					defer func() { _ = recover() }() // the second panic
					thrownAndPanicked(s, func() { cancel(cause) }, depth)
				}()
				// The frame goes on, and its context is done.
				for range 3 {
					if s.Low() {
						s.Do(func() { calls++ })
					}
				}
			})
			return nil
		})
		s.Close()
		if err != cause || calls != 0 {
			t.Fatalf("%d levels further down than it was thrown: %v, and %d calls after that", depth, err, calls)
		}
	}
}

func thrownAndPanicked(s *Stack, cancel func(), depth int) {
	defer hopBelow(depth)
	func() {
		defer func() { _ = recover() }() // the cancellation
		below(100, func() { cancel(); s.Yield() })
	}()
	panic("a second panic")
}

// By way of a stack that is closed: on that way the guard looks from further down than
// the hop.
func hopBelow(depth int) { below(depth, func() { closedStack().Do(func() {}) }) }

var closedStack = sync.OnceValue(func() *Stack {
	s := New()
	s.Close()
	return s
})

//go:noinline
func below(n int, fn func()) int {
	if n == 0 {
		fn()
		return 0
	}
	return below(n-1, fn) + 1
}
