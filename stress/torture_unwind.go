package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/vstack-go/vstack/vstack"
)

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
		first, second := r.IntN(4), r.IntN(7)
		if err := unwindTwice(s, first, second, r.IntN(500), r.IntN(500)); err != nil {
			return fmt.Errorf("%d interrupted by %d: %w", first, second, err)
		}
		if err := works(s); err != nil {
			return fmt.Errorf("after %d interrupted by %d: %w", first, second, err)
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
	recurses  // recurses, and ends
	overflown // overflows, and recovers that
	nothing
)

func unwindTwice(s *vstack.Stack, first, second, above, below int) error {
	var seen tally
	interrupted, went := false, false
	// While it unwinds by a panic of its own the stack does not throw a cancellation.
	own := first == overflows || first == cancels
	cause, text := errors.New("the cause"), "a panic"
	var ctx context.Context
	var cancel context.CancelCauseFunc
	unwind := func(how int) {
		switch how {
		case overflows:
			seen.recurse(s, 1<<30, func() {})
		case cancels:
			cancel(cause)
			for i := 0; !interrupted || !own || i < 20; i++ {
				seen.recurse(s, 10, func() {})
				runtime.Gosched()
			}
		case recurses:
			seen.recurse(s, 2_000, func() {})
		case overflown:
			func() {
				defer func() { _ = recover() }()
				seen.recurse(s, 1<<30, func() {})
			}()
			seen.recurse(s, 100, func() {})
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
			seen.recurse(s, above, func() {
				defer func() {
					interrupted = true
					unwind(second)
					went = true
				}()
				seen.recurse(s, below, func() { unwind(first) })
			})
			return nil
		})
	})
	if !interrupted || seen.entered != seen.left {
		return fmt.Errorf("%d frames entered, %d deferred calls run, interrupted: %v", seen.entered, seen.left, interrupted)
	}
	last := second
	if second >= recurses || second == cancels && own {
		last = first
		if !went {
			return errors.New("the deferred call has not come to its end")
		}
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

// A chore is what the deferred calls of deferredCalls do.
type chore struct {
	name string
	do   func(s *vstack.Stack, level int, seen *tally)
	deep bool // it may need more than the one segment in reserve
}

var chores = []chore{
	{"nothing", func(*vstack.Stack, int, *tally) {}, false},
	{"guard", func(s *vstack.Stack, n int, _ *tally) {
		if low(s, n&1 == 0) {
			do(s, n&2 == 0, func() {})
		}
	}, false},
	{"hop", func(s *vstack.Stack, n int, _ *tally) { do(s, n&1 == 0, func() {}) }, false},
	{"100 KiB before the guard", func(s *vstack.Stack, n int, _ *tally) { wide(s, n) }, false},
	{"recurse", func(s *vstack.Stack, n int, seen *tally) { seen.recurse(s, 30, func() {}) }, true},
	{"recurse deep, now and then", func(s *vstack.Stack, n int, seen *tally) {
		if n%200 == 0 {
			seen.recurse(s, 2_000, func() {})
		}
	}, true},
	{"a frame", func(s *vstack.Stack, n int, seen *tally) {
		err := s.Run(context.Background(), func(context.Context) error {
			seen.recurse(s, 5, func() {})
			return nil
		})
		if err != nil && !errors.Is(err, vstack.ErrOverflow) {
			panic(err)
		}
	}, true},
	{"panic and recover", func(s *vstack.Stack, n int, seen *tally) {
		defer expects(n)
		seen.recurse(s, 3, func() { panic(n) })
	}, false},
	{"hop, panic and recover", func(s *vstack.Stack, n int, seen *tally) {
		defer expects(n)
		do(s, n&1 == 0, func() { panic(n) })
	}, false},
	{"exit elsewhere", func(s *vstack.Stack, n int, _ *tally) {
		if n%50 == 0 {
			outcome(func() { vstack.Do(runtime.Goexit) })
		}
	}, true},
}

// expects is deferred, and recovers a panic with n. It lets an overflow through: a hop
// while a panic of the user's unwinds is one like any other, and may be past the limit.
func expects(n int) {
	switch v := recover().(type) {
	case *vstack.OverflowError:
		panic(v)
	default:
		if v != any(n) {
			panic(fmt.Sprintf("recovered %v, want %d", v, n))
		}
	}
}

//go:noinline
func wide(s *vstack.Stack, n int) byte {
	var frame [100 << 10]byte
	frame[n&1023] = 1
	if low(s, n&1 == 0) {
		do(s, n&2 == 0, func() {})
	}
	return frame[n&1023]
}

// deferredCalls has deferred calls use the stack at every level while it unwinds: none
// may throw again, or the native stacks would fill with panics.
func deferredCalls(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 5))
	for range n {
		first, chore := r.IntN(4), chores[r.IntN(len(chores))]
		if err := unwindWith(first, chore, 1+r.IntN(6_000), r); err != nil {
			return fmt.Errorf("%d, with deferred calls: %s: %w", first, chore.name, err)
		}
	}
	return nil
}

func unwindWith(first int, chore chore, levels int, r *rand.Rand) error {
	s := vstack.New(vstack.WithMaxMemory(int64(1+r.IntN(4)) << 20))
	defer s.Close()
	cause := errors.New("the cause")
	var seen tally
	begun, done := 0, 0 // of chores
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var down func(n int)
	down = func(n int) {
		if low(s, n&1 == 0) {
			do(s, n&2 == 0, func() { down(n) })
			return
		}
		seen.entered++
		defer func() {
			seen.left++
			begun++
			chore.do(s, n, &seen)
			done++
		}()
		if first != overflows && n == levels {
			switch first {
			case cancels:
				cancel(cause)
				s.Yield()
			case panics:
				panic(cause)
			case exits:
				runtime.Goexit()
			}
		}
		down(n + 1)
	}
	var err error
	how, v := outcome(func() {
		err = s.Run(ctx, func(context.Context) error {
			down(0)
			return nil
		})
	})
	overflow := errors.Is(err, vstack.ErrOverflow)
	ok := how == "returned" && (overflow || first == cancels && err == cause) ||
		first == panics && how == "panic" && v == cause || first == exits && how == "goexit"
	// While the stack itself unwinds, a hop of a deferred call has its reserve.
	if own := first == overflows || first == cancels; !ok || seen.entered != seen.left || own && !chore.deep && done != begun {
		return fmt.Errorf("%s %v %v, %d frames entered, %d left, %d deferred calls begun, %d done", how, v, err, seen.entered, seen.left, begun, done)
	}
	return works(s)
}

// goOn has frames recover what the stack has thrown and go on: the next guard above
// throws again, as long as the context is done.
func goOn(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 6))
	for range n {
		levels, every := 1+r.IntN(2_000), 1+r.IntN(20)
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(context.Background())
		recovered, missed := 0, 0
		s := vstack.New()
		var down func(n int)
		down = func(n int) {
			if low(s, n&1 == 0) {
				do(s, n&2 == 0, func() { down(n) })
				return
			}
			defer func() {
				if n%every != 0 {
					return
				}
				if v := recover(); v != nil {
					if e, ok := v.(*vstack.CanceledError); !ok || errors.Unwrap(e) != cause {
						panic(v)
					}
					recovered++
				}
			}()
			if n == levels {
				cancel(cause)
				s.Yield()
			}
			down(n + 1)
			// Only who has recovered comes here.
			do(s, n&1 == 0, func() { missed++ })
		}
		err := s.Run(ctx, func(context.Context) error {
			down(1)
			return nil
		})
		want := error(nil)
		if every > 1 { // no frame above has recovered the last of them
			want = cause
		}
		if missed > 0 || recovered != levels/every || err != want {
			return fmt.Errorf("%d levels, every %d recovers: %d have, %d guards did not throw again, %v", levels, every, recovered, missed, err)
		}
		if err := works(s); err != nil {
			return err
		}
		s.Close()
	}
	return nil
}
