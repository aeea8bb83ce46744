package vstack_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// run calls fn as a root frame of stack.
func run(stack *vstack.Stack, fn func()) error {
	return stack.Run(context.Background(), func(context.Context) error { fn(); return nil })
}

func TestBudgetShared(t *testing.T) {
	budget := vstack.NewBudget(8 * mib)
	if budget.Size() != 8*mib || budget.InUse() != 0 {
		t.Error(budget.Size(), budget.InUse())
	}
	a := vstack.New(vstack.WithBudget(budget), vstack.WithMaxMemory(1<<30))
	b := vstack.New(vstack.WithBudget(budget), vstack.WithMaxMemory(1*mib))
	defer a.Close()
	defer b.Close()

	overflow := func(err error) *vstack.OverflowError {
		t.Helper()
		var o *vstack.OverflowError
		if !errors.Is(err, vstack.ErrOverflow) || !errors.As(err, &o) {
			t.Fatalf("got %v, want an overflow", err)
		}
		return o
	}
	// b reaches its own limit first, a the budget.
	o := overflow(run(b, func() { count(b, 1<<30) }))
	if o.Budget != 0 || o.Limit != 1*mib || strings.Contains(o.Error(), "shares") {
		t.Errorf("own limit: %+v: %v", o, o)
	}
	o = overflow(run(a, func() { count(a, 1<<30) }))
	if o.Budget != 8*mib || o.Limit != 1<<30 || o.Bytes < 6*mib || !strings.Contains(o.Error(), "most of the 8,388,608 bytes that it shares") {
		t.Errorf("budget: %+v: %v", o, o)
	}
}

// Whoever finds the budget empty overflows, at a root frame too, and does not
// wait; nobody else is disturbed.
func TestBudgetEmpty(t *testing.T) {
	budget := vstack.NewBudget(4 * mib)
	a := vstack.New(vstack.WithBudget(budget))
	defer a.Close()
	b := vstack.New(vstack.WithBudget(budget))
	defer b.Close()
	tried := false
	err := run(a, func() {
		var rec func(n int) int
		rec = func(n int) int {
			if a.Low() {
				if budget.Size()-budget.InUse() < 128<<10 && !tried {
					tried = true
					err := run(b, func() { t.Error("b runs without memory") })
					var o *vstack.OverflowError
					if !errors.As(err, &o) || o.Budget != 4*mib || o.Bytes != 0 {
						t.Errorf("b: %v", err)
					}
				}
				return vstack.GrowOn(a, func() int { return rec(n) })
			}
			if tried {
				return n
			}
			return rec(n+1) + 1
		}
		defer func() {
			// The hop that follows overflows a; b is tried before that.
			if _, ok := recover().(*vstack.OverflowError); !ok {
				t.Error("a does not overflow")
			}
		}()
		rec(0)
	})
	if err != nil || !tried {
		t.Error(err, tried)
	}
	a.Close()
	if err := run(b, func() { count(b, 10_000) }); err != nil {
		t.Error(err)
	}
}

// Idle workers hold memory, so they count until they are gone.
func TestBudgetIdle(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	budget := vstack.NewBudget(64 * mib)
	stack := vstack.New(vstack.WithBudget(budget), vstack.WithIdleMemory(2*mib))
	if err := run(stack, func() { count(stack, 100_000) }); err != nil {
		t.Fatal(err)
	}
	if got := budget.InUse(); got != 128<<10+3*512<<10 { // of 2 MiB
		t.Errorf("idle: %d bytes", got)
	}
	stack.Close()
	if got := budget.InUse(); got != 0 {
		t.Errorf("closed: %d bytes", got)
	}
	// A stack that is dropped gives back what it drew, too.
	stack = vstack.New(vstack.WithBudget(budget))
	count(stack, 10_000)
	if budget.InUse() == 0 {
		t.Error("nothing is drawn")
	}
	stack = nil
	for i := 0; budget.InUse() != 0; i++ {
		if i == 2000 {
			t.Fatalf("dropped: %d bytes", budget.InUse())
		}
		runtime.GC()
		runtime.Gosched()
	}
	settle(t, 0)
}

// A pool's idle stacks make way for a stack that needs their memory.
func TestBudgetReclaimsIdleStacks(t *testing.T) {
	budget := vstack.NewBudget(10 * mib)
	pool := vstack.NewPool(vstack.WithBudget(budget))
	defer pool.Close()
	// So deep that one run takes some 7 MiB, whatever the size of a frame in this build.
	const sample = 60_000
	if err := pool.Run(context.Background(), deep(sample)); err != nil {
		t.Fatal(err)
	}
	levels := int(7 * mib * sample / pool.Stats().IdleBytes)
	err := pool.Run(context.Background(), deep(levels))
	idle := pool.Stats().IdleBytes
	if err != nil || idle <= 5*mib || budget.InUse() != idle {
		t.Fatal(err, idle, budget.InUse())
	}
	stack := vstack.New(vstack.WithBudget(budget))
	defer stack.Close()
	if err := run(stack, func() { count(stack, levels) }); err != nil {
		t.Error(err)
	}
	if stats := pool.Stats(); stats.Idle != 0 || stats.IdleBytes != 0 {
		t.Errorf("%+v", stats)
	}
}

// After a storm of runs that end in every way the budget is whole.
func TestBudgetStorm(t *testing.T) {
	runs := 100_000
	if raceEnabled || testing.Short() {
		runs = 10_000
	}
	budget := vstack.NewBudget(4 * mib)
	pool := vstack.NewPool(vstack.WithBudget(budget), vstack.WithMaxMemory(2*mib))
	const goroutines = 8
	var ends [6]int
	var mu sync.Mutex
	mine := errors.New("mine")
	one := func(r *rand.Rand) {
		kind := r.IntN(len(ends))
		done := make(chan struct{})
		go func() { // Goexit ends it
			defer close(done)
			defer func() {
				if v := recover(); v != nil && v != mine {
					t.Error(v)
				}
			}()
			err := stormy(pool, kind, r.IntN(2000), mine)
			if err != nil && err != mine && !(kind == 3 && err == context.Canceled) && !errors.Is(err, vstack.ErrOverflow) {
				t.Error(kind, err)
			}
		}()
		<-done
		mu.Lock()
		ends[kind]++
		mu.Unlock()
	}
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range runs / goroutines {
				one(r)
			}
		})
	}
	wg.Wait()
	for kind, n := range ends {
		if n == 0 {
			t.Errorf("no run of kind %d", kind)
		}
	}
	if stats := pool.Stats(); stats.Running != 0 || budget.InUse() != stats.IdleBytes {
		t.Errorf("%d bytes in use, %+v", budget.InUse(), stats)
	}
	pool.Close()
	if budget.InUse() != 0 {
		t.Errorf("%d bytes are missing", budget.InUse())
	}
	// The semaphore says so as well: one stack gets all of it, and no more than what its last
	// goroutine began with beyond its worker's size (see account), mostly nothing.
	beyond := int64(0)
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		defer func() { beyond = max(0, startsWith()-scheduler.Large.Bytes()) }()
		return count(s, 1<<30), nil
	}, vstack.WithBudget(budget))
	var o *vstack.OverflowError
	if !errors.As(err, &o) || o.Bytes < 4*mib || o.Bytes > 4*mib+beyond {
		t.Errorf("one stack, %d bytes beyond: %v", beyond, err)
	}
}

// startsWith returns how much stack the runtime starts a goroutine with now.
func startsWith() int64 {
	bytes := make(chan int64)
	go func() {
		_, lo, hi := self.Bounds()
		bytes <- int64(hi - lo)
	}()
	return <-bytes
}

// stormy is a run that ends in one of six ways.
func stormy(pool *vstack.Pool, kind, depth int, mine error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return pool.Run(ctx, func(ctx context.Context, s *vstack.Stack) error {
		count(s, depth)
		switch kind {
		case 1:
			s.Do(func() { panic(mine) })
		case 2:
			s.Do(runtime.Goexit)
		case 3:
			cancel()
			for {
				count(s, depth)
				runtime.Gosched() // for whoever interrupts
			}
		case 4:
			if depth < 100 { // it is slow
				count(s, 1<<30)
			}
		case 5:
			return s.Run(ctx, func(context.Context) error { count(s, depth); return mine })
		}
		return nil
	})
}

// Branches draw from the budget of their stack.
func TestBudgetScope(t *testing.T) {
	budget := vstack.NewBudget(4 * mib)
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
			for range 2 {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { count(s, 1<<30); return nil })
			}
			return nil
		})
	}, vstack.WithBudget(budget))
	var o *vstack.OverflowError
	if !errors.As(err, &o) || o.Budget != 4*mib || budget.InUse() != 0 {
		t.Errorf("%v, %d bytes in use", err, budget.InUse())
	}
}

func TestBudgetMisuse(t *testing.T) {
	mustPanic(t, "NewBudget(-1)", func() { vstack.NewBudget(-1) })
	mustPanic(t, "NewBudget(1000)", func() { vstack.NewBudget(1000) })
	mustPanic(t, "budget is nil", func() { vstack.WithBudget(nil) })
	mustPanic(t, "WithIdleStacks(-1)", func() { vstack.WithIdleStacks(-1) })
	mustPanic(t, "WithIdleTime(0s)", func() { vstack.WithIdleTime(0) })
	mustPanic(t, "WithIdleTime(-1s)", func() { vstack.WithIdleTime(-time.Second) })
}

// An idle worker counts as what it has grown to.
func TestBudgetIdleGrown(t *testing.T) {
	if !inChild(t) { // the collector may shrink what is idle
		return
	}
	const levels, kib = 50, 60
	budget := vstack.NewBudget(1 << 30)
	s := vstack.New(vstack.WithBudget(budget), vstack.WithIdleMemory(1<<40))
	defer s.Close()
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) (err error) {
		padded(kib, func() {
			if n > 0 {
				err = s.Run(ctx, func(ctx context.Context) error { return rec(ctx, n-1) })
			}
		})
		return err
	}
	if err := s.Run(context.Background(), func(ctx context.Context) error { return rec(ctx, levels) }); err != nil {
		t.Error(err)
	}
	if idle := budget.InUse(); idle < levels*kib<<10 {
		t.Errorf("%d idle workers with more than %d KiB each count as %d KiB together", levels, kib, idle>>10)
	}
}
