package vstack_test

import (
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// nativeBytes returns the size of the calling goroutine's stack.
func nativeBytes() int64 {
	_, lo, hi := self.Bounds()
	return int64(hi - lo)
}

// Hot splits with large frames between two guards do not add up, on a goroutine that runs
// on no stack either.
func TestHotSplitsDoNotAddUp(t *testing.T) {
	if !inChild(t) {
		return
	}
	debug.SetMaxStack(2 << 20)
	for _, frame := range []int{20, 60, 100, 120, 240} {
		for head := range 5 {
			onFresh(func() {
				var fn func(n int)
				fn = func(n int) {
					if n > 0 {
						padded20(func() { fn(n - 1) })
						return
					}
					hot(frame, 100)
				}
				fn(head)
			})
		}
	}
}

// hot is a guarded recursion with so many KiB between two guards, each level of which is a
// loop that may be a hot split.
func hot(kib, n int) {
	if vstack.Low() {
		vstack.Do(func() { hot(kib, n) })
		return
	}
	if n <= 0 {
		return
	}
	below := func() {
		for range 10 {
			hot(kib, 0)
		}
		hot(kib, n-1)
	}
	if kib > 120 {
		padded120(func() { padded120(below) })
		return
	}
	padded(kib, below)
}

// nativelyDown goes down natively and calls fn there.
func nativelyDown(bytes uintptr, fn func()) {
	if self.Used() < bytes {
		padded60(func() { nativelyDown(bytes, fn) })
		return
	}
	fn()
}

// freeDepth is how deep the calling goroutine gets natively with the handle-free guard.
func freeDepth(n int, deepest *uintptr) {
	if vstack.Low() {
		return // here it would hop
	}
	*deepest = max(*deepest, self.Used())
	if n > 0 {
		padded20(func() { freeDepth(n-1, deepest) })
	}
}

// A goroutine that came to its first guard natively deep gets more room. Another one
// that shares its slot, or has its id after it has ended, does not.
func TestRoomIsNotShared(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(128 << 20))
	type probe struct {
		id  uintptr
		ask chan func()
	}
	const n = 3000
	bySlot := map[self.Slot]probe{}
	var a, b probe
	ready := make(chan probe)
	var wg sync.WaitGroup
	defer wg.Wait()
	var probes []probe
	defer func() {
		for _, p := range probes {
			close(p.ask)
		}
	}()
	for range n {
		wg.Go(func() {
			id, _, _ := self.Bounds()
			p := probe{id, make(chan func())}
			ready <- p
			for fn := range p.ask {
				fn()
			}
		})
		p := <-ready
		probes = append(probes, p)
		if other, ok := bySlot[self.SlotOf(p.id)]; ok {
			a, b = other, p
			break
		}
		bySlot[self.SlotOf(p.id)] = p
	}
	if b.ask == nil {
		t.Skip("no two goroutines share a slot")
	}
	do := func(p probe, fn func()) {
		done := make(chan bool)
		p.ask <- func() { fn(); close(done) }
		<-done
	}
	do(a, func() {
		nativelyDown(8<<20, func() {
			for range 20 {
				free(10)
			}
		})
	})
	var deepest uintptr
	do(b, func() { freeDepth(1000, &deepest) })
	if deepest > 1<<20 {
		t.Errorf("a goroutine with guards gets %d KiB deep, since another one was so deep without", deepest>>10)
	}
}

func TestRoomEndsWithGoroutine(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(128 << 20))
	var id uintptr
	onFresh(func() {
		id, _, _ = self.Bounds()
		nativelyDown(8<<20, func() {
			for range 20 {
				free(10)
			}
		})
	})
	for range 10_000 {
		var same bool
		var deepest uintptr
		onFresh(func() {
			now, _, _ := self.Bounds()
			if same = now == id; same {
				freeDepth(1000, &deepest)
			}
		})
		if same {
			if deepest > 1<<20 {
				t.Errorf("a goroutine with guards gets %d KiB deep, since an earlier one with its id was so deep without", deepest>>10)
			}
			return
		}
	}
	t.Skip("no goroutine got the id again")
}

// A goroutine that is deep without guards, and then gets more room, shares its slot in
// the table of limits with others. These must not get as deep.
func TestDeepNeighbour(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(64 * mib))
	deep, over := make(chan self.Slot), make(chan bool)
	var all sync.WaitGroup
	all.Go(func() {
		natively(200_000, func() int {
			for range 100 { // a hot split
				if vstack.Low() {
					vstack.Do(func() {})
				}
			}
			deep <- slot()
			<-over
			return 0
		})
	})
	shared := <-deep
	most := make([]uintptr, 3*self.Slots) // one of them has the same slot
	var neighbours sync.WaitGroup
	neighbours.Add(len(most))
	for i := range most {
		all.Go(func() {
			var down func(n int)
			down = func(n int) {
				if vstack.Low() {
					vstack.Do(func() { down(n) })
					return
				}
				most[i] = max(most[i], self.Used())
				if n > 0 {
					down(n - 1)
				}
			}
			if slot() == shared {
				down(20_000)
			}
			neighbours.Done()
			<-over // so that each has a g of its own
		})
	}
	neighbours.Wait()
	close(over)
	all.Wait()
	switch n := slices.Max(most); {
	case n == 0:
		t.Skip("no goroutine has got the same slot")
	case n > mib:
		t.Errorf("%d KiB of native stack", n>>10)
	}
}

// slot returns the calling goroutine's.
func slot() self.Slot {
	id, _, _ := self.Bounds()
	return self.SlotOf(id)
}
