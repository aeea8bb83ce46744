package scheduler

import "sync"

// Several chains of calls can share one baton: branches. At any time one of
// them has it, and the others wait in the ready queue, started or not, or are
// away: they have released the baton to wait for something else, and will queue
// for it again. Whoever gives the baton up passes it to the first in the queue;
// if there is none, it is free, and the first that comes back takes it.
//
// The queue, and whether the baton is free, is all that a goroutine without the baton
// touches. So these have a lock.
type queue struct {
	mu          sync.Mutex
	first, last *Turn
	free        bool // nobody has the baton
	home        *Turn
	notice      chan struct{}
}

// A Turn is a chain's place in the ready queue. A chain needs one at a time and
// may use it again and again; it is in the queue once at most.
type Turn struct {
	baton chan struct{}
	start *Branch // not started yet
	next  *Turn
}

// NewTurn makes a turn for a chain that runs.
func NewTurn() *Turn {
	// With room for the baton: a chain may get it before it waits for it.
	return &Turn{baton: make(chan struct{}, 1)}
}

// A Branch is a chain of calls that nobody waits for in [Scheduler.Call]. Its Job
// is the first of the chain, on a worker of the given Size; Done must not be nil,
// and must not panic.
type Branch struct {
	Job  Job
	Size Size
	// Done is called when the job has ended, on the goroutine that ran it and
	// that still holds the baton. The baton goes to the turn that it returns, or
	// for nil to the first that is ready.
	Done func(Outcome) *Turn
}

// Go puts a new branch at the end of the ready queue. It does not run before
// the caller gives up the baton.
func (s *Scheduler) Go(b *Branch) { s.Ready(&Turn{start: b}) }

// Ready puts t at the end of the ready queue: it gets the baton once those before
// it have had it and given it up.
func (s *Scheduler) Ready(t *Turn) {
	q := &s.ready
	q.mu.Lock()
	defer q.mu.Unlock()
	q.push(t)
}

func (q *queue) push(t *Turn) {
	t.next = nil
	q.notify()
	if q.first == nil {
		q.first = t
	} else {
		q.last.next = t
	}
	q.last = t
}

// branch takes the first in the queue if it is a branch of the given size that
// has not started.
func (q *queue) branch(size Size) *Branch {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.first
	if t == nil || t.start == nil || t.start.Size != size {
		return nil
	}
	q.first = t.next
	return t.start
}

// ReadyFirst puts t at the head of the ready queue: it gets the baton next.
func (s *Scheduler) ReadyFirst(t *Turn) {
	q := &s.ready
	q.mu.Lock()
	defer q.mu.Unlock()
	q.notify()
	t.next = q.first
	if q.first == nil {
		q.last = t
	}
	q.first = t
}

// Home makes t the turn that gets the baton when it is given up and nobody is ready. It
// is for who runs the branches in steps. The channel, which has room for one, gets a value
// whenever somebody becomes ready. A nil t, with a nil channel, undoes it.
func (s *Scheduler) Home(t *Turn, ready chan struct{}) {
	q := &s.ready
	q.mu.Lock()
	defer q.mu.Unlock()
	q.home, q.notice = t, ready
}

// Waiting reports whether somebody is ready and waits for the baton.
func (s *Scheduler) Waiting() bool {
	q := &s.ready
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.first != nil
}

// notify tells the holder of home that there is somebody to run. The caller has the
// lock.
func (q *queue) notify() {
	if q.notice == nil {
		return
	}
	select {
	case q.notice <- struct{}{}:
	default:
	}
}

// Yield lets every branch that is ready run before the caller, whose turn is t,
// goes on. It returns at once if there is none.
func (s *Scheduler) Yield(t *Turn) {
	q := &s.ready
	q.mu.Lock()
	if q.first == nil {
		q.mu.Unlock()
		return
	}
	q.push(t)
	q.mu.Unlock()
	s.Wait(t)
}

// Wait gives the baton up and returns when it has come to t. Somebody has to see
// to that: by [Scheduler.Ready], before or meanwhile, or as the Done of a [Branch].
func (s *Scheduler) Wait(t *Turn) {
	s.Release()
	<-t.baton
}

// Switch gives the baton to to, past the ready queue, and returns when it has come
// to from. Neither is put into the queue.
func (s *Scheduler) Switch(from, to *Turn) {
	to.baton <- struct{}{}
	<-from.baton
}

// Release gives the baton to the first that is ready, or to the turn of [Scheduler.Home],
// or leaves it free. The caller goes on without it, say to wait for something, and must not
// use the scheduler before [Scheduler.Acquire] has returned.
func (s *Scheduler) Release() {
	q := &s.ready
	q.mu.Lock()
	t := q.first
	switch {
	case t != nil:
		q.first = t.next
	case q.home != nil:
		t = q.home
	default:
		q.free = true
	}
	q.mu.Unlock()
	if t != nil {
		s.give(t)
	}
}

// Acquire takes the baton if it is free, and otherwise waits for it with t at the
// end of the ready queue. It is for a goroutine that has released it.
func (s *Scheduler) Acquire(t *Turn) {
	q := &s.ready
	q.mu.Lock()
	if q.free {
		q.free = false
		q.mu.Unlock()
		return
	}
	q.push(t)
	q.mu.Unlock()
	<-t.baton
}

// give hands the baton to t, which is not in the queue.
func (s *Scheduler) give(t *Turn) {
	b := t.start
	if b == nil {
		t.baton <- struct{}{}
		return
	}
	w := s.take(b.Size)
	w.branch = b
	w.begin(b.Job)
}
