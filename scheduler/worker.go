package scheduler

// A Worker is a goroutine of a [Scheduler]. It runs a job or is parked on the
// free list. While idle it refers to its scheduler and to nothing else of its
// user's, so that a user's handle can be collected while workers are parked.
type Worker struct {
	// Local is for the jobs: what one leaves here the next one on this goroutine finds.
	// A parked worker keeps it alive.
	Local any

	sched *Scheduler
	size  Size
	bytes int64         // of stack that it has, about; see Holds
	jobs  int           // it was given so far
	next  *Worker       // on the free list
	baton chan struct{} // both ways, see the package comment

	// What goes with the baton.
	job     Job     // down: what to do; nil: end
	branch  *Branch // down: the job is the first of this; nil if a caller waits
	outcome Outcome // back: how the job ended
	request func()  // from Ask to the parked caller
}

// begin gives the worker the baton and a job to run.
func (w *Worker) begin(job Job) {
	w.job = job
	if w.jobs++; w.jobs == 1 {
		go w.loop()
	} else {
		w.baton <- struct{}{}
	}
}

// loop runs jobs until there are no more.
func (w *Worker) loop() {
	// Only Goexit can leave the loop with a job unfinished: a panic is
	// recovered in run. The goroutine is lost then, and the caller goes on.
	defer func() {
		if w.job != nil {
			// run has stored the panic of a deferred call, if there was one.
			how := exited
			if w.outcome.value != nil {
				how = exitPanicked
			}
			w.outcome.how = how
			w.sched.gone.Add(1)
			w.ended()
			w.finish(false)
		}
	}()
	for w.job != nil {
		w.size.Pregrow()
		w.run()
		if !w.finish(true) {
			<-w.baton
		}
	}
	w.ended()
	w.baton <- struct{}{} // to Trim, which waits
}

// ended tells who wants to know that the worker's goroutine runs no more jobs.
func (w *Worker) ended() {
	if fn := w.sched.Ended; fn != nil {
		fn(w)
	}
}

// finish gives the baton away when the job has ended. If the next to have it is a branch
// that this worker can run itself, it takes that as its job instead, and reports true. A
// worker whose goroutine lives on goes back on the free list, and before the baton is given
// away: from then on the list is the next holder's.
func (w *Worker) finish(lives bool) (goesOn bool) {
	s, b := w.sched, w.branch
	w.job, w.branch = nil, nil
	if b == nil {
		if lives {
			s.put(w)
		}
		w.baton <- struct{}{} // to the caller
		return false
	}
	out := w.outcome
	w.outcome = Outcome{}
	t := b.Done(out)
	if lives {
		if t == nil {
			if next := s.ready.branch(w.size); next != nil {
				w.job, w.branch = next.Job, next
				w.jobs++
				s.stats.Reused++
				return true
			}
		}
		s.put(w)
	}
	if t != nil {
		s.give(t)
	} else {
		s.Release()
	}
	return false
}

// run runs the job and returns when that has returned or panicked. After a Goexit it
// does not return, also if a deferred call panics then: run recovers that, and the runtime
// goes on with the Goexit. So loop knows one from the other. What recover returns does not
// tell: with GODEBUG=panicnil=1 it is nil for both.
func (w *Worker) run() {
	ok := false
	defer func() {
		if !ok {
			w.outcome = Outcome{how: panicked, value: recover()}
			if value := w.outcome.value; value != nil {
				w.began(value)
			}
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
// call it, from another goroutine than that, and only if [Worker.Called] is true.
// fn must not panic and must not use the scheduler. It costs two goroutine
// switches.
func (w *Worker) Ask(fn func()) {
	w.request = fn
	w.baton <- struct{}{}
	<-w.baton
}

// Called reports whether a goroutine waits in [Scheduler.Call] for w's job, so
// that Ask may be called; for the job of a [Branch] none does.
func (w *Worker) Called() bool { return w.branch == nil }

// Job returns the job that the worker runs, nil while it is idle. It is for the
// worker's own goroutine.
func (w *Worker) Job() Job { return w.job }

// Holds tells the worker how many bytes of stack its goroutine has: what the
// scheduler counts for it when it is idle. It is for the worker's own goroutine, while
// it runs a job; until it is called the worker is taken to have its size.
func (w *Worker) Holds(bytes int64) { w.bytes = bytes }

// Reused reports whether the worker's goroutine has run a job before this one.
func (w *Worker) Reused() bool { return w.jobs > 1 }
