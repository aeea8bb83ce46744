//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// cpuTime is the CPU time that the process has used, in nanoseconds: its threads' all together,
// the collector's among them.
func cpuTime() float64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		never("the clock of the process: %v", err)
	}
	return float64(t.Nano())
}

// maxResident is the most memory that a process that has ended has had resident, in bytes. It is
// never less than what this program had when it started that.
func maxResident(state *os.ProcessState) float64 {
	unit := 1024.0 // KiB, but on darwin
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) * unit
}
