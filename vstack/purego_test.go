//go:build purego

package vstack_test

import (
	"context"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// Where a goroutine cannot tell its bounds, guards are never low and recursion is plain
// recursion; frames, contexts, branches and steps are there as ever. The other tests of
// the package want depth, which there is none of: run this one with -run TestPurego.
func TestPurego(t *testing.T) {
	if vstack.Supported || vstack.Low() || vstack.Current() != nil {
		t.Fatal("the build says that guards work")
	}
	if got := free(5000); got != 5000 {
		t.Error(got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		if got := count(s, 1000); got != 1000 {
			t.Error(got)
		}
		if found, ok := vstack.FromContext(ctx); !ok || found != s {
			t.Error("the context does not know the stack")
		}
		if err := s.Run(ctx, func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		ran := 0
		if err := s.Scope(ctx, func(scope *vstack.Scope) error {
			for range 3 {
				scope.Go(func(_ context.Context, s *vstack.Stack) error { s.Yield(); ran++; return nil })
			}
			return nil
		}); err != nil || ran != 3 {
			t.Error(err, ran)
		}
		s.Do(func() { ran++ })
		if ran != 4 {
			t.Error("Do did not run its function")
		}
		cancel()
		s.Yield()
		return 0, nil
	})
	if err != context.Canceled {
		t.Error(err)
	}
	s := vstack.New()
	defer s.Close()
	task := s.Start(context.Background(), func(context.Context) error { s.Yield(); return nil })
	steps := 0
	for !task.Step() {
		steps++
	}
	if err := task.Wait(); err != nil || steps == 0 {
		t.Error(err, steps)
	}
}
