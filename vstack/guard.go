package vstack

import (
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// Two guards, one meaning: may a frame begin here? The handle's, [Stack.Low], compares
// the address of its caller's frame with two words of the Stack: base, where the
// goroutine's stack begins, and limit. The other, [Low], asks the goroutine itself, and
// compares with a table. Both are hints. Base goes stale when the runtime moves the
// goroutine's stack, for growing copies it and the collector shrinks it, and it means
// nothing on other goroutines; so that guard is two-sided: an address above base is as
// low as one far below. The table of the other is shared by goroutines. So a guard that
// seems low asks for the goroutine's exact figures before it says so, at the end of this
// file; a wrong hint costs some nanoseconds and nothing else. What Grow does then is
// decided in resolve.go.

// Supported reports whether the guards work in this build. Where it is false, with
// gccgo, tinygo and the tag purego, [Low] is never true, recursion is plain recursion,
// and a [Stack] notices only that its context is done.
const Supported = self.Supported

// Low reports whether the caller should continue on a fresh segment, by way of
// [Grow], [Grow2] or [Do]: because the goroutine has used the native stack that it may
// use, 480 KiB on a goroutine of yours, or because the stack that it runs on has been
// interrupted (its context is done, somebody asked for a trace). Call it first in one
// function of each cycle of calls.
//
//	func (p *parser) expr() (Node, error) {
//		if vstack.Low() {
//			return vstack.Grow2(p.expr)
//		}
//		... // the body as it was
//	}
//
// It may be called on any goroutine, whether or not that runs on a [Stack], and costs
// about 1 ns; see [Stack.Low] for one that costs less.
func Low() bool { return self.Low() }

func init() {
	self.Look = func() bool {
		id, _, hi := self.Bounds()
		return low(id, hi)
	}
}

// low is the closer look of the guard without a handle, and of one whose handle is that
// of another stack.
func low(id, hi uintptr) bool {
	l := lookoutOf(id)
	if low, ok := l.deep(id, hi); ok {
		return low
	}
	if s := current(id); s != nil {
		return s.lowHere(id, hi)
	}
	return self.Used() >= l.roomOf(id, hi)
}

// low is the closer look of the guard with a handle.
//
//go:noinline
func (s *Stack) low() bool {
	if !self.Supported {
		return s.loadLimit() == 0
	}
	id, _, hi := self.Bounds()
	if s.runsOn(id) {
		return s.lowHere(id, hi)
	}
	if s.state.Load() == idle {
		return true
	}
	return low(id, hi)
}

// lowHere is the closer look on the goroutine that runs the stack's top segment.
func (s *Stack) lowHere(id, hi uintptr) bool {
	s.setBase(hi)
	g := s.top
	if slot := self.SlotOf(id); g.room > self.Room && slot.Limit() < g.free {
		slot.SetLimit(g.free) // another goroutine of the slot has set it
	}
	return s.loadLimit() == 0 || self.Used() >= g.room
}
