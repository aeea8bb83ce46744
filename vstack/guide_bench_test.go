package vstack_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

// The figures of docs/guide.md. Each is a ratio: two ways to write the same
// thing run in turn, and the median of all turns counts, so that a busy machine
// slows down both.
//
//	go test ./vstack -run '^$' -bench Guide

// compare reports the median of how many times as long as base other takes, and
// the median time of one of their calls, in ns.
func compare(b *testing.B, calls int, base, other func()) {
	b.Helper()
	base()
	other()
	var ratios, bases, others []float64
	for b.Loop() {
		start := time.Now()
		base()
		middle := time.Now()
		other()
		end := time.Now()
		b1, o1 := float64(middle.Sub(start)), float64(end.Sub(middle))
		bases, others = append(bases, b1), append(others, o1)
		ratios = append(ratios, o1/max(b1, 1))
	}
	median := func(v []float64) float64 {
		slices.Sort(v)
		return v[len(v)/2]
	}
	b.ReportMetric(median(ratios), "x")
	b.ReportMetric(median(bases)/float64(calls), "base-ns/call")
	b.ReportMetric(median(others)/float64(calls), "other-ns/call")
	b.ReportMetric(0, "ns/op")
}

// onStack runs fn in the root frame of a stack.
func onStack(b *testing.B, ctx context.Context, fn func(context.Context, *vstack.Stack)) {
	b.Helper()
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		fn(ctx, s)
		return 0, nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

const fibN = 20

var fibCalls = workload.FibCalls(fibN)

// handle is fib with the handle's guard, split the same in two functions.
func handle(s *vstack.Stack) { workload.FibHandle[0](&workload.Fib{Stack: s}, fibN) }
func split(s *vstack.Stack)  { workload.FibHandleSplit[0](&workload.Fib{Stack: s}, fibN) }

// caller is fib by Call: method makes a method value at every call, function one func
// value.
type caller struct{}

func (f caller) method(n int) int {
	if n < 2 {
		return n
	}
	return vstack.Call(f.method, n-1) + vstack.Call(f.method, n-2)
}

func (caller) function() (call func(int) int) {
	call = func(n int) int {
		if n < 2 {
			return n
		}
		return vstack.Call(call, n-1) + vstack.Call(call, n-2)
	}
	return call
}

// fibOnce hands the stack down beside the context, fibEach asks the context for
// it in every frame.
func fibOnce(ctx context.Context, s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return fibOnce(ctx, s, n) })
	}
	if n < 2 {
		return n
	}
	return fibOnce(ctx, s, n-1) + fibOnce(ctx, s, n-2)
}

func fibEach(ctx context.Context, n int) int {
	s, _ := vstack.FromContext(ctx)
	if s.Low() {
		return vstack.GrowOn(s, func() int { return fibEach(ctx, n) })
	}
	if n < 2 {
		return n
	}
	return fibEach(ctx, n-1) + fibEach(ctx, n-2)
}

// fibNamed captures a named result, fibReassigned a parameter that it assigns.
func fibNamed(s *vstack.Stack, n int) (r int) {
	if s.Low() {
		s.Do(func() { r = fibNamed(s, n) })
		return r
	}
	if n < 2 {
		return n
	}
	return fibNamed(s, n-1) + fibNamed(s, n-2)
}

func fibReassigned(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return fibReassigned(s, n) })
	}
	if n < 2 {
		return n
	}
	n--
	return fibReassigned(s, n) + fibReassigned(s, n-1)
}

// chain goes n frames down by stack.Run.
func chain(ctx context.Context, s *vstack.Stack, n int) error {
	if n == 0 {
		return nil
	}
	return s.Run(ctx, func(ctx context.Context) error { return chain(ctx, s, n-1) })
}

// A digits parser reads nested lists of digits such as [123[4]5].
type digits struct {
	stack *vstack.Stack
	text  string
	at    int
}

func nested(depth, scalars int) string {
	row := "7654321087654321"[:scalars]
	text := ""
	for range depth {
		text += "[" + row
	}
	for range depth {
		text += "]"
	}
	return text
}

// scalar has the guard at the head of what reads any value, so every digit pays
// for it.
func (p *digits) scalar() (int, error) {
	if p.stack.Low() {
		return vstack.GrowOn2(p.stack, p.scalar)
	}
	c := p.text[p.at]
	p.at++
	if c != '[' {
		return digit(c)
	}
	sum := 0
	for p.text[p.at] != ']' {
		n, err := p.scalar()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	p.at++
	return sum, nil
}

// value has no guard, container has one.
func (p *digits) value() (int, error) {
	c := p.text[p.at]
	if c == '[' {
		return p.container()
	}
	p.at++
	return digit(c)
}

func (p *digits) container() (int, error) {
	if p.stack.Low() {
		return vstack.GrowOn2(p.stack, p.container)
	}
	p.at++
	sum := 0
	for p.text[p.at] != ']' {
		n, err := p.value()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	p.at++
	return sum, nil
}

func digit(c byte) (int, error) {
	if c < '0' || c > '9' {
		return 0, errors.New("not a digit")
	}
	return int(c - '0'), nil
}

func BenchmarkGuide(b *testing.B) {
	background := context.Background()
	result := 0 // staticcheck wants it used
	plain := func() { result += workload.Bare(fibN) }
	b.Cleanup(func() { _ = result })
	bench := func(name string, fn func(b *testing.B, ctx context.Context, s *vstack.Stack)) {
		b.Run(name, func(b *testing.B) {
			onStack(b, background, func(ctx context.Context, s *vstack.Stack) { fn(b, ctx, s) })
		})
	}
	// roots makes every turn a root call, on a stack of its own for each way: what
	// one allocates makes the collector move the stack that it runs on.
	roots := func(name string, calls int, base, other func(*vstack.Stack)) {
		b.Run(name, func(b *testing.B) {
			root := func(fn func(*vstack.Stack)) func() {
				s := vstack.New()
				b.Cleanup(s.Close)
				return func() { s.Do(func() { fn(s) }) }
			}
			compare(b, calls, root(base), root(other))
		})
	}
	bench("plain-vs-guard", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		compare(b, fibCalls, plain, func() { handle(s) })
	})
	bench("plain-vs-guard-in-two-functions", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		compare(b, fibCalls, plain, func() { split(s) })
	})
	bench("plain-vs-guard-of-nil-stack", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		compare(b, fibCalls, plain, func() { handle(nil) })
	})
	bench("guard-vs-guard-with-cancelable-context", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		in := func(ctx context.Context) func() {
			return func() {
				if err := s.Run(ctx, func(context.Context) error { handle(s); return nil }); err != nil {
					b.Fatal(err)
				}
			}
		}
		cancelable, cancel := context.WithCancel(ctx)
		defer cancel()
		compare(b, fibCalls, in(ctx), in(cancelable))
	})
	bench("guard-vs-Call", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		call := caller{}.function()
		compare(b, fibCalls, func() { handle(s) }, func() { call(fibN) })
	})
	bench("guard-vs-Call-with-method-value", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		compare(b, fibCalls, func() { handle(s) }, func() { caller{}.method(fibN) })
	})
	bench("parameter-vs-FromContext-in-every-frame", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		compare(b, fibCalls, func() { fibOnce(ctx, s, fibN) }, func() { fibEach(ctx, fibN) })
	})
	bench("parameter-vs-FromContext-of-a-derived-context", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		type key struct{}
		ctx = context.WithValue(ctx, key{}, 1)
		compare(b, fibCalls, func() { fibOnce(ctx, s, fibN) }, func() { fibEach(ctx, fibN) })
	})
	roots("guard-vs-captured-named-result", fibCalls,
		func(s *vstack.Stack) { fibonacci(s, fibN) }, func(s *vstack.Stack) { fibNamed(s, fibN) })
	roots("guard-vs-captured-reassigned-parameter", fibCalls,
		func(s *vstack.Stack) { fibonacci(s, fibN) }, func(s *vstack.Stack) { fibReassigned(s, fibN) })
	bench("guard-vs-Run-per-level", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		const depth = 1000
		compare(b, depth, func() { count(s, depth) }, func() {
			if err := chain(ctx, s, depth); err != nil {
				b.Fatal(err)
			}
		})
	})
	bench("guard-per-container-vs-per-scalar", func(b *testing.B, ctx context.Context, s *vstack.Stack) {
		const depth, scalars = 100, 16
		text := nested(depth, scalars)
		parse := func(_ int, err error) {
			if err != nil {
				b.Fatal(err)
			}
		}
		compare(b, depth*(scalars+1),
			func() { parse((&digits{stack: s, text: text}).value()) },
			func() { parse((&digits{stack: s, text: text}).scalar()) })
	})
	b.Run("kept-stack-vs-new-stack-for-a-short-call", func(b *testing.B) {
		s := vstack.New()
		defer s.Close()
		work := func(context.Context) error { count(s, 10); return nil }
		const calls = 100
		compare(b, calls,
			func() {
				for range calls {
					if err := s.Run(background, work); err != nil {
						b.Fatal(err)
					}
				}
			},
			func() {
				for range calls {
					onStack(b, background, func(_ context.Context, s *vstack.Stack) { count(s, 10) })
				}
			})
	})
	b.Run("idle-memory-for-all-vs-default", func(b *testing.B) {
		const depth = 1_000_000
		all, some := vstack.New(vstack.WithIdleMemory(1<<30)), vstack.New()
		defer all.Close()
		defer some.Close()
		compare(b, depth, func() { count(all, depth) }, func() { count(some, depth) })
	})
}

// The allocations of the two mistakes, a call.
func BenchmarkGuideAllocs(b *testing.B) {
	for _, bm := range []struct {
		name string
		fn   func(*vstack.Stack, int) int
	}{
		{"guard", fibonacci},
		{"captured-named-result", fibNamed},
		{"captured-reassigned-parameter", fibReassigned},
	} {
		b.Run(bm.name, func(b *testing.B) {
			onStack(b, context.Background(), func(_ context.Context, s *vstack.Stack) {
				n := testing.AllocsPerRun(10, func() { bm.fn(s, fibN) })
				for b.Loop() {
					bm.fn(s, fibN)
				}
				b.ReportMetric(n/float64(fibCalls), "allocs/call")
				b.ReportMetric(0, "ns/op")
			})
		})
	}
}
