package vstack_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// One goroutine loops Run, another one Grow: whoever is late goes on elsewhere, or is
// told; nothing is lost.
func TestRunAndGrowRace(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		for range 2000 {
			err := s.Run(context.Background(), func(context.Context) error { count(s, 10); return nil })
			if err != nil && !errors.Is(err, vstack.ErrMisuse) {
				t.Error(err)
			}
		}
	}()
	go func() {
		defer wg.Done()
		for range 2000 {
			if got := count(s, 10); got != 10 {
				t.Error(got)
			}
			ran := false
			s.Do(func() { ran = true })
			if !ran {
				t.Error("Do has not run its function")
			}
		}
	}()
	wg.Wait()
	if err := s.Run(context.Background(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("the stack afterwards: %v", err)
	}
}

// A calls B calls A, with two stacks.
func TestTwoStacksInTurn(t *testing.T) {
	ctx := context.Background()
	_, err := vstack.Run(ctx, func(ctx context.Context, a *vstack.Stack) (int, error) {
		_, err := vstack.Run(ctx, func(ctx context.Context, b *vstack.Stack) (int, error) {
			if got := count(a, 50_000); got != 50_000 {
				t.Error(got)
			}
			if vstack.Current() != b {
				t.Error("b is not current")
			}
			if err := a.Run(ctx, func(context.Context) error { return nil }); !errors.Is(err, vstack.ErrMisuse) {
				t.Errorf("Run of a in a frame of b: %v", err)
			}
			return 0, nil
		})
		if got := count(a, 50_000); got != 50_000 || vstack.Current() != a {
			t.Error(got)
		}
		return 0, err
	})
	if err != nil {
		t.Error(err)
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
