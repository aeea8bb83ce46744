package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// What recursion costs with vstack and without, in pairs that benchstat puts
// side by side:
//
//	go test ./vstack -run '^$' -bench 'Fib|Eval|Linear|Call' -count 10 | tee new.txt
//	benchstat -col /impl new.txt
//
// docs/benchmarks has the same and more, each side in processes of its own.

// deepBench lets plain recursion go deep while a benchmark runs; TestMain has
// lowered the limit.
func deepBench(b *testing.B) {
	old := debug.SetMaxStack(math.MaxInt)
	b.Cleanup(func() { debug.SetMaxStack(old) })
}

// freshly runs fn on a new goroutine and waits.
func freshly(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// perCall reports the time of one of the calls that an iteration makes.
func perCall(b *testing.B, calls int, unit string) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(calls), unit)
}

// plain is fibber.guard without the guard. fibPlain has no receiver either.
func (f *fibber) plain(n int) int {
	if n < 2 {
		return n
	}
	return f.plain(n-1) + f.plain(n-2)
}

func BenchmarkFib(b *testing.B) {
	b.Run("impl=bare", func(b *testing.B) {
		for b.Loop() {
			fibPlain(fibN)
		}
		perCall(b, fibCalls, "ns/call")
	})
	b.Run("impl=plain", func(b *testing.B) {
		f := &fibber{}
		for b.Loop() {
			f.plain(fibN)
		}
		perCall(b, fibCalls, "ns/call")
	})
	b.Run("impl=vstack", func(b *testing.B) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			f := &fibber{s}
			for b.Loop() {
				f.guard(fibN)
			}
			perCall(b, fibCalls, "ns/call")
		})
	})
	b.Run("impl=vstack-two-functions", func(b *testing.B) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			f := &fibber{s}
			for b.Loop() {
				f.split(fibN)
			}
			perCall(b, fibCalls, "ns/call")
		})
	})
}

// A tree evaluator, (node, environment) to (value, error).

type exprNode struct {
	op          byte // '0': value, 'x': name, else the operator
	left, right *exprNode
	value       int
	name        string
}

type exprEnv struct {
	name  string
	value int
	next  *exprEnv
}

func (e *exprEnv) lookup(name string) (int, error) {
	for ; e != nil; e = e.next {
		if e.name == name {
			return e.value, nil
		}
	}
	return 0, errors.New("unknown name")
}

func applyOp(op byte, l, r int) int {
	switch op {
	case '+':
		return l + r
	case '-':
		return l - r
	}
	return l * r
}

type evaluator struct{ stack *vstack.Stack }

func (e *evaluator) plain(n *exprNode, env *exprEnv) (int, error) {
	switch n.op {
	case '0':
		return n.value, nil
	case 'x':
		return env.lookup(n.name)
	}
	l, err := e.plain(n.left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.plain(n.right, env)
	if err != nil {
		return 0, err
	}
	return applyOp(n.op, l, r), nil
}

func (e *evaluator) guard(n *exprNode, env *exprEnv) (int, error) {
	if e.stack.Low() {
		return vstack.GrowOn2(e.stack, func() (int, error) { return e.guard(n, env) })
	}
	switch n.op {
	case '0':
		return n.value, nil
	case 'x':
		return env.lookup(n.name)
	}
	l, err := e.guard(n.left, env)
	if err != nil {
		return 0, err
	}
	r, err := e.guard(n.right, env)
	if err != nil {
		return 0, err
	}
	return applyOp(n.op, l, r), nil
}

// newExpr makes a balanced expression of 2^(depth+1)-1 nodes.
func newExpr(depth int) *exprNode {
	if depth == 0 {
		return &exprNode{op: 'x', name: "y"}
	}
	return &exprNode{op: "+-*"[depth%3], left: newExpr(depth - 1), right: newExpr(depth - 1)}
}

func BenchmarkEval(b *testing.B) {
	const depth, nodes = 12, 2<<12 - 1
	expr, env := newExpr(depth), &exprEnv{"x", 1, &exprEnv{"y", 2, nil}}
	b.Run("impl=plain", func(b *testing.B) {
		e := &evaluator{}
		for b.Loop() {
			_, _ = e.plain(expr, env)
		}
		perCall(b, nodes, "ns/node")
	})
	b.Run("impl=vstack", func(b *testing.B) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			e := &evaluator{s}
			for b.Loop() {
				_, _ = e.guard(expr, env)
			}
			perCall(b, nodes, "ns/node")
		})
	})
}

type linear struct{ stack *vstack.Stack }

func (l *linear) plain(n int) int {
	if n == 0 {
		return 0
	}
	return l.plain(n-1) + 1
}

func (l *linear) guard(n int) int {
	if l.stack.Low() {
		return vstack.GrowOn(l.stack, func() int { return l.guard(n) })
	}
	if n == 0 {
		return 0
	}
	return l.guard(n-1) + 1
}

// Deep linear recursion on new goroutines and stacks, and on those that have been
// as deep before; gc: after a collection.
func BenchmarkLinear(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
		if n > 1_000_000 && testing.Short() {
			continue
		}
		each := func(name string, gc bool, call func()) {
			b.Run(name, func(b *testing.B) {
				deepBench(b)
				call()
				for b.Loop() {
					if gc {
						b.StopTimer()
						runtime.GC()
						b.StartTimer()
					}
					call()
				}
				perCall(b, n, "ns/level")
			})
		}
		plain := func() { (&linear{}).plain(n) }
		each(fmt.Sprintf("new/levels=%d/impl=plain", n), false, func() { freshly(plain) })
		each(fmt.Sprintf("new/levels=%d/impl=vstack", n), false, func() {
			onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) { (&linear{s}).guard(n) })
		})
		for _, gc := range []bool{false, true} {
			name := fmt.Sprintf("warm/gc=%t/levels=%d", gc, n)
			each(name+"/impl=plain", gc, plain)
			s := vstack.New(vstack.WithMaxMemory(0), vstack.WithIdleMemory(1<<40))
			each(name+"/impl=vstack", gc, func() { s.Do(func() { (&linear{s}).guard(n) }) })
			s.Close()
		}
	}
}

// Recursion in other shapes: over a tree with one long branch and small ones
// beside it, Ackermann's function, and four functions that call each other.
func BenchmarkShape(b *testing.B) {
	const depth = 100_000
	var spine *tree
	for range depth {
		spine = &tree{spine, &tree{&tree{nil, nil, 1}, &tree{nil, nil, 1}, 1}, 1}
	}
	for _, shape := range []struct {
		name  string
		calls int
		fn    func(s *vstack.Stack)
	}{
		{"bushy", 9 * depth, func(s *vstack.Stack) { treeSummer{s}.sum(spine) }},
		{"ackermann", 2785999, func(s *vstack.Stack) { acker{s}.of(3, 8) }},
		{"mutual", depth, func(s *vstack.Stack) { four{s}.a(depth) }},
	} {
		// The nil stack is plain recursion but for the guard.
		b.Run(shape.name+"/impl=plain", func(b *testing.B) {
			deepBench(b)
			for b.Loop() {
				freshly(func() { shape.fn(nil) })
			}
			perCall(b, shape.calls, "ns/call")
		})
		b.Run(shape.name+"/impl=vstack", func(b *testing.B) {
			for b.Loop() {
				onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) { shape.fn(s) })
			}
			perCall(b, shape.calls, "ns/call")
		})
	}
}

type acker struct{ stack *vstack.Stack }

func (a acker) of(m, n int) int {
	if a.stack.Low() {
		return vstack.GrowOn(a.stack, func() int { return a.of(m, n) })
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.of(m-1, 1)
	}
	return a.of(m-1, a.of(m, n-1))
}

type four struct{ stack *vstack.Stack }

func (f four) a(n int) int {
	if f.stack.Low() {
		return vstack.GrowOn(f.stack, func() int { return f.a(n) })
	}
	if n == 0 {
		return 0
	}
	return f.b(n-1) + 1
}

func (f four) b(n int) int { return f.c(n-1) + 1 }
func (f four) c(n int) int { return f.d(n-1) + 1 }
func (f four) d(n int) int { return f.a(n-1) + 1 }

// A loop right above the end of a segment, that calls across it.
func BenchmarkHotSplit(b *testing.B) {
	const turns, levels = 1000, 10
	loop := func(b *testing.B, call func(int) int) {
		for b.Loop() {
			for range turns {
				call(levels)
			}
		}
		perCall(b, turns*levels, "ns/level")
	}
	b.Run("impl=plain", func(b *testing.B) { loop(b, (&linear{}).plain) })
	b.Run("impl=vstack", func(b *testing.B) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			l := &linear{s}
			// Down to where ten levels do not fit any more.
			var end func()
			end = func() {
				hops := s.Stats().Hops
				l.guard(levels)
				if s.Stats().Hops == hops {
					end()
					return
				}
				loop(b, l.guard)
			}
			end()
		})
	})
}

// A thousand calls of a guard, right after a collection has moved the stack.
func BenchmarkAfterGC(b *testing.B) {
	calls := func(b *testing.B, gc bool) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			l := &linear{s}
			for b.Loop() {
				if gc {
					b.StopTimer()
					runtime.GC()
					b.StartTimer()
				}
				for range 1000 {
					l.guard(1)
				}
			}
		})
	}
	b.Run("gc=no", func(b *testing.B) { calls(b, false) })
	b.Run("gc=yes", func(b *testing.B) { calls(b, true) })
}

// One call of Run against a goroutine that is started and sends its result.
func BenchmarkCall(b *testing.B) {
	ctx := context.Background()
	nothing := func(context.Context) error { return nil }
	b.Run("impl=plain", func(b *testing.B) {
		for b.Loop() {
			c := make(chan error)
			go func() { c <- nothing(ctx) }()
			<-c
		}
	})
	b.Run("impl=vstack", func(b *testing.B) {
		s := vstack.New()
		defer s.Close()
		for b.Loop() {
			_ = s.Run(ctx, nothing)
		}
	})
	// The same in a frame of the stack, and with a stack made for the call.
	b.Run("impl=vstack-nested", func(b *testing.B) {
		onStack(b, ctx, func(ctx context.Context, s *vstack.Stack) {
			for b.Loop() {
				_ = s.Run(ctx, nothing)
			}
		})
	})
	b.Run("impl=vstack-cold", func(b *testing.B) {
		for b.Loop() {
			onStack(b, ctx, func(context.Context, *vstack.Stack) {})
		}
	})
}

// From cancel to the return of Run, with so many frames to unwind.
func BenchmarkCancel(b *testing.B) {
	for _, depth := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("levels=%d", depth), func(b *testing.B) {
			var total time.Duration
			for b.Loop() {
				total += cancelLatency(b, depth)
			}
			b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns/cancel")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func cancelLatency(b *testing.B, depth int) time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var start time.Time
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		l := &linear{s}
		var down func(n int)
		down = func(n int) {
			if s.Low() {
				s.Do(func() { down(n) })
				return
			}
			if n > 0 {
				down(n - 1)
				return
			}
			start = time.Now()
			cancel()
			for {
				l.guard(1)
			}
		}
		down(depth)
		return 0, nil
	})
	latency := time.Since(start)
	if !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
	return latency
}

// The guarded path allocates nothing. A hop does, a closure or so for thousands
// of levels.
func TestGuardAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		l, f, e := &linear{s}, &fibber{s}, &evaluator{s}
		expr, env := newExpr(8), &exprEnv{"y", 2, nil}
		for name, fn := range map[string]func(){
			"1,000 levels": func() { l.guard(1000) },
			"fib":          func() { f.guard(10) },
			"evaluator":    func() { _, _ = e.guard(expr, env) },
		} {
			if n := testing.AllocsPerRun(100, fn); n != 0 {
				t.Errorf("%s: %v allocations, want none", name, n)
			}
		}
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const levels = 1_000_000
	s := vstack.New(vstack.WithMaxMemory(0), vstack.WithIdleMemory(1<<30))
	defer s.Close()
	l := &linear{s}
	if n := testing.AllocsPerRun(3, func() { s.Do(func() { l.guard(levels) }) }); n > levels/100 {
		t.Errorf("%d levels with their hops: %v allocations", levels, n)
	}
}

// The guard is inlined, or all that is said about its cost is wrong. The flags
// are for the named package alone, and the go command remembers what the compiler
// said of it.
func TestLowIsInlined(t *testing.T) {
	switch runtime.GOARCH {
	case "386", "arm", "wasm":
		t.Skip("an atomic load is a call on " + runtime.GOARCH + ", and the guard is one too")
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command here")
	}
	said := func(pkg string) string {
		out, err := exec.Command(goCommand, "build", "-gcflags=-m", pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
		return string(out)
	}
	const can = "can inline (*Stack).Low"
	if out := said("."); !strings.Contains(out, can) {
		t.Errorf("the compiler does not say %q", can)
	}
	const does = "inlining call to vstack.(*Stack).Low"
	if out := said("./testdata/inline"); strings.Count(out, does) != 2 {
		t.Errorf("the compiler does not say %q twice:\n%s", does, out)
	}
}
