package scheduler

import (
	"reflect"
	"runtime"
)

// An Origin is where a panic began that has crossed from one goroutine to the
// next: the goroutine itself has unwound by then.
type Origin struct {
	Value any       // of the panic
	PCs   []uintptr // as [runtime.Callers] returns them, the innermost first, 64 at most
}

// Origin returns where the last panic of a job began; nil if there was none, and after
// Forget. Like the other methods it is for the holder of the baton.
func (s *Scheduler) Origin() *Origin { return s.origin }

// Forget forgets the origin, which refers to the panic's value and would keep it
// alive. Call it once nobody can ask any more.
func (s *Scheduler) Forget() { s.origin = nil }

// A Witness is a [Job] that wants to know of panics. Each is told to one job, the one in
// whose frames it began; those that it passes through on its way up are not told.
type Witness interface {
	Job
	// Panicked is called on the job's goroutine, on top of the frames that
	// panicked: they are gone when it returns. The job's own deferred calls have
	// run. It must not panic.
	Panicked(value any)
}

// began notes where a panic with value began. It is called in a deferred call,
// before the frames are unwound.
func (w *Worker) began(value any) {
	s := w.sched
	// Above the deferred call and gopanic there is raise if the panic has come
	// from another job: look there first, since a panic can cross many.
	var near [4]uintptr
	n := runtime.Callers(2, near[:])
	if s.origin != nil && same(s.origin.Value, value) && raised(near[:n]) {
		return
	}
	pcs := make([]uintptr, 64)
	pcs = pcs[:runtime.Callers(2, pcs)]
	// A deferred call recovered the panic and panicked with its value again.
	if s.origin != nil && same(s.origin.Value, value) && raised(pcs) {
		return
	}
	s.origin = &Origin{value, pcs}
	if job, ok := w.job.(Witness); ok {
		job.Panicked(value)
	}
}

// raise panics with the value of a job's panic. It is a function of its own so that it
// can be found among the frames of a panic.
//
//go:noinline
func raise(value any) { panic(value) }

// raising is where raise begins. Its name will not do: a fork has another one, and a
// program that was built by garble has none that could be known.
var raising = reflect.ValueOf(raise).Pointer()

// raised reports whether raise is among pcs.
func raised(pcs []uintptr) bool {
	for _, pc := range pcs {
		if f := runtime.FuncForPC(pc - 1); f != nil && f.Entry() == raising {
			return true
		}
	}
	return false
}

// same reports whether a and b are the same value of a panic, for all that can be
// known: equal, or of one type and different from themselves, as a NaN is, or not to
// be compared.
func same(a, b any) (equal bool) {
	defer func() {
		if recover() != nil {
			equal = true
		}
	}()
	return a == b || a != a && b != b && reflect.TypeOf(a) == reflect.TypeOf(b)
}
