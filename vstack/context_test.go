package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// own is a context of somebody's own type.
type own struct {
	context.Context
	deadline time.Time
}

func (o own) Deadline() (time.Time, bool) { return o.deadline, true }

// The deadline of a context of another type is its own, at every depth.
func TestOwnDeadline(t *testing.T) {
	want := time.Now().Add(time.Hour)
	var down func(ctx context.Context, s *vstack.Stack, n int) error
	down = func(ctx context.Context, s *vstack.Stack, n int) error {
		if got, ok := ctx.Deadline(); !ok || !got.Equal(want) {
			t.Errorf("%d levels above the end: %v %v", n, got, ok)
			return nil
		}
		if n == 0 {
			return nil
		}
		return s.Run(own{ctx, want}, func(ctx context.Context) error { return down(ctx, s, n-1) })
	}
	_, err := vstack.Run(own{context.Background(), want}, func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Run(ctx, func(ctx context.Context) error { return down(ctx, s, 100) })
	})
	if err != nil {
		t.Error(err)
	}
	_, err = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, down(own{ctx, want}, s, 100)
	})
	if err != nil {
		t.Error(err)
	}
}

// A context with values stays short also on a stack that has once been deep when it was
// given context.Background().
func TestBackgroundFromBelow(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	type key int
	var bare func(n int) error
	bare = func(n int) error {
		if n == 0 {
			return s.Run(context.Background(), func(ctx context.Context) error { return nil })
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return s.Run(ctx, func(context.Context) error { return bare(n - 1) })
	}
	if err := bare(2000); err != nil {
		t.Fatal(err)
	}
	var deepest uintptr
	var values func(ctx context.Context, n int) error
	values = func(ctx context.Context, n int) error {
		if n == 0 {
			return nil
		}
		deepest = max(deepest, doneDepth(ctx))
		return s.Run(context.WithValue(ctx, key(n), n), func(ctx context.Context) error { return values(ctx, n-1) })
	}
	if err := s.Run(context.Background(), func(ctx context.Context) error { return values(ctx, 1500) }); err != nil {
		t.Fatal(err)
	}
	if deepest > 40 {
		t.Errorf("a context is %d values long", deepest)
	}
}

// doneDepth is how many contexts with values are between ctx and one that answers.
func doneDepth(ctx context.Context) (n uintptr) {
	for strings.HasPrefix(fmt.Sprintf("%T", ctx), "*context.valueCtx") {
		n++
		ctx = reflect.ValueOf(ctx).Elem().Field(0).Interface().(context.Context)
	}
	return n
}

// A context may grow by a value at each level: Run does not take longer for that.
func TestContextsWithValues(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	type key struct{ n int }
	stack := vstack.New()
	defer stack.Close()
	levels := 8000
	steps := 0
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) error {
		if n == 0 {
			for _, want := range []int{1, levels / 2, levels} {
				if got := ctx.Value(key{want}); got != want {
					return fmt.Errorf("value %d is %v", want, got)
				}
			}
			if s, ok := vstack.FromContext(ctx); s != stack || !ok {
				return errors.New("the context does not know the stack")
			}
			return nil
		}
		// What a level asks of the context that it is given must not grow with it.
		if n%100 == 0 {
			ctx = &counting{Context: ctx, steps: &steps}
		}
		return stack.Run(context.WithValue(ctx, key{n}, n), func(ctx context.Context) error { return rec(ctx, n-1) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := rec(ctx, levels); err != nil {
		t.Error(err)
	}
	if steps > 10*levels { // of 80 counting contexts, each by the levels just below it
		t.Errorf("%d levels asked %d times for a value further up than they need", levels, steps)
	}
	// Cancellation gets through as ever.
	depth := 0
	var down func(ctx context.Context) error
	down = func(ctx context.Context) error {
		if depth++; depth == 1000 {
			cancel()
			stack.Yield()
			t.Error("goes on after the cancellation")
		}
		return stack.Run(context.WithValue(ctx, key{depth}, depth), down)
	}
	if err := stack.Run(ctx, down); err != context.Canceled {
		t.Error(err)
	}
}
