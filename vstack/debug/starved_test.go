package debug_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
)

// More stacks run than there are processors, as on a server under attack, so most do not
// come to a guard while the page waits. Of none it says that it may be waiting.
func TestStarved(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	const stacks, enough, looks = 32, 15, 100
	const levels = 80_000 // as on 386 the frames are small
	pool := vstack.NewPool(vstack.WithName("eval"))
	defer pool.Close()
	defer debug.Forget()
	for kind, in := range map[string]func(i int, fn func()) error{
		"one name": func(_ int, fn func()) error {
			return pool.Run(context.Background(), func(context.Context, *vstack.Stack) error { fn(); return nil })
		},
		"names":         func(i int, fn func()) error { return run(fn, vstack.WithName(fmt.Sprint("client ", i))) },
		"without names": func(_ int, fn func()) error { return run(fn) },
		"ambient":       func(_ int, fn func()) error { fn(); return nil },
	} {
		t.Run(kind, func(t *testing.T) {
			if kind == "ambient" && !vstack.Supported {
				t.Skip("no guards without a handle in this build")
			}
			var wg, deep sync.WaitGroup
			var over atomic.Bool
			defer wg.Wait()
			defer over.Store(true)
			deep.Add(stacks)
			for i := range stacks {
				wg.Go(func() {
					if err := in(i, func() {
						parse(levels)
						deep.Done()
						for !over.Load() {
							parse(levels)
						}
					}); err != nil {
						t.Error(err)
					}
				})
			}
			deep.Wait()
			running, late := 0, 0
			for i := 0; i < looks && late < enough; i++ {
				r, l := seen(t)
				running, late = running+r, late+l
			}
			t.Logf("%d have answered, %d were late", running, late)
			if running+late == 0 {
				t.Error("no stack was seen while it ran")
			}
		})
	}
}

// seen looks at the page. It returns how many stacks have answered, and how many have not:
// of those it has to say that they run.
func seen(t *testing.T) (running, late int) {
	t.Helper()
	debug.Forget()
	for _, s := range rows(t) {
		switch {
		case s.Late:
			late++
			if !strings.HasPrefix(s.Note, "late") || !strings.Contains(s.Note, ": it runs") || strings.Contains(s.Note, "waits") {
				t.Errorf("a stack that runs: %q", s.Note)
			}
		case s.Note == "":
			running++
		}
	}
	return running, late
}

// parse is a recursion whose levels do some work.
func parse(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return parse(n) })
	}
	sum := n
	for i := range 100 {
		sum = sum*31 + i
	}
	if n == 0 {
		return sum
	}
	return parse(n-1) + sum
}

// run runs fn on a stack of its own.
func run(fn func(), options ...vstack.Option) error {
	s := vstack.New(options...)
	defer s.Close()
	return s.Run(context.Background(), func(context.Context) error { fn(); return nil })
}
