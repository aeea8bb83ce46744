package vstack

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// What cannot be seen from outside: the guard recovers from anything, so a
// mistake in its care costs only speed. These tests count hops and hot splits.

// After a hop has returned, its caller's guard is as it was.
func TestGuardAfterHop(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		for range 100 {
			_ = s.Run(ctx, func(context.Context) error { return nil })
			if s.Low() {
				t.Fatal("the guard is low after Run")
			}
			s.Do(func() { descend(s, 10_000, func() {}) })
			if s.Low() {
				t.Fatal("the guard is low after Grow")
			}
		}
		if s.splits != 0 {
			t.Errorf("%d hot splits", s.splits)
		}
	})
}

// A segment that was given more room near its end keeps it, and its guard is right when
// it has returned to its first frames.
func TestGuardAfterReturn(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		g := s.top
		for range 100 {
			descend(s, 10_000, func() {})
		}
		if s.splits == 0 {
			t.Fatal("the segment was not given more room: the test tests nothing")
		}
		_, _, hi := self.Bounds()
		if s.base != hi || g.room > maxRoom || s.Low() {
			t.Errorf("base %#x instead of %#x, room %d, low %v", s.base, hi, g.room, s.Low())
		}
	})
}

// A stack that the collector shrank while its goroutine was parked is known to
// have moved; one that it shrank while it ran costs the handle's guard one look.
func TestGuardAfterShrink(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		_, _, before := self.Bounds()
		for what, park := range map[string]func(){
			"Run": func() { _ = s.Run(ctx, func(context.Context) error { runtime.GC(); return nil }) },
			"Await": func() {
				_, _ = Await(s, func() (int, error) {
					collected := make(chan bool)
					go func() { runtime.GC(); close(collected) }()
					<-collected
					return 0, nil
				})
			},
		} {
			for range 8 {
				scheduler.Large.Pregrow() // or there is nothing left to shrink
				park()
				if _, _, hi := self.Bounds(); s.base != hi {
					t.Fatalf("the base is stale after the stack was shrunk in %s", what)
				}
				if s.Low() {
					t.Fatalf("the guard is low after the stack was shrunk in %s", what)
				}
			}
		}
		for range 8 {
			scheduler.Large.Pregrow() // or there is nothing left to shrink
			runtime.GC()
			hops := s.hops
			descend(s, 3, func() {})
			if s.hops != hops {
				t.Fatal("the guard hopped because the stack was shrunk")
			}
			if s.Low() {
				t.Fatal("the guard is low after the stack was shrunk while it ran")
			}
			if _, _, hi := self.Bounds(); s.base-(hi-self.Used()) >= s.loadLimit() {
				t.Fatal("the guard has looked closer, and would again")
			}
		}
		if _, _, hi := self.Bounds(); hi == before {
			t.Skip("the collector did not move the stack")
		}
	})
}

// An interrupted stack's next guard is low, wherever its frame lies: at the base
// as well, where the distance is 0.
func TestInterruptAtBase(t *testing.T) {
	inRun(t, func(_ context.Context, s *Stack) {
		base, limit := s.base, s.loadLimit()
		defer func() { s.arm(base, limit) }()
		s.storeLimit(0)
		_, _, hi := self.Bounds()
		near := hi - self.Used()
		for at := near - 512; at < near+512; at++ {
			s.base = at // the closer look sets it to hi every time
			if !s.Low() {
				t.Fatalf("with the base %d bytes from the frame, the guard is not low", int(at-near))
			}
		}
	})
}

// Once a request has been served the guards of both forms are as before, and so is the
// goroutine's slot, which others share.
func TestGuardAfterInterrupt(t *testing.T) {
	needsBounds(t)
	inRun(t, func(ctx context.Context, s *Stack) {
		for name, served := range map[string]func(){
			"a hop": func() { s.Do(func() {}) },
			"Check": s.Check,
			"Yield": s.Yield,
			"Run":   func() { _ = s.Run(ctx, func(context.Context) error { return nil }) },
		} {
			s.interrupt(traceWanted)
			if !s.Low() || !Low() {
				t.Fatal("the guards are not low")
			}
			served()
			slot := self.SlotOf(s.top.id)
			if s.Low() || Low() || s.loadLimit() != s.top.room || slot.Limit() == 0 {
				t.Errorf("after %s the guards are low: limit %d, room %d, the slot's %d", name, s.loadLimit(), s.top.room, slot.Limit())
			}
		}
	})
}

// A request that nobody has served goes along: the guard without a handle is low on the
// goroutine that runs the stack, wherever that is.
func TestInterruptGoesAlong(t *testing.T) {
	needsBounds(t)
	inRun(t, func(ctx context.Context, s *Stack) {
		low := func(where string, want bool) {
			if Low() != want {
				t.Errorf("%s: the guard is low: %v", where, !want)
			}
		}
		s.interrupt(canceled) // and the context is not done
		_ = s.Run(ctx, func(context.Context) error {
			low("in a frame", true)
			_ = s.Run(ctx, func(context.Context) error { low("in a frame in it", true); return nil })
			low("back in the frame", true)
			return nil
		})
		low("at the root", true)
		s.Check()
		low("when it has been served", false)
		_, _ = Await(s, func() (int, error) { s.interrupt(canceled); return 0, nil })
		low("after Await", true)
		s.Check()
	})
}

// A loop across the end of a segment stops hopping.
func TestHotSplit(t *testing.T) {
	inRun(t, func(_ context.Context, s *Stack) {
		low := 0
		for depth := 0; depth < 8000; depth += 7 {
			descend(s, depth, func() {
				before := s.hops
				for range 100 {
					descend(s, 10, func() {})
				}
				if hops := s.hops - before; hops > maxHops {
					t.Errorf("%d levels down, a loop of 100 calls hopped %d times, want at most %d", depth, hops, maxHops)
				} else if hops > 0 {
					low++
				}
			})
		}
		if low == 0 {
			t.Error("no loop was at the end of a segment: the test tests nothing")
		}
	})
}

// A recursion with such a loop at every depth does not run away natively: past
// the 1 MiB that TestMain allows it would crash.
func TestHotSplitBounded(t *testing.T) {
	inRun(t, func(_ context.Context, s *Stack) {
		var rec func(n int)
		rec = func(n int) {
			if s.Low() {
				s.Do(func() { rec(n) })
				return
			}
			if n == 0 {
				return
			}
			for range 2 * maxHops {
				descend(s, 1, func() {})
			}
			rec(n - 1)
		}
		rec(50_000)
		if s.hops == 0 || s.splits == 0 {
			t.Errorf("%d hops, %d hot splits: the test tests nothing", s.hops, s.splits)
		}
	})
}

// However often the collector moves the stack of a shallow recursion, it stays
// where it is.
func TestShallowAfterManyMoves(t *testing.T) {
	inRun(t, func(_ context.Context, s *Stack) {
		for range 30 {
			before := s.hops
			descend(s, 300, func() {
				runtime.GC()
				for range 20 {
					descend(s, 10, func() {})
				}
			})
			if hops := s.hops - before; hops > 0 {
				t.Fatalf("a shallow recursion hopped %d times", hops)
			}
		}
	})
}

// A context that outlives a frame does not interrupt the stack later.
func TestStopsWatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Close()
		ctx, cancel := context.WithCancel(context.Background())
		if err := s.Run(ctx, func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		cancel()
		synctest.Wait()
		if s.requests.Load() != 0 {
			t.Error("the stack still watches the context of a frame that has returned")
		}
	})
}

// A hot split takes memory as a hop does. Where the limit does not allow for that, the
// segment goes on hopping.
func TestHotSplitWithinTheLimit(t *testing.T) {
	if !Alone(t) {
		return
	}
	for _, test := range []struct {
		limit  int64
		splits bool
	}{{300 << 10, false}, {2 << 20, true}} {
		s := New(WithMaxMemory(test.limit))
		s.Do(func() {
			// To where the first segment ends, and a little further.
			for depth, more := 0, 20; more > 0; depth += 7 {
				descend(s, depth, func() {
					for range 4 * maxHops {
						descend(s, 10, func() {})
					}
				})
				if s.hops > 0 {
					more--
				}
			}
		})
		if s.hops == 0 || (s.splits > 0) != test.splits {
			t.Errorf("with %d bytes %d hops, %d hot splits", test.limit, s.hops, s.splits)
		}
		if peak := s.Stats().PeakBytes; peak > test.limit {
			t.Errorf("with %d bytes it was charged with %d", test.limit, peak)
		}
		s.Close()
	}
}

// A goroutine's slot has the limit of its segment while that is on top. While a child of it
// runs, it has everybody's.
func TestSlotOfTop(t *testing.T) {
	needsBounds(t)
	inRun(t, func(_ context.Context, s *Stack) {
		g := s.top
		slot := self.SlotOf(g.id)
		for depth := 0; g.room <= self.Room; depth += 7 {
			descend(s, depth, func() {
				for s.top == g && g.hops <= maxHops && g.room <= self.Room {
					before := g.room
					descend(s, 100, func() {})
					if g.room > max(before, self.Room) && slot.Limit() != g.free {
						t.Errorf("a hot split: the slot says %d, want %d", slot.Limit(), g.free)
					}
					if g.hops == 0 {
						break
					}
				}
			})
		}
		descend(s, 100_000, func() {
			if slot.Limit() != self.Room {
				t.Errorf("below the segment its slot says %d, want %d", slot.Limit(), self.Room)
			}
		})
		if slot.Limit() != g.free {
			t.Errorf("back in the segment its slot says %d, want %d", slot.Limit(), g.free)
		}
	})
}

// Near the limit of its memory a stack must not grow unweighed: the guard without a
// handle is low where the worker's stack ends, and not where the largest would.
func TestFreeGuardNearTheLimit(t *testing.T) {
	needsBounds(t)
	if !Alone(t) {
		return
	}
	const limit = 300 << 10
	largest := int64(0)
	var free func()
	free = func() {
		if Low() {
			Do(free)
			return
		}
		_, lo, hi := self.Bounds()
		largest = max(largest, int64(hi-lo))
		free()
	}
	err := func() (err error) {
		defer Catch(&err)
		s := New(WithMaxMemory(limit))
		defer s.Close()
		s.Do(free)
		return nil
	}()
	if err == nil || largest > limit {
		t.Errorf("%v, a goroutine's stack has %d bytes with a limit of %d for all", err, largest, limit)
	}
}

// What a budget has no room for is taken from the stack's own idle workers first.
func TestIdleWorkersEndForTheBudget(t *testing.T) {
	if !Alone(t) {
		return
	}
	b := NewBudget(1 << 20)
	s := New(WithBudget(b), WithMaxMemory(0), WithIdleMemory(1<<40))
	defer s.Close()
	held := func() int64 { return s.account.used + s.sched.Stats().Bytes }
	var rec func(ctx context.Context, n int) error
	rec = func(ctx context.Context, n int) error {
		if got := held(); got > b.Size() {
			t.Errorf("%d levels to go, %d bytes with a budget of %d", n, got, b.Size())
		}
		if n == 0 {
			return nil
		}
		return s.Run(ctx, func(ctx context.Context) error { return rec(ctx, n-1) })
	}
	err := s.Run(context.Background(), func(ctx context.Context) error {
		s.Do(func() {})
		if s.sched.Stats().Bytes < 512<<10 {
			t.Error("no worker is idle: the test tests nothing")
		}
		return rec(ctx, 150)
	})
	if err != nil {
		t.Error(err)
	}
}

// A goroutine whose stack the collector has shrunk is charged with less from the next
// hop on.
func TestShrunkSegmentIsChargedLess(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		hop := func() int64 {
			if err := s.Run(ctx, func(context.Context) error { return nil }); err != nil {
				t.Error(err)
			}
			return s.top.memory
		}
		scheduler.Huge.Pregrow()
		grown := hop()
		for range 8 {
			runtime.GC()
			if hop() < grown {
				return
			}
		}
		if _, lo, hi := self.Bounds(); int64(hi-lo) < grown {
			t.Errorf("charged with %d, and its stack has %d", s.top.memory, hi-lo)
		}
	})
}

// Below a frame of Run, whose worker is small, the first segment is large as that of a
// recursion is.
func TestNextSize(t *testing.T) {
	s := New()
	defer s.Close()
	err := s.Run(context.Background(), func(ctx context.Context) error {
		if size := s.next(); size != scheduler.Huge {
			t.Errorf("below the first segment of a recursion: size %d", size)
		}
		return s.Run(ctx, func(context.Context) error {
			if size := s.next(); size != scheduler.Large {
				t.Errorf("below a frame: size %d", size)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// A budget refers to the pools that have idle stacks, and to no others: one that is
// dropped is to be collected.
func TestBudgetForgetsPools(t *testing.T) {
	b := NewBudget(1 << 30)
	pool := NewPool(WithBudget(b))
	if err := pool.Run(context.Background(), func(context.Context, *Stack) error { return nil }); err != nil {
		t.Error(err)
	}
	known := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.pools)
	}
	if known() != 1 {
		t.Error("the budget does not know the pool: the test tests nothing")
	}
	pool.Close()
	if known() != 0 {
		t.Error("the budget knows a pool without idle stacks")
	}
}

// Who finds an idle ambient stack in Stacks may use it, against all advice. Then guards
// take another one, and the pool does not wait for the first.
func TestAmbientStackInUse(t *testing.T) {
	needsBounds(t)
	ambients().put(&pooled{stack: newStack(collect([]Option{func(o *options) { o.ambient = true }}))})
	p := ambients()
	p.mu.Lock()
	p.stats.Running++ // which put has counted down
	taken := p.idle[len(p.idle)-1].stack
	p.mu.Unlock()
	if err := taken.claim(); err != nil {
		t.Fatal(err)
	}
	running := p.Stats().Running
	Do(func() {})
	s := ambient()
	if s == taken {
		t.Error("the guard takes a stack that is in use")
	}
	s.release()
	if now := p.Stats().Running; now != running {
		t.Errorf("%d ambient stacks run, then %d", running, now)
	}
	taken.pooled = nil // the pool has lost it
	taken.release()
	taken.Close()
	CloseIdle()
}
