// Package size says how much memory and time recursion of a given depth takes on vstack's
// stacks: what an operator sets a limit by.
package size

import (
	"math"

	"github.com/vstack-go/vstack/scheduler"
)

// What is known of the library; a test compares it with what a stack is charged.
const (
	// head is what a segment leaves for the calls between two guards.
	head = 32 << 10
	// own is what the goroutine itself may use before a guard without a handle hops. It is
	// not charged.
	own = 480 << 10
)

// Bytes returns what the limit must be at least for so many levels of so many bytes each, on
// the ambient stack of a goroutine, or on a stack of its own (handle). It is 0 if the goroutine
// itself has room for them.
func Bytes(levels, frame int64, handle bool) int64 {
	if levels > math.MaxInt64/2/max(frame, 1) {
		return math.MaxInt64
	}
	need := levels * frame
	large, huge := scheduler.Large.Bytes(), scheduler.Huge.Bytes()
	total := int64(0)
	if handle {
		need -= large - head
		total = large
	} else {
		need -= own
	}
	if need <= 0 {
		return total
	}
	return total + (need+huge-head-1)/(huge-head)*huge
}

// Levels returns how many levels of so many bytes each a limit allows for.
func Levels(limit, frame int64, handle bool) int64 {
	low, high := int64(0), limit/max(frame, 1)+own+1
	for low < high {
		middle := low + (high-low+1)/2
		if Bytes(middle, frame, handle) <= limit {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// Plain returns what the stack of a plain goroutine has to be for them: it doubles.
func Plain(levels, frame int64) int64 {
	size := int64(2 << 10)
	for size < math.MaxInt64/4 && size/max(frame, 1) < levels {
		size *= 2
	}
	return size
}

// PlainLimit is where Go ends a process, on 64-bit systems, if debug.SetMaxStack was not called.
const PlainLimit = 1_000_000_000

// Nanoseconds returns about what so deep a recursion takes on its way down and up, besides its
// own work: the first time, when the memory is new to the process, and later. It is what
// docs/benchmarks measured on 2 cores of an AMD EPYC; half and double of it are usual.
func Nanoseconds(levels, frame int64) (first, later float64) {
	// Measured with frames of 32 and of 256 bytes, a million levels each.
	l, f := float64(levels), float64(frame)
	return l * (7 + 0.9*f), l * (12 + 0.5*f)
}
