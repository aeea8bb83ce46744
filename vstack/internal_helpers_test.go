package vstack

import (
	"context"
	"testing"
)

// Helpers of the tests inside the package.

// descend goes n levels down and runs fn there.
func descend(s *Stack, n int, fn func()) {
	if s.Low() {
		s.Do(func() { descend(s, n, fn) })
		return
	}
	if n > 0 {
		descend(s, n-1, fn)
		return
	}
	fn()
}

// inRun runs fn in a frame of a new stack without a limit.
func inRun(t *testing.T, fn func(ctx context.Context, s *Stack)) {
	t.Helper()
	_, err := Run(context.Background(), func(ctx context.Context, s *Stack) (int, error) {
		fn(ctx, s)
		return 0, nil
	}, WithMaxMemory(0))
	if err != nil {
		t.Fatal(err)
	}
}
