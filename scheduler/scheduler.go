package scheduler

import (
	"runtime"
	"sync/atomic"
)

// A Job is what a worker runs. It is an interface, and not a func, so that a
// caller with state of its own needs one allocation for both.
type Job interface {
	// Run is called on the worker's goroutine, which holds the baton.
	Run(w *Worker)
}

// Func is a [Job] made of a plain function.
type Func func()

// Run calls f.
func (f Func) Run(*Worker) { f() }

// A Scheduler is a baton and the workers it is passed to. The zero value is
// ready to use; it must not be copied, and [Scheduler.Close] ends its goroutines.
//
// All methods must be called by the holder of the baton: outside any job that
// is whichever one goroutine uses the scheduler, inside it is the job that was
// started last. The scheduler does not check that; package vstack does.
type Scheduler struct {
	// Ended, if it is not nil, is called on the goroutine of each worker when it has
	// run its last job, before Trim or the caller goes on. Set it before the first
	// call. It must not panic. Parked workers refer to it, and so keep alive what it
	// refers to.
	Ended func(w *Worker)

	free  [sizes]*Worker // idle workers, the one used last first
	stats Stats
	ready queue

	made, gone atomic.Int64 // workers; see Workers
	origin     *Origin
}

// Stats counts a scheduler's workers; see [Scheduler.Stats].
type Stats struct {
	Started int64 // goroutines started
	Reused  int64 // calls that took an idle worker
	Idle    int   // workers on the free list
	Bytes   int64 // of stack, about, that they hold
}

// Stats returns the counts. It costs a copy.
func (s *Scheduler) Stats() Stats { return s.stats }

// Idle looks at the idle worker that [Scheduler.Call] would take for the given size, and
// returns how many bytes of stack that has. It reports false if there is none: Call would
// start one.
func (s *Scheduler) Idle(size Size) (bytes int64, ok bool) {
	if w := s.free[size]; w != nil {
		return w.bytes, true
	}
	return 0, false
}

// Workers returns how many workers were started, and how many of them have
// ended. Unlike the other methods it may be called from any goroutine.
func (s *Scheduler) Workers() (started, ended int64) {
	ended = s.gone.Load() // first, so that it is never the larger
	return s.made.Load(), ended
}

// Call runs job on a worker of the given size and returns how it ended once it
// has; see [Outcome.Repeat]. The caller's goroutine is parked meanwhile. Call
// itself never panics for what the job does.
//
// A call that finds an idle worker costs two goroutine switches, some 250 ns;
// one that does not also starts a goroutine, and grows its stack, but for [Small].
func (s *Scheduler) Call(job Job, size Size) Outcome {
	w := s.take(size)
	w.begin(job)
	w.await()
	out := w.outcome
	if out.how != returned {
		w.outcome = Outcome{}
	}
	return out
}

// take takes an idle worker, or makes one.
func (s *Scheduler) take(size Size) *Worker {
	w := s.free[size]
	if w == nil {
		s.stats.Started++
		s.made.Add(1)
		return &Worker{sched: s, size: size, bytes: size.Bytes(), baton: make(chan struct{})}
	}
	s.free[size] = w.next
	w.next = nil
	s.idle(w, -1)
	s.stats.Reused++
	return w
}

// put puts w on the free list.
func (s *Scheduler) put(w *Worker) {
	w.next = s.free[w.size]
	s.free[w.size] = w
	s.idle(w, +1)
}

// An Outcome is how a job ended: it returned, panicked or called
// [runtime.Goexit]. The zero Outcome is that of a job that returned.
type Outcome struct {
	how   how
	value any
}

type how uint8

const (
	returned how = iota
	panicked
	exited
	exitPanicked // Goexit, and a deferred call that it ran panicked
)

// Panicked returns the value of the panic that ended the job, and whether one
// did: the value is nil for a job that did not panic.
func (o Outcome) Panicked() (value any, ok bool) {
	return o.value, o.how == panicked || o.how == exitPanicked
}

// Recovered is the outcome that is left when the panic has been recovered: the
// job returned, or goes on with the Goexit that the panic interrupted.
func (o Outcome) Recovered() Outcome {
	if o.how == exitPanicked {
		return Outcome{how: exited}
	}
	return Outcome{}
}

// Returned reports whether the job returned.
func (o Outcome) Returned() bool { return o.how == returned }

// Repeat makes the calling goroutine end as the job did: it panics with the
// same value, calls [runtime.Goexit], or returns. So a call on another goroutine
// looks to its caller as a plain one.
func (o Outcome) Repeat() {
	switch o.how {
	case panicked:
		raise(o.value)
	case exited:
		runtime.Goexit()
	case exitPanicked:
		// As it was in the job: whoever recovers the panic goes on exiting.
		defer raise(o.value)
		runtime.Goexit()
	}
}

// Trim ends idle workers until at most keep bytes of stack are idle. Those used
// last, whose stacks are warm, are kept. It waits until each of the others is at the last
// step of its goroutine: until that has run it holds its stack, and with one processor
// that may take long.
func (s *Scheduler) Trim(keep int64) {
	if s.stats.Bytes <= keep {
		return
	}
	for size := range s.free {
		at := &s.free[size]
		for *at != nil && keep >= (*at).bytes {
			keep -= (*at).bytes
			at = &(*at).next
		}
		w := *at
		*at = nil
		for w != nil {
			next := w.next
			w.next = nil
			w.baton <- struct{}{}
			<-w.baton
			s.idle(w, -1)
			s.gone.Add(1)
			w = next
		}
	}
}

// idle counts n more idle workers like w.
func (s *Scheduler) idle(w *Worker, n int) {
	s.stats.Idle += n
	s.stats.Bytes += int64(n) * w.bytes
}

// Close ends all idle workers. It may be called again, and by a goroutine that
// does not hold the baton if nothing holds it any more.
func (s *Scheduler) Close() { s.Trim(0) }
