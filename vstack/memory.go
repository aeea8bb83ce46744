package vstack

import (
	"math"
	"math/bits"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// defaultMaxMemory is the limit of a stack made without WithMaxMemory.
var defaultMaxMemory = sync.OnceValue(func() int64 {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return max(limit/2, minMemory)
	}
	limit := int64(1 << 30)
	if available := availableMemory(os.ReadFile); available > 0 {
		limit = max(available/2, minMemory)
	}
	if bits.UintSize == 32 {
		// The machine may have more memory than the process has addresses.
		limit = min(limit, 1<<30)
	}
	return limit
})

// availableMemory returns how many bytes the process may use at most, by what
// Linux says: the smallest limit of its cgroup and the cgroups above, or else the
// machine's memory; 0 if nothing says.
func availableMemory(readFile func(string) ([]byte, error)) (bytes int64) {
	least := func(n int64) {
		if n > 0 && (bytes == 0 || n < bytes) {
			bytes = n
		}
	}
	number := func(file string) int64 {
		text, err := readFile(file)
		if err != nil {
			return 0
		}
		n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max": no limit
		return n
	}
	if text, err := readFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemTotal:" {
				kib, _ := strconv.ParseInt(fields[1], 10, 64)
				least(kib << 10)
			}
		}
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
			least(number(path.Join(root, dir, file)))
			if dir == "/" {
				break
			}
		}
	}
	return bytes
}
