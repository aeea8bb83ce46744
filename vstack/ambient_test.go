package vstack_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// free is a plain function with the guard that needs no handle.
func free(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return free(n) })
	}
	if n == 0 {
		return 0
	}
	return free(n-1) + 1
}

// onFresh runs fn on a fresh goroutine.
func onFresh(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

func TestAmbientDeep(t *testing.T) {
	levels := 2_000_000
	if *deepTests {
		levels = 20_000_000
	}
	onFresh(func() {
		if got := free(levels); got != levels {
			t.Errorf("%d levels: %d", levels, got)
		}
	})
}

// Many goroutines at once, each with an ambient stack.
func TestAmbientMany(t *testing.T) {
	n := 200
	if *deepTests {
		n = 10_000
	}
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if got := free(20_000); got != 20_000 {
				t.Error(got)
			}
		})
	}
	wg.Wait()
}

// Below the depth at which the guard is low, nothing is different: the same goroutine,
// no allocation, no stack.
func TestAmbientShallow(t *testing.T) {
	onFresh(func() {
		id := goroutine()
		if vstack.Current() != nil {
			t.Error("there is a current stack")
		}
		if got := free(1000); got != 1000 || vstack.Current() != nil || goroutine() != id {
			t.Error(got)
		}
		if n := testing.AllocsPerRun(100, func() { free(1000) }); n > 0 && !raceEnabled {
			t.Errorf("a shallow call allocates %v times", n)
		}
	})
}

func goroutine() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}

// withDefaultLimit sets the default limit for a test.
func withDefaultLimit(t *testing.T, bytes int64) {
	before := vstack.SetDefaultLimit(bytes)
	t.Cleanup(func() { vstack.SetDefaultLimit(before) })
}

// An overflow of an ambient stack can be recovered by the goroutine itself, by Catch,
// and by net/http.
func TestAmbientOverflow(t *testing.T) {
	vstack.CloseIdle()
	withDefaultLimit(t, 16*mib)
	const tooDeep = 10_000_000
	onFresh(func() {
		for range 3 {
			func() {
				defer func() {
					err, ok := recover().(error)
					if !ok || !errors.Is(err, vstack.ErrOverflow) {
						t.Errorf("recovered %v", err)
					}
				}()
				free(tooDeep)
			}()
			if got := free(20_000); got != 20_000 {
				t.Error("after an overflow:", got)
			}
		}
	})
	onFresh(func() {
		parse := func() (n int, err error) {
			defer vstack.Catch(&err)
			return free(tooDeep), nil
		}
		for range 3 {
			if _, err := parse(); !errors.Is(err, vstack.ErrOverflow) {
				t.Errorf("Catch: %v", err)
			}
		}
	})
	if runtime.GOOS == "js" {
		return // no network there
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/deep" {
			free(tooDeep)
		}
		_, _ = io.WriteString(w, "fine")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	for range 3 {
		if r, err := client.Get(server.URL + "/deep"); err == nil {
			r.Body.Close()
			t.Error("an overflowing handler answered")
		}
		r, err := client.Get(server.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if string(text) != "fine" {
			t.Errorf("%s", text)
		}
	}
}

// Guards without a handle find the stack that they run on: its limit and its context.
func TestFreeOnStack(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		if vstack.Current() != s {
			t.Error("Current is not the stack")
		}
		vstack.Do(func() {
			if vstack.Current() != s {
				t.Error("Current is not the stack after a hop")
			}
		})
		return free(100_000_000), nil
	}, vstack.WithMaxMemory(16*mib))
	var overflow *vstack.OverflowError
	if !errors.As(err, &overflow) || overflow.Limit != 16*mib {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		var spin func(n int) int
		spin = func(n int) int {
			if vstack.Low() {
				return vstack.Grow(func() int { return spin(n) })
			}
			if n == 10_000 {
				cancel()
			}
			runtime.Gosched()
			if n%20_000 == 19_999 {
				return spin(n-19_000) - 1
			}
			return spin(n+1) + 1
		}
		return spin(0), nil
	})
	if err != context.Canceled {
		t.Error(err)
	}
	if vstack.Current() != nil {
		t.Error("there is a current stack outside")
	}
}

// A loop at the end of a plain goroutine's room stops hopping.
func TestAmbientHotSplit(t *testing.T) {
	if !inChild(t) {
		return
	}
	debug.SetMaxStack(4 << 20) // what has no guard takes 1 MiB here
	onFresh(func() {
		hot, always := 0, 0
		for depth := 0; depth < 12_000; depth += 50 {
			uncounted(depth, func() {
				hops := 0
				for range 100 {
					freeThen(10, func() {
						if vstack.Current() != nil {
							hops++
						}
					})
				}
				if hops > 0 {
					hot++
				}
				if hops > 8 {
					always++
				}
			})
		}
		if hot == 0 {
			t.Error("no loop was at the end of the room: the test tests nothing")
		}
		// A little below the end of the larger room it cannot be told from a guarded
		// recursion, which must not go on there.
		if always > 12000/50/12 {
			t.Errorf("%d of %d loops hopped all the time", always, 12000/50)
		}
	})
}

//go:noinline
func uncounted(n int, fn func()) {
	var pad [8]int
	pad[n%8] = n
	if n == 0 {
		fn()
		return
	}
	uncounted(n-1, fn)
	pad[(n+1)%8]++
}

func freeThen(n int, fn func()) {
	if vstack.Low() {
		vstack.Do(func() { freeThen(n, fn) })
		return
	}
	if n == 0 {
		fn()
		return
	}
	freeThen(n-1, fn)
}

// With a hot loop at each level a plain goroutine does not run away natively.
func TestAmbientHotSplitBounded(t *testing.T) {
	if !inChild(t) {
		return
	}
	debug.SetMaxStack(2 << 20)
	onFresh(func() {
		var rec func(n int)
		rec = func(n int) {
			if vstack.Low() {
				vstack.Do(func() { rec(n) })
				return
			}
			if n == 0 {
				return
			}
			for range 20 {
				freeThen(1, func() {})
			}
			rec(n - 1)
		}
		rec(100_000)
	})
}

// Entering again and again from callbacks ends in the one limit.
func TestNestedEntries(t *testing.T) {
	vstack.CloseIdle()
	withDefaultLimit(t, 64*mib)
	onFresh(func() {
		var enter func(n int) (int, error)
		deepest := 0
		enter = func(n int) (r int, err error) {
			defer vstack.Catch(&err)
			var walk func(m int) int
			walk = func(m int) int {
				if vstack.Low() {
					return vstack.Grow(func() int { return walk(m) })
				}
				if m > 0 {
					return walk(m-1) + 1
				}
				deepest = n
				if n == 1<<18 {
					return 0
				}
				_, err := enter(n + 1)
				if err != nil {
					panic(err)
				}
				return 0
			}
			return walk(20), nil
		}
		if _, err := enter(0); !errors.Is(err, vstack.ErrOverflow) {
			t.Errorf("%d entries: %v", deepest, err)
		}
	})
	// The same by Run: the stacks have the default limit together.
	var run func(n int) error
	run = func(n int) error {
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			if n == 1<<18 {
				return 0, nil
			}
			return 0, run(n + 1)
		})
		return err
	}
	if err := run(0); !errors.Is(err, vstack.ErrOverflow) {
		t.Error(err)
	}
}

func TestSetDefaultLimit(t *testing.T) {
	before := vstack.SetDefaultLimit(8 * mib)
	if got := vstack.SetDefaultLimit(0); got != 8*mib {
		t.Error(got)
	}
	if got := vstack.SetDefaultLimit(before); got != 0 {
		t.Error(got)
	}
	mustPanic(t, "SetDefaultLimit(-1)", func() { vstack.SetDefaultLimit(-1) })
	mustPanic(t, "SetDefaultLimit(1000)", func() { vstack.SetDefaultLimit(1000) })
}

// The environment sets the default limit, and a wrong value is told at once.
func TestMaxMemoryVariable(t *testing.T) {
	if os.Getenv(vstack.ChildEnv) != "" {
		if os.Getenv("VSTACK_MAX_MEMORY") != "32MiB" {
			return // a wrong variable is told although nobody needs a stack
		}
		if got := vstack.SetDefaultLimit(0); got != 32*mib {
			t.Errorf("with VSTACK_MAX_MEMORY=32MiB the limit is %d", got)
		}
		return
	}
	t.Setenv("VSTACK_MAX_MEMORY", "32MiB")
	if out, err := runChild(t); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, wrong := range []string{"many", "100KiB", "32MB"} {
		t.Setenv("VSTACK_MAX_MEMORY", wrong)
		if out, err := runChild(t); err == nil || !strings.Contains(out, "vstack: the environment variable VSTACK_MAX_MEMORY") {
			t.Errorf("VSTACK_MAX_MEMORY=%s: %v\n%s", wrong, err, out)
		}
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
