package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vstack-go/vstack/docs/benchmarks/instead"
	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

// A way is "FORM PLACE": a form of package workload, and where it runs; see run.
var works = map[string]work{
	"fib":       fibWork,
	"evaluator": evaluatorWork,
	"linear":    linearWork,
	"wide":      threeForms(func(s *vstack.Stack) forms { return &workload.Wide{Stack: s} }),
	"four":      threeForms(func(s *vstack.Stack) forms { return &workload.Four{Stack: s} }),
	"parameter": parameterWork,
	"list":      treeWork(0),
	"bushy":     treeWork(9),
	"ackermann": ackermannWork,
	"hotsplit":  hotSplitWork,
	"aftergc":   afterGCWork,
	"call":      callWork,
	"gap":       gapWork,
	"allocs":    allocsWork,
	"many":      manyWork,
	"cores":     coresWork,
	"instead":   insteadWork,
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

// run measures one form of a recursion, which makes so many calls, at one place:
//
//	fresh  on a new goroutine each time
//	grown  on the same goroutine each time: plain recursion's stack has grown already
//	new    on a new stack each time, by vstack.Run
//	warm   on a stack that keeps its workers
//
// With -gc after a collection each; with -once only the first time.
func run(way string, calls, repeats int, forms map[string]func(s *vstack.Stack)) (out sample) {
	form, place, _ := strings.Cut(way, " ")
	fn := forms[form]
	if fn == nil {
		never("no form %q", form)
	}
	place, once := strings.CutSuffix(place, "-once")
	if once {
		repeats = 0
	}
	place, gc := strings.CutSuffix(place, "-gc")
	measure := func(fn func()) {
		if gc {
			out = timedAfter(calls, min(repeats, 20), 1, runtime.GC, fn)
			return
		}
		out = timed(calls, repeats, fn)
	}
	switch place {
	case "fresh":
		measure(func() { fresh(func() { fn(nil) }) })
	case "grown":
		fresh(func() { measure(func() { fn(nil) }) })
	case "new":
		measure(func() { newStack(fn) })
	case "warm":
		warm(func(run func(func(s *vstack.Stack))) { measure(func() { run(fn) }) })
	case "inside": // all the repeats in one frame of a stack
		newStack(func(s *vstack.Stack) { measure(func() { fn(s) }) })
	default:
		never("no place %q", place)
	}
	return out
}

func want[T comparable](got, want T) {
	if got != want {
		never("%v instead of %v", got, want)
	}
}

func fibWork(way string, n, repeats int) sample {
	calls := workload.FibCalls(n)
	result := 0
	for a, b, i := 0, 1, 0; i <= n; i++ {
		result, a, b = a, b, a+b
	}
	copy := os.Getpid() % 4
	fib := func(copies [4]func(*workload.Fib, int) int) func(s *vstack.Stack) {
		return func(s *vstack.Stack) { want(copies[copy](&workload.Fib{Stack: s}, n), result) }
	}
	forms := fiveForms(fib, workload.FibPlain, workload.FibHandle, workload.FibHandleSplit, workload.FibFree, workload.FibFreeSplit)
	forms["handle-leaf"], forms["free-leaf"] = fib(workload.FibHandleLeaf), fib(workload.FibFreeLeaf)
	forms["bare"] = func(*vstack.Stack) { want(workload.Bare(n), result) }
	return run(way, calls, repeats, forms)
}

// fiveForms names all the forms of a recursion; on makes what runs one on a stack.
func fiveForms[F any](on func(F) func(*vstack.Stack), plain, handle, handleSplit, free, freeSplit F) map[string]func(*vstack.Stack) {
	return map[string]func(*vstack.Stack){
		"plain": on(plain), "handle": on(handle), "handle-split": on(handleSplit), "free": on(free), "free-split": on(freeSplit),
	}
}

func evaluatorWork(way string, depth, repeats int) sample {
	tree := workload.Balanced(depth)
	result, err := (&workload.Eval{}).Plain(tree, workload.Names)
	if err != nil {
		never("%v", err)
	}
	eval := func(form func(*workload.Eval, *workload.Node, *workload.Env) (int, error)) func(s *vstack.Stack) {
		return func(s *vstack.Stack) {
			got, err := form(&workload.Eval{Stack: s}, tree, workload.Names)
			want(err, nil)
			want(got, result)
		}
	}
	return run(way, 2<<depth-1, repeats, map[string]func(s *vstack.Stack){
		"plain": eval((*workload.Eval).Plain), "handle": eval((*workload.Eval).Handle), "free": eval((*workload.Eval).Free),
	})
}

// levelsOf is run for a recursion that returns how deep it went.
func levelsOf(way string, n, repeats int, forms map[string]func(s *vstack.Stack) int) sample {
	checked := map[string]func(s *vstack.Stack){}
	for name, form := range forms {
		checked[name] = func(s *vstack.Stack) { want(form(s), n) }
	}
	return run(way, n, repeats, checked)
}

func linearWork(way string, n, repeats int) sample {
	return levelsOf(way, n, repeats, map[string]func(s *vstack.Stack) int{
		"plain":        func(s *vstack.Stack) int { return (&workload.Linear{}).Plain(n) },
		"handle":       func(s *vstack.Stack) int { return (&workload.Linear{Stack: s}).Handle(n) },
		"handle-split": func(s *vstack.Stack) int { return (&workload.Linear{Stack: s}).HandleSplit(n) },
		"free":         func(s *vstack.Stack) int { return (&workload.Linear{}).Free(n) },
		"free-split":   func(s *vstack.Stack) int { return (&workload.Linear{}).FreeSplit(n) },
		"single":       func(s *vstack.Stack) int { return (&workload.Linear{}).Single(n) },
		"leaf":         func(s *vstack.Stack) int { return (&workload.Linear{}).Leaf(n, 32) }, // its deepest call makes 32 calls
		"nil":          func(s *vstack.Stack) int { return (&workload.Linear{}).Handle(n) },   // guarded, and never low
	})
}

// forms is a recursion of package workload in three forms.
type forms interface {
	Plain(n int) int
	Handle(n int) int
	Free(n int) int
}

// threeForms is the work of a recursion, made for the stack that it runs on.
func threeForms(on func(s *vstack.Stack) forms) work {
	return func(way string, n, repeats int) sample {
		return levelsOf(way, n, repeats, map[string]func(s *vstack.Stack) int{
			"plain":  func(*vstack.Stack) int { return on(nil).Plain(n) },
			"handle": func(s *vstack.Stack) int { return on(s).Handle(n) },
			"free":   func(*vstack.Stack) int { return on(nil).Free(n) },
		})
	}
}

func parameterWork(way string, n, repeats int) sample {
	return levelsOf(way, n, repeats, map[string]func(s *vstack.Stack) int{
		"plain":  func(s *vstack.Stack) int { return workload.Param{}.Plain(nil, n) },
		"handle": func(s *vstack.Stack) int { return workload.Param{}.Handle(s, n) },
	})
}

// treeWork sums a tree of n nodes below each other, each with a small subtree beside it.
func treeWork(beside int) work {
	return func(way string, n, repeats int) sample {
		t := workload.Spine(n, beside)
		nodes := n * (1 + beside)
		sum := func(form func(*workload.Sum, *workload.Tree) int) func(s *vstack.Stack) {
			return func(s *vstack.Stack) { want(form(&workload.Sum{Stack: s}, t), nodes) }
		}
		return run(way, nodes, repeats, fiveForms(sum,
			(*workload.Sum).Plain, (*workload.Sum).Handle, (*workload.Sum).HandleSplit, (*workload.Sum).Free, (*workload.Sum).FreeSplit))
	}
}

func ackermannWork(way string, n, repeats int) sample {
	a := func(form func(a *workload.Ackermann, m, n int) int) func(s *vstack.Stack) {
		return func(s *vstack.Stack) { want(form(&workload.Ackermann{Stack: s}, 3, n), 1<<(n+3)-3) }
	}
	return run(way, workload.AckermannCalls(n), repeats, fiveForms(a,
		(*workload.Ackermann).Plain, (*workload.Ackermann).Handle, (*workload.Ackermann).HandleSplit, (*workload.Ackermann).Free, (*workload.Ackermann).FreeSplit))
}

// hotSplitWork puts a loop at every depth up to n, and compares what it takes with the loop at
// depth 0. Each is the best of a few repeats, since the worst of so many would be the
// worst of the machine.
func hotSplitWork(way string, n, repeats int) sample {
	const turns, deep = 1000, 10
	best := make([]float64, n)
	all := func(down func(depth int, loop func()) int, call func(n int) int) {
		for range max(repeats, 1) {
			for depth := range n {
				down(depth, func() {
					start := time.Now()
					for range turns {
						call(deep)
					}
					ns := float64(time.Since(start)) / (turns * deep)
					if best[depth] == 0 || ns < best[depth] {
						best[depth] = ns
					}
				})
			}
		}
	}
	switch way {
	case "plain fresh":
		fresh(func() { all((&workload.Hot{}).Plain, (&workload.Linear{}).Plain) })
	case "free fresh":
		fresh(func() { all((&workload.Hot{}).Free, (&workload.Linear{}).Free) })
	case "handle new":
		newStack(func(s *vstack.Stack) { all((&workload.Hot{Stack: s}).Handle, (&workload.Linear{Stack: s}).Handle) })
	case "free new":
		newStack(func(s *vstack.Stack) { all((&workload.Hot{}).Free, (&workload.Linear{}).Free) })
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
	return sample{"wall": base, "mean": sum / float64(n), "worst": worst}
}

// afterGCWork calls a function a thousand times, after each of n collections or with none.
func afterGCWork(way string, n, repeats int) (s sample) {
	form, place, _ := strings.Cut(way, " ")
	place, collect := strings.CutSuffix(place, "-gc")
	const calls = 1000
	measure := func(call func(n int) int) {
		for range calls {
			call(1)
		}
		total := 0.0
		for range n {
			if collect {
				runtime.GC()
			}
			start := cpuTime()
			for range calls {
				call(1)
			}
			total += cpuTime() - start
		}
		s = sample{"cpu": total / float64(n*calls)}
	}
	switch form + " " + place {
	case "plain fresh":
		fresh(func() { measure((&workload.Linear{}).Plain) })
	case "free fresh":
		fresh(func() { measure((&workload.Linear{}).Free) })
	case "handle new":
		newStack(func(s *vstack.Stack) { measure((&workload.Linear{Stack: s}).Handle) })
	case "free new":
		newStack(func(s *vstack.Stack) { measure((&workload.Linear{}).Free) })
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
		return timedAfter(n, repeats, 1, func() {}, func() {
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
	case "nested locked": // in a frame of the stack that is bound to its thread
		var out sample
		newStack(func(s *vstack.Stack) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			out = loop(func() { _ = s.Run(ctx, nothing) })
		})
		return out
	case "nested busy": // with a goroutine that keeps another processor busy, so that none is woken
		var out sample
		var stop atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			for !stop.Load() {
			}
		}()
		newStack(func(s *vstack.Stack) { out = loop(func() { _ = s.Run(ctx, nothing) }) })
		stop.Store(true)
		<-done
		delete(out, "first")
		delete(out, "cpu") // the other's counts
		return out
	case "cold":
		return loop(func() {
			_, _ = vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) { return 0, nil })
		})
	case "pool":
		p := vstack.NewPool()
		defer p.Close()
		return loop(func() { _ = p.Run(ctx, func(context.Context, *vstack.Stack) error { return nil }) })
	// A goroutine that recurses as far as a plain one gets without a hop, and a little
	// further: what the ambient hop adds is the difference. 15,000 levels of 32 bytes.
	case "ambient near", "ambient far", "plain far":
		return loop(func() {
			fresh(func() {
				switch way {
				case "ambient near":
					(&workload.Linear{}).FreeSplit(14_000)
				case "ambient far":
					(&workload.Linear{}).FreeSplit(17_000)
				default:
					(&workload.Linear{}).Single(17_000)
				}
			})
		})
	case "cancel": // from cancel to the return of Run, in a shallow recursion
		var times []float64
		for range n {
			times = append(times, cancelOnce(10))
		}
		return sample{"cpu": median(times)}
	case "cancel-deep": // with a million frames to unwind
		var times []float64
		for range max(repeats, 1) {
			times = append(times, cancelOnce(1_000_000))
		}
		return sample{"cpu": median(times)}
	}
	never("no way %q", way)
	return nil
}

// cancelOnce cancels a recursion that has gone depth levels down and calls guarded functions
// there, and returns how long it took to end.
func cancelOnce(depth int) (ns float64) {
	ctx, cancel := context.WithCancel(context.Background())
	start := 0.0
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		return (&workload.Hot{Stack: s}).Handle(depth, func() {
			start = cpuTime()
			cancel()
			for {
				(&workload.Linear{Stack: s}).Handle(3)
			}
		}), nil
	}, unlimited)
	ns = cpuTime() - start
	want(err, context.Canceled)
	return ns
}

// gapWork goes n levels down and looks at the clock there without pause, while another
// goroutine collects: the longest gap between two looks is how long the collection stopped
// the recursion. The scheduler of a busy machine makes gaps too, so the shortest of the
// repeats counts.
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
	case "idle": // with nothing on the stack
		fresh(func() { (&workload.Hot{}).Plain(0, look) })
	case "plain fresh":
		fresh(func() { (&workload.Hot{}).Plain(n, look) })
	case "free fresh":
		fresh(func() { (&workload.Hot{}).Free(n, look) })
	case "handle new":
		newStack(func(s *vstack.Stack) { (&workload.Hot{Stack: s}).Handle(n, look) })
	default:
		never("no way %q", way)
	}
	return sample{"wall": quantile(gaps, 0)}
}

// allocsWork counts allocations for each of n levels. The stack has gone as deep before, and
// what the root call allocates does not count.
func allocsWork(way string, n, repeats int) (s sample) {
	warm(func(run func(func(s *vstack.Stack))) {
		run(func(stack *vstack.Stack) {
			down := (&workload.Linear{Stack: stack}).Handle
			if way == "free warm" {
				down = (&workload.Linear{}).Free
			}
			s = sample{"allocs": testing.AllocsPerRun(max(repeats, 1), func() { down(n) }) / float64(n)}
		})
	})
	return s
}

// manyWork runs n recursions of 25,600 levels, each on a goroutine of its own, all started at
// once: 600 KiB of plain stack, and what vstack takes for it.
func manyWork(way string, n, repeats int) sample {
	const depth = 25_600
	var overflows atomic.Int64
	one := map[string]func(){
		"plain fresh": func() { want((&workload.Linear{}).Single(depth), depth) },
		"free fresh": func() {
			var err error
			func() {
				defer vstack.Catch(&err)
				want((&workload.Linear{}).FreeSplit(depth), depth)
			}()
			if errors.Is(err, vstack.ErrOverflow) {
				overflows.Add(1)
			}
		},
		"handle new": func() {
			_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
				return (&workload.Linear{Stack: s}).HandleSplit(depth), nil
			})
			if errors.Is(err, vstack.ErrOverflow) {
				overflows.Add(1)
			}
		},
	}[way]
	if one == nil {
		never("no way %q", way)
	}
	if n >= 100_000 {
		repeats = 0 // it takes minutes
	}
	s := timed(n*depth, repeats, func() {
		var all sync.WaitGroup
		for range n {
			all.Go(one)
		}
		all.Wait()
	})
	s["overflows"] = float64(overflows.Load())
	return s
}

// coresWork runs 16 recursions of n levels with as many at a time as there are processors: CPU
// and time on the wall for each level of all of them.
func coresWork(way string, n, repeats int) sample {
	procs := runtime.GOMAXPROCS(0)
	form := map[string]func(){
		"plain fresh": func() { fresh(func() { want((&workload.Linear{}).Plain(n), n) }) },
		"free fresh":  func() { fresh(func() { want((&workload.Linear{}).FreeSplit(n), n) }) },
		"handle new":  func() { newStack(func(s *vstack.Stack) { want((&workload.Linear{Stack: s}).HandleSplit(n), n) }) },
	}[way]
	if form == nil {
		never("no way %q", way)
	}
	const jobs = 16
	return timed(jobs*n, repeats, func() {
		var next atomic.Int64
		var all sync.WaitGroup
		for range procs {
			all.Go(func() {
				for next.Add(1) <= jobs {
					form()
				}
			})
		}
		all.Wait()
	})
}

// insteadWork measures one form of one work of package instead; way is its name, and the form:
// "WORK/FORM". The sum of its results tells whether all forms compute the same.
func insteadWork(way string, n, repeats int) (s sample) {
	name, form, _ := strings.Cut(way, "/")
	for _, w := range instead.All {
		if w.Name != name {
			continue
		}
		input := w.Make(n)
		fn := input.Forms[form]
		if fn == nil {
			never("%s has no form %q", name, form)
		}
		sum := 0
		once := func(stack *vstack.Stack) {
			var err error
			sum, err = fn(stack)
			want(err, nil)
		}
		place := "fresh"
		if form == "handle" {
			place = "new"
		}
		runtime.GC()
		s = run(form+" "+place, input.Count, repeats, map[string]func(*vstack.Stack){form: once})
		s["sum"] = float64(sum & (1<<52 - 1))
		return s
	}
	never("no work %q", name)
	return nil
}
