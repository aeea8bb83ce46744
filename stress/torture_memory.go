package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/vstack-go/vstack/vstack"
)

// collections has the collector run all the time, and stacks shrink, while
// recursions run that stay where they are, go deep, and go up and down.
func collections(seed uint64, n int) error {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	return parallel(3, func(kind int) error {
		r := rand.New(rand.NewPCG(seed, uint64(kind)))
		s := vstack.New()
		defer s.Close()
		var garbage [][]byte
		return s.Run(context.Background(), func(context.Context) error {
			for range n {
				levels := []int{10, 20_000, r.IntN(5_000)}[kind]
				for range []int{50, 1, 5}[kind] {
					garbage = append(garbage[:len(garbage)%100], make([]byte, 10_000))
					if got := depth(s, levels); got != levels {
						return fmt.Errorf("%d levels count %d", levels, got)
					}
				}
				// A stack that was used and now is not is what shrinks.
				w := &world{execution: newExecution(nil, 0), stack: s}
				_, err := natively(w, r.IntN(200), func() (int, error) {
					runtime.GC()
					if got := depth(s, 3_000); got != 3_000 {
						return 0, fmt.Errorf("3000 levels count %d", got)
					}
					return 0, nil
				})
				runtime.GC()
				if err == nil && len(w.broken) > 0 {
					err = errors.New(w.broken[0])
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Overflows has stacks stacks overflow against their limits at once, n times
// each, while one more goes on undisturbed. They meet when all of them are full.
func Overflows(n, stacks int, limit int64) error {
	full := make([]sync.WaitGroup, n)
	for i := range full {
		full[i].Add(stacks)
	}
	return parallel(stacks+1, func(i int) error {
		s := vstack.New(vstack.WithMaxMemory(limit))
		defer s.Close()
		for round := range n {
			if i == stacks {
				levels := int(limit) / 400
				if err := s.Run(context.Background(), func(context.Context) error {
					if got := depth(s, levels); got != levels {
						return fmt.Errorf("the one that does not overflow counts %d of %d levels", got, levels)
					}
					return nil
				}); err != nil {
					return err
				}
				continue
			}
			var seen tally
			err := s.Run(context.Background(), func(context.Context) error {
				overflow(s, &seen, func() {
					full[round].Done()
					full[round].Wait()
				})
				return nil
			})
			var overflow *vstack.OverflowError
			if !errors.As(err, &overflow) || !errors.Is(err, vstack.ErrOverflow) {
				return fmt.Errorf("stack %d: %v, want an overflow", i, err)
			}
			if overflow.Limit != limit || !within(overflow.Bytes, limit) || overflow.Bytes < limit/2 {
				return fmt.Errorf("stack %d: %+v", i, overflow)
			}
			if seen.entered != seen.left || seen.entered < 1000 {
				return fmt.Errorf("stack %d: %d frames entered, %d deferred calls run", i, seen.entered, seen.left)
			}
		}
		return nil
	})
}

// overflow recurses without end and calls full in the deepest frame, once the
// overflow has begun to unwind.
func overflow(s *vstack.Stack, seen *tally, full func()) {
	if low(s, seen.entered&1 == 0) {
		do(s, seen.entered&2 == 0, func() { overflow(s, seen, full) })
		return
	}
	seen.entered++
	defer func() {
		if seen.left++; seen.left == 1 {
			full()
		}
	}()
	overflow(s, seen, full)
}

// excursions goes down through up to 290 KB of unguarded frames between one guard
// and the next, again and again: no segment may pile them up without end.
func excursions(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 2))
	for range n {
		s := vstack.New()
		w := &world{execution: newExecution(nil, 0), stack: s}
		want := 0
		var down func(trips int) (int, error)
		down = func(trips int) (int, error) {
			if low(s, trips&1 == 0) {
				return vstack.Grow2(func() (int, error) { return down(trips) })
			}
			if trips == 0 {
				return 0, nil
			}
			frames := r.IntN(290)
			want += frames
			return natively(w, frames, func() (int, error) { return down(trips - 1) })
		}
		var got int
		var err error
		s.Do(func() { got, err = down(30) })
		s.Close()
		if got != want || err != nil || len(w.broken) > 0 {
			return fmt.Errorf("%d frames count %d, %v %v", want, got, err, w.broken)
		}
	}
	return nil
}

// fatFrames runs Run from frames of 20 to 200 KiB, one below the other, until the stack
// overflows: what it is charged with is what its goroutines have.
func fatFrames(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 3))
	for range n {
		limit := int64(1+r.IntN(16)) << 20
		s := vstack.New(vstack.WithMaxMemory(limit))
		w := &world{execution: newExecution(nil, 0), stack: s, other: s, limit: limit, record: newRecord()}
		runs := []func(*world, context.Context, func(context.Context) error) error{
			fat[[16 << 10]byte], fat[[60 << 10]byte], fat[[100 << 10]byte], fatter,
		}
		calls := 0
		var down func(context.Context) error
		down = func(ctx context.Context) error {
			calls++
			w.calls++
			return runs[r.IntN(len(runs))](w, ctx, down)
		}
		err := s.Run(context.Background(), down)
		var overflow *vstack.OverflowError
		if !errors.As(err, &overflow) {
			return fmt.Errorf("%v, want an overflow", err)
		}
		if !within(overflow.Bytes, limit) || calls < int(limit>>20) || calls > int(limit>>14) {
			return fmt.Errorf("at a limit of %d %d frames of up to 200 KiB, %d bytes", limit, calls, overflow.Bytes)
		}
		err = works(s)
		s.Close()
		if err != nil || len(w.broken) > 0 {
			return fmt.Errorf("%v %v", err, w.broken)
		}
	}
	return nil
}

// ambient recurses n levels on whatever goroutine calls it.
func ambient(n int, frames *[2]int) (r int) {
	if vstack.Low() {
		return vstack.Grow(func() int { return ambient(n, frames) })
	}
	frames[0]++
	defer func() { frames[1]++ }()
	if n == 0 {
		return 0
	}
	return ambient(n-1, frames) + 1
}

// ambients has goroutines that run on no stack recurse at the same time, within a
// default limit that is not enough for all: each gets its result or an overflow.
func ambients(seed uint64, n int) error {
	const limit = 64 << 20
	defer vstack.SetDefaultLimit(vstack.SetDefaultLimit(limit))
	for range n {
		err := parallel(50, func(i int) error {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 4 {
				levels := []int{100, 5_000, 20_000, 1 << 30}[r.IntN(4)]
				var frames [2]int
				got, err := func() (got int, err error) {
					defer vstack.Catch(&err)
					return ambient(levels, &frames), nil
				}()
				if err == nil && got != levels || err != nil && !errors.Is(err, vstack.ErrOverflow) || levels == 1<<30 && err == nil {
					return fmt.Errorf("%d levels count %d, %v", levels, got, err)
				}
				if levels == 100 && err != nil {
					return fmt.Errorf("a shallow recursion: %w", err)
				}
				if frames[0] != frames[1] || vstack.Current() != nil {
					return fmt.Errorf("%d frames entered, %d left", frames[0], frames[1])
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		// All that was charged has come back: one may have nearly all of it.
		vstack.CloseIdle()
		var frames [2]int
		if levels := limit / 400; ambient(levels, &frames) != levels {
			return errors.New("wrong count")
		}
	}
	return nil
}

// budgets has stacks, pools and single ones, share a budget that is not enough for all.
func budgets(seed uint64, n int) error {
	const size = 32 << 20
	for range n {
		b := vstack.NewBudget(size)
		pool := vstack.NewPool(vstack.WithBudget(b))
		single := make([]*vstack.Stack, 4)
		for i := range single {
			single[i] = vstack.New(vstack.WithBudget(b), vstack.WithMaxMemory(size/2))
		}
		err := parallel(16, func(i int) error {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 10 {
				levels := []int{10, 20_000, 1 << 30}[r.IntN(3)]
				var seen tally
				fn := func(_ context.Context, s *vstack.Stack) error {
					seen.recurse(s, levels, func() {})
					return nil
				}
				var err error
				if i < len(single) {
					err = single[i].Run(context.Background(), func(ctx context.Context) error { return fn(ctx, single[i]) })
				} else {
					err = pool.Run(context.Background(), fn)
				}
				if seen.entered != seen.left || err != nil && !errors.Is(err, vstack.ErrOverflow) || err == nil && seen.entered != levels+1 {
					return fmt.Errorf("%d of %d levels entered, %d left: %v", seen.entered, levels, seen.left, err)
				}
				if used := b.InUse(); used > size {
					return fmt.Errorf("%d bytes of %d in use", used, size)
				}
			}
			return nil
		})
		pool.Close()
		for _, s := range single {
			err = errors.Join(err, works(s))
			s.Close()
		}
		if used := b.InUse(); used != 0 {
			err = errors.Join(err, fmt.Errorf("%d bytes of the budget are in use, by nobody", used))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
