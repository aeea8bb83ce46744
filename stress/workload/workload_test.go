package workload_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// All forms of a recursion compute the same, past the end of several segments too.

const deep = 200_000

// onStack runs fn in a frame of a stack.
func onStack(t *testing.T, fn func(s *vstack.Stack)) {
	t.Helper()
	_, err := vstack.Run(t.Context(), func(_ context.Context, s *vstack.Stack) (int, error) {
		fn(s)
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEval(t *testing.T) {
	onStack(t, func(s *vstack.Stack) {
		eval := &workload.Eval{Stack: s}
		for tree, n := range map[string]*workload.Node{"leaning": workload.Leaning(deep), "balanced": workload.Balanced(10)} {
			want, err := (&workload.Eval{}).Plain(n, workload.Names)
			if err != nil {
				t.Fatal(err)
			}
			for name, f := range map[string]func(n *workload.Node, env *workload.Env) (int, error){"handle": eval.Handle, "free": eval.Free} {
				if got, err := f(n, workload.Names); got != want || err != nil {
					t.Errorf("%s, %s: %d, %v, want %d", name, tree, got, err, want)
				}
				if _, err := f(n, nil); err != workload.ErrUnknown {
					t.Errorf("%s, %s, without names: %v", name, tree, err)
				}
			}
		}
	})
}

// Those that return how deep they were.
func TestLevels(t *testing.T) {
	onStack(t, func(s *vstack.Stack) {
		linear, wide, four := &workload.Linear{Stack: s}, &workload.Wide{Stack: s}, &workload.Four{Stack: s}
		for name, f := range map[string]func(int) int{
			"Plain": linear.Plain, "Handle": linear.Handle, "HandleSplit": linear.HandleSplit, "Free": linear.Free, "FreeSplit": linear.FreeSplit,
			"Wide.Plain": wide.Plain, "Wide.Handle": wide.Handle, "Wide.Free": wide.Free,
			"Four.Plain": four.Plain, "Four.Handle": four.Handle, "Four.Free": four.Free,
			"Single":       linear.Single,
			"Param.Plain":  func(n int) int { return workload.Param{}.Plain(s, n) },
			"Param.Handle": func(n int) int { return workload.Param{}.Handle(s, n) },
			"Leaf":         func(n int) int { return linear.Leaf(n, 32) },
		} {
			if got := f(deep); got != deep {
				t.Errorf("%s: %d", name, got)
			}
		}
		hot := &workload.Hot{Stack: s}
		for name, f := range map[string]func(int, func()) int{"Plain": hot.Plain, "Handle": hot.Handle, "Free": hot.Free} {
			called := 0
			if got := f(deep, func() { called++ }); got != deep || called != 1 {
				t.Errorf("Hot, %s: %d, %d calls", name, got, called)
			}
		}
	})
}

func TestSum(t *testing.T) {
	spine := workload.Spine(deep, 3)
	onStack(t, func(s *vstack.Stack) {
		sum := &workload.Sum{Stack: s}
		for name, f := range map[string]func(*workload.Tree) int{
			"Plain": sum.Plain, "Handle": sum.Handle, "HandleSplit": sum.HandleSplit, "Free": sum.Free, "FreeSplit": sum.FreeSplit,
		} {
			if got := f(spine); got != 4*deep {
				t.Errorf("%s: %d", name, got)
			}
		}
	})
}

func TestAckermann(t *testing.T) {
	onStack(t, func(s *vstack.Stack) {
		ackermann := &workload.Ackermann{Stack: s}
		for name, f := range map[string]func(m, n int) int{
			"Plain": ackermann.Plain, "Handle": ackermann.Handle, "HandleSplit": ackermann.HandleSplit, "Free": ackermann.Free, "FreeSplit": ackermann.FreeSplit,
		} {
			if got := f(3, 6); got != 509 {
				t.Errorf("%s: %d", name, got)
			}
		}
	})
}

func TestFib(t *testing.T) {
	onStack(t, func(s *vstack.Stack) {
		for name, copies := range map[string][4]func(*workload.Fib, int) int{
			"Plain": workload.FibPlain, "Handle": workload.FibHandle, "HandleSplit": workload.FibHandleSplit, "Free": workload.FibFree, "FreeSplit": workload.FibFreeSplit,
		} {
			for i, fib := range copies {
				if got := fib(&workload.Fib{Stack: s}, 15); got != 610 {
					t.Errorf("%s %d: %d", name, i, got)
				}
			}
		}
	})
}

// The counts are those of the calls that are made.
func TestCounts(t *testing.T) {
	calls := 0
	var fib func(n int) int
	fib = func(n int) int {
		calls++
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	}
	if fib(12); calls != workload.FibCalls(12) {
		t.Errorf("FibCalls: %d, want %d", workload.FibCalls(12), calls)
	}
	calls = 0
	var a func(m, n int) int
	a = func(m, n int) int {
		calls++
		switch {
		case m == 0:
			return n + 1
		case n == 0:
			return a(m-1, 1)
		}
		return a(m-1, a(m, n-1))
	}
	if a(3, 4); calls != workload.AckermannCalls(4) {
		t.Errorf("AckermannCalls: %d, want %d", workload.AckermannCalls(4), calls)
	}
}
