//go:build gc && !purego && !vstackbuild

package self

import (
	"errors"
	"iter"
	"reflect"
	"runtime"
	"sort"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// On js the runtime has a goroutine for events.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

// right fails the test if the figures that the calling goroutine is told about itself
// are wrong, and returns them.
func right(t *testing.T, where string) figures {
	t.Helper()
	f := read()
	if what := f.wrong(); what != "" {
		t.Errorf("%s: %s", where, f.report(what))
	}
	return f
}

// descend calls itself until the goroutine has used so much of its stack, calls
// visit in each call, and returns how many calls it took.
//
//go:noinline
func descend(until uintptr, visit func()) int {
	var frame [500]byte
	frame[0] = byte(until)
	visit()
	n := 1
	if Used() < until {
		n += descend(until, visit)
	}
	runtime.KeepAlive(&frame)
	return n
}

// fresh runs fn on a goroutine of its own.
func fresh(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// A stack grows and shrinks; the goroutine stays the same one.
func TestGrowAndShrink(t *testing.T) {
	fresh(func() {
		first := right(t, "before")
		stacks := map[uintptr]bool{}
		deepest := first
		descend(1<<20, func() {
			if f := right(t, "on the way down"); f.id != first.id {
				t.Fatalf("the goroutine was %#x and is %#x", first.id, f.id)
			} else {
				deepest = f
				stacks[f.hi] = true
			}
		})
		if len(stacks) < 3 {
			t.Errorf("a stack that went from %d bytes to %d was in %d places", first.hi-first.lo, deepest.hi-deepest.lo, len(stacks))
		}
		size := deepest.hi - deepest.lo
		if size < 1<<20 {
			t.Errorf("a stack of %d bytes holds 1 MiB", size)
		}
		// Each collection halves a stack that uses less than a quarter of itself.
		for range 20 {
			runtime.GC()
			f := right(t, "after a collection")
			if f.id != first.id {
				t.Fatalf("the goroutine was %#x and is %#x", first.id, f.id)
			}
			if f.hi-f.lo < size/8 {
				return
			}
		}
		t.Errorf("a stack of %d bytes did not shrink in 20 collections", size)
	})
}

// Each goroutine that is alive has an id of its own and keeps it, also on a thread
// of its own, and whatever its stack does.
func TestManyGoroutines(t *testing.T) {
	const n, locked = 2000, 20
	type answer struct{ before, after figures }
	answers := make(chan answer)
	var there, done sync.WaitGroup
	there.Add(n)
	for i := range n {
		done.Go(func() {
			if i < locked {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
			}
			var a answer
			a.before = read()
			there.Done()
			there.Wait() // all are alive
			descend(uintptr(i%16)<<10, func() { a.after = read() })
			answers <- a
			there.Wait()
		})
	}
	ids := map[uintptr]bool{}
	for range n {
		a := <-answers
		for _, f := range []figures{a.before, a.after} {
			if what := f.wrong(); what != "" {
				t.Fatal(f.report(what))
			}
		}
		if a.before.id != a.after.id {
			t.Fatalf("the goroutine was %#x and is %#x", a.before.id, a.after.id)
		}
		ids[a.before.id] = true
	}
	done.Wait()
	if len(ids) != n {
		t.Errorf("%d goroutines have %d ids", n, len(ids))
	}
}

// Goroutines that the runtime starts, and functions that it calls in ways of its own.
func TestUnusualPlaces(t *testing.T) {
	// in sends what it is told where it runs.
	in := func(where string, figures chan<- figures) func() {
		return func() { figures <- right(t, where) }
	}
	own := right(t, "the test")
	for _, c := range []struct {
		where string
		run   func(ask func())
		same  bool // on the goroutine of the test
	}{
		{"a finalizer", func(ask func()) {
			runtime.SetFinalizer(&[1 << 10]byte{}, func(*[1 << 10]byte) { ask() })
			runtime.GC()
		}, false},
		{"a cleanup", func(ask func()) {
			runtime.AddCleanup(&[1 << 10]byte{}, func(int) { ask() }, 0)
			runtime.GC()
		}, false},
		{"a timer's function", func(ask func()) { time.AfterFunc(0, ask) }, false},
		{"a coroutine", func(ask func()) {
			next, stop := iter.Pull(func(yield func(int) bool) { ask(); yield(1) })
			next()
			stop()
		}, false},
		{"a synctest bubble", func(ask func()) { synctest.Test(t, func(*testing.T) { ask() }) }, false},
		{"a deferred call during a fault", func(ask func()) {
			defer func() {
				var err runtime.Error
				if e, ok := recover().(error); !ok || !errors.As(e, &err) {
					t.Error("there was no fault")
				}
			}()
			defer ask()
			var p *figures
			p.id++
		}, true},
		{"a deferred call during Goexit", func(ask func()) {
			go func() {
				defer ask()
				runtime.Goexit()
			}()
		}, false},
		{"a function that reflect calls", func(ask func()) { reflect.ValueOf(ask).Call(nil) }, true},
		{"a function that reflect made", func(ask func()) {
			made := reflect.MakeFunc(reflect.TypeFor[func()](), func([]reflect.Value) []reflect.Value { ask(); return nil })
			made.Interface().(func())()
		}, true},
		{"a function that sort calls", func(ask func()) {
			sort.Slice([]int{2, 1}, func(int, int) bool { ask(); return false })
		}, true},
	} {
		answers := make(chan figures, 8)
		c.run(in(c.where, answers))
		f := <-answers
		if f.id == own.id != c.same {
			t.Errorf("%s: goroutine %#x, the test is %#x, the same %v", c.where, f.id, own.id, c.same)
		}
	}
}

// The guard is low near the room and not before.
func TestLow(t *testing.T) {
	fresh(func() {
		var first uintptr // how much was used when it was low first
		descend(Room+4<<10, func() {
			// Both are called from one frame, so they start from one address.
			used, low := Used(), Low()
			if low != (used >= Room) {
				t.Fatalf("with %d bytes used, Low is %v", used, low)
			}
			if low && first == 0 {
				first = used
			}
		})
		if first < Room || first > Room+4<<10 {
			t.Errorf("Low was true first with %d bytes used", first)
		}
		if Low() {
			t.Error("Low is true at the top again")
		}
	})
}

// The comparison is exact and of numbers without a sign.
func TestLowCompares(t *testing.T) {
	fresh(func() {
		id, _, _ := Bounds()
		slot := SlotOf(id)
		defer slot.SetLimit(Room)
		used := Used()
		for _, c := range []struct {
			limit uintptr
			low   bool
		}{
			{0, true}, {1, true}, {used, true}, {used + 1, false}, {Room, false},
			{^uintptr(0) >> 1, false}, {^uintptr(0)>>1 + 1, false}, {^uintptr(0), false},
		} {
			slot.SetLimit(c.limit)
			if used != Used() {
				t.Fatal("the frame has changed")
			}
			if Low() != c.low {
				t.Errorf("with %d bytes used and the limit %#x, Low is %v", used, c.limit, !c.low)
			}
		}
	})
}

func TestCostsNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Bounds(); Used(); Low() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
