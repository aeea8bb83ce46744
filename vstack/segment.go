package vstack

import (
	"runtime/trace"

	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// A segment is what a stack knows of one goroutine in its chain: the job that
// its worker runs, and the state of its guard.
//
// The protocol, for a hop from parent to child. Everything here is plain memory
// that belongs to the holder of the baton, but for what interrupts touch:
//
//	parent's goroutine                 child's goroutine
//	is weighed; the child is charged
//	  with its worker's memory
//	gives the baton to the worker  --> Run: saves the parent's base in the
//	parks in scheduler.Call              parent's segment, becomes top, is
//	                                     charged with what its stack has
//	                                     beyond that, sets its own guard
//	                                   runs the function
//	                                   leave, deferred: the parent is top
//	                                     again, with its guard as it was
//	sets base anew, for its stack  <-- gives the baton back
//	  may have been moved; ends as
//	  the child ended
//
// The first segment of a root call has no parent: the goroutine that has claimed the
// stack parks, and leave makes the stack's guard that of an idle one.
//
// leave is deferred on the child's goroutine, and puts everything in order there. So a
// parent that is unwound by a panic or Goexit needs no deferred call of its own.
type segment struct {
	stack  *Stack
	parent *segment          // nil for the first segment of a root call
	worker *scheduler.Worker // set once it runs
	link   self.Link         // of the worker's goroutine
	size   scheduler.Size
	fn     func() // what Grow was given; nil: the segment runs frame
	frame  frame  // for Run

	memory  int64 // bytes it is charged with
	reserve bool  // it is not charged: the stack unwinds, past its limit
	adopted bool  // its goroutine is a worker of another copy of the library
	unwound bool  // a panic of the stack's own was under way when it ended, or had been recovered unseen

	// The guards; see room.go.
	id   uintptr // of its goroutine
	base uintptr // the stack's base, while a child of this segment runs
	room uintptr // bytes of its goroutine's stack that it may use
	free uintptr // what the goroutine's slot is to say while this is top
	hops int     // out of this segment, since it was given its room
}

// Run is the segment's life on its worker.
func (g *segment) Run(w *scheduler.Worker) {
	s := g.stack
	id, lo, hi := self.Bounds()
	g.worker, g.id = w, id
	p := s.top
	if self.Supported {
		g.join(id, w)
	}
	if p != nil {
		p.base = s.base
		p.cover()
	}
	g.parent = p
	s.top = g
	s.depth++
	s.account.enter()
	defer g.leave()
	if n := int64(hi-lo) + besides(g.size) - g.memory; n > 0 && !g.reserve {
		// The worker has that much, from its last job or since the runtime has started
		// it with more (golang/go#18138). It cannot be refused any more.
		s.account.add(g, n)
		s.account.draw(s.account.used)
	}
	g.room = room(g.size)
	g.free = self.Room
	if g.room < self.Room {
		if max := s.account.limit(); max > 0 && max-s.account.used < self.Room {
			g.free = g.room // so near the limit a stack must not grow unweighed
		}
	}
	g.uncover()
	s.throwing(false)
	s.moved(id)
	s.arm(hi, g.room)
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

// join makes the worker known, to guards without a handle and to other copies of the
// library. For those it says which goroutine waits for the stack: the one that made the
// root call.
func (g *segment) join(id uintptr, w *scheduler.Worker) {
	s := g.stack
	if !w.Reused() {
		w.Local = working(id, w)
		lookoutOf(id).forget(id)
	}
	g.link = w.Local.(self.Link)
	waiter := uintptr(0)
	switch p := s.top; {
	case p != nil && p.adopted:
		waiter = p.id
	case p != nil:
		waiter = p.link.Waiter()
	case w.Called():
		waiter = s.caller
	}
	g.link.Set(waiter)
}

func (g *segment) leave() {
	s := g.stack
	if g.fn == nil {
		s.exit(&g.frame)
	}
	g.unwound = s.left(g)
	if g.fn == nil {
		s.thrown = g.frame.thrown
	}
	g.cover()
	if self.Supported {
		g.worker.Holds(g.bytes())
	}
	if g.reserve {
		s.reserved = false
	}
	s.account.leave(g.memory)
	s.depth--
	if p := g.parent; p != nil {
		p.resume()
		return
	}
	s.top = nil
	s.setBase(0) // idle: every guard is low
	if s.requests.Load() != 0 {
		s.requests.And(^uint32(canceled)) // there is nobody to be told
	}
	s.moved(0)
}

// resume makes g the top segment again, with its guard as it was.
func (g *segment) resume() {
	s := g.stack
	s.top = g
	g.uncover()
	s.throwing(s.thrown.in == g)
	s.moved(g.id)
	s.arm(g.base, g.room)
}

// uncover makes the goroutine's slot say what the segment wants, now that it is top;
// cover undoes it.
func (g *segment) uncover() {
	if g.free != self.Room {
		self.SlotOf(g.id).SetLimit(g.free)
	}
}

func (g *segment) cover() {
	if g.free != self.Room {
		self.SlotOf(g.id).SetLimit(self.Room)
	}
}

// grow runs fn on a segment of its own.
func (s *Stack) grow(fn func()) {
	if s.top == nil {
		defer s.release()
	} else if s.top.adopted {
		defer s.disown()
	}
	g, err := s.segment(s.next(), true)
	if err != nil {
		s.throw(err)
	}
	g.fn = fn
	s.repeat(g, s.hop(g))
	s.discard(g)
}

// hop runs g on a goroutine of its own and returns how it ended. The caller
// parks.
func (s *Stack) hop(g *segment) scheduler.Outcome {
	if trace.IsEnabled() {
		return s.hopTraced(g)
	}
	return s.call(g)
}

// hopTraced is hop while an execution trace is taken.
func (s *Stack) hopTraced(g *segment) scheduler.Outcome {
	defer s.traceHop(g)()
	return s.call(g)
}

func (s *Stack) call(g *segment) scheduler.Outcome {
	if s.top == nil {
		return s.sched.Call(g, g.size)
	}
	s.hops++
	if s.task != nil && s.task.every {
		s.pause()
	}
	if s.thrown.in != nil {
		s.unwinding() // ask now: below this segment nobody can tell
	}
	out := s.sched.Call(g, g.size)
	s.rebase()
	return out
}

// adopt makes the calling goroutine, for which the stack's top segment waits in another
// copy of the library, the stack's top segment; disown ends that.
func (s *Stack) adopt(id, hi uintptr) {
	p := s.top
	p.base = s.base
	p.cover()
	// It is not charged, nor given more room: its memory is the other copy's.
	g := &segment{stack: s, parent: p, size: scheduler.Huge, id: id, free: self.Room, room: self.Room, reserve: true, adopted: true}
	s.top = g
	s.throwing(false)
	s.moved(id)
	s.arm(hi, g.room)
}

func (s *Stack) disown() {
	g := s.top
	s.left(g)
	g.parent.resume()
}
