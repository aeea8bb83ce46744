package serve

import (
	"runtime"
	"sync"
	"time"
)

// A watch knows how much time goroutines that could run have lost because the processors were
// busy with others. Go does not count the running time of a goroutine, nor could that of
// threads be had on all systems. So the watch asks for a processor itself, a hundred times a
// second while there are requests, and takes it that they wait as long as it does: those that
// compute go to the end of the queue each time that their slice is over, as it does.
type watch struct {
	mu       sync.Mutex
	requests int
	armed    bool
	timer    *time.Timer
	last     time.Time // of the beats
	due      time.Time // the next one
	lost     time.Duration
}

const beatEvery = 10 * time.Millisecond

// slice is how long a goroutine computes at most before others get its processor: 10 ms, and as
// long again until sysmon looks (Go 1.26, runtime/proc.go: forcePreemptNS). Whoever waits for
// one slice may have waited for the request itself.
const slice = 20 * time.Millisecond

// begin begins a request, and returns what was lost before it.
func (w *watch) begin() (before time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests++; !w.armed {
		w.armed = true
		w.arm(time.Now())
	}
	return w.lost
}

// now returns what was lost until now.
func (w *watch) now() time.Duration { return w.since(0) }

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests--
}

// since returns what was lost since before.
func (w *watch) since(before time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := w.lost - before
	if now := time.Now(); w.armed { // the beat that is due may be waiting itself
		lost += loss(now.Sub(w.last), now.Sub(w.due))
	}
	return lost
}

// loss is what is lost of a time in which one had to wait so long for each slice.
func loss(of, waited time.Duration) time.Duration {
	if waited <= slice {
		return 0
	}
	return time.Duration(float64(of) * float64(waited-slice) / float64(waited))
}

// arm sets the timer. The caller has w.mu.
func (w *watch) arm(now time.Time) {
	w.last, w.due = now, now.Add(beatEvery)
	if w.timer == nil {
		w.timer = time.AfterFunc(beatEvery, w.beat)
	} else {
		w.timer.Reset(beatEvery)
	}
}

// beat asks for a processor. The goroutine of a timer gets one before others do, and so it
// goes to the end of the queue then; that it came late says that the process had none.
func (w *watch) beat() {
	came := time.Now()
	runtime.Gosched()
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost += loss(now.Sub(w.last), max(came.Sub(w.due), now.Sub(came)))
	if w.armed = w.requests > 0; w.armed {
		w.arm(now)
	}
}
