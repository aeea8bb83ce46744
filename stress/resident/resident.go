// Package resident reads how much memory a process has: for the tests, examples and
// benchmarks that measure it.
package resident

import (
	"fmt"
	"os"
	"strings"
)

// Self returns how many bytes of memory this process has resident now and had at its
// highest; 0 where the system does not tell, which only Linux does.
func Self() (now, peak int64) { return read("self") }

// Of returns that of another process, as long as it runs.
func Of(pid int) (now, peak int64) { return read(fmt.Sprint(pid)) }

func read(process string) (now, peak int64) {
	text, _ := os.ReadFile("/proc/" + process + "/status")
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			now = kib << 10
		} else if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			peak = kib << 10
		}
	}
	return now, peak
}
