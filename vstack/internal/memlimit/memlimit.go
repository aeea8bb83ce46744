// Package memlimit finds out how much memory the process may use.
package memlimit

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// Half returns half of what the process may use, in bytes: of GOMEMLIMIT if that is
// set, and otherwise of the least of what Linux says of the cgroup, the machine's
// memory and the address space that is left (ulimit -v). Elsewhere it is 1 GiB, and
// at most that on 32-bit systems. It reads some files.
func Half() int64 {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return limit / 2
	}
	half := int64(1 << 30)
	if n := Available(os.ReadFile); n > 0 {
		half = n / 2
	}
	if bits.UintSize == 32 {
		// The machine may have more memory than the process has addresses.
		half = min(half, 1<<30)
	}
	return half
}

// arena is how many bytes of addresses Go's heap grows by: heapArenaBytes of package
// runtime, on Linux.
const arena = 4 << 20 << (4 * (bits.UintSize / 64))

// Available returns how many bytes the process may use at most, by what the files of
// Linux say; 0 if none says anything.
func Available(readFile func(string) ([]byte, error)) (bytes int64) {
	least := func(n int64) {
		if n > 0 && (bytes == 0 || n < bytes) {
			bytes = n
		}
	}
	// field returns the number in the line that begins with name.
	field := func(file, name string) int64 {
		text, _ := readFile(file)
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, name); ok {
				if fields := strings.Fields(rest); len(fields) > 0 {
					return number(fields[0])
				}
			}
		}
		return 0
	}
	least(field("/proc/meminfo", "MemTotal:") << 10)
	// The address space: what is left of it, since Go reserves more than it uses. It takes
	// an arena at a time, and what is less than one at the end it cannot use.
	if most := field("/proc/self/limits", "Max address space"); most > 0 {
		least(max(most-field("/proc/self/status", "VmSize:")<<10-arena, 1))
	}
	text, _ := readFile("/proc/self/cgroup")
	for line := range strings.Lines(string(text)) {
		// "0::/path" for version 2, "4:memory:/path" among others for version 1.
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", "memory.max"
		if fields[0] != "0" {
			if fields[1] != "memory" {
				continue
			}
			root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for dir := path.Clean("/" + fields[2]); ; dir = path.Dir(dir) {
			text, _ := readFile(path.Join(root, dir, file))
			least(number(strings.TrimSpace(string(text))))
			if dir == "/" {
				break
			}
		}
	}
	return bytes
}

// number returns 0 for what is none, such as "max" and "unlimited".
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// Parse reads an amount of memory as GOMEMLIMIT is written: a number of bytes, with a
// unit of B, KiB, MiB, GiB or TiB behind it or none; "off" is 0.
func Parse(text string) (bytes int64, err error) {
	if text == "off" {
		return 0, nil
	}
	digits, shift := text, 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			digits, shift = rest, 10*(i+1)
		}
	}
	if shift == 0 {
		digits = strings.TrimSuffix(digits, "B")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is no amount of memory; write it as 512MiB, 2GiB or a number of bytes, or off for no limit", text)
	}
	return n << shift, nil
}
