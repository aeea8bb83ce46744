package vstack

import (
	"unsafe"

	"github.com/vstack-go/vstack/scheduler"
)

// full returns how many bytes of native stack a segment on a worker of the given
// size uses before its guard says Low. What is left of the worker's stack, the head
// room, is for the calls between two guards; without it every stack would double.
func full(size scheduler.Size) int {
	if size == scheduler.Small {
		return smallRoom
	}
	return int(size.Bytes()) - head
}

// room is what full returns for a large worker.
const room = 128<<10 - head

// smallRoom is the same for the segment of a [Stack.Run] frame, whose worker's
// stack is not grown beforehand. Recursion moves on to a large worker soon
// instead of growing a small stack by copying it again and again.
const smallRoom = 1 << 10

// head is how much native stack there should be below a segment's room, for the
// calls between two guards.
const head = 32 << 10

// slack is how far above the first frame of a segment its base lies, so that no
// frame of it, whatever its layout, has an address above the base.
const slack = 256

// here returns the address of its caller's frame, near enough: what the guard
// measures with. It is the one use of unsafe, and the address is never turned
// back into a pointer. It goes stale whenever the runtime moves the stack.
//
//go:noinline
func here() uintptr {
	var here [0]byte
	return uintptr(unsafe.Pointer(&here))
}

// Low reports whether the caller should continue on a fresh segment, by way of
// [Grow], [Grow2] or [Stack.Grow]: because the native stack it runs on has been
// used up to the segment's bound, because the runtime has moved that stack, or
// because the stack has been interrupted (its context is done, somebody asked
// for a trace). Call it first in one function of each cycle of calls.
//
// Low is inlined: two loads, a subtraction and a comparison, about 0.3 ns. (On
// 386, arm and wasm, where an atomic load is a call, Low is one too.) It must be
// called on the goroutine that the stack runs on; elsewhere it reports true, and
// the Grow that follows panics with a clear message. For a nil *Stack it is false.
func (s *Stack) Low() bool {
	// A zero-size local costs no store and no byte of the caller's frame.
	var here [0]byte
	// One condition and not two joined by &&: with two ways into the rest of the
	// caller, the compiler puts the branch with Grow in front of it, where it takes
	// a jump and room in the cache of instructions.
	if s == nil {
		s = &never
	}
	// Unsigned, so that it is two-sided: base is stale after the runtime has
	// moved the stack, and then the address is as likely above it as far below.
	// At least and not more than: the limit of an interrupted stack is 0, and so
	// is the distance of a frame that lies at base itself.
	return s.base-uintptr(unsafe.Pointer(&here)) >= s.limit.Load()
}

// never stands for a nil stack in the guard: it is never low.
var never Stack

func init() { never.limit.Store(^uintptr(0)) }
