package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// A world is what a scenario runs in. With a nil stack every guard is false and
// Grow and Run are plain calls, so the same scenario is its own oracle.
type world struct {
	stack *vstack.Stack
	log   []string
}

func (w *world) logf(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// down calls fn depth frames further down, through hops on a real stack: one in
// every 7 frames is a Grow, one in 50 a Run.
func (w *world) down(depth int, fn func()) {
	switch {
	case depth == 0:
		fn()
	case depth%50 == 0:
		err := w.stack.Run(context.Background(), func(context.Context) error {
			w.down(depth-1, fn)
			return nil
		})
		if err != nil {
			w.logf("Run: %v", err)
		}
	case depth%7 == 0:
		w.stack.Do(func() { w.down(depth-1, fn) })
	default:
		w.down(depth-1, fn)
	}
}

// guarded recurses depth frames with the guard and calls fn at the bottom.
func (w *world) guarded(depth int, fn func()) {
	if w.stack.Low() {
		w.stack.Do(func() { w.guarded(depth, fn) })
		return
	}
	if depth == 0 {
		fn()
		return
	}
	w.guarded(depth-1, fn)
}

// outcome runs fn on a goroutine of its own and returns how it ended.
func outcome(fn func()) (how string) {
	done := make(chan struct{})
	go func() {
		how = "goexit"
		defer close(done)
		defer func() {
			if how == "goexit" {
				if v := recover(); v != nil {
					how = fmt.Sprintf("panic: %T %v", v, v)
				}
			}
		}()
		fn()
		how = "returned"
	}()
	<-done
	return how
}

// scenarios are run as plain recursion and on a stack; see TestLikePlain.
var scenarios = map[string]func(w *world){
	"return": func(w *world) {
		w.down(200, func() { w.logf("bottom") })
	},
	"defers": func(w *world) {
		var rec func(n int)
		rec = func(n int) {
			defer w.logf("defer %d", n)
			if n > 0 {
				w.down(9, func() { rec(n - 1) })
			}
		}
		rec(30)
	},
	"error unwrapped": func(w *world) {
		mine := errors.New("mine")
		var rec func(ctx context.Context, n int) error
		rec = func(ctx context.Context, n int) error {
			if n == 0 {
				return mine
			}
			return w.stack.Run(ctx, func(ctx context.Context) error { return rec(ctx, n-1) })
		}
		w.logf("%v", rec(context.Background(), 20) == mine)
	},
	"goexit": func(w *world) {
		defer w.logf("outermost defer")
		w.down(120, func() {
			defer w.logf("inner defer, recover: %v", recover())
			w.down(60, func() { runtime.Goexit() })
			w.logf("not reached")
		})
		w.logf("not reached")
	},
	"goexit while panicking": func(w *world) {
		w.down(60, func() {
			defer func() { w.logf("recover: %v", recover()) }()
			defer runtime.Goexit()
			w.down(60, func() { panic("dropped") })
		})
	},
	// The panic shows in the callers, and whoever recovers it goes on exiting.
	"panic while goexit unwinds": func(w *world) {
		defer w.logf("outermost defer")
		w.down(120, func() {
			defer func() { w.logf("recover: %v", recover()) }()
			w.down(60, func() {
				defer func() { panic("while exiting") }()
				runtime.Goexit()
			})
			w.logf("not reached")
		})
		w.logf("not reached")
	},
	"panic while goexit unwinds, not recovered": func(w *world) {
		w.down(120, func() {
			defer w.logf("deferred")
			w.down(60, func() {
				defer func() { panic("while exiting") }()
				runtime.Goexit()
			})
		})
	},
	"panic in deferred call": func(w *world) {
		defer func() { w.logf("outer: %v", recover()) }()
		w.down(60, func() {
			defer func() { panic("second") }()
			w.down(60, func() { panic("first") })
		})
	},
	"repanic": func(w *world) {
		defer func() { w.logf("outer: %v", recover()) }()
		w.down(60, func() {
			defer func() {
				v := recover()
				w.logf("inner: %v", v)
				panic(v)
			}()
			w.down(60, func() { panic("again") })
		})
	},
	"recover and go on": func(w *world) {
		for i := range 5 {
			w.down(100, func() {
				defer func() { w.logf("recovered %v", recover()) }()
				w.guarded(5000, func() { panic(i) })
			})
		}
	},
	"nested recover in deferred recursion": func(w *world) {
		defer func() { w.logf("outer: %v", recover()) }()
		w.down(60, func() {
			defer func() {
				func() {
					defer func() { w.logf("inside: %v", recover()) }()
					w.down(60, func() { panic("in the deferred call") })
				}()
			}()
			w.down(60, func() { panic("first") })
		})
	},
	"runtime error": func(w *world) {
		defer func() {
			v := recover()
			_, ok := v.(runtime.Error)
			w.logf("runtime.Error %v: %v", ok, v)
		}()
		w.down(60, func() {
			w.logf("%d", []int{1}[len(w.log)+1])
		})
	},
	"uncaught": func(w *world) {
		w.down(120, func() { panic("nobody recovers") })
	},
	"results": func(w *world) {
		w.logf("%v", vstack.GrowOn(w.stack, func() int { return 1 }))
		a, b := vstack.GrowOn2(w.stack, func() (int, string) { return 2, "two" })
		w.logf("%v %v", a, b)
		w.logf("%v", vstack.Call(func(n int) int { return n + 1 }, 2))
		c, d := vstack.Call2(func(n int) (int, error) { return n, errors.New("e") }, 4)
		w.logf("%v %v", c, d)
	},
	"iterator": func(w *world) {
		// The body of the loop belongs to this frame and is called from far
		// below it.
		seq := func(yield func(int) bool) {
			defer w.logf("iterator done")
			var rec func(n int) bool
			rec = func(n int) bool {
				if n == 0 {
					return true
				}
				ok := false
				w.down(8, func() { ok = yield(n) && rec(n-1) })
				return ok
			}
			rec(40)
		}
		for n := range seq {
			w.logf("%d", n)
			if n == 7 {
				break
			}
		}
		func() {
			defer func() { w.logf("recovered %v", recover()) }()
			for n := range seq {
				if n == 30 {
					panic("in the body")
				}
			}
		}()
		found := func() int {
			for n := range seq {
				if n == 20 {
					return n
				}
			}
			return 0
		}()
		w.logf("found %d", found)
	},
	"goexit through iterator": func(w *world) {
		seq := func(yield func(int) bool) { w.down(100, func() { yield(1) }) }
		for range seq {
			w.down(60, runtime.Goexit)
		}
	},
}

func TestLikePlain(t *testing.T) {
	for _, v := range []any{"text", 42, errors.New("an error"), []int{1}, struct{ A, B int }{1, 2}, error(nil)} {
		scenarios[fmt.Sprintf("panic with %T", v)] = func(w *world) {
			for _, depth := range []int{0, 1, 6, 7, 8, 49, 50, 51, 300} {
				func() {
					defer func() {
						got := recover()
						w.logf("%d: %T %v", depth, got, got)
					}()
					w.down(depth, func() { panic(v) })
				}()
			}
		}
	}
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			plain := &world{}
			wantHow := outcome(func() { scenario(plain) })
			stack := vstack.New()
			defer stack.Close()
			for _, how := range []string{"root Grow", "root Run", "warm"} {
				w := &world{stack: stack}
				gotHow := outcome(func() {
					if how == "root Run" {
						if err := stack.Run(context.Background(), func(context.Context) error { scenario(w); return nil }); err != nil {
							t.Error(err)
						}
						return
					}
					scenario(w)
				})
				if gotHow != wantHow {
					t.Errorf("%s: ended with %q, plain recursion with %q", how, gotHow, wantHow)
				}
				if !slices.Equal(w.log, plain.log) {
					t.Errorf("%s: log differs\ngot  %s\nwant %s", how, strings.Join(w.log, "; "), strings.Join(plain.log, "; "))
				}
			}
		})
	}
}

// The value of a panic is the same one, not a copy or a wrapper.
func TestPanicIdentity(t *testing.T) {
	type mine struct{ n int }
	value := &mine{1}
	w := &world{stack: vstack.New()}
	defer w.stack.Close()
	defer func() {
		if got := recover(); got != value {
			t.Errorf("recovered %v, want the same pointer", got)
		}
	}()
	w.down(300, func() { panic(value) })
}

// t.FailNow is Goexit, called on another goroutine than the test's. The test
// that fails is in a child process.
func TestFailNow(t *testing.T) {
	if os.Getenv(vstack.ChildEnv) == "" {
		out, err := runChild(t)
		if err == nil || !strings.Contains(out, "--- FAIL: TestFailNow") || !strings.Contains(out, "cleaned up") || strings.Contains(out, "went on") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	t.Cleanup(func() { t.Log("cleaned up") })
	w := &world{stack: vstack.New()}
	defer w.stack.Close()
	w.down(300, func() { t.FailNow() })
	t.Log("went on")
}

func TestPanicNil(t *testing.T) {
	for _, setting := range []string{"0", "1"} {
		t.Setenv("GODEBUG", "panicnil="+setting)
		plain, w := &world{}, &world{stack: vstack.New()}
		defer w.stack.Close()
		scenario := func(w *world) {
			defer func() { w.logf("%T", recover()) }()
			w.down(100, func() { panic(nil) })
			w.logf("not reached")
		}
		scenario(plain)
		scenario(w)
		if !slices.Equal(w.log, plain.log) {
			t.Errorf("panicnil=%s: got %v, want %v", setting, w.log, plain.log)
		}
	}
}

func TestNilStack(t *testing.T) {
	var s *vstack.Stack
	if s.Low() {
		t.Error("Low of a nil stack is true")
	}
	before := goid()
	ran := 0
	s.Do(func() { ran++ })
	ctx := context.WithValue(context.Background(), t, "x")
	if err := s.Run(ctx, func(got context.Context) error {
		ran++
		if got != ctx || goid() != before {
			t.Error("Run of a nil stack is not a plain call")
		}
		return nil
	}); err != nil || ran != 2 {
		t.Error(err, ran)
	}
	s.Close()
}

func TestFromContext(t *testing.T) {
	if s, ok := vstack.FromContext(context.Background()); s != nil || ok {
		t.Error(s, ok)
	}
	type key struct{}
	outer := context.WithValue(context.Background(), key{}, "value")
	got, err := vstack.Run(outer, func(ctx context.Context, stack *vstack.Stack) (string, error) {
		for _, ctx := range []context.Context{ctx, context.WithValue(ctx, t, "v"), context.WithoutCancel(ctx)} {
			if s, ok := vstack.FromContext(ctx); s != stack || !ok {
				t.Error(s, ok)
			}
		}
		// A stack inside a stack: the innermost counts.
		_, err := vstack.Run(ctx, func(ctx context.Context, inner *vstack.Stack) (int, error) {
			if s, _ := vstack.FromContext(ctx); s != inner || s == stack {
				t.Error("the inner frame's context does not know the inner stack")
			}
			return 0, stack.Run(ctx, func(ctx context.Context) error { return nil })
		})
		return ctx.Value(key{}).(string), err
	})
	if !errors.Is(err, vstack.ErrMisuse) {
		t.Errorf("the outer stack used from a goroutine of the inner one: %v", err)
	}
	if got != "value" {
		t.Error(got)
	}
}

func TestResultsOfRun(t *testing.T) {
	want := reflect.TypeOf(0)
	n, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) { return 42, errors.New("with a value") })
	if n != 42 || err == nil || reflect.TypeOf(n) != want {
		t.Error(n, err)
	}
}

func goid() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}
