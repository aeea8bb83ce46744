package stress

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/vstack-go/vstack/vstack"
)

// A Torture does one unkind thing n times over and returns an error for the
// first promise that is broken. What it does follows from the seed, as far as
// goroutines that run side by side let it.
type Torture struct {
	Name string
	N    int // as often as a test does it
	Run  func(seed uint64, n int) error
}

// Tortures are all there are. What each attacks is the name of its file.
var Tortures = []Torture{
	{"collections", 20, collections},
	{"overflows", 3, func(_ uint64, n int) error { return Overflows(n, 64, 2<<20) }},
	{"excursions", 20, excursions},
	{"fat frames", 4, fatFrames},
	{"ambient", 1, ambients},
	{"budget", 2, budgets},
	{"cancel storm", 10_000, cancelStorm},
	{"branches", 300, branches},
	{"unwinding", 300, unwinding},
	{"deferred calls", 60, deferredCalls},
	{"going on", 50, goOn},
	{"tasks", 200, tasks},
	{"pools", 2, pools},
	{"watched", 30, watched},
	{"misuse", 200, misuses},
	{"strangers", 10, strangers},
	{"guards", 1000, guards},
}

// Balanced runs fn, which must leave no goroutine behind and at most slack bytes
// of heap and stacks. Nothing else may run meanwhile. The runtime keeps up to 64
// ended goroutines for each processor, with stacks of the size that new ones get,
// which it raises as it sees larger stacks; so if bytes are left fn runs again, up
// to 10 times. What fn itself leaves, it leaves every time.
func Balanced(slack int64, fn func() error) (err error) {
	for range 10 {
		goroutines, before := runtime.NumGoroutine(), bytesInUse()
		if err := fn(); err != nil {
			return err
		}
		vstack.CloseIdle()
		// Workers that have been told to end need a moment, and cleanups too.
		after := int64(0)
		for range 100 {
			after = bytesInUse()
			if runtime.NumGoroutine() <= goroutines && after <= before+slack {
				return nil
			}
			runtime.Gosched()
		}
		err = fmt.Errorf("%d goroutines and %d bytes before, %d and %d after", goroutines, before, runtime.NumGoroutine(), after)
		if runtime.NumGoroutine() > goroutines {
			return err
		}
	}
	return err
}

func bytesInUse() int64 {
	runtime.GC()
	runtime.GC() // frees what the first one found
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// parallel calls fn(0) to fn(n-1) at the same time.
func parallel(n int, fn func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// depth recurses n levels through the guard, of either form in turn, and returns n. A
// local tells if something wrote into a frame. It is for a frame of the stack.
func depth(s *vstack.Stack, n int) int {
	if n&1 == 0 && s.Low() || n&1 == 1 && vstack.Low() {
		if n&2 == 0 {
			return vstack.GrowOn(s, func() int { return depth(s, n) })
		}
		return vstack.Grow(func() int { return depth(s, n) })
	}
	if n == 0 {
		return 0
	}
	var frame [64]byte
	frame[n&63] = byte(n)
	got := depth(s, n-1) + 1
	if frame[n&63] != byte(n) {
		panic("a local variable has changed")
	}
	return got
}

// works looks whether an idle stack works.
func works(s *vstack.Stack) error {
	if stats := s.Stats(); stats.Running || stats.Segments != 0 || stats.Bytes != 0 || stats.Awaiting != 0 {
		return fmt.Errorf("the stack is not idle: %+v", stats)
	}
	got := vstack.GrowOn(s, func() int { return depth(s, 2_000) })
	if got != 2_000 {
		return fmt.Errorf("2000 levels count %d", got)
	}
	return nil
}

// low and do are the guard of either form.
func low(s *vstack.Stack, free bool) bool { return free && vstack.Low() || !free && s.Low() }

func do(s *vstack.Stack, free bool, fn func()) {
	if free {
		vstack.Do(fn)
	} else {
		s.Do(fn)
	}
}

// counted recurses n levels with a deferred call at each, and calls fn at the end.
func counted(s *vstack.Stack, n int, entered, left *int, fn func()) {
	if low(s, n&1 == 0) {
		do(s, n&2 == 0, func() { counted(s, n, entered, left, fn) })
		return
	}
	*entered++
	defer func() { *left++ }()
	if n == 0 {
		fn()
		return
	}
	counted(s, n-1, entered, left, fn)
}
