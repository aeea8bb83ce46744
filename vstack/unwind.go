package vstack

import (
	"math"
	"runtime"
	"slices"

	"github.com/vstack-go/vstack/scheduler"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// Unwinding. A panic of a frame crosses the goroutines of a stack like this:
//
//	parent's goroutine                child's goroutine
//	parks in scheduler.Call           a frame panics; its deferred calls run, here,
//	                                    and those of the frames above it
//	                                  leave, deferred: the parent is top again
//	                                  the worker recovers the panic, keeps its value
//	gets the baton                <-- gives the baton back
//	panics with the same value; the
//	  frames of the parent unwind
//
// [runtime.Goexit] crosses in the same way; it ends the child's goroutine.
//
// The stack itself throws, by panic, when it overflows and when the frame's context
// is done. Deferred calls have guards too, and these must not throw again: every
// level would start a panic on top of the one under way, and Go keeps the frames of
// all of them. So the stack remembers where it has thrown, a segment and how much of
// its goroutine's stack was used there. Go runs deferred calls on top of the frames
// that panicked, so:
//
//	a guard in that segment, deeper, and
//	  in a deferred call of a panic      the panic is under way
//	a guard in a segment below it        a deferred call made it: the same
//	another guard in that segment        a frame has recovered and gone on
//	the segment ends by the panic        the parent throws on: it is there now
//	the segment returns                  it was recovered
//
// So that it is noticed when a frame has gone on, guards in the segment that has thrown
// are low. While the panic is under way they hop, however little is used, since what
// they call must find a guard that is not low; and guards in segments below hop when
// they are full. Where the limit is reached one reserve segment is not charged, and weighing
// makes nothing overflow. That is so for deferred calls of any panic, and of Goexit: what it
// has freed others may have taken.
//
// A deferred call may call Run. Whatever its frame throws ends at that Run, and piles
// up on nothing; so the frame begins as if nothing were under way, and can be canceled.
//
// On a goroutine that runs on no stack nothing remembers a panic: the ambient stacks of its
// deferred calls find it, near, and begin with their reserve. So that it stays near, these
// calls get no more room for hot splits.
//
// Deeper is a comparison of bytes, and not enough: a frame that recovers may call a
// function whose frame reaches below all that had panicked. What runs in a deferred call
// of a panic has the runtime's gopanic above it. It is near, since every guard between
// the two has hopped; only after a frame has gone on it is looked for in vain, once.
// (The panic may be another one than the stack's, which is recovered. That is no matter:
// it unwinds the same frames.)
type thrown struct {
	in   *segment // nil: nothing is under way
	used uintptr
}

// throw panics with an error of the stack's own.
//
//go:noinline
func (s *Stack) throw(err error) {
	// A deferred call that overflows while the stack unwinds may recover that, and the
	// first panic is still under way.
	if s.top != nil && !s.unwinding() {
		s.remember()
	}
	panic(err)
}

// remember notes that a panic of the stack's own begins or goes on here.
//
//go:noinline
func (s *Stack) remember() {
	s.thrown = thrown{s.top, self.Used()}
	s.throws.Store(true)
	s.storeLimit(0)
	s.remark()
}

// unwinding reports whether a panic of the stack's own is under way.
func (s *Stack) unwinding() bool {
	t := s.thrown
	if t.in == nil {
		return false
	}
	if t.in != s.top || self.Used() > t.used && panicking(math.MaxInt) {
		return true
	}
	s.forget()
	return false
}

// throwing sets throws if that changes it: a store would cost every hop some nanoseconds.
func (s *Stack) throwing(top bool) {
	if s.throws.Load() != top {
		s.throws.Store(top)
	}
}

// spares reports whether the stack need not overflow for lack of memory, and the segment
// that is asked for may be the reserve: frames unwind, by the stack's own panic or by
// another. Of what the stack has not thrown nothing is remembered; so it is looked for.
func (s *Stack) spares() bool { return s.unwinding() || panicking(nearby) }

// How many frames are looked at for a panic, in vain if none is under way: nearby at every
// overflow, which takes some 50 us, and atHand at every hot split of a goroutine that runs
// on no stack, which takes 3.
const (
	nearby = 1 << 10
	atHand = 1 << 7
)

// panicking reports whether a deferred call that was made by a panic or by
// [runtime.Goexit] is among so many of the frames of the calling goroutine, or a few more.
func panicking(most int) bool {
	var near [16]uintptr
	for pcs := near[:]; ; pcs = make([]uintptr, 8*len(pcs)) {
		n := runtime.Callers(2, pcs)
		if slices.ContainsFunc(pcs[:n], unwinder) {
			return true
		}
		if n < len(pcs) || n >= most {
			return false
		}
	}
}

// unwinder reports whether deferred calls return to pc, in the runtime's function that
// unwinds frames: there is one place for each, since they make the calls in a loop.
func unwinder(pc uintptr) bool { return pc == gopanic || pc == goexit }

var (
	gopanic = callerOfDeferred(func() { panic("who calls deferred calls?") })
	goexit  = callerOfDeferred(runtime.Goexit)
)

func callerOfDeferred(unwind func()) uintptr {
	caller := make(chan uintptr)
	go func() {
		defer func() {
			_ = recover()
			var pc [1]uintptr
			runtime.Callers(2, pc[:])
			caller <- pc[0]
		}()
		unwind()
	}()
	return <-caller
}

// forget notes that there is no such panic any more. It has the next guard look whether the
// frame's context is done: a request for that may have been served, and dropped, while the
// panic seemed to be under way.
func (s *Stack) forget() {
	s.thrown = thrown{}
	s.requests.Or(canceled) // first: the limit stays 0
	s.throws.Store(false)
}

// left is called when g, the top segment, has ended. It reports whether g is where the
// stack has thrown: then that panic is under way still, or was recovered in g with no guard
// to see it. The next guard, the parent's, looks whether the frame's context is done.
func (s *Stack) left(g *segment) bool {
	if s.thrown.in != g {
		return false
	}
	s.forget()
	return true
}

// repeat makes the caller end as the job of g did. A panic that leaves the stack becomes
// two. Go prints all panics that are under way if nobody recovers them, and the first says
// where it began; recover returns the second, whose value is the job's.
func (s *Stack) repeat(g *segment, out scheduler.Outcome) {
	if out.Returned() {
		return
	}
	if s.top != nil {
		if g.unwound && !s.unwinding() {
			s.remember()
		}
		out.Repeat()
	}
	// After Goexit there is more to repeat than the panic.
	_, panicked := out.Panicked()
	if origin := s.sched.Origin(); origin != nil && panicked && out.Recovered().Returned() {
		defer out.Repeat()
		panic(&began{s.name, origin.PCs})
	}
	out.Repeat()
}

// unwound returns the error for a panic with value that ended a frame, or nil
// if it is not one that Run turns into an error.
func (s *Stack) unwound(value any) error {
	switch v := value.(type) {
	case *OverflowError:
		if v.stack == s {
			return v
		}
	case *CanceledError:
		if v.stack == s {
			return v.cause
		}
	}
	return nil
}
