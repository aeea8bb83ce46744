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
	s := vstack.New(vstack.WithMaxMemory(4 << 20))
	ctx, cancel := context.WithCancelCause(context.Background())
	why, text := errors.New("the cause"), "a panic"
	entered, left, begun, ended := 0, 0, 0, 0
	ends := r.IntN(6)
	fn := func(ctx context.Context) error {
		begun++
		defer func() { ended++ }()
		err := s.Scope(ctx, func(scope *vstack.Scope) error {
			for range r.IntN(4) {
				scope.Go(func(_ context.Context, s *vstack.Stack) error {
					begun++
					defer func() { ended++ }()
					for range r.IntN(10) {
						counted(s, r.IntN(2_000), &entered, &left, s.Yield)
						_, err := vstack.Await(s, func() (int, error) { runtime.Gosched(); return 0, nil })
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
			counted(s, r.IntN(8_000), &entered, &left, s.Yield)
			return nil
		})
		if err != nil {
			return err
		}
		switch ends {
		case 1:
			counted(s, 1<<30, &entered, &left, func() {})
		case 2:
			panic(text)
		case 3:
			runtime.Goexit()
		case 4:
			return why
		case 5:
			cancel(why)
			s.Yield()
		}
		return nil
	}
	dropped := r.IntN(8) == 0
	var err error
	var done bool
	last := "nothing"
	how, v := outcome(func() {
		task := s.Start(ctx, fn)
		for range r.IntN(30) {
			switch r.IntN(3) {
			case 0:
				last = "StepFor"
				done = task.StepFor(time.Duration(r.IntN(200)) * time.Microsecond)
			default:
				last = "Step"
				if done = task.Step(); !done {
					select {
					case <-task.Ready():
					case <-time.After(time.Minute):
						err = errors.New("a minute after Step the task is not ready")
						return
					}
				}
			}
			if done {
				break
			}
		}
		if dropped {
			return
		}
		switch r.IntN(3) {
		case 0:
			last = "Cancel"
			err = task.Cancel()
		case 1:
			cancel(why)
			last = "Wait after a cancel"
			err = task.Wait()
		default:
			last = "Wait"
			err = task.Wait()
		}
	})
	cancel(nil)
	if dropped {
		// The collector finds it, and ends it. Its deferred calls run before that.
		for begun := time.Now(); s.Stats().Running; runtime.GC() {
			if time.Since(begun) > time.Minute {
				return fmt.Errorf("a minute after a task was dropped it is there: %+v", s.Stats())
			}
		}
		s.Close()
		return nil
	}
	if entered != left || begun != ended {
		return fmt.Errorf("%s: %d frames entered, %d left, %d begun, %d ended", last, entered, left, begun, ended)
	}
	ok := false
	switch how {
	case "returned":
		ok = err == nil || err == why || err == context.Canceled || errors.Is(err, vstack.ErrOverflow) && ends == 1
	case "panic":
		ok = ends == 2 && v == text
	case "goexit":
		ok = ends == 3
	}
	if !ok {
		return fmt.Errorf("%s: ended with %s %v %v", last, how, v, err)
	}
	err = works(s)
	s.Close()
	return err
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
	entered, left := 0, 0
	ends, levels := r.IntN(5), r.IntN(5_000)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	why := errors.New("the cause")
	var err error
	how, v := outcome(func() {
		err = p.Run(ctx, func(_ context.Context, s *vstack.Stack) error {
			counted(s, levels, &entered, &left, func() {
				switch ends {
				case 1:
					counted(s, 1<<30, &entered, &left, func() {})
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
	if !ok || entered != left {
		return fmt.Errorf("end %d: %s %v %v, %d frames entered, %d left", ends, how, v, err, entered, left)
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
