package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// While an overflow or a cancellation unwinds, the deferred calls of the frames may use
// guards, of either form, at any depth, and as much stack as they like before. Without
// care every level starts a panic on top of the one under way: the native stack grows
// until the process dies, and time with the square of the depth.

// A low is a form of the guard.
type form struct {
	name string
	low  func(s *vstack.Stack) bool
	do   func(s *vstack.Stack, fn func())
}

var forms = []form{
	{"handle", (*vstack.Stack).Low, (*vstack.Stack).Do},
	{"free", func(*vstack.Stack) bool { return vstack.Low() }, func(_ *vstack.Stack, fn func()) { vstack.Do(fn) }},
}

// levels is a recursion whose frames defer a call, down to n levels, where bottom is
// called; it goes on below that if bottom returns.
func (f form) levels(s *vstack.Stack, n int, bottom, deferred func()) {
	if f.low(s) {
		f.do(s, func() { f.levels(s, n, bottom, deferred) })
		return
	}
	defer deferred()
	if n <= 0 {
		bottom()
	}
	f.levels(s, n-1, bottom, deferred)
}

// padded calls fn with kib of native stack used in between.
func padded(kib int, fn func()) {
	switch {
	case kib >= 120:
		padded120(fn)
	case kib >= 100:
		padded100(fn)
	case kib >= 60:
		padded60(fn)
	case kib >= 20:
		padded20(fn)
	default:
		fn()
	}
}

//go:noinline
func padded120(fn func()) {
	var pad [120 << 10]byte
	fn()
	use(pad[:])
}

//go:noinline
func padded100(fn func()) {
	var pad [100 << 10]byte
	fn()
	use(pad[:])
}

//go:noinline
func padded60(fn func()) {
	var pad [60 << 10]byte
	fn()
	use(pad[:])
}

//go:noinline
func padded20(fn func()) {
	var pad [20 << 10]byte
	fn()
	use(pad[:])
}

//go:noinline
func use(b []byte) { sink += int(b[0]) }

var sink int

// climb is a guarded recursion without more.
func (f form) climb(s *vstack.Stack, n int) int {
	if f.low(s) {
		r := 0
		f.do(s, func() { r = f.climb(s, n) })
		return r
	}
	if n == 0 {
		return 0
	}
	return f.climb(s, n-1) + 1
}

func TestGuardsInDeferredCalls(t *testing.T) {
	if !inChild(t) {
		return
	}
	for _, f := range forms {
		deferred := map[string]func(s *vstack.Stack){
			"a guard":        func(s *vstack.Stack) { f.climb(s, 0) },
			"100 KiB":        func(s *vstack.Stack) { padded(100, func() { f.climb(s, 3) }) },
			"120 KiB":        func(s *vstack.Stack) { padded(120, func() { f.climb(s, 3) }) },
			"recursion":      func(s *vstack.Stack) { f.climb(s, 100) },
			"deep recursion": func(s *vstack.Stack) { f.climb(s, 2500) },
			"panic inside": func(s *vstack.Stack) {
				defer func() { _ = recover() }()
				f.climb(s, 10)
				panic("inside")
			},
			"no end": func(s *vstack.Stack) {
				defer func() { _ = recover() }()
				f.climb(s, 1_000_000_000)
			},
		}
		for name, call := range deferred {
			levels := 10_000
			if name == "no end" {
				levels = 50
			}
			for _, how := range []string{"cancel", "overflow"} {
				t.Run(fmt.Sprintf("%s/%s/%s", f.name, name, how), func(t *testing.T) {
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					ran := 0
					_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
						bottom := cancel
						n := levels
						if how == "overflow" {
							bottom, n = func() {}, 0
							if name == "no end" {
								n = levels
								bottom = func() { f.climb(s, 1_000_000_000) }
							}
						}
						f.levels(s, n, func() {
							bottom()
							if how == "cancel" {
								s.Yield()
							}
						}, func() { ran++; call(s) })
						return 0, nil
					}, vstack.WithMaxMemory(limitFor(name, how)))
					want := context.Canceled
					if how == "overflow" {
						want = vstack.ErrOverflow
					}
					if !errors.Is(err, want) {
						t.Errorf("got %v", err)
					}
					if ran < levels {
						t.Errorf("%d deferred calls ran, want at least %d", ran, levels)
					}
				})
			}
		}
	}
}

// limitFor is enough for many more than 10,000 levels. So many took minutes, or more native
// stack than there is, when guards in deferred calls still threw again.
func limitFor(name, how string) int64 {
	switch {
	case name == "no end", name == "deep recursion", testing.Short():
		return 4 * mib
	case name == "100 KiB" && how == "cancel":
		return 64 * mib
	}
	return 16 * mib
}

// A frame recovers what the stack has thrown and goes on: the next guard throws again,
// wherever the frame is, and deferred calls below it have run without another panic.
func TestGoesOnAfterRecover(t *testing.T) {
	for _, f := range forms {
		for depth := range 40 {
			ctx, cancel := context.WithCancel(context.Background())
			recovered, again := 0, false
			_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
				var at func(n int)
				at = func(n int) {
					if f.low(s) {
						f.do(s, func() { at(n) })
						return
					}
					if n > 0 {
						at(n - 1)
						return
					}
					func() {
						defer func() {
							if _, ok := recover().(*vstack.CanceledError); ok {
								recovered++
							}
						}()
						f.levels(s, 300, func() { cancel(); s.Yield() }, func() { f.climb(s, 20) })
					}()
					func() {
						defer func() {
							if _, ok := recover().(*vstack.CanceledError); ok {
								again = true
							}
						}()
						f.climb(s, 20)
					}()
				}
				at(depth * 400)
				return 0, nil
			})
			if recovered != 1 || !again || err != nil && err != context.Canceled {
				t.Errorf("%s, %d levels down: recovered %d times, thrown again: %v, %v", f.name, depth*400, recovered, again, err)
			}
			cancel()
		}
	}
}

// A panic of the user's unwinds while the limit is near: what the guards in its deferred
// calls throw replaces it, once.
func TestOverflowWhilePanicUnwinds(t *testing.T) {
	for _, f := range forms {
		ran := 0
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			f.levels(s, 200, func() { panic("boom") }, func() { ran++; f.climb(s, 200_000) })
			return 0, nil
		}, vstack.WithMaxMemory(4*mib))
		if !errors.Is(err, vstack.ErrOverflow) || ran < 200 {
			t.Errorf("%s: %v, %d deferred calls", f.name, err, ran)
		}
	}
}

// Goexit unwinds a canceled recursion: it reaches the caller, and deferred calls run.
func TestGoexitWhileCanceled(t *testing.T) {
	for _, f := range forms {
		ran := 0
		got := outcome(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			_, _ = vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
				f.levels(s, 3000, func() { runtime.Goexit() }, func() {
					ran++
					defer func() { _ = recover() }()
					if ran == 1500 {
						cancel()
						s.Yield()
					}
					f.climb(s, 3)
				})
				return 0, nil
			})
		})
		if got != "goexit" || ran < 3000 {
			t.Errorf("%s: %s, %d deferred calls", f.name, got, ran)
		}
	}
}

// A deferred call of a canceled recursion may need many segments: however far below the
// panic it is, its guards do not throw, nor do those that come after it.
func TestDeferredCallOfManySegments(t *testing.T) {
	for _, f := range forms {
		ctx, cancel := context.WithCancel(context.Background())
		const levels, below = 100, 50_000
		var ran, whole int
		_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
			f.levels(s, levels, func() { cancel(); s.Yield() }, func() {
				ran++
				hops := s.Stats().Hops
				if f.climb(s, below) == below && s.Stats().Hops > hops+2 {
					whole++
				}
			})
			return 0, nil
		})
		if err != context.Canceled || ran != whole || ran < levels {
			t.Errorf("%s: %v, %d deferred calls, %d to their end", f.name, err, ran, whole)
		}
		cancel()
	}
}

// A segment whose frame has recovered what the stack threw returns: the guards of the
// segments above it throw then.
func TestThrowsAboveARecover(t *testing.T) {
	for _, f := range forms {
		ctx, cancel := context.WithCancel(context.Background())
		recovered := false
		_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
			s.Do(func() {
				defer func() { _, recovered = recover().(*vstack.CanceledError) }()
				cancel()
				s.Yield()
			})
			f.climb(s, 20)
			t.Errorf("%s: no guard throws after the recovery", f.name)
			return 0, nil
		})
		if !recovered || err != context.Canceled {
			t.Errorf("%s: recovered: %v, %v", f.name, recovered, err)
		}
		cancel()
	}
}

// So do guards in the deferred calls of another panic that comes later: that is not the
// stack's, and unwinds other frames.
func TestThrowsInALaterPanic(t *testing.T) {
	for _, f := range forms {
		ctx, cancel := context.WithCancel(context.Background())
		thrown := false
		_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
			func() {
				defer func() { _ = recover() }()
				f.levels(s, 300, func() { cancel(); s.Yield() }, func() {})
			}()
			func() {
				defer func() { _ = recover() }()
				defer func() {
					defer func() { _, thrown = recover().(*vstack.CanceledError) }()
					f.climb(s, 0)
				}()
				panic("another")
			}()
			return 0, nil
		})
		if !thrown {
			t.Errorf("%s: the guard does not throw: %v", f.name, err)
		}
		cancel()
	}
}
