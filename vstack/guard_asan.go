//go:build asan

package vstack

// Low is the guard; see guard_low.go. With -asan a local without size is a global
// variable, and its address says nothing.
func (s *Stack) Low() bool { return s != nil && s.low() }

func (s *Stack) setBase(base uintptr) { s.base = base }
