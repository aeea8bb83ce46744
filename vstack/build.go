//go:build vstackbuild

package vstack

import (
	"math"
	"runtime"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// buildHooks is the version of what a program that vstack build has made and the
// library know of each other: VstackSetHook and VstackSetLimit in package runtime.
// The tool reads it in this file.
const buildHooks = 1

func init() { runtime.VstackSetHook("github.com/vstack-go/vstack/vstack", goOn) }

// goOn is called by a guard that vstack build has written, when it is low.
//
// The library calls functions of the standard library that may have such a guard
// themselves, and would ask it to go on again and again. So the guards of this
// goroutine are off while the library has it, on the way there and on the way back.
func goOn(fn func()) {
	id, _, _ := self.Bounds()
	slot := self.SlotOf(id)
	off(slot)
	defer on(slot)
	grow(func() {
		on(slot)
		defer off(slot)
		fn()
	})
}

func off(s self.Slot) { runtime.VstackSetLimit(int(s), math.MaxInt) }

func on(s self.Slot) { runtime.VstackSetLimit(int(s), s.Limit()) }

// grow stands for Do.
func grow(fn func()) {
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		fn()
	}()
	if v := <-done; v != nil {
		panic(v)
	}
}
