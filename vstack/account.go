package vstack

import (
	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// An account is the memory of a stack, as its segments are charged with it: the
// native stacks of its goroutines.
//
//	when                           a segment is charged with           past the limit
//	it is taken                    its worker's size, or what an       overflow
//	                                 idle one holds if that is more
//	it begins                      what its stack has beyond that      it goes on
//	it gets more room              the stack that this will need       no more room
//	it parks for a hop, starts a   what its stack really is: it is     overflow
//	  branch, yields, or begins      weighed
//	  to Await
//	it waits for its branches      the same                            it goes on
//	it ends                        nothing any more
//
// So what a goroutine has grown since it was weighed is not charged while it runs, while it
// is in Await, and while StepFor has taken the baton from it; otherwise it is. While a stack
// unwinds, weighing makes nothing overflow, nor does it for a hop from a deferred call of
// any other panic; and the reserve segment is charged with nothing.
type account struct {
	max  int64   // bytes; 0: no limit; [byDefault]: the default limit
	lent *Budget // whose size that is
	used int64

	active   int   // segments that run or wait
	segments int64 // that were entered
	counts   counts

	budget *Budget // nil: none
	drawn  int64   // from the budget, for workers that run or are idle
}

// limit returns the account's own limit, 0 for none.
func (a *account) limit() int64 {
	if a.max != byDefault {
		return a.max
	}
	return limitOf(a.lent)
}

// charge adds n bytes to what g is charged with. If that would pass the limit it reports
// false; the budget is the size of the one that is used up, 0 if it is the stack's own
// limit. Idle workers hold idle bytes, not counting one that g is to have: memory too, so
// they end where it is needed.
func (s *Stack) charge(g *segment, n, idle int64) (budget int64, ok bool) {
	a := s.account
	used := a.used + n
	if max := a.limit(); max > 0 && used+idle > max {
		if used > max {
			return 0, false
		}
		s.sched.Trim(max - used)
		idle = s.sched.Stats().Bytes
	}
	if !a.draw(used + idle) {
		s.sched.Trim(0)
		if !a.draw(used) {
			return a.budget.Size(), false
		}
	}
	a.add(g, n)
	return 0, true
}

// add charges g with n bytes, whatever the limit; a negative n takes some back.
func (a *account) add(g *segment, n int64) {
	a.used += n
	if a.used > a.counts.peak.Load() {
		a.counts.peak.Store(a.used)
	}
	g.memory += n
}

// weigh charges g, whose goroutine calls it, with what its stack is: bytes.
func (s *Stack) weigh(g *segment, bytes int64) (budget int64, ok bool) {
	n := bytes - g.memory
	switch {
	case n == 0 || g.reserve || bytes == 0:
		return 0, true
	case n < 0:
		s.account.add(g, n)
		return 0, true
	}
	return s.charge(g, n, s.sched.Stats().Bytes)
}

// bytes returns what the segment takes; it is for its goroutine.
func (g *segment) bytes() int64 {
	_, lo, hi := self.Bounds()
	if hi == 0 {
		return 0 // not known in this build
	}
	return int64(hi-lo) + besides(g.size)
}

// load charges the top segment with what its goroutine's stack really is, before the
// stack gives the baton up: others run while it waits. Past the limit it throws.
func (s *Stack) load() {
	g := s.top
	budget, ok := s.weigh(g, g.bytes())
	if ok && !g.reserve { // its goroutine may have begun with more than there was
		budget, ok = s.charge(g, 0, s.sched.Stats().Bytes)
	}
	if !ok && !s.spares() {
		s.throw(s.overflow(budget))
	}
}

// loadAnyway is load where nothing may be thrown. It may pass the limit; then the next to
// be charged overflows.
func (s *Stack) loadAnyway() {
	g := s.top
	if _, ok := s.weigh(g, g.bytes()); !ok {
		s.account.add(g, g.bytes()-g.memory)
	}
}

// segment takes a segment for a worker of the given size, charged with its memory; a
// large one where there is not enough for a huge one. Before that it weighs the top
// segment, which is to wait for the new one. It fails past the limit, unless frames unwind
// and the caller is one of those that may have the reserve.
func (s *Stack) segment(size scheduler.Size, reserve bool) (*segment, error) {
	if p := s.top; p != nil {
		if budget, ok := s.weigh(p, p.bytes()); !ok && !s.spares() {
			return nil, s.overflow(budget)
		}
	}
	g := s.spare
	if g == nil {
		g = &segment{stack: s}
	}
	for {
		n, idle := size.Bytes()+besides(size), s.sched.Stats().Bytes
		if bytes, ok := s.sched.Idle(size); ok {
			n = max(n, bytes)
			idle -= bytes
		}
		budget, ok := s.charge(g, n, idle)
		if !ok && n > size.Bytes()+besides(size) {
			s.sched.Trim(0) // the idle worker has grown, and there may be room for a new one
			continue
		}
		if !ok && reserve && !s.reserved && s.spares() {
			s.reserved, g.reserve, ok = true, true, true
		}
		if ok {
			s.spare = g.parent
			g.size = size
			return g, nil
		}
		if size != scheduler.Huge {
			return nil, s.overflow(budget)
		}
		size = scheduler.Large
	}
}

// besides returns what a segment takes besides its goroutine's stack: the goroutine
// itself, the worker, its channel, the segment and the frame. It matters for small ones.
func besides(size scheduler.Size) int64 {
	if size == scheduler.Small {
		return 1 << 10
	}
	return 0
}

// next returns the size of the segment to hop to. The first of a recursion is large, which
// is enough for most; those below it are huge. The first is huge as well if a worker of
// that size is idle, or on an ambient stack, whose recursion is deep already.
//
// Larger is better, since a hop costs more than itself: the processor remembers where the
// last calls return to, and works ahead there. A hop overwrites that, so that later it
// waits at every return of the segment above.
func (s *Stack) next() scheduler.Size {
	if s.top == nil && s.pooled == nil || s.top != nil && s.top.size == scheduler.Small {
		if _, ok := s.sched.Idle(scheduler.Huge); !ok {
			return scheduler.Large
		}
	}
	return scheduler.Huge
}

// discard gives g, which has ended, to the next one that asks for a segment.
func (s *Stack) discard(g *segment) {
	*g = segment{stack: s, parent: s.spare}
	s.spare = g
}

// overflowSegments bounds the trace of an overflow, and so its cost: input that
// is meant to overflow the stack must not find a way to make that slow.
const overflowSegments = 8

// overflow makes the error for a stack that is out of memory; budget is not 0 if
// the budget is what is used up. Deferred calls that overflow again while the stack
// unwinds are told of the first place: every one of them might read the same frames.
func (s *Stack) overflow(budget int64) error {
	a := s.account
	first := s.overflowed == nil || !s.unwinding()
	if first {
		s.overflowed = s.walk(s.top, overflowSegments)
	}
	if budget > 0 {
		happened.budgets.Add(1)
	} else {
		happened.overflows.Add(1)
	}
	err := &OverflowError{
		Bytes:  a.used,
		Limit:  a.limit(),
		Budget: budget,
		Hops:   s.hops,
		Trace:  s.overflowed,
		stack:  s,

		byDefault: a.max == byDefault && (budget == 0 || a.budget == a.lent),
	}
	if first && onOverflow != nil {
		onOverflow(err)
	}
	return err
}

// onOverflow is set in a program of vstack build that was asked to report overflows.
var onOverflow func(*OverflowError)
