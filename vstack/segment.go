package vstack

import (
	"runtime/trace"

	"github.com/vstack-go/vstack/scheduler"
)

// A segment is what a stack knows of one goroutine in its chain: the job that
// its worker runs, and the state of its guard.
//
// The protocol, for a hop from parent to child. Everything here is plain memory
// that belongs to the holder of the baton:
//
//	parent's goroutine                 child's goroutine
//	hop: charges the memory,
//	  gives the baton to a worker  --> Run: saves the parent's guard in the
//	parks in scheduler.Call            parent's segment, becomes top, anchors
//	                                   its own guard, runs the function
//	                                   leave, deferred: the parent is top
//	                                   again, with its guard as it was
//	corrects its base if its stack <-- gives the baton back
//	  was moved meanwhile, ends as
//	  the child ended
//
// leave runs on the child's goroutine, and deferred, so that a parent that is
// unwound by a panic or Goexit finds everything in order without a deferred
// call of its own.
type segment struct {
	stack  *Stack
	parent *segment          // nil for the first segment of a root call
	worker *scheduler.Worker // set once it runs
	size   scheduler.Size
	fn     func() // what Grow was given; nil: the segment runs frame

	frame  frame // for Run
	memory int64 // bytes it is charged with

	// The guard: see anchor.go.
	base   uintptr // the stack's base, while a child of this segment runs
	room   uintptr // the stack's limit, when not interrupted
	reach  uintptr // how far below base its frames can be while its stack has not moved
	offset int     // bytes of this goroutine's stack above base
	native int     // bytes that this goroutine's stack has; 0 once it has moved
	hops   int     // hops out of this segment since it was anchored
}

// Run is the segment's life on its worker.
func (g *segment) Run(w *scheduler.Worker) {
	s := g.stack
	g.worker = w
	if p := s.top; p != nil {
		p.base = s.base
	}
	g.parent = s.top
	s.top = g
	s.depth++
	s.account.enter()
	defer g.leave()
	// Not to the last byte: the memory right below is another goroutine's.
	g.native = int(g.size.Bytes()) - 1<<10
	s.anchor(here(), 0, slack, full(g.size))
	if g.fn == nil {
		s.enter(&g.frame)
	}
	if w.Reused() || s.name != "" && g.parent == nil {
		// A new goroutine has its parent's labels, a used one its last job's.
		s.label()
	}
	if g.fn != nil {
		g.fn()
	} else {
		g.frame.err = g.frame.fn(g.frame.ctx)
	}
}

func (g *segment) leave() {
	s := g.stack
	if g.fn == nil {
		s.exit(&g.frame)
	}
	s.account.leave(g.memory)
	s.depth--
	p := g.parent
	s.top = p
	if p != nil {
		s.arm(p.base, p.room)
	} else {
		s.base = 0 // idle: every guard is low
	}
}

// segment takes a segment for a worker of the given size, charged with its memory;
// a large one where there is not enough for a huge one. It fails past the limit.
func (s *Stack) segment(size scheduler.Size) (*segment, error) {
	g := s.spare
	if g == nil {
		g = &segment{stack: s}
	}
	for {
		n, idle := size.Bytes(), s.sched.Stats().Bytes
		if s.sched.Idle(size) {
			idle -= n
		}
		budget, ok := s.charge(g, n, idle)
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

// next returns the size of the segment to hop to. The first of a recursion is large,
// which is enough for most, and those below are huge, as is the first if a worker
// for that is idle. A hop costs more than itself: the processor predicts wrong where
// the functions above it return to, all of them, and only those of the last
// segment right.
func (s *Stack) next() scheduler.Size {
	if s.sched.Idle(scheduler.Huge) || s.top != nil && s.top.size != scheduler.Small {
		return scheduler.Huge
	}
	return scheduler.Large
}

// discard gives g, which has ended, to the next one that asks for a segment.
func (s *Stack) discard(g *segment) {
	*g = segment{stack: s, parent: s.spare}
	s.spare = g
}

// hop runs g on a goroutine of its own and returns how it ended. The caller
// parks.
func (s *Stack) hop(g *segment) scheduler.Outcome {
	if trace.IsEnabled() {
		return s.hopTraced(g)
	}
	return s.call(g)
}

func (s *Stack) call(g *segment) (out scheduler.Outcome) {
	if s.top == nil {
		return s.sched.Call(g, g.size)
	}
	s.hops++
	if s.task != nil && s.task.every {
		s.pause()
	}
	before := here()
	out = s.sched.Call(g, g.size)
	s.rebase(here() - before)
	return out
}

// rebase corrects the base after the goroutine was parked and the collector may
// have shrunk its stack: an address in the frame that parked has moved by so
// much. A guard would have to find that out.
func (s *Stack) rebase(moved uintptr) {
	if moved != 0 {
		s.top.native = 0
		s.arm(s.base+moved, s.top.room)
	}
}

// charge adds n bytes to what g is charged with, or reports that this would pass the
// limit: that of a budget if it has a size. Idle workers, but for one that g is to
// have, hold idle bytes; that is memory too, so they end where it is needed.
func (s *Stack) charge(g *segment, n, idle int64) (budget int64, ok bool) {
	a := s.account
	used := a.used + n
	if a.max > 0 && used+idle > a.max {
		if used > a.max {
			return 0, false
		}
		s.sched.Trim(a.max - used)
		idle = s.sched.Stats().Bytes
	}
	if !a.draw(used + idle) {
		s.sched.Trim(0)
		if !a.draw(used) {
			return a.budget.size, false
		}
	}
	a.used = used
	if used > a.counts.peak.Load() {
		a.counts.peak.Store(used)
	}
	g.memory += n
	return 0, true
}
