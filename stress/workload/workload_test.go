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
func TestFormsAgree(t *testing.T) {
	const deep = 200_000
	leaning, balanced := workload.Leaning(deep), workload.Balanced(10)
	spine := workload.Spine(deep, 3)
	want, err := (&workload.Eval{}).Plain(leaning, workload.Names)
	if err != nil {
		t.Fatal(err)
	}
	wantBalanced, err := (&workload.Eval{}).Plain(balanced, workload.Names)
	if err != nil {
		t.Fatal(err)
	}
	_, err = vstack.Run(t.Context(), func(_ context.Context, s *vstack.Stack) (int, error) {
		eval, linear, sum, ackermann := &workload.Eval{Stack: s}, &workload.Linear{Stack: s}, &workload.Sum{Stack: s}, &workload.Ackermann{Stack: s}
		for name, f := range map[string]func(n *workload.Node, env *workload.Env) (int, error){"handle": eval.Handle, "free": eval.Free} {
			if got, err := f(leaning, workload.Names); got != want || err != nil {
				t.Errorf("Eval, %s: %d, %v, want %d", name, got, err, want)
			}
			if got, err := f(balanced, workload.Names); got != wantBalanced || err != nil {
				t.Errorf("Eval, %s: %d, %v, want %d", name, got, err, wantBalanced)
			}
			if _, err := f(balanced, nil); err != workload.ErrUnknown {
				t.Errorf("Eval without names, %s: %v", name, err)
			}
		}
		wide, four := &workload.Wide{Stack: s}, &workload.Four{Stack: s}
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
		for name, f := range map[string]func(*workload.Tree) int{
			"Plain": sum.Plain, "Handle": sum.Handle, "HandleSplit": sum.HandleSplit, "Free": sum.Free, "FreeSplit": sum.FreeSplit,
		} {
			if got := f(spine); got != 4*deep {
				t.Errorf("Sum, %s: %d", name, got)
			}
		}
		for name, f := range map[string]func(m, n int) int{
			"Plain": ackermann.Plain, "Handle": ackermann.Handle, "HandleSplit": ackermann.HandleSplit, "Free": ackermann.Free, "FreeSplit": ackermann.FreeSplit,
		} {
			if got := f(3, 6); got != 509 {
				t.Errorf("Ackermann, %s: %d", name, got)
			}
		}
		for i := range 4 {
			for name, copies := range map[string][4]func(*workload.Fib, int) int{
				"Plain": workload.FibPlain, "Handle": workload.FibHandle, "HandleSplit": workload.FibHandleSplit, "HandleLeaf": workload.FibHandleLeaf, "Free": workload.FibFree, "FreeLeaf": workload.FibFreeLeaf, "FreeSplit": workload.FibFreeSplit,
			} {
				if got := copies[i](&workload.Fib{Stack: s}, 15); got != 610 {
					t.Errorf("Fib, %s %d: %d", name, i, got)
				}
			}
		}
		hot := &workload.Hot{Stack: s}
		for name, f := range map[string]func(int, func()) int{"Plain": hot.Plain, "Handle": hot.Handle, "Free": hot.Free} {
			called := 0
			if got := f(deep, func() { called++ }); got != deep || called != 1 {
				t.Errorf("Hot, %s: %d, %d calls", name, got, called)
			}
		}
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
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
