package scheduler_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/scheduler"
)

func TestCallNests(t *testing.T) {
	var s scheduler.Scheduler
	defer s.Close()
	var log []string
	var rec func(n int)
	rec = func(n int) {
		log = append(log, fmt.Sprint("in ", n))
		if n > 0 {
			s.Call(scheduler.Func(func() { rec(n - 1) }), scheduler.Size(n%2)).Repeat()
		}
		log = append(log, fmt.Sprint("out ", n))
	}
	rec(3)
	want := []string{"in 3", "in 2", "in 1", "in 0", "out 0", "out 1", "out 2", "out 3"}
	if !slices.Equal(log, want) {
		t.Errorf("got %v, want %v", log, want)
	}
	if got, want := s.Stats(), (scheduler.Stats{Started: 3, Idle: 3, Bytes: 2*128<<10 + 4<<10}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	rec(3)
	if got := s.Stats(); got.Started != 3 || got.Reused != 3 {
		t.Errorf("the second call did not use the workers of the first: %+v", got)
	}
}

func TestOutcomes(t *testing.T) {
	var s scheduler.Scheduler
	defer s.Close()
	call := func(fn func()) scheduler.Outcome { return s.Call(scheduler.Func(fn), scheduler.Small) }
	if out := call(func() {}); !out.Returned() {
		t.Error(out)
	}
	if value, ok := call(func() { panic("boom") }).Panicked(); value != "boom" || !ok {
		t.Error(value, ok)
	}
	out := call(runtime.Goexit)
	if _, ok := out.Panicked(); ok || out.Returned() {
		t.Error("Goexit is taken for a panic or a return")
	}
	exited := make(chan bool)
	go func() {
		defer close(exited)
		out.Repeat()
		t.Error("Repeat returned after Goexit")
	}()
	<-exited
	// A worker that panicked is used again, one that called Goexit is gone.
	if got := s.Stats(); got.Started != 1 || got.Idle != 0 {
		t.Errorf("%+v", got)
	}
	func() {
		defer func() {
			if got := recover(); got != "again" {
				t.Error(got)
			}
		}()
		call(func() { panic("again") }).Repeat()
	}()
}

func TestTrim(t *testing.T) {
	var s scheduler.Scheduler
	var rec func(n int)
	rec = func(n int) {
		if n > 0 {
			s.Call(scheduler.Func(func() { rec(n - 1) }), scheduler.Large)
		}
	}
	rec(10)
	for _, test := range []struct {
		keep int64
		want int
	}{{1 << 40, 10}, {10 * 128 << 10, 10}, {10*128<<10 - 1, 9}, {300 << 10, 2}, {0, 0}} {
		s.Trim(test.keep)
		if got := s.Stats(); got.Idle != test.want || got.Bytes != int64(test.want)*128<<10 {
			t.Errorf("Trim(%d): %+v, want %d idle", test.keep, got, test.want)
		}
	}
}

// Ask runs on the goroutine that is parked, which stays parked for its worker.
func TestAsk(t *testing.T) {
	var s scheduler.Scheduler
	defer s.Close()
	me := func() string {
		buf := make([]byte, 64)
		return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
	}
	caller := me()
	s.Call(ask(func(w *scheduler.Worker) {
		for range 3 {
			asked := ""
			w.Ask(func() { asked = me() })
			if asked != caller || asked == me() {
				t.Errorf("the request ran on goroutine %s, want the caller's, %s", asked, caller)
			}
		}
	}), scheduler.Small).Repeat()
}

type ask func(*scheduler.Worker)

func (f ask) Run(w *scheduler.Worker) { f(w) }

// Branches take turns in the order in which they became ready.
func TestBranches(t *testing.T) {
	var s scheduler.Scheduler
	defer s.Close()
	var log []string
	main := scheduler.NewTurn()
	left := 0
	start := func(name string, size scheduler.Size, fn func(turn *scheduler.Turn)) {
		left++
		s.Go(&scheduler.Branch{
			Job:  scheduler.Func(func() { fn(scheduler.NewTurn()) }),
			Size: size,
			Done: func(out scheduler.Outcome) *scheduler.Turn {
				if !out.Returned() {
					log = append(log, name+" ended otherwise")
				}
				if left--; left == 0 {
					return main
				}
				return nil
			},
		})
	}
	for _, name := range []string{"a", "b", "c"} {
		start(name, scheduler.Small, func(turn *scheduler.Turn) {
			for i := range 2 {
				log = append(log, fmt.Sprint(name, i))
				s.Call(scheduler.Func(func() {}), scheduler.Small)
				s.Yield(turn)
			}
		})
	}
	start("d", scheduler.Large, func(*scheduler.Turn) { panic("boom") })
	start("e", scheduler.Small, func(*scheduler.Turn) { runtime.Goexit() })
	start("f", scheduler.Small, func(*scheduler.Turn) { log = append(log, "f") })
	s.Wait(main)
	want := "a0 b0 c0 d ended otherwise e ended otherwise f a1 b1 c1"
	if got := strings.Join(log, " "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A branch that is away does not hold the others up, and queues when it is back.
func TestAcquire(t *testing.T) {
	var s scheduler.Scheduler
	defer s.Close()
	main := scheduler.NewTurn()
	var log []string
	proceed := make(chan struct{})
	left := 2
	done := func(scheduler.Outcome) *scheduler.Turn {
		if left--; left == 0 {
			return main
		}
		return nil
	}
	s.Go(&scheduler.Branch{Done: done, Job: scheduler.Func(func() {
		turn := scheduler.NewTurn()
		log = append(log, "away")
		s.Release()
		<-proceed
		s.Acquire(turn)
		log = append(log, "back")
	})})
	s.Go(&scheduler.Branch{Done: done, Job: scheduler.Func(func() {
		log = append(log, "other")
		close(proceed)
	})})
	s.Wait(main)
	if got := strings.Join(log, " "); got != "away other back" {
		t.Error(got)
	}
}

func Example() {
	var s scheduler.Scheduler
	defer s.Close()
	// A recursion in which every call has a goroutine of its own.
	var factorial func(n int) int
	factorial = func(n int) int {
		if n == 0 {
			return 1
		}
		var below int
		s.Call(scheduler.Func(func() { below = factorial(n - 1) }), scheduler.Small).Repeat()
		return n * below
	}
	fmt.Println(factorial(10), s.Stats().Started)
	// Output: 3628800 10
}

// A fork of the module, or a binary built by garble, has other names: where a panic
// began is found by code, and a NaN is the same NaN.
func TestOriginOnce(t *testing.T) {
	for _, value := range []any{"text", math.NaN(), struct{ f float64 }{math.NaN()}, []int{1}} {
		var s scheduler.Scheduler
		told := 0
		var call func(n int)
		call = func(n int) {
			s.Call(&teller{run: func() {
				if n == 0 {
					panic(value)
				}
				call(n - 1)
			}, told: &told}, scheduler.Small).Repeat()
		}
		func() {
			defer func() { _ = recover() }()
			call(10)
		}()
		s.Close()
		if told != 1 {
			t.Errorf("panic(%v) was told %d times", value, told)
		}
	}
}

type teller struct {
	run  func()
	told *int
}

func (w *teller) Run(*scheduler.Worker) { w.run() }
func (w *teller) Panicked(any)          { *w.told++ }

// What a worker holds counts while it is idle, and who wants to know of its end is told.
func TestHoldsAndEnded(t *testing.T) {
	var s scheduler.Scheduler
	ended := 0
	s.Ended = func(*scheduler.Worker) { ended++ }
	s.Call(holds(100<<10), scheduler.Small)
	if bytes, ok := s.Idle(scheduler.Small); !ok || bytes != 100<<10 || s.Stats().Bytes != 100<<10 {
		t.Errorf("an idle worker of 100 KiB counts for %d, %v, %d", bytes, ok, s.Stats().Bytes)
	}
	s.Call(scheduler.Func(runtime.Goexit), scheduler.Small)
	s.Call(scheduler.Func(func() {}), scheduler.Small)
	s.Close()
	if ended != 2 {
		t.Errorf("2 workers ended, %d were told of", ended)
	}
}

type holds int64

func (h holds) Run(w *scheduler.Worker) { w.Holds(int64(h)) }

// Whoever gives the baton up while nobody is ready gives it to home, which is told
// when somebody is.
func TestHome(t *testing.T) {
	var s scheduler.Scheduler
	defer s.Close()
	home, ready := scheduler.NewTurn(), make(chan struct{}, 1)
	s.Home(home, ready)
	defer s.Home(nil, nil)
	blocked, done := make(chan struct{}), false
	s.Go(&scheduler.Branch{Job: scheduler.Func(func() {
		turn := scheduler.NewTurn()
		s.Release()
		<-blocked
		s.Acquire(turn)
		done = true
	}), Done: func(scheduler.Outcome) *scheduler.Turn { return home }})
	<-ready
	s.Wait(home)
	if done || s.Waiting() {
		t.Fatal("the baton did not come home while the branch was away")
	}
	close(blocked)
	<-ready
	if !s.Waiting() {
		t.Error("told that somebody is ready, and nobody is")
	}
	s.Wait(home)
	if !done {
		t.Error("the branch did not go on")
	}
}
