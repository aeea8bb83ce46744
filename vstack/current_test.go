package vstack

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// needsBounds skips a test of what a build without the goroutine's bounds has not.
func needsBounds(t *testing.T) {
	t.Helper()
	if !self.Supported {
		t.Skip("goroutines do not know their bounds here")
	}
}

// known counts the workers in the table.
func known() (n int) {
	for i := range workers {
		t := &workers[i]
		t.mu.Lock()
		n += len(t.by)
		t.mu.Unlock()
	}
	return n
}

// A worker that has ended is not in the table of workers any more, however it ended: the
// next goroutine may have its id, and a server's table would grow for ever.
func TestEndedWorkersAreForgotten(t *testing.T) {
	needsBounds(t)
	CloseIdle()
	before := known()
	s := New()
	descend(s, 100_000, func() {
		if known() < before+5 {
			t.Error("few workers are known: the test tests nothing")
		}
	})
	s.Close()
	if n := known(); n != before {
		t.Errorf("%d workers are known after Close, %d before", n, before)
	}
	done := make(chan struct{})
	go func() { // Goexit ends the workers themselves
		defer close(done)
		_, _ = Run(context.Background(), func(_ context.Context, s *Stack) (int, error) {
			descend(s, 100_000, runtime.Goexit)
			return 0, nil
		})
	}()
	<-done
	if n := known(); n != before {
		t.Errorf("%d workers are known after Goexit, %d before", n, before)
	}
}

// A goroutine that was given more room ends, and a worker gets its id, as the runtime
// uses g's again. What is remembered is not of the worker, and the worker's guard is low
// where its room ends.
func TestWorkerWithAUsedID(t *testing.T) {
	needsBounds(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the g that was freed last is the next
	for range 1000 {
		var id uintptr
		done := make(chan struct{})
		go func() {
			defer close(done)
			id, _, _ = self.Bounds()
			nativelyTo(self.Room, func() {
				_, _, hi := self.Bounds()
				for l := lookoutOf(id); !l.stays(id, hi); {
				}
			})
			if self.SlotOf(id).Limit() <= self.Room {
				t.Error("the goroutine has no more room: the test tests nothing")
			}
		}()
		<-done
		same := false
		inRun(t, func(context.Context, *Stack) {
			at, _, _ := self.Bounds()
			if same = at == id; !same {
				return
			}
			if limit := self.SlotOf(id).Limit(); limit > self.Room {
				t.Errorf("the guard of the worker is low at %d bytes, want %d", limit, self.Room)
			}
			if l := lookoutOf(id); l.id.Load() == id {
				t.Error("the worker is taken for the goroutine that had its id")
			}
		})
		if same {
			return
		}
	}
	t.Skip("no worker had the id of the goroutine")
}

// nativelyTo calls fn where so much of the goroutine's stack is used.
func nativelyTo(bytes uintptr, fn func()) {
	var pad [1 << 10]byte
	if self.Used() < bytes {
		nativelyTo(bytes, fn)
	} else {
		fn()
	}
	runtime.KeepAlive(&pad)
}

// What is remembered of one goroutine says nothing of another one of its slot.
func TestLookoutIsOfOneGoroutine(t *testing.T) {
	needsBounds(t)
	id, _, hi := self.Bounds()
	l := lookoutOf(id)
	l.mu.Lock()
	l.become(id + 1)
	l.room.Store(maxRoom)
	l.mu.Unlock()
	if room := l.roomOf(id, hi); room != self.Room {
		t.Errorf("it has room for %d bytes, that of another one; want %d", room, self.Room)
	}
	l.forget(id + 1)
}

// A goroutine that runs on no stack and has recovered an overflow overflows again, and is
// not taken for one that unwinds.
func TestAmbientOverflowsAgain(t *testing.T) {
	needsBounds(t)
	if !Alone(t) {
		return
	}
	defer SetDefaultLimit(SetDefaultLimit(minMemory))
	s := New()
	defer s.Close()
	err := fmt.Errorf("the stack does not overflow")
	var fill func()
	fill = func() {
		var full error
		func() {
			defer Catch(&full)
			s.Do(fill)
		}()
		if full != nil { // the stack has all that there is
			onAnother(func() { nativelyTo(self.Room, func() { err = overflows() }) })
		}
	}
	s.Do(fill)
	if err != nil {
		t.Error(err)
	}
}

func onAnother(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// overflows returns an error unless each of some hops from here overflows.
func overflows() error {
	for i := range 3 {
		err := func() (err error) {
			defer Catch(&err)
			Do(func() {})
			return nil
		}()
		if err == nil {
			return fmt.Errorf("hop %d finds memory where there is none", i)
		}
	}
	return nil
}

// stranger runs fn on a goroutine that is a worker of another copy of the library, for
// which the goroutine with that id waits.
func stranger(waiter uintptr, fn func(id uintptr)) {
	onAnother(func() {
		id, _, _ := self.Bounds()
		link := self.Enter(id)
		defer self.Leave(id)
		link.Set(waiter)
		fn(id)
	})
}

// A function that is called by way of another copy, or of two, runs on the stack that
// waits for it.
func TestStackThatWaits(t *testing.T) {
	needsBounds(t)
	inRun(t, func(_ context.Context, s *Stack) {
		id, _, _ := self.Bounds()
		check := func(uintptr) {
			Do(func() {
				if got := Current(); got != s {
					t.Errorf("it runs on %v instead of the stack that waits", got)
				}
			})
		}
		stranger(id, check)
		stranger(id, func(id uintptr) { stranger(id, check) })
		if s.top.adopted || s.runs.Load() != id {
			t.Error("the stack has not come back")
		}
	})
}

// A stack that has thrown in a function that another copy has called is as any other once
// somebody has recovered that: it is canceled, and overflows again.
func TestThrownByWayOfACopy(t *testing.T) {
	needsBounds(t)
	ctx, cancel := context.WithCancel(context.Background())
	stack := New(WithMaxMemory(minMemory))
	defer stack.Close()
	err := stack.Run(ctx, func(context.Context) error {
		id, _, _ := self.Bounds()
		for range 2 {
			stranger(id, func(uintptr) {
				defer func() {
					if err, ok := recover().(*OverflowError); !ok || err.stack != stack {
						t.Errorf("recovered %v", err)
					}
				}()
				var deeper func()
				deeper = func() { Do(deeper) }
				deeper()
			})
			if stack.unwinding() {
				t.Error("the stack unwinds, and the overflow was recovered")
			}
		}
		cancel()
		stack.Yield()
		t.Error("the frame is not canceled")
		return nil
	})
	if err != context.Canceled {
		t.Error(err)
	}
}

// A user's goroutine is taken once for one that has come to its first guard natively deep.
// In Await a worker's goroutine runs on no stack, and has come there by guards.
func TestUnguardedDepth(t *testing.T) {
	needsBounds(t)
	depth := func(room uintptr) uintptr {
		id, _, _ := self.Bounds()
		l := lookoutOf(id)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.become(id)
		defer l.become(id)
		l.room.Store(room)
		return l.unguarded(id)
	}
	if got, want := depth(self.Room), uintptr(self.Room+head); got != want {
		t.Errorf("on a user's goroutine %d, want %d", got, want)
	}
	if got, want := depth(2*maxRoom), uintptr(2*maxRoom+excursion); got != want {
		t.Errorf("on a user's goroutine that was given room %d, want %d", got, want)
	}
	inRun(t, func(_ context.Context, s *Stack) {
		got, _ := Await(s, func() (uintptr, error) { return depth(self.Room), nil })
		if want := uintptr(maxRoom + excursion); got != want {
			t.Errorf("in Await %d, want %d", got, want)
		}
	})
}
