package memlimit

import (
	"errors"
	"runtime"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAvailable(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing": {nil, 0},
		"machine": {map[string]string{"/proc/meminfo": "MemTotal:       1024 kB\nMemFree: 1 kB\n"}, 1 << 20},
		"cgroup v2": {map[string]string{
			"/proc/meminfo":                  "MemTotal:       1024 kB\n",
			"/proc/self/cgroup":              "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max":  "max\n",
			"/sys/fs/cgroup/a/memory.max":    "524288\n",
			"/sys/fs/cgroup/memory.max":      "700000\n",
			"/sys/fs/cgroup/a/b/memory.high": "1\n",
		}, 524288},
		"cgroup v1": {map[string]string{
			"/proc/meminfo":     "MemTotal:       1024 kB\n",
			"/proc/self/cgroup": "5:cpu:/x\n4:memory:/d\n",
			"/sys/fs/cgroup/memory/d/memory.limit_in_bytes": "262144\n",
			"/sys/fs/cgroup/x/memory.max":                   "1\n",
		}, 262144},
		"limit above the machine's": {map[string]string{
			"/proc/meminfo":             "MemTotal:       1024 kB\n",
			"/proc/self/cgroup":         "0::/\n",
			"/sys/fs/cgroup/memory.max": "9223372036854771712\n",
		}, 1 << 20},
		"ulimit -v": {map[string]string{
			"/proc/meminfo":     "MemTotal:       2048000 kB\n",
			"/proc/self/limits": "Max cpu time   unlimited  unlimited  seconds\nMax address space         1073741824              1073741824              bytes\n",
			"/proc/self/status": "Name: x\nVmSize:	 1024 kB\n",
		}, 1<<30 - 1<<20 - 2*arena},
		"ulimit -v, with threads of the C library": {map[string]string{
			"/proc/meminfo": "MemTotal:       99999999 kB\n",
			"/proc/self/limits": "Max stack size            8388608              unlimited            bytes\n" +
				"Max address space         68719476736          68719476736          bytes\n",
			"/proc/self/status": "Name: x\nVmSize:	 1024 kB\nThreads:	3\n",
			"/proc/self/maps":   "7f00-7f01 r--p 00000000 fe:00 1 /lib/x86_64-linux-gnu/libc.so.6\n",
		}, 64<<30 - 1<<20 - 2*arena - int64(runtime.GOMAXPROCS(0)+otherThreads-3)*(8<<20+threadHeap)},
		"ulimit -v, with all threads there are": {map[string]string{
			"/proc/meminfo":     "MemTotal:       99999999 kB\n",
			"/proc/self/limits": "Max stack size 8388608 unlimited bytes\nMax address space 1073741824 1073741824 bytes\n",
			"/proc/self/status": "VmSize:	 1024 kB\nThreads:	9999\n",
			"/proc/self/maps":   "/lib/x86_64-linux-gnu/libc.so.6\n",
		}, 1<<30 - 1<<20 - 2*arena},
		"ulimit -v, next to nothing left": {map[string]string{
			"/proc/meminfo":     "MemTotal:       2048000 kB\n",
			"/proc/self/limits": "Max address space         1048576              1048576              bytes\n",
			"/proc/self/status": "Name: x\nVmSize:	 1024 kB\n",
		}, 1},
		"no ulimit": {map[string]string{
			"/proc/meminfo":     "MemTotal:       8192 kB\n",
			"/proc/self/limits": "Max address space         unlimited            unlimited            bytes\n",
		}, 8 << 20},
	} {
		got := Available(func(name string) ([]byte, error) {
			text, ok := test.files[name]
			if !ok {
				return nil, errors.New("no such file")
			}
			return []byte(text), nil
		})
		if got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"off": 0, "0": 0, "4096": 4096, "4096B": 4096, "512KiB": 512 << 10, "3MiB": 3 << 20, "2GiB": 2 << 30, "1TiB": 1 << 40,
		"": -1, "x": -1, "-1": -1, "1MB": -1, "1.5GiB": -1, "9999999999TiB": -1, "MiB": -1,
	} {
		got, err := Parse(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("Parse(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}
