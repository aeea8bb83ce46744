//go:build vstackbuild || (gc && !purego && (386 || amd64 || arm || arm64 || loong64 || mips || mips64 || mips64le || mipsle || ppc64 || ppc64le || riscv64 || s390x || wasm))

package self

import (
	"sync"
	"sync/atomic"
	_ "unsafe" // for go:linkname
)

// Two copies of this library may be in one binary: a fork, or one that somebody has
// vendored under another path. A goroutine that is a worker of one copy is a stranger
// to the other. A recursion may go from code that one copy guards to code that the other
// guards, and back, on a worker of the other. There the first copy has to find its stack
// again, with its limit and context. So each worker of each copy says here which goroutine
// waits for it.
//
// Copies meet in this variable: both define it under the name below, which belongs to
// no package, and the linker makes one of variables without contents that have the same
// name. Its type and what is in it, *atomic.Uintptr by uintptr, are the standard
// library's, so it is the same type in both. Who changes either changes the name: copies
// with different names take each other for plain goroutines, and no more.
//
// It costs a worker about 200 ns and 130 bytes when it starts; a hop costs it a
// comparison.
//
//go:linkname shared vstack.waiters.v1
var shared sync.Map

// A Link is what a worker says about itself. Its own goroutine uses it, while it runs.
type Link struct{ waiter *atomic.Uintptr }

// Enter makes the goroutine with that id known to all copies as a worker. The goroutine
// calls it itself, when it starts, and Leave before it ends, in any case: the next
// goroutine may have the same id.
func Enter(id uintptr) Link {
	waiter := new(atomic.Uintptr)
	shared.Store(id, waiter)
	return Link{waiter}
}

// Leave takes back what [Enter] said.
func Leave(id uintptr) { shared.Delete(id) }

// Set says for which goroutine the worker runs now: the one with that id waits until it is
// through; 0 is for none. A worker that runs for another worker of its own copy gets that
// one's [Link.Waiter], so that all segments of a stack in a row have the same: the nearest
// goroutine that is none of the copy's workers. So copies have a short way to follow, and
// a hop that repeats writes nothing.
func (l Link) Set(waiter uintptr) {
	if l.waiter.Load() != waiter {
		l.waiter.Store(waiter)
	}
}

// Waiter returns what [Link.Set] has said last.
func (l Link) Waiter() uintptr { return l.waiter.Load() }

// Waiter returns the goroutine that waits for the worker with that id, of any copy. It
// reports false if that is no worker or runs for nobody. A copy that is called on a
// goroutine which it does not know asks for the waiter, then for the waiter's waiter, until
// it finds one of its own or there is none.
func Waiter(id uintptr) (waiter uintptr, ok bool) {
	entry, ok := shared.Load(id)
	if !ok {
		return 0, false
	}
	waiter = entry.(*atomic.Uintptr).Load()
	return waiter, waiter != 0
}
