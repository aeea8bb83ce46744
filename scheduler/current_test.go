package scheduler

import "testing"

func TestCurrent(t *testing.T) {
	var a, b Scheduler
	defer a.Close()
	defer b.Close()
	var deep func(n int, fn func())
	deep = func(n int, fn func()) {
		if n == 0 {
			fn()
			return
		}
		deep(n-1, fn)
	}
	for _, depth := range []int{0, 10, 1000} {
		a.Call(jobFunc(func(w *Worker) {
			deep(depth, func() {
				if !w.Current() {
					t.Error("the worker's own goroutine is not its current one")
				}
				b.Call(jobFunc(func(other *Worker) {
					deep(depth, func() {
						if w.Current() {
							t.Error("another worker's goroutine is taken for the worker's")
						}
						if !other.Current() {
							t.Error("the other worker's own goroutine is not its current one")
						}
					})
				}), Large)
				done := make(chan bool)
				go func() { deep(depth, func() { done <- w.Current() }) }()
				if <-done {
					t.Error("a goroutine that is no worker is taken for one")
				}
			})
		}), Small)
	}
}

type jobFunc func(*Worker)

func (f jobFunc) Run(w *Worker) { f(w) }
