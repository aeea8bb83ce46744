package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vstack-go/vstack/stress/resident"
	"github.com/vstack-go/vstack/vstack"
)

// A child process measures one way to do one thing, and prints its sample.

// A sample is what one child has measured, by metric. Most have one, "ns": the
// nanoseconds that a call (a level, a node) took, the median of a few repeats.
type sample map[string]float64

// A work is a thing to measure: for n levels or so, the given number of times.
type work func(way string, n, repeats int) sample

var works = map[string]work{
	"fib":       fibWork,
	"evaluator": evaluatorWork,
	"linear":    linearWork((*linear).down, (*linear).downGuarded, (*linear).downSplit),
	"wide":      linearWork((*linear).wide, (*linear).wideGuarded, nil),
	"parameter": linearWork(
		func(_ *linear, n int) int { return paramDown(nil, n) },
		func(l *linear, n int) int { return paramDownGuarded(l.stack, n) }, nil),
	"list":      treeWork(0),
	"bushy":     treeWork(9),
	"ackermann": ackermannWork,
	"four":      fourWork,
	"hotsplit":  hotSplitWork,
	"aftergc":   afterGCWork,
	"call":      callWork,
	"gap":       gapWork,
	"allocs":    allocsWork,
}

// profileEnv names the file for a CPU profile of the child.
const profileEnv = "BENCHMARKS_CPU_PROFILE"

// childMain runs "child WORK WAY N REPEATS".
func childMain(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("want: child WORK WAY N REPEATS")
	}
	work := works[args[0]]
	if work == nil {
		return fmt.Errorf("no work %q", args[0])
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	repeats, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	debug.SetMaxStack(1 << 40)
	if file := os.Getenv(profileEnv); file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	s := work(args[1], n, repeats)
	if kib := peak(); kib > 0 {
		s["peak"] = float64(kib) * 1024
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// peak returns the most memory that the process has had resident, in KiB; 0 if
// the system does not tell.
func peak() (kib int64) {
	_, bytes := resident.Self()
	return bytes >> 10
}

// never panics with the message: a mistake in this program.
func never(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// timed runs fn once, and then repeats times with a clock: the result is the
// median, divided by the number of calls that fn makes.
func timed(calls, repeats int, fn func()) sample {
	fn()
	return timedCold(calls, repeats, func() {}, fn)
}

// timedCold has no run that does not count. What before does is not timed.
func timedCold(calls, repeats int, before, fn func()) sample {
	var times []float64
	for range max(repeats, 1) {
		before()
		start := time.Now()
		fn()
		times = append(times, float64(time.Since(start))/float64(calls))
	}
	return sample{"ns": median(times)}
}

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile interpolates between the two nearest.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 == len(v) {
		return v[i]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}

// fresh runs fn on a goroutine that was just started, and waits for it.
func fresh(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// unlimited is for stacks that are to hold what plain recursion may use.
var unlimited = vstack.WithMaxMemory(0)

// newStack runs fn on a stack made for it.
func newStack(fn func(s *vstack.Stack)) {
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		fn(s)
		return 0, nil
	}, unlimited)
	if err != nil {
		never("%v", err)
	}
}

// warm calls fn with what runs a function on a stack that keeps all its workers.
func warm(fn func(run func(func(s *vstack.Stack)))) {
	s := vstack.New(unlimited, vstack.WithIdleMemory(1<<40))
	defer s.Close()
	fn(func(do func(s *vstack.Stack)) {
		if err := s.Run(context.Background(), func(context.Context) error { do(s); return nil }); err != nil {
			never("%v", err)
		}
	})
}

// shape measures plain and guarded in all the ways that deep recursion can be
// run; each makes the given number of calls.
// Split is guarded with the guard in two functions.
func shape(way string, calls, repeats int, plain func(), guarded, split func(s *vstack.Stack)) (out sample) {
	if rest, ok := strings.CutPrefix(way, "split-"); ok {
		way, guarded = rest, split
	}
	switch way {
	case "fresh": // plain, on a new goroutine each time
		return timed(calls, repeats, func() { fresh(plain) })
	case "new": // guarded, on a new stack each time
		return timed(calls, repeats, func() { newStack(guarded) })
	case "warm":
		warm(func(run func(func(s *vstack.Stack))) {
			out = timed(calls, repeats, func() { run(guarded) })
		})
		return out
	case "grown": // plain, on the one goroutine that has done it before
		return timed(calls, repeats, plain)
	case "warm-gc":
		warm(func(run func(func(s *vstack.Stack))) {
			run(guarded)
			out = timedCold(calls, min(repeats, 20), runtime.GC, func() { run(guarded) })
		})
		return out
	case "grown-gc":
		plain()
		return timedCold(calls, min(repeats, 20), runtime.GC, plain)
	case "fresh-once": // with no run before it: for the peak of memory
		return timedCold(calls, 1, func() {}, func() { fresh(plain) })
	case "new-once":
		return timedCold(calls, 1, func() {}, func() { newStack(guarded) })
	}
	never("no way %q", way)
	return nil
}

func fibWork(way string, n, repeats int) (s sample) {
	calls := fibCalls(n)
	copy := os.Getpid() % 4
	fresh(func() {
		switch f := (&fibber{}); way {
		case "bare":
			s = timed(calls, repeats, func() { bare(n) })
		case "plain":
			s = timed(calls, repeats, func() { fibPlain[copy](f, n) })
		case "param-plain":
			s = timed(calls, repeats, func() { fibParam[0](nil, n) })
		case "nil":
			s = timed(calls, repeats, func() { fibGuarded[copy](f, n) })
		}
	})
	if s != nil {
		return s
	}
	newStack(func(stack *vstack.Stack) {
		switch f := (&fibber{stack}); way {
		case "guard":
			s = timed(calls, repeats, func() { fibGuarded[copy](f, n) })
		case "split":
			s = timed(calls, repeats, func() { fibSplit[copy](f, n) })
		case "param-guard":
			s = timed(calls, repeats, func() { fibParam[1](stack, n) })
		default:
			never("no way %q", way)
		}
	})
	return s
}

func evaluatorWork(way string, depth, repeats int) (s sample) {
	tree := balanced(depth)
	nodes := 2<<depth - 1
	run := func(eval func(n *node, env *env) (int, error)) func() {
		return func() {
			if _, err := eval(tree, names); err != nil {
				never("%v", err)
			}
		}
	}
	switch way {
	case "plain":
		fresh(func() { s = timed(nodes, repeats, run((&evaluator{}).eval)) })
	case "guard":
		newStack(func(stack *vstack.Stack) { s = timed(nodes, repeats, run((&evaluator{stack}).evalGuarded)) })
	default:
		never("no way %q", way)
	}
	return s
}

func linearWork(plain, guarded, split func(*linear, int) int) work {
	return func(way string, n, repeats int) sample {
		check := func(got int) {
			if got != n {
				never("%d levels, want %d", got, n)
			}
		}
		none := &linear{}
		switch way {
		case "leaf": // as grown, with a leaf that makes 32 calls
			return timed(n, repeats, func() { check(none.downLeaf(n, 32)) })
		case "guard-grown": // guarded, with a nil stack: it never hops
			return timed(n, repeats, func() { check(guarded(none, n)) })
		}
		return shape(way, n, repeats,
			func() { check(plain(none, n)) },
			func(s *vstack.Stack) { check(guarded(&linear{s}, n)) },
			func(s *vstack.Stack) { check(split(&linear{s}, n)) })
	}
}

// treeWork sums a tree of n nodes below each other, each with a small subtree
// beside it.
func treeWork(beside int) work {
	return func(way string, n, repeats int) sample {
		t := spine(n, beside)
		nodes := n * (1 + beside)
		check := func(got int) {
			if got != nodes {
				never("%d nodes, want %d", got, nodes)
			}
		}
		return shape(way, nodes, repeats,
			func() { check((&summer{}).sum(t)) },
			func(s *vstack.Stack) { check((&summer{s}).sumGuarded(t)) },
			func(s *vstack.Stack) { check((&summer{s}).sumSplit(t)) })
	}
}

func ackermannWork(way string, n, repeats int) sample {
	want := 1<<(n+3) - 3
	calls := ackermannCalls(n)
	check := func(got int) {
		if got != want {
			never("A(3, %d) = %d, want %d", n, got, want)
		}
	}
	return shape(way, calls, repeats,
		func() { check((&ackermann{}).of(3, n)) },
		func(s *vstack.Stack) { check((&ackermann{s}).ofGuarded(3, n)) },
		func(s *vstack.Stack) { check((&ackermann{s}).ofSplit(3, n)) })
}

func fourWork(way string, n, repeats int) sample {
	check := func(got int) {
		if got != n {
			never("%d levels, want %d", got, n)
		}
	}
	return shape(way, n, repeats,
		func() { check((&four{}).a(n)) },
		func(s *vstack.Stack) { check((&four{s}).aGuarded(n)) }, nil)
}

// hotSplitWork puts a loop at every depth up to n, and compares what it takes
// with the loop at depth 0. Each is the best of a few repeats, since the worst
// of so many would be the worst of the machine.
func hotSplitWork(way string, n, repeats int) sample {
	const turns, levels = 1000, 10
	best := make([]float64, n)
	at := func(depth int, run func(depth int, loop func()), call func(n int) int) {
		run(depth, func() {
			start := time.Now()
			for range turns {
				call(levels)
			}
			ns := float64(time.Since(start)) / (turns * levels)
			if best[depth] == 0 || ns < best[depth] {
				best[depth] = ns
			}
		})
	}
	all := func(run func(depth int, loop func()), call func(n int) int) {
		for range max(repeats, 1) {
			for depth := range n {
				at(depth, run, call)
			}
		}
	}
	none := &linear{}
	switch way {
	case "plain":
		fresh(func() {
			all(func(depth int, loop func()) { none.hot(depth, loop) }, none.down)
		})
	case "guard":
		newStack(func(s *vstack.Stack) {
			l := &linear{s}
			all(func(depth int, loop func()) { l.hotGuarded(depth, loop) }, l.downGuarded)
		})
	default:
		never("no way %q", way)
	}
	// Depth 0 as the median of the first hundred, all of them far from an end.
	base := median(best[:min(n, 100)])
	sum, worst := 0.0, 0.0
	for _, ns := range best {
		sum += ns / base
		worst = max(worst, ns/base)
	}
	return sample{"ns": base, "mean": sum / float64(n), "worst": worst}
}

// afterGCWork calls a function a thousand times, after each of n collections or
// with none.
func afterGCWork(way string, n, repeats int) (s sample) {
	const calls = 1000
	measure := func(collect bool, call func() int) sample {
		var total time.Duration
		for range calls {
			call()
		}
		for range n {
			if collect {
				runtime.GC()
			}
			start := time.Now()
			for range calls {
				call()
			}
			total += time.Since(start)
		}
		return sample{"ns": float64(total) / float64(n*calls)}
	}
	switch way {
	case "plain", "plain-gc":
		fresh(func() { s = measure(way == "plain-gc", func() int { return new(linear).down(1) }) })
	case "guard", "guard-gc":
		newStack(func(stack *vstack.Stack) {
			l := &linear{stack}
			s = measure(way == "guard-gc", func() int { return l.downGuarded(1) })
		})
	default:
		never("no way %q", way)
	}
	return s
}

// callWork measures single calls: n of them a repeat.
func callWork(way string, n, repeats int) sample {
	ctx := context.Background()
	nothing := func(context.Context) error { return nil }
	loop := func(call func()) sample {
		return timed(n, repeats, func() {
			for range n {
				call()
			}
		})
	}
	switch way {
	case "spawn": // a goroutine, and its result from a channel
		return loop(func() {
			c := make(chan error)
			go func() { c <- nothing(ctx) }()
			<-c
		})
	case "warm":
		s := vstack.New()
		defer s.Close()
		return loop(func() { _ = s.Run(ctx, nothing) })
	case "nested": // in a frame of the stack
		var out sample
		newStack(func(s *vstack.Stack) { out = loop(func() { _ = s.Run(ctx, nothing) }) })
		return out
	case "cold":
		return loop(func() {
			_, _ = vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) { return 0, nil })
		})
	case "cancel": // from cancel to the return of Run, in a shallow recursion
		var times []float64
		for range n {
			times = append(times, cancelOnce(10))
		}
		return sample{"ns": median(times)}
	case "cancel-deep": // with a million frames to unwind
		var times []float64
		for range max(repeats, 1) {
			times = append(times, cancelOnce(1_000_000))
		}
		return sample{"ns": median(times)}
	}
	never("no way %q", way)
	return nil
}

// cancelOnce cancels a recursion that has gone depth levels down and calls
// guarded functions there, and returns how long it took to end.
func cancelOnce(depth int) (ns float64) {
	ctx, cancel := context.WithCancel(context.Background())
	var start time.Time
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		l := &linear{s}
		return l.hotGuarded(depth, func() {
			start = time.Now()
			cancel()
			for {
				l.downGuarded(3)
			}
		}), nil
	}, unlimited)
	ns = float64(time.Since(start))
	if err != context.Canceled {
		never("canceled: %v", err)
	}
	return ns
}

// gapWork goes n levels down and looks at the clock there without pause, while
// another goroutine collects: the longest gap between two looks is how long the
// collection stopped the recursion.
func gapWork(way string, n, repeats int) sample {
	var gaps []float64
	look := func() {
		for range max(repeats, 1) {
			var stop atomic.Bool
			go func() {
				runtime.GC()
				stop.Store(true)
			}()
			longest := time.Duration(0)
			last := time.Now()
			for !stop.Load() {
				now := time.Now()
				longest = max(longest, now.Sub(last))
				last = now
			}
			gaps = append(gaps, float64(longest))
		}
	}
	switch way {
	case "idle": // a stack with nothing on it
		n = 0
		fallthrough
	case "plain":
		fresh(func() { new(linear).hot(n, look) })
	case "new":
		newStack(func(s *vstack.Stack) { (&linear{s}).hotGuarded(n, look) })
	default:
		never("no way %q", way)
	}
	return sample{"ns": median(gaps)}
}

// allocsWork counts allocations for each of n levels. The stack has gone as deep
// before, and what the root call allocates does not count.
func allocsWork(way string, n, repeats int) (s sample) {
	warm(func(run func(func(s *vstack.Stack))) {
		run(func(stack *vstack.Stack) {
			l := &linear{stack}
			s = sample{"allocs": testing.AllocsPerRun(max(repeats, 1), func() { l.downGuarded(n) }) / float64(n)}
		})
	})
	return s
}

// ackermannCalls is how many calls A(3, n) makes.
func ackermannCalls(n int) int {
	// A(2, k) = 2k+3 takes 2k*k+7k+5 calls, and A(3, n) calls A(2, A(3, n-1)).
	calls := 2*1*1 + 7*1 + 5 + 1 // A(3, 0) is A(2, 1)
	value := 5
	for range n {
		calls += 2*value*value + 7*value + 5 + 1
		value = 2*value + 3
	}
	return calls
}
