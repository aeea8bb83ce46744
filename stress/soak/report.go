package main

import (
	"fmt"
	"io"
	"time"

	"github.com/vstack-go/vstack/stress"
)

// A Report is what a run did and found.
type Report struct {
	Go         string
	Race       bool
	Seconds    float64
	From       uint64 // the first seed
	Programs   int
	Tortures   int
	Tortured   map[string]int // by name
	Did        stress.Result  // by the programs together
	PeakMemory int64          // bytes resident at most; of the heap and stacks where the system does not tell
	Violations []Violation
}

// A Violation is a promise that was broken.
type Violation struct {
	Seed uint64 // replays it, with -seed
	Text string
}

// took returns how long the run has taken.
func (r *Report) took() time.Duration { return time.Duration(r.Seconds * float64(time.Second)) }

// add adds what the next process did.
func (r *Report) add(next Report) {
	if next.Go != "" {
		r.Go, r.Race = next.Go, next.Race
	}
	r.Seconds += next.Seconds
	r.Programs += next.Programs
	r.Tortures += next.Tortures
	for name, n := range next.Tortured {
		if r.Tortured == nil {
			r.Tortured = map[string]int{}
		}
		r.Tortured[name] += n
	}
	r.Did.Add(next.Did)
	r.PeakMemory = max(r.PeakMemory, next.PeakMemory)
	r.Violations = append(r.Violations, next.Violations...)
}

func (r *Report) print(w io.Writer) {
	race := "without the race detector"
	if r.Race {
		race = "with the race detector"
	}
	fmt.Fprintf(w, "%s, %s, %.0f seconds from seed %d\n", r.Go, race, r.Seconds, r.From)
	fmt.Fprintf(w, "%d programs: %d frames, %d log lines compared, %d overflows, %d cancellations, %d levels at once at most\n",
		r.Programs, r.Did.Frames, r.Did.Lines, r.Did.Overflow, r.Did.Canceled, r.Did.Depth)
	fmt.Fprintf(w, "%d tortures: %v; peak memory %d MiB\n", r.Tortures, r.Tortured, r.PeakMemory>>20)
	for _, v := range r.Violations {
		fmt.Fprintf(w, "VIOLATION, replay it with -seed %d: %s\n", v.Seed, v.Text)
	}
	if len(r.Violations) == 0 {
		fmt.Fprintln(w, "no violation")
	}
}
