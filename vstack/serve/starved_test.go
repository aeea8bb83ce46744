package serve

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Goroutines that compute, more than there are processors, lose time to each other, and the
// watch sees it, also if its beat does not even come to run.
func TestStarved(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var w watch
	before := w.begin()
	defer w.end()
	var over atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer over.Store(true)
	for range 8 {
		wg.Go(func() {
			for !over.Load() {
			}
		})
	}
	began := time.Now()
	for w.since(before) < 100*time.Millisecond {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("of %v, %v were lost", time.Since(began), w.since(before))
		}
	}
	t.Logf("of %v, %v were lost", time.Since(began), w.since(before))
}

// What nobody else takes is not lost, and nothing is looked at without requests.
func TestNotStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watch
		before := w.begin()
		time.Sleep(time.Second)
		if lost := w.since(before); lost != 0 || !w.armed {
			t.Errorf("%v were lost", lost)
		}
		w.end()
		time.Sleep(beatEvery)
		synctest.Wait()
		if w.armed {
			t.Error("it beats without requests")
		}
		if again := w.begin(); again != 0 || !w.armed {
			t.Error(again, w.armed)
		}
		w.end()
		time.Sleep(beatEvery)
	})
	for _, test := range []struct{ of, waited, want time.Duration }{
		{100 * time.Millisecond, slice, 0}, // for itself, perhaps
		{100 * time.Millisecond, 2 * slice, 50 * time.Millisecond},
		{100 * time.Millisecond, 5 * slice, 80 * time.Millisecond},
		{0, time.Hour, 0},
	} {
		if got := loss(test.of, test.waited); got != test.want {
			t.Errorf("%v of %v: %v, want %v", test.waited, test.of, got, test.want)
		}
	}
}
