package vstack

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
)

// What cannot be seen from outside: the guard recovers from anything, so a
// mistake in its care costs only speed. These tests count hops and re-anchors.

func descend(s *Stack, n int, fn func()) {
	if s.Low() {
		s.Grow(func() { descend(s, n, fn) })
		return
	}
	if n > 0 {
		descend(s, n-1, fn)
		return
	}
	fn()
}

func inRun(t *testing.T, fn func(ctx context.Context, s *Stack)) {
	t.Helper()
	_, err := Run(context.Background(), func(ctx context.Context, s *Stack) (int, error) {
		fn(ctx, s)
		return 0, nil
	}, WithMaxMemory(0))
	if err != nil {
		t.Fatal(err)
	}
}

// After a hop has returned, its caller's guard is as it was.
func TestGuardAfterHop(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		for range 100 {
			_ = s.Run(ctx, func(context.Context) error { return nil })
			if s.Low() {
				t.Fatal("the guard is low after Run")
			}
			s.Grow(func() { descend(s, 10_000, func() {}) })
			if s.Low() {
				t.Fatal("the guard is low after Grow")
			}
		}
		if s.anchors != 0 {
			t.Errorf("re-anchored %d times, with no stack moved", s.anchors)
		}
	})
}

// A segment that was re-anchored near its end and has returned to its first
// frames has its whole room again, and is not taken for one that moved.
func TestGuardAfterReturn(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		g := s.top
		for range 100 {
			descend(s, 10_000, func() {})
		}
		if s.anchors == 0 {
			t.Fatal("the segment was not re-anchored: the test tests nothing")
		}
		if g.native == 0 {
			t.Error("the segment is taken for one that has moved")
		}
		if g.offset > 4<<10 || g.room < room {
			t.Errorf("the guard in the root frame has offset %d and room %d", g.offset, g.room)
		}
	})
}

// A stack that the collector shrank while its goroutine was parked is known to
// have moved, and by how much.
func TestGuardAfterShrink(t *testing.T) {
	inRun(t, func(ctx context.Context, s *Stack) {
		before := here()
		for range 8 {
			_ = s.Run(ctx, func(context.Context) error {
				runtime.GC()
				return nil
			})
			if s.Low() {
				t.Fatal("the guard is low after the stack was shrunk")
			}
		}
		if here() == before {
			t.Skip("the collector did not move the stack")
		}
	})
}

// An interrupted stack's next guard is low, wherever its frame lies: at the base
// as well, where the distance is 0.
func TestInterruptAtBase(t *testing.T) {
	inRun(t, func(_ context.Context, s *Stack) {
		base, limit := s.base, s.limit.Load()
		defer func() { s.arm(base, limit) }()
		s.limit.Store(0)
		near := here()
		for s.base = near - 512; s.base < near+512; s.base++ {
			if !s.Low() {
				t.Fatalf("with the base %d bytes from the frame, the guard is not low", int(s.base-near))
			}
		}
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
				s.Grow(func() { rec(n) })
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
		if s.hops == 0 || s.anchors == 0 {
			t.Errorf("%d hops, %d re-anchors: the test tests nothing", s.hops, s.anchors)
		}
	})
}

// However often the collector moves the stack of a shallow recursion, it stays
// where it is.
func TestShallowAfterManyMoves(t *testing.T) {
	inRun(t, func(_ context.Context, s *Stack) {
		anchors := s.anchors
		for range 30 {
			before := s.hops
			descend(s, 300, func() {
				runtime.GC()
				for range 20 {
					descend(s, 10, func() {})
				}
			})
			if hops := s.hops - before; hops > 2*maxHops {
				t.Fatalf("a shallow recursion hopped %d times", hops)
			}
		}
		if s.anchors == anchors {
			t.Skip("the collector did not move the stack")
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

func TestAvailableMemory(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing": {nil, 0},
		"machine": {map[string]string{"/proc/meminfo": "MemTotal:       1024 kB\nMemFree: 1 kB\n"}, 1 << 20},
		"cgroup v2": {map[string]string{
			"/proc/meminfo":                  "MemTotal:       1024 kB\n",
			"/proc/self/cgroup":              "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max":  "max\n",
			"/sys/fs/cgroup/a/memory.max":    "524288\n",
			"/sys/fs/cgroup/memory.max":      "700000\n",
			"/sys/fs/cgroup/a/b/memory.high": "1\n",
		}, 524288},
		"cgroup v1": {map[string]string{
			"/proc/meminfo":     "MemTotal:       1024 kB\n",
			"/proc/self/cgroup": "5:cpu:/x\n4:memory:/d\n",
			"/sys/fs/cgroup/memory/d/memory.limit_in_bytes": "262144\n",
			"/sys/fs/cgroup/x/memory.max":                   "1\n",
		}, 262144},
		"limit above the machine's": {map[string]string{
			"/proc/meminfo":             "MemTotal:       1024 kB\n",
			"/proc/self/cgroup":         "0::/\n",
			"/sys/fs/cgroup/memory.max": "9223372036854771712\n",
		}, 1 << 20},
	} {
		got := availableMemory(func(name string) ([]byte, error) {
			text, ok := test.files[name]
			if !ok {
				return nil, context.Canceled // any error
			}
			return []byte(text), nil
		})
		if got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}
