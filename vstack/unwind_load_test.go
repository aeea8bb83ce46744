package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// Deferred calls of a panic that the stack has not thrown, where the stack is past its
// limit: its goroutine has grown since it was weighed, or others have taken what there was.
// What gives the baton up weighs it; it must not replace the panic by an overflow, nor must
// a hop.
func TestDeferredWeighing(t *testing.T) {
	if !alone(t) {
		return
	}
	own := errors.New("the program's own")
	for name, call := range map[string]func(s *vstack.Stack) error{
		"yield": func(s *vstack.Stack) error { s.Yield(); return nil },
		"await": func(s *vstack.Stack) error {
			_, err := vstack.Await(s, func() (int, error) { return 0, nil })
			return err
		},
		"run": func(s *vstack.Stack) error {
			return s.Run(context.Background(), func(context.Context) error { return nil })
		},
		"handle": func(s *vstack.Stack) error { s.Do(func() {}); return nil },
		"free":   func(s *vstack.Stack) error { vstack.Do(func() {}); return nil },
		"scope": func(s *vstack.Stack) error {
			err := s.Scope(context.Background(), func(scope *vstack.Scope) error {
				scope.Go(func(context.Context, *vstack.Stack) error { return nil })
				return nil
			})
			if errors.Is(err, vstack.ErrOverflow) { // an error, and no panic: nothing piles up
				return nil
			}
			return err
		},
	} {
		// How the frame ends, and what of that is seen by the caller of Run.
		for end, way := range map[string]struct {
			end  func()
			want string
		}{
			"panic":  {func() { panic(own) }, fmt.Sprintf("panic: %T %v", own, own)},
			"goexit": {runtime.Goexit, "goexit"},
			"panic in a deferred call": {func() {
				defer func() { panic(own) }()
				panic("first")
			}, fmt.Sprintf("panic: %T %v", own, own)},
		} {
			for _, deep := range []int{0, 600} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, end, deep), func(t *testing.T) {
					ran := 0
					got := outcome(func() {
						s := vstack.New(vstack.WithMaxMemory(256 << 10))
						defer s.Close()
						err := s.Run(context.Background(), func(context.Context) error {
							defer func() {
								ran++
								frames(deep, func() {
									if err := call(s); err != nil {
										t.Error(err)
									}
									ran++
								})
							}()
							padded(120, func() { padded(120, func() { padded(120, func() {}) }) })
							way.end()
							return nil
						})
						t.Error("Run has returned", err)
					})
					if got != way.want || ran != 2 {
						t.Errorf("%s, want %s; %d of 2 parts of the deferred call ran", got, way.want, ran)
					}
				})
			}
		}
	}
}

// Branches that a deferred call starts at the limit are charged as others are: the reserve
// is one segment for each stack, and every branch is a stack.
func TestBranchesInDeferredCalls(t *testing.T) {
	if !alone(t) {
		return
	}
	for name, end := range map[string]func(s *vstack.Stack){
		"overflow":  func(s *vstack.Stack) { count(s, 1<<30) },
		"own panic": func(*vstack.Stack) { panic("the program's own") },
		"goexit":    func(*vstack.Stack) { runtime.Goexit() },
	} {
		const limit = 256 << 10
		segments, err := 0, error(nil)
		outcome(func() {
			_, _ = vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
				defer func() {
					err = s.Scope(context.Background(), func(scope *vstack.Scope) error {
						for range 1000 {
							scope.Go(func(_ context.Context, s *vstack.Stack) error { s.Yield(); return nil })
						}
						s.Yield()
						segments = s.Stats().Segments
						return nil
					})
				}()
				padded(120, func() { padded(120, func() {}) })
				end(s)
				return 0, nil
			}, vstack.WithMaxMemory(limit))
		})
		if !errors.Is(err, vstack.ErrOverflow) || segments > limit/(4<<10) {
			t.Errorf("%s: %v; %d segments with a limit of %d bytes", name, err, segments, limit)
		}
	}
}

// frames calls fn from n frames down.
//
//go:noinline
func frames(n int, fn func()) {
	if n == 0 {
		fn()
		return
	}
	frames(n-1, fn)
}
