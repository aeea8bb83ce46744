package vstack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// overflowIn returns the error of a recursion that overflows.
func overflowIn(t *testing.T, maxMemory int64, opts ...vstack.Option) *vstack.OverflowError {
	t.Helper()
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		c := &calculator{s, binary, func() {}}
		return c.eval(1 << 30), nil
	}, append(opts, vstack.WithMaxMemory(maxMemory))...)
	var overflow *vstack.OverflowError
	if !errors.As(err, &overflow) {
		t.Fatalf("got %v", err)
	}
	return overflow
}

func TestOverflowReport(t *testing.T) {
	e := overflowIn(t, 64*mib, vstack.WithName("sums"))
	if strings.Contains(e.Error(), "\n") || fmt.Sprint(e) != e.Error() || fmt.Sprintf("%s", e) != e.Error() || fmt.Sprintf("%q", e) != fmt.Sprintf("%q", e.Error()) {
		t.Errorf("the error is not one line: %v", e)
	}
	cycle, ok := e.Cycle()
	if !ok || !strings.HasPrefix(cycle.String(), "eval -> evalBinary -> eval x ") {
		t.Errorf("the cycle is %s", cycle)
	}
	if e.Limit != 64*mib || e.Hops < 100 || e.Trace.Segments < 100 || e.Trace.Walked != 8 || e.Trace.Name != "sums" {
		t.Errorf("%d hops, %d of %d segments", e.Hops, e.Trace.Walked, e.Trace.Segments)
	}
	walked := int64(0)
	for _, part := range e.Trace.Parts {
		walked += part.Bytes
	}
	// At the limit there are large segments, where huge ones would not fit, as many as the
	// root leaves room for: the runtime may have started its goroutine with a larger stack.
	if walked < 4*(128<<10+512<<10) || walked > 8*512<<10 {
		t.Errorf("%d bytes in 8 segments", walked)
	}
	first, last := e.Trace.Root, e.Trace.Top
	if len(first) != 10 || len(last) != 10 || !strings.HasSuffix(last[0].Function, ").eval") || first[9].Function != "testing.tRunner" {
		t.Errorf("the first frames are %v, the last ones %v", first, last)
	}
	text := fmt.Sprintf("%+v", e)
	at := 0
	for _, part := range []string{
		e.Error() + "\n", "the recursion, ", ").eval(...)\n\t", "evalBinary(...)\n\t", "where it began", "testing.tRunner(...)\n\t",
	} {
		i := strings.Index(text[at:], part)
		if i < 0 {
			t.Fatalf("%q is missing, or not where it should be, in\n%s", part, text)
		}
		at += i
	}
	if lines := strings.Count(text, "\n"); lines > 40 {
		t.Errorf("%d lines", lines)
	}
	// A copy without a trace prints its line.
	if got := fmt.Sprintf("%+v", &vstack.OverflowError{Limit: 5}); !strings.HasPrefix(got, "vstack: stack overflow") {
		t.Error(got)
	}
}

// The report costs no more for a deep stack than for a shallow one.
func TestOverflowReportBounded(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("looks at the time")
	}
	var walked []int
	for _, size := range []int64{8 * mib, 256 * mib} {
		walked = append(walked, overflowIn(t, size).Trace.Walked)
	}
	if walked[0] != walked[1] {
		t.Errorf("walked %d segments", walked)
	}
}

type mistake struct{ text []string } // cannot be compared

// The hook is called once, where the panic began, before its frames are gone;
// whoever recovers gets the same value as without it.
func TestPanicHook(t *testing.T) {
	for name, test := range map[string]struct {
		value  any
		repeat bool // a deferred call recovers the panic and panics again
	}{
		"error":    {errors.New("mine"), false},
		"pointer":  {&mistake{}, false},
		"struct":   {mistake{[]string{"no"}}, false}, // it cannot be compared
		"repeated": {errors.New("mine"), true},
	} {
		var seen []vstack.Panic
		s := vstack.New(vstack.WithName("hooked"), vstack.WithPanicHook(func(p vstack.Panic) { seen = append(seen, p) }))
		for round := range 2 { // and again
			seen = nil
			got, unwound := explodes(s, test.value, test.repeat)
			if reflect.TypeOf(test.value).Comparable() && got != test.value || !reflect.DeepEqual(got, test.value) {
				t.Errorf("%s: recovered %v", name, got)
			}
			if len(seen) != 1 {
				t.Fatalf("%s, round %d: called %d times", name, round, len(seen))
			}
			trace := seen[0].Trace
			if unwound != 1 || trace.Name != "hooked" || times(trace, ").evalBinary") < 19_999 ||
				!strings.HasSuffix(trace.Top[0].Function, ".explode") || trace.Root[len(trace.Root)-1].Function != "testing.tRunner" {
				t.Errorf("%s: %s", name, trace.Summary())
			}
		}
		s.Close()
	}
}

// explodes panics with value deep in a stack, in a frame in a recursion in a frame. It
// returns what reached the caller, and how many deferred calls of the panic's frame ran.
func explodes(s *vstack.Stack, value any, repeat bool) (got any, unwound int) {
	defer func() { got = recover() }()
	_ = s.Run(context.Background(), func(ctx context.Context) error {
		c := &calculator{s, binary, nil}
		c.kind = func(n int) int {
			if n == 10_000 && repeat {
				return 1
			}
			return 0
		}
		c.leaf = func() {
			_ = s.Run(ctx, func(context.Context) error {
				defer func() { unwound++ }()
				explode(value)
				return nil
			})
		}
		if repeat {
			defer func() { panic(recover()) }()
		}
		c.eval(50_000)
		return nil
	})
	return nil, unwound
}

//go:noinline
func explode(value any) { panic(value) }

// A hook is told of panics only, and of each: one that was recovered deep down,
// one of the runtime's, and none for overflow and cancellation.
func TestPanicHookWhich(t *testing.T) {
	var seen []any
	s := vstack.New(vstack.WithMaxMemory(8*mib), vstack.WithPanicHook(func(p vstack.Panic) { seen = append(seen, p.Value) }))
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Run(ctx, func(ctx context.Context) error {
		for _, value := range []any{"one", "one", "two"} {
			func() {
				defer func() { _ = recover() }()
				c := &calculator{s, binary, func() { explode(value) }}
				c.eval(10_000)
			}()
		}
		func() {
			defer func() { _ = recover() }()
			var none map[string]int
			c := &calculator{s, binary, func() { none["x"] = 1 }}
			c.eval(10_000)
		}()
		if err := s.Run(ctx, func(context.Context) error { count(s, 1<<30); return nil }); !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		cancel()
		for {
			count(s, 1000)
			runtime.Gosched() // for whoever poisons the limit
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(seen) != 4 || !slices.Equal(seen[:3], []any{"one", "one", "two"}) {
		t.Errorf("told of %q", seen)
	} else if _, ok := seen[3].(runtime.Error); !ok {
		t.Errorf("told of %q", seen)
	}
}

// The hook of a branch is its scope's.
func TestPanicHookOfBranch(t *testing.T) {
	calls := 0
	s := vstack.New(vstack.WithPanicHook(func(p vstack.Panic) {
		calls++
		if !strings.HasSuffix(p.Trace.Top[0].Function, ".explode") {
			t.Error(p.Trace)
		}
	}))
	defer s.Close()
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = s.Run(context.Background(), func(ctx context.Context) error {
			return s.Scope(ctx, func(scope *vstack.Scope) error {
				scope.Go(func(_ context.Context, b *vstack.Stack) error {
					c := &calculator{b, binary, func() { explode("boom") }}
					c.eval(60_000)
					return nil
				})
				return nil
			})
		})
	}()
	if calls != 1 {
		t.Errorf("called %d times", calls)
	}
}

// An unrecovered panic that leaves the stack: Go prints where it began, and the
// value as it is.
func TestPanicUnrecovered(t *testing.T) {
	if os.Getenv(vstack.ChildEnv) != "" {
		_, _ = vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
			c := &calculator{s, binary, func() { explode("boom") }}
			return c.eval(20_000), nil
		}, vstack.WithName("sums"))
	}
	out, err := runChild(t)
	if err == nil {
		t.Fatalf("the child lives:\n%s", out)
	}
	if !regexp.MustCompile(`(?s)panic: vstack: the panic below began in a virtual stack "sums", here:\s+` +
		`[^\n]*\.explode\(\.\.\.\)\n\s+[^\n]*observe_test\.go:\d+ \+0x[^\n]*\n.*` +
		`\.evalBinary\(\.\.\.\)\n.*the 2 frames above \d+ times\.\.\..*additional frames elided.*\tpanic: boom`).MatchString(out) {
		t.Errorf("%.6000s", out)
	}
}

// The same for a task, whose root call ends in a step.
func TestPanicUnrecoveredTask(t *testing.T) {
	if os.Getenv(vstack.ChildEnv) != "" {
		s := vstack.New()
		_ = s.Start(context.Background(), func(context.Context) error {
			c := &calculator{s, binary, func() { explode("boom") }}
			c.eval(50_000)
			return nil
		}).Wait()
	}
	out, err := runChild(t)
	if err == nil || !regexp.MustCompile(`(?s)panic: vstack: the panic below began.*\.explode\(\.\.\.\)\n.*\tpanic: boom`).MatchString(out) {
		t.Errorf("%v\n%.6000s", err, out)
	}
}

// Whoever recovers it sees nothing of that, also when it happens again.
func TestPanicRecovered(t *testing.T) {
	for range 3 {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("recovered %v", got)
				}
				if got := recover(); got != nil {
					t.Errorf("and then %v", got)
				}
			}()
			s := vstack.New()
			defer s.Close()
			s.Do(func() { explode("boom") })
		}()
	}
}

func TestStats(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	s := vstack.New(vstack.WithIdleMemory(1 << 30))
	defer s.Close()
	if got := s.Stats(); got != (vstack.Stats{}) {
		t.Errorf("of a new stack: %+v", got)
	}
	var deep vstack.Stats
	run := func() {
		err := s.Run(context.Background(), func(context.Context) error {
			c := &calculator{s, binary, func() { deep = s.Stats() }}
			c.eval(50_000)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run()
	n := deep.Segments
	if !deep.Running || n < 5 || deep.Bytes != 128<<10+int64(n-1)*512<<10 || deep.PeakBytes != deep.Bytes || deep.Hops != int64(n) ||
		deep.Started != int64(n) || deep.Reused != 0 || deep.Idle != 0 {
		t.Errorf("deep: %+v", deep)
	}
	if got, want := s.Stats(), (vstack.Stats{PeakBytes: deep.Bytes, Hops: int64(n), Splits: deep.Splits, Started: int64(n), Idle: n}); got != want {
		t.Errorf("idle:\n%+v, want\n%+v", got, want)
	}
	run() // which begins on a huge worker, and may need one segment less
	hops := int64(n + deep.Segments)
	if got := s.Stats(); deep.Segments < n-1 || deep.Segments > n || got.Hops != hops || got.Reused < int64(n)-1 ||
		got.Started+got.Reused != hops || int64(got.Idle) != got.Started {
		t.Errorf("after the second time: %+v", got)
	}
	s.Close()
	if got := s.Stats(); got.Idle != 0 || got.Running {
		t.Errorf("closed: %+v", got)
	}
	var none *vstack.Stack
	if got := none.Stats(); got != (vstack.Stats{}) {
		t.Error(got)
	}
}

// From other goroutines, while everything moves.
func TestStatsConcurrent(t *testing.T) {
	needsPreemption(t)
	s := vstack.New()
	defer s.Close()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			last := int64(0)
			for {
				select {
				case <-stop:
					return
				default:
				}
				got := s.Stats()
				if got.Hops < last || got.Idle < 0 || got.Reused < 0 || got.Bytes > got.PeakBytes {
					t.Errorf("%+v", got)
					return
				}
				last = got.Hops
				for _, other := range vstack.Stacks() {
					_ = other.Stats()
				}
			}
		})
	}
	for range 50 {
		_ = s.Run(context.Background(), func(context.Context) error {
			count(s, 20_000)
			return nil
		})
		_, _ = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) { return 0, nil })
	}
	close(stop)
	readers.Wait()
}

// ids returns the ids of the live stacks of the given name.
func ids(name string) (all []uint64) {
	for _, s := range vstack.Stacks() {
		if s.Name() == name {
			all = append(all, s.ID())
		}
	}
	return all
}

// Live stacks are found, and only those; being found keeps none alive.
func TestStacks(t *testing.T) {
	const name = "registered"
	before := time.Now()
	a := vstack.New(vstack.WithName(name))
	defer a.Close()
	b := vstack.New(vstack.WithName(name))
	if got := ids(name); !slices.Equal(got, []uint64{a.ID(), b.ID()}) || a.ID() >= b.ID() {
		t.Errorf("%d", got)
	}
	if made := a.Made(); made.Before(before) || made.After(time.Now()) {
		t.Errorf("made at %v", made)
	}
	b.Close()
	b.Close()
	if got := ids(name); !slices.Equal(got, []uint64{a.ID()}) {
		t.Errorf("after Close: %d", got)
	}
	_, _ = vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		if got := ids(name); !slices.Equal(got, []uint64{a.ID(), s.ID()}) {
			t.Errorf("in Run: %d", got)
		}
		return 0, nil
	}, vstack.WithName(name))
	pool := vstack.NewPool(vstack.WithName(name))
	_ = pool.Run(context.Background(), func(context.Context, *vstack.Stack) error { return nil })
	if got := ids(name); len(got) != 2 {
		t.Errorf("with one of a pool: %d", got)
	}
	pool.Close()
	if got := ids(name); !slices.Equal(got, []uint64{a.ID()}) {
		t.Errorf("at the end: %d", got)
	}
	dropped := vstack.New(vstack.WithName("dropped"))
	_ = dropped.Run(context.Background(), func(context.Context) error { return nil })
	runtime.KeepAlive(dropped)
	gone := false
	for range 100 {
		runtime.GC()
		if gone = len(ids("dropped")) == 0; gone {
			break
		}
		runtime.Gosched()
	}
	if !gone {
		t.Error("a dropped stack is still there")
	}
	settle(t, 0)
}

// The goroutines of a stack with a name have its label, besides those of the
// context, and the caller keeps its own.
func TestName(t *testing.T) {
	withLabel(context.Background(), "request", "7", func(ctx context.Context) {
		for round := range 2 {
			s := vstack.New(vstack.WithName("sums"))
			for range 2 { // with new workers and with used ones
				_ = s.Run(ctx, func(ctx context.Context) error {
					if name, _ := pprof.Label(ctx, "vstack"); name != "sums" {
						t.Errorf("the context has the label %q", name)
					}
					c := &calculator{s, binary, func() {
						names, requests := labelled(t, ".evalBinary", "vstack"), labelled(t, ".evalBinary", "request")
						if len(names) < 4 || slices.Contains(names, "") || slices.Contains(requests, "") {
							t.Errorf("round %d: labels %q and %q", round, names, requests)
						}
					}}
					c.eval(60_000)
					return nil
				})
			}
			s.Do(func() {
				if names := labelled(t, "TestName.func1.2", "vstack"); !slices.Equal(names, []string{"sums"}) {
					t.Errorf("in Grow: %q", names)
				}
			})
			s.Close()
		}
		if names := labelled(t, ".TestName.func1", "vstack"); !slices.Equal(names, []string{""}) {
			t.Errorf("the caller has the labels %q", names)
		}
	})
}

// An execution trace has a task for each root call and a region for each hop.
func TestExecutionTrace(t *testing.T) {
	s := vstack.New(vstack.WithName("sums"))
	defer s.Close()
	var text bytes.Buffer
	if err := trace.Start(&text); err != nil {
		t.Skip("somebody else traces:", err)
	}
	err := s.Run(context.Background(), func(ctx context.Context) error {
		if got, ok := vstack.FromContext(ctx); !ok || got != s {
			t.Error("the context does not know the stack")
		}
		if got := count(s, 10_000); got != 10_000 {
			t.Error(got)
		}
		_, _ = vstack.Await(s, func() (int, error) { return 0, nil })
		return s.Run(ctx, func(context.Context) error { return nil })
	})
	s.Do(func() {})
	stepped := vstack.New(vstack.WithName("stepped"))
	defer stepped.Close()
	if err := stepped.Start(context.Background(), func(ctx context.Context) error {
		return stepped.Scope(ctx, func(scope *vstack.Scope) error {
			scope.Go(func(_ context.Context, b *vstack.Stack) error { count(b, 10_000); return nil })
			return nil
		})
	}).Wait(); err != nil {
		t.Error(err)
	}
	trace.Stop()
	if err != nil {
		t.Error(err)
	}
	// The strings of a trace are in it once; go tool trace shows the rest.
	for _, part := range []string{"vstack sums", "vstack stepped", "vstack hop", "vstack await"} {
		if !bytes.Contains(text.Bytes(), []byte(part)) {
			t.Errorf("no %q in the execution trace", part)
		}
	}
}

func ExampleWithPanicHook() {
	hook := func(p vstack.Panic) {
		fmt.Println(p.Value, "in", p.Trace.Top[0].Function[strings.LastIndex(p.Trace.Top[0].Function, ".")+1:])
	}
	defer func() { fmt.Println("recovered:", recover()) }()
	_, _ = vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		c := &calculator{stack: s, kind: binary, leaf: func() { explode("out of cheese") }}
		return c.eval(100_000), nil
	}, vstack.WithPanicHook(hook))
	// Output:
	// out of cheese in explode
	// recovered: out of cheese
}

func ExampleStack_Stats() {
	stack := vstack.New(vstack.WithName("sums"))
	defer stack.Close()
	_ = stack.Run(context.Background(), func(context.Context) error {
		count(stack, 1_000_000)
		return nil
	})
	stats := stack.Stats()
	fmt.Println(stack.Name(), stats.Running, stats.Segments, stats.PeakBytes > 1<<20, stats.Hops > 10)
	// Output: sums false 0 true true
}

func ExampleOverflowError_Cycle() {
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		return count(s, 1<<30), nil
	}, vstack.WithMaxMemory(1<<20))
	var overflow *vstack.OverflowError
	if errors.As(err, &overflow) {
		cycle, _ := overflow.Cycle()
		fmt.Println(strings.SplitAfter(cycle.String(), " x ")[0] + "...")
		// fmt.Printf("%+v", overflow) prints the whole report.
	}
	// Output: count -> count x ...
}

// The hook is told once of each panic, whatever its value.
func TestPanicHookOnce(t *testing.T) {
	for _, value := range []any{math.NaN(), "text", struct{ f float64 }{math.NaN()}, []int{1}} {
		told := 0
		s := vstack.New(vstack.WithPanicHook(func(vstack.Panic) { told++ }))
		func() {
			defer func() { _ = recover() }()
			var rec func(n int)
			rec = func(n int) {
				if n == 0 {
					panic(value)
				}
				s.Do(func() { rec(n - 1) })
			}
			rec(40)
		}()
		s.Close()
		if told != 1 {
			t.Errorf("the hook was told %d times of panic(%v)", told, value)
		}
	}
}
