// Probe has two copies of package self in it and tries both. It prints ok, or panics.
// It is a program, and also a library for C and a plugin: see TestBuilds.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	one "example.com/probe/one"
	two "example.com/probe/two"
)

func main() {
	probe()
	throughC()
	fmt.Println("ok")
}

// throughC calls probe by way of C, where there is C.
var throughC = func() {}

// Plugged is for a program that opens this one as a plugin.
func Plugged() { probe() }

func probe() {
	here()
	var done sync.WaitGroup
	for range 20 {
		done.Go(func() {
			here()
			for range 3 {
				descend(one.Room + 64<<10)
				runtime.GC()
			}
			chain()
		})
	}
	done.Wait()
}

// descend calls itself until the goroutine has used so much of its stack.
func descend(until uintptr) {
	var frame [1 << 10]byte
	frame[0] = byte(until)
	here()
	if one.Used() < until {
		descend(until)
	}
	runtime.KeepAlive(&frame)
}

// here panics if the figures are wrong where it is called.
//
//go:noinline
//go:nocheckptr
func here() {
	var local byte
	at := uintptr(unsafe.Pointer(&local))
	id, lo, hi := one.Bounds()
	used, low := one.Used(), one.Low()
	if !(lo < at && at < hi) || used < hi-at-4<<10 && hi-at > 4<<10 || used > hi-at+4<<10 {
		panic(fmt.Sprintf("goroutine %#x: %#x is not in %#x to %#x, used %#x", id, at, lo, hi, used))
	}
	if low != (used >= one.Room) || low != two.Low() {
		panic(fmt.Sprintf("with %d bytes used, the guards say %v and %v", used, low, two.Low()))
	}
	if again, _, _ := two.Bounds(); id != again {
		panic(fmt.Sprintf("goroutine %#x is %#x for the other copy", id, again))
	}
}

// chain builds a chain of workers of both copies in turn, each waiting for the next,
// and follows it from its end with either copy.
func chain() {
	first, _, _ := one.Bounds()
	var down func(n int, beneath []uintptr)
	down = func(n int, beneath []uintptr) {
		id, _, _ := one.Bounds()
		waiter := beneath[len(beneath)-1]
		if n%2 == 0 {
			link := one.Enter(id)
			defer one.Leave(id)
			link.Set(waiter)
		} else {
			link := two.Enter(id)
			defer two.Leave(id)
			link.Set(waiter)
		}
		if n > 0 {
			next := make(chan struct{})
			go func() {
				defer close(next)
				down(n-1, append(beneath, id))
			}()
			<-next
		}
		for _, follow := range []func(uintptr) (uintptr, bool){one.Waiter, two.Waiter} {
			at := id
			for i := len(beneath) - 1; i >= 0; i-- {
				up, ok := follow(at)
				if !ok || up != beneath[i] {
					panic(fmt.Sprintf("for goroutine %#x waits %#x %v, and it is %#x", at, up, ok, beneath[i]))
				}
				at = up
			}
			if up, ok := follow(at); ok || at != first {
				panic(fmt.Sprintf("for the plain goroutine %#x waits %#x", at, up))
			}
		}
	}
	ended := make(chan uintptr)
	go func() {
		id, _, _ := one.Bounds()
		down(5, []uintptr{first})
		ended <- id
	}()
	id := <-ended
	if up, ok := one.Waiter(id); ok && up == first {
		panic("a worker has left and is still there")
	}
}
