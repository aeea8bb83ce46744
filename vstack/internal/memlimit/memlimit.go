// Package memlimit finds out how much memory the process may use.
package memlimit

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Half returns half of what the process may use, in bytes: of GOMEMLIMIT if that is
// set, and otherwise of the least of what Linux says of the cgroup, the machine's memory
// and the address space (ulimit -v), of what is left of it beside threads. Elsewhere it
// is 1 GiB, and at most that on 32-bit systems. It reads some files.
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

// What threads take of the addresses where the C library makes them, as in a program
// that is linked with cgo: each has a stack and a heap of its own. There are as many as
// Go may run at a time, and others that wait or watch: 4 more in a server with 2, 8 and
// 16 processors. With 8 of them a limit of 384 MiB was gone before a stack had begun.
const (
	otherThreads = 4
	threadHeap   = 1 << 20 << (6 * (bits.UintSize / 64)) // HEAP_MAX_SIZE of glibc's malloc
)

// Available returns how many bytes the process may use at most, by what the files of
// Linux say; 0 if none says anything.
func Available(readFile func(string) ([]byte, error)) (most int64) {
	files := system{readFile}
	for _, n := range []int64{files.field("/proc/meminfo", "MemTotal:") << 10, files.addresses(), files.cgroup()} {
		if n > 0 && (most == 0 || n < most) {
			most = n
		}
	}
	return most
}

// system is what Linux says in its files. Each of its methods returns 0 for what they do
// not say.
type system struct {
	readFile func(string) ([]byte, error)
}

// field returns the number in the line that begins with name.
func (s system) field(file, name string) int64 {
	text, _ := s.readFile(file)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			if fields := strings.Fields(rest); len(fields) > 0 {
				return number(fields[0])
			}
		}
	}
	return 0
}

// addresses returns what is left of the address space, if that has a limit: Go reserves
// more than it uses. It takes an arena at a time, and what is less than one at the end it
// cannot use; another is for what lies in pieces between stacks (42 MiB were seen), and
// the rest is for threads.
func (s system) addresses() int64 {
	most := s.field("/proc/self/limits", "Max address space")
	if most == 0 {
		return 0
	}
	more := int64(runtime.GOMAXPROCS(0)) + otherThreads - s.field("/proc/self/status", "Threads:")
	maps, _ := s.readFile("/proc/self/maps")
	if !bytes.Contains(maps, []byte("/libc")) {
		more = 0 // Go makes the stacks of its threads on its heap
	}
	threads := max(more, 0) * (s.field("/proc/self/limits", "Max stack size") + threadHeap)
	return max(most-s.field("/proc/self/status", "VmSize:")<<10-2*arena-threads, 1)
}

// cgroup returns the least limit of the process's control groups.
func (s system) cgroup() (least int64) {
	text, _ := s.readFile("/proc/self/cgroup")
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
			text, _ := s.readFile(path.Join(root, dir, file))
			if n := number(strings.TrimSpace(string(text))); n > 0 && (least == 0 || n < least) {
				least = n
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
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
