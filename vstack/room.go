package vstack

import (
	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// How much of a goroutine's native stack guarded recursion uses before it hops: the
// goroutine's room. A hot split is a loop just above the end of the room: it would hop at
// every turn, so its goroutine gets more.
//
// How deep a goroutine of ours gets natively: the guard hops at the room, which is at
// most maxRoom. If no more than excursion bytes are used between two guards, that is
// at most 704 + 300 KiB, so that the stack is at most 1 MiB. Code that uses more
// between two guards, such as recursion that has none, has broken that bound itself;
// then room is counted from where the guards begin again.
//
// The goroutines of others may be as deep as they like when they come to their first
// guard. If a guard is more than head bytes past the room, then what is above it is taken
// for code without guards, and room is counted from there. A recursion that uses less than
// head bytes between two guards is not taken for that: a guard comes sooner, and hops from
// maxRoom on. One that uses more is, once: after that a guard has to be excursion bytes
// past the room. So goroutines of others that have guards everywhere stay under 2 MiB.
//
// Room past maxRoom is that goroutine's alone. Its slot, which others share, says
// maxRoom, so that the guard without a handle looks closer every time; it does so without
// a lock. On a goroutine that runs on no stack it is the room of the native stack that was
// there, and ends with it: the runtime may have moved the goroutine since, or given its
// id to another one.
const (
	// head is how much native stack there should be below a segment's room.
	head = 32 << 10

	// smallRoom is the room of the segment of a [Stack.Run] frame, whose worker's
	// stack is not grown beforehand. Recursion moves on to a large worker soon
	// instead of growing a small stack by copying it again and again.
	smallRoom = 2 << 10

	maxHops   = 8         // out of one segment, before it gets more room
	more      = 224 << 10 // bytes that a hot split gives
	muchMore  = 512 << 10 // that one gives past maxRoom
	maxRoom   = self.Widest
	excursion = 300 << 10
	// deepest is how deep natively a goroutine may be that still gets more room. It is
	// far from the 250 MB that the runtime allows on 32-bit systems, and only guards
	// with more than excursion bytes between any two get there.
	deepest = 64 << 20
)

// room returns how many bytes of native stack a segment on a worker of the given
// size may use. What is left of the worker's stack, the head room, is for the calls
// between two guards; without it every stack would double.
func room(size scheduler.Size) uintptr {
	if !self.Supported {
		return ^uintptr(0)
	}
	if size == scheduler.Small {
		return smallRoom
	}
	return uintptr(size.Bytes()) - head
}
