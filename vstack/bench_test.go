package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/stress/workload"
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

// benchForms measures a recursion with and without guards: plain, with a handle, without one.
func benchForms(b *testing.B, calls int, unit string, plain, free func(), handle map[string]func(s *vstack.Stack)) {
	loop := func(b *testing.B, fn func()) {
		for b.Loop() {
			fn()
		}
		perCall(b, calls, unit)
	}
	b.Run("impl=plain", func(b *testing.B) { loop(b, plain) })
	b.Run("impl=vstack-free", func(b *testing.B) { loop(b, free) })
	for _, name := range slices.Sorted(maps.Keys(handle)) {
		b.Run("impl=vstack"+name, func(b *testing.B) {
			onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) { loop(b, func() { handle[name](s) }) })
		})
	}
}

func BenchmarkFib(b *testing.B) {
	b.Run("impl=bare", func(b *testing.B) {
		for b.Loop() {
			workload.Bare(fibN)
		}
		perCall(b, fibCalls, "ns/call")
	})
	f := &workload.Fib{}
	benchForms(b, fibCalls, "ns/call", func() { workload.FibPlain[0](f, fibN) }, func() { workload.FibFree[0](f, fibN) },
		map[string]func(s *vstack.Stack){
			"":               func(s *vstack.Stack) { workload.FibHandle[0](&workload.Fib{Stack: s}, fibN) },
			"-two-functions": func(s *vstack.Stack) { workload.FibHandleSplit[0](&workload.Fib{Stack: s}, fibN) },
		})
}

// A tree evaluator, (node, environment) to (value, error).
func BenchmarkEval(b *testing.B) {
	expr, e := workload.Balanced(12), &workload.Eval{}
	benchForms(b, 2<<12-1, "ns/node", func() { _, _ = e.Plain(expr, workload.Names) }, func() { _, _ = e.Free(expr, workload.Names) },
		map[string]func(s *vstack.Stack){
			"": func(s *vstack.Stack) { _, _ = (&workload.Eval{Stack: s}).Handle(expr, workload.Names) },
		})
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
		plain := func() { (&workload.Linear{}).Plain(n) }
		each(fmt.Sprintf("new/levels=%d/impl=plain", n), false, func() { freshly(plain) })
		each(fmt.Sprintf("new/levels=%d/impl=vstack-free", n), false, func() { freshly(func() { (&workload.Linear{}).Free(n) }) })
		each(fmt.Sprintf("new/levels=%d/impl=vstack", n), false, func() {
			onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) { (&workload.Linear{Stack: s}).Handle(n) })
		})
		for _, gc := range []bool{false, true} {
			name := fmt.Sprintf("warm/gc=%t/levels=%d", gc, n)
			each(name+"/impl=plain", gc, plain)
			s := vstack.New(vstack.WithMaxMemory(0), vstack.WithIdleMemory(1<<40))
			each(name+"/impl=vstack", gc, func() { s.Do(func() { (&workload.Linear{Stack: s}).Handle(n) }) })
			s.Close()
		}
	}
}

// Recursion in other shapes: over a tree with one long branch and small ones
// beside it, Ackermann's function, and four functions that call each other.
func BenchmarkShape(b *testing.B) {
	const depth = 100_000
	spine := workload.Spine(depth, 9)
	for _, shape := range []struct {
		name  string
		calls int
		fn    func(s *vstack.Stack)
	}{
		{"bushy", 10 * depth, func(s *vstack.Stack) { (&workload.Sum{Stack: s}).Handle(spine) }},
		{"ackermann", workload.AckermannCalls(8), func(s *vstack.Stack) { (&workload.Ackermann{Stack: s}).Handle(3, 8) }},
		{"mutual", depth, func(s *vstack.Stack) { (&workload.Four{Stack: s}).Handle(depth) }},
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
	b.Run("impl=plain", func(b *testing.B) { loop(b, (&workload.Linear{}).Plain) })
	b.Run("impl=vstack", func(b *testing.B) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			l := &workload.Linear{Stack: s}
			// Down to where ten levels do not fit any more.
			var end func()
			end = func() {
				hops := s.Stats().Hops
				l.Handle(levels)
				if s.Stats().Hops == hops {
					end()
					return
				}
				loop(b, l.Handle)
			}
			end()
		})
	})
}

// A thousand calls of a guard, right after a collection has moved the stack.
func BenchmarkAfterGC(b *testing.B) {
	calls := func(b *testing.B, gc bool) {
		onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
			l := &workload.Linear{Stack: s}
			for b.Loop() {
				if gc {
					b.StopTimer()
					runtime.GC()
					b.StartTimer()
				}
				for range 1000 {
					l.Handle(1)
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
		l := &workload.Linear{Stack: s}
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
				l.Handle(1)
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

// The guarded path allocates nothing, nor does a frame with a context that the stack knows.
// A hop does, a closure or so for thousands of levels.
func TestGuardAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		l, f, e := &workload.Linear{Stack: s}, &workload.Fib{Stack: s}, &workload.Eval{Stack: s}
		expr := workload.Balanced(8)
		for name, fn := range map[string]func(){
			"1,000 levels":            func() { l.Handle(1000) },
			"fib":                     func() { workload.FibHandle[0](f, 10) },
			"evaluator":               func() { _, _ = e.Handle(expr, workload.Names) },
			"1,000 levels, no handle": func() { l.Free(1000) },
			"fib, no handle":          func() { workload.FibFree[0](f, 10) },
			"evaluator, no handle":    func() { _, _ = e.Free(expr, workload.Names) },
			"a frame":                 func() { _ = s.Run(ctx, func(context.Context) error { return nil }) },
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
	l := &workload.Linear{Stack: s}
	if n := testing.AllocsPerRun(3, func() { s.Do(func() { l.Handle(levels) }) }); n > levels/100 {
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
