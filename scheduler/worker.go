package scheduler

// A Worker is a goroutine of a [Scheduler]. It runs a job or is parked on the
// free list. While idle it refers to its scheduler and to nothing else of its
// user's, so that a user's handle can be collected while workers are parked.
type Worker struct {
	sched *Scheduler
	baton chan struct{} // both ways, see the package comment
	job   Job           // goes with the baton: what to do; nil, down: end, and back: the job has ended
	size  Size
	used  bool    // has run a job before
	next  *Worker // on the free list

	request func()  // from Ask to the parked caller
	outcome Outcome // of the last job; the caller reads it once it has the baton
}

// loop is the worker's goroutine, from its first job to its end.
//
//go:noinline
func (w *Worker) loop() {
	// Only Goexit can leave the loop with a job unfinished: a panic is
	// recovered in run. The goroutine is lost then, and the caller goes on.
	defer func() {
		if w.job != nil {
			w.job = nil
			w.outcome = Outcome{how: exited}
			w.baton <- struct{}{}
		}
	}()
	for w.job != nil {
		w.size.Pregrow()
		w.run()
		w.job = nil
		w.used = true
		// Back on the free list before the baton is given away: after that
		// the list is the next holder's.
		s := w.sched
		w.next = s.free[w.size]
		s.free[w.size] = w
		s.idle(w, +1)
		w.baton <- struct{}{}
		<-w.baton
	}
}

// run runs the job and returns when it has returned or panicked. Goexit does not come
// back here, and that tells it from a panic whatever recover returns: with
// GODEBUG=panicnil=1 that is nil for both.
func (w *Worker) run() {
	ok := false
	defer func() {
		if !ok {
			w.outcome = Outcome{how: panicked, value: recover()}
		}
	}()
	w.job.Run(w)
	ok = true
}

// await parks the caller until the baton comes back from w.
func (w *Worker) await() {
	for {
		<-w.baton
		if w.request == nil {
			return
		}
		w.request()
		w.request = nil
		w.baton <- struct{}{}
	}
}

// Ask runs fn on the goroutine that is parked in the [Scheduler.Call] that
// started w's job, and returns when it has run. Only the holder of the baton may
// call it, from another goroutine than that. fn must not panic and must not use
// the scheduler.
func (w *Worker) Ask(fn func()) {
	w.request = fn
	w.baton <- struct{}{}
	<-w.baton
}

// Reused reports whether the worker's goroutine has run a job before this one.
func (w *Worker) Reused() bool { return w.used }
