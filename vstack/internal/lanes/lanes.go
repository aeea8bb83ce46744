// Package lanes knows the lanes of package serve, for the live page and the metrics, which
// must not depend on that.
package lanes

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/vstack-go/vstack/vstack"
)

// A Lane is what is to be seen of a lane, whose owner keeps the counts.
type Lane struct {
	Name   string
	Slots  int            // requests that may run at a time
	Budget *vstack.Budget // of their stacks

	Taken   atomic.Int64 // slots
	Waiting atomic.Int64 // requests that wait for one
	Refused atomic.Int64 // requests that were told to come again later
}

var (
	mu  sync.Mutex
	all []weak.Pointer[Lane] // in the order of Enter
)

// Enter enters a lane until Leave, or until the collector finds it dropped.
func Enter(l *Lane) {
	mu.Lock()
	defer mu.Unlock()
	p := weak.Make(l)
	all = append(all, p)
	runtime.AddCleanup(l, leave, p)
}

// Leave takes a lane out whose gate is closed.
func Leave(l *Lane) { leave(weak.Make(l)) }

func leave(p weak.Pointer[Lane]) {
	mu.Lock()
	defer mu.Unlock()
	all = slices.DeleteFunc(all, func(q weak.Pointer[Lane]) bool { return q == p })
}

// Live returns the lanes that there are, the oldest first.
func Live() (live []*Lane) {
	mu.Lock()
	defer mu.Unlock()
	for _, p := range all {
		if l := p.Value(); l != nil {
			live = append(live, l)
		}
	}
	return live
}
