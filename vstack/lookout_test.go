package vstack_test

import (
	"testing"

	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

// A server's requests, each on a goroutine of its own, each a little too deep for it: the runtime
// gives one g to all of them, and still each of them hops, instead of growing its stack
// to the next power of two as one that hops again and again from one place.
func TestEachGoroutineHops(t *testing.T) {
	const levels = 40_000 // 24 bytes each at least: more than 480 KiB
	deep := &workload.Hot{}
	for i := range 40 {
		hopped := make(chan bool)
		go func() {
			on := false
			deep.Free(levels, func() { on = vstack.Current() != nil })
			hopped <- on
		}()
		if !<-hopped {
			t.Fatalf("goroutine %d is %d levels deep on its own stack", i, levels)
		}
	}
}
