package scheduler_test

import (
	"fmt"
	"runtime"

	"github.com/vstack-go/vstack/scheduler"
)

// show is a job that looks at the worker it runs on.
type show func(w *scheduler.Worker)

func (f show) Run(w *scheduler.Worker) { f(w) }

func ExampleFunc() {
	var s scheduler.Scheduler
	defer s.Close()
	s.Call(scheduler.Func(func() { fmt.Println("on a worker") }), scheduler.Small)
	// Output: on a worker
}

// Run is what the worker calls; a plain function does not look at the worker.
func ExampleFunc_Run() {
	scheduler.Func(func() { fmt.Println("called") }).Run(nil)
	// Output: called
}

// adder is a job with a state of its own.
type adder struct{ a, b, sum int }

func (j *adder) Run(*scheduler.Worker) { j.sum = j.a + j.b }

func ExampleJob() {
	var s scheduler.Scheduler
	defer s.Close()
	j := &adder{a: 1, b: 2}
	var job scheduler.Job = j
	s.Call(job, scheduler.Small).Repeat()
	fmt.Println(j.sum)
	// Output: 3
}

// A scheduler that is closed leaves no goroutine behind.
func ExampleScheduler_Close() {
	var s scheduler.Scheduler
	s.Call(scheduler.Func(func() {}), scheduler.Small)
	s.Close()
	fmt.Println(s.Workers())
	// Output: 1 1
}

// The second call finds the worker of the first.
func ExampleScheduler_Call() {
	var s scheduler.Scheduler
	defer s.Close()
	for range 2 {
		out := s.Call(show(func(w *scheduler.Worker) { fmt.Println(w.Reused()) }), scheduler.Large)
		out.Repeat()
	}
	// Output:
	// false
	// true
}

func ExampleScheduler_Idle() {
	var s scheduler.Scheduler
	defer s.Close()
	s.Call(scheduler.Func(func() {}), scheduler.Small)
	fmt.Println(s.Idle(scheduler.Small)) // bytes, and whether there is one
	fmt.Println(s.Idle(scheduler.Large))
	// Output:
	// 4096 true
	// 0 false
}

func ExampleScheduler_Workers() {
	var s scheduler.Scheduler
	defer s.Close()
	s.Call(scheduler.Func(runtime.Goexit), scheduler.Small) // that ends the worker
	s.Call(scheduler.Func(func() {}), scheduler.Small)
	fmt.Println(s.Workers())
	// Output: 2 1
}

// nest calls itself n deep, each call on a worker of its own.
func nest(s *scheduler.Scheduler, n int) {
	if n > 0 {
		s.Call(scheduler.Func(func() { nest(s, n-1) }), scheduler.Small).Repeat()
	}
}

func ExampleScheduler_Trim() {
	var s scheduler.Scheduler
	defer s.Close()
	nest(&s, 10)
	s.Trim(3 * scheduler.Small.Bytes())
	fmt.Println(s.Stats().Idle)
	// Output: 3
}

func ExampleStats() {
	var s scheduler.Scheduler
	defer s.Close()
	nest(&s, 5)
	nest(&s, 5)
	var stats scheduler.Stats = s.Stats()
	fmt.Println(stats.Started, stats.Reused, stats.Idle)
	// Output: 5 5 5
}

// Two branches take turns on one baton.
func ExampleScheduler_Go() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	left := 2
	for _, name := range []string{"a", "b"} {
		s.Go(&scheduler.Branch{
			Job: scheduler.Func(func() {
				turn := scheduler.NewTurn()
				fmt.Println(name, 1)
				s.Yield(turn)
				fmt.Println(name, 2)
			}),
			Done: func(scheduler.Outcome) *scheduler.Turn {
				if left--; left > 0 {
					return nil // to whoever is ready
				}
				return main
			},
		})
	}
	s.Wait(main)
	// Output:
	// a 1
	// b 1
	// a 2
	// b 2
}

// A branch tells how its job ended, and who is next.
func ExampleBranch() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	var branch scheduler.Branch
	branch.Job = scheduler.Func(func() { panic("boom") })
	branch.Size = scheduler.Large
	branch.Done = func(out scheduler.Outcome) *scheduler.Turn {
		fmt.Println(out.Panicked())
		return main
	}
	s.Go(&branch)
	s.Wait(main)
	// Output: boom true
}

// back makes a branch that gives the baton to main when it ends.
func back(main *scheduler.Turn, fn func()) *scheduler.Branch {
	return &scheduler.Branch{
		Job:  scheduler.Func(fn),
		Done: func(scheduler.Outcome) *scheduler.Turn { return main },
	}
}

// A chain of calls has one turn, and waits with it.
func ExampleTurn() {
	var s scheduler.Scheduler
	defer s.Close()
	var main *scheduler.Turn = scheduler.NewTurn()
	s.Go(back(main, func() { fmt.Println("the branch") }))
	s.Wait(main)
	fmt.Println("the caller")
	// Output:
	// the branch
	// the caller
}

func ExampleNewTurn() {
	var s scheduler.Scheduler
	defer s.Close()
	turn := scheduler.NewTurn()
	s.Yield(turn) // nothing is ready: it returns at once
	fmt.Println("still here")
	// Output: still here
}

// Wait is for a chain that others make ready: here the branch that ends.
func ExampleScheduler_Wait() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	answer := 0
	s.Go(back(main, func() { answer = 42 }))
	s.Wait(main)
	fmt.Println(answer)
	// Output: 42
}

// Yield lets what is ready run first.
func ExampleScheduler_Yield() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	s.Go(&scheduler.Branch{
		Job:  scheduler.Func(func() { fmt.Println("the branch") }),
		Done: func(scheduler.Outcome) *scheduler.Turn { return nil },
	})
	s.Yield(main)
	fmt.Println("the caller")
	// Output:
	// the branch
	// the caller
}

// A branch makes its starter ready and goes on: the starter runs when it yields.
func ExampleScheduler_Ready() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	s.Go(back(main, func() {
		s.Ready(main)
		fmt.Println("the starter is ready")
		s.Yield(scheduler.NewTurn())
		fmt.Println("the branch ends")
	}))
	s.Wait(main)
	fmt.Println("the starter runs")
	s.Wait(main)
	// Output:
	// the starter is ready
	// the starter runs
	// the branch ends
}

// What is urgent goes to the head of the queue.
func ExampleScheduler_ReadyFirst() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	s.Go(back(main, func() { fmt.Println("the branch") }))
	s.ReadyFirst(main)
	s.Wait(main)
	fmt.Println("the caller first")
	s.Wait(main)
	// Output:
	// the caller first
	// the branch
}

// Two chains hand the baton to and fro.
func ExampleScheduler_Switch() {
	var s scheduler.Scheduler
	defer s.Close()
	main, other := scheduler.NewTurn(), scheduler.NewTurn()
	s.Go(back(main, func() {
		fmt.Println("ping")
		s.Switch(other, main)
		fmt.Println("ping")
	}))
	s.Wait(main)
	fmt.Println("pong")
	s.Switch(main, other)
	// Output:
	// ping
	// pong
	// ping
}

// Around a call that blocks, a chain leaves the baton to others.
func ExampleScheduler_Release() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	answer := make(chan string)
	s.Go(&scheduler.Branch{
		Job:  scheduler.Func(func() { answer <- "the answer of the branch" }),
		Done: func(scheduler.Outcome) *scheduler.Turn { return nil },
	})
	s.Release()
	text := <-answer
	s.Acquire(main)
	fmt.Println(text)
	// Output: the answer of the branch
}

// A baton that nobody has is there for the first that comes.
func ExampleScheduler_Acquire() {
	var s scheduler.Scheduler
	s.Release()
	s.Acquire(scheduler.NewTurn())
	fmt.Println("has the baton again")
	// Output: has the baton again
}

// The caller learns how the job ended, and may end in the same way.
func ExampleOutcome() {
	var s scheduler.Scheduler
	defer s.Close()
	ended := func(out scheduler.Outcome) string {
		if value, ok := out.Panicked(); ok {
			return fmt.Sprint("panic: ", value)
		}
		if out.Returned() {
			return "returned"
		}
		return "Goexit"
	}
	for _, job := range []scheduler.Func{func() {}, func() { panic("boom") }, runtime.Goexit} {
		fmt.Println(ended(s.Call(job, scheduler.Small)))
	}
	// Output:
	// returned
	// panic: boom
	// Goexit
}

// A witness sees the panic while the frames it comes from are there.
type witness struct{ fn func() }

func (j witness) Run(*scheduler.Worker) { j.fn() }

func (witness) Panicked(value any) { fmt.Println("seen:", value) }

func ExampleWitness() {
	var s scheduler.Scheduler
	defer s.Close()
	var job scheduler.Witness = witness{func() { panic("boom") }}
	s.Call(job, scheduler.Small)
	// Output: seen: boom
}

func ExampleOutcome_Panicked() {
	var s scheduler.Scheduler
	defer s.Close()
	out := s.Call(scheduler.Func(func() { panic("boom") }), scheduler.Small)
	fmt.Println(out.Panicked())
	// Output: boom true
}

// A caller that has dealt with the panic goes on as after a return.
func ExampleOutcome_Recovered() {
	var s scheduler.Scheduler
	defer s.Close()
	out := s.Call(scheduler.Func(func() { panic("boom") }), scheduler.Small)
	out.Recovered().Repeat() // does not panic
	fmt.Println(out.Returned(), out.Recovered().Returned())
	// Output: false true
}

// Repeat carries a panic over to the caller's goroutine.
func ExampleOutcome_Repeat() {
	var s scheduler.Scheduler
	defer s.Close()
	defer func() { fmt.Println("recovered:", recover()) }()
	s.Call(scheduler.Func(func() { panic("boom") }), scheduler.Small).Repeat()
	// Output: recovered: boom
}

func ExampleOutcome_Returned() {
	var s scheduler.Scheduler
	defer s.Close()
	out := s.Call(scheduler.Func(func() {}), scheduler.Small)
	fmt.Println(out.Returned())
	// Output: true
}

// A report of a panic names the function where it began.
func ExampleOrigin() {
	var s scheduler.Scheduler
	defer s.Close()
	s.Call(scheduler.Func(func() { panic("boom") }), scheduler.Small)
	var origin *scheduler.Origin = s.Origin()
	fmt.Println(origin.Value, len(origin.PCs) > 0)
	// Output: boom true
}

// What refers to the panic's value keeps it alive: forget it in time.
func ExampleScheduler_Forget() {
	var s scheduler.Scheduler
	defer s.Close()
	s.Call(scheduler.Func(func() { panic("boom") }), scheduler.Small)
	s.Forget()
	fmt.Println(s.Origin() == nil)
	// Output: true
}

// A recursion of small frames needs small workers.
func ExampleSize() {
	for _, size := range []scheduler.Size{scheduler.Small, scheduler.Large, scheduler.Huge} {
		fmt.Println(size.Bytes()>>10, "KiB")
	}
	// Output:
	// 4 KiB
	// 128 KiB
	// 512 KiB
}

// What a program may keep idle is a number of bytes.
func ExampleSize_Bytes() {
	fmt.Println(100*scheduler.Small.Bytes()>>10, "KiB,", 100*scheduler.Large.Bytes()>>10, "KiB")
	// Output: 400 KiB, 12800 KiB
}

// A goroutine that will need much stack grows it once.
func ExampleSize_Pregrow() {
	done := make(chan bool)
	go func() {
		defer close(done)
		scheduler.Large.Pregrow()
		fmt.Println("room for 100 KiB of frames")
	}()
	<-done
	// Output: room for 100 KiB of frames
}

// A job can have its caller, which is parked, do something.
func ExampleWorker_Ask() {
	var s scheduler.Scheduler
	defer s.Close()
	s.Call(show(func(w *scheduler.Worker) {
		if w.Called() {
			w.Ask(func() { fmt.Println("on the caller's goroutine") })
		}
	}), scheduler.Small)
	// Output: on the caller's goroutine
}

// Nobody waits for a branch, so there is nobody to ask.
func ExampleWorker_Called() {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	job := show(func(w *scheduler.Worker) { fmt.Println(w.Called()) })
	s.Call(job, scheduler.Small)
	s.Go(&scheduler.Branch{Job: job, Done: func(scheduler.Outcome) *scheduler.Turn { return main }})
	s.Wait(main)
	// Output:
	// true
	// false
}

// A worker that has run before has a warm stack.
func ExampleWorker_Reused() {
	var s scheduler.Scheduler
	defer s.Close()
	var job scheduler.Job = show(func(w *scheduler.Worker) { fmt.Println(w.Reused()) })
	s.Call(job, scheduler.Small)
	s.Call(job, scheduler.Small)
	// Output:
	// false
	// true
}
