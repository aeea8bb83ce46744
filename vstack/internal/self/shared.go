//go:build vstackbuild || (gc && !purego && (386 || amd64 || arm || arm64 || loong64 || mips || mips64 || mips64le || mipsle || ppc64 || ppc64le || riscv64 || s390x || wasm))

package self

import (
	"sync"
	"sync/atomic"
	_ "unsafe" // for go:linkname
)

// Two copies of this library may be in one binary: a fork, or one that somebody has
// vendored under another path. A goroutine that is a worker of one copy is a stranger
// to the other. When code that one copy guards is called by code that the other one
// guards, on a worker of the other, the first has to find the stack, the limit and the
// context that it had. So each worker of each copy says here which goroutine waits for
// it.
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

// Set says that the worker runs now for the goroutine with that id, which waits until
// it is through. 0 is for none. Only the nearest stranger matters: a worker that runs
// for another worker of its own copy has that one's [Link.Waiter], which is the same
// for all segments of a stack in a row. Then what copies have to follow is short, and
// a hop that repeats writes nothing.
func (l Link) Set(waiter uintptr) {
	if l.waiter.Load() != waiter {
		l.waiter.Store(waiter)
	}
}

// Waiter returns what [Link.Set] has said last.
func (l Link) Waiter() uintptr { return l.waiter.Load() }

// Waiter returns the goroutine that waits for the worker with that id, which may be one
// of any copy, and false if it is no worker or runs for nobody. A copy that does not
// know the goroutine it is called on asks for its waiter, for the waiter's waiter, and
// so on until it finds one of its own or comes to the end.
func Waiter(id uintptr) (waiter uintptr, ok bool) {
	entry, ok := shared.Load(id)
	if !ok {
		return 0, false
	}
	waiter = entry.(*atomic.Uintptr).Load()
	return waiter, waiter != 0
}
