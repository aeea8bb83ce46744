package scheduler

import (
	"runtime"
	"testing"
	"unsafe"
)

func TestCurrent(t *testing.T) {
	var a, b Scheduler
	defer a.Close()
	defer b.Close()
	var deep func(n int, fn func())
	deep = func(n int, fn func()) {
		if n == 0 {
			fn()
			return
		}
		deep(n-1, fn)
	}
	for _, depth := range []int{0, 10, 1000} {
		a.Call(jobFunc(func(w *Worker) {
			deep(depth, func() {
				_, ours := w.Current() // once, so that the stack has room for the call
				top, here := topAndHere(w)
				if !ours {
					t.Error("the worker's own goroutine is not its current one")
				}
				// The frames are some bytes each, and all below the top.
				if here >= top || top-here > uintptr(1000*depth+4000) {
					t.Errorf("%d frames down: the stack begins at %#x, and here is %#x", depth, top, here)
				}
				b.Call(jobFunc(func(other *Worker) {
					deep(depth, func() {
						if _, ours := w.Current(); ours {
							t.Error("another worker's goroutine is taken for the worker's")
						}
						if _, ours := other.Current(); !ours {
							t.Error("the other worker's own goroutine is not its current one")
						}
					})
				}), Large)
				done := make(chan bool)
				go func() {
					deep(depth, func() {
						_, ours := w.Current()
						done <- ours
					})
				}()
				if <-done {
					t.Error("a goroutine that is no worker is taken for one")
				}
			})
		}), Small)
	}
}

// The top that is found is where the stack is now, after the runtime has moved it.
func TestCurrentMoves(t *testing.T) {
	var s Scheduler
	defer s.Close()
	s.Call(jobFunc(func(w *Worker) {
		moved := 0
		last, _ := w.Current()
		for range 10 {
			runtime.GC() // shrinks the stack
			Large.Pregrow()
			_, ours := w.Current()
			if top, here := topAndHere(w); !ours || here >= top || top-here > 4000 {
				t.Fatalf("the stack begins at %#x, and here is %#x", top, here)
			}
			top, _ := w.Current()
			if top != last {
				moved++
			}
			last = top
		}
		if moved == 0 {
			t.Error("the stack has not moved: the test tests nothing")
		}
	}), Small)
}

// topAndHere returns where the stack begins and an address in a frame, of one
// time: the runtime may move the stack at any call.
func topAndHere(w *Worker) (top, here uintptr) {
	for {
		here = address()
		top, _ = w.Current()
		if address() == here {
			return top, here
		}
	}
}

//go:noinline
func address() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here))
}

type jobFunc func(*Worker)

func (f jobFunc) Run(w *Worker) { f(w) }
