package vstack_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// What is no error of the stack passes Catch as it is.
func TestCatchPasses(t *testing.T) {
	do := func(fn func()) (how any, err error) {
		defer func() { how = recover() }()
		func() {
			defer vstack.Catch(&err)
			fn()
		}()
		return
	}
	if how, err := do(func() { panic(nil) }); err != nil || how == nil {
		t.Error(err, how)
	}
	if how, err := do(func() { _ = []int{}[len(os.Args)] }); err != nil {
		t.Error(err, how)
	} else if _, ok := how.(runtime.Error); !ok {
		t.Error(how)
	}
	v := &struct{ int }{3}
	if how, _ := do(func() { panic(v) }); how != v {
		t.Error(how)
	}
	ended := true
	onFresh(func() {
		do(runtime.Goexit)
		ended = false
	})
	if !ended {
		t.Error("Goexit lost")
	}
}

func TestCatch(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("why")
	catching := func(fn func()) (err error) {
		defer vstack.Catch(&err)
		fn()
		return nil
	}
	_, err := vstack.Run(ctx, func(ctx context.Context, s *vstack.Stack) (int, error) {
		cancel(why)
		if err := catching(s.Yield); err != why {
			t.Errorf("Catch of a cancellation: %v", err)
		}
		s.Yield() // throws again
		return 1, nil
	})
	if err != why {
		t.Error(err)
	}
	if err := catching(func() {}); err != nil {
		t.Error(err)
	}
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("another panic: %v", got)
			}
		}()
		_ = catching(func() { panic("boom") })
	}()
	exited := true
	onFresh(func() {
		_ = catching(runtime.Goexit)
		exited = false
	})
	if !exited {
		t.Error("Catch swallowed Goexit")
	}
	mustPanic(t, "Catch: the pointer is nil", func() {
		defer vstack.Catch(nil)
		panic(&vstack.OverflowError{})
	})
	// A library that makes every panic an error of its own.
	wrapped := func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = r.(error)
			}
		}()
		_, _ = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) { return 0, nil })
		s := vstack.New(vstack.WithMaxMemory(mib))
		defer s.Close()
		s.Do(func() { free(10_000_000) })
		return nil
	}
	if err := wrapped(); !errors.Is(err, vstack.ErrOverflow) {
		t.Error(err)
	}
}
