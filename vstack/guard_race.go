//go:build race && !asan

package vstack

import (
	"sync/atomic"
	"unsafe"
)

// Low is the guard; see guard_low.go. The race detector is to see that guards on other
// goroutines may read base, which is plain memory otherwise.
func (s *Stack) Low() bool {
	var here [0]byte
	return s != nil && atomic.LoadUintptr(&s.base)-uintptr(unsafe.Pointer(&here)) >= s.loadLimit() && s.low()
}

func (s *Stack) setBase(base uintptr) { atomic.StoreUintptr(&s.base, base) }
