package vstack

import "sync/atomic"

// Stats says what a stack holds and has done; see [Stack.Stats].
type Stats struct {
	Running   bool  // a root call is under way
	Segments  int   // in use: how deep the stack is, its branches counted in
	Bytes     int64 // that these are charged with
	PeakBytes int64 // the most that were ever charged at a time
	Hops      int64 // segments entered since the stack was made, first ones of root calls and branches counted in
	Splits    int64 // hot splits: segments that were given more room because they hopped again and again, those of branches counted in
	Started   int64 // workers started
	Reused    int64 // segments that took an idle worker
	Idle      int   // idle workers
	Awaiting  int   // calls of Await that have not got the baton back, those of branches counted in
}

// Stats returns the stack's counts. It may be called from any goroutine at any
// time and costs a few nanoseconds; it does not disturb the stack. The counts
// are read one after the other, so in a running stack they may be a hop apart.
// For a nil stack they are zero.
func (s *Stack) Stats() Stats {
	if s == nil {
		return Stats{}
	}
	state := s.state.Load()
	c := &s.account.counts
	now := uint64(c.now.Load())
	started, ended := s.sched.Workers()
	stats := Stats{
		Running:   state == running || state == away,
		Segments:  int(now >> usedBits),
		Bytes:     int64(now&(1<<usedBits-1)) << 10,
		PeakBytes: c.peak.Load(),
		Hops:      c.entered.Load(),
		Splits:    c.splits.Load(),
		Awaiting:  int(c.awaiting.Load()),
		Started:   started,
	}
	stats.Reused = max(0, stats.Hops-started)
	stats.Idle = max(0, int(started-ended)-stats.Segments)
	return stats
}

// counts are what anybody may read of an account. The holder of the baton
// stores them.
type counts struct {
	now     gauge // segments, and KiB in the lower usedBits
	entered gauge
	peak    gauge
	splits  atomic.Int64

	awaiting atomic.Int64 // added to and taken from by goroutines without the baton too
}

const usedBits = 36 // of KiB: 64 TiB

// enter counts a segment that is entered.
func (a *account) enter() {
	a.active++
	a.segments++
	a.counts.entered.Store(a.segments)
	a.show()
}

// leave counts a segment of the given bytes that is left.
func (a *account) leave(bytes int64) {
	a.active--
	a.used -= bytes
	a.show()
}

func (a *account) show() {
	a.counts.now.Store(int64(a.active)<<usedBits | a.used>>10)
}

// happened counts what is seldom enough to be counted for the whole program.
var happened struct{ overflows, budgets, canceled atomic.Int64 }
