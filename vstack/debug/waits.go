package debug

import (
	"bytes"
	"cmp"
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
// microseconds each, so it is taken only if a stack has not answered.

// What the goroutines of the stacks of one name do, or of those without a name, those left
// out that are parked beneath a hop: one for each stack, and for each branch.
type doings struct {
	running, waiting int
	where            string  // functions in which some run
	text             string  // what all of them do
	places           []stuck // where they are
}

// waits says it of each name.
func waits() map[string]doings {
	var b bytes.Buffer
	if pprof.Lookup("goroutine").WriteTo(&b, 1) != nil {
		return nil
	}
	does := map[string]map[activity]int{}
	stacks := map[string][]stuck{}
	for record := range strings.SplitSeq(b.String(), "\n\n") {
		lines := strings.Split(strings.TrimSpace(record), "\n")
		if len(lines) > 0 && strings.HasPrefix(lines[0], "goroutine profile:") {
			lines = lines[1:]
		}
		if len(lines) < 2 {
			continue
		}
		count, addresses, _ := strings.Cut(lines[0], " @ ")
		var label map[string]string
		if labels, ok := strings.CutPrefix(lines[1], "# labels: "); ok && json.Unmarshal([]byte(labels), &label) != nil {
			continue
		}
		name := label["vstack"]
		n, _ := strconv.Atoi(count)
		pcs := parse(addresses)
		what, on := doing(pcs)
		if what == (activity{}) || name == "" && !on {
			continue
		}
		if does[name] == nil {
			does[name] = map[activity]int{}
		}
		does[name][what] += n
		stacks[name] = append(stacks[name], newStuck(n, what, pcs))
	}
	sums := map[string]doings{}
	for name, all := range does {
		d := sum(all)
		d.places = places(stacks[name])
		sums[name] = d
	}
	return sums
}

// sum puts what the goroutines of one name do into words.
func sum(all map[activity]int) (d doings) {
	var parts, where []string
	for _, a := range slices.SortedFunc(maps.Keys(all), activity.compare) {
		n := all[a]
		if a.what == runs {
			d.running += n
		} else {
			d.waiting += n
		}
		if a.what == runs && a.in == "" && len(all) > 1 {
			continue // one between two functions says less than the others
		}
		if a.what == runs && a.in != "" {
			where = append(where, a.in)
		}
		part := a.String()
		if len(all) > 1 || n > 1 {
			part = fmt.Sprintf("%d × %s", n, part)
		}
		parts = append(parts, part)
	}
	d.where = strings.Join(where, ", ")
	d.text = strings.Join(parts, ", ")
	return d
}

// An activity is what a goroutine does, and in which function of the user's.
type activity struct{ what, in string }

const runs = "runs"

func (a activity) String() string {
	if a.in == "" {
		return a.what
	}
	return a.what + " in " + a.in
}

func (a activity) compare(b activity) int {
	return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.in, b.in))
}

const mutex = "waits for a mutex"

// reasons are functions of the runtime and of the standard library in which a goroutine
// waits, and what for. The first that is found counts.
var reasons = []struct{ function, what string }{
	{"sync.(*Mutex).Lock", mutex},
	{"internal/sync.(*Mutex).Lock", mutex},
	{"sync.(*Mutex).lockSlow", mutex},
	{"internal/sync.(*Mutex).lockSlow", mutex},
	{"sync.(*RWMutex).RLock", mutex},
	{"sync.(*RWMutex).Lock", mutex},
	{"sync.(*WaitGroup).Wait", "waits for a WaitGroup"},
	{"sync.(*Cond).Wait", "waits for a Cond"},
	{"internal/poll.runtime_pollWait", "waits for the network or a file"},
	{"time.Sleep", "sleeps"},
	{"runtime.chanrecv1", "waits for a channel"},
	{"runtime.chanrecv2", "waits for a channel"},
	{"runtime.chansend1", "waits to send to a channel"},
	{"runtime.selectgo", "waits in a select"},
	{"runtime.block", "waits for ever"},
	{"runtime.cgocall", "is in C"},
	{"syscall.Syscall", "is in a system call"},
	{"syscall.syscall", "is in a system call"},
}

// mostFrames is how many the profile has of a goroutine, unless GODEBUG says otherwise.
const mostFrames = 128

// parse reads addresses, the innermost first.
func parse(addresses string) (pcs []uintptr) {
	for _, field := range strings.Fields(addresses) {
		if pc, err := strconv.ParseUint(field, 0, 64); err == nil {
			pcs = append(pcs, uintptr(pc))
		}
	}
	return pcs
}

// doing says what a goroutine does that is at these addresses, the innermost first; it is
// the zero activity for one that is parked by package scheduler. On says whether it runs a
// segment of a stack, as far as its frames tell: what is so deep that the profile does not
// have all of them is taken for one.
func doing(pcs []uintptr) (does activity, on bool) {
	does.what, on = runs, len(pcs) >= mostFrames
	first := true // of the frames that are not the standard library's
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		name := f.Function
		if does.what == runs && first {
			for _, r := range reasons {
				if strings.HasPrefix(name, r.function) {
					does.what = r.what
					break
				}
			}
		}
		switch {
		case strings.HasPrefix(name, "github.com/vstack-go/vstack/scheduler."):
			if does.in == "" {
				return activity{}, true
			}
			on = true // a worker's
		case ours(name) && !strings.HasSuffix(f.File, "_test.go"):
			if first && does.what == mutex { // one of the library's own, and not for long
				does.what = runs
			}
			first = false
		case name == "" || !strings.Contains(name, ".") || standard(name):
		case does.in == "":
			does.in = name[strings.LastIndexByte(name, '/')+1:]
			first = false
		}
		if !more {
			return does, on
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
