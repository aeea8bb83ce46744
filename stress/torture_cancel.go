package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

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

// branches has the branches of a scope recurse, yield, wait, overflow, panic, exit and
// cancel each other.
func branches(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 4))
	for i := range n {
		s := vstack.New(vstack.WithMaxMemory(4 << 20))
		err := branchesOnce(s, r)
		if err == nil {
			err = works(s)
		}
		s.Close()
		if err != nil {
			return fmt.Errorf("turn %d: %w", i, err)
		}
	}
	return nil
}

func branchesOnce(s *vstack.Stack, r *rand.Rand) error {
	entered, left, begun, ended := 0, 0, 0, 0
	why, text := errors.New("the cause"), "a panic"
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	did := map[string]bool{}
	var scope func(ctx context.Context, s *vstack.Stack, n int) error
	branch := func(ctx context.Context, s *vstack.Stack, n int) error {
		begun++
		defer func() { ended++ }()
		for range r.IntN(4) {
			switch r.IntN(12) {
			case 0, 1:
				s.Yield()
			case 2:
				if _, err := vstack.Await(s, func() (int, error) { runtime.Gosched(); return 1, nil }); err != nil {
					return err
				}
			case 3, 4, 5:
				counted(s, r.IntN(3_000), &entered, &left, s.Yield)
			case 6:
				if n < 3 {
					if err := scope(ctx, s, n+1); err != nil {
						return err
					}
				}
			case 7:
				did["overflow"] = true
				counted(s, 1<<30, &entered, &left, func() {})
			case 8:
				did["cancel"] = true
				cancel(why)
				s.Yield()
				panic("Yield has gone on after the cancel")
			case 9:
				did["error"] = true
				return why
			case 10:
				if r.IntN(4) == 0 {
					did["panic"] = true
					panic(text)
				}
			case 11:
				if r.IntN(4) == 0 {
					did["exit"] = true
					runtime.Goexit()
				}
			}
		}
		return nil
	}
	scope = func(ctx context.Context, s *vstack.Stack, n int) error {
		return s.Scope(ctx, func(scope *vstack.Scope) error {
			for range 1 + r.IntN(8) {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { return branch(ctx, s, n) })
			}
			if r.IntN(2) == 0 {
				counted(s, r.IntN(2_000), &entered, &left, s.Yield)
			}
			return nil
		})
	}
	var err error
	how, v := outcome(func() {
		err = s.Run(ctx, func(ctx context.Context) error { return scope(ctx, s, 0) })
	})
	if entered != left || begun != ended {
		return fmt.Errorf("%d frames entered, %d left; %d branches begun, %d ended", entered, left, begun, ended)
	}
	ok := false
	switch how {
	case "returned":
		// They share the limit, so together they may reach it where none would alone.
		ok = err == nil && !did["overflow"] && !did["cancel"] && !did["error"] ||
			errors.Is(err, vstack.ErrOverflow) || err == why && (did["cancel"] || did["error"]) ||
			// A branch that panics or exits cancels the others; that is not the result.
			err == context.Canceled && (did["panic"] || did["exit"])
	case "panic":
		ok = v == text && did["panic"]
	case "goexit":
		ok = did["exit"]
	}
	if !ok {
		return fmt.Errorf("ended with %s %v %v, after %v", how, v, err, did)
	}
	return nil
}
