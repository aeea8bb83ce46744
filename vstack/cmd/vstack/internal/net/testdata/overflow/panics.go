package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Deferred calls, panics, goroutines, the collector.

func init() {
	ways["defer"] = func() error {
		sink = 0
		if err := overflow(func() { deferring(forever) }); err != nil {
			return err
		}
		if sink != deferred {
			return fmt.Errorf("%d deferred calls, %d of them run", deferred, sink)
		}
		return nil
	}
	ways["deferloop"] = func() error {
		var f func(n int)
		open := 0
		f = func(n int) {
			for i := range 3 { // defer records on the heap
				open++
				defer func() { open--; sink += i }()
			}
			f(n - 1)
		}
		if err := overflow(func() { f(forever) }); err != nil {
			return err
		}
		if open != 0 {
			return fmt.Errorf("%d deferred calls not run", open)
		}
		return nil
	}
	ways["deferonly"] = func() error { return overflow(deferOnly) }
	ways["indefer"] = func() error { return overflow(func() { defer func() { plain(forever) }() }) }
	ways["inpanic"] = func() error { return overflow(func() { defer func() { plain(forever) }(); panic("first") }) }
	ways["inrecover"] = func() error {
		return overflow(func() { defer func() { recover(); plain(forever) }(); plain(forever) })
	}
	ways["deferreddeep"] = func() error {
		// At the bottom of the overflow, deferred calls that go deep themselves.
		ran := 0
		var f func(n int) int
		f = func(n int) int {
			if n%100000 == 0 {
				defer func() { ran += 1; shallow(10000) }()
			}
			return f(n-1) + 1
		}
		err := overflow(func() { f(forever) })
		if err == nil && ran == 0 {
			err = errors.New("no deferred call was run")
		}
		return err
	}
	ways["nested"] = func() error {
		// At the bottom, a deferred call that overflows too, and recovers; and then one that does not.
		inner := errors.New("not run")
		var f func(n int) int
		f = func(n int) int {
			if n == forever-1000 {
				defer func() { inner = overflow(func() { plain(forever) }) }()
			}
			if n == forever-100000 {
				defer func() { plain(forever) }()
			}
			return f(n-1) + 1
		}
		if err := overflow(func() { f(forever) }); err != nil {
			return err
		}
		return inner
	}
	ways["nestedagain"] = func() error {
		// Each overflow's handler overflows.
		var f func(n int) error
		f = func(n int) (err error) {
			defer func() {
				err = isOverflow(recover())
				if n > 0 && err == nil {
					err = f(n - 1)
				}
			}()
			plain(forever)
			return nil
		}
		return f(5)
	}
	ways["repanic"] = func() error {
		return overflow(func() {
			defer func() { panic(recover()) }()
			plain(forever)
		})
	}
	ways["replaced"] = func() (err error) {
		defer func() {
			if r := recover(); r != "other" {
				err = fmt.Errorf("recovered %v", r)
			}
		}()
		defer func() { panic("other") }()
		plain(forever)
		return nil
	}
	ways["goexit"] = func() error {
		// Goexit runs a deferred call that overflows and recovers, and the goroutine ends all the same.
		var err error = errors.New("not run")
		wg := sync.WaitGroup{}
		wg.Add(1)
		after := false
		go func() {
			defer wg.Done()
			func() {
				defer func() { err = overflow(func() { plain(forever) }) }()
				runtime.Goexit()
			}()
			after = true
		}()
		wg.Wait()
		if after {
			return errors.New("the goroutine went on after Goexit")
		}
		return err
	}
	ways["goexitover"] = func() error {
		// A deferred call ends the goroutine while the overflow's panic runs.
		done := make(chan bool)
		go func() {
			defer close(done)
			defer runtime.Goexit()
			plain(forever)
		}()
		<-done
		return nil
	}
	ways["goexitdeep"] = func() error {
		// recovery returns into Goexit's loop, which goes on with the deferred calls.
		var err error = errors.New("not run")
		ended := make(chan bool)
		go func() {
			defer close(ended)
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("a panic after Goexit: %v", r)
				}
			}()
			func() {
				defer func() { err = isOverflow(recover()) }()
				defer plain(forever)
				runtime.Goexit()
			}()
		}()
		<-ended
		return err
	}
	ways["recovereach"] = func() error {
		// Each frame recovers: the last one does, and what it returns to overflows again.
		left := 300
		var f func(n int) int
		f = func(n int) (r int) {
			defer func() {
				if left > 0 {
					if e := recover(); e != nil {
						left--
						r = -1
					}
				}
			}()
			for left > 0 {
				f(n - 1)
			}
			return 0
		}
		f(forever)
		if left != 0 {
			return fmt.Errorf("%d left", left)
		}
		return nil
	}
	ways["goroutine"] = func() error { return elsewhere(func() error { return overflow(func() { plain(forever) }) }) }
	ways["goroutines"] = func() error {
		errs := make(chan error)
		for range 8 {
			go func() {
				for range 5 {
					if err := overflow(func() { args(forever, 1, 2, 3, 4, 5, "six", nil, nil, 9, 10, 11) }); err != nil {
						errs <- err
						return
					}
				}
				errs <- nil
			}()
		}
		var all []error
		for range 8 {
			all = append(all, <-errs)
		}
		return errors.Join(all...)
	}
	ways["locked"] = func() error {
		return elsewhere(func() error {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			return overflow(func() { plain(forever) })
		})
	}
	ways["finalizer"] = func() error {
		done := make(chan error)
		runtime.SetFinalizer(&struct{ p *int }{new(int)}, func(any) { done <- overflow(func() { plain(forever) }) })
		return collect(done)
	}
	ways["cleanup"] = func() error {
		done := make(chan error)
		runtime.AddCleanup(&struct{ p *int }{new(int)}, func(int) { done <- overflow(func() { plain(forever) }) }, 1)
		return collect(done)
	}
	ways["afterfunc"] = func() error {
		done := make(chan error)
		time.AfterFunc(0, func() { done <- overflow(func() { plain(forever) }) })
		return <-done
	}
	ways["context"] = func() error {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		context.AfterFunc(ctx, func() { done <- overflow(func() { plain(forever) }) })
		cancel()
		return <-done
	}
	ways["channels"] = func() error {
		c, d := make(chan int), make(chan int, 1)
		go func() {
			for i := range c {
				_ = i
			}
		}()
		defer close(c)
		var f func(n int) int
		f = func(n int) int {
			var x int
			select {
			case c <- n:
			case d <- n:
				x = <-d
			}
			return f(n-1) + x
		}
		return overflow(func() { f(forever) })
	}
	ways["mutexes"] = func() error {
		var mu sync.Mutex
		stop := make(chan bool)
		defer close(stop)
		go func() {
			for {
				mu.Lock()
				runtime.Gosched()
				mu.Unlock()
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		var f func(n int) int
		f = func(n int) int {
			mu.Lock()
			mu.Unlock()
			return f(n-1) + 1
		}
		if err := overflow(func() { f(forever) }); err != nil {
			return err
		}
		mu.Lock()
		mu.Unlock()
		return nil
	}
	ways["gc"] = func() error {
		defer debug.SetGCPercent(debug.SetGCPercent(1))
		stop := make(chan bool)
		defer close(stop)
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.GC()
				}
			}
		}()
		for range 3 {
			if err := overflow(func() { garbage(forever, nil) }); err != nil {
				return err
			}
			if err := overflow(func() { deferring(forever) }); err != nil {
				return err
			}
		}
		return nil
	}
	ways["again"] = func() error { return again(50) }
	ways["again1000"] = func() error { return again(1000) }
	ways["memory"] = func() error {
		for range 3 {
			if err := overflow(func() { plain(forever) }); err != nil {
				return err
			}
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.StackInuse > 8<<20 {
			return fmt.Errorf("%d MiB of stacks in use", m.StackInuse>>20)
		}
		if idle := m.HeapIdle - m.HeapReleased; idle > 24<<20 {
			return fmt.Errorf("%d MiB idle and not given back", idle>>20)
		}
		return nil
	}
	ways["setmaxstack"] = func() error {
		defer debug.SetMaxStack(debug.SetMaxStack(4 << 20))
		var r any
		func() {
			defer func() { r = recover() }()
			plain(forever)
		}()
		if err := isOverflow(r); err != nil {
			return err
		}
		if used, _ := r.(interface{ StackOverflow() (a, b int64) }).StackOverflow(); used > 4<<20 {
			return fmt.Errorf("%d bytes used", used)
		}
		return nil
	}
	ways["user"] = func() error {
		// A program's own panic, far down but above the net, is as it was.
		var r any
		func() {
			defer func() { r = recover() }()
			downTo(200000)
		}()
		if r != "bottom" {
			return fmt.Errorf("recovered %v", r)
		}
		return nil
	}
	// These two end the process, and the tests look at what it says.
	ways["uncaught"] = func() error { plain(forever); return nil }
	ways["hopeless"] = func() error { hopeless(); return nil }
	ways["nil"] = func() error {
		// A nil pointer far down: signals and the net do not meet.
		var p *walker
		var f func(n int) int
		f = func(n int) int {
			if n == 0 {
				return p.n
			}
			return f(n-1) + 1
		}
		var r any
		func() {
			defer func() { r = recover() }()
			defer func() { plain(forever) }()
			f(100000)
		}()
		return isOverflow(r)
	}
	_ = strings.Contains
}

var deferred int

func deferring(n int) {
	deferred++
	defer func() { sink++ }()
	deferring(n - 1)
}

// deferOnly has no frame that is not called by a deferred call.
func deferOnly() { defer deferOnly() }

// hopeless overflows in every deferred call, so that the room ends.
func hopeless() {
	defer hopeless()
	plain(forever)
}

func shallow(n int) int {
	if n == 0 {
		return 0
	}
	return shallow(n-1) + 1
}

func downTo(n int) int {
	if n == 0 {
		panic("bottom")
	}
	return downTo(n-1) + 1
}

func garbage(n int, p *[3]*int) *[3]*int {
	q := &[3]*int{0: new(int)}
	*q[0] = n
	r := garbage(n-1, q)
	if *q[0] != n {
		panic("the collector freed what was in use")
	}
	_ = p
	return r
}

func again(n int) error {
	for range n {
		if err := overflow(func() { plain(forever) }); err != nil {
			return err
		}
	}
	return nil
}

func elsewhere(f func() error) error {
	done := make(chan error)
	go func() { done <- f() }()
	return <-done
}

func collect(done chan error) error {
	for {
		runtime.GC()
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}
