package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vstack-go/vstack/stress"
	"github.com/vstack-go/vstack/stress/resident"
	"github.com/vstack-go/vstack/vstack"
)

type options struct {
	length  time.Duration
	before  Report // what other processes have done of it
	from    uint64
	only    bool // only that seed
	workers int
}

const (
	// One seed in so many is a torture; the others are programs.
	tortureEvery = 500
	// A segment's native stack stays under this, or the process dies.
	maxStack = 1 << 20
	// What runs longer hangs.
	patience = 5 * time.Minute
)

// A soak is a run.
type soak struct {
	options
	file  *os.File
	start time.Time // of all processes
	end   time.Time // of this one
	next  atomic.Uint64
	over  atomic.Bool

	alone      sync.RWMutex // a torture wants nothing else to run
	goroutines int          // that there are when nothing runs

	mu     sync.Mutex
	report Report
	since  []time.Time // when each worker began what it is at; zero: nothing
	seeds  []uint64
}

// work runs until the time is over or something is violated.
func work(o options, name string) Report {
	if o.workers <= 0 {
		o.workers = runtime.GOMAXPROCS(0)
	}
	begun := time.Now()
	s := &soak{options: o, start: begun.Add(-o.before.took()), end: begun.Add(min(slice, o.length-o.before.took())), since: make([]time.Time, o.workers), seeds: make([]uint64, o.workers)}
	s.report = Report{Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Race: race, From: o.from, Tortured: map[string]int{}}
	s.next.Store(o.from)
	var err error
	if s.file, err = os.OpenFile(name, os.O_WRONLY, 0); err != nil {
		panic(err)
	}
	stress.SetMaxStack(maxStack)

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.watch()
	}()
	var workers sync.WaitGroup
	begin := make(chan struct{})
	for i := range o.workers {
		workers.Go(func() {
			<-begin
			for !s.over.Load() {
				seed := s.next.Add(1) - 1
				s.do(i, seed)
				if s.only || time.Now().After(s.end) {
					s.over.Store(true)
				}
			}
		})
	}
	s.goroutines = runtime.NumGoroutine()
	close(begin)
	workers.Wait()
	s.over.Store(true)
	<-ended
	s.report.Seconds = time.Since(begun).Seconds()
	return s.report
}

// do runs what a seed stands for.
func (s *soak) do(worker int, seed uint64) {
	s.note(worker, seed)
	var r stress.Result
	var err error
	torture := seed%tortureEvery == 0
	if torture {
		s.alone.Lock()
		err = s.torture(seed)
		s.alone.Unlock()
	} else {
		s.alone.RLock()
		r, err = stress.Check(stress.Program(seed))
		s.alone.RUnlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since[worker] = time.Time{}
	s.report.Did.Add(r)
	if torture {
		s.report.Tortures++
		s.report.Tortured[tortureOf(seed).Name]++
	} else {
		s.report.Programs++
	}
	if err != nil {
		s.violation(seed, err.Error())
	}
}

// note says what a worker is at, to watch and to whoever finds this process dead.
func (s *soak) note(worker int, seed uint64) {
	s.mu.Lock()
	s.since[worker], s.seeds[worker] = time.Now(), seed
	s.mu.Unlock()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed+1)
	if _, err := s.file.WriteAt(b[:], int64(8*worker)); err != nil {
		panic(err)
	}
}

// violation records one; s.mu is held.
func (s *soak) violation(seed uint64, text string) {
	s.report.Violations = append(s.report.Violations, Violation{seed, text})
	s.over.Store(true)
}

// tortureOf returns the torture of a seed.
func tortureOf(seed uint64) stress.Torture {
	return stress.Tortures[seed/tortureEvery%uint64(len(stress.Tortures))]
}

// torture runs one with nothing beside it, after a look at what the programs
// before it have left.
func (s *soak) torture(seed uint64) error {
	for range 1000 {
		vstack.CloseIdle()
		if runtime.NumGoroutine() <= s.goroutines {
			break
		}
		runtime.GC()
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > s.goroutines {
		return fmt.Errorf("%d goroutines where there were %d at the start: the programs before this seed left some", n, s.goroutines)
	}
	t := tortureOf(seed)
	if err := stress.Balanced(256<<10, func() error { return t.Run(seed, max(1, t.N/4)) }); err != nil {
		return fmt.Errorf("%s: %w", t.Name, err)
	}
	return nil
}

// watch shows where the run is, and ends it if something hangs.
func (s *soak) watch() {
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for range tick.C {
		s.mu.Lock()
		s.report.PeakMemory = max(s.report.PeakMemory, memory())
		for i, t := range s.since {
			// One that waits for another's torture waits as long as that runs.
			if !t.IsZero() && time.Since(t) > patience {
				panic(fmt.Sprintf("seed %d has run for %v", s.seeds[i], time.Since(t)))
			}
		}
		line := s.line()
		s.mu.Unlock()
		if s.over.Load() {
			fmt.Fprintf(os.Stderr, "\r%s\n", line)
			return
		}
		fmt.Fprintf(os.Stderr, "\r%s", line)
	}
}

func (s *soak) line() string {
	const width = 20
	gone := time.Since(s.start)
	done := min(width, int(width*gone/max(1, s.length)))
	whole := s.before
	whole.add(s.report)
	return fmt.Sprintf("[%s%s] %v of %v  %d programs  %d tortures  depth %d  %d MiB  %d goroutines   ",
		strings.Repeat("#", done), strings.Repeat(".", width-done),
		gone.Round(time.Second), s.length, whole.Programs, whole.Tortures, whole.Did.Depth,
		memory()>>20, runtime.NumGoroutine())
}

// memory returns the bytes that the process has resident, or about that.
func memory() int64 {
	if now, _ := resident.Self(); now > 0 {
		return now
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
