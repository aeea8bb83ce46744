package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// A Torture does one unkind thing n times over and returns an error for the
// first promise that is broken. What it does follows from the seed, as far as
// goroutines that run side by side let it.
type Torture struct {
	Name string
	N    int // as often as a test does it
	Run  func(seed uint64, n int) error
}

// Tortures are all there are.
var Tortures = []Torture{
	{"collections", 20, collections},
	{"overflows", 3, func(_ uint64, n int) error { return Overflows(n, 64, 2<<20) }},
	{"cancel storm", 10_000, cancelStorm},
	{"unwinding", 300, unwinding},
	{"excursions", 20, excursions},
	{"misuse", 200, misuses},
	{"guards", 1000, guards},
}

// Balanced runs fn, which must leave no goroutine behind and at most slack bytes
// of heap and stacks. Nothing else may run meanwhile. The runtime keeps up to 64
// ended goroutines for each processor, with stacks of the size that new ones get,
// which it raises as it sees larger stacks; so if bytes are left fn runs again, up
// to 10 times. What fn itself leaves, it leaves every time.
func Balanced(slack int64, fn func() error) (err error) {
	for range 10 {
		goroutines, before := runtime.NumGoroutine(), bytesInUse()
		if err := fn(); err != nil {
			return err
		}
		// Workers that have been told to end need a moment, and cleanups too.
		after := int64(0)
		for range 100 {
			after = bytesInUse()
			if runtime.NumGoroutine() <= goroutines && after <= before+slack {
				return nil
			}
			runtime.Gosched()
		}
		err = fmt.Errorf("%d goroutines and %d bytes before, %d and %d after", goroutines, before, runtime.NumGoroutine(), after)
		if runtime.NumGoroutine() > goroutines {
			return err
		}
	}
	return err
}

func bytesInUse() int64 {
	runtime.GC()
	runtime.GC() // frees what the first one found
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// parallel calls fn(0) to fn(n-1) at the same time.
func parallel(n int, fn func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// depth recurses n levels through the guard and returns n. A local tells if
// something wrote into a frame.
func depth(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return depth(s, n) })
	}
	if n == 0 {
		return 0
	}
	var frame [64]byte
	frame[n&63] = byte(n)
	got := depth(s, n-1) + 1
	if frame[n&63] != byte(n) {
		panic("a local variable has changed")
	}
	return got
}

// counted is depth with a deferred call at each level, and calls fn at the end.
func counted(s *vstack.Stack, n int, entered, left *int, fn func()) {
	if s.Low() {
		s.Do(func() { counted(s, n, entered, left, fn) })
		return
	}
	*entered++
	defer func() { *left++ }()
	if n == 0 {
		fn()
		return
	}
	counted(s, n-1, entered, left, fn)
}

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
			entered, left := 0, 0
			err := s.Run(context.Background(), func(context.Context) error {
				overflow(s, &entered, &left, func() {
					full[round].Done()
					full[round].Wait()
				})
				return nil
			})
			var overflow *vstack.OverflowError
			if !errors.As(err, &overflow) || !errors.Is(err, vstack.ErrOverflow) {
				return fmt.Errorf("stack %d: %v, want an overflow", i, err)
			}
			if overflow.Limit != limit || overflow.Bytes > limit || overflow.Bytes < limit/2 {
				return fmt.Errorf("stack %d: %+v", i, overflow)
			}
			if entered != left || entered < 1000 {
				return fmt.Errorf("stack %d: %d frames entered, %d deferred calls run", i, entered, left)
			}
		}
		return nil
	})
}

// overflow recurses without end and calls full in the deepest frame, once the
// overflow has begun to unwind.
func overflow(s *vstack.Stack, entered, left *int, full func()) {
	if s.Low() {
		s.Do(func() { overflow(s, entered, left, full) })
		return
	}
	*entered++
	defer func() {
		if *left++; *left == 1 {
			full()
		}
	}()
	overflow(s, entered, left, full)
}

var longLived, _ = context.WithCancel(context.Background())

// cancelStorm cancels n stacks, each at some moment of some stage of its life.
func cancelStorm(seed uint64, n int) error {
	// One context above them all, that lives on: a watch that is left on it
	// stays in memory.
	parent := longLived
	const side = 4
	return parallel(side, func(k int) error {
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		for range n / side {
			if err := cancelOne(parent, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func cancelOne(parent context.Context, r *rand.Rand) error {
	want := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	s := vstack.New()
	defer s.Close()
	entered, left, ran := 0, 0, false
	spin := func() { // until the guard throws
		for {
			counted(s, r.IntN(300), &entered, &left, func() {})
			runtime.Gosched()
		}
	}
	// later cancels after a random while, from another goroutine.
	var canceler sync.WaitGroup
	defer canceler.Wait()
	later := func(turns int) {
		turns = r.IntN(turns)
		canceler.Go(func() {
			for range turns {
				runtime.Gosched()
			}
			cancel(want)
		})
	}
	stage := r.IntN(8)
	levels := r.IntN(4_000)
	switch stage {
	case 0: // before
		cancel(want)
	case 1, 2: // before the first hop, or while workers start
		later(10 * stage)
	case 3:
		later(300) // anywhere
	case 6:
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Duration(r.IntN(200))*time.Microsecond)
		defer stop()
		want = context.DeadlineExceeded
	case 7: // never; the context outlives the stack
		ctx, want = parent, nil
	}
	err := s.Run(ctx, func(ctx context.Context) error {
		ran = true
		switch stage {
		case 2:
			var hop func()
			hop = func() { // a new worker for each
				entered++
				defer func() { left++ }()
				if entered < 50 {
					s.Do(hop)
				}
			}
			hop()
		case 4: // while a panic unwinds
			func() {
				defer func() { _ = recover() }()
				counted(s, levels, &entered, &left, func() {
					defer counted(s, 1, &entered, &left, func() { cancel(want) })
					panic("unwinds")
				})
			}()
		case 5: // inside a deferred call, deep down
			counted(s, levels, &entered, &left, func() {
				defer spin()
				defer cancel(want)
			})
		case 7:
			return s.Run(ctx, func(context.Context) error {
				counted(s, levels, &entered, &left, func() {})
				return nil
			})
		}
		return s.Run(ctx, func(context.Context) error {
			spin()
			return nil
		})
	})
	if err != want {
		return fmt.Errorf("stage %d: Run returned %v, want the cause", stage, err)
	}
	if ran == (stage == 0) && stage != 1 && stage != 2 && stage != 3 && stage != 6 {
		return fmt.Errorf("stage %d: the function ran: %v", stage, ran)
	}
	if entered != left {
		return fmt.Errorf("stage %d: %d frames entered, %d deferred calls run", stage, entered, left)
	}
	return nil
}

// unwinding interrupts one unwinding with another: a deferred call that panics,
// overflows again or exits, while an overflow, a cancellation, a panic or Goexit
// unwinds.
func unwinding(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 1))
	// For more than three segments, so that the deferred call is not in the one that
	// has overflowed: there is no room for a hop then.
	s := vstack.New(vstack.WithMaxMemory(2 << 20))
	defer s.Close()
	for range n {
		first, second := r.IntN(4), r.IntN(5)
		if err := unwindTwice(s, first, second, r.IntN(500), r.IntN(500)); err != nil {
			return fmt.Errorf("%d interrupted by %d: %w", first, second, err)
		}
		if got := depth(s, 2_000); got != 2_000 {
			return fmt.Errorf("after %d interrupted by %d: 2000 levels count %d", first, second, got)
		}
	}
	return nil
}

// What unwinds, and what interrupts it.
const (
	overflows = iota
	cancels
	panics
	exits
	nothing
)

func unwindTwice(s *vstack.Stack, first, second, above, below int) error {
	entered, left, interrupted := 0, 0, false
	cause, text := errors.New("the cause"), "a panic"
	var ctx context.Context
	var cancel context.CancelCauseFunc
	unwind := func(how int) {
		switch how {
		case overflows:
			counted(s, 1<<30, &entered, &left, func() {})
		case cancels:
			cancel(cause)
			for {
				counted(s, 10, &entered, &left, func() {})
				runtime.Gosched()
			}
		case panics:
			panic(text)
		case exits:
			runtime.Goexit()
		}
	}
	var err error
	how, v := outcome(func() {
		ctx, cancel = context.WithCancelCause(context.Background())
		defer cancel(nil)
		err = s.Run(ctx, func(context.Context) error {
			counted(s, above, &entered, &left, func() {
				defer func() {
					interrupted = true
					unwind(second)
				}()
				counted(s, below, &entered, &left, func() { unwind(first) })
			})
			return nil
		})
	})
	if !interrupted || entered != left {
		return fmt.Errorf("%d frames entered, %d deferred calls run, interrupted: %v", entered, left, interrupted)
	}
	// A deferred call that overflows while the context is done is told so instead.
	last := second
	if second == nothing {
		last = first
	} else if first == cancels && second == overflows {
		last = cancels
	}
	// Goexit cannot be taken back: Run has no caller to return to.
	exiting := first == exits || second == exits
	got := fmt.Sprintf("%s %v %v", how, v, err)
	var ok bool
	switch {
	case exiting && last == panics:
		ok = how == "panic" && v == text
	case exiting:
		ok = how == "goexit"
	case last == panics:
		ok = how == "panic" && v == text
	case last == cancels:
		ok = how == "returned" && err == cause
	default:
		ok = how == "returned" && errors.Is(err, vstack.ErrOverflow)
	}
	if !ok {
		return fmt.Errorf("ended with %s", got)
	}
	return nil
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
			if s.Low() {
				return vstack.GrowOn2(s, func() (int, error) { return down(trips) })
			}
			if trips == 0 {
				return 0, nil
			}
			frames := r.IntN(290)
			want += frames
			return natively(w, frames, func() (int, error) { return down(trips - 1) })
		}
		got, err := down(30)
		s.Close()
		if got != want || err != nil || len(w.broken) > 0 {
			return fmt.Errorf("%d frames count %d, %v %v", want, got, err, w.broken)
		}
	}
	return nil
}

// misuses does all that a stack cannot work with, n times: each must be told
// off with an error or a panic that names the mistake.
func misuses(_ uint64, n int) error {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range n {
		if err := misuseOnce(); err != nil {
			return err
		}
	}
	return nil
}

func misuseOnce() (err error) {
	ctx := context.Background()
	nothing := func(context.Context) error { return nil }
	// try checks that fn fails, with an error or a panic that is kind and says what.
	try := func(name string, kind error, what string, fn func() error) {
		if err != nil {
			return
		}
		got := func() (got error) {
			defer func() {
				if v, ok := recover().(error); ok {
					got = v
				}
			}()
			return fn()
		}()
		if got == nil {
			err = fmt.Errorf("%s: nothing is said", name)
		} else if !errors.Is(got, kind) || !strings.Contains(got.Error(), what) || !strings.HasPrefix(got.Error(), "vstack: ") {
			err = fmt.Errorf("%s: got %q, want one that says %q", name, got, what)
		}
	}
	// foreign runs fn on another goroutine.
	foreign := func(fn func() error) error {
		done := make(chan error)
		go func() {
			var got error
			defer func() {
				if v, ok := recover().(error); ok {
					got = v
				}
				done <- got
			}()
			got = fn()
		}()
		return <-done
	}
	s := vstack.New()
	misuse := vstack.ErrMisuse
	var captured *vstack.Stack
	_, runErr := vstack.Run(ctx, func(ctx context.Context, inner *vstack.Stack) (int, error) {
		captured = inner
		inside := func() {
			try("Close while running", misuse, "Close while the stack is running", func() error { inner.Close(); return nil })
			try("Grow from a goroutine started inside a frame", misuse, "goroutine", func() error {
				return foreign(func() error { inner.Do(func() {}); return nil })
			})
			try("the guard from a goroutine started inside a frame", misuse, "goroutine", func() error {
				return foreign(func() error { depth(inner, 10); return nil })
			})
			try("two goroutines on one stack", misuse, "second goroutine", func() error {
				return foreign(func() error { return inner.Run(ctx, nothing) })
			})
			try("a stack's goroutine on another stack that runs", misuse, "goroutine", func() error {
				return s.Run(ctx, func(context.Context) error { inner.Do(func() {}); return nil })
			})
		}
		// On a fresh segment, and without collections, so that its stack does not
		// move under its guard. After a move a goroutine that runs where the stack
		// was can go unseen: see docs/reliability.md.
		inner.Do(inside)
		return 0, nil
	})
	if runErr != nil {
		return runErr
	}
	try("Run after vstack.Run has returned", vstack.ErrClosed, "closed", func() error { return captured.Run(ctx, nothing) })
	try("Grow after vstack.Run has returned", vstack.ErrClosed, "closed", func() error { captured.Do(func() {}); return nil })
	try("Run(nil function)", misuse, "fn is nil", func() error { return s.Run(ctx, nil) })
	try("Grow(nil)", misuse, "fn is nil", func() error { s.Do(nil); return nil })
	try("vstack.Run(nil function)", misuse, "fn is nil", func() error { _, err := vstack.Run[int](ctx, nil); return err })
	var none context.Context
	try("Run(nil context)", misuse, "ctx is nil", func() error { return s.Run(none, nothing) })
	if err == nil && depth(s, 5_000) != 5_000 {
		err = errors.New("the stack does not work after the misuse")
	}
	s.Close()
	s.Close()
	try("Run after Close", vstack.ErrClosed, "closed", func() error { return s.Run(ctx, nothing) })
	return err
}

// guards looks at the guard after a hop: that of the segment it came back to
// must be in place. It would work without, through a re-anchor at every hop, and
// only be slow, so nothing else would tell.
func guards(_ uint64, n int) error {
	s := vstack.New()
	defer s.Close()
	return s.Run(context.Background(), func(ctx context.Context) error {
		low := 0
		var err error
		s.Do(func() {
			for range n {
				if s.Low() {
					low++ // moved by the collector
				}
				s.Do(func() {})
				if s.Low() {
					low++
				}
				err = errors.Join(err, s.Run(ctx, func(context.Context) error { return nil }))
				if s.Low() {
					low++
				}
			}
		})
		if low > n/50+3 {
			return fmt.Errorf("the guard is low %d times after %d hops from the top of a segment", low, 2*n)
		}
		return err
	})
}
