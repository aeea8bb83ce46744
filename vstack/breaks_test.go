package vstack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// nativeBytes returns the size of the calling goroutine's stack.
func nativeBytes() int64 {
	_, lo, hi := self.Bounds()
	return int64(hi - lo)
}

// Hot splits with large frames between two guards do not add up, on a goroutine that runs
// on no stack either.
func TestHotSplitsDoNotAddUp(t *testing.T) {
	if !inChild(t) {
		return
	}
	debug.SetMaxStack(2 << 20)
	for _, frame := range []int{20, 60, 100, 120, 240} {
		for head := range 5 {
			onFresh(func() {
				var fn func(n int)
				fn = func(n int) {
					if n > 0 {
						padded20(func() { fn(n - 1) })
						return
					}
					hot(frame, 100)
				}
				fn(head)
			})
		}
	}
}

// hot is a guarded recursion with so many KiB between two guards, each level of which is a
// loop that may be a hot split.
func hot(kib, n int) {
	if vstack.Low() {
		vstack.Do(func() { hot(kib, n) })
		return
	}
	if n <= 0 {
		return
	}
	below := func() {
		for range 10 {
			hot(kib, 0)
		}
		hot(kib, n-1)
	}
	if kib > 120 {
		padded120(func() { padded120(below) })
		return
	}
	padded(kib, below)
}

// nativelyDown goes down natively and calls fn there.
func nativelyDown(bytes uintptr, fn func()) {
	if self.Used() < bytes {
		padded60(func() { nativelyDown(bytes, fn) })
		return
	}
	fn()
}

// freeDepth is how deep the calling goroutine gets natively with the handle-free guard.
func freeDepth(n int, deepest *uintptr) {
	if vstack.Low() {
		return // here it would hop
	}
	*deepest = max(*deepest, self.Used())
	if n > 0 {
		padded20(func() { freeDepth(n-1, deepest) })
	}
}

// A goroutine that came to its first guard natively deep gets more room. Another one
// that shares its slot, or has its id after it has ended, does not.
func TestRoomIsNotShared(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(128 << 20))
	type probe struct {
		id  uintptr
		ask chan func()
	}
	const n = 3000
	bySlot := map[self.Slot]probe{}
	var a, b probe
	ready := make(chan probe)
	var wg sync.WaitGroup
	defer wg.Wait()
	var probes []probe
	defer func() {
		for _, p := range probes {
			close(p.ask)
		}
	}()
	for range n {
		wg.Go(func() {
			id, _, _ := self.Bounds()
			p := probe{id, make(chan func())}
			ready <- p
			for fn := range p.ask {
				fn()
			}
		})
		p := <-ready
		probes = append(probes, p)
		if other, ok := bySlot[self.SlotOf(p.id)]; ok {
			a, b = other, p
			break
		}
		bySlot[self.SlotOf(p.id)] = p
	}
	if b.ask == nil {
		t.Skip("no two goroutines share a slot")
	}
	do := func(p probe, fn func()) {
		done := make(chan bool)
		p.ask <- func() { fn(); close(done) }
		<-done
	}
	do(a, func() {
		nativelyDown(8<<20, func() {
			for range 20 {
				free(10)
			}
		})
	})
	var deepest uintptr
	do(b, func() { freeDepth(1000, &deepest) })
	if deepest > 1<<20 {
		t.Errorf("a goroutine with guards gets %d KiB deep, since another one was so deep without", deepest>>10)
	}
}

func TestRoomEndsWithGoroutine(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(128 << 20))
	var id uintptr
	onFresh(func() {
		id, _, _ = self.Bounds()
		nativelyDown(8<<20, func() {
			for range 20 {
				free(10)
			}
		})
	})
	for range 10_000 {
		var same bool
		var deepest uintptr
		onFresh(func() {
			now, _, _ := self.Bounds()
			if same = now == id; same {
				freeDepth(1000, &deepest)
			}
		})
		if same {
			if deepest > 1<<20 {
				t.Errorf("a goroutine with guards gets %d KiB deep, since an earlier one with its id was so deep without", deepest>>10)
			}
			return
		}
	}
	t.Skip("no goroutine got the id again")
}

// Branches that wait with much native stack in use are charged with it.
func TestBranchesAreWeighed(t *testing.T) {
	const limit = 16 * mib
	for name, wait := range map[string]func(ctx context.Context, s *vstack.Stack, gate chan bool){
		"Await": func(ctx context.Context, s *vstack.Stack, gate chan bool) {
			_, _ = vstack.Await(s, func() (int, error) {
				select {
				case <-gate:
				case <-ctx.Done():
				}
				return 0, nil
			})
		},
		"Yield": func(ctx context.Context, s *vstack.Stack, gate chan bool) { s.Yield(); s.Yield() },
		"Scope": func(ctx context.Context, s *vstack.Stack, gate chan bool) {
			_ = s.Scope(context.Background(), func(scope *vstack.Scope) error {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { s.Yield(); return nil })
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			nativelyDown(200<<10, runtime.GC) // new goroutines may begin with more from now on
			defer runtime.GC()                // and no longer
			gate := make(chan bool)
			var held, most int64
			_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
				return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
					for range 300 {
						scope.Go(func(ctx context.Context, s *vstack.Stack) error {
							padded120(func() {
								n := nativeBytes()
								held += n
								most = max(most, held)
								defer func() { held -= n }()
								wait(ctx, s, gate)
							})
							return nil
						})
					}
					scope.Go(func(ctx context.Context, s *vstack.Stack) error { close(gate); return nil })
					return nil
				})
			}, vstack.WithMaxMemory(limit))
			if most > limit*5/4 {
				t.Errorf("with a limit of 16 MiB waiting branches hold %d MiB: %v", most/mib, err)
			}
			if !errors.Is(err, vstack.ErrOverflow) {
				t.Errorf("want an overflow, got %v", err)
			}
		})
	}
}

func TestNestedScopesAreWeighed(t *testing.T) {
	const limit = 16 * mib
	for when, late := range map[string]bool{"before Go": false, "after Go": true} {
		var held, most int64
		var nest func(ctx context.Context, s *vstack.Stack, n int) error
		nest = func(ctx context.Context, s *vstack.Stack, n int) (err error) {
			if n == 0 {
				return nil
			}
			grow := func() {
				padded120(func() {})
				bytes := nativeBytes()
				held += bytes
				most = max(most, held)
			}
			if !late {
				grow()
			}
			err = s.Scope(ctx, func(scope *vstack.Scope) error {
				scope.Go(func(ctx context.Context, s *vstack.Stack) error { return nest(ctx, s, n-1) })
				if late {
					grow()
				}
				return nil
			})
			return err
		}
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, nest(ctx, s, 400)
		}, vstack.WithMaxMemory(limit))
		if most > limit*5/4 || !errors.Is(err, vstack.ErrOverflow) {
			t.Errorf("goroutines that have grown %s: with a limit of 16 MiB scopes hold %d MiB: %v", when, most/mib, err)
		}
	}
}

// A stack that was used in a bubble can be used outside, and the other way round.
func TestScopeInAndOutOfBubble(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	use := func() {
		err := s.Run(context.Background(), func(ctx context.Context) error {
			return s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 3 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						_, err := vstack.Await(s, func() (int, error) { time.Sleep(time.Millisecond); return 0, nil })
						s.Yield()
						return err
					})
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
	use()
	synctest.Test(t, func(t *testing.T) { use() })
	use()
	synctest.Test(t, func(t *testing.T) {
		task := s.Start(context.Background(), func(context.Context) error { free(20_000); s.Yield(); return nil })
		if err := task.Wait(); err != nil {
			t.Error(err)
		}
	})
	task := s.Start(context.Background(), func(context.Context) error { free(20_000); s.Yield(); return nil })
	if err := task.Wait(); err != nil {
		t.Error(err)
	}
	use()
}

// own is a context of somebody's own type.
type own struct {
	context.Context
	deadline time.Time
}

func (o own) Deadline() (time.Time, bool) { return o.deadline, true }

// The deadline of a context of another type is its own, at every depth.
func TestOwnDeadline(t *testing.T) {
	want := time.Now().Add(time.Hour)
	var down func(ctx context.Context, s *vstack.Stack, n int) error
	down = func(ctx context.Context, s *vstack.Stack, n int) error {
		if got, ok := ctx.Deadline(); !ok || !got.Equal(want) {
			t.Errorf("%d levels above the end: %v %v", n, got, ok)
			return nil
		}
		if n == 0 {
			return nil
		}
		return s.Run(own{ctx, want}, func(ctx context.Context) error { return down(ctx, s, n-1) })
	}
	_, err := vstack.Run(own{context.Background(), want}, func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Run(ctx, func(ctx context.Context) error { return down(ctx, s, 100) })
	})
	if err != nil {
		t.Error(err)
	}
	_, err = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, down(own{ctx, want}, s, 100)
	})
	if err != nil {
		t.Error(err)
	}
}

// A context with values stays short also on a stack that has once been deep when it was
// given context.Background().
func TestBackgroundFromBelow(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	type key int
	var bare func(n int) error
	bare = func(n int) error {
		if n == 0 {
			return s.Run(context.Background(), func(ctx context.Context) error { return nil })
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return s.Run(ctx, func(context.Context) error { return bare(n - 1) })
	}
	if err := bare(2000); err != nil {
		t.Fatal(err)
	}
	var deepest uintptr
	var values func(ctx context.Context, n int) error
	values = func(ctx context.Context, n int) error {
		if n == 0 {
			return nil
		}
		deepest = max(deepest, doneDepth(ctx))
		return s.Run(context.WithValue(ctx, key(n), n), func(ctx context.Context) error { return values(ctx, n-1) })
	}
	if err := s.Run(context.Background(), func(ctx context.Context) error { return values(ctx, 1500) }); err != nil {
		t.Fatal(err)
	}
	if deepest > 40 {
		t.Errorf("a context is %d values long", deepest)
	}
}

// doneDepth is how many contexts with values are between ctx and one that answers.
func doneDepth(ctx context.Context) (n uintptr) {
	for strings.HasPrefix(fmt.Sprintf("%T", ctx), "*context.valueCtx") {
		n++
		ctx = reflect.ValueOf(ctx).Elem().Field(0).Interface().(context.Context)
	}
	return n
}

// The labels of a goroutine are not those of another one that has used the ambient
// stack before.
func TestAmbientLabels(t *testing.T) {
	vstack.CloseIdle()
	labels := func() (found string) {
		var b bytes.Buffer
		nativelyDown(485<<10, func() {
			vstack.Do(func() {
				if vstack.Current() == nil {
					t.Error("no ambient stack")
				}
				_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
			})
		})
		return b.String()
	}
	onFresh(func() {
		pprof.Do(context.Background(), pprof.Labels("request", "somebodys"), func(context.Context) { labels() })
	})
	onFresh(func() {
		if text := labels(); strings.Contains(text, "somebodys") {
			t.Error("the ambient stack has the labels of the goroutine that used it before")
		}
	})
}

// A goroutine on no stack, 480 KiB deep, overflows since others use all of the default
// limit. Its deferred calls have guards.
func TestDeferredGuardsWithoutBudget(t *testing.T) {
	vstack.CloseIdle()
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
		defer deferred(1)
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

// What is no error of the stack passes Catch as it is.
func TestCatchPasses(t *testing.T) {
	do := func(fn func()) (how any, err error) {
		defer func() { how = recover() }()
		func() {
			defer vstack.Catch(&err)
			fn()
		}()
		return
	}
	if how, err := do(func() { panic(nil) }); err != nil || how == nil {
		t.Error(err, how)
	}
	if how, err := do(func() { _ = []int{}[len(os.Args)] }); err != nil {
		t.Error(err, how)
	} else if _, ok := how.(runtime.Error); !ok {
		t.Error(how)
	}
	v := &struct{ int }{3}
	if how, _ := do(func() { panic(v) }); how != v {
		t.Error(how)
	}
	ended := true
	onFresh(func() {
		do(runtime.Goexit)
		ended = false
	})
	if !ended {
		t.Error("Goexit lost")
	}
}

// A cancellation finds a handle-free recursion while it hops, workers end and their ids
// come again; no mark is left.
func TestCancelWhileHopping(t *testing.T) {
	needsPreemption(t)
	for i := range 300 {
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() {
			for range i % 17 {
				runtime.Gosched()
			}
			cancel()
		})
		_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
			for {
				free(7000 + i)
			}
		}, vstack.WithIdleMemory(0))
		if err != context.Canceled {
			t.Fatal(err)
		}
		wg.Wait()
	}
	marked := 0
	for i := range self.Slots {
		if self.Slot(i).Limit() == 0 {
			marked++
		}
	}
	if marked > 0 {
		t.Error(marked, "marks left")
	}
}

// Somebody asks all stacks for traces, whatever they do.
func TestTraceWhatever(t *testing.T) {
	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, s := range vstack.Stacks() {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				s.TraceContext(ctx, 4)
				cancel()
			}
			runtime.Gosched()
		}
	})
	rounds := 40
	if raceEnabled {
		rounds = 3
	}
	for i := range rounds {
		onFresh(func() { free(9000 + i) })
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			free(20_000)
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 10 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						free(8000)
						s.Yield()
						_, err := vstack.Await(s, func() (int, error) { return free(8000), nil })
						free(8000)
						return err
					})
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
		_, err = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			free(1 << 30)
			return 0, nil
		}, vstack.WithMaxMemory(8*mib))
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		s := vstack.New()
		task := s.Start(context.Background(), func(context.Context) error { free(30_000); s.Yield(); free(30_000); return nil })
		for !task.StepFor(100 * time.Microsecond) {
		}
		task2 := s.Start(context.Background(), func(context.Context) error { free(30_000); s.Yield(); free(30_000); return nil })
		task2.Step()
		if err := task2.Cancel(); err != context.Canceled && err != nil {
			t.Error(err)
		}
		s.Close()
	}
	close(stop)
	wg.Wait()
	for i := range self.Slots {
		if self.Slot(i).Limit() == 0 {
			t.Error("mark left in", i)
		}
	}
}

// What ambient stacks and branches draw from the default budget comes back, however they
// end.
func TestChargesComeBack(t *testing.T) {
	vstack.CloseIdle()
	withDefaultLimit(t, 4*mib)
	for range 20 {
		onFresh(func() {
			defer func() { recover() }()
			free(1 << 30)
		})
		onFresh(func() {
			defer func() { recover() }()
			nativelyDown(490<<10, func() { vstack.Do(func() { free(20_000); runtime.Goexit() }) })
		})
		onFresh(func() {
			defer func() { recover() }()
			nativelyDown(490<<10, func() { vstack.Do(func() { free(20_000); panic("x") }) })
		})
		_, _ = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 100 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						padded120(func() { s.Yield() })
						free(1 << 30)
						return nil
					})
				}
				return errors.New("x")
			})
		})
	}
	vstack.CloseIdle()
	b := vstack.DefaultInUse()
	if b != 0 {
		t.Error(b, "bytes still drawn")
	}
}

// Ambient stacks inside Await on ambient stacks have the one limit.
func TestAmbientInAwait(t *testing.T) {
	vstack.CloseIdle()
	withDefaultLimit(t, 16*mib)
	onFresh(func() {
		n := 0
		var err error
		func() {
			defer vstack.Catch(&err)
			var nest func() int
			nest = func() (r int) {
				n++
				nativelyDown(490<<10, func() {
					vstack.Do(func() {
						r, _ = vstack.Await(vstack.Current(), func() (int, error) { return nest(), nil })
					})
				})
				return r
			}
			nest()
		}()
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		if n > 40 {
			t.Error(n)
		}
	})
	vstack.CloseIdle()
	if b := vstack.DefaultInUse(); b != 0 {
		t.Error(b, "bytes still drawn")
	}
}

// Deferred calls that use everything there is, while an overflow or a cancellation unwinds.
func TestDeferredCallsOfAllKinds(t *testing.T) {
	for _, f := range forms {
		for _, how := range []string{"cancel", "overflow"} {
			for name, deferred := range map[string]func(ctx context.Context, s *vstack.Stack){
				"run": func(ctx context.Context, s *vstack.Stack) {
					_ = s.Run(context.Background(), func(context.Context) error { f.climb(s, 300); return nil })
				},
				"await": func(ctx context.Context, s *vstack.Stack) {
					_, _ = vstack.Await(s, func() (int, error) { return free(100), nil })
				},
				"scope": func(ctx context.Context, s *vstack.Stack) {
					_ = s.Scope(context.Background(), func(scope *vstack.Scope) error {
						scope.Go(func(ctx context.Context, s *vstack.Stack) error { f.climb(s, 300); s.Yield(); return nil })
						return nil
					})
				},
				"yield": func(ctx context.Context, s *vstack.Stack) { s.Yield() },
				"check": func(ctx context.Context, s *vstack.Stack) { vstack.Check(); s.Check() },
				"catch": func(ctx context.Context, s *vstack.Stack) {
					var err error
					func() { defer vstack.Catch(&err); f.climb(s, 20_000) }()
				},
				"other": func(ctx context.Context, s *vstack.Stack) {
					_, _ = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) { return free(9000), nil }, vstack.WithMaxMemory(0))
				},
				"trace": func(ctx context.Context, s *vstack.Stack) { s.Trace() },
			} {
				t.Run(fmt.Sprint(f.name, how, name), func(t *testing.T) {
					ran := 0
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					s := vstack.New(vstack.WithMaxMemory(16 * mib))
					defer s.Close()
					for range 2 {
						ran = 0
						ctx, cancel := context.WithCancel(ctx)
						levels := 0
						var rec func(n int)
						rec = func(n int) {
							if f.low(s) {
								f.do(s, func() { rec(n) })
								return
							}
							levels++
							defer func() {
								if n%977 == 0 {
									deferred(ctx, s)
								}
								ran++
							}()
							if how == "cancel" && n == 30_000 {
								cancel()
								for {
									f.climb(s, 1)
									runtime.Gosched() // for whoever cancels: on wasm nothing preempts this
								}
							}
							rec(n + 1)
						}
						err := s.Run(ctx, func(ctx context.Context) error { rec(0); return nil })
						if how == "cancel" && err != context.Canceled || how == "overflow" && !errors.Is(err, vstack.ErrOverflow) {
							t.Error(err)
						}
						if ran != levels {
							t.Errorf("%d of %d deferred calls ran to the end", ran, levels)
						}
						cancel()
					}
					if got := s.Stats().Bytes; s.Stats().Segments != 0 {
						t.Error(got)
					}
				})
			}
		}
	}
}

// A frame that recovers an overflow again and again, with large frames around, is still
// canceled.
func TestCancelLoopThatRecovers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		for {
			if n++; n == 30 {
				cancel()
			}
			if n > 60 {
				return 0, nil
			}
			func() {
				var err error
				defer vstack.Catch(&err)
				padded(n%5*30, func() { free(1 << 30) })
			}()
			padded(120, func() { free(10) })
		}
	}, vstack.WithMaxMemory(4*mib))
	if err != context.Canceled || n > 33 {
		t.Error(err, n)
	}
}

// Goroutines that hold a thread, and a worker that ends with one.
func TestLockedThread(t *testing.T) {
	onFresh(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if got := free(100_000); got != 100_000 {
			t.Error(got)
		}
		_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
			runtime.LockOSThread() // never unlocked, on a worker
			return free(100_000), nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Branches that panic, overflow and end in Await at once; goleak looks afterwards.
func TestBranchesEndInAllWays(t *testing.T) {
	for i := range 50 {
		func() {
			defer func() { recover() }()
			_, _ = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
				return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						free(10_000)
						if i%3 == 0 {
							panic("x")
						}
						return nil
					})
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						defer func() { s.Yield() }()
						_, err := vstack.Await(s, func() (int, error) {
							if i%2 == 0 {
								panic("y")
							}
							return free(10_000), nil
						})
						return err
					})
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						free(1 << 30)
						return nil
					})
					return nil
				})
			}, vstack.WithMaxMemory(4*mib))
		}()
	}
}

// In a bubble nobody can wait for a stack that runs outside of it.
func TestTraceAcrossBubbles(t *testing.T) {
	outside := vstack.New()
	defer outside.Close()
	started, stop := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- outside.Run(context.Background(), func(context.Context) error {
			close(started)
			<-stop
			return nil
		})
	}()
	<-started
	synctest.Test(t, func(t *testing.T) {
		if _, err := outside.TraceContext(context.Background(), 8); !errors.Is(err, vstack.ErrMisuse) {
			t.Errorf("a trace of a stack outside the bubble: %v", err)
		}
		inside := vstack.New()
		err := inside.Run(context.Background(), func(context.Context) error {
			if tr := inside.Trace(); tr.Segments != 1 {
				t.Errorf("%d segments", tr.Segments)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
