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
	var seen tally
	ran := false
	spin := func() { // until the guard throws
		for {
			seen.recurse(s, r.IntN(300), func() {})
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
				seen.entered++
				defer func() { seen.left++ }()
				if seen.entered < 50 {
					s.Do(hop)
				}
			}
			hop()
		case 4: // while a panic unwinds
			func() {
				defer func() { _ = recover() }()
				seen.recurse(s, levels, func() {
					defer seen.recurse(s, 1, func() { cancel(want) })
					panic("unwinds")
				})
			}()
		case 5: // inside a deferred call, deep down
			seen.recurse(s, levels, func() {
				defer spin()
				defer cancel(want)
			})
		case 7:
			return s.Run(ctx, func(context.Context) error {
				seen.recurse(s, levels, func() {})
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
	if seen.entered != seen.left {
		return fmt.Errorf("stage %d: %d frames entered, %d deferred calls run", stage, seen.entered, seen.left)
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
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	t := &tree{r: r, cancel: cancel, why: errors.New("the cause"), text: "a panic", did: map[string]bool{}}
	var err error
	how, v := outcome(func() {
		err = s.Run(ctx, func(ctx context.Context) error { return t.scope(ctx, s, 0) })
	})
	return t.ended(how, v, err)
}

// A tree is scopes in branches of scopes, and what they did.
type tree struct {
	r      *rand.Rand
	cancel context.CancelCauseFunc
	why    error  // they are canceled by, or return
	text   string // they panic with
	did    map[string]bool

	tally           // of frames
	begun, over int // branches
}

// scope is a scope n levels down.
func (t *tree) scope(ctx context.Context, s *vstack.Stack, n int) error {
	return s.Scope(ctx, func(scope *vstack.Scope) error {
		for range 1 + t.r.IntN(8) {
			scope.Go(func(ctx context.Context, s *vstack.Stack) error { return t.branch(ctx, s, n) })
		}
		if t.r.IntN(2) == 0 {
			t.recurse(s, t.r.IntN(2_000), s.Yield)
		}
		return nil
	})
}

// branch does a few things, one after the other.
func (t *tree) branch(ctx context.Context, s *vstack.Stack, n int) error {
	t.begun++
	defer func() { t.over++ }()
	for range t.r.IntN(4) {
		if err := t.do(ctx, s, n); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) do(ctx context.Context, s *vstack.Stack, n int) error {
	switch t.r.IntN(12) {
	case 0, 1:
		s.Yield()
	case 2:
		_, err := vstack.Await(s, func() (int, error) { runtime.Gosched(); return 1, nil })
		return err
	case 3, 4, 5:
		t.recurse(s, t.r.IntN(3_000), s.Yield)
	case 6:
		if n < 3 {
			return t.scope(ctx, s, n+1)
		}
	case 7:
		t.did["overflow"] = true
		t.recurse(s, 1<<30, func() {})
	case 8:
		t.did["cancel"] = true
		t.cancel(t.why)
		s.Yield()
		panic("Yield has gone on after the cancel")
	case 9:
		t.did["error"] = true
		return t.why
	case 10:
		if t.r.IntN(4) == 0 {
			t.did["panic"] = true
			panic(t.text)
		}
	case 11:
		if t.r.IntN(4) == 0 {
			t.did["exit"] = true
			runtime.Goexit()
		}
	}
	return nil
}

// ended says what is wrong with how all of it has ended.
func (t *tree) ended(how string, v any, err error) error {
	if t.entered != t.left || t.begun != t.over {
		return fmt.Errorf("%d frames entered, %d left; %d branches begun, %d ended", t.entered, t.left, t.begun, t.over)
	}
	ok := false
	switch did := t.did; how {
	case "returned":
		// They share the limit, so together they may reach it where none would alone.
		ok = !did["panic"] && !did["exit"] && (err == nil && !did["overflow"] && !did["cancel"] && !did["error"] ||
			errors.Is(err, vstack.ErrOverflow) || err == t.why && (did["cancel"] || did["error"]))
	case "panic":
		ok = v == t.text && did["panic"]
	case "goexit":
		ok = did["exit"]
	}
	if !ok {
		return fmt.Errorf("ended with %s %v %v, after %v", how, v, err, t.did)
	}
	return nil
}
