package vstack_test

import (
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// A server's requests, each on a goroutine of its own, are all a little too deep for it.
// The runtime gives the same g to one after the other. Each of them hops: they are not
// taken for one goroutine that hops again and again, which would grow its stack instead.
func TestEachGoroutineHops(t *testing.T) {
	for i := range 40 {
		hopped := make(chan bool)
		go func() {
			for began := time.Now(); time.Since(began) < time.Millisecond; { // a request takes a while
			}
			var on bool
			hopOnce(func() { on = vstack.Current() != nil })
			hopped <- on
		}()
		if !<-hopped && vstack.Supported {
			t.Fatalf("goroutine %d goes on where it is", i)
		}
	}
}

// A goroutine that hops from here and there gets no more room; TestAmbientHotSplit is about
// one that hops again and again from one place.
func TestHopsFromHereAndThere(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guard is low")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nearEnd(func() {
			stayed := false
			here := func() { stayed = stayed || vstack.Current() == nil }
			for range 100 {
				hopOnce(here)
				padded(120, func() { padded(120, func() { hopOnce(here) }) })
			}
			if stayed {
				t.Error("the goroutine has more room than it needs")
			}
		})
	}()
	<-done
}

// nearEnd calls fn some KiB above where guards are low.
func nearEnd(fn func()) {
	if self.Used() < self.Room-24<<10 {
		padded20(func() { nearEnd(fn) })
		return
	}
	fn()
}

// hopOnce recurses to where a guard is low, and calls fn from there.
func hopOnce(fn func()) {
	if vstack.Low() {
		vstack.Do(fn)
		return
	}
	hopOnce(fn)
}
