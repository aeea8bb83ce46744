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

// The other lives of a stack: as a task, in a pool, under the eyes of others.

// tasks steps tasks, for a while, and then ends them in one of the ways there are; some
// are dropped.
func tasks(seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range n {
		if err := taskOnce(r); err != nil {
			return fmt.Errorf("turn %d: %w", i, err)
		}
	}
	return nil
}

func taskOnce(r *rand.Rand) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := &life{
		// Enough for the frames of root and its branches, also where the runtime starts
		// goroutines with large stacks (golang/go#18138): only ends 1 is to overflow.
		r: r, s: vstack.New(vstack.WithMaxMemory(16 << 20)),
		cancel: cancel, why: errors.New("the cause"), text: "a panic",
		ends: r.IntN(6), dropped: r.IntN(8) == 0, last: "nothing",
	}
	var err error
	how, v := outcome(func() {
		task := l.s.Start(ctx, l.root)
		if err = l.step(task); err == nil && !l.dropped {
			err = l.finish(task)
		}
	})
	cancel(nil)
	if l.dropped && err == nil {
		return l.collected()
	}
	if err := l.ended(how, v, err); err != nil {
		return err
	}
	err = works(l.s)
	l.s.Close()
	return err
}

// A life is a task's: how it is to end, and what is counted of it.
type life struct {
	r       *rand.Rand
	s       *vstack.Stack
	cancel  context.CancelCauseFunc
	why     error  // it is canceled by, or returns
	text    string // it panics with
	ends    int    // which of the ways of root
	dropped bool   // nobody ends it
	last    string // what was done with the task

	tally           // of frames
	begun, over int // root frames, of the task and of its branches
}

// root is the task's function.
func (l *life) root(ctx context.Context) error {
	l.begun++
	defer func() { l.over++ }()
	err := l.s.Scope(ctx, func(scope *vstack.Scope) error {
		for range l.r.IntN(4) {
			scope.Go(l.branch)
		}
		l.recurse(l.s, l.r.IntN(8_000), l.s.Yield)
		return nil
	})
	if err != nil {
		return err
	}
	switch l.ends {
	case 1:
		l.recurse(l.s, 1<<30, func() {})
	case 2:
		panic(l.text)
	case 3:
		runtime.Goexit()
	case 4:
		return l.why
	case 5:
		l.cancel(l.why)
		l.s.Yield()
	}
	return nil
}

func (l *life) branch(_ context.Context, s *vstack.Stack) error {
	l.begun++
	defer func() { l.over++ }()
	for range l.r.IntN(10) {
		l.recurse(s, l.r.IntN(2_000), s.Yield)
		_, err := vstack.Await(s, func() (int, error) { runtime.Gosched(); return 0, nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// step steps the task for a while.
func (l *life) step(task *vstack.Task) error {
	for range l.r.IntN(30) {
		if l.r.IntN(3) == 0 {
			l.last = "StepFor"
			if task.StepFor(time.Duration(l.r.IntN(200)) * time.Microsecond) {
				return nil
			}
			continue
		}
		l.last = "Step"
		if task.Step() {
			return nil
		}
		select {
		case <-task.Ready():
		case <-time.After(time.Minute):
			return errors.New("a minute after Step the task is not ready")
		}
	}
	return nil
}

// finish ends the task in one of the ways there are.
func (l *life) finish(task *vstack.Task) error {
	switch l.r.IntN(3) {
	case 0:
		l.last = "Cancel"
		return task.Cancel()
	case 1:
		l.cancel(l.why)
		l.last = "Wait after a cancel"
		return task.Wait()
	default:
		l.last = "Wait"
		return task.Wait()
	}
}

// collected waits until the collector has found the dropped task, and ended it. Its
// deferred calls run before that.
func (l *life) collected() error {
	for begun := time.Now(); l.s.Stats().Running; runtime.GC() {
		if time.Since(begun) > time.Minute {
			return fmt.Errorf("a minute after a task was dropped it is there: %+v", l.s.Stats())
		}
	}
	l.s.Close()
	return nil
}

// ended says what is wrong with how the task has ended.
func (l *life) ended(how string, v any, err error) error {
	if l.entered != l.left || l.begun != l.over {
		return fmt.Errorf("%s: %d frames entered, %d left, %d begun, %d ended", l.last, l.entered, l.left, l.begun, l.over)
	}
	ok := false
	switch how {
	case "returned":
		ok = err == nil || err == l.why || err == context.Canceled || errors.Is(err, vstack.ErrOverflow) && l.ends == 1
	case "panic":
		ok = l.ends == 2 && v == l.text
	case "goexit":
		ok = l.ends == 3
	}
	if !ok {
		return fmt.Errorf("%s: ended with %s %v %v", l.last, how, v, err)
	}
	return nil
}

// pools has goroutines take stacks of one pool, and end in all ways.
func pools(seed uint64, n int) error {
	for range n {
		p := vstack.NewPool(vstack.WithMaxMemory(2<<20), vstack.WithIdleStacks(3), vstack.WithIdleTime(time.Millisecond))
		err := parallel(8, func(i int) error {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 20 {
				if err := poolOnce(p, r); err != nil {
					return err
				}
			}
			return nil
		})
		stats := p.Stats()
		if stats.Running != 0 || stats.Runs < 8*20 {
			err = errors.Join(err, fmt.Errorf("all have returned: %+v", stats))
		}
		p.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func poolOnce(p *vstack.Pool, r *rand.Rand) error {
	var seen tally
	ends, levels := r.IntN(5), r.IntN(5_000)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	why := errors.New("the cause")
	var err error
	how, v := outcome(func() {
		err = p.Run(ctx, func(_ context.Context, s *vstack.Stack) error {
			seen.recurse(s, levels, func() {
				switch ends {
				case 1:
					seen.recurse(s, 1<<30, func() {})
				case 2:
					panic(why)
				case 3:
					runtime.Goexit()
				case 4:
					cancel(why)
					s.Yield()
				}
			})
			return nil
		})
	})
	ok := false
	switch ends {
	case 0:
		ok = how == "returned" && err == nil
	case 1:
		ok = how == "returned" && errors.Is(err, vstack.ErrOverflow)
	case 2:
		ok = how == "panic" && v == why
	case 3:
		ok = how == "goexit"
	case 4:
		ok = how == "returned" && err == why
	}
	if !ok || seen.entered != seen.left {
		return fmt.Errorf("end %d: %s %v %v, %d frames entered, %d left", ends, how, v, err, seen.entered, seen.left)
	}
	return nil
}

// watched runs programs while others look at their stacks: traces interrupt them.
func watched(seed uint64, n int) error {
	over := make(chan struct{})
	var watchers sync.WaitGroup
	looked := make([]int, 2)
	for i := range looked {
		watchers.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				for _, s := range vstack.Stacks() {
					_ = s.Stats()
					ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
					if _, err := s.TraceContext(ctx, 8); err == nil {
						looked[i]++
					}
					cancel()
				}
				runtime.Gosched()
			}
		})
	}
	err := parallel(2, func(i int) error {
		for k := range n {
			if _, err := Check(Program(seed + uint64(k)*2 + uint64(i))); err != nil {
				return err
			}
		}
		return nil
	})
	close(over)
	watchers.Wait()
	if err == nil && looked[0]+looked[1] == 0 {
		err = errors.New("nobody has seen anything")
	}
	return err
}
