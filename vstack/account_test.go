package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// Branches that wait with much native stack in use are charged with it.
func TestBranchesAreWeighed(t *testing.T) {
	const limit = 16 * mib
	for name, wait := range map[string]func(ctx context.Context, s *vstack.Stack, gate chan bool){
		"Await": func(ctx context.Context, s *vstack.Stack, gate chan bool) {
			_, _ = vstack.Await(s, func() (int, error) {
				select {
				case <-gate:
				case <-ctx.Done():
				}
				return 0, nil
			})
		},
		"Yield": func(ctx context.Context, s *vstack.Stack, gate chan bool) { s.Yield(); s.Yield() },
		"Scope": func(ctx context.Context, s *vstack.Stack, gate chan bool) {
			_ = s.Scope(context.Background(), func(scope *vstack.Scope) error {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { s.Yield(); return nil })
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			nativelyDown(200<<10, runtime.GC) // new goroutines may begin with more from now on
			defer runtime.GC()                // and no longer
			gate := make(chan bool)
			var held, most int64
			_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
				return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
					for range 300 {
						scope.Go(func(ctx context.Context, s *vstack.Stack) error {
							padded120(func() {
								n := nativeBytes()
								held += n
								most = max(most, held)
								defer func() { held -= n }()
								wait(ctx, s, gate)
							})
							return nil
						})
					}
					scope.Go(func(ctx context.Context, s *vstack.Stack) error { close(gate); return nil })
					return nil
				})
			}, vstack.WithMaxMemory(limit))
			if most > limit*5/4 {
				t.Errorf("with a limit of 16 MiB waiting branches hold %d MiB: %v", most/mib, err)
			}
			if !errors.Is(err, vstack.ErrOverflow) {
				t.Errorf("want an overflow, got %v", err)
			}
		})
	}
}

func TestNestedScopesAreWeighed(t *testing.T) {
	const limit = 16 * mib
	for when, late := range map[string]bool{"before Go": false, "after Go": true} {
		var held, most int64
		var nest func(ctx context.Context, s *vstack.Stack, n int) error
		nest = func(ctx context.Context, s *vstack.Stack, n int) (err error) {
			if n == 0 {
				return nil
			}
			grow := func() {
				padded120(func() {})
				bytes := nativeBytes()
				held += bytes
				most = max(most, held)
			}
			if !late {
				grow()
			}
			err = s.Scope(ctx, func(scope *vstack.Scope) error {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { return nest(ctx, s, n-1) })
				if late {
					grow()
				}
				return nil
			})
			return err
		}
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, nest(ctx, s, 400)
		}, vstack.WithMaxMemory(limit))
		if most > limit*5/4 || !errors.Is(err, vstack.ErrOverflow) {
			t.Errorf("goroutines that have grown %s: with a limit of 16 MiB scopes hold %d MiB: %v", when, most/mib, err)
		}
	}
}

// What ambient stacks and branches draw from the default budget comes back, however they
// end.
func TestChargesComeBack(t *testing.T) {
	vstack.CloseIdle()
	withDefaultLimit(t, 4*mib)
	for range 20 {
		onFresh(func() {
			defer func() { recover() }()
			free(1 << 30)
		})
		onFresh(func() {
			defer func() { recover() }()
			nativelyDown(490<<10, func() { vstack.Do(func() { free(20_000); runtime.Goexit() }) })
		})
		onFresh(func() {
			defer func() { recover() }()
			nativelyDown(490<<10, func() { vstack.Do(func() { free(20_000); panic("x") }) })
		})
		_, _ = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 100 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						padded120(func() { s.Yield() })
						free(1 << 30)
						return nil
					})
				}
				return errors.New("x")
			})
		})
	}
	vstack.CloseIdle()
	b := vstack.DefaultInUse()
	if b != 0 {
		t.Error(b, "bytes still drawn")
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
