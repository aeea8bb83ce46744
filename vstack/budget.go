package vstack

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// A Budget is an amount of memory that any number of stacks, pools and groups
// share; see [WithBudget]. Each stack draws from it what its segments need and
// nobody waits for memory: a stack that finds the budget used up overflows, with
// an [*OverflowError] whose Budget field says so.
//
// The budget counts the native stacks of workers, about, both while they run and
// while they are idle, because idle ones hold memory too. A stack gives back
// what its idle workers do not keep when its root call returns, and the rest in
// [Stack.Close]. Before a stack overflows for lack of budget, the pools that
// share the budget end their idle stacks. What a program has on the heap, such
// as the tree that it evaluates, is not counted.
//
// It may be used from any goroutine. A segment that starts a new worker costs
// some 20 ns more with a budget; one that finds an idle worker, and the guard,
// cost nothing more.
type Budget struct {
	size atomic.Int64 // only that of the default budget changes
	used atomic.Int64

	mu    sync.Mutex
	pools map[*Pool]struct{} // that have idle stacks
}

// minMemory is the smallest limit that leaves room for a root frame and one
// segment.
const minMemory = 256 << 10

// NewBudget makes a budget of the given number of bytes. It panics for less
// than 256 KiB, which no recursion could work with.
func NewBudget(bytes int64) *Budget {
	if bytes < minMemory {
		panic(misuse(fmt.Sprintf("NewBudget(%d): want at least %d bytes", bytes, minMemory)))
	}
	b := newBudget(bytes)
	budgetDirectory.enter(b)
	return b
}

func newBudget(bytes int64) *Budget {
	b := &Budget{pools: make(map[*Pool]struct{})}
	b.size.Store(bytes)
	return b
}

// limitOf returns the size of a budget, 0 if it has none: math.MaxInt64.
func limitOf(b *Budget) int64 {
	if size := b.size.Load(); size != math.MaxInt64 {
		return size
	}
	return 0
}

// Size returns the budget's size in bytes, as it was given to [NewBudget].
func (b *Budget) Size() int64 { return b.size.Load() }

// InUse returns how many bytes of the budget are drawn at the moment, by stacks
// that run and by idle ones; at most [Budget.Size]. It may be called at any time
// and costs a nanosecond.
func (b *Budget) InUse() int64 { return b.used.Load() }

// take draws n bytes, at the cost of idle stacks if need be, and reports whether
// there were as many.
func (b *Budget) take(n int64) bool {
	if b.tryTake(n) {
		return true
	}
	b.reclaim()
	return b.tryTake(n)
}

func (b *Budget) tryTake(n int64) bool {
	for {
		used := b.used.Load()
		if n > b.size.Load()-used {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

func (b *Budget) give(n int64) { b.used.Add(-n) }

// reclaim ends the idle stacks of all pools.
func (b *Budget) reclaim() {
	b.mu.Lock()
	var pools []*Pool
	for p := range b.pools {
		pools = append(pools, p)
	}
	b.mu.Unlock()
	for _, p := range pools {
		p.drop()
	}
}

// register notes whether p has idle stacks. A pool that has none is not
// referred to, so that one dropped without Close can be collected.
func (b *Budget) register(p *Pool, idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if idle {
		b.pools[p] = struct{}{}
	} else {
		delete(b.pools, p)
	}
}

// draw makes sure that at least bytes are drawn from the budget, if there is one.
func (a *account) draw(bytes int64) bool {
	if a.budget == nil || bytes <= a.drawn {
		return true
	}
	if !a.budget.take(bytes - a.drawn) {
		return false
	}
	a.drawn = bytes
	return true
}

// settle gives the budget back all but keep bytes.
func (a *account) settle(keep int64) {
	if n := a.drawn - keep; a.budget != nil && n > 0 {
		a.budget.give(n)
		a.drawn = keep
	}
}
