package self

import (
	"sync"
	"sync/atomic"
)

// Room is how many bytes of its stack a goroutine may use before its guard is low,
// if nobody has said otherwise: 480 KiB. Its stack has 512 KiB then, so 32 are left for
// the calls between two guards.
const Room = 480 << 10

// Widest is the highest limit that a slot can have, so that no goroutine of those that
// share it gets too deep before it looks closer.
const Widest = 704 << 10

// The table of limits. A goroutine's slot is chosen by bits of its g's address, so
// that the guard finds it without a search; goroutines share slots. What another
// goroutine has put into a slot costs time and never safety. A limit that is too low
// sends the goroutine to the slow path, which has exact figures and lets it go on. No
// limit is above [Widest], which is safe for everybody.
//
// The assembly takes both numbers from here (go_asm.h).
const (
	slots = 1 << 10
	shift = 9 // a g has about 450 bytes, 300 on 32 bits: few neighbours share a slot
)

var limits [slots]uintptr

// What the limits are made of. A slot is 0 while one of its goroutines is marked.
var table struct {
	mu     sync.Mutex
	marks  [slots]int32
	limits [slots]uintptr
}

func init() {
	for i := range limits {
		limits[i], table.limits[i] = Room, Room
		mirror(Slot(i), Room)
	}
	mustBeRight()
}

// A Slot is the number of a goroutine's place in the table.
type Slot uint16

// SlotOf returns the slot of the goroutine with that id.
func SlotOf(id uintptr) Slot { return Slot(id >> shift & (slots - 1)) }

// Slots is how many slots there are.
const Slots = slots

// Limit returns what the guards of the slot's goroutines compare with now. It may be
// called from any goroutine.
func (s Slot) Limit() uintptr { return atomic.LoadUintptr(&limits[s]) }

// SetLimit sets the limit of the slot's goroutines, [Widest] at most, for when none is
// marked. It may be called from any goroutine; the last one to call it wins.
func (s Slot) SetLimit(limit uintptr) {
	table.mu.Lock()
	defer table.mu.Unlock()
	table.limits[s] = min(limit, Widest)
	s.show()
}

// Mark makes the guards of the slot's goroutines low until [Slot.Unmark] has been
// called as often as Mark. Both may be called from any goroutine.
func (s Slot) Mark() { s.mark(+1) }

// Unmark takes one mark back.
func (s Slot) Unmark() { s.mark(-1) }

func (s Slot) mark(n int32) {
	table.mu.Lock()
	defer table.mu.Unlock()
	table.marks[s] += n
	s.show()
}

// show makes the guard's copy of the limit what it should be.
func (s Slot) show() {
	limit := table.limits[s]
	if table.marks[s] > 0 {
		limit = 0
	}
	atomic.StoreUintptr(&limits[s], limit)
	mirror(s, limit)
}
