//go:build gc && !purego && !vstackbuild

package self

import (
	"sync"
	"testing"
)

// A member is a goroutine that says what its guard is when it is asked.
type member struct {
	slot Slot
	ask  chan chan bool
}

func (m member) low() bool {
	answer := make(chan bool)
	m.ask <- answer
	return <-answer
}

// members starts n goroutines. The test ends them.
func members(t *testing.T, n int) []member {
	var done sync.WaitGroup
	started := make(chan member)
	for range n {
		done.Go(func() {
			id, _, _ := Bounds()
			m := member{SlotOf(id), make(chan chan bool)}
			started <- m
			for answer := range m.ask {
				answer <- Low()
			}
		})
	}
	all := make([]member, n)
	for i := range all {
		all[i] = <-started
	}
	t.Cleanup(func() {
		for _, m := range all {
			close(m.ask)
		}
		done.Wait()
	})
	return all
}

// A mark makes the guards of its slot's goroutines low and no others. This is how the
// assembly and table.go agree about which slot a goroutine has: it fails if one of
// them counts otherwise.
func TestMarkReachesItsSlot(t *testing.T) {
	all := members(t, 100)
	seen := map[Slot]bool{}
	for _, m := range all {
		if seen[m.slot] {
			continue
		}
		seen[m.slot] = true
		m.slot.Mark()
		for i, other := range all {
			if low := other.low(); low != (other.slot == m.slot) {
				t.Errorf("slot %d is marked, and goroutine %d of slot %d has Low %v", m.slot, i, other.slot, low)
			}
		}
		m.slot.Unmark()
		if m.low() {
			t.Errorf("slot %d is no longer marked, and Low is true", m.slot)
		}
		if t.Failed() {
			return
		}
	}
	if len(seen) < 20 {
		t.Errorf("100 goroutines are in %d slots", len(seen))
	}
}

// Two goroutines of one slot share its limit and its marks.
func TestCollision(t *testing.T) {
	var a, b member
	bySlot := map[Slot]member{}
	for _, m := range members(t, slots+1) {
		if other, ok := bySlot[m.slot]; ok {
			a, b = other, m
			break
		}
		bySlot[m.slot] = m
	}
	expect := func(when string, low bool, limit uintptr) {
		t.Helper()
		if a.low() != low || b.low() != low || a.slot.Limit() != limit {
			t.Errorf("%s: Low is %v and %v, the limit %d", when, a.low(), b.low(), a.slot.Limit())
		}
	}
	expect("at first", false, Room)
	a.slot.Mark()
	b.slot.Mark()
	expect("both marked", true, 0)
	a.slot.Unmark()
	expect("one mark is left", true, 0)
	a.slot.SetLimit(Room + 1)
	expect("a limit is set and a mark is left", true, 0)
	b.slot.Unmark()
	expect("no mark is left", false, Room+1)
	a.slot.SetLimit(1)
	expect("a low limit", true, 1)
	b.slot.SetLimit(Room)
	expect("the last limit counts", false, Room)
}

// Whatever order marks and limits come in, the last state counts.
func TestConcurrent(t *testing.T) {
	all := members(t, 4)
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			m := all[i%len(all)]
			for range 500 {
				m.slot.Mark()
				if m.slot.Limit() != 0 {
					t.Error("a marked slot has a limit")
				}
				m.slot.SetLimit(Room + uintptr(i))
				if i == 0 {
					m.low()
				}
				m.slot.Unmark()
			}
		})
	}
	// These read the table while others write it.
	for _, m := range all {
		m.low()
	}
	done.Wait()
	for _, m := range all {
		m.slot.SetLimit(Room)
	}
	for s := range Slots {
		if got := Slot(s).Limit(); got != Room {
			t.Errorf("slot %d has the limit %d", s, got)
		}
	}
	for _, m := range all {
		if m.low() {
			t.Error("Low is true, and nothing is marked")
		}
	}
}
