package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/vstack-go/vstack/stress/resident"
)

// A child process measures one way to do one thing, and prints its sample.

// A sample is what one child has measured, by metric:
//
//	first    CPU time of the first call in the process, in ns for each of its units
//	cpu      the same of later calls, the median
//	wall     the same by the clock on the wall
//	peak     the most memory that the process had resident, in bytes
//
// The units are levels, calls, nodes: what the work says. Some works have metrics of
// their own.
type sample map[string]float64

// A work is a thing to measure: for n levels or so, the given number of times.
type work func(way string, n, repeats int) sample

// profileEnv names the file for a CPU profile of the child.
const profileEnv = "BENCHMARKS_CPU_PROFILE"

// childMain runs "child WORK WAY N REPEATS".
func childMain(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("want: child WORK WAY N REPEATS")
	}
	work := works[args[0]]
	if work == nil {
		return fmt.Errorf("no work %q", args[0])
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	repeats, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	if args[1] != "plain" || args[0] != "instead" { // the one that is to crash where Go crashes
		debug.SetMaxStack(1 << 40)
	}
	if file := os.Getenv(profileEnv); file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	s := work(args[1], n, repeats)
	if _, peak := resident.Self(); peak > 0 {
		s["peak"] = float64(peak)
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// never panics with the message: a mistake in this program.
func never(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// timed measures what fn takes for each of its units: the first time, and repeats times
// afterwards. Short ones are measured in batches.
func timed(units, repeats int, fn func()) sample {
	batch := max(1, 200_000/units)
	return timedAfter(units, repeats, batch, func() {}, fn)
}

// timedAfter is timed with something before each batch, which is not measured.
func timedAfter(units, repeats, batch int, before, fn func()) sample {
	s := sample{}
	cpu := cpuTime()
	fn()
	s["first"] = (cpuTime() - cpu) / float64(units)
	if repeats == 0 {
		return s
	}
	var cpus, walls []float64
	for range repeats {
		before()
		start, cpu := time.Now(), cpuTime()
		for range batch {
			fn()
		}
		cpus = append(cpus, (cpuTime()-cpu)/float64(batch*units))
		walls = append(walls, float64(time.Since(start))/float64(batch*units))
	}
	s["cpu"], s["wall"] = median(cpus), median(walls)
	return s
}

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile interpolates between the two nearest.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 == len(v) {
		return v[i]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}
