package vstack_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// Parallel divide and conquer: the same recursion on one stack and on the
// stacks of a group. Each iteration does both, one after the other, so that
// whatever else the machine does hits both; compare the medians:
//
//	go test ./vstack -run '^$' -bench Parallel -benchtime 15x -cpu 2

type tree struct {
	left, right *tree
	value       int
}

// newTree makes a tree with n nodes of random shape, deeper than a balanced one.
// The nodes come from one slice, in the order of a walk.
func newTree(n int) *tree {
	r := rand.New(rand.NewPCG(1, 2))
	nodes := make([]tree, n)
	var grow func(nodes []tree) *tree
	grow = func(nodes []tree) *tree {
		if len(nodes) == 0 {
			return nil
		}
		rest := nodes[1:]
		k := 0
		if len(rest) > 0 {
			k = len(rest)/4 + r.IntN(len(rest)/2+1)
		}
		nodes[0] = tree{grow(rest[:k]), grow(rest[k:]), r.IntN(100)}
		return &nodes[0]
	}
	return grow(nodes)
}

type treeSummer struct{ stack *vstack.Stack }

func (s treeSummer) sum(t *tree) int {
	if s.stack.Low() {
		return vstack.GrowOn(s.stack, func() int { return s.sum(t) })
	}
	if t == nil {
		return 0
	}
	return t.value + s.sum(t.left) + s.sum(t.right)
}

// parallelSum sums the subtrees levels down in parallel.
func parallelSum(t *tree, levels int) (total int, err error) {
	g := vstack.NewGroup(context.Background())
	g.SetLimit(runtime.GOMAXPROCS(0))
	sums := make([]int, 1<<levels)
	var split func(t *tree, levels, i int)
	split = func(t *tree, levels, i int) {
		switch {
		case t == nil:
		case levels == 0:
			g.Go(func(_ context.Context, stack *vstack.Stack) error {
				sums[i] = treeSummer{stack}.sum(t)
				return nil
			})
		default:
			total += t.value
			split(t.left, levels-1, 2*i)
			split(t.right, levels-1, 2*i+1)
		}
	}
	split(t, levels, 0)
	err = g.Wait()
	for _, sum := range sums {
		total += sum
	}
	return total, err
}

type sorter struct{ stack *vstack.Stack }

// sort sorts a; tmp has the same length.
func (s sorter) sort(a, tmp []int) {
	if s.stack.Low() {
		s.stack.Do(func() { s.sort(a, tmp) })
		return
	}
	if len(a) <= 24 {
		for i := 1; i < len(a); i++ {
			x, j := a[i], i
			for ; j > 0 && a[j-1] > x; j-- {
				a[j] = a[j-1]
			}
			a[j] = x
		}
		return
	}
	m := len(a) / 2
	s.sort(a[:m], tmp[:m])
	s.sort(a[m:], tmp[m:])
	copy(tmp, a)
	mergeUp(a, tmp[:m], tmp[m:])
}

// mergeUp merges x and y into the front of to, as far as it has room.
func mergeUp(to, x, y []int) {
	for k := range to {
		if len(y) == 0 || len(x) > 0 && x[0] <= y[0] {
			to[k], x = x[0], x[1:]
		} else {
			to[k], y = y[0], y[1:]
		}
	}
}

// mergeDown does the same from the other end, with the largest first.
func mergeDown(to, x, y []int) {
	for k := len(to) - 1; k >= 0; k-- {
		if i := len(x) - 1; len(y) == 0 || i >= 0 && x[i] > y[len(y)-1] {
			to[k], x = x[i], x[:i]
		} else {
			to[k], y = y[len(y)-1], y[:len(y)-1]
		}
	}
}

// parallelSort sorts the halves in parallel, levels deep, and merges them from
// both ends at once.
func parallelSort(a, tmp []int, levels int) error {
	m := len(a) / 2
	g := vstack.NewGroup(context.Background())
	for _, half := range [][2][]int{{a[:m], tmp[:m]}, {a[m:], tmp[m:]}} {
		g.Go(func(_ context.Context, stack *vstack.Stack) error {
			if levels > 1 {
				return parallelSort(half[0], half[1], levels-1)
			}
			sorter{stack}.sort(half[0], half[1])
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	g = vstack.NewGroup(context.Background())
	g.Go(func(context.Context, *vstack.Stack) error {
		copy(tmp[:m], a[:m])
		return nil
	})
	copy(tmp[m:], a[m:])
	if err := g.Wait(); err != nil {
		return err
	}
	g = vstack.NewGroup(context.Background())
	g.Go(func(context.Context, *vstack.Stack) error {
		mergeUp(a[:m], tmp[:m], tmp[m:])
		return nil
	})
	mergeDown(a[m:], tmp[:m], tmp[m:])
	return g.Wait()
}

func onOneStack(fn func(stack *vstack.Stack)) error {
	_, err := vstack.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) (int, error) {
		fn(stack)
		return 0, nil
	})
	return err
}

func TestParallelDivideAndConquer(t *testing.T) {
	tree := newTree(100_000)
	want := treeSummer{}.sum(tree)
	for levels := range 8 {
		if got, err := parallelSum(tree, levels); err != nil || got != want {
			t.Errorf("sum, %d levels: %d, %v; want %d", levels, got, err, want)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 3, 25, 1000, 99_999} {
		a := make([]int, n)
		for i := range a {
			a[i] = r.IntN(n)
		}
		sorted := slices.Sorted(slices.Values(a))
		for levels := 1; levels < 4; levels++ {
			b := slices.Clone(a)
			if err := parallelSort(b, make([]int, n), levels); err != nil || !slices.Equal(b, sorted) {
				t.Errorf("sort, %d numbers, %d levels: wrong, %v", n, levels, err)
			}
		}
	}
}

func BenchmarkParallelTreeSum(b *testing.B) {
	tree := newTree(10_000_000)
	want := treeSummer{}.sum(tree)
	got := 0
	interleave(b, func() { got = 0 }, func() error {
		return onOneStack(func(stack *vstack.Stack) { got = treeSummer{stack}.sum(tree) })
	}, func() (err error) {
		got, err = parallelSum(tree, 7)
		return err
	}, func() bool { return got == want })
}

func BenchmarkParallelMergeSort(b *testing.B) {
	const n = 50_000_000
	r := rand.New(rand.NewPCG(5, 6))
	input, a, tmp := make([]int, n), make([]int, n), make([]int, n)
	for i := range input {
		input[i] = int(r.Int64())
	}
	interleave(b, func() { copy(a, input) }, func() error {
		return onOneStack(func(stack *vstack.Stack) { sorter{stack}.sort(a, tmp) })
	}, func() error {
		return parallelSort(a, tmp, 2)
	}, func() bool { return slices.IsSorted(a) })
}

// interleave reports the medians of one and group in milliseconds, and how many
// times faster group is. Before and right, which checks a result, do not count.
func interleave(b *testing.B, before func(), one, group func() error, right func() bool) {
	var times [2][]float64
	b.ResetTimer()
	for range b.N {
		for i, fn := range []func() error{one, group} {
			before()
			runtime.GC()
			start := time.Now()
			err := fn()
			times[i] = append(times[i], float64(time.Since(start).Microseconds())/1000)
			if err != nil || !right() {
				b.Fatal("wrong result", err)
			}
		}
	}
	slices.Sort(times[0])
	slices.Sort(times[1])
	ones, groups := times[0][b.N/2], times[1][b.N/2]
	b.ReportMetric(ones, "ms/one-stack")
	b.ReportMetric(groups, "ms/group")
	b.ReportMetric(ones/groups, "times-faster")
	b.ReportMetric(times[0][0]/times[1][0], "times-faster-best")
}

// How late StepFor takes the baton back from a recursion that never hops, beside
// nothing else (quiet) and beside as many busy goroutines as processors (busy).
func BenchmarkStepFor(b *testing.B) {
	for _, load := range []string{"quiet", "busy"} {
		b.Run(load, func(b *testing.B) {
			var stop atomic.Bool
			defer stop.Store(true)
			if load == "busy" {
				for range runtime.GOMAXPROCS(0) {
					go func() {
						for !stop.Load() {
							fibonacci(nil, 10)
						}
					}()
				}
			}
			s := vstack.New()
			defer s.Close()
			task := s.Start(context.Background(), func(context.Context) error {
				fibonacci(s, 90)
				return nil
			})
			const d = time.Millisecond
			var late []float64
			for b.Loop() {
				start := time.Now()
				task.StepFor(d)
				late = append(late, float64((time.Since(start)-d).Nanoseconds())/1000)
			}
			_ = task.Cancel()
			slices.Sort(late)
			b.ReportMetric(late[len(late)/2], "us-late")
			b.ReportMetric(late[len(late)*99/100], "us-late-p99")
			b.ReportMetric(late[len(late)-1], "us-late-max")
		})
	}
}
