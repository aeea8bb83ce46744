// Package scheduler runs a chain of calls over goroutines, one at a time.
//
// It is the engine under package vstack and knows nothing of contexts, limits
// or errors. A [Scheduler] owns one baton: the right to run. [Scheduler.Call]
// hands the baton to another goroutine, a worker, which runs a [Job] while the
// caller's goroutine parks; when the job ends the baton comes back, with the
// job's panic or Goexit if it had one. A job may itself use Call, so a chain of
// parked goroutines is a call stack whose frames are spread over many small
// native stacks.
//
// # Who holds what, when
//
// The holder of the baton is the one goroutine that runs. It alone may touch
// the scheduler's fields, which are therefore plain memory: every handover is a
// channel operation, and that is the happens-before edge between one holder's
// writes and the next one's reads.
//
//	caller                          worker
//	------                          ------
//	holds the baton                 idle: receives on its own channel
//	takes the worker off the
//	  free list, gives it the job
//	sends the baton           --->  has the baton, runs the job
//	receives on the worker's        ...
//	  channel                       stores the outcome, puts itself on
//	                                  the free list
//	has the baton again       <---  sends it back
//	reads the outcome               idle again
//
// A worker has one channel for both directions: the two sides strictly
// alternate, so a send always meets the other side's receive. While the caller
// is parked it also accepts requests on that channel, functions it runs on its
// own goroutine before it parks again (see [Worker.Ask]).
//
// The baton is an empty struct, and what goes with it (the job, the outcome, a
// request) is in the worker: a channel copies nothing then, which is worth 30 ns
// a call, and the order of memory is the same.
//
// # Branches
//
// Several chains of calls can share one baton: [Scheduler.Go] starts a branch,
// and whoever gives the baton up, by [Scheduler.Yield], [Scheduler.Wait] or
// [Scheduler.Release], passes it to the first [Turn] of the ready queue. The
// order is fixed, so a program that uses no other goroutines does the same in
// every run.
//
// # Stability
//
// The package is for those who build something else than package vstack out of
// the same parts, and keeps to the rules that package vstack states. Misuse is not
// detected: it hangs, or it is a data race that go test -race finds.
package scheduler
