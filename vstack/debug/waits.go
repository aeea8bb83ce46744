package debug

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
)

// A stack that does not come to a guard cannot say where it is. The goroutine profile can:
// it has the label that [vstack.WithName] sets. It holds all goroutines up for some
// microseconds each, so it is taken only if a stack with a name has not answered.

// What the goroutines of the stacks of one name do, those left out that are parked beneath
// a hop: one for each stack, and for each branch.
type doings struct {
	count int
	text  string
}

// waits says it of each name.
func waits() map[string]doings {
	var b bytes.Buffer
	if pprof.Lookup("goroutine").WriteTo(&b, 1) != nil {
		return nil
	}
	does := map[string]map[string]int{}
	for record := range strings.SplitSeq(b.String(), "\n\n") {
		lines := strings.Split(strings.TrimSpace(record), "\n")
		if len(lines) > 0 && strings.HasPrefix(lines[0], "goroutine profile:") {
			lines = lines[1:]
		}
		if len(lines) < 2 {
			continue
		}
		count, addresses, _ := strings.Cut(lines[0], " @ ")
		labels, ok := strings.CutPrefix(lines[1], "# labels: ")
		var label map[string]string
		if !ok || json.Unmarshal([]byte(labels), &label) != nil || label["vstack"] == "" {
			continue
		}
		n, _ := strconv.Atoi(count)
		what := doing(addresses)
		if what == "" {
			continue
		}
		if does[label["vstack"]] == nil {
			does[label["vstack"]] = map[string]int{}
		}
		does[label["vstack"]][what] += n
	}
	text := map[string]doings{}
	for name, all := range does {
		var parts []string
		total := 0
		if len(all) > 1 {
			delete(all, "runs") // one between two functions says less than the others
		}
		for _, what := range slices.Sorted(maps.Keys(all)) {
			n := all[what]
			if total += n; len(all) > 1 || n > 1 {
				what = fmt.Sprintf("%d × %s", n, what)
			}
			parts = append(parts, what)
		}
		text[name] = doings{total, strings.Join(parts, ", ")}
	}
	return text
}

// reasons are functions of the runtime and of the standard library in which a goroutine
// waits, and what for. The first that is found counts.
var reasons = []struct{ function, what string }{
	{"sync.(*Mutex).Lock", "waits for a mutex"},
	{"internal/sync.(*Mutex).Lock", "waits for a mutex"},
	{"sync.(*Mutex).lockSlow", "waits for a mutex"},
	{"internal/sync.(*Mutex).lockSlow", "waits for a mutex"},
	{"sync.(*RWMutex).RLock", "waits for a mutex"},
	{"sync.(*RWMutex).Lock", "waits for a mutex"},
	{"sync.(*WaitGroup).Wait", "waits for a WaitGroup"},
	{"sync.(*Cond).Wait", "waits for a Cond"},
	{"internal/poll.runtime_pollWait", "waits for the network or a file"},
	{"time.Sleep", "sleeps"},
	{"runtime.chanrecv1", "waits for a channel"},
	{"runtime.chanrecv2", "waits for a channel"},
	{"runtime.chansend1", "waits to send to a channel"},
	{"runtime.selectgo", "waits in a select"},
	{"runtime.block", "waits for ever"},
	{"syscall.Syscall", "is in a system call"},
	{"syscall.syscall", "is in a system call"},
}

// doing says what a goroutine does, and in which function of the user's. addresses is where
// it is, the innermost first. It returns "" for one that is parked by package scheduler.
func doing(addresses string) string {
	var pcs []uintptr
	for _, field := range strings.Fields(addresses) {
		if pc, err := strconv.ParseUint(field, 0, 64); err == nil {
			pcs = append(pcs, uintptr(pc))
		}
	}
	what := "runs"
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		name := f.Function
		if what == "runs" {
			for _, r := range reasons {
				if strings.HasPrefix(name, r.function) {
					what = r.what
					break
				}
			}
		}
		switch {
		case strings.HasPrefix(name, "github.com/vstack-go/vstack/scheduler."):
			return ""
		case name == "" || !strings.Contains(name, ".") || standard(name) || ours(name) && !strings.HasSuffix(f.File, "_test.go"):
		default:
			return fmt.Sprintf("%s in %s", what, name[strings.LastIndexByte(name, '/')+1:])
		}
		if !more {
			return what
		}
	}
}

// ours reports whether the function is the library's.
func ours(function string) bool {
	return strings.HasPrefix(function, "github.com/vstack-go/vstack/vstack.") ||
		strings.HasPrefix(function, "github.com/vstack-go/vstack/vstack/internal/")
}

// standard reports whether the function is of the standard library, whose paths have no
// dot in their first element; a main package has no path.
func standard(function string) bool {
	path, rest, slash := strings.Cut(function, "/")
	if slash {
		return !strings.Contains(path, ".")
	}
	pkg, _, _ := strings.Cut(path, ".")
	_ = rest
	return slices.Contains([]string{"runtime", "sync", "time", "syscall", "os", "io", "net", "bufio", "context", "iter"}, pkg)
}
