package vstack_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
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
		for name, call := range map[string]func(s *vstack.Stack){
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
		} {
			levels := 10_000
			if name == "no end" {
				levels = 50
			}
			t.Run(f.name+"/"+name+"/cancel", func(t *testing.T) {
				ran, err := f.unwound(limitFor(name, "cancel"), levels, call, func(s *vstack.Stack, cancel func()) { cancel(); s.Yield() })
				if err != context.Canceled || ran < levels {
					t.Errorf("%v; %d deferred calls ran, want at least %d", err, ran, levels)
				}
			})
			t.Run(f.name+"/"+name+"/overflow", func(t *testing.T) {
				above, bottom := 0, func(*vstack.Stack, func()) {}
				if name == "no end" {
					above, bottom = levels, func(s *vstack.Stack, _ func()) { f.climb(s, 1_000_000_000) }
				}
				ran, err := f.unwound(limitFor(name, "overflow"), above, call, bottom)
				if !errors.Is(err, vstack.ErrOverflow) || ran < levels {
					t.Errorf("%v; %d deferred calls ran, want at least %d", err, ran, levels)
				}
			})
		}
	}
}

// unwound returns how a recursion ends whose frames defer a call, and how many of them ran.
// So many levels down bottom is called, and on the way on at each.
func (f form) unwound(limit int64, levels int, deferred func(s *vstack.Stack), bottom func(s *vstack.Stack, cancel func())) (ran int, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		f.levels(s, levels, func() { bottom(s, cancel) }, func() { ran++; deferred(s) })
		return 0, nil
	}, vstack.WithMaxMemory(limit))
	return ran, err
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
			first, again := false, false
			_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
				f.at(s, depth*400, func() {
					first = canceled(func() { f.levels(s, 300, func() { cancel(); s.Yield() }, func() { f.climb(s, 20) }) })
					again = canceled(func() { f.climb(s, 20) })
				})
				return 0, nil
			})
			if !first || !again || err != nil && err != context.Canceled {
				t.Errorf("%s, %d levels down: thrown: %v, thrown again: %v, %v", f.name, depth*400, first, again, err)
			}
			cancel()
		}
	}
}

// at calls fn n levels down.
func (f form) at(s *vstack.Stack, n int, fn func()) {
	if f.low(s) {
		f.do(s, func() { f.at(s, n, fn) })
		return
	}
	if n > 0 {
		f.at(s, n-1, fn)
		return
	}
	fn()
}

// canceled reports whether fn is ended by a cancellation, which it recovers.
func canceled(fn func()) (is bool) {
	defer func() { _, is = recover().(*vstack.CanceledError) }()
	fn()
	return false
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

// A deferred call overflows while Goexit unwinds its frame. Run turns the overflow into an
// error, as if it had recovered it, and the Goexit goes on.
func TestOverflowWhileExiting(t *testing.T) {
	s := vstack.New(vstack.WithMaxMemory(mib))
	defer s.Close()
	got := outcome(func() {
		err := s.Run(context.Background(), func(context.Context) error {
			defer count(s, 1<<30)
			runtime.Goexit()
			return nil
		})
		t.Error("Run has returned", err)
	})
	if got != "goexit" || count(s, 1000) != 1000 {
		t.Error(got)
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

// TestDeferredGuardsOfOthersMemory unwinds a goroutine of its own: what the panic has
// freed others have taken by the time that the goroutine's deferred calls look at their
// guards. It is how net/http's log of a handler's panic ends a server, if fmt has guards.
func TestDeferredGuardsOfOthersMemory(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	withDefaultLimit(t, 1<<20)
	own := errors.New("the program's own")
	for name, end := range map[string]func(n int){
		"overflow":  func(int) {},
		"own panic": func(n int) { panic(own) },
	} {
		hold := make(chan bool)
		var wg sync.WaitGroup
		full := func() { // others take all that there is
			for range 16 {
				held := make(chan bool)
				wg.Go(func() {
					_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
						held <- true
						<-hold
						return 0, nil
					})
					if err != nil {
						held <- false
					}
				})
				if !<-held {
					return
				}
			}
			t.Error("the memory does not end")
		}
		deepest := 0
		var rec func(n int)
		rec = func(n int) {
			if vstack.Low() {
				vstack.Do(func() { rec(n) })
				return
			}
			if deepest = n; n == 20_000 {
				end(n)
			}
			rec(n + 1)
		}
		ran := 0
		var deferred func(n int)
		deferred = func(n int) {
			if vstack.Low() {
				vstack.Do(func() { deferred(n) })
				return
			}
			if ran++; n > 0 {
				deferred(n - 1)
			}
		}
		onFresh(func() {
			defer func() { // nothing but what rec ended with may come here
				if err := recover(); err != nil {
					t.Errorf("%s: a deferred call panics: %.80v", name, err)
				}
			}()
			defer func() {
				err, _ := recover().(error)
				if !errors.Is(err, vstack.ErrOverflow) && err != own {
					t.Errorf("%s: recovered %v", name, err)
				}
				full()
				deferred(1000)
			}()
			rec(0)
		})
		if ran != 1001 || deepest < 15_000 {
			t.Errorf("%s: %d of 1001 levels ran in a deferred call, after %d", name, ran, deepest)
		}
		// The panic has been recovered: what comes now throws.
		onFresh(func() {
			func() {
				defer func() { _ = recover() }()
				rec(0)
			}()
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, vstack.ErrOverflow) {
					t.Errorf("%s: then recovered %v", name, err)
				}
			}()
			ran = 0
			deferred(1 << 30)
		})
		close(hold)
		wg.Wait()
	}
	settle(t, 0)
}

// A goroutine on no stack, 480 KiB deep, overflows since others use all of the default
// limit. Its deferred calls have guards.
func TestDeferredGuardsWithoutBudget(t *testing.T) {
	if !inChild(t, startSmall) {
		return
	}
	withDefaultLimit(t, 256<<10)
	hold := make(chan bool)
	held := make(chan bool)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
				held <- true
				<-hold
				return 0, nil
			})
			if err != nil {
				t.Error(err)
				held <- false // it has not held anything
			}
		})
	}
	<-held
	<-held
	ran := 0
	var deferred func(n int)
	deferred = func(n int) {
		if vstack.Low() {
			vstack.Do(func() { deferred(n) })
			return
		}
		if n > 0 {
			deferred(n - 1)
			return
		}
		ran++
	}
	levels := 0
	var rec func(n int)
	rec = func(n int) {
		if vstack.Low() {
			vstack.Do(func() { rec(n) })
			return
		}
		levels++
		defer deferred(5000) // more than the room that a hot split gives, not more than the reserve
		rec(n + 1)
	}
	onFresh(func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, vstack.ErrOverflow) {
				t.Errorf("recovered %v", err)
			}
		}()
		rec(0)
	})
	close(hold)
	wg.Wait()
	if ran != levels {
		t.Errorf("%d deferred calls of %d ran", ran, levels)
	}
}

// Deferred calls that use everything there is, while an overflow or a cancellation unwinds.
func TestDeferredCallsOfAllKinds(t *testing.T) {
	for _, f := range forms {
		for name, deferred := range f.deferredCalls() {
			t.Run(f.name+"/"+name+"/overflow", func(t *testing.T) {
				f.twice(t, deferred, vstack.ErrOverflow, func(*vstack.Stack, func()) {})
			})
			t.Run(f.name+"/"+name+"/cancel", func(t *testing.T) {
				f.twice(t, deferred, context.Canceled, func(s *vstack.Stack, cancel func()) {
					cancel()
					for {
						f.climb(s, 1)
						runtime.Gosched() // for whoever cancels: on wasm nothing preempts this
					}
				})
			})
		}
	}
}

// twice unwinds a stack two times, from further down than bottom is called.
func (f form) twice(t *testing.T, deferred func(context.Context, *vstack.Stack), want error, bottom func(s *vstack.Stack, cancel func())) {
	s := vstack.New(vstack.WithMaxMemory(16 * mib))
	defer s.Close()
	for range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		err := s.Run(ctx, func(ctx context.Context) error {
			f.deferring(t, s, func() { bottom(s, cancel) }, func() { deferred(ctx, s) })
			return nil
		})
		if !errors.Is(err, want) {
			t.Error(err)
		}
		cancel()
	}
	if stats := s.Stats(); stats.Segments != 0 {
		t.Error(stats)
	}
}

// deferredCalls are functions that use all there is.
func (f form) deferredCalls() map[string]func(ctx context.Context, s *vstack.Stack) {
	return map[string]func(ctx context.Context, s *vstack.Stack){
		"run": func(_ context.Context, s *vstack.Stack) {
			_ = s.Run(context.Background(), func(context.Context) error { f.climb(s, 300); return nil })
		},
		"await": func(_ context.Context, s *vstack.Stack) {
			_, _ = vstack.Await(s, func() (int, error) { return free(100), nil })
		},
		"scope": func(_ context.Context, s *vstack.Stack) {
			_ = s.Scope(context.Background(), func(scope *vstack.Scope) error {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { f.climb(s, 300); s.Yield(); return nil })
				return nil
			})
		},
		"yield": func(_ context.Context, s *vstack.Stack) { s.Yield() },
		"check": func(_ context.Context, s *vstack.Stack) { vstack.Check(); s.Check() },
		"catch": func(_ context.Context, s *vstack.Stack) {
			var err error
			func() { defer vstack.Catch(&err); f.climb(s, 20_000) }()
		},
		"other": func(context.Context, *vstack.Stack) {
			_, _ = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) { return free(9000), nil }, vstack.WithMaxMemory(0))
		},
		"trace": func(_ context.Context, s *vstack.Stack) { s.Trace() },
	}
}

// deferring goes down for ever, and calls bottom on the way, 30,000 levels down. Each level
// defers a call, one in 977 of deferred; all of them have to run to their end.
func (f form) deferring(t *testing.T, s *vstack.Stack, bottom, deferred func()) {
	levels, ran := 0, 0
	defer func() {
		if ran != levels {
			t.Errorf("%d of %d deferred calls ran to the end", ran, levels)
		}
	}()
	var down func(n int)
	down = func(n int) {
		if f.low(s) {
			f.do(s, func() { down(n) })
			return
		}
		levels++
		defer func() {
			if n%977 == 0 {
				deferred()
			}
			ran++
		}()
		if n == 30_000 {
			bottom()
		}
		down(n + 1)
	}
	down(0)
}

// A deferred call that overflows itself while a cancellation unwinds, and recovers
// that: the cancellation goes on, so its guards must not throw it again.
func TestOverflowWhileCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := false
	_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
		defer func() {
			func() {
				defer func() {
					if err, ok := recover().(error); !ok || !errors.Is(err, vstack.ErrOverflow) {
						t.Errorf("recovered %v, want an overflow", err)
					}
				}()
				count(s, 1<<30)
			}()
			vstack.Do(func() {}) // a cancellation here would be a panic on top of the first
			ended = true
		}()
		cancel()
		s.Yield()
		return 0, nil
	}, vstack.WithMaxMemory(mib))
	if err != context.Canceled || !ended {
		t.Errorf("%v, the deferred call has ended: %v", err, ended)
	}
}

// A deferred call that cleans up in a frame with a context of its own, while another
// panic of the stack unwinds: that context counts in the frame.
func TestCancelFrameWhileUnwinding(t *testing.T) {
	for _, first := range []string{"overflow", "cancellation"} {
		t.Run(first, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cause := errors.New("the cause")
			var cleanup error
			_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
				defer func() {
					ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
					cleanup = s.Run(ctx, func(context.Context) error {
						cancel(cause)
						for range 1_000_000 { // or for ever
							s.Yield()
						}
						return errors.New("the cleanup does not notice that it is canceled")
					})
					vstack.Do(func() {})
				}()
				if first == "cancellation" {
					cancel()
					s.Yield()
				}
				return count(s, 1<<30), nil
			}, vstack.WithMaxMemory(mib))
			if cleanup != cause {
				t.Error(cleanup)
			}
			if want := map[string]error{"overflow": vstack.ErrOverflow, "cancellation": context.Canceled}[first]; !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}
