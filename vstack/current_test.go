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
	defer SetDefaultLimit(SetDefaultLimit(minMemory))
	s := New()
	defer s.Close()
	var err error
	s.Do(func() {
		s.Do(func() { // now the stack has all that there is
			onAnother(func() { nativelyTo(self.Room, func() { err = overflows() }) })
		})
	})
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
