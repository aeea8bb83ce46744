package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFib(t *testing.T) {
	stack := vstack.New()
	defer stack.Close()
	a, b := 0, 1
	for n := range 20 {
		for i, got := range []int{plainFib(n), freeFib(n), fib(stack, n), fib(nil, n), leafFib(stack, n), leafFib(nil, n)} {
			if got != a {
				t.Errorf("fib(%d) in way %d: %d, want %d", n, i, got, a)
			}
		}
		a, b = b, a+b
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), &out, 20); err != nil {
		t.Error(err)
	}
	want := regexp.MustCompile(`^plain .* fib\(20\) = 6,765\nguard without a handle .* fib\(20\) = 6,765, .*%\nguard of a handle .* fib\(20\) = 6,765, .*%\nguard after the base case .* fib\(20\) = 6,765, .*%\npeak memory .*\n$`)
	if !want.MatchString(out.String()) {
		t.Error(out.String())
	}
}

// Without the guard fib(45) would end by itself, seconds later.
func TestCanceled(t *testing.T) {
	for _, fib := range []func(*vstack.Stack, int) int{func(_ *vstack.Stack, n int) int { return freeFib(n) }, fib, leafFib} {
		ctx, cancel := context.WithCancel(context.Background())
		started := make(chan bool)
		go func() {
			<-started
			cancel()
		}()
		_, err := vstack.Run(ctx, func(_ context.Context, stack *vstack.Stack) (int, error) {
			close(started)
			return fib(stack, 45), nil
		})
		if err != context.Canceled {
			t.Error(err)
		}

		var out strings.Builder
		if err := run(ctx, &out, 45); err != context.Canceled || !regexp.MustCompile(`^guard without a handle .* stopped: context canceled\n$`).MatchString(out.String()) {
			t.Errorf("%v, %s", err, &out)
		}
	}
}
